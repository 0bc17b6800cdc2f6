/* fpn.c -- feature pyramid (Lin et al. 2017) with torchvision's names and its extra level. */
#include "layers/blocks/blocks.h"

#include <stdio.h>

static int numbered(gd_net *n, int x, const char *list, int i, const gd_conv_args *a) {
    char name[32];
    snprintf(name, sizeof name, "%s.%d", list, i);
    return gd_net_conv(n, x, name, a);
}

void gd_block_fpn(gd_net *n, int n_in, const int *in, int width, int *out) {
    const gd_conv_args inner = {.k = width, .size = 1, .bias = true};
    const gd_conv_args layer = {.k = width, .size = 3, .pad = 1, .bias = true};
    int                top = -1;
    for (int i = n_in - 1; i >= 0; i--) {
        /* To the lateral's own size: doubling is one column off when a size is odd. Before the
         * lateral's convolution, which can then add it as it stores. */
        const int above = top >= 0 ? gd_net_upsample_like(n, top, in[i]) : -1;
        top = numbered(n, in[i], "inner_blocks", i, &inner);
        if (above >= 0) top = gd_net_add(n, top, above);
        out[i] = numbered(n, top, "layer_blocks", i, &layer);
    }
    out[n_in] = gd_net_max_pool(n, out[n_in - 1], "extra_blocks", 1, 2, 0);
}
