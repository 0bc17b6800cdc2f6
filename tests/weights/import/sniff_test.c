/* sniff_test.c -- W1: a file that is no weights is named as what it is. */
#include "tests/weights/import/ckpt_make.h"

typedef struct sample {
    const char *bytes;
    size_t      n;
    const char *says;
} sample;

static void named(void **state) {
    (void)state;
    static const sample t[] = {
        {"", 0, "empty file"},
        {"x", 1, "text file"},
        {"\1", 1, "unknown content"},
        {"hello, these are my weights\n", 28, "text file"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", 65, "Git LFS"},
        {"version 3 of my notes", 21, "text file"},
        {"<!DOCTYPE html><html><body>404</body></html>", 44, "web page"},
        {"\n  <html>", 9, "web page"},
        {"{\"message\": \"Not Found\"}", 24, "JSON"},
        {"\x1f\x8b\x08\0\0\0\0\0", 8, "gzip"},
        {"BZh91AY&SY", 10, "bzip2"},
        {"\x89HDF\r\n\x1a\n", 8, "HDF5"},
        {"GGUF\3\0\0\0", 8, "GGUF"},
        {"\x93NUMPY\1\0", 8, "NumPy"},
        {"\x7f"
         "ELF\2\1\1\0",
         8, "program"},
        {"\x89PNG\r\n\x1a\n", 8, "PNG"},
        {"\xff\xd8\xff\xe0", 4, "JPEG"},
        {"#!/bin/sh\nrm -rf /\n", 19, "script"},
        {"\x89GDW\r\n\x1a\n", 8, ".gdw"},
        {"PK\5\6\0\0\0\0", 8, "empty zip"},
        {"\x80\2}q\0.", 6, "plain pickle"},
        {"\0\0\0\0\0\0\0\0\0\0", 10, "zeros"},
        {"PK\3\4", 4, "cut off"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bytes    b = {0};
        gd_error err = {0};
        gd_ckpt *c;
        put(&b, t[i].bytes, t[i].n);
        assert_int_not_equal(open_bytes(&b, NULL, &c, &err), GD_OK);
        assert_null(c);
        if (!strstr(err.msg, t[i].says))
            fail_msg("case %zu: '%s' is not in: %s", i, t[i].says, err.msg);
        drop(&b);
    }
}

/* D5: what is no regular file. */
static void no_regular_file(void **state) {
    (void)state;
    static const char *const path[] = {"/dev/zero", "/dev/null", "/proc/self", "/",
                                       "/nonexistent"};
    gd_error                 err;
    gd_ckpt                 *c;
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        assert_int_equal(gd_ckpt_open(path[i], NULL, &c, &err), GD_ERR_IO);
        assert_null(c);
    }
    assert_int_equal(mkfifo(scratch_file("fifo"), 0600), 0);
    assert_int_equal(gd_ckpt_open(scratch_file("fifo"), NULL, &c, &err), GD_ERR_IO);
}

/* D4 for imports: a terabyte of nothing is not read. */
static void sparse(void **state) {
    (void)state;
    gd_error err;
    gd_ckpt *c;
    write_bytes(scratch_file("big"), "PK\3\4", 4);
    assert_int_equal(truncate(scratch_file("big"), (off_t)1 << 40), 0);
    assert_int_equal(gd_ckpt_open(scratch_file("big"), NULL, &c, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 402);
    write_bytes(scratch_file("big"), "\2\0\0\0\0\0\0\0{}", 10);
    assert_int_equal(truncate(scratch_file("big"), (off_t)1 << 40), 0);
    assert_int_equal(gd_ckpt_open(scratch_file("big"), NULL, &c, &err), GD_ERR_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named),
        cmocka_unit_test(no_regular_file),
        cmocka_unit_test(sparse),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
