/* gdw_test.c -- the .gdw file: round trips, every rule of gdw.h broken, versions, odd files. */
#include "tests/weights/gdw_make.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static gd_error err;

/* The file must be refused with this code and a message that contains `words`. */
static void refuse(const unsigned char *bytes, size_t n, int code, const char *words) {
    gd_gdw *g = (gd_gdw *)&err;
    assert_int_equal(gd_gdw_load_memory(bytes, n, &g, &err), GD_ERR_FORMAT);
    assert_null(g);
    if (err.code != code || !strstr(err.msg, words))
        fail_msg("wanted E%d '%s', got E%d '%s'", code, words, err.code, err.msg);
}

static void test_round_trip(void **state) {
    (void)state;
    gd_gdw        *g;
    const char    *key, *value, *path = gdw_path("round.gdw");
    unsigned char *bytes = gdw_make(4096);
    gdw_save(path, bytes, 4096);
    gd_assert_ok(gd_gdw_load(path, &g, &err), &err);
    assert_int_equal(gd_gdw_count(g), 3);
    const gd_gdw_tensor *a = gd_gdw_find(g, "a.weight"), *c = gd_gdw_find(g, "c.table");
    assert_non_null(a);
    assert_ptr_equal(a, gd_gdw_tensor_at(g, 0));
    assert_ptr_equal(c, gd_gdw_tensor_at(g, 2));
    assert_null(gd_gdw_find(g, "a"));
    assert_null(gd_gdw_find(g, "z"));
    assert_int_equal(a->type, GD_GDW_F32);
    assert_int_equal(a->ndim, 2);
    assert_int_equal(a->dim[0], 2);
    assert_int_equal(a->dim[1], 3);
    assert_int_equal(a->size, 24);
    assert_true(((const float *)a->data)[2] == 3.5f);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal((uintptr_t)gd_gdw_tensor_at(g, i)->data % 64, 0);
    unsigned char *noise = gd_mem_get(4096);
    gdw_noise(noise, 4096, 1);
    assert_memory_equal(c->data, noise, c->size);
    gd_mem_put(noise);
    assert_string_equal(gd_gdw_meta(g, "arch"), "none");
    assert_null(gd_gdw_meta(g, "nothing"));
    assert_int_equal(gd_gdw_meta_count(g), 2);
    gd_gdw_meta_at(g, 1, &key, &value);
    assert_string_equal(key, "converter");
    gd_gdw_close(g);
    gd_mem_put(bytes);
    unlink(path);
}

/* The bytes on paper: the smallest file, and the places of all fields of one entry. */
static void test_golden_bytes(void **state) {
    (void)state;
    static const unsigned char want[64] = {0x89, 'G',  'D',  'W',  13,   10,  26, 10, 1, 0, 0,
                                           0,    0x0d, 0x0c, 0x0b, 0x0a, 192, 1,  0,  0, 0, 0,
                                           0,    0,    64,   0,    0,    0,   96, 0,  0, 0, 1,
                                           0,    0,    0,    1,    0,    0,   0,  1};
    static const uint16_t      half[32 * 3] = {0x3c00};
    gd_gdw_writer             *w;
    gd_gdw_tensor              t = {
                     .name = "t", .type = GD_GDW_F16, .ndim = 2, .dim = {32, 3}, .data = half};
    const char    *path = gdw_path("golden.gdw");
    unsigned char *b;
    size_t         n;
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), &err);
    gd_assert_ok(gd_gdw_writer_meta(w, "k", "v\xc3\xa9", &err), &err);
    gd_assert_ok(gd_gdw_writer_commit(w, path, 0, &err), &err);
    gd_gdw_writer_close(w);
    gd_assert_ok(gd_file_slurp(path, 4096, &b, &n, &err), &err);
    /* head 64 + 96 + 1 + 12 = 173, data at 192 to 384 */
    assert_int_equal(n, 384);
    unsigned char head[64];
    memcpy(head, want, 64);
    head[16] = 0x80; /* file size 384 = 0x180 */
    head[48] = 12;
    assert_memory_equal(b, head, 56);
    const unsigned char *e = b + 64;
    assert_int_equal(e[0], 192);
    assert_int_equal(e[8], 192);
    /* XXH64 0x70010d4fb2c752b5 of the 192 bytes, by another implementation. */
    assert_memory_equal(e + 16, "\xb5\x52\xc7\xb2\x4f\x0d\x01\x70", 8);
    assert_int_equal(e[28], 1);
    assert_int_equal(e[30], 2);
    assert_int_equal(e[31], 2);
    assert_int_equal(e[32], 32);
    assert_int_equal(e[40], 3);
    assert_memory_equal(b + 160, "t\1\0\0\0\3\0\0\0kv\xc3\xa9\0", 14);
    gd_mem_put(b);
    unlink(path);
}

