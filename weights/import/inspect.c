/* inspect.c -- describes a weight file; see inspect.h. */
#include "weights/import/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/sha256.h"
#include "engine/utf8.h"
#include "weights/import/reader.h"
#include "weights/json_make.h"

enum { ENDS = 4, BLOCK = 1024 };

/* ---- a growing text ---------------------------------------------------------------------- */

typedef struct text {
    char  *s;
    size_t n, room;
    bool   full; /* memory ended */
} text;

static void put(text *t, const char *s, size_t n) {
    if (t->full) return;
    if (t->room - t->n <= n) {
        size_t room = t->room ? t->room : 4096;
        while (room - t->n <= n) room *= 2;
        char *to = gd_mem_grow(t->s, t->n, room);
        if (!to) {
            t->full = true;
            return;
        }
        t->s = to;
        t->room = room;
    }
    memcpy(t->s + t->n, s, n);
    t->n += n;
    t->s[t->n] = '\0';
}

static void print(text *t, const char *fmt, ...) GD_PRINTF(2, 3);
static void print(text *t, const char *fmt, ...) {
    char    line[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    put(t, line, n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static gd_status deliver(const gd_ckpt *c, text *t, char **out, gd_error *err) {
    *out = NULL;
    if (t->full || !t->s) {
        gd_mem_put(t->s);
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory to describe it", gd_ckpt_path(c));
    }
    *out = t->s;
    return GD_OK;
}

/* ---- the numbers of a tensor ------------------------------------------------------------- */

typedef struct stats {
    bool   numbers; /* the type has values that are numbers */
    double sum, sumsq, wsum, first[ENDS], last[ENDS];
    char   sha256[65];
} stats;

static void measure(const gd_ckpt_tensor *t, const unsigned char *raw, stats *s) {
    gd_sha256     h;
    unsigned char digest[32];
    double        v[BLOCK];
    size_t        numel = (size_t)t->numel, size = gd_ckpt_dtype_size(t->dtype);
    size_t        ends = numel < ENDS ? numel : ENDS;
    long double   sum = 0, sumsq = 0, wsum = 0;
    gd_sha256_start(&h);
    gd_sha256_add(&h, raw, gd_ckpt_bytes(t));
    gd_sha256_end(&h, digest);
    gd_sha256_hex(digest, s->sha256);
    s->numbers = gd_ckpt_to_f64(t->dtype, raw, ends, s->first);
    if (!s->numbers) return;
    gd_ckpt_to_f64(t->dtype, raw + (numel - ends) * size, ends, s->last);
    for (size_t at = 0; at < numel; at += BLOCK) {
        size_t n = numel - at < BLOCK ? numel - at : BLOCK;
        gd_ckpt_to_f64(t->dtype, raw + at * size, n, v);
        for (size_t i = 0; i < n; i++) {
            sum += v[i];
            sumsq += (long double)v[i] * v[i];
            wsum += (long double)(at + i + 1) * v[i];
        }
    }
    s->sum = (double)sum;
    s->sumsq = (double)sumsq;
    s->wsum = (double)wsum;
}

/* In the order of storages, so that each is loaded once. */
static gd_status measure_all(gd_ckpt *c, stats *all, gd_error *err) {
    for (int k = 0; k < c->n_tensors; k++) {
        const gd_ckpt_tensor *t = &c->tensors[c->by_storage[k]];
        unsigned char        *raw = gd_mem_get(gd_ckpt_bytes(t));
        if (!raw) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for '%s'", c->path, t->path);
        gd_status st = gd_ckpt_read(c, t, raw, gd_ckpt_bytes(t), err);
        if (st == GD_OK) measure(t, raw, &all[c->by_storage[k]]);
        gd_mem_put(raw);
        GD_TRY(st);
    }
    return GD_OK;
}

/* ---- JSON -------------------------------------------------------------------------------- */

static json_t *number(bool known, double v) {
    return known && isfinite(v) ? json_real(v) : json_null();
}

/* A value all of whose parts could be made, or NULL; the others are released then. */
static json_t *whole(json_t *v, bool ok) {
    if (ok) return v;
    json_decref(v);
    return NULL;
}

static json_t *numbers(bool known, const double *v, int64_t n) {
    json_t *a = json_array();
    bool    ok = true;
    for (int64_t i = 0; i < n && i < ENDS; i++) gd_json_add(&ok, a, number(known, v[i]));
    return whole(a, ok);
}

static json_t *integers(const int64_t *v, int n) {
    json_t *a = json_array();
    bool    ok = true;
    for (int i = 0; i < n; i++) gd_json_add(&ok, a, json_integer(v[i]));
    return whole(a, ok);
}

/* False when any part could not be made; the parts are released in that case too. */
static bool set(json_t *o, const char *key, json_t *v) {
    return json_object_set_new(o, key, v) == 0;
}

static json_t *tensor_json(const gd_ckpt_tensor *t, const stats *s) {
    json_t *o = json_object();
    bool    ok =
        set(o, "name", gd_json_string(t->path)) && set(o, "shape", integers(t->dim, t->ndim)) &&
        set(o, "dtype", json_string(gd_ckpt_dtype_name(t->dtype))) &&
        set(o, "stride", integers(t->stride, t->ndim)) &&
        set(o, "offset", json_integer(t->offset)) &&
        set(o, "contiguous", json_boolean(t->contiguous)) &&
        set(o, "numel", json_integer(t->numel)) && set(o, "sum", number(s->numbers, s->sum)) &&
        set(o, "sumsq", number(s->numbers, s->sumsq)) &&
        set(o, "wsum", number(s->numbers, s->wsum)) &&
        set(o, "first", numbers(s->numbers, s->first, t->numel)) &&
        set(o, "last", numbers(s->numbers, s->last, t->numel)) &&
        set(o, "sha256", json_string(s->sha256)) &&
        set(o, "storage", json_integer(t->storage)) &&
        set(o, "weight", t->state ? gd_json_string(t->name) : json_null());
    return whole(o, ok);
}

static json_t *tensors_json(const gd_ckpt *c, const stats *all) {
    json_t *a = json_array();
    bool    ok = true;
    for (int i = 0; i < c->n_tensors && ok; i++)
        gd_json_add(&ok, a, tensor_json(&c->tensors[i], &all[i]));
    return whole(a, ok);
}

/* Groups of two and more, in the order of their first member. */
static json_t *shared_json(const gd_ckpt *c, int *count, json_t **group) {
    json_t *a = json_array();
    bool    ok = a != NULL;
    for (int i = 0; i < c->n_tensors; i++) count[c->tensors[i].storage]++;
    for (int i = 0; i < c->n_tensors && ok; i++) {
        int s = c->tensors[i].storage;
        if (count[s] < 2) continue;
        if (!group[s]) {
            group[s] = json_array();
            ok = json_array_append_new(a, group[s]) == 0;
        }
        ok = ok && json_array_append_new(group[s], gd_json_string(c->tensors[i].path)) == 0;
    }
    return whole(a, ok);
}

static json_t *top_json(const gd_ckpt *c) {
    if (c->n_top < 0) return gd_json_string(c->top_type);
    json_t *a = json_array();
    bool    ok = true;
    for (int i = 0; i < c->n_top; i++) gd_json_add(&ok, a, gd_json_string(c->top[i]));
    return whole(a, ok);
}

static json_t *warnings_json(const gd_ckpt *c) {
    json_t *a = json_array();
    bool    ok = true;
    for (int i = 0; i < c->n_warnings; i++) {
        json_t *w = json_object();
        gd_json_set(&ok, w, "code", json_integer(c->warnings[i].code));
        gd_json_set(&ok, w, "text", gd_json_string(c->warnings[i].text));
        gd_json_add(&ok, a, w);
    }
    return whole(a, ok);
}

static int append(const char *s, size_t n, void *to) {
    put(to, s, n);
    return ((text *)to)->full ? -1 : 0;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

gd_status gd_inspect_json(gd_ckpt *c, char **out, gd_error *err) {
    char      hex[65];
    text      t = {0};
    json_t   *root = NULL;
    stats    *all = gd_mem_array((size_t)c->n_tensors + 1, sizeof *all);
    int      *count = gd_mem_array((size_t)c->n_storages + 1, sizeof *count);
    json_t  **group = gd_mem_array((size_t)c->n_storages + 1, sizeof(json_t *));
    gd_status st;
    bool      ok;
    *out = NULL;
    if (!all || !count || !group) {
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory to describe it", c->path);
        goto done;
    }
    GD_GO(measure_all(c, all, err));
    GD_GO(gd_ckpt_sha256(c, hex, err));
    root = json_object();
    /* A file name is bytes, JSON is UTF-8. */
    const char *file = base_name(c->path);
    ok = set(root, "file", json_string(gd_utf8_ok(file, strlen(file), false) ? file : "?")) &&
         set(root, "format", json_string(c->format)) &&
         set(root, "pickle_protocol", c->protocol ? json_integer(c->protocol) : json_null()) &&
         set(root, "top", top_json(c)) && set(root, "shared", shared_json(c, count, group)) &&
         set(root, "tensors", tensors_json(c, all)) &&
         set(root, "bytes", json_integer((json_int_t)c->size)) &&
         set(root, "state_dict_prefix", gd_json_string(c->prefix)) &&
         set(root, "sha256", json_string(hex)) && set(root, "warnings", warnings_json(c));
    if (ok &&
        json_dump_callback(root, append, &t, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) != 0)
        t.full = true;
    if (!ok) t.full = true;
    put(&t, "\n", 1);
    st = deliver(c, &t, out, err);
done:
    json_decref(root);
    gd_mem_put(all);
    gd_mem_put(count);
    gd_mem_put(group);
    return st;
}

/* ---- text -------------------------------------------------------------------------------- */

static void shape_text(const gd_ckpt_tensor *t, char *s, size_t n) {
    size_t at = (size_t)snprintf(s, n, "[");
    for (int d = 0; d < t->ndim; d++)
        at += (size_t)snprintf(s + at, n - at, "%s%" PRId64, d ? "," : "", t->dim[d]);
    snprintf(s + at, n - at, "]");
}

gd_status gd_inspect_text(gd_ckpt *c, char **out, gd_error *err) {
    text t = {0};
    int  wide = 4;
    print(&t, "%s: %s", base_name(c->path), c->format);
    if (c->protocol) print(&t, ", pickle protocol %d", c->protocol);
    print(&t, ", %d tensors, %d of them weights, %" PRIu64 " bytes\n", c->n_tensors, c->n_state,
          c->size);
    if (*c->prefix) print(&t, "prefix of the weights: '%s'\n", c->prefix);
    for (int i = 0; i < c->n_tensors; i++) {
        int n = (int)strlen(c->tensors[i].path);
        if (n > wide) wide = n;
    }
    if (wide > 72) wide = 72;
    for (int i = 0; i < c->n_tensors; i++) {
        const gd_ckpt_tensor *e = &c->tensors[i];
        char                  shape[128];
        shape_text(e, shape, sizeof shape);
        print(&t, "%c %-*s  %-9s %-*s%s\n", e->state ? ' ' : '-', wide, e->path,
              gd_ckpt_dtype_name(e->dtype), e->contiguous ? 0 : 20, shape,
              e->contiguous ? "" : " strided");
    }
    for (int i = 0; i < c->n_warnings; i++)
        print(&t, "warning[W%03d]: %s\n", c->warnings[i].code, c->warnings[i].text);
    return deliver(c, &t, out, err);
}
