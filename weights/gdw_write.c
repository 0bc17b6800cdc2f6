/* gdw_write.c -- the .gdw writer: lays out, streams, hashes and commits; see gdw.h. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/io.h"
#include "engine/mem.h"
#include "engine/safe.h"
#include "engine/utf8.h"
#include "weights/crc32c.h"
#include "weights/gdw.h"
#include "weights/gdw_layout.h"

typedef struct pair {
    char  *key, *value;
    size_t key_size, value_size;
} pair;

typedef struct entry {
    gd_gdw_tensor t;
    gd_gdw_fill   fill;
    void         *ctx;
    uint64_t      at, hash;
} entry;

struct gd_gdw_writer {
    gd_arena arena; /* strings */
    entry   *tensor;
    size_t   count, room;
    pair    *meta;
    size_t   n_meta, meta_room;
};

gd_status gd_gdw_writer_open(gd_gdw_writer **out, gd_error *err) {
    *out = gd_mem_get_zero(sizeof **out);
    return *out ? GD_OK : gd_fail(err, GD_ERR_NOMEM, "no memory for a .gdw writer");
}

void gd_gdw_writer_close(gd_gdw_writer *w) {
    if (!w) return;
    gd_mem_put(w->tensor);
    gd_mem_put(w->meta);
    gd_arena_free(&w->arena);
    gd_mem_put(w);
}

/* Makes room for one more element of `size` bytes in a growing array. */
static gd_status make_room(void **array, size_t *room, size_t used, size_t most, size_t size,
                           const char *what, gd_error *err) {
    if (used >= most)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 455, ".gdw: more than %zu %s", most, what);
    if (used < *room) return GD_OK;
    size_t more = *room ? *room * 2 : 64;
    void  *p = gd_mem_grow(*array, *room * size, more * size);
    if (!p) return gd_fail(err, GD_ERR_NOMEM, ".gdw: no memory for %zu %s", more, what);
    *array = p;
    *room = more;
    return GD_OK;
}

/* ---- collecting -------------------------------------------------------------------------- */

gd_status gd_gdw_writer_meta(gd_gdw_writer *w, const char *key, const char *value,
                             gd_error *err) {
    size_t k = strlen(key), v = strlen(value);
    if (k < 1 || k > GD_GDW_MAX_NAME || !gd_utf8_ok(key, k, false))
        return gd_fail_code(err, GD_ERR_ARG, 455, ".gdw: '%s' is no metadata key", key);
    if (v > GD_GDW_MAX_META || !gd_utf8_ok(value, v, true))
        return gd_fail_code(err, GD_ERR_ARG, 455,
                            ".gdw: metadata '%s': its %zu bytes are not UTF-8 text", key, v);
    GD_TRY(make_room((void **)&w->meta, &w->meta_room, w->n_meta, GD_GDW_MAX_PAIRS,
                     sizeof *w->meta, "metadata pairs", err));
    pair p = {gd_arena_bytes(&w->arena, key, k), gd_arena_bytes(&w->arena, value, v), k, v};
    if (!p.key || !p.value) return gd_fail(err, GD_ERR_NOMEM, ".gdw: no memory for '%s'", key);
    w->meta[w->n_meta++] = p;
    return GD_OK;
}

