/* checkpoint.c -- opens a weight file of any kind, checks what its reader found, answers
 * questions. */
#include "weights/import/checkpoint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "engine/sha256.h"
#include "engine/utf8.h"
#include "weights/import/reader.h"

enum { SHOWN = 8, BLOCK = 1 << 20, HEAD = 1024 };

/* ---- building ---------------------------------------------------------------------------- */

void gd_ckpt_warn(gd_ckpt *c, int code, const char *fmt, ...) {
    char    text[501];
    va_list ap;
    if (c->n_warnings == GD_CKPT_MAX_WARNINGS) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    const char *kept = gd_arena_string(&c->arena, text);
    if (!kept) kept = "no memory for the text of a warning";
    c->warnings[c->n_warnings++] = (gd_ckpt_warning){code, kept};
}

gd_status gd_ckpt_add_meta(gd_ckpt *c, const char *key, const char *value, size_t n,
                           gd_error *err) {
    if (c->n_meta == GD_CKPT_MAX_META || !gd_utf8_ok(value, n, true))
        return gd_fail_code(err, GD_ERR_FORMAT, 445, "%s: its '%s' is no UTF-8 text", c->path,
                            key);
    const char *kept = gd_arena_bytes(&c->arena, value, n);
    if (!kept) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for its '%s'", c->path, key);
    c->meta[c->n_meta++] = (gd_ckpt_fact){key, kept};
    return GD_OK;
}

gd_status gd_ckpt_room(const gd_ckpt *c, void **list, int n, int *room, size_t size,
                       gd_error *err) {
    if (n < *room) return GD_OK;
    int   more = *room ? *room * 2 : 64;
    void *to = gd_mem_grow(*list, (size_t)n * size, (size_t)more * size);
    if (!to) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for %d tensors", c->path, more);
    *list = to;
    *room = more;
    return GD_OK;
}

gd_status gd_ckpt_add_storage(gd_ckpt *c, const gd_ckpt_storage *s, int *index, gd_error *err) {
    GD_TRY(gd_ckpt_room(c, (void **)&c->storages, c->n_storages, &c->room_storages,
                        sizeof *c->storages, err));
    gd_ckpt_storage *to = &c->storages[c->n_storages];
    *to = *s;
    to->key = gd_arena_string(&c->arena, s->key);
    if (!to->key) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for names", c->path);
    *index = c->n_storages++;
    return GD_OK;
}

/* Shape and strides against the storage: every element must lie inside it. */
static gd_status check_view(const gd_ckpt *c, gd_ckpt_tensor *t, gd_error *err) {
    const gd_ckpt_storage *s = &c->storages[t->storage];
    int64_t                last = t->offset, expected = 1, step;
    bool                   ok = t->offset >= 0;
    uint64_t               bytes = 0;
    t->numel = 1;
    t->contiguous = true;
    for (int d = t->ndim - 1; d >= 0; d--) {
        ok = ok && t->dim[d] >= 0 && t->dim[d] <= INT32_MAX && t->stride[d] >= 0 &&
             gd_mul_i64(t->numel, t->dim[d], &t->numel);
        if (!ok) break;
        if (t->dim[d] == 1) continue;
        t->contiguous = t->contiguous && t->stride[d] == expected;
        expected = t->numel;
    }
    if (ok && t->numel == 0) {
        t->contiguous = true;
        return GD_OK;
    }
    for (int d = 0; d < t->ndim && ok; d++)
        ok = gd_mul_i64(t->dim[d] - 1, t->stride[d], &step) && gd_add_i64(last, step, &last);
    ok = ok && gd_mul_u64((uint64_t)last + 1, gd_ckpt_dtype_size(t->dtype), &bytes) &&
         bytes <= s->bytes;
    if (ok) return GD_OK;
    return gd_fail_code(err, GD_ERR_FORMAT, 417,
                        "%s: tensor '%s': its shape, strides and offset %" PRId64
                        " leave the %" PRIu64 " bytes of %s",
                        c->path, t->path, t->offset, s->bytes, s->key);
}

