/* safetensors.c -- .safetensors files: a length, a JSON header, and the data it describes.
 *
 *     u64 n | n bytes of JSON, padded with spaces | data
 *     {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *      "__metadata__": {"string": "string"}}
 *
 * The top level is cut into members here and each member is given to jansson on its own: a
 * header of 16 MiB would otherwise become a tree of some hundred MiB before anything could be
 * refused. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "weights/import/reader.h"

enum { MAX_HEADER = 16 << 20, MAX_DEPTH = 32, MAX_MEMBER = 4096, MAX_METADATA = 1 << 20 };

typedef struct st_type {
    const char   *name;
    gd_ckpt_dtype dtype;
} st_type;

static const st_type types[] = {
    {"F32", GD_CKPT_F32},   {"F16", GD_CKPT_F16}, {"BF16", GD_CKPT_BF16}, {"F64", GD_CKPT_F64},
    {"I64", GD_CKPT_I64},   {"I32", GD_CKPT_I32}, {"I16", GD_CKPT_I16},   {"I8", GD_CKPT_I8},
    {"U8", GD_CKPT_U8},     {"U16", GD_CKPT_U16}, {"U32", GD_CKPT_U32},   {"U64", GD_CKPT_U64},
    {"BOOL", GD_CKPT_BOOL}, {"C64", GD_CKPT_C64}};

typedef struct span {
    uint64_t begin, end;
} span;

typedef struct header {
    gd_ckpt    *c;
    gd_file    *f;
    int         file;
    const char *text;
    size_t      n, at;
    uint64_t    data_at, data_bytes;
    span       *spans; /* data_offsets of every tensor */
    int         n_spans, room_spans;
    bool        metadata_seen;
    gd_error   *err;
} header;

static gd_status bad(const header *h, int code, const char *what) {
    return gd_fail_code(h->err, GD_ERR_FORMAT, code, "%s: safetensors header, byte %zu: %s",
                        h->f->path, h->at + 8, what);
}

/* ---- cutting the top level --------------------------------------------------------------- */

static void spaces(header *h) {
    while (h->at < h->n && strchr(" \t\r\n", h->text[h->at]) && h->text[h->at]) h->at++;
}

static bool take(header *h, char c) {
    spaces(h);
    if (h->at >= h->n || h->text[h->at] != c) return false;
    h->at++;
    return true;
}

/* Passes a string; jansson judges what is in it. */
static gd_status skip_string(header *h) {
    if (h->at >= h->n || h->text[h->at] != '"') return bad(h, 431, "a string is expected");
    for (h->at++; h->at < h->n; h->at++) {
        if (h->text[h->at] == '\\')
            h->at++;
        else if (h->text[h->at] == '"') {
            h->at++;
            return GD_OK;
        }
    }
    return bad(h, 431, "a string without an end");
}

/* Passes an object to its closing brace; nesting is counted, not recursed into. */
static gd_status skip_object(header *h) {
    int depth = 0;
    if (h->at >= h->n || h->text[h->at] != '{') return bad(h, 431, "an object is expected");
    while (h->at < h->n) {
        char c = h->text[h->at];
        if (c == '"') {
            GD_TRY(skip_string(h));
            continue;
        }
        h->at++;
        if ((c == '{' || c == '[') && ++depth > MAX_DEPTH)
            return bad(h, 431, "nested more than 32 deep");
        if ((c == '}' || c == ']') && --depth == 0) return GD_OK;
    }
    return bad(h, 431, "an object without an end");
}

/* One value by jansson; NULL with the error set. */
static json_t *parse(const header *h, size_t from, size_t to, gd_status *st) {
    json_error_t e;
    json_t      *v =
        json_loadb(h->text + from, to - from, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    *st = GD_OK;
    if (v) return v;
    /* Where memory ends inside jansson, it says nothing. */
    *st = !e.text[0] || json_error_code(&e) == json_error_out_of_memory
              ? gd_fail(h->err, GD_ERR_NOMEM, "%s: no memory for its header", h->f->path)
              : gd_fail_code(h->err, GD_ERR_FORMAT, 431, "%s: safetensors header, byte %zu: %s",
                             h->f->path, from + 8, e.text);
    return NULL;
}

/* ---- one tensor -------------------------------------------------------------------------- */

static gd_status find_type(const header *h, const json_t *v, const char *name,
                           gd_ckpt_dtype *out) {
    const char *text = json_string_value(v);
    if (!text) return bad(h, 431, "a tensor without a dtype");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, text) == 0) {
            *out = types[i].dtype;
            return GD_OK;
        }
    return gd_fail_code(h->err, GD_ERR_UNSUPPORTED, 434,
                        "%s: tensor '%.80s' has element type '%.20s', which is not read",
                        h->f->path, name, text);
}

