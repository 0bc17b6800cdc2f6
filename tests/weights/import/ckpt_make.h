/* ckpt_make.h -- builds checkpoints byte by byte, right or wrong, and opens them.
 *
 * Zip archives are laid out as zip.h draws them; the offsets of their parts are kept, so that a
 * test can change one field. Pickles are built opcode by opcode. */
#ifndef GD_TESTS_WEIGHTS_IMPORT_CKPT_MAKE_H
#define GD_TESTS_WEIGHTS_IMPORT_CKPT_MAKE_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/gd_test.h"

#include "weights/import/reader.h"

/* ---- bytes ------------------------------------------------------------------------------- */

typedef struct bytes {
    unsigned char *p;
    size_t         n, room;
} bytes;

static inline void put(bytes *b, const void *src, size_t n) {
    if (b->n + n > b->room) {
        b->room = (b->n + n) * 2 + 256;
        b->p = realloc(b->p, b->room);
        assert_non_null(b->p);
    }
    if (n) memcpy(b->p + b->n, src, n);
    b->n += n;
}

static inline void put_text(bytes *b, const char *s) { put(b, s, strlen(s)); }

static inline void put_le(bytes *b, uint64_t v, size_t width) {
    for (size_t i = 0; i < width; i++) {
        unsigned char c = (unsigned char)(i < 8 ? v >> 8 * i : 0);
        put(b, &c, 1);
    }
}

static inline void set_le(bytes *b, size_t at, uint64_t v, size_t width) {
    assert_true(at + width <= b->n);
    for (size_t i = 0; i < width; i++) b->p[at + i] = (unsigned char)(i < 8 ? v >> 8 * i : 0);
}

static inline void drop(bytes *b) {
    free(b->p);
    *b = (bytes){0};
}

/* ---- pickles ----------------------------------------------------------------------------- */

static inline void pk_start(bytes *b) { put(b, "\x80\x02", 2); }

static inline void pk_str(bytes *b, const char *s) {
    put_le(b, 'X', 1);
    put_le(b, strlen(s), 4);
    put_text(b, s);
}

static inline void pk_int(bytes *b, int64_t v) {
    put(b, "\x8a\x08", 2); /* LONG1 of eight bytes holds any */
    put_le(b, (uint64_t)v, 8);
}

static inline void pk_global(bytes *b, const char *module, const char *name) {
    put_text(b, "c");
    put_text(b, module);
    put_text(b, "\n");
    put_text(b, name);
    put_text(b, "\n");
}

static inline void pk_ints(bytes *b, int n, const int64_t *v) {
    put_text(b, "(");
    for (int i = 0; i < n; i++) pk_int(b, v[i]);
    put_text(b, "t");
}

static inline void pk_storage(bytes *b, const char *type, const char *key, int64_t numel) {
    put_text(b, "(");
    pk_str(b, "storage");
    pk_global(b, "torch", type);
    pk_str(b, key);
    pk_str(b, "cpu");
    pk_int(b, numel);
    put_text(b, "tQ");
}

typedef struct view {
    const char *type, *key;
    int64_t     numel, offset;
    int         ndim;
    int64_t     dim[GD_CKPT_MAX_DIMS + 1], stride[GD_CKPT_MAX_DIMS + 1];
} view;

static inline void pk_tensor(bytes *b, const view *v) {
    pk_global(b, "torch._utils", "_rebuild_tensor_v2");
    put_text(b, "(");
    pk_storage(b, v->type, v->key, v->numel);
    pk_int(b, v->offset);
    pk_ints(b, v->ndim, v->dim);
    pk_ints(b, v->ndim, v->stride);
    put(b, "\x89", 1);
    pk_global(b, "collections", "OrderedDict");
    put_text(b, ")RtR");
}

/* The value `name: tensor` of a dict under construction. */
static inline void pk_item(bytes *b, const char *name, const view *v) {
    pk_str(b, name);
    pk_tensor(b, v);
    put_text(b, "s");
}

/* ---- zip archives ------------------------------------------------------------------------ */

typedef struct entry {
    const char *name;
    const void *data;
    size_t      n;
    uint16_t    method, flags;
    size_t      inflated;       /* announced size of a deflated entry */
    uint32_t    crc;            /* of deflated entries; else computed */
    size_t      local, central; /* set: where its two headers begin */
} entry;

/* Where the directory and the end record begin. */
typedef struct layout {
    size_t directory, end;
} layout;