/* Expanded and overlapping views can claim far more than the file holds. */
static gd_status check_size(gd_ckpt *c, const gd_ckpt_tensor *t, gd_error *err) {
    const uint64_t spare = 64u << 20;
    uint64_t       bytes;
    bool           ok = gd_mul_u64((uint64_t)t->numel, gd_ckpt_dtype_size(t->dtype), &bytes) &&
              gd_add_u64(c->logical, bytes, &c->logical) &&
              c->logical / 8 <= c->size + spare / 8 && bytes <= SIZE_MAX / 8;
    if (ok) return GD_OK;
    return gd_fail_code(
        err, GD_ERR_FORMAT, 445,
        "%s: tensor '%s' of %" PRId64
        " elements: the views of this file claim more than eight times its size",
        c->path, t->path, t->numel);
}

gd_status gd_ckpt_add_tensor(gd_ckpt *c, const gd_ckpt_tensor *t, const char *path, size_t n,
                             gd_error *err) {
    if (n > GD_CKPT_MAX_NAME || !gd_utf8_ok(path, n, false))
        return gd_fail_code(err, GD_ERR_FORMAT, 445,
                            "%s: a tensor name of %zu bytes ('%.40s'): at most %d bytes of "
                            "UTF-8 without control characters are read",
                            c->path, n, path, (int)GD_CKPT_MAX_NAME);
    if (c->n_tensors >= GD_CKPT_MAX_TENSORS)
        return gd_fail_code(err, GD_ERR_FORMAT, 445, "%s: more than %d tensors", c->path,
                            (int)GD_CKPT_MAX_TENSORS);
    GD_TRY(gd_ckpt_room(c, (void **)&c->tensors, c->n_tensors, &c->room_tensors,
                        sizeof *c->tensors, err));
    gd_ckpt_tensor *to = &c->tensors[c->n_tensors];
    *to = *t;
    to->state = false;
    to->path = to->name = gd_arena_bytes(&c->arena, path, n);
    if (!to->path) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for names", c->path);
    GD_TRY(check_view(c, to, err));
    GD_TRY(check_size(c, to, err));
    c->n_tensors++;
    return GD_OK;
}

/* ---- verifying --------------------------------------------------------------------------- */

typedef struct order_row {
    int storage, dtype, tensor;
} order_row;

static int by_storage(const void *a, const void *b) {
    const order_row *x = a, *y = b;
    if (x->storage != y->storage) return x->storage < y->storage ? -1 : 1;
    if (x->dtype != y->dtype) return x->dtype < y->dtype ? -1 : 1;
    return x->tensor < y->tensor ? -1 : 1;
}

static gd_status order_tensors(gd_ckpt *c, gd_error *err) {
    order_row *row = gd_mem_array((size_t)c->n_tensors, sizeof *row);
    c->by_storage = gd_arena_array(&c->arena, (size_t)c->n_tensors, sizeof *c->by_storage);
    if (!row || !c->by_storage) {
        gd_mem_put(row);
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for %d tensors", c->path,
                       c->n_tensors);
    }
    for (int i = 0; i < c->n_tensors; i++)
        row[i] = (order_row){c->tensors[i].storage, (int)c->tensors[i].dtype, i};
    qsort(row, (size_t)c->n_tensors, sizeof *row, by_storage);
    for (int i = 0; i < c->n_tensors; i++) c->by_storage[i] = row[i].tensor;
    gd_mem_put(row);
    return GD_OK;
}

static gd_status report_nonfinite(gd_ckpt *c, const gd_ckpt_tensor *t, size_t bad, int *seen,
                                  gd_error *err) {
    if (bad == 0) return GD_OK;
    if (c->opt.strict)
        return gd_fail_code(err, GD_ERR_FORMAT, 441,
                            "%s: tensor '%s': %zu of %" PRId64 " values are NaN or infinite",
                            c->path, t->path, bad, t->numel);
    if (++*seen <= SHOWN)
        gd_ckpt_warn(c, 441, "tensor '%s': %zu of %" PRId64 " values are NaN or infinite",
                     t->path, bad, t->numel);
    return GD_OK;
}

