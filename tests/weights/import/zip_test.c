/* zip_test.c -- the strict zip reader: every field that could mean two things is refused. */
#include "tests/weights/import/ckpt_make.h"

#include "weights/import/zip.h"

/* {"w": FloatTensor of 4} over storage "0", in an archive whose parts are known. */
typedef struct fixture {
    bytes  b, pickle;
    entry  e[4];
    layout l;
} fixture;

static const view four = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};

static void make(fixture *f) {
    static const float w[4] = {1, 2, 3, 4};
    *f = (fixture){0};
    pk_start(&f->pickle);
    put_text(&f->pickle, "}");
    pk_item(&f->pickle, "w", &four);
    put_text(&f->pickle, ".");
    f->e[0] = (entry){.name = "a/data.pkl", .data = f->pickle.p, .n = f->pickle.n};
    f->e[1] = (entry){.name = "a/data/0", .data = w, .n = sizeof w};
    f->e[2] = (entry){.name = "a/version", .data = "3\n", .n = 2};
    f->l = put_zip(&f->b, f->e, 3);
}

static void done(fixture *f) {
    drop(&f->b);
    drop(&f->pickle);
}

static void good_archive(void **state) {
    (void)state;
    fixture  f;
    gd_error err;
    float    w[4];
    make(&f);
    gd_ckpt *c = assert_opened(&f.b, NULL);
    gd_assert_ok(gd_ckpt_read_f32(c, gd_ckpt_find(c, "w"), w, &err), &err);
    assert_float_equal(w[3], 4, 0);
    assert_int_equal(gd_ckpt_warning_count(c), 0);
    gd_ckpt_close(c);
    done(&f);
}

/* One field changed; `where` 0: local header of entry 1, 1: its directory entry, 2: end
 * record. */
typedef struct change {
    int      where;
    size_t   at, width;
    uint64_t v;
    int      code;
} change;

static void changed_fields(void **state) {
    (void)state;
    static const change table[] = {
        {0, 0, 4, 0x04034b51, 402},  /* no local header */
        {0, 6, 2, 1, 403},           /* W6: encryption in the local header only */
        {1, 8, 2, 1, 404},           /* W6: in the directory only */
        {1, 8, 2, 0x40, 404},        /* strong encryption */
        {1, 8, 2, 0x2000, 404},      /* masked headers */
        {0, 8, 2, 8, 403},           /* methods differ */
        {1, 10, 2, 8, 404},          /* deflate not allowed */
        {1, 10, 2, 12, 404},         /* bzip2 */
        {0, 14, 4, 0x12345678, 403}, /* CRC differs in the local header */
        {1, 16, 4, 0x12345678, 403}, /* and in the directory */
        {0, 18, 4, 15, 403},         /* sizes differ */
        {0, 22, 4, 17, 403},         {1, 20, 4, 15, 403},
        {1, 24, 4, 0xfffffffe, 403}, {0, 26, 2, 7, 403}, /* W5: name lengths differ */
        {0, 30, 1, 'b', 403},                            /* W5: names differ */
        {0, 34, 1, 'X', 403},        {0, 28, 2, 4, 403}, /* extra area swallows data */
        {0, 28, 2, 0xffff, 403},     {1, 0, 4, 0, 402},  /* no directory entry */
        {1, 28, 2, 0, 403},                              /* no name */
        {1, 28, 2, 0xffff, 402},                         /* W11: 64 KiB name */
        {1, 30, 2, 2, 402},                              /* malformed extra */
        {1, 32, 2, 1, 402},                              /* comment */
        {1, 34, 2, 1, 402},                              /* disk */
        {1, 42, 4, 0, 403},                              /* header of another entry */
        {1, 42, 4, 0xfffffff0, 403},                     /* W10: offset beyond the file */
        {2, 4, 2, 1, 402},                               /* disks */
        {2, 6, 2, 1, 402},           {2, 8, 2, 2, 402},  /* counts differ */
        {2, 12, 4, 0, 402},          {2, 12, 4, 0xffffffff, 402}, /* zip64 announced, absent */
        {2, 16, 4, 0, 402},          {2, 16, 4, 0xfffffff0, 402},
        {2, 20, 2, 1, 402}, /* comment length */
        {2, 0, 4, 0, 402},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        fixture f;
        make(&f);
        size_t base = table[i].where == 0   ? f.e[1].local
                      : table[i].where == 1 ? f.e[1].central
                                            : f.l.end;
        set_le(&f.b, base + table[i].at, table[i].v, table[i].width);
        print_message("change %zu\n", i);
        assert_refused(&f.b, NULL, table[i].code);
        done(&f);
    }
}

