/* csp.c -- bricks of the YOLO family: convolutions with SiLU, pyramid pooling, joins. */
#include <stdio.h>

#include "layers/blocks/blocks.h"

int gd_block_silu_conv(gd_net *n, int x, const char *name, int k, int size, int stride,
                       bool depthwise) {
    gd_conv_args a = {
        .k = k, .size = size, .stride = stride, .pad = (size - 1) / 2, .depthwise = depthwise};
    const size_t mark = gd_net_enter(n, "%s", name);
    a.bias = gd_net_has(n, "conv.bias");
    x = gd_net_conv(n, x, "conv", &a);
    if (!a.bias) x = gd_net_batch_norm(n, x, "bn");
    x = gd_net_unary(n, "act", "silu", x);
    gd_net_leave(n, mark);
    return x;
}

int gd_block_silu_conv3(gd_net *n, int x, const char *name, int k, int stride, bool depthwise) {
    if (!depthwise) return gd_block_silu_conv(n, x, name, k, 3, stride, false);
    const size_t mark = gd_net_enter(n, "%s", name);
    x = gd_block_silu_conv(n, x, "dconv", 0, 3, stride, true);
    x = gd_block_silu_conv(n, x, "pconv", k, 1, 1, false);
    gd_net_leave(n, mark);
    return x;
}

int gd_block_bottlenecks(gd_net *n, const char *name, int nominal) {
    const size_t mark = gd_net_enter(n, "%s", name);
    /* One that lacks a convolution counts too, so that the lack is noticed. */
    const int first = gd_net_depth(n, "m.%d.cv1.conv.weight", 0);
    const int second = gd_net_depth(n, "m.%d.cv2.conv.weight", 0);
    gd_net_leave(n, mark);
    const int most = first > second ? first : second;
    return most ? most : nominal;
}

int gd_block_csp(gd_net *n, int x, const char *name, const gd_csp_args *a) {
    char         conv[3][16];
    const int    k = a->k / 2;
    const size_t mark = gd_net_enter(n, "%s", name);
    for (int i = 0; i < 3; i++) snprintf(conv[i], sizeof conv[i], "%s%d", a->conv, i + 1);
    int       through = gd_block_silu_conv(n, x, conv[0], k, 1, 1, false);
    const int past = gd_block_silu_conv(n, x, conv[1], k, 1, 1, false);
    for (int i = 0; i < a->depth; i++) {
        const size_t inner = gd_net_enter(n, "m.%d", i);
        const int    y =
            gd_block_silu_conv3(n, gd_block_silu_conv(n, through, conv[0], k, 1, 1, false),
                                conv[1], k, 1, a->depthwise);
        through = a->shortcut ? gd_net_add(n, y, through) : y;
        gd_net_leave(n, inner);
    }
    const int both = gd_net_concat(n, 3, 2, (const int[]){through, past});
    x = gd_block_silu_conv(n, both, conv[2], a->k, 1, 1, false);
    gd_net_leave(n, mark);
    return x;
}

/* Two and three passes of 5 give the maxima over 9 and 13. */
int gd_block_sppf(gd_net *n, int x, const char *name, const char *first, const char *second,
                  int k) {
    const size_t mark = gd_net_enter(n, "%s", name);
    int          in[4] = {gd_block_silu_conv(n, x, first, k / 2, 1, 1, false)};
    for (int i = 1; i < 4; i++) in[i] = gd_net_max_pool(n, in[i - 1], "m", 5, 1, 2);
    x = gd_block_silu_conv(n, gd_net_concat(n, 3, 4, in), second, k, 1, 1, false);
    gd_net_leave(n, mark);
    return x;
}

int gd_block_join_up(gd_net *n, int top, int lateral) {
    const int in[2] = {gd_net_upsample_like(n, top, lateral), lateral};
    return gd_net_concat(n, 3, 2, in);
}