/* Loads every storage once, which verifies its checksum, and looks for NaN among the
 * weights. */
static gd_status verify(gd_ckpt *c, gd_error *err) {
    unsigned char *raw = NULL;
    gd_status      st = GD_OK;
    int            seen = 0, storage = -1, dtype = -1;
    size_t         in_storage = 0;
    for (int k = 0; k < c->n_tensors; k++) {
        const gd_ckpt_tensor *t = &c->tensors[c->by_storage[k]];
        GD_GO(gd_ckpt_load_storage(c, t->storage, err));
        if (!t->state || t->numel == 0) continue;
        size_t size = gd_ckpt_dtype_size(t->dtype);
        if (storage != t->storage || dtype != (int)t->dtype)
            in_storage = gd_ckpt_nonfinite(t->dtype, c->loaded,
                                           (size_t)c->storages[t->storage].bytes / size);
        storage = t->storage;
        dtype = (int)t->dtype;
        if (!in_storage) continue;
        raw = gd_mem_get(gd_ckpt_bytes(t));
        if (!raw) {
            st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory for '%s'", c->path, t->path);
            goto done;
        }
        GD_GO(gd_ckpt_read(c, t, raw, gd_ckpt_bytes(t), err));
        GD_GO(report_nonfinite(c, t, gd_ckpt_nonfinite(t->dtype, raw, (size_t)t->numel), &seen,
                               err));
        gd_mem_put(raw);
        raw = NULL;
    }
    if (seen > SHOWN)
        gd_ckpt_warn(c, 441, "%d more tensors have NaN or infinite values", seen - SHOWN);
done:
    gd_mem_put(raw);
    return st;
}

/* ---- opening ----------------------------------------------------------------------------- */

static gd_status read_kind(gd_ckpt *c, gd_error *err) {
    unsigned char head[HEAD];
    const char   *what, *hint;
    size_t        n = c->files[0].size < HEAD ? (size_t)c->files[0].size : HEAD;
    GD_TRY(gd_file_read(&c->files[0], 0, head, n, err));
    const gd_file_kind kind = gd_sniff(head, n, &what, &hint);
    if (c->opt.weights && kind != GD_KIND_DARKNET_CFG)
        return gd_fail_code(err, GD_ERR_FORMAT, 439,
                            "%s: is no Darknet .cfg, so %s cannot be its weights", c->path,
                            c->opt.weights);
    switch (kind) {
    case GD_KIND_ZIP: return gd_torch_zip_read(c, err);
    case GD_KIND_LEGACY: return gd_torch_legacy_read(c, err);
    case GD_KIND_SAFETENSORS:
        c->format = "safetensors";
        GD_TRY(gd_safetensors_read(c, 0, err));
        return gd_ckpt_choose_state(c, "", err);
    case GD_KIND_JSON: return gd_shards_read(c, err);
    case GD_KIND_DARKNET_CFG:
    case GD_KIND_DARKNET_WEIGHTS: return gd_darknet_read(c, kind == GD_KIND_DARKNET_CFG, err);
    default: break;
    }
    gd_status st = gd_fail_code(err, GD_ERR_FORMAT, 401, "%s: is %s", c->path, what);
    gd_error_why(err,
                 "PyTorch .pth and .pt files, .safetensors and Darknet .cfg with .weights are "
                 "read here");
    if (hint) gd_error_hint(err, "%s", hint);
    return st;
}

static gd_status open_file(gd_ckpt *c, const char *path, const gd_ckpt_options *opt,
                           gd_error *err) {
    c->loaded_storage = -1;
    c->files = gd_mem_get_zero(sizeof *c->files);
    c->path = gd_arena_string(&c->arena, path);
    if (!c->files || !c->path) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory", path);
    c->files[0].fd = -1;
    c->n_files = 1;
    c->format = c->prefix = "";
    c->top_type = "dict";
    c->n_top = -1;
    if (opt) c->opt = *opt;
    GD_TRY(gd_file_open(&c->files[0], path, err));
    c->size = c->files[0].size;
    GD_TRY(read_kind(c, err));
    /* The caller's strings need not live on. */
    c->opt.state_key = c->opt.weights = NULL;
    GD_TRY(order_tensors(c, err));
    return verify(c, err);
}

