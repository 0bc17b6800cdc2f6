/* deeplab.c -- semantic segmentation: DeepLabV3 as torchvision has it, and DeepLabV3+.
 *
 * DeepLabV3 (Chen et al. 2017): a ResNet of output stride 8, pyramid pooling by dilation, a
 * head.
 * DeepLabV3+ (Chen et al. 2018): the pooled map at output stride 16 or 8 is brought to the size
 * of layer1's, joined with 48 channels of it, and only then classified. Keys of the latter:
 * backbone.* as torchvision's ResNets, classifier.project (layer1), classifier.aspp.{convs,
 * project}, classifier.classifier. */
#include "kernels/pool/pool.h"
#include "kernels/resize/resize.h"
#include "layers/blocks/blocks.h"

enum { WIDTH = 256, LOW_WIDTH = 48 };

/* Where a row of .config says what. */
enum { DEPTH, STRIDE = 4, PLUS, CONFIG };

static int bilinear_like(gd_net *n, int x, int like) {
    const gd_resize a = {.mode = GD_RESIZE_BILINEAR,
                         .out_h = (int32_t)gd_net_dim(n, like, 1),
                         .out_w = (int32_t)gd_net_dim(n, like, 2)};
    return gd_net_op(n, "resize", &a, 1, &x, NULL);
}

/* conv `at`, norm `at + 1`, relu `at + 2` of a torch.nn.Sequential at the current path. */
static int conv_bn_relu(gd_net *n, int x, int at, const gd_conv_args *a) {
    const char *const name[] = {"0", "1", "2", "3"};
    return gd_block_conv_bn(n, x, name[at], name[at + 1], a, at ? "3" : "2", "relu");
}

/* The picture's mean, on every pixel again. */
static int pooled(gd_net *n, int x) {
    const gd_adaptive_avg_pool2d one = {.out_h = 1, .out_w = 1};
    const gd_conv_args           conv = {.k = WIDTH, .size = 1};
    const size_t                 mark = gd_net_enter(n, "convs.4"), pool = gd_net_enter(n, "0");
    int                          y = gd_net_op(n, "adaptive_avg_pool2d", &one, 1, &x, NULL);
    gd_net_leave(n, pool);
    y = bilinear_like(n, conv_bn_relu(n, y, 1, &conv), x);
    gd_net_leave(n, mark);
    return y;
}

/* Atrous spatial pyramid pooling at the current path: convs.0 .. 4, project. */
static int aspp(gd_net *n, int x, int rate) {
    const gd_conv_args point = {.k = WIDTH, .size = 1};
    int                y[5];
    for (int i = 0; i < 4; i++) {
        const gd_conv_args spread = {
            .k = WIDTH, .size = 3, .pad = i * rate, .dilation = i * rate};
        const size_t mark = gd_net_enter(n, "convs.%d", i);
        y[i] = conv_bn_relu(n, x, 0, i ? &spread : &point);
        gd_net_leave(n, mark);
    }
    y[4] = pooled(n, x);
    const size_t mark = gd_net_enter(n, "project");
    const int    all = conv_bn_relu(n, gd_net_concat(n, 3, 5, y), 0, &point);
    gd_net_leave(n, mark);
    return all;
}

/* conv `at`, norm, relu, class head. */
static int classify(gd_net *n, int x, int at) {
    const gd_conv_args conv = {.k = WIDTH, .size = 3, .pad = 1};
    const gd_conv_args head = {.k = n->n_class, .size = 1, .bias = true, .class_head = true};
    x = conv_bn_relu(n, x, at, &conv);
    return gd_net_conv(n, x, at ? "4" : "3", &head);
}

/* classifier.0 (pyramid), .1, .2, .4 */
static int head_v3(gd_net *n, int deep, int rate) {
    const size_t mark = gd_net_enter(n, "0");
    const int    x = aspp(n, deep, rate);
    gd_net_leave(n, mark);
    return classify(n, x, 1);
}

static int head_plus(gd_net *n, int fine, int deep, int rate) {
    const gd_conv_args point = {.k = LOW_WIDTH, .size = 1};
    size_t             mark = gd_net_enter(n, "project");
    int                x[2] = {conv_bn_relu(n, fine, 0, &point), -1};
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "aspp");
    x[1] = bilinear_like(n, aspp(n, deep, rate), fine);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "classifier");
    const int logits = classify(n, gd_net_concat(n, 3, 2, x), 0);
    gd_net_leave(n, mark);
    return logits;
}

/* config: blocks of the four stages, output stride (8 or 16), 1 for DeepLabV3+. */
static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    const int *c = arch->config, rate = c[STRIDE] == 8 ? 12 : 6;
    const bool dilate[3] = {false, c[STRIDE] == 8, true};
    int        stage[4];
    size_t     mark = gd_net_enter(n, "backbone");
    gd_block_resnet(n, image, c + DEPTH, true, dilate, stage);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "classifier");
    const int logits =
        c[PLUS] ? head_plus(n, stage[0], stage[3], rate) : head_v3(n, stage[3], rate);
    gd_net_leave(n, mark);
    gd_block_class_map(n, logits, geom, image, opt);
}

/* The second head serves training. */
static const gd_key_rule rules[] = {{"aux_classifier.*", NULL}, {0}};

/* torchvision's SemanticSegmentation(resize_size = 520) on a PIL picture, which knows no limit
 * of the long side: here 8 to 1 is one. */
#define RECIPE(side)                                                                           \
    {                                                                                          \
        {"input.rule", "exact_edge"}, {"input.short", side}, {"input.long", "4160"},           \
            {"input.multiple", "1"}, {"input.filter", "pil_bilinear"}, {"input.order", "rgb"}, \
            {"input.scale", "0.00392156862745098"}, {"input.mean", "0.485,0.456,0.406"},       \
            {"input.std", "0.229,0.224,0.225"}, {"bn_eps", "1e-05"}, {                         \
            0                                                                                  \
        }                                                                                      \
    }
static const gd_meta_pair recipe[] = RECIPE("520");
static const gd_meta_pair recipe_plus[] = RECIPE("513"); /* the paper's crops */

#define DEEPLAB(id, reference, input, key, ...)                               \
    const gd_arch gd_arch_##id = {.name = #id,                                \
                                  .truth = reference,                         \
                                  .task = GD_TASK_SEGMENT,                    \
                                  .n_class = 21,                              \
                                  .names = "voc21",                           \
                                  .recipe = input,                            \
                                  .rules = rules,                             \
                                  .config = (const int[CONFIG]){__VA_ARGS__}, \
                                  .build = build,                             \
                                  .class_key = key,                           \
                                  .nominal_h = 65,                            \
                                  .nominal_w = 65}
#define PLUS_OF(id, ...) \
    DEEPLAB(id, "Chen et al. 2018", recipe_plus, "classifier.classifier.3.bias", __VA_ARGS__)
DEEPLAB(deeplabv3_resnet50, "torchvision", recipe, "classifier.4.bias", 3, 4, 6, 3, 8, 0);
DEEPLAB(deeplabv3_resnet101, "torchvision", recipe, "classifier.4.bias", 3, 4, 23, 3, 8, 0);
PLUS_OF(deeplabv3plus_resnet50, 3, 4, 6, 3, 16, 1);
PLUS_OF(deeplabv3plus_resnet101, 3, 4, 23, 3, 16, 1);
PLUS_OF(deeplabv3plus_resnet50_os8, 3, 4, 6, 3, 8, 1);
PLUS_OF(deeplabv3plus_resnet101_os8, 3, 4, 23, 3, 8, 1);
