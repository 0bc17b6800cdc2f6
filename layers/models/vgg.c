/* vgg.c -- VGG-16 classifiers of torchvision (Simonyan and Zisserman 2015), with and without
 * batch norm. */
#include "kernels/pool/pool.h"
#include "layers/blocks/blocks.h"
#include "layers/models/recipes.h"

enum { POOL = GD_VGG_POOL };

static const int layers_16[] = {64,  64,  POOL, 128,  128, POOL, 256, 256,  256, POOL,
                                512, 512, 512,  POOL, 512, 512,  512, POOL, 0};

/* Three linear layers; the dropout between them does nothing when a network runs. */
static int classifier(gd_net *n, int x) {
    const size_t mark = gd_net_enter(n, "classifier");
    x = gd_net_unary(n, "1", "relu", gd_net_linear(n, x, "0", 4096, true, false));
    x = gd_net_unary(n, "4", "relu", gd_net_linear(n, x, "3", 4096, false, false));
    x = gd_net_linear(n, x, "6", n->n_class, false, true);
    gd_net_leave(n, mark);
    return x;
}

/* config: 1 with batch norm. */
static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    const gd_adaptive_avg_pool2d seven = {.out_h = 7, .out_w = 7};
    (void)opt;
    (void)geom;
    size_t mark = gd_net_enter(n, "features");
    int    x = gd_block_vgg(n, image, layers_16, arch->config[0] != 0);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "avgpool");
    x = gd_net_op(n, "adaptive_avg_pool2d", &seven, 1, &x, NULL);
    gd_net_leave(n, mark);
    gd_block_classes(n, classifier(n, x));
}

static const gd_meta_pair recipe[] = {GD_RECIPE_IMAGENET("1e-05")};

#define VGG(suffix, norm)                                                  \
    const gd_arch gd_arch_vgg##suffix = {.name = "vgg" #suffix,            \
                                         .truth = "torchvision",           \
                                         .task = GD_TASK_CLASSIFY,         \
                                         .names = "imagenet1000",          \
                                         .n_class = 1000,                  \
                                         .recipe = recipe,                 \
                                         .config = (const int[]){norm},    \
                                         .build = build,                   \
                                         .class_key = "classifier.6.bias", \
                                         .nominal_h = 32,                  \
                                         .nominal_w = 32}
VGG(16, 0);
VGG(16_bn, 1);
