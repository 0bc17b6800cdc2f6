/* resnet_trunk.c -- conv1 to layer4 of torchvision's ResNets (He et al. 2016, v1.5 strides). */
#include "layers/blocks/blocks.h"

/* Made as late as can be: the largest value of its block, it lives to the block's end. */
static int shortcut(gd_net *n, int x, int k, int stride, bool project) {
    if (!project) return x;
    const gd_conv_args a = {.k = k, .size = 1, .stride = stride};
    return gd_block_conv_bn(n, x, "downsample.0", "downsample.1", &a, NULL, NULL);
}

static int basic_block(gd_net *n, int x, int width, int stride, int dilation, bool project) {
    const gd_conv_args a = {
        .k = width, .size = 3, .stride = stride, .pad = dilation, .dilation = dilation};
    const gd_conv_args b = {.k = width, .size = 3, .pad = dilation, .dilation = dilation};
    int                y = gd_block_conv_bn(n, x, "conv1", "bn1", &a, "relu", "relu");
    const int          id = shortcut(n, x, width, stride, project);
    y = gd_block_conv_bn(n, y, "conv2", "bn2", &b, NULL, NULL);
    return gd_net_unary(n, "relu", "relu", gd_net_add(n, y, id));
}

static int bottleneck_block(gd_net *n, int x, int width, int stride, int dilation,
                            bool project) {
    const gd_conv_args a = {.k = width, .size = 1};
    const gd_conv_args b = {
        .k = width, .size = 3, .stride = stride, .pad = dilation, .dilation = dilation};
    const gd_conv_args c = {.k = 4 * width, .size = 1};
    int                y = gd_block_conv_bn(n, x, "conv1", "bn1", &a, "relu", "relu");
    y = gd_block_conv_bn(n, y, "conv2", "bn2", &b, "relu", "relu");
    const int id = shortcut(n, x, 4 * width, stride, project);
    y = gd_block_conv_bn(n, y, "conv3", "bn3", &c, NULL, NULL);
    return gd_net_unary(n, "relu", "relu", gd_net_add(n, y, id));
}

void gd_block_resnet(gd_net *n, int x, const int depth[4], bool bottleneck,
                     const bool dilate[3], int stage[4]) {
    const gd_conv_args stem = {.k = 64, .size = 7, .stride = 2, .pad = 3};
    int                dilation = 1;
    x = gd_block_conv_bn(n, x, "conv1", "bn1", &stem, "relu", "relu");
    x = gd_net_max_pool(n, x, "maxpool", 3, 2, 1);
    for (int s = 0; s < 4; s++) {
        const bool wide = s > 0 && dilate && dilate[s - 1];
        const int  stride = s > 0 && !wide ? 2 : 1, first = dilation;
        if (wide) dilation *= 2;
        for (int i = 0; i < depth[s]; i++) {
            const size_t mark = gd_net_enter(n, "layer%d.%d", s + 1, i);
            const bool   project = i == 0 && (s > 0 || bottleneck);
            x = (bottleneck ? bottleneck_block : basic_block)(n, x, 64 << s, i ? 1 : stride,
                                                              i ? dilation : first, project);
            gd_net_leave(n, mark);
        }
        stage[s] = x;
    }
}
