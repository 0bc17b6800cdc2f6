/* gdw_read.c -- the .gdw reader: believes no byte before it is checked; see gdw.h. */
#define XXH_INLINE_ALL
#include <xxhash.h>

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
    const char *key, *value;
} pair;

struct gd_gdw {
    gd_arena       arena; /* tensors, pairs and their strings */
    gd_gdw_tensor *tensor;
    size_t         count;
    pair          *meta;
    size_t         n_meta;
    unsigned char *data; /* from the first tensor's byte to the end of the file */
};

/* One load: where bytes come from and what the header said. */
typedef struct load {
    gd_file              file; /* fd -1: from memory */
    const unsigned char *memory;
    uint64_t             size;
    const char          *name; /* for messages */
    gd_error            *err;
    unsigned char        header[GDW_HEADER];
    unsigned char       *head;
    uint64_t             header_size, entry_size, names_size, meta_size, head_size;
    size_t               n_tensors, n_pairs;
    unsigned             minor;
} load;

typedef unsigned long long ull; /* for printf */

static gd_status fetch(load *l, uint64_t at, void *dst, size_t n) {
    if (l->file.fd >= 0) return gd_file_read(&l->file, at, dst, n, l->err);
    memcpy(dst, l->memory + at, n);
    return GD_OK;
}

#define bad(l, code, ...) gd_fail_code((l)->err, GD_ERR_FORMAT, (code), __VA_ARGS__)

/* ---- header ------------------------------------------------------------------------------ */

/* Says what the file is instead, where its first bytes tell. */
static gd_status not_ours(load *l, const unsigned char *h, size_t n) {
    static const struct {
        const char *start, *is, *advice;
    } known[] = {
        {"PK\003\004", "a zip archive, perhaps a PyTorch checkpoint",
         "gdconvert FILE -o MODEL.gdw"},
        {"\x80\002\x8a\n", "a PyTorch checkpoint of the legacy kind",
         "gdconvert FILE -o MODEL.gdw"},
        {"version https://git-lfs", "a Git LFS pointer", "git lfs pull fetches the real file"},
        {"<!", "an HTML page", "download the file itself, not the page about it"},
        {"<html", "an HTML page", "download the file itself, not the page about it"},
        {"GGUF", "a GGUF file", "gdrun reads .gdw files made by gdconvert"},
        {"\x89GDW", "a .gdw file damaged by a text-mode copy", "copy it again in binary mode"},
    };
    gd_status st = bad(l, 450, "%s: is not a .gdw file (%llu bytes)", l->name, (ull)l->size);
    if (l->size == 0) gd_error_why(l->err, "the file is empty");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t k = strlen(known[i].start);
        if (n < k || memcmp(h, known[i].start, k) != 0) continue;
        gd_error_why(l->err, "it looks like %s", known[i].is);
        gd_error_hint(l->err, "%s", known[i].advice);
        break;
    }
    return st;
}

static gd_status check_version(load *l, const unsigned char *h) {
    unsigned major = gd_le16(h + GDW_AT_MAJOR);
    uint32_t order = gd_le32(h + GDW_AT_ORDER);
    l->minor = gd_le16(h + GDW_AT_MINOR);
    if (order == __builtin_bswap32(GDW_ORDER))
        return bad(l, 451, "%s: was written big-endian; .gdw files are little-endian", l->name);
    if (order != GDW_ORDER)
        return bad(l, 451, "%s: byte 12: byte-order mark is 0x%08x, not 0x%08x", l->name, order,
                   GDW_ORDER);
    if (major > GD_GDW_MAJOR) {
        gd_status st = bad(l, 451, "%s: has format version %u.%u, this gdrun reads up to %d.x",
                           l->name, major, l->minor, GD_GDW_MAJOR);
        gd_error_hint(l->err, "update gdrun, or convert the checkpoint with this gdconvert");
        return st;
    }
    if (major < 1)
        return bad(l, 451, "%s: has format version %u.%u, which never was", l->name, major,
                   l->minor);
    return GD_OK;
}

