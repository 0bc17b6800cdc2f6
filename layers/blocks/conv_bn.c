/* conv_bn.c -- convolution, batch norm, activation: the brick of every backbone here. */
#include "layers/blocks/blocks.h"

int gd_block_conv_bn(gd_net *n, int x, const char *conv, const char *bn, const gd_conv_args *a,
                     const char *module, const char *act) {
    const int y = gd_net_batch_norm(n, gd_net_conv(n, x, conv, a), bn);
    return act ? gd_net_unary(n, module, act, y) : y;
}
