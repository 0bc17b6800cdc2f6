/* darknet_fuzz.c -- what follows [net] in a .cfg, up to a NUL; then the floats of its
 * .weights. */
#include "tests/fuzz/ckpt_fuzz.h"

static void fill(int fd, const void *head, size_t n_head, const uint8_t *data, size_t n) {
    if (fd < 0 || ftruncate(fd, 0) != 0) abort();
    if (pwrite(fd, head, n_head, 0) != (ssize_t)n_head ||
        pwrite(fd, data, n, (off_t)n_head) != (ssize_t)n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char          net[] = "[net]\nwidth=64\nheight=64\n";
    static const unsigned char header[20] = {0, 0, 0, 0, 2};
    static int                 cfg = -1, weights = -1;
    char                       path[2][64];
    gd_ckpt                   *c = NULL;
    gd_error                   err = {0};
    const gd_ckpt_options      opt = {.weights = path[1]};
    const uint8_t             *cut = memchr(data, 0, size);
    const size_t               text = cut ? (size_t)(cut - data) : size;
    if (cfg < 0) cfg = memfd_create("cfg", 0), weights = memfd_create("weights", 0);
    fill(cfg, net, sizeof net - 1, data, text);
    fill(weights, header, sizeof header, data + text + (cut != NULL),
         size - text - (cut != NULL));
    snprintf(path[0], sizeof path[0], "/proc/self/fd/%d", cfg);
    snprintf(path[1], sizeof path[1], "/proc/self/fd/%d", weights);
    gd_status st = gd_ckpt_open(path[0], &opt, &c, &err);
    if ((st == GD_OK) != (c != NULL)) abort();
    if (st == GD_OK)
        ckpt_read_all(c);
    else if (st != GD_ERR_FORMAT || err.code < 437 || err.code > 449)
        abort();
    gd_ckpt_close(c);
    return 0;
}