/* One size of the header against its limit. */
static gd_status within(load *l, const char *what, uint64_t v, uint64_t least, uint64_t most) {
    if (v >= least && v <= most) return GD_OK;
    return bad(l, 452, "%s: header: %s is %llu, outside %llu..%llu", l->name, what, (ull)v,
               (ull)least, (ull)most);
}

static gd_status read_header(load *l) {
    unsigned char *h = l->header;
    size_t         n = l->size < GDW_HEADER ? (size_t)l->size : GDW_HEADER;
    GD_TRY(fetch(l, 0, h, n));
    if (n < GDW_HEADER || memcmp(h, GDW_MAGIC, 8) != 0) return not_ours(l, h, n);
    GD_TRY(check_version(l, h));
    uint64_t claimed = gd_le64(h + GDW_AT_FILE_SIZE);
    if (claimed != l->size) {
        gd_status st = bad(l, 452, "%s: has %llu bytes, its header says %llu", l->name,
                           (ull)l->size, (ull)claimed);
        gd_error_why(l->err, l->size < claimed ? "the file is truncated"
                                               : "something was appended to the file");
        return st;
    }
    l->header_size = gd_le32(h + GDW_AT_HEADER_SIZE);
    l->entry_size = gd_le32(h + GDW_AT_ENTRY_SIZE);
    l->n_tensors = gd_le32(h + GDW_AT_TENSORS);
    l->n_pairs = gd_le32(h + GDW_AT_PAIRS);
    l->names_size = gd_le64(h + GDW_AT_NAMES_SIZE);
    l->meta_size = gd_le64(h + GDW_AT_META_SIZE);
    bool newer = l->minor > GD_GDW_MINOR;
    GD_TRY(within(l, "file size", l->size, GDW_HEADER, GD_GDW_MAX_FILE));
    GD_TRY(
        within(l, "header size", l->header_size, GDW_HEADER, newer ? GDW_LONGEST : GDW_HEADER));
    GD_TRY(within(l, "entry size", l->entry_size, GDW_ENTRY, newer ? GDW_LONGEST : GDW_ENTRY));
    GD_TRY(within(l, "number of tensors", l->n_tensors, 0, GD_GDW_MAX_TENSORS));
    GD_TRY(within(l, "number of metadata pairs", l->n_pairs, 0, GD_GDW_MAX_PAIRS));
    GD_TRY(within(l, "size of names", l->names_size, l->n_tensors,
                  (uint64_t)l->n_tensors * GD_GDW_MAX_NAME));
    GD_TRY(within(l, "size of metadata", l->meta_size, (uint64_t)l->n_pairs * (GDW_PAIR + 1),
                  GD_GDW_MAX_META));
    /* Every term is bounded above, so the sum cannot wrap. */
    l->head_size = l->header_size + l->n_tensors * l->entry_size + l->names_size + l->meta_size;
    if (l->head_size > l->size)
        return bad(l, 452, "%s: header: table, names and metadata need %llu of %llu bytes",
                   l->name, (ull)l->head_size, (ull)l->size);
    return gd_le32(h + GDW_AT_ZERO) == 0
               ? GD_OK
               : bad(l, 454, "%s: header: byte 60: reserved field is not zero", l->name);
}

static gd_status read_head(load *l) {
    static const unsigned char none[4] = {0};
    l->head = gd_mem_get((size_t)l->head_size);
    if (!l->head)
        return gd_fail_code(l->err, GD_ERR_NOMEM, 600,
                            "%s: no memory for its head (%llu bytes)", l->name,
                            (ull)l->head_size);
    GD_TRY(fetch(l, 0, l->head, (size_t)l->head_size));
    uint32_t want = gd_le32(l->head + GDW_AT_CRC), crc = gd_crc32c(0, l->head, GDW_AT_CRC);
    crc = gd_crc32c(crc, none, sizeof none);
    crc = gd_crc32c(crc, l->head + GDW_AT_ZERO, (size_t)l->head_size - GDW_AT_ZERO);
    if (crc != want)
        return bad(l, 453,
                   "%s: header, table or metadata: checksum is %08x, the file says %08x",
                   l->name, crc, want);
    /* A file rewritten between the two reads may have a good checksum over other sizes. */
    if (memcmp(l->head, l->header, GDW_HEADER) != 0)
        return bad(l, 453, "%s: changed while it was being read", l->name);
    return GD_OK;
}