static gd_status find_shape(const header *h, const json_t *v, gd_ckpt_tensor *t) {
    if (!json_is_array(v)) return bad(h, 431, "a tensor without a shape");
    if (json_array_size(v) > GD_CKPT_MAX_DIMS)
        return bad(h, 433, "a tensor of more than 8 dimensions");
    t->ndim = (int)json_array_size(v);
    uint64_t step = 1;
    for (int d = t->ndim - 1; d >= 0; d--) {
        const json_t *e = json_array_get(v, (size_t)d);
        int64_t       n = json_is_integer(e) ? json_integer_value(e) : -1;
        if (n < 0 || n > INT32_MAX) return bad(h, 433, "a dimension below 0 or above 2^31 - 1");
        t->dim[d] = n;
        t->stride[d] = (int64_t)step;
        if (!gd_mul_u64(step, n ? (uint64_t)n : 1, &step) || step > INT64_MAX)
            return bad(h, 433, "a shape whose product exceeds 2^63");
    }
    return GD_OK;
}

static gd_status find_span(const header *h, const json_t *v, span *s) {
    const json_t *a = json_array_get(v, 0), *b = json_array_get(v, 1);
    if (json_array_size(v) != 2 || !json_is_integer(a) || !json_is_integer(b))
        return bad(h, 432, "a tensor without two data_offsets");
    int64_t begin = json_integer_value(a), end = json_integer_value(b);
    if (begin < 0 || end < begin || (uint64_t)end > h->data_bytes)
        return bad(h, 432, "data_offsets that are reversed or beyond the data");
    *s = (span){(uint64_t)begin, (uint64_t)end};
    return GD_OK;
}

static gd_status add_tensor(header *h, const char *name, size_t n_name, const json_t *v) {
    gd_ckpt_tensor t = {0};
    span           s;
    if (json_object_size(v) != 3) return bad(h, 431, "a tensor with other fields than three");
    GD_TRY(find_type(h, json_object_get(v, "dtype"), name, &t.dtype));
    GD_TRY(find_shape(h, json_object_get(v, "shape"), &t));
    GD_TRY(find_span(h, json_object_get(v, "data_offsets"), &s));
    uint64_t bytes = gd_ckpt_dtype_size(t.dtype);
    for (int d = 0; d < t.ndim; d++)
        if (!gd_mul_u64(bytes, (uint64_t)t.dim[d], &bytes))
            return bad(h, 433, "a shape whose product exceeds 2^64");
    if (bytes != s.end - s.begin)
        return gd_fail_code(h->err, GD_ERR_FORMAT, 433,
                            "%s: tensor '%.80s': its shape takes %" PRIu64
                            " bytes, its data_offsets span %" PRIu64,
                            h->f->path, name, bytes, s.end - s.begin);
    if (s.begin % gd_ckpt_dtype_size(t.dtype) != 0)
        return bad(h, 432, "data that is not aligned to its element size");
    GD_TRY(gd_ckpt_room(h->c, (void **)&h->spans, h->n_spans, &h->room_spans, sizeof *h->spans,
                        h->err));
    h->spans[h->n_spans++] = s;
    const gd_ckpt_storage to = {.key = name,
                                .file = h->file,
                                .at = h->data_at + s.begin,
                                .bytes = bytes,
                                .coded = bytes};
    GD_TRY(gd_ckpt_add_storage(h->c, &to, &t.storage, h->err));
    return gd_ckpt_add_tensor(h->c, &t, name, n_name, h->err);
}