gd_status gd_ckpt_open(const char *path, const gd_ckpt_options *opt, gd_ckpt **out,
                       gd_error *err) {
    *out = NULL;
    gd_ckpt *c = gd_mem_get_zero(sizeof *c);
    if (!c) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory", path);
    gd_status st = open_file(c, path, opt, err);
    if (st == GD_OK)
        *out = c;
    else
        gd_ckpt_close(c);
    return st;
}

void gd_ckpt_close(gd_ckpt *c) {
    if (!c) return;
    for (int i = 0; i < c->n_files; i++) gd_file_close(&c->files[i]);
    gd_mem_put(c->files);
    gd_mem_put(c->storages);
    gd_mem_put(c->tensors);
    gd_mem_put(c->loaded);
    gd_arena_free(&c->arena);
    gd_mem_put(c);
}

/* ---- questions --------------------------------------------------------------------------- */

int gd_ckpt_count(const gd_ckpt *c) { return c->n_state; }

const gd_ckpt_tensor *gd_ckpt_at(const gd_ckpt *c, int i) {
    return i >= 0 && i < c->n_state ? &c->tensors[c->state[i]] : NULL;
}

int gd_ckpt_all_count(const gd_ckpt *c) { return c->n_tensors; }

const gd_ckpt_tensor *gd_ckpt_all_at(const gd_ckpt *c, int i) {
    return i >= 0 && i < c->n_tensors ? &c->tensors[i] : NULL;
}

const char *gd_ckpt_path(const gd_ckpt *c) { return c->path; }
const char *gd_ckpt_format(const gd_ckpt *c) { return c->format; }
uint64_t    gd_ckpt_file_size(const gd_ckpt *c) { return c->size; }
int         gd_ckpt_pickle_protocol(const gd_ckpt *c) { return c->protocol; }
const char *gd_ckpt_prefix(const gd_ckpt *c) { return c->prefix; }
int         gd_ckpt_top_count(const gd_ckpt *c) { return c->n_top; }
const char *gd_ckpt_top_type(const gd_ckpt *c) { return c->top_type; }
int         gd_ckpt_warning_count(const gd_ckpt *c) { return c->n_warnings; }

const char *gd_ckpt_meta(const gd_ckpt *c, const char *key) {
    for (int i = 0; i < c->n_meta; i++)
        if (strcmp(c->meta[i].key, key) == 0) return c->meta[i].value;
    return NULL;
}

const char *gd_ckpt_top(const gd_ckpt *c, int i) {
    return i >= 0 && i < c->n_top ? c->top[i] : NULL;
}

const gd_ckpt_warning *gd_ckpt_warning_at(const gd_ckpt *c, int i) {
    return i >= 0 && i < c->n_warnings ? &c->warnings[i] : NULL;
}

gd_status gd_ckpt_sha256(gd_ckpt *c, char hex[65], gd_error *err) {
    gd_sha256      s;
    unsigned char  digest[32];
    unsigned char *block = gd_mem_get(BLOCK);
    gd_status      st = GD_OK;
    gd_file       *f = &c->files[0];
    hex[0] = '\0';
    if (!block) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory to read it", c->path);
    gd_sha256_start(&s);
    for (uint64_t at = 0; at < f->size;) {
        size_t n = f->size - at < BLOCK ? (size_t)(f->size - at) : BLOCK;
        GD_GO(gd_file_read(f, at, block, n, err));
        gd_sha256_add(&s, block, n);
        at += n;
    }
    gd_sha256_end(&s, digest);
    gd_sha256_hex(digest, hex);
done:
    gd_mem_put(block);
    return st;
}