gd_status gd_gdw_writer_tensor(gd_gdw_writer *w, const gd_gdw_tensor *t, gd_gdw_fill fill,
                               void *ctx, gd_error *err) {
    size_t   n = strlen(t->name);
    uint64_t size = gd_gdw_type_size(t->type);
    if (n < 1 || n > GD_GDW_MAX_NAME || !gd_utf8_ok(t->name, n, false))
        return gd_fail_code(err, GD_ERR_ARG, 455, ".gdw: '%s' is no tensor name", t->name);
    if (size == 0 || t->ndim < 0 || t->ndim > GD_GDW_MAX_DIMS)
        return gd_fail_code(err, GD_ERR_ARG, 455, ".gdw: tensor '%s': type %d with %d dims",
                            t->name, t->type, t->ndim);
    entry e = {.fill = fill, .ctx = ctx};
    for (int i = 0; i < t->ndim; i++) {
        if (t->dim[i] < 0 || t->dim[i] > INT32_MAX ||
            !gd_mul_u64(size, (uint64_t)t->dim[i], &size) || size > GD_GDW_MAX_FILE)
            return gd_fail_code(err, GD_ERR_ARG, 455, ".gdw: tensor '%s': dim %d is %lld",
                                t->name, i, (long long)t->dim[i]);
        e.t.dim[i] = t->dim[i];
    }
    if (!fill && !t->data && size > 0)
        return gd_fail(err, GD_ERR_ARG, ".gdw: tensor '%s' has no data", t->name);
    GD_TRY(make_room((void **)&w->tensor, &w->room, w->count, GD_GDW_MAX_TENSORS,
                     sizeof *w->tensor, "tensors", err));
    e.t.name = gd_arena_bytes(&w->arena, t->name, n);
    if (!e.t.name) return gd_fail(err, GD_ERR_NOMEM, ".gdw: no memory for '%s'", t->name);
    e.t.type = t->type;
    e.t.ndim = t->ndim;
    e.t.data = t->data;
    e.t.size = (size_t)size;
    w->tensor[w->count++] = e;
    return GD_OK;
}

/* ---- laying out -------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const entry *)a)->t.name, ((const entry *)b)->t.name);
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const pair *)a)->key, ((const pair *)b)->key);
}

typedef struct layout {
    size_t   names, meta, head;
    uint64_t file;
} layout;

/* Sorts, refuses duplicates and gives every tensor its place. */
static gd_status lay_out(gd_gdw_writer *w, layout *l, gd_error *err) {
    *l = (layout){0};
    if (w->count) qsort(w->tensor, w->count, sizeof *w->tensor, by_name);
    if (w->n_meta) qsort(w->meta, w->n_meta, sizeof *w->meta, by_key);
    for (size_t i = 0; i < w->n_meta; i++) {
        if (i > 0 && by_key(&w->meta[i - 1], &w->meta[i]) == 0)
            return gd_fail_code(err, GD_ERR_ARG, 455, ".gdw: metadata '%s' is given twice",
                                w->meta[i].key);
        l->meta += GDW_PAIR + w->meta[i].key_size + w->meta[i].value_size;
        if (l->meta > GD_GDW_MAX_META)
            return gd_fail_code(err, GD_ERR_UNSUPPORTED, 455,
                                ".gdw: more than %d bytes of metadata", GD_GDW_MAX_META);
    }
    for (size_t i = 0; i < w->count; i++) {
        if (i > 0 && by_name(&w->tensor[i - 1], &w->tensor[i]) == 0)
            return gd_fail_code(err, GD_ERR_ARG, 455, ".gdw: tensor '%s' is given twice",
                                w->tensor[i].t.name);
        l->names += strlen(w->tensor[i].t.name);
    }
    l->head = GDW_HEADER + w->count * GDW_ENTRY + l->names + l->meta;
    l->file = l->head;
    for (size_t i = 0; i < w->count; i++) {
        w->tensor[i].at = gdw_align(l->file);
        l->file = w->tensor[i].at + w->tensor[i].t.size;
        if (l->file > GD_GDW_MAX_FILE)
            return gd_fail_code(err, GD_ERR_UNSUPPORTED, 455, ".gdw: more than %llu bytes",
                                (unsigned long long)GD_GDW_MAX_FILE);
    }
    return GD_OK;
}

static void put(unsigned char *p, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) p[i] = (unsigned char)(v >> 8 * i);
}

