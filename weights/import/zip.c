/* zip.c -- the directory of a zip archive, checked against its local headers; see zip.h. */
#include "weights/import/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "engine/utf8.h"

enum {
    END = 22,
    LOCATOR = 20,
    END64 = 56,
    CENTRAL = 46,
    LOCAL = 30,
    MAX_ENTRIES = 65536,
    MAX_DIRECTORY = 32 << 20,
    FLAG_DESCRIPTOR = 8,
    FLAG_UTF8 = 0x800,
    FLAG_LEVEL = 6 /* how hard deflate tried: no meaning for a reader */
};

/* What the end records say about the directory. */
typedef struct directory {
    uint64_t at, bytes, entries;
} directory;

static gd_status bad(const gd_ckpt *c, gd_error *err, uint64_t at, const char *what) {
    return gd_fail_code(err, GD_ERR_FORMAT, 402, "%s: zip archive, byte %" PRIu64 ": %s",
                        c->path, at, what);
}

/* ---- the end of the file ----------------------------------------------------------------- */

/* Why the last 22 bytes are no end record: cut off, or something follows it. */
static gd_status no_end(gd_ckpt *c, gd_error *err) {
    enum { LOOK = 4096 };
    unsigned char tail[LOOK];
    gd_file      *f = &c->files[0];
    size_t        n = f->size < LOOK ? (size_t)f->size : LOOK;
    GD_TRY(gd_file_read(f, f->size - n, tail, n, err));
    for (size_t i = n; i-- > 0;)
        if (n - i >= END && memcmp(tail + i, "PK\5\6", 4) == 0)
            return bad(c, err, f->size - n + i + END,
                       "bytes follow the end record (a comment or a second file)");
    gd_status st = bad(c, err, f->size, "the end record is missing: the file is cut off");
    gd_error_hint(err, "download or copy the file again");
    return st;
}

static gd_status find_end64(gd_ckpt *c, uint64_t end_at, const directory *small, directory *d,
                            uint64_t *tail_at, gd_error *err) {
    unsigned char b[END64];
    gd_file      *f = &c->files[0];
    if (end_at < LOCATOR + END64) return bad(c, err, end_at, "no room for a zip64 end record");
    GD_TRY(gd_file_read(f, end_at - LOCATOR, b, LOCATOR, err));
    uint64_t at = gd_le64(b + 8);
    if (gd_le32(b + 4) != 0 || gd_le32(b + 16) != 1)
        return bad(c, err, end_at - LOCATOR, "an archive of several disks");
    if (at != end_at - LOCATOR - END64)
        return bad(c, err, end_at - LOCATOR, "the zip64 end record is not where it belongs");
    GD_TRY(gd_file_read(f, at, b, END64, err));
    if (memcmp(b, "PK\6\6", 4) != 0 || gd_le64(b + 4) != END64 - 12)
        return bad(c, err, at, "a malformed zip64 end record");
    if (gd_le32(b + 16) != 0 || gd_le32(b + 20) != 0 || gd_le64(b + 24) != gd_le64(b + 32))
        return bad(c, err, at, "an archive of several disks");
    *d = (directory){gd_le64(b + 48), gd_le64(b + 40), gd_le64(b + 32)};
    if ((small->entries != 0xffff && small->entries != d->entries) ||
        (small->bytes != UINT32_MAX && small->bytes != d->bytes) ||
        (small->at != UINT32_MAX && small->at != d->at))
        return bad(c, err, at, "the zip64 end record disagrees with the end record");
    *tail_at = at;
    return GD_OK;
}

static gd_status find_directory(gd_ckpt *c, directory *d, gd_error *err) {
    unsigned char b[END], l[4];
    gd_file      *f = &c->files[0];
    if (f->size < END) return bad(c, err, f->size, "the file is cut off");
    uint64_t end_at = f->size - END, tail_at = end_at;
    GD_TRY(gd_file_read(f, end_at, b, END, err));
    if (memcmp(b, "PK\5\6", 4) != 0 || gd_le16(b + 20) != 0) return no_end(c, err);
    if (gd_le16(b + 4) != 0 || gd_le16(b + 6) != 0 || gd_le16(b + 8) != gd_le16(b + 10))
        return bad(c, err, end_at, "an archive of several disks");
    *d = (directory){gd_le32(b + 16), gd_le32(b + 12), gd_le16(b + 10)};
    const directory small = *d;
    memset(l, 0, sizeof l);
    if (end_at >= LOCATOR) GD_TRY(gd_file_read(f, end_at - LOCATOR, l, 4, err));
    if (memcmp(l, "PK\6\7", 4) == 0)
        GD_TRY(find_end64(c, end_at, &small, d, &tail_at, err));
    else if (d->entries == 0xffff || d->bytes == UINT32_MAX || d->at == UINT32_MAX)
        return bad(c, err, end_at, "the zip64 end record is missing");
    if (d->entries == 0) return bad(c, err, end_at, "an empty archive");
    if (d->entries > MAX_ENTRIES || d->bytes > MAX_DIRECTORY)
        return bad(c, err, end_at, "more entries than the limit of 65536");
    if (d->bytes < d->entries * CENTRAL || !gd_span_ok(d->at, d->bytes, tail_at) ||
        d->at + d->bytes != tail_at)
        return bad(c, err, end_at, "the directory does not end where the end record begins");
    return GD_OK;
}

