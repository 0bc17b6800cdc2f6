/* resnet.c -- ResNet classifiers: torchvision's five, and the three-stage ones for CIFAR. */
#include "kernels/channel_pad/channel_pad.h"
#include "kernels/pool/pool.h"
#include "kernels/slice/slice.h"
#include "layers/blocks/losses.h"
#include "layers/models/recipes.h"

/* Global average and class head. */
static int classify(gd_net *n, int x, const char *head) {
    const gd_adaptive_avg_pool2d one = {.out_h = 1, .out_w = 1};
    const size_t                 mark = gd_net_enter(n, "avgpool");
    x = gd_net_op(n, "adaptive_avg_pool2d", &one, 1, &x, NULL);
    gd_net_leave(n, mark);
    return gd_net_linear(n, x, head, n->n_class, true, true);
}

/* config: blocks of the four stages, then 1 for bottlenecks. */
static int logits(gd_net *n, const gd_arch *arch, int image) {
    int stage[4];
    gd_block_resnet(n, image, arch->config, arch->config[4] != 0, NULL, stage);
    return classify(n, stage[3], "fc");
}

#define ENTRIES(logits_of)                                                                     \
    static void build_##logits_of(gd_net *n, const gd_arch *arch, const gd_net_options *opt,   \
                                  int image, int geom) {                                       \
        (void)opt;                                                                             \
        (void)geom;                                                                            \
        gd_block_classes(n, logits_of(n, arch, image));                                        \
    }                                                                                          \
    static void train_##logits_of(gd_net *n, const gd_arch *arch, const gd_train_options *opt, \
                                  int image, int geom, const gd_truth_values *truth) {         \
        (void)geom;                                                                            \
        gd_block_class_loss(n, opt, logits_of(n, arch, image), truth);                         \
    }
ENTRIES(logits)

static const gd_meta_pair recipe[] = {GD_RECIPE_IMAGENET("1e-05")};

#define RESNET(depth, ...)                                                       \
    const gd_arch gd_arch_resnet##depth = {.name = "resnet" #depth,              \
                                           .truth = "torchvision",               \
                                           .task = GD_TASK_CLASSIFY,             \
                                           .names = "imagenet1000",              \
                                           .n_class = 1000,                      \
                                           .recipe = recipe,                     \
                                           .config = (const int[]){__VA_ARGS__}, \
                                           .build = build_logits,                \
                                           .train = train_logits,                \
                                           .learns_norms = true,                 \
                                           .class_key = "fc.bias",               \
                                           .nominal_h = 224,                     \
                                           .nominal_w = 224}
RESNET(18, 2, 2, 2, 2, 0);
RESNET(34, 3, 4, 6, 3, 0);
RESNET(50, 3, 4, 6, 3, 1);
RESNET(101, 3, 4, 23, 3, 1);
RESNET(152, 3, 8, 36, 3, 1);

/* ---- CIFAR (He et al. 2016, section 4.2): 32x32, widths 16, 32, 64 ----------------------- */

/* Option A: every second pixel, and zero channels on both sides; no weights. */
static int option_a(gd_net *n, int x, int width) {
    const gd_slice       rows = {.axis = 1, .start = 0, .stop = 1 << 30, .step = 2};
    const gd_slice       cols = {.axis = 2, .start = 0, .stop = 1 << 30, .step = 2};
    const gd_channel_pad pad = {.before = width / 4, .after = width / 4};
    x = gd_net_op(n, "slice", &rows, 1, &x, NULL);
    x = gd_net_op(n, "slice", &cols, 1, &x, NULL);
    return gd_net_op(n, "channel_pad", &pad, 1, &x, NULL);
}

static int cifar_block(gd_net *n, int x, int width, int stride) {
    const gd_conv_args a = {.k = width, .size = 3, .stride = stride, .pad = 1};
    const gd_conv_args b = {.k = width, .size = 3, .pad = 1};
    const int          id = stride > 1 ? option_a(n, x, width) : x;
    int                y = gd_block_conv_bn(n, x, "conv1", "bn1", &a, "relu", "relu");
    y = gd_block_conv_bn(n, y, "conv2", "bn2", &b, NULL, NULL);
    return gd_net_unary(n, "relu", "relu", gd_net_add(n, y, id));
}

/* config: blocks of each stage. */
static int logits_cifar(gd_net *n, const gd_arch *arch, int image) {
    const gd_conv_args stem = {.k = 16, .size = 3, .pad = 1};
    int                x = gd_block_conv_bn(n, image, "conv1", "bn1", &stem, "relu", "relu");
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < arch->config[0]; i++) {
            const size_t mark = gd_net_enter(n, "layer%d.%d", s + 1, i);
            x = cifar_block(n, x, 16 << s, s > 0 && i == 0 ? 2 : 1);
            gd_net_leave(n, mark);
        }
    return classify(n, x, "linear");
}
ENTRIES(logits_cifar)

static const gd_meta_pair recipe_cifar[] = {{"input.rule", "stretch"},
                                            {"input.size", "32x32"},
                                            {"input.filter", "pil_bilinear"},
                                            {"input.order", "rgb"},
                                            {"input.scale", "0.00392156862745098"},
                                            {"input.mean", "0.485,0.456,0.406"},
                                            {"input.std", "0.229,0.224,0.225"},
                                            {"bn_eps", "1e-05"},
                                            {0}};

#define RESNET_CIFAR(depth, blocks)                                                     \
    const gd_arch gd_arch_resnet##depth##_cifar = {.name = "resnet" #depth "_cifar",    \
                                                   .truth = "He et al. 2016, option A", \
                                                   .task = GD_TASK_CLASSIFY,            \
                                                   .n_class = 10,                       \
                                                   .names = "cifar10",                  \
                                                   .recipe = recipe_cifar,              \
                                                   .config = (const int[]){blocks},     \
                                                   .build = build_logits_cifar,         \
                                                   .train = train_logits_cifar,         \
                                                   .learns_norms = true,                \
                                                   .class_key = "linear.bias",          \
                                                   .nominal_h = 32,                     \
                                                   .nominal_w = 32}
RESNET_CIFAR(20, 3);
RESNET_CIFAR(56, 9);
