/* fpn.c -- feature pyramid (Lin et al. 2017) with torchvision's names. */
#include "layers/blocks/blocks.h"

#include <stdio.h>

/* A convolution with a bias, or with batch norm as the published second generation has it. */
static int numbered(gd_net *n, int x, const char *list, int i, int width, int size, bool norm) {
    const gd_conv_args a = {.k = width, .size = size, .pad = size / 2, .bias = !norm};
    const size_t       mark = gd_net_enter(n, norm ? "%s.%d" : "%s", list, i);
    char               name[16];
    snprintf(name, sizeof name, "%d", i);
    x = norm ? gd_block_conv_bn(n, x, "0", "1", &a, NULL, NULL) : gd_net_conv(n, x, name, &a);
    gd_net_leave(n, mark);
    return x;
}

void gd_block_fpn(gd_net *n, int count, const int *in, int width, bool norm, int *out) {
    int top = -1;
    for (int i = count - 1; i >= 0; i--) {
        /* To the lateral's own size: doubling is one column off when a size is odd. Before the
         * lateral's convolution, which can then add it as it stores. */
        const int above = top >= 0 ? gd_net_upsample_like(n, top, in[i]) : -1;
        top = numbered(n, in[i], "inner_blocks", i, width, 1, norm);
        if (above >= 0) top = gd_net_add(n, top, above);
        out[i] = numbered(n, top, "layer_blocks", i, width, 3, norm);
    }
}