/* ---- names ------------------------------------------------------------------------------- */

static gd_status bad_name(const gd_ckpt *c, gd_error *err, const char *name, size_t n,
                          const char *what) {
    return gd_fail_code(err, GD_ERR_FORMAT, 403, "%s: zip entry '%.*s': %s", c->path,
                        (int)(n < 60 ? n : 60), name, what);
}

static gd_status check_name(const gd_ckpt *c, const char *s, size_t n, gd_error *err) {
    if (n == 0 || n > GD_CKPT_MAX_NAME)
        return bad_name(c, err, s, n, "a name of no or more than 255 bytes");
    if (!gd_utf8_ok(s, n, false))
        return bad_name(c, err, s, n, "control characters, or not UTF-8");
    if (memchr(s, '\\', n)) return bad_name(c, err, s, n, "a backslash in its name");
    for (size_t i = 0; i < n;) {
        const char *slash = memchr(s + i, '/', n - i);
        size_t      part = slash ? (size_t)(slash - s) - i : n - i;
        if (part == 0 || (part == 1 && s[i] == '.') ||
            (part == 2 && memcmp(s + i, "..", 2) == 0))
            return bad_name(c, err, s, n, "an absolute name, or one that leaves its folder");
        i += part + 1;
    }
    return GD_OK;
}

/* Every name lies in one folder, that of the first. */
static gd_status check_root(const gd_ckpt *c, gd_zip *z, const char *name, gd_error *err) {
    if (!z->root) {
        const char *slash = strchr(name, '/');
        z->root = name;
        z->n_root = slash ? (size_t)(slash - name) + 1 : 0;
    }
    if (strncmp(name, z->root, z->n_root) == 0) return GD_OK;
    return bad_name(c, err, name, strlen(name), "outside the folder of the first entry");
}

/* ---- extra fields ------------------------------------------------------------------------ */

/* The zip64 field of an extra area: its bytes, or NULL. False: the area is malformed. */
static bool find_zip64(const unsigned char *p, size_t n, const unsigned char **field,
                       size_t *size) {
    *field = NULL;
    *size = 0;
    while (n >= 4) {
        size_t len = gd_le16(p + 2);
        if (len > n - 4) return false;
        if (gd_le16(p) == 1) {
            if (*field) return false;
            *field = p + 4;
            *size = len;
        }
        p += 4 + len;
        n -= 4 + len;
    }
    return n == 0;
}

/* Replaces `v` when it is the 32-bit mark for "see zip64". */
static bool widen(uint64_t *v, const unsigned char *field, size_t size, size_t *at) {
    if (*v != UINT32_MAX) return true;
    if (!field || size - *at < 8) return false;
    *v = gd_le64(field + *at);
    *at += 8;
    return true;
}

/* ---- the directory ----------------------------------------------------------------------- */

static gd_status check_coding(const gd_ckpt *c, const gd_zip_entry *e, gd_error *err) {
    unsigned allowed = FLAG_DESCRIPTOR | FLAG_UTF8 | (e->method == 8 ? FLAG_LEVEL : 0);
    if (e->flags & ~allowed)
        return gd_fail_code(err, GD_ERR_FORMAT, 404,
                            "%s: zip entry '%s': flags 0x%04x (encryption or patches)", c->path,
                            e->name, e->flags);
    if (e->name[strlen(e->name) - 1] == '/' && e->bytes)
        return bad_name(c, err, e->name, strlen(e->name), "a folder with bytes in it");
    if (e->method == 0 && e->coded != e->bytes)
        return bad_name(c, err, e->name, strlen(e->name), "stored, but its two sizes differ");
    if (e->method != 0 && e->method != 8)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 404,
                            "%s: zip entry '%s': compression method %u is not read", c->path,
                            e->name, e->method);
    if (e->method == 8 && !c->opt.allow_deflate) {
        gd_status st = gd_fail_code(
            err, GD_ERR_UNSUPPORTED, 404,
            "%s: zip entry '%s' is compressed, which torch.save never does", c->path, e->name);
        gd_error_hint(err, "--allow-deflate reads it, up to four times the size of the file");
        return st;
    }
    return GD_OK;
}

