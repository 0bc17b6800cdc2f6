/* ckpt_fuzz.h -- opens bytes as a checkpoint, reads all of it, and checks what a caller may
 * assume.
 *
 * The bytes stand in an anonymous file, which is opened through /proc like any other. */
#ifndef GD_TESTS_FUZZ_CKPT_FUZZ_H
#define GD_TESTS_FUZZ_CKPT_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/mem.h"
#include "weights/import/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void ckpt_read_all(gd_ckpt *c) {
    enum { MOST = 1 << 20 };
    gd_error err;
    for (int i = 0; i < gd_ckpt_all_count(c); i++) {
        const gd_ckpt_tensor *t = gd_ckpt_all_at(c, i);
        size_t                n = gd_ckpt_bytes(t);
        if (t->ndim < 0 || t->ndim > GD_CKPT_MAX_DIMS || t->numel < 0) abort();
        if (n > MOST) continue;
        unsigned char *p = malloc(n + 1);
        if (gd_ckpt_read(c, t, p, n, &err) != GD_OK) abort();
        free(p);
    }
    for (int i = 0; i < gd_ckpt_count(c); i++)
        if (gd_ckpt_find(c, gd_ckpt_at(c, i)->name) != gd_ckpt_at(c, i)) abort();
    char *text = NULL;
    if (gd_inspect_text(c, &text, &err) != GD_OK) abort();
    gd_mem_put(text);
}

/* A file of head, middle and tail. */
static inline void ckpt_fuzz(const void *head, size_t n_head, const uint8_t *data, size_t n,
                             const void *tail, size_t n_tail) {
    static int            fd = -1;
    char                  path[64];
    gd_ckpt              *c = NULL;
    gd_error              err = {0};
    const gd_ckpt_options opt = {.allow_deflate = true};
    if (fd < 0) fd = memfd_create("checkpoint", 0);
    if (fd < 0 || ftruncate(fd, 0) != 0) abort();
    if (pwrite(fd, head, n_head, 0) != (ssize_t)n_head ||
        pwrite(fd, data, n, (off_t)n_head) != (ssize_t)n ||
        pwrite(fd, tail, n_tail, (off_t)(n_head + n)) != (ssize_t)n_tail)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    gd_status st = gd_ckpt_open(path, &opt, &c, &err);
    if ((st == GD_OK) != (c != NULL)) abort();
    if (st == GD_OK)
        ckpt_read_all(c);
    else if (st != GD_ERR_FORMAT && st != GD_ERR_UNSUPPORTED)
        abort();
    else if (err.code < 401 || err.code > 449) {
        if (!strstr(err.msg, "early"))
            abort(); /* a read beyond the end has no code of its own */
    }
    gd_ckpt_close(c);
}

#endif