static void test_no_tensors(void **state) {
    (void)state;
    gd_gdw_writer *w;
    gd_gdw        *g;
    const char    *path = gdw_path("none.gdw");
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    gd_assert_ok(gd_gdw_writer_commit(w, path, 0, &err), &err);
    gd_gdw_writer_close(w);
    gd_assert_ok(gd_gdw_load(path, &g, &err), &err);
    assert_int_equal(gd_gdw_count(g), 0);
    assert_int_equal(gd_gdw_meta_count(g), 0);
    gd_gdw_close(g);
    unlink(path);
}

/* Scalars, tensors without elements, all types, and a tensor made by a callback. */
static gd_status fill_seven(void *ctx, void *dst, size_t size, gd_error *e) {
    (void)e;
    ++*(int *)ctx;
    memset(dst, 7, size);
    return GD_OK;
}
static gd_status fill_fails(void *ctx, void *dst, size_t size, gd_error *e) {
    (void)ctx, (void)dst, (void)size;
    return gd_fail(e, GD_ERR_IO, "the source is gone");
}

static void test_shapes_and_types(void **state) {
    (void)state;
    static const int64_t data[4] = {1, -1, INT64_MAX, 0};
    gd_gdw_writer       *w;
    gd_gdw              *g;
    int                  calls = 0;
    const char          *path = gdw_path("shapes.gdw");
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    for (int type = GD_GDW_F32; type <= GD_GDW_I64; type++) {
        gd_gdw_tensor t = {.name = gd_gdw_type_name(type), .type = type, .data = data};
        gd_assert_ok(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), &err); /* a scalar */
    }
    gd_gdw_tensor none = {.name = "none", .type = GD_GDW_I64, .ndim = 3, .dim = {4, 0, 2}};
    gd_gdw_tensor made = {
        .name = "made", .type = GD_GDW_I8, .ndim = 8, .dim = {1, 1, 1, 2, 1, 5, 1, 1}};
    gd_assert_ok(gd_gdw_writer_tensor(w, &none, NULL, NULL, &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &made, fill_seven, &calls, &err), &err);
    gd_assert_ok(gd_gdw_writer_commit(w, path, 0, &err), &err);
    gd_gdw_writer_close(w);
    assert_int_equal(calls, 1);
    gd_assert_ok(gd_gdw_load(path, &g, &err), &err);
    assert_int_equal(gd_gdw_find(g, "i64")->size, 8);
    assert_int_equal(gd_gdw_find(g, "f16")->size, 2);
    assert_int_equal(gd_gdw_find(g, "none")->size, 0);
    assert_int_equal(gd_gdw_find(g, "none")->dim[0], 4);
    assert_memory_equal(gd_gdw_find(g, "made")->data, "\7\7\7\7\7\7\7\7\7\7", 10);
    gd_gdw_close(g);
    unlink(path);
}

