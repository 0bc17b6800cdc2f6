/* faster_rcnn.c -- Faster R-CNN with a feature pyramid as torchvision has it: on ResNets, the
 * first generation and the second (fasterrcnn_resnet50_fpn_v2), and on MobileNetV3-Large. */
#include "layers/blocks/losses.h"
#include "layers/blocks/mobilenet_v3.h"
#include "layers/models/recipes.h"

enum { LEVELS = 4 };

/* gd_arch.config. The second generation has batch norm in the pyramid, two convolutions before
 * the proposals and four, with batch norm, before the boxes. */
enum { STAGES = 0, BOTTLENECK = 4, SECOND = 5 };

/* A network up to its pyramid: what both stages are told, and the maps. */
typedef struct trunk {
    gd_rpn_args rpn;
    gd_roi_args roi;
    int         feature[GD_LEVELS_MAX];
} trunk;

typedef void (*trunk_of)(gd_net *n, const gd_arch *arch, int image, trunk *t);

static void resnet(gd_net *n, const gd_arch *arch, int image, trunk *t) {
    const bool second = arch->config[SECOND] != 0;
    int        stage[4];
    t->rpn = (gd_rpn_args){.n_level = LEVELS + 1,
                           .n_size = 1,
                           .size = {{32}, {64}, {128}, {256}, {512}},
                           .ratio = {0.5f, 1, 2},
                           .conv_depth = second ? 2 : 0,
                           .pre_nms = 1000,
                           .post_nms = 1000,
                           .nms_iou = 0.7f};
    t->roi = (gd_roi_args){.n_level = LEVELS,
                           .scale = {1 / 4.0f, 1 / 8.0f, 1 / 16.0f, 1 / 32.0f},
                           .conv_depth = second ? 4 : 0};
    size_t mark = gd_net_enter(n, "backbone.body");
    gd_block_resnet(n, image, arch->config + STAGES, arch->config[BOTTLENECK] != 0, NULL,
                    stage);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "backbone.fpn");
    gd_block_fpn(n, LEVELS, stage, 256, second, t->feature);
    t->feature[LEVELS] = gd_net_max_pool(n, t->feature[LEVELS - 1], "extra_blocks", 1, 2, 0);
    gd_net_leave(n, mark);
}

/* config: proposals kept of each level, and of all after suppression. The pyramid stands on the
 * unit that halves last and on the last convolution, maps of one size. */
static void mobile(gd_net *n, const gd_arch *arch, int image, trunk *t) {
    enum { MAPS = 2, HALVES_LAST = 12 };
    int stage[GD_MOBILE_LARGE], map[MAPS];
    t->rpn = (gd_rpn_args){
        .n_level = MAPS + 1,
        .n_size = 5,
        .size = {{32, 64, 128, 256, 512}, {32, 64, 128, 256, 512}, {32, 64, 128, 256, 512}},
        .ratio = {0.5f, 1, 2},
        .pre_nms = arch->config[0],
        .post_nms = arch->config[0],
        .nms_iou = 0.7f,
        .min_score = 0.05f};
    /* Two maps of one scale are one level to torchvision, which takes the first. */
    t->roi = (gd_roi_args){.n_level = 1, .scale = {1 / 32.0f}};
    size_t mark = gd_net_enter(n, "backbone.body");
    map[1] = gd_block_mobilenet(n, image, gd_mobile_large, GD_MOBILE_LARGE, stage);
    map[0] = stage[HALVES_LAST];
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "backbone.fpn");
    gd_block_fpn(n, MAPS, map, 256, false, t->feature);
    t->feature[MAPS] = gd_net_max_pool(n, t->feature[MAPS - 1], "extra_blocks", 1, 2, 0);
    gd_net_leave(n, mark);
}

static void detect(gd_net *n, const gd_arch *arch, trunk_of of, const gd_net_options *opt,
                   int image, int geom) {
    trunk      t;
    gd_rpn_out found;
    of(n, arch, image, &t);
    size_t mark = gd_net_enter(n, "rpn");
    gd_block_rpn(n, &t.rpn, t.feature, image, geom, &found);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "roi_heads");
    gd_block_roi_heads(n, &t.roi, opt, t.feature, found.boxes, found.count, geom);
    gd_net_leave(n, mark);
}

