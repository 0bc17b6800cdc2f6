/* vgg_trunk.c -- runs of 3x3 convolutions and pooling, numbered as torchvision's VGGs. */
#include <stdio.h>

#include "kernels/pool/pool.h"
#include "layers/blocks/blocks.h"

static int max_pool(gd_net *n, int x, const char *module, bool ceil_mode) {
    const gd_max_pool2d a = {.size = {2, 2}, .stride = {2, 2}, .ceil_mode = ceil_mode};
    const size_t        mark = gd_net_enter(n, "%s", module);
    const int           y = gd_net_op(n, "max_pool2d", &a, 1, &x, NULL);
    gd_net_leave(n, mark);
    return y;
}

int gd_block_vgg(gd_net *n, int x, const int *layer, bool norm) {
    char name[3][16];
    for (int i = 0; *layer; layer++) {
        for (int k = 0; k < 3; k++) snprintf(name[k], sizeof name[k], "%d", i + k);
        if (*layer < 0) {
            x = max_pool(n, x, name[0], *layer == GD_VGG_POOL_CEIL);
            i += 1;
            continue;
        }
        const gd_conv_args a = {.k = *layer, .size = 3, .pad = 1, .bias = true};
        x = gd_net_conv(n, x, name[0], &a);
        if (norm) x = gd_net_batch_norm(n, x, name[1]);
        x = gd_net_unary(n, name[norm ? 2 : 1], "relu", x);
        i += norm ? 3 : 2;
    }
    return x;
}