/* Fills the zeroed head; the hashes of all tensors must be known. */
static void make_head(const gd_gdw_writer *w, const layout *l, unsigned char *h) {
    unsigned char *name = h + GDW_HEADER + w->count * GDW_ENTRY, *p = name + l->names;
    size_t         name_at = 0;
    memcpy(h, GDW_MAGIC, 8);
    put(h + GDW_AT_MAJOR, GD_GDW_MAJOR, 2);
    put(h + GDW_AT_MINOR, GD_GDW_MINOR, 2);
    put(h + GDW_AT_ORDER, GDW_ORDER, 4);
    put(h + GDW_AT_FILE_SIZE, l->file, 8);
    put(h + GDW_AT_HEADER_SIZE, GDW_HEADER, 4);
    put(h + GDW_AT_ENTRY_SIZE, GDW_ENTRY, 4);
    put(h + GDW_AT_TENSORS, w->count, 4);
    put(h + GDW_AT_PAIRS, w->n_meta, 4);
    put(h + GDW_AT_NAMES_SIZE, l->names, 8);
    put(h + GDW_AT_META_SIZE, l->meta, 8);
    for (size_t i = 0; i < w->count; i++) {
        const entry   *t = &w->tensor[i];
        unsigned char *e = h + GDW_HEADER + i * GDW_ENTRY;
        size_t         n = strlen(t->t.name);
        put(e + GDW_IN_DATA_AT, t->at, 8);
        put(e + GDW_IN_DATA_SIZE, t->t.size, 8);
        put(e + GDW_IN_HASH, t->hash, 8);
        put(e + GDW_IN_NAME_AT, name_at, 4);
        put(e + GDW_IN_NAME_SIZE, n, 2);
        put(e + GDW_IN_TYPE, (uint64_t)t->t.type, 1);
        put(e + GDW_IN_NDIM, (uint64_t)t->t.ndim, 1);
        for (int d = 0; d < t->t.ndim; d++)
            put(e + GDW_IN_DIMS + 8 * d, (uint64_t)t->t.dim[d], 8);
        memcpy(name + name_at, t->t.name, n);
        name_at += n;
    }
    for (size_t i = 0; i < w->n_meta; i++) {
        const pair *m = &w->meta[i];
        put(p, m->key_size, 4);
        put(p + 4, m->value_size, 4);
        memcpy(p + GDW_PAIR, m->key, m->key_size);
        memcpy(p + GDW_PAIR + m->key_size, m->value, m->value_size);
        p += GDW_PAIR + m->key_size + m->value_size;
    }
    put(h + GDW_AT_CRC, gd_crc32c(0, h, l->head), 4);
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Produces and hashes one tensor; writes it, padding first, unless `o` is NULL. */
static gd_status emit(entry *e, gd_out *o, gd_error *err) {
    static const unsigned char zero[GDW_ALIGN] = {0};
    const void                *data = e->t.data;
    void                      *made = NULL;
    gd_status                  st = GD_OK;
    if (e->fill) {
        data = made = gd_mem_get(e->t.size);
        if (!made)
            return gd_fail(err, GD_ERR_NOMEM, ".gdw: tensor '%s': no memory for %zu bytes",
                           e->t.name, e->t.size);
        GD_GO(e->fill(e->ctx, made, e->t.size, err));
    }
    e->hash = XXH64(e->t.size ? data : zero, e->t.size, 0);
    if (o) {
        GD_GO(gd_out_write(o, zero, (size_t)(e->at - o->at), err));
        GD_GO(gd_out_write(o, data, e->t.size, err));
    }
done:
    gd_mem_put(made);
    return st;
}

/* A regular file gets its head last; a device cannot seek, so the hashes are made first. */
static gd_status write_all(gd_gdw_writer *w, const layout *l, unsigned char *head, gd_out *o,
                           gd_error *err) {
    if (o->direct) {
        for (size_t i = 0; i < w->count; i++) GD_TRY(emit(&w->tensor[i], NULL, err));
        make_head(w, l, head);
    }
    GD_TRY(gd_out_write(o, head, l->head, err));
    for (size_t i = 0; i < w->count; i++) GD_TRY(emit(&w->tensor[i], o, err));
    if (o->direct) return GD_OK;
    make_head(w, l, head);
    return gd_out_patch(o, 0, head, l->head, err);
}

gd_status gd_gdw_writer_commit(gd_gdw_writer *w, const char *path, unsigned flags,
                               gd_error *err) {
    gd_status      st = GD_OK;
    layout         l;
    gd_out         o = {.fd = -1};
    unsigned char *head = NULL;
    GD_TRY(lay_out(w, &l, err));
    head = gd_mem_get_zero(l.head);
    if (!head)
        return gd_fail(err, GD_ERR_NOMEM, ".gdw: no memory for a head of %zu bytes", l.head);
    GD_GO(gd_out_open(&o, path, flags, err));
    GD_GO(write_all(w, &l, head, &o, err));
    GD_GO(gd_out_commit(&o, err));
done:
    gd_out_abort(&o);
    gd_mem_put(head);
    return st;
}