/* All four losses have weight 1. There are 2000 proposals, whatever the network. */
static void learn(gd_net *n, const gd_arch *arch, trunk_of of, const gd_train_options *opt,
                  int image, int geom, const gd_truth_values *truth) {
    static const char *const name[] = {"objectness", "rpn_box_reg", "classifier", "box_reg"};
    trunk                    t;
    gd_rpn_out               found;
    of(n, arch, image, &t);
    t.rpn.pre_nms = t.rpn.post_nms = 2000;
    size_t mark = gd_net_enter(n, "rpn");
    gd_block_rpn(n, &t.rpn, t.feature, image, geom, &found);
    const gd_pair_of_losses first = gd_block_rpn_loss(n, &t.rpn, &found, opt, truth);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "roi_heads");
    const gd_pair_of_losses second =
        gd_block_roi_loss(n, &t.roi, opt, t.feature, found.boxes, found.count, truth);
    gd_net_leave(n, mark);
    gd_block_losses(n, 4, name,
                    (const int[]){first.classes, first.boxes, second.classes, second.boxes});
}

#define ON(body)                                                                          \
    static void build_##body(gd_net *n, const gd_arch *arch, const gd_net_options *opt,   \
                             int image, int geom) {                                       \
        detect(n, arch, body, opt, image, geom);                                          \
    }                                                                                     \
    static void train_##body(gd_net *n, const gd_arch *arch, const gd_train_options *opt, \
                             int image, int geom, const gd_truth_values *truth) {         \
        learn(n, arch, body, opt, image, geom, truth);                                    \
    }
ON(resnet)
ON(mobile)

static const gd_meta_pair recipe_800[] = {GD_RECIPE_PYRAMID("800", "1333", "100")};
static const gd_meta_pair recipe_320[] = {GD_RECIPE_PYRAMID("320", "640", "100")};

/* Keys since torchvision 0.13 are read as those of the published files. */
static const gd_key_rule rules[] = {
    {"backbone.fpn.inner_blocks.*.0.*", "backbone.fpn.inner_blocks.*.*"},
    {"backbone.fpn.layer_blocks.*.0.*", "backbone.fpn.layer_blocks.*.*"},
    {"rpn.head.conv.0.0.*", "rpn.head.conv.*"},
    {0}};

static const gd_key_sign signs[] = {{"backbone.fpn.inner_blocks.0.weight", {"bn_eps", "0"}},
                                    {0}};

#define FASTER_RCNN(net, body, rule, key_rules, key_signs, ...)                             \
    const gd_arch gd_arch_fasterrcnn_##net = {.name = "fasterrcnn_" #net,                   \
                                              .truth = "torchvision",                       \
                                              .task = GD_TASK_DETECT,                       \
                                              .n_class = 91,                                \
                                              .n_background = 1,                            \
                                              .names = "coco90",                            \
                                              .recipe = rule,                               \
                                              .rules = key_rules,                           \
                                              .signs = key_signs,                           \
                                              .config = (const int[]){__VA_ARGS__},         \
                                              .build = build_##body,                        \
                                              .train = train_##body,                        \
                                              .class_key =                                  \
                                                  "roi_heads.box_predictor.cls_score.bias", \
                                              .nominal_h = 224,                             \
                                              .nominal_w = 224}
FASTER_RCNN(resnet18_fpn, resnet, recipe_800, rules, signs, 2, 2, 2, 2, 0, 0);
FASTER_RCNN(resnet34_fpn, resnet, recipe_800, rules, signs, 3, 4, 6, 3, 0, 0);
FASTER_RCNN(resnet50_fpn, resnet, recipe_800, rules, signs, 3, 4, 6, 3, 1, 0);
FASTER_RCNN(resnet101_fpn, resnet, recipe_800, rules, signs, 3, 4, 23, 3, 1, 0);
FASTER_RCNN(resnet152_fpn, resnet, recipe_800, rules, signs, 3, 8, 36, 3, 1, 0);
FASTER_RCNN(resnet50_fpn_v2, resnet, recipe_800, NULL, NULL, 3, 4, 6, 3, 1, 1);
FASTER_RCNN(mobilenet_v3_large_fpn, mobile, recipe_800, rules, NULL, 1000);
FASTER_RCNN(mobilenet_v3_large_320_fpn, mobile, recipe_320, rules, NULL, 150);