static inline layout put_zip(bytes *b, entry *e, int n) {
    layout l;
    for (int i = 0; i < n; i++) {
        if (!e[i].method) e[i].crc = (uint32_t)crc32_z(0, e[i].data, e[i].n);
        e[i].local = b->n;
        put(b, "PK\3\4\0\0", 6);
        put_le(b, e[i].flags, 2);
        put_le(b, e[i].method, 2);
        put_le(b, 0, 4);
        put_le(b, e[i].crc, 4);
        put_le(b, e[i].n, 4);
        put_le(b, e[i].method ? e[i].inflated : e[i].n, 4);
        put_le(b, strlen(e[i].name), 2);
        put_le(b, 0, 2);
        put_text(b, e[i].name);
        put(b, e[i].data, e[i].n);
    }
    l.directory = b->n;
    for (int i = 0; i < n; i++) {
        e[i].central = b->n;
        put(b, "PK\1\2\0\0\0\0", 8);
        put_le(b, e[i].flags, 2);
        put_le(b, e[i].method, 2);
        put_le(b, 0, 4);
        put_le(b, e[i].crc, 4);
        put_le(b, e[i].n, 4);
        put_le(b, e[i].method ? e[i].inflated : e[i].n, 4);
        put_le(b, strlen(e[i].name), 2);
        put_le(b, 0, 12);
        put_le(b, e[i].local, 4);
        put_text(b, e[i].name);
    }
    l.end = b->n;
    put(b, "PK\5\6\0\0\0\0", 8);
    put_le(b, (uint64_t)n, 2);
    put_le(b, (uint64_t)n, 2);
    put_le(b, l.end - l.directory, 4);
    put_le(b, l.directory, 4);
    put_le(b, 0, 2);
    return l;
}

/* A checkpoint around a pickle: storages "0" and "1" of n0 and n1 bytes counting up. */
static inline void put_ckpt(bytes *b, const bytes *pickle, size_t n0, size_t n1) {
    static unsigned char data[4096];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 37 % 61);
    entry e[] = {{.name = "a/data.pkl", .data = pickle->p, .n = pickle->n},
                 {.name = "a/data/0", .data = data, .n = n0},
                 {.name = "a/data/1", .data = data, .n = n1},
                 {.name = "a/version", .data = "3\n", .n = 2}};
    if (!n1) e[2] = e[3];
    put_zip(b, e, n1 ? 4 : 3);
}

/* ---- opening ----------------------------------------------------------------------------- */

static inline const char *scratch_dir(void) {
    static char dir[64];
    if (!dir[0]) {
        /* In memory where that is possible: some tests write thousands of files. */
        strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/gd_ckpt_XXXXXX"
                                                  : "/tmp/gd_ckpt_XXXXXX");
        assert_non_null(mkdtemp(dir));
    }
    return dir;
}

static inline const char *scratch_file(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", scratch_dir(), name);
    return path;
}

static inline int remove_scratch(void **state) {
    (void)state;
    DIR           *d = opendir(scratch_dir());
    struct dirent *e;
    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.') unlink(scratch_file(e->d_name));
    if (d) closedir(d);
    return rmdir(scratch_dir());
}

static inline void write_bytes(const char *path, const void *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (n) assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline gd_status open_bytes(const bytes *b, const gd_ckpt_options *opt, gd_ckpt **c,
                                   gd_error *err) {
    write_bytes(scratch_file("x.pth"), b->p, b->n);
    return gd_ckpt_open(scratch_file("x.pth"), opt, c, err);
}

/* Opening must fail with this code; prints what it said when it does not. */
static inline void assert_refused(const bytes *b, const gd_ckpt_options *opt, int code) {
    gd_error  err = {0};
    gd_ckpt  *c = NULL;
    gd_status st = open_bytes(b, opt, &c, &err);
    if (st == GD_OK) {
        gd_ckpt_close(c);
        fail_msg("accepted; E%d was expected", code);
    }
    assert_null(c);
    if (err.code != code || (st != GD_ERR_FORMAT && st != GD_ERR_UNSUPPORTED))
        fail_msg("E%d was expected, got E%d: %s (%s)", code, err.code, err.msg,
                 gd_status_name(st));
}

static inline gd_ckpt *assert_opened(const bytes *b, const gd_ckpt_options *opt) {
    gd_error err = {0};
    gd_ckpt *c = NULL;
    gd_assert_ok(open_bytes(b, opt, &c, &err), &err);
    return c;
}

static inline bool warned(const gd_ckpt *c, int code) {
    for (int i = 0; i < gd_ckpt_warning_count(c); i++)
        if (gd_ckpt_warning_at(c, i)->code == code) return true;
    return false;
}

#endif