/* W4: a wrong CRC in both headers. */
static void wrong_crc(void **state) {
    (void)state;
    fixture f;
    make(&f);
    set_le(&f.b, f.e[1].local + 14, 0x12345678, 4);
    set_le(&f.b, f.e[1].central + 16, 0x12345678, 4);
    assert_refused(&f.b, NULL, 405);
    done(&f);
}

/* W4: zero means "not computed": a warning, refused under strict. */
static void zero_crc(void **state) {
    (void)state;
    fixture f;
    make(&f);
    set_le(&f.b, f.e[1].local + 14, 0, 4);
    set_le(&f.b, f.e[1].central + 16, 0, 4);
    gd_ckpt *c = assert_opened(&f.b, NULL);
    assert_true(warned(c, 406));
    gd_ckpt_close(c);
    assert_refused(&f.b, &(gd_ckpt_options){.strict = true}, 406);
    done(&f);
}

/* W2: cut at every length; W3: every byte of the data flipped. */
static void cut_and_flipped(void **state) {
    (void)state;
    fixture  f;
    gd_error err;
    gd_ckpt *c = NULL;
    make(&f);
    for (size_t n = 0; n < f.b.n; n++) {
        bytes cut = {f.b.p, n, n};
        assert_int_not_equal(open_bytes(&cut, NULL, &c, &err), GD_OK);
        assert_null(c);
    }
    size_t data = f.e[1].local + 30 + strlen(f.e[1].name);
    for (size_t i = 0; i < f.e[1].n; i++)
        for (int bit = 0; bit < 8; bit++) {
            f.b.p[data + i] ^= (unsigned char)(1 << bit);
            assert_refused(&f.b, NULL, 405);
            f.b.p[data + i] ^= (unsigned char)(1 << bit);
        }
    /* Every byte of the pickle: its CRC covers it too. */
    for (size_t i = 0; i < f.e[0].n; i++) {
        f.b.p[30 + strlen(f.e[0].name) + i] ^= 0x10;
        assert_refused(&f.b, NULL, 405);
        f.b.p[30 + strlen(f.e[0].name) + i] ^= 0x10;
    }
    done(&f);
}

/* W7, W8: prefix, trailing bytes, a gap, a second end record. */
static void around_the_archive(void **state) {
    (void)state;
    fixture f;
    bytes   b = {0};
    make(&f);
    put_text(&b, "PK\3\4#!/bin/sh\n");
    put(&b, f.b.p, f.b.n);
    assert_refused(&b, NULL, 402);
    b.n = 0;
    put(&b, f.b.p, f.b.n);
    put_text(&b, "x");
    assert_refused(&b, NULL, 402);
    b.n = 0;
    put(&b, f.b.p, f.b.n);
    put(&b, f.b.p + f.l.end, f.b.n - f.l.end);
    assert_refused(&b, NULL, 402);
    /* A whole second archive behind the first: the end record's offsets do not fit. */
    b.n = 0;
    put(&b, f.b.p, f.b.n);
    put(&b, f.b.p, f.b.n);
    assert_refused(&b, NULL, 402);
    /* A hole between the last entry and the directory. */
    b.n = 0;
    put(&b, f.b.p, f.l.directory);
    put_text(&b, "hidden");
    put(&b, f.b.p + f.l.directory, f.b.n - f.l.directory);
    set_le(&b, f.l.end + 6 + 16, f.l.directory + 6, 4);
    assert_refused(&b, NULL, 403);
    drop(&b);
    done(&f);
}