/* ---- table and metadata ------------------------------------------------------------------ */

static gd_status no_memory(load *l) {
    return gd_fail_code(l->err, GD_ERR_NOMEM, 600, "%s: no memory for its %zu tensors", l->name,
                        l->n_tensors);
}

static gd_status parse_dims(load *l, const unsigned char *e, gd_gdw_tensor *t) {
    uint64_t size = gd_gdw_type_size(t->type);
    if (size == 0)
        return bad(l, 454, "%s: tensor '%s': unknown type %d", l->name, t->name, t->type);
    if (t->ndim > GD_GDW_MAX_DIMS)
        return bad(l, 454, "%s: tensor '%s': %d dims, at most %d", l->name, t->name, t->ndim,
                   GD_GDW_MAX_DIMS);
    for (int i = 0; i < GD_GDW_MAX_DIMS; i++) {
        uint64_t d = gd_le64(e + GDW_IN_DIMS + 8 * i);
        if (d > INT32_MAX || (i >= t->ndim && d != 0))
            return bad(l, 454, "%s: tensor '%s': dim %d is %llu", l->name, t->name, i, (ull)d);
        t->dim[i] = (int64_t)d;
        if (i < t->ndim && !gd_mul_u64(size, d, &size))
            return bad(l, 454, "%s: tensor '%s': its dims overflow", l->name, t->name);
    }
    if (size != gd_le64(e + GDW_IN_DATA_SIZE))
        return bad(l, 454, "%s: tensor '%s': its shape needs %llu bytes, the table says %llu",
                   l->name, t->name, (ull)size, (ull)gd_le64(e + GDW_IN_DATA_SIZE));
    t->size = (size_t)size;
    return GD_OK;
}

/* The entry at `e`; *names and *end move over its name and its data. */
static gd_status parse_entry(load *l, gd_gdw *g, size_t i, uint64_t *names, uint64_t *end) {
    const unsigned char *e = l->head + l->header_size + i * l->entry_size;
    const char    *area = (const char *)l->head + l->header_size + l->n_tensors * l->entry_size;
    gd_gdw_tensor *t = &g->tensor[i];
    uint64_t       n = gd_le16(e + GDW_IN_NAME_SIZE), at = gd_le64(e + GDW_IN_DATA_AT);
    if (gd_le32(e + GDW_IN_NAME_AT) != *names || n < 1 || n > GD_GDW_MAX_NAME ||
        !gd_span_ok(*names, n, l->names_size) || !gd_utf8_ok(area + *names, n, false))
        return bad(l, 454, "%s: tensor %zu: its name is not well formed", l->name, i);
    t->name = gd_arena_bytes(&g->arena, area + *names, n);
    if (!t->name) return no_memory(l);
    *names += n;
    if (i > 0 && strcmp(g->tensor[i - 1].name, t->name) >= 0)
        return bad(l, 454, "%s: tensor %zu '%s': is not in order after '%s'", l->name, i,
                   t->name, g->tensor[i - 1].name);
    t->type = e[GDW_IN_TYPE];
    t->ndim = e[GDW_IN_NDIM];
    GD_TRY(parse_dims(l, e, t));
    if (at != gdw_align(*end) || !gd_span_ok(at, t->size, l->size))
        return bad(l, 454, "%s: tensor '%s': bytes %llu + %zu do not follow byte %llu of %llu",
                   l->name, t->name, (ull)at, t->size, (ull)*end, (ull)l->size);
    *end = at + t->size;
    return GD_OK;
}