static gd_status read_central(gd_ckpt *c, const unsigned char *b, size_t left, uint64_t at,
                              gd_zip_entry *e, size_t *used, gd_error *err) {
    const unsigned char *field;
    size_t               size, n_name, n_extra, done = 0;
    if (left < CENTRAL || memcmp(b, "PK\1\2", 4) != 0)
        return bad(c, err, at, "no directory entry where one is announced");
    n_name = gd_le16(b + 28);
    n_extra = gd_le16(b + 30);
    if (gd_le16(b + 32) != 0) return bad(c, err, at, "an entry with a comment");
    if (gd_le16(b + 34) != 0) return bad(c, err, at, "an archive of several disks");
    *used = CENTRAL + n_name + n_extra;
    if (*used > left) return bad(c, err, at, "a directory entry that is cut off");
    const char *name = (const char *)b + CENTRAL;
    GD_TRY(check_name(c, name, n_name, err));
    *e = (gd_zip_entry){.name = gd_arena_bytes(&c->arena, name, n_name),
                        .flags = gd_le16(b + 8),
                        .method = gd_le16(b + 10),
                        .crc = gd_le32(b + 16),
                        .coded = gd_le32(b + 20),
                        .bytes = gd_le32(b + 24),
                        .header = gd_le32(b + 42)};
    if (!e->name) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for names", c->path);
    if (!find_zip64(b + CENTRAL + n_name, n_extra, &field, &size) ||
        !widen(&e->bytes, field, size, &done) || !widen(&e->coded, field, size, &done) ||
        !widen(&e->header, field, size, &done) || done != size)
        return bad(c, err, at, "extra fields that disagree with the entry");
    return check_coding(c, e, err);
}

/* The local header must say what the directory says; with a descriptor its sizes may be
 * zero. */
static gd_status read_local(gd_ckpt *c, gd_zip_entry *e, uint64_t limit, gd_error *err) {
    unsigned char        b[LOCAL + GD_CKPT_MAX_NAME], *extra = NULL;
    const unsigned char *field;
    gd_file             *f = &c->files[0];
    size_t               n = strlen(e->name), size, done = 0;
    gd_status            st;
    if (!gd_span_ok(e->header, LOCAL + n, limit))
        return bad_name(c, err, e->name, n, "its header lies outside the archive");
    GD_TRY(gd_file_read(f, e->header, b, LOCAL + n, err));
    size_t   n_extra = gd_le16(b + 28);
    uint64_t coded = gd_le32(b + 18), bytes = gd_le32(b + 22);
    uint32_t crc = gd_le32(b + 14);
    bool     later = e->flags & FLAG_DESCRIPTOR;
    if (memcmp(b, "PK\3\4", 4) != 0) return bad(c, err, e->header, "no local header");
    if (gd_le16(b + 26) != n || memcmp(b + LOCAL, e->name, n) != 0)
        return bad_name(c, err, e->name, n, "the local header has another name");
    if (gd_le16(b + 6) != e->flags || gd_le16(b + 8) != e->method)
        return bad_name(c, err, e->name, n,
                        "the local header has other flags or another method");
    extra = gd_mem_get(n_extra + 1);
    if (!extra) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory", c->path);
    st = bad_name(c, err, e->name, n, "the local header has other sizes, or is cut off");
    e->data = e->header + LOCAL + n + n_extra;
    if (!gd_span_ok(e->header + LOCAL + n, n_extra, limit)) goto done;
    GD_GO(gd_file_read(f, e->header + LOCAL + n, extra, n_extra, err));
    st =
        bad_name(c, err, e->name, n, "the local header has other sizes or a wrong extra field");
    if (!find_zip64(extra, n_extra, &field, &size) || !widen(&bytes, field, size, &done) ||
        !widen(&coded, field, size, &done))
        goto done;
    if ((crc != e->crc && !(later && crc == 0)) ||
        (coded != e->coded && !(later && coded == 0)) ||
        (bytes != e->bytes && !(later && bytes == 0)) || !gd_span_ok(e->data, e->coded, limit))
        goto done;
    st = GD_OK;
done:
    gd_mem_put(extra);
    return st;
}