static void test_writer_refusals(void **state) {
    (void)state;
    gd_gdw_writer *w;
    const char    *path = gdw_path("refused.gdw");
    static char    long_name[300];
    memset(long_name, 'n', 256);
    const char *bad_names[] = {"",         "a\nb",     "\xff",   "\xed\xa0\x80",
                               "\xc0\x80", "\xc2\x85", long_name};
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++) {
        gd_gdw_tensor t = {.name = bad_names[i], .type = GD_GDW_F32, .data = long_name};
        assert_int_equal(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), GD_ERR_ARG);
        assert_int_equal(gd_gdw_writer_meta(w, bad_names[i], "v", &err), GD_ERR_ARG);
    }
    assert_int_equal(gd_gdw_writer_meta(w, "k", "\x1b[31m", &err), GD_ERR_ARG);
    gd_gdw_tensor t = {.name = "t", .type = 9, .data = long_name};
    assert_int_equal(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), GD_ERR_ARG);
    t = (gd_gdw_tensor){.name = "t", .type = GD_GDW_U8, .ndim = 9, .data = long_name};
    assert_int_equal(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), GD_ERR_ARG);
    t = (gd_gdw_tensor){
        .name = "t", .type = GD_GDW_U8, .ndim = 1, .dim = {-1}, .data = long_name};
    assert_int_equal(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), GD_ERR_ARG);
    t.dim[0] = 1;
    gd_assert_ok(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), &err);
    assert_int_equal(gd_gdw_writer_commit(w, path, 0, &err), GD_ERR_ARG); /* twice */
    assert_non_null(strstr(err.msg, "twice"));
    gd_gdw_writer_close(w);
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &t, fill_fails, NULL, &err), &err);
    assert_int_equal(gd_gdw_writer_commit(w, path, 0, &err), GD_ERR_IO);
    assert_string_equal(err.msg, "the source is gone");
    gd_gdw_writer_close(w);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(gdw_path("refused.gdw.part"), F_OK), 0);
}

/* ---- rules broken with a right checksum -------------------------------------------------- */

typedef struct change {
    size_t      at; /* byte of a 4096-byte gdw_make file */
    int         value;
    int         code;
    const char *words;
} change;

static void test_rules(void **state) {
    (void)state;
    enum { E0 = 64, E1 = E0 + 96, E2 = E1 + 96, NAMES = E2 + 96, META = NAMES + 21, LESS = -1 };
    static const change rule[] = {
        {0, 'x', 450, "not a .gdw"},
        {8, 2, 451, "version 2.0"},
        {8, 0, 451, "never was"},
        {12, 9, 451, "byte-order"},
        {16, 1, 452, "header says"},
        {24, 65, 452, "header size"},
        {28, 95, 452, "entry size"},
        {34, 1, 452, "number of tensors"},
        {33, 1, 452, "size of names"},
        {38, 1, 452, "number of metadata"},
        {47, 1, 452, "size of names"},
        {55, 1, 452, "size of metadata"},
        {40, 22, 453, "checksum"},
        {60, 1, 454, "reserved"},
        {E0 + 0, 1, 454, "do not follow"},
        {E1 + 7, 1, 454, "do not follow"},
        {E0 + 8, 25, 454, "its shape needs 24"},
        {E0 + 15, 255, 454, "its shape needs"},
        {E0 + 16, LESS, 453, "checksum"},
        {E0 + 24, 1, 454, "name"},
        {E0 + 28, 0, 454, "name"},
        {E1 + 28, 255, 454, "name"},
        {E0 + 30, 0, 454, "unknown type"},
        {E0 + 30, 7, 454, "unknown type"},
        {E0 + 31, 9, 454, "9 dims"},
        {E0 + 32, 3, 454, "its shape needs 36"},
        {E0 + 39, 128, 454, "dim 0"},
        {E0 + 48, 1, 454, "dim 2"},
        {NAMES, 'b', 454, "not in order"},
        {NAMES + 8, 'a', 454, "not in order"},
        {NAMES + 1, 0, 454, "name"},
        {NAMES + 1, 0xff, 454, "name"},
        {META, 0, 454, "pair 0"},
        {META + 4, 5, 454, "pair 1"},
        {META + 7, 255, 454, "pair 0"},
        {META + 8, 'z', 454, "not in order"},
        {META + 8, '\n', 454, "pair 0"},
        {META + 12, 0x80, 454, "pair 0"},
        {META + 16 + 4, LESS, 454, "follow the metadata"},
    };
    unsigned char *good = gdw_make(4096), *b = gd_mem_get(4096);
    gd_gdw        *g;
    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) {
        memcpy(b, good, 4096);
        b[rule[i].at] =
            (unsigned char)(rule[i].value == LESS ? b[rule[i].at] - 1 : rule[i].value);
        if (rule[i].at >= 60) gdw_reseal(b);
        refuse(b, 4096, rule[i].code, rule[i].words);
    }
    memcpy(b, good, 4096);
    gdw_reseal(b); /* the helper itself changes nothing */
    assert_memory_equal(b, good, 4096);
    gd_assert_ok(gd_gdw_load_memory(b, 4096, &g, &err), &err);
    gd_gdw_close(g);
    gd_mem_put(good);
    gd_mem_put(b);
}