static gd_status parse_table(load *l, gd_gdw *g) {
    uint64_t names = 0, end = l->head_size;
    g->tensor = gd_arena_array(&g->arena, l->n_tensors + 1, sizeof *g->tensor);
    if (!g->tensor) return no_memory(l);
    for (size_t i = 0; i < l->n_tensors; i++) GD_TRY(parse_entry(l, g, i, &names, &end));
    g->count = l->n_tensors;
    if (names != l->names_size)
        return bad(l, 454, "%s: %llu bytes of names, the table uses %llu", l->name,
                   (ull)l->names_size, (ull)names);
    return end == l->size ? GD_OK
                          : bad(l, 454, "%s: the last tensor ends at byte %llu of %llu",
                                l->name, (ull)end, (ull)l->size);
}

static gd_status parse_meta(load *l, gd_gdw *g) {
    const unsigned char *p = l->head + l->head_size - l->meta_size;
    uint64_t             left = l->meta_size;
    g->meta = gd_arena_array(&g->arena, l->n_pairs + 1, sizeof *g->meta);
    if (!g->meta) return no_memory(l);
    for (size_t i = 0; i < l->n_pairs; i++) {
        uint64_t k = left < GDW_PAIR ? 0 : gd_le32(p);
        uint64_t v = left < GDW_PAIR ? 0 : gd_le32(p + 4);
        if (k < 1 || k > GD_GDW_MAX_NAME || left - GDW_PAIR < k + v ||
            !gd_utf8_ok((const char *)p + GDW_PAIR, k, false) ||
            !gd_utf8_ok((const char *)p + GDW_PAIR + k, v, true))
            return bad(l, 454, "%s: metadata pair %zu is not well formed", l->name, i);
        g->meta[i].key = gd_arena_bytes(&g->arena, (const char *)p + GDW_PAIR, k);
        g->meta[i].value = gd_arena_bytes(&g->arena, (const char *)p + GDW_PAIR + k, v);
        if (!g->meta[i].key || !g->meta[i].value) return no_memory(l);
        if (i > 0 && strcmp(g->meta[i - 1].key, g->meta[i].key) >= 0)
            return bad(l, 454, "%s: metadata '%s' is not in order after '%s'", l->name,
                       g->meta[i].key, g->meta[i - 1].key);
        p += GDW_PAIR + k + v;
        left -= GDW_PAIR + k + v;
    }
    g->n_meta = l->n_pairs;
    return left == 0 ? GD_OK
                     : bad(l, 454, "%s: %llu bytes follow the metadata", l->name, (ull)left);
}

/* ---- data -------------------------------------------------------------------------------- */

/* Reads and checks the zero bytes [at, upto); fewer than 64. */
static gd_status check_padding(load *l, uint64_t at, uint64_t upto) {
    unsigned char pad[GDW_ALIGN], any = 0;
    size_t        n = (size_t)(upto - at);
    GD_TRY(fetch(l, at, pad, n));
    for (size_t i = 0; i < n; i++) any |= pad[i];
    return any == 0 ? GD_OK
                    : bad(l, 453, "%s: padding at byte %llu is not zero", l->name, (ull)at);
}

/* Reads a tensor in pieces that are hashed while they are still in the cache. */
static gd_status read_tensor(load *l, const gd_gdw_tensor *t, unsigned char *dst, uint64_t at,
                             uint64_t want) {
    enum { PIECE = 512 << 10 };
    XXH64_state_t state;
    XXH64_reset(&state, 0);
    for (size_t done = 0, n; done < t->size; done += n) {
        n = t->size - done < PIECE ? t->size - done : PIECE;
        GD_TRY(fetch(l, at + done, dst + done, n));
        XXH64_update(&state, dst + done, n);
    }
    uint64_t got = XXH64_digest(&state);
    return got == want ? GD_OK
                       : bad(l, 453,
                             "%s: tensor '%s': checksum of its %zu bytes at byte %llu is "
                             "%016llx, the file says %016llx",
                             l->name, t->name, t->size, (ull)at, (ull)got, (ull)want);
}

