/* mobilenet_v3.c -- stem, inverted residuals and last convolution of MobileNetV3; see
 * mobilenet_v3.h. */
#include "layers/blocks/mobilenet_v3.h"

#include <stdio.h>

#include "kernels/pool/pool.h"
#include "layers/blocks/blocks.h"

/* Tables 1 and 2 of the paper. */
const gd_mobile_unit gd_mobile_large[GD_MOBILE_LARGE] = {
    {3, 16, 16, 16, false, false, 1},  {3, 16, 64, 24, false, false, 2},
    {3, 24, 72, 24, false, false, 1},  {5, 24, 72, 40, true, false, 2},
    {5, 40, 120, 40, true, false, 1},  {5, 40, 120, 40, true, false, 1},
    {3, 40, 240, 80, false, true, 2},  {3, 80, 200, 80, false, true, 1},
    {3, 80, 184, 80, false, true, 1},  {3, 80, 184, 80, false, true, 1},
    {3, 80, 480, 112, true, true, 1},  {3, 112, 672, 112, true, true, 1},
    {5, 112, 672, 160, true, true, 2}, {5, 160, 960, 160, true, true, 1},
    {5, 160, 960, 160, true, true, 1}};
const gd_mobile_unit gd_mobile_small[GD_MOBILE_SMALL] = {
    {3, 16, 16, 16, true, false, 2},  {3, 16, 72, 24, false, false, 2},
    {3, 24, 88, 24, false, false, 1}, {5, 24, 96, 40, true, true, 2},
    {5, 40, 240, 40, true, true, 1},  {5, 40, 240, 40, true, true, 1},
    {5, 40, 120, 48, true, true, 1},  {5, 48, 144, 48, true, true, 1},
    {5, 48, 288, 96, true, true, 2},  {5, 96, 576, 96, true, true, 1},
    {5, 96, 576, 96, true, true, 1}};

int gd_block_conv_norm(gd_net *n, int x, const char *module, const gd_conv_args *a,
                       const char *act) {
    gd_conv_args same = *a;
    same.pad = a->size / 2;
    const size_t mark = gd_net_enter(n, "%s", module);
    x = gd_block_conv_bn(n, x, "0", "1", &same, "2", act);
    gd_net_leave(n, mark);
    return x;
}

/* torchvision's _make_divisible by 8, which never takes more than a tenth away. */
static int by_8(int v) {
    const int near = (v + 4) / 8 * 8, least = near < 8 ? 8 : near;
    return 10 * least < 9 * v ? least + 8 : least;
}

/* Squeeze and excitation (Hu et al. 2018): x times a gate that its own average decides. */
static int excite(gd_net *n, int x, int width, const char *module) {
    const gd_adaptive_avg_pool2d one = {.out_h = 1, .out_w = 1};
    const gd_conv_args           down = {.k = by_8(width / 4), .size = 1, .bias = true};
    const gd_conv_args           up = {.k = width, .size = 1, .bias = true};
    const size_t                 mark = gd_net_enter(n, "%s", module);
    size_t                       inner = gd_net_enter(n, "avgpool");
    int                          s = gd_net_op(n, "adaptive_avg_pool2d", &one, 1, &x, NULL);
    gd_net_leave(n, inner);
    s = gd_net_unary(n, "activation", "relu", gd_net_conv(n, s, "fc1", &down));
    s = gd_net_unary(n, "scale_activation", "hardsigmoid", gd_net_conv(n, s, "fc2", &up));
    inner = gd_net_enter(n, "scale");
    x = gd_net_op(n, "channel_scale", NULL, 2, (const int[]){x, s}, NULL);
    gd_net_leave(n, inner);
    gd_net_leave(n, mark);
    return x;
}

static bool        has_expand(const gd_mobile_unit *u) { return u->expand != u->in; }
static const char *act_of(const gd_mobile_unit *u) { return u->hard ? "hardswish" : "relu"; }

int gd_block_mobile_expand(gd_net *n, int x, const gd_mobile_unit *u, const char *module) {
    const gd_conv_args a = {.k = u->expand, .size = 1};
    return has_expand(u) ? gd_block_conv_norm(n, x, module, &a, act_of(u)) : x;
}

int gd_block_mobile_rest(gd_net *n, int x, const gd_mobile_unit *u) {
    const gd_conv_args depth = {.size = u->kernel, .stride = u->stride, .depthwise = true};
    const gd_conv_args project = {.k = u->out, .size = 1};
    int                at = has_expand(u);
    char               name[3][16];
    for (int i = 0; i < 3; i++) snprintf(name[i], sizeof name[i], "%d", at + i);
    x = gd_block_conv_norm(n, x, name[0], &depth, act_of(u));
    if (u->excite) x = excite(n, x, u->expand, name[1]);
    return gd_block_conv_norm(n, x, name[u->excite ? 2 : 1], &project, NULL);
}

int gd_block_mobile(gd_net *n, int x, const gd_mobile_unit *u) {
    const size_t mark = gd_net_enter(n, "block");
    const int    y = gd_block_mobile_rest(n, gd_block_mobile_expand(n, x, u, "0"), u);
    gd_net_leave(n, mark);
    return u->stride == 1 && u->in == u->out ? gd_net_add(n, y, x) : y;
}

int gd_block_mobilenet(gd_net *n, int x, const gd_mobile_unit *unit, int count, int *stage) {
    const gd_conv_args stem = {.k = GD_MOBILE_STEM, .size = 3, .stride = 2};
    const gd_conv_args last = {.k = 6 * unit[count - 1].out, .size = 1};
    char               name[16];
    x = gd_block_conv_norm(n, x, "0", &stem, "hardswish");
    for (int i = 0; i < count; i++) {
        const size_t mark = gd_net_enter(n, "%d", i + 1);
        x = gd_block_mobile(n, x, &unit[i]);
        gd_net_leave(n, mark);
        if (stage) stage[i] = x;
    }
    snprintf(name, sizeof name, "%d", count + 1);
    return gd_block_conv_norm(n, x, name, &last, "hardswish");
}