/* What lies between the data and the next header: nothing, or the descriptor. */
static gd_status check_gap(gd_ckpt *c, const gd_zip_entry *e, uint64_t next, gd_error *err) {
    unsigned char b[24];
    uint64_t      end = e->data + e->coded;
    uint64_t      gap = next - end;
    if (next < end)
        return bad_name(c, err, e->name, strlen(e->name), "overlaps the next entry");
    if (!(e->flags & FLAG_DESCRIPTOR) && gap == 0) return GD_OK;
    if (!(e->flags & FLAG_DESCRIPTOR) || (gap != 16 && gap != 24))
        return bad_name(c, err, e->name, strlen(e->name), "hidden bytes follow its data");
    GD_TRY(gd_file_read(&c->files[0], end, b, (size_t)gap, err));
    uint64_t coded = gap == 24 ? gd_le64(b + 8) : gd_le32(b + 8);
    uint64_t bytes = gap == 24 ? gd_le64(b + 16) : gd_le32(b + 12);
    if (memcmp(b, "PK\7\10", 4) != 0 || gd_le32(b + 4) != e->crc || coded != e->coded ||
        bytes != e->bytes)
        return bad_name(c, err, e->name, strlen(e->name), "its descriptor disagrees");
    return GD_OK;
}

static int by_header(const void *a, const void *b) {
    const gd_zip_entry *x = a, *y = b;
    return x->header < y->header ? -1 : x->header > y->header;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const gd_zip_entry *)a)->name, ((const gd_zip_entry *)b)->name);
}

/* The entries tile the file from byte 0 to the directory. */
static gd_status check_tiling(gd_ckpt *c, gd_zip *z, uint64_t directory_at, gd_error *err) {
    uint64_t total = 0;
    qsort(z->entries, (size_t)z->n, sizeof *z->entries, by_header);
    if (z->entries[0].header != 0) return bad(c, err, 0, "bytes stand before the first entry");
    for (int i = 0; i < z->n; i++) {
        gd_zip_entry *e = &z->entries[i];
        GD_TRY(read_local(c, e, directory_at, err));
        GD_TRY(check_gap(c, e, i + 1 < z->n ? e[1].header : directory_at, err));
        if (!gd_add_u64(total, e->bytes, &total) || total / 4 > c->size + (8u << 20) ||
            e->bytes / 1032 > e->coded)
            return gd_fail_code(err, GD_ERR_FORMAT, 407,
                                "%s: zip entry '%s' of %" PRIu64
                                " bytes makes the archive unpack "
                                "to far more than its %" PRIu64 " bytes",
                                c->path, e->name, e->bytes, c->size);
    }
    return GD_OK;
}

gd_status gd_zip_open(gd_ckpt *c, gd_zip *z, gd_error *err) {
    directory      d = {0};
    unsigned char *b = NULL;
    gd_status      st;
    size_t         at = 0, used = 0;
    *z = (gd_zip){0};
    GD_TRY(find_directory(c, &d, err));
    b = gd_mem_get((size_t)d.bytes);
    z->entries = gd_arena_array(&c->arena, (size_t)d.entries, sizeof *z->entries);
    if (!b || !z->entries) {
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory for the directory", c->path);
        goto done;
    }
    GD_GO(gd_file_read(&c->files[0], d.at, b, (size_t)d.bytes, err));
    for (; (uint64_t)z->n < d.entries; z->n++, at += used) {
        GD_GO(read_central(c, b + at, (size_t)d.bytes - at, d.at + at, &z->entries[z->n], &used,
                           err));
        GD_GO(check_root(c, z, z->entries[z->n].name, err));
    }
    if (at != d.bytes) {
        st = bad(c, err, d.at + at, "bytes follow the last directory entry");
        goto done;
    }
    GD_GO(check_tiling(c, z, d.at, err));
    qsort(z->entries, (size_t)z->n, sizeof *z->entries, by_name);
    for (int i = 1; i < z->n; i++)
        if (strcmp(z->entries[i - 1].name, z->entries[i].name) == 0) {
            const char *name = z->entries[i].name;
            st = bad_name(c, err, name, strlen(name), "two entries have this name");
            goto done;
        }
done:
    gd_mem_put(b);
    return st;
}

gd_zip_entry *gd_zip_find(const gd_zip *z, const char *name) {
    int lo = 0, hi = z->n;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        int order = strcmp(z->entries[mid].name + z->n_root, name);
        if (order == 0) return &z->entries[mid];
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

gd_ckpt_storage gd_zip_storage(const gd_zip_entry *e) {
    return (gd_ckpt_storage){.key = e->name,
                             .at = e->data,
                             .bytes = e->bytes,
                             .coded = e->coded,
                             .crc = e->crc,
                             .has_crc = e->crc != 0 || e->bytes == 0,
                             .deflated = e->method == 8};
}