/* Two names, two keys that are equal; a byte too many. */
static void test_twins(void **state) {
    (void)state;
    static const char data[2] = {1, 2};
    gd_gdw_writer    *w;
    unsigned char    *b, *c;
    size_t            n;
    const char       *path = gdw_path("twins.gdw");
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    for (int i = 0; i < 2; i++) {
        const char   *name = i ? "n2" : "n1";
        gd_gdw_tensor t = {.name = name, .type = GD_GDW_U8, .data = data + i};
        gd_assert_ok(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err), &err);
        gd_assert_ok(gd_gdw_writer_meta(w, i ? "k2" : "k1", "", &err), &err);
    }
    gd_assert_ok(gd_gdw_writer_commit(w, path, 0, &err), &err);
    gd_gdw_writer_close(w);
    gd_assert_ok(gd_file_slurp(path, 4096, &b, &n, &err), &err);
    unlink(path);
    const size_t names = 64 + 2 * 96, pairs = names + 4;
    assert_memory_equal(b + names, "n1n2", 4);
    b[names + 3] = '1';
    gdw_reseal(b);
    refuse(b, n, 454, "'n1': is not in order after 'n1'");
    b[names + 3] = '2';
    b[pairs + 10 + 9] = '1';
    gdw_reseal(b);
    refuse(b, n, 454, "'k1' is not in order after 'k1'");
    b[pairs + 10 + 9] = '2';
    gdw_reseal(b);
    c = gd_mem_get(n + 1);
    memcpy(c, b, n);
    c[n] = 0;
    refuse(c, n + 1, 452, "its header says");
    assert_non_null(strstr(err.why, "appended"));
    refuse(c, n - 1, 452, "its header says");
    assert_non_null(strstr(err.why, "truncated"));
    gd_mem_put(b);
    gd_mem_put(c);
}

static void test_overflowing_shape(void **state) {
    (void)state;
    /* 4194305 * 4194305 * 211106198978564 wraps to 4: here 2^31-1 each wraps past 2^64. */
    unsigned char *b = gdw_make(4096), *e = b + 64;
    e[31] = 8;
    for (int d = 0; d < 8; d++) memcpy(e + 32 + 8 * d, "\xff\xff\xff\x7f\0\0\0\0", 8);
    gdw_reseal(b);
    refuse(b, 4096, 454, "overflow");
    gd_mem_put(b);
}

static void test_versions(void **state) {
    (void)state;
    unsigned char *good = gdw_make(4096), *b = gd_mem_get(4096 + 64);
    gd_gdw        *g;
    memcpy(b, good, 4096); /* a newer minor version */
    b[10] = 9;
    gdw_reseal(b);
    gd_assert_ok(gd_gdw_load_memory(b, 4096, &g, &err), &err);
    gd_gdw_close(g);
    /* ... with 8 more bytes in the header and in each entry: the head fits its padding. */
    size_t head = 64 + 3 * 96, tail = (size_t)good[40] + good[48];
    if (head + 32 + tail <= 512) {
        unsigned char *p = b;
        memset(b, 0xee, 512);
        memcpy(p, good, 64);
        p[10] = 1, p[24] = 72, p[28] = 104, p += 72;
        for (int i = 0; i < 3; i++, p += 104) memcpy(p, good + 64 + 96 * i, 96);
        memcpy(p, good + head, tail);
        memset(p + tail, 0, (size_t)(b + 512 - p) - tail);
        gdw_reseal(b);
        gd_assert_ok(gd_gdw_load_memory(b, 4096, &g, &err), &err);
        assert_string_equal(gd_gdw_meta(g, "arch"), "none");
        assert_non_null(gd_gdw_find(g, "c.table"));
        gd_gdw_close(g);
        b[10] = 0; /* the same lengths are wrong for this version */
        gdw_reseal(b);
        refuse(b, 4096, 452, "header size");
    } else {
        fail_msg("the head of gdw_make has grown to %zu bytes", head + tail);
    }
    memcpy(b, good, 4096);
    memcpy(b + 12, "\x0a\x0b\x0c\x0d", 4);
    refuse(b, 4096, 451, "big-endian");
    memcpy(b, good, 4096);
    b[9] = 1;
    refuse(b, 4096, 451, "257.0");
    gd_mem_put(good);
    gd_mem_put(b);
}