/* W7, W11: names. */
static void names(void **state) {
    (void)state;
    static const char *const bad[] = {
        "a/../data/0", "/a/data/0",   "a//data/0",  "a/./data/0", "a\\data\\0",
        "b/data/0",    "a/data/\xff", "a/da\nta/0", "a/data.pkl", "a/data/\xc0\x80",
        "a/data/",     "data/0",      "../a/data/0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture f;
        make(&f);
        f.e[1].name = bad[i];
        f.b.n = 0;
        put_zip(&f.b, f.e, 3);
        print_message("name %zu\n", i);
        assert_refused(&f.b, NULL, 403);
        done(&f);
    }
    /* NUL inside a name, and one of 300 bytes. */
    fixture f;
    make(&f);
    f.b.p[f.e[1].local + 30 + 3] = 0;
    f.b.p[f.e[1].central + 46 + 3] = 0;
    assert_refused(&f.b, NULL, 403);
    char name[301];
    memset(name, 'n', 300);
    memcpy(name, "a/", 2);
    name[300] = 0;
    f.e[1].name = name;
    f.b.n = 0;
    put_zip(&f.b, f.e, 3);
    assert_refused(&f.b, NULL, 403);
    done(&f);
}

/* W10: a zip64 end record whose fields agree is read; one changed field is refused. */
static void zip64(void **state) {
    (void)state;
    for (int broken = -1; broken < 9; broken++) {
        static const size_t at[9] = {4, 16, 20, 24, 32, 40, 48, 56 + 8, 56 + 16};
        fixture             f;
        make(&f);
        unsigned char end[22];
        memcpy(end, f.b.p + f.l.end, 22);
        f.b.n = f.l.end;
        put(&f.b, "PK\6\6", 4);
        put_le(&f.b, 44, 8);
        put_le(&f.b, 45 | 45 << 16, 4);
        put_le(&f.b, 0, 8);
        put_le(&f.b, 3, 8);
        put_le(&f.b, 3, 8);
        put_le(&f.b, f.l.end - f.l.directory, 8);
        put_le(&f.b, f.l.directory, 8);
        put(&f.b, "PK\6\7", 4);
        put_le(&f.b, 0, 4);
        put_le(&f.b, f.l.end, 8);
        put_le(&f.b, 1, 4);
        memset(end + 8, 0xff, 12); /* "see zip64" */
        put(&f.b, end, 22);
        if (broken < 0) {
            gd_ckpt_close(assert_opened(&f.b, NULL));
        } else {
            set_le(&f.b, f.l.end + at[broken], broken % 2 ? UINT64_MAX : 7,
                   broken == 1 || broken == 2 || broken == 8 ? 4 : 8);
            print_message("zip64 %d\n", broken);
            assert_refused(&f.b, NULL, 402);
        }
        done(&f);
    }
}

/* W9: two directory entries over the same bytes; too many entries announced. */
static void overlap(void **state) {
    (void)state;
    fixture f;
    make(&f);
    /* The third entry announces the header and data of the second under its own name. */
    set_le(&f.b, f.e[2].central + 42, f.e[1].local, 4);
    assert_refused(&f.b, NULL, 403);
    done(&f);
}

/* W9: an archive in an archive is not looked into; an ordinary zip is named as what it is. */
static void other_archives(void **state) {
    (void)state;
    fixture f;
    bytes   b = {0};
    make(&f);
    entry nested = {.name = "real.pth", .data = f.b.p, .n = f.b.n};
    put_zip(&b, &nested, 1);
    assert_refused(&b, NULL, 401);
    b.n = 0;
    entry npz = {.name = "arr_0.npy", .data = "x", .n = 1};
    put_zip(&b, &npz, 1);
    gd_error err;
    gd_ckpt *c;
    assert_int_not_equal(open_bytes(&b, NULL, &c, &err), GD_OK);
    assert_non_null(strstr(err.msg, "NumPy"));
    drop(&b);
    done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_archive),    cmocka_unit_test(changed_fields),
        cmocka_unit_test(wrong_crc),       cmocka_unit_test(zero_crc),
        cmocka_unit_test(cut_and_flipped), cmocka_unit_test(around_the_archive),
        cmocka_unit_test(names),           cmocka_unit_test(zip64),
        cmocka_unit_test(overlap),         cmocka_unit_test(other_archives),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