static gd_status check_metadata(header *h, const json_t *v) {
    const char *key;
    json_t     *e;
    /* The macro wants a mutable object; nothing is changed. */
    json_object_foreach((json_t *)v, key, e) {
        if (!json_is_string(e)) return bad(h, 435, "__metadata__ is not a map of strings");
    }
    if (h->metadata_seen) return bad(h, 435, "__metadata__ stands twice");
    h->metadata_seen = true;
    return GD_OK;
}

static gd_status member(header *h) {
    json_t   *key = NULL, *v = NULL;
    gd_status st;
    size_t    from;
    spaces(h);
    from = h->at;
    GD_TRY(skip_string(h));
    if (h->at - from > MAX_MEMBER) return bad(h, 431, "a name of more than 4096 bytes");
    key = parse(h, from, h->at, &st);
    if (!key) return st;
    bool metadata = strcmp(json_string_value(key), "__metadata__") == 0;
    if (!take(h, ':')) {
        st = bad(h, 431, "':' is expected");
        goto done;
    }
    spaces(h);
    from = h->at;
    GD_GO(skip_object(h));
    if (h->at - from > (metadata ? MAX_METADATA : MAX_MEMBER)) {
        st = bad(h, metadata ? 435 : 431, "an entry that is too long");
        goto done;
    }
    v = parse(h, from, h->at, &st);
    if (!v) goto done;
    st = metadata ? check_metadata(h, v)
                  : add_tensor(h, json_string_value(key), json_string_length(key), v);
done:
    json_decref(key);
    json_decref(v);
    return st;
}

static gd_status members(header *h) {
    if (!take(h, '{')) return bad(h, 431, "'{' is expected");
    if (!take(h, '}')) {
        do GD_TRY(member(h));
        while (take(h, ','));
        if (!take(h, '}')) return bad(h, 431, "',' or '}' is expected");
    }
    spaces(h);
    return h->at == h->n ? GD_OK : bad(h, 431, "text follows the object");
}

/* ---- the data ---------------------------------------------------------------------------- */

static int by_begin(const void *a, const void *b) {
    const span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* The tensors cover the data without gap or overlap. */
static gd_status check_tiling(header *h) {
    uint64_t at = 0;
    if (h->n_spans) qsort(h->spans, (size_t)h->n_spans, sizeof *h->spans, by_begin);
    for (int i = 0; i < h->n_spans; i++) {
        if (h->spans[i].begin != at)
            return gd_fail_code(h->err, GD_ERR_FORMAT, 432,
                                "%s: the tensors %s at byte %" PRIu64 " of the data",
                                h->f->path, h->spans[i].begin < at ? "overlap" : "leave a gap",
                                h->spans[i].begin < at ? h->spans[i].begin : at);
        at = h->spans[i].end;
    }
    if (at == h->data_bytes) return GD_OK;
    return gd_fail_code(h->err, GD_ERR_FORMAT, 432,
                        "%s: %" PRIu64 " bytes of data belong to no tensor", h->f->path,
                        h->data_bytes - at);
}

gd_status gd_safetensors_read(gd_ckpt *c, int file, gd_error *err) {
    header        h = {.c = c, .f = &c->files[file], .file = file, .err = err};
    unsigned char b[8] = {0};
    char         *text = NULL;
    gd_status     st;
    if (h.f->size < 8) return bad(&h, 430, "the file is cut off");
    GD_TRY(gd_file_read(h.f, 0, b, 8, err));
    uint64_t n = gd_le64(b);
    if (n < 2 || n > MAX_HEADER || n > h.f->size - 8) {
        st = gd_fail_code(err, GD_ERR_FORMAT, 430,
                          "%s: a safetensors header of %" PRIu64 " bytes in a file of %" PRIu64
                          " (2 to %d are read)",
                          h.f->path, n, h.f->size, (int)MAX_HEADER);
        if (n <= MAX_HEADER) gd_error_hint(err, "the file is cut off: download it again");
        return st;
    }
    h.n = (size_t)n;
    h.data_at = 8 + n;
    h.data_bytes = h.f->size - h.data_at;
    text = gd_mem_get(h.n);
    if (!text) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for its header", h.f->path);
    h.text = text;
    GD_GO(gd_file_read(h.f, 8, text, h.n, err));
    GD_GO(members(&h));
    GD_GO(check_tiling(&h));
done:
    gd_mem_put(h.spans);
    gd_mem_put(text);
    return st;
}