static void test_other_files(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t      n;
        const char *why;
    } file[] = {
        {"PK\003\004rest", 8, "PyTorch"},
        {"\x80\002\x8a\nl\xfc\x9c", 7, "legacy"},
        {"version https://git-lfs.github.com/spec/v1\noid", 46, "LFS"},
        {"<!DOCTYPE html><html>", 21, "HTML"},
        {"\x89GDW\n\x1a\n", 7, "text-mode"},
        {"x", 1, ""},
        {"", 0, "empty"},
    };
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        refuse((const unsigned char *)file[i].bytes, file[i].n, 450, "not a .gdw file");
        if (!strstr(err.why, file[i].why)) fail_msg("%zu: why is '%s'", i, err.why);
    }
}

/* D5: nothing that is not a regular file is read, and nothing waits. */
static void test_not_regular(void **state) {
    (void)state;
    const char        *fifo = gdw_path("fifo"), *sock = gdw_path("sock");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    assert_int_equal(mkfifo(fifo, 0600), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%.100s", sock);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    const char *odd[] = {fifo,        sock,        gdw_folder(),
                         "/dev/zero", "/dev/full", gdw_path("absent")};
    alarm(20);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        gd_gdw *g = (gd_gdw *)&err;
        assert_int_equal(gd_gdw_load(odd[i], &g, &err), GD_ERR_IO);
        assert_null(g);
    }
    /* These say that they are regular files. */
    gd_gdw *g;
    assert_int_not_equal(gd_gdw_load("/proc/self/mem", &g, &err), GD_OK);
    assert_int_not_equal(gd_gdw_load("/proc/self/maps", &g, &err), GD_OK);
    alarm(0);
    close(fd);
    unlink(fifo);
    unlink(sock);
}

/* D4, R5: a terabyte of hole behind a header that agrees, refused at once. */
static void test_sparse(void **state) {
    (void)state;
    const char     *path = gdw_path("sparse.gdw");
    const uint64_t  sizes[] = {(uint64_t)1 << 40, (uint64_t)15 << 30};
    struct timespec t0, t1;
    gd_gdw         *g;
    unsigned char  *b = gdw_make(4096);
    for (size_t i = 0; i < 2; i++) {
        gdw_save(path, b, 4096);
        if (truncate(path, (off_t)sizes[i]) != 0) {
            print_message("skipped: no sparse file of %llu bytes here\n",
                          (unsigned long long)sizes[i]);
            continue;
        }
        int fd = open(path, O_WRONLY);
        assert_int_equal(pwrite(fd, &sizes[i], 8, 16), 8);
        close(fd);
        clock_gettime(CLOCK_MONOTONIC, &t0);
        assert_int_equal(gd_gdw_load(path, &g, &err), GD_ERR_FORMAT);
        clock_gettime(CLOCK_MONOTONIC, &t1);
        assert_true(t1.tv_sec - t0.tv_sec < 2);
        assert_int_equal(err.code, i == 0 ? 452 : 453);
    }
    gd_mem_put(b);
    unlink(path);
}

/* D3: the file shrinks between open and read (the hook runs at the allocation of the data). */
static const char *shrinking;
static void       *shrink_get(void *ctx, size_t n) {
          if (n > 3000 && shrinking && truncate(shrinking, 2000) != 0) return NULL;
    (void)ctx;
          return aligned_alloc(64, n);
}
static void plain_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

static void test_shrinking(void **state) {
    (void)state;
    const gd_alloc hook = {NULL, shrink_get, plain_put};
    gd_gdw        *g;
    const char    *path = gdw_path("shrink.gdw");
    unsigned char *b = gdw_make(4096);
    gdw_save(path, b, 4096);
    gd_mem_put(b);
    shrinking = path;
    gd_mem_hook(&hook);
    gd_status st = gd_gdw_load(path, &g, &err);
    gd_mem_hook(NULL);
    assert_int_equal(st, GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "ends at byte 2000"));
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_no_tensors),        cmocka_unit_test(test_shapes_and_types),
        cmocka_unit_test(test_writer_refusals),   cmocka_unit_test(test_rules),
        cmocka_unit_test(test_overflowing_shape), cmocka_unit_test(test_twins),
        cmocka_unit_test(test_versions),          cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_not_regular),       cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_shrinking),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(gdw_folder());
    return failed;
}
