/* mobilenet_v3.c -- MobileNetV3 classifiers of torchvision (Howard et al. 2019). */
#include "layers/blocks/mobilenet_v3.h"
#include "layers/models/recipes.h"

#include "kernels/pool/pool.h"
#include "layers/blocks/blocks.h"

/* config: 1 for the large one, then the width between the two linear layers. */
static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    const gd_adaptive_avg_pool2d one = {.out_h = 1, .out_w = 1};
    const bool                   large = arch->config[0] != 0;
    (void)opt;
    (void)geom;
    size_t mark = gd_net_enter(n, "features");
    int    x = gd_block_mobilenet(n, image, large ? gd_mobile_large : gd_mobile_small,
                               large ? GD_MOBILE_LARGE : GD_MOBILE_SMALL, NULL);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "avgpool");
    x = gd_net_op(n, "adaptive_avg_pool2d", &one, 1, &x, NULL);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "classifier");
    x = gd_net_linear(n, x, "0", arch->config[1], true, false);
    x = gd_net_linear(n, gd_net_unary(n, "1", "hardswish", x), "3", n->n_class, false, true);
    gd_net_leave(n, mark);
    gd_block_classes(n, x);
}

static const gd_meta_pair recipe[] = {GD_RECIPE_IMAGENET("0.001")};

#define MOBILENET(size, ...)                                                           \
    const gd_arch gd_arch_mobilenet_v3_##size = {.name = "mobilenet_v3_" #size,        \
                                                 .truth = "torchvision",               \
                                                 .task = GD_TASK_CLASSIFY,             \
                                                 .names = "imagenet1000",              \
                                                 .n_class = 1000,                      \
                                                 .recipe = recipe,                     \
                                                 .config = (const int[]){__VA_ARGS__}, \
                                                 .build = build,                       \
                                                 .class_key = "classifier.3.bias",     \
                                                 .nominal_h = 64,                      \
                                                 .nominal_w = 64}
MOBILENET(large, 1, 1280);
MOBILENET(small, 0, 1024);