static gd_status read_data(load *l, gd_gdw *g) {
    uint64_t end = l->head_size, first = gdw_align(end);
    if (g->count == 0) return GD_OK;
    g->data = gd_mem_get((size_t)(l->size - first));
    if (!g->data)
        return gd_fail_code(l->err, GD_ERR_NOMEM, 600,
                            "%s: no memory for %llu bytes of weights", l->name,
                            (ull)(l->size - first));
    for (size_t i = 0; i < g->count; i++) {
        gd_gdw_tensor       *t = &g->tensor[i];
        const unsigned char *e = l->head + l->header_size + i * l->entry_size;
        uint64_t             at = gdw_align(end);
        GD_TRY(check_padding(l, end, at));
        GD_TRY(read_tensor(l, t, g->data + (at - first), at, gd_le64(e + GDW_IN_HASH)));
        t->data = g->data + (at - first);
        end = at + t->size;
    }
    return GD_OK;
}

static gd_status load_all(load *l, gd_gdw **out) {
    gd_status st = GD_OK;
    gd_gdw   *g = gd_mem_get_zero(sizeof *g);
    if (!g) return gd_fail_code(l->err, GD_ERR_NOMEM, 600, "%s: no memory", l->name);
    GD_GO(read_header(l));
    GD_GO(read_head(l));
    GD_GO(parse_table(l, g));
    GD_GO(parse_meta(l, g));
    GD_GO(read_data(l, g));
    *out = g;
    g = NULL;
done:
    gd_mem_put(l->head);
    gd_gdw_close(g);
    return st;
}

/* ---- public ------------------------------------------------------------------------------ */

gd_status gd_gdw_load(const char *path, gd_gdw **out, gd_error *err) {
    load l = {.name = path, .err = err};
    *out = NULL;
    GD_TRY(gd_file_open(&l.file, path, err));
    l.size = l.file.size;
    gd_status st = load_all(&l, out);
    gd_file_close(&l.file);
    return st;
}

gd_status gd_gdw_load_memory(const void *data, size_t size, gd_gdw **out, gd_error *err) {
    load l = {.name = "(memory)", .err = err, .file.fd = -1, .memory = data, .size = size};
    *out = NULL;
    if (!data) return gd_fail(err, GD_ERR_ARG, "no bytes given");
    return load_all(&l, out);
}

void gd_gdw_close(gd_gdw *g) {
    if (!g) return;
    gd_mem_put(g->data);
    gd_arena_free(&g->arena);
    gd_mem_put(g);
}

size_t gd_gdw_count(const gd_gdw *g) { return g->count; }

const gd_gdw_tensor *gd_gdw_tensor_at(const gd_gdw *g, size_t i) {
    GD_ASSERT(i < g->count);
    return &g->tensor[i];
}

const gd_gdw_tensor *gd_gdw_find(const gd_gdw *g, const char *name) {
    size_t lo = 0, hi = g->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int    c = strcmp(name, g->tensor[mid].name);
        if (c == 0) return &g->tensor[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

size_t gd_gdw_meta_count(const gd_gdw *g) { return g->n_meta; }

void gd_gdw_meta_at(const gd_gdw *g, size_t i, const char **key, const char **value) {
    GD_ASSERT(i < g->n_meta);
    *key = g->meta[i].key;
    *value = g->meta[i].value;
}

const char *gd_gdw_meta(const gd_gdw *g, const char *key) {
    for (size_t i = 0; i < g->n_meta; i++)
        if (strcmp(g->meta[i].key, key) == 0) return g->meta[i].value;
    return NULL;
}

size_t gd_gdw_type_size(int type) {
    static const unsigned char size[] = {0, 4, 2, 1, 1, 4, 8};
    return type > 0 && type < (int)sizeof size ? size[type] : 0;
}

const char *gd_gdw_type_name(int type) {
    static const char *const name[] = {"?", "f32", "f16", "i8", "u8", "i32", "i64"};
    return gd_gdw_type_size(type) ? name[type] : "?";
}
