/* conv_bn.c -- convolution, batch norm, activation: the brick of every backbone here. */
#include "layers/blocks/blocks.h"

int gd_block_conv_bn(gd_net *n, int x, const char *conv, const char *bn, const gd_conv_args *a,
                     const char *act) {
    int y = gd_net_batch_norm(n, gd_net_conv(n, x, conv, a), bn);
    if (!act) return y;
    const size_t mark = gd_net_enter(n, "%s", bn);
    y = gd_net_unary(n, act, y);
    gd_net_leave(n, mark);
    return y;
}
