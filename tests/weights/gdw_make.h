/* gdw_make.h -- makes .gdw files for tests, whole and broken on purpose with right
 * checksums. */
#ifndef GD_TESTS_GDW_MAKE_H
#define GD_TESTS_GDW_MAKE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "weights/crc32c.h"
#include "weights/gdw.h"
#include "weights/gdw_layout.h"

/* A fresh folder for a test's files, and its removal with the files named in it. */
static inline const char *gdw_folder(void) {
    static char dir[64];
    if (!dir[0]) {
        snprintf(dir, sizeof dir, "/tmp/gdw_test.XXXXXX");
        if (!mkdtemp(dir)) dir[0] = '\0';
    }
    return dir;
}
static inline const char *gdw_path(const char *name) {
    static char path[4][256];
    static int  turn;
    turn = (turn + 1) & 3;
    snprintf(path[turn], sizeof path[turn], "%s/%s", gdw_folder(), name);
    return path[turn];
}

/* Deterministic bytes. */
static inline void gdw_noise(void *dst, size_t n, uint32_t seed) {
    unsigned char *p = dst;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (unsigned char)(seed >> 24);
    }
}

/* Writes `bytes` under a name in the folder. */
static inline void gdw_save(const char *path, const void *bytes, size_t n) {
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

/* A .gdw of exactly `size` bytes (at least 2048) in memory: two small tensors, a large one of
 * bytes, two metadata pairs. Free with gd_mem_put. */
static inline unsigned char *gdw_make(size_t size) {
    static const float f[6] = {1, -2, 3.5f, 0, 1e-3f, 7};
    static const int   q[3] = {1, 2, 3};
    gd_error           err;
    gd_gdw_writer     *w;
    unsigned char     *out, *noise = gd_mem_get(size);
    size_t             got;
    const char        *path = gdw_path("make.gdw");
    /* The head of these three tensors and two pairs: aligned up, it is 512 bytes. */
    size_t        big = size - 512 - 64 - 64;
    gd_gdw_tensor a = {
        .name = "a.weight", .type = GD_GDW_F32, .ndim = 2, .dim = {2, 3}, .data = f};
    gd_gdw_tensor b = {.name = "b.bias", .type = GD_GDW_I32, .ndim = 1, .dim = {3}, .data = q};
    gd_gdw_tensor c = {
        .name = "c.table", .type = GD_GDW_U8, .ndim = 1, .dim = {(int64_t)big}, .data = noise};
    gdw_noise(noise, size, 1);
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &c, NULL, NULL, &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &a, NULL, NULL, &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &b, NULL, NULL, &err), &err);
    const char *converter = "gdw_make, whose text is long enough for its head";
    gd_assert_ok(gd_gdw_writer_meta(w, "converter", converter, &err), &err);
    gd_assert_ok(gd_gdw_writer_meta(w, "arch", "none", &err), &err);
    gd_assert_ok(gd_gdw_writer_commit(w, path, GD_OUT_REPLACE, &err), &err);
    gd_gdw_writer_close(w);
    gd_mem_put(noise);
    gd_assert_ok(gd_file_slurp(path, size, &out, &got, &err), &err);
    assert_int_equal(got, size);
    unlink(path);
    return out;
}

/* Makes the checksum of the head right again after bytes of it were changed. */
static inline void gdw_reseal(unsigned char *h) {
    size_t head = h[24] + (size_t)(h[25] << 8), entry = h[28] + (size_t)(h[29] << 8);
    size_t names = h[40] + (size_t)(h[41] << 8), meta = h[48] + (size_t)(h[49] << 8);
    memset(h + GDW_AT_CRC, 0, 4);
    uint32_t crc = gd_crc32c(0, h, head + entry * h[32] + names + meta);
    for (int i = 0; i < 4; i++) h[GDW_AT_CRC + i] = (unsigned char)(crc >> 8 * i);
}

#endif
