/* retinanet.c -- RetinaNet (Lin et al. 2017) with a ResNet-50 and a feature pyramid,
 * torchvision's semantics.
 *
 *   layer2 .. layer4 -> p3 p4 p5, and p6, p7 by convolutions of stride 2
 *   each level: four convolutions -> a logit for each anchor and class
 *               four convolutions -> four deltas for each anchor
 *   best 1000 of each level above the threshold -> decode, clip -> NMS by class */
#include <math.h>

#include "kernels/anchors/anchors.h"
#include "kernels/box_decode/box_decode.h"
#include "kernels/box_encode/box_encode.h"
#include "kernels/box_restore/box_restore.h"
#include "kernels/class_top/class_top.h"
#include "kernels/group_norm/group_norm.h"
#include "kernels/loss_l1/loss_l1.h"
#include "kernels/loss_sigmoid/loss_sigmoid.h"
#include "kernels/match/match.h"
#include "kernels/match_labels/match_labels.h"
#include "kernels/nms/nms.h"
#include "layers/blocks/losses.h"
#include "layers/models/recipes.h"

enum {
    LEVELS = 5,
    SIZES = 3,
    RATIOS = 3,
    ANCHORS = SIZES * RATIOS,
    DEPTH = 4,
    CANDIDATES = 1000
};

/* gd_arch.config. The second generation makes p6 of layer4 and not of p5, and has group norm in
 * the heads. */
enum { STAGES = 0, SECOND = 4 };

static int extra(gd_net *n, int x, const char *name) {
    const gd_conv_args a = {.k = 256, .size = 3, .stride = 2, .pad = 1, .bias = true};
    return gd_net_conv(n, x, name, &a);
}

static int group_norm(gd_net *n, int x, const char *name) {
    const gd_group_norm a = {.groups = 32, .eps = 1e-5f};
    const int64_t       k = gd_net_dim(n, x, 3);
    const size_t        mark = gd_net_enter(n, "%s", name);
    const int           in[3] = {x, gd_net_weight(n, "weight", GD_WEIGHT_VECTOR, 1, &k),
                                 gd_net_weight(n, "bias", GD_WEIGHT_VECTOR, 1, &k)};
    x = gd_net_op(n, "group_norm", &a, 3, in, NULL);
    gd_net_leave(n, mark);
    return x;
}

/* Five maps at strides 8 to 128 into level[]. */
static void pyramid(gd_net *n, const int stage[4], bool second, int level[LEVELS]) {
    const size_t mark = gd_net_enter(n, "backbone.fpn");
    gd_block_fpn(n, 3, stage + 1, 256, false, level);
    const size_t inner = gd_net_enter(n, "extra_blocks");
    level[3] = extra(n, second ? stage[3] : level[2], "p6");
    level[4] = extra(n, gd_net_unary(n, "relu", "relu", level[3]), "p7");
    gd_net_leave(n, inner);
    gd_net_leave(n, mark);
}

/* One of the two heads on one map. */
static int head(gd_net *n, int x, bool second, const char *name, const char *last,
                const gd_conv_args *out) {
    const size_t mark = gd_net_enter(n, "%s", name);
    for (int i = 0; i < DEPTH; i++) {
        const gd_conv_args a = {
            .k = (int)gd_net_dim(n, x, 3), .size = 3, .pad = 1, .bias = !second};
        const size_t inner = gd_net_enter(n, "conv.%d", i);
        x = gd_net_conv(n, x, "0", &a);
        if (second) x = group_norm(n, x, "1");
        x = gd_net_unary(n, second ? "2" : "1", "relu", x);
        gd_net_leave(n, inner);
    }
    x = gd_net_conv(n, x, last, out);
    gd_net_leave(n, mark);
    return x;
}

/* Deltas of one level as [B, H*W*9, 4], and its anchors [H*W*9, 4]. */
static void boxes_of(gd_net *n, int level, int image, int feature, int *deltas, int *anchors) {
    const double  side = 32 << level;
    const int64_t B = gd_net_dim(n, feature, 0), H = gd_net_dim(n, feature, 1),
                  W = gd_net_dim(n, feature, 2);
    if (!gd_net_ok(n)) return;
    /* torchvision divides whole pixels, and cuts sizes to whole ones. */
    const gd_anchors a = {.stride_h = (int32_t)(gd_net_dim(n, image, 1) / H),
                          .stride_w = (int32_t)(gd_net_dim(n, image, 2) / W),
                          .n_size = SIZES,
                          .size = {(float)side, truncf((float)(side * pow(2, 1.0 / 3))),
                                   truncf((float)(side * pow(2, 2.0 / 3)))},
                          .n_ratio = RATIOS,
                          .ratio = {0.5f, 1, 2}};
    *deltas = gd_net_reshape(n, *deltas, 3, (const int64_t[]){B, H * W * ANCHORS, 4});
    *anchors = gd_net_op(n, "anchors", &a, 1, &feature, NULL);
}

/* Logits and deltas of all levels to detections. */
static void select(gd_net *n, const gd_net_options *opt, const int *logits, int deltas,
                   int anchors, int geom) {
    const gd_class_top top = {
        .k = CANDIDATES, .classes = n->n_class, .background = 0, .min_score = opt->conf};
    const gd_box_decode decode = {
        .weights = {1, 1, 1, 1}, .max_log = (float)log(1000.0 / 16.0), .clip = 1};
    int best[4] = {-1, -1, -1, -1}, kept[4] = {-1, -1, -1, -1}, picked[3];
    gd_net_op(n, "class_top", &top, LEVELS, logits, best);
    const int    boxes = gd_net_op(n, "box_decode", &decode, 4,
                                   (const int[]){deltas, anchors, best[1], geom}, NULL);
    const gd_nms nms = {.iou = opt->iou,
                        .min_score = opt->conf,
                        .strict_score = 1,
                        .max_out = gd_block_max_out(n, boxes, opt->max_det)};
    gd_net_op(n, "nms", &nms, opt->agnostic_nms ? 2 : 3, (const int[]){boxes, best[0], best[2]},
              kept);
    gd_net_op(n, "gather_boxes", NULL, 5,
              (const int[]){boxes, best[0], best[2], kept[0], kept[1]}, picked);
    gd_block_detections(
        n, (const int[]){picked[0], picked[1], picked[2], kept[1], best[3], kept[3]}, geom,
        GD_RESTORE_RATIO, false);
}

/* Up to the heads: of each level the logits [B, H, W, 9K], deltas [B, H*W*9, 4] and anchors
 * [H*W*9, 4]. */
typedef struct outputs {
    int logits[LEVELS], deltas[LEVELS], anchors[LEVELS];
} outputs;

static void forward(gd_net *n, const gd_arch *arch, int image, outputs *out) {
    const bool         second = arch->config[SECOND] != 0;
    const gd_conv_args cls = {
        .k = ANCHORS * n->n_class, .size = 3, .pad = 1, .bias = true, .class_head = true};
    const gd_conv_args reg = {.k = ANCHORS * 4, .size = 3, .pad = 1, .bias = true};
    int                stage[4], level[LEVELS];
    size_t             mark = gd_net_enter(n, "backbone.body");
    gd_block_resnet(n, image, arch->config + STAGES, true, NULL, stage);
    gd_net_leave(n, mark);
    pyramid(n, stage, second, level);
    mark = gd_net_enter(n, "head");
    for (int i = 0; i < LEVELS; i++) {
        out->logits[i] = head(n, level[i], second, "classification_head", "cls_logits", &cls);
        out->deltas[i] = head(n, level[i], second, "regression_head", "bbox_reg", &reg);
        out->anchors[i] = -1;
        if (gd_net_ok(n) && gd_net_dim(n, out->deltas[i], 3) != ANCHORS * 4)
            gd_net_fail(n, GD_ERR_SHAPE, "bbox_reg has %lld outputs, wanted %d",
                        (long long)gd_net_dim(n, out->deltas[i], 3), ANCHORS * 4);
        boxes_of(n, i, image, level[i], &out->deltas[i], &out->anchors[i]);
    }
    gd_net_leave(n, mark);
}

static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    outputs o;
    forward(n, arch, image, &o);
    select(n, opt, o.logits, gd_net_concat(n, 1, LEVELS, o.deltas),
           gd_net_concat(n, 0, LEVELS, o.anchors), geom);
}

/* Logits of one level with a row for each anchor. */
static int rows_of(gd_net *n, int logits) {
    const int64_t K = gd_net_dim(n, logits, 3) / ANCHORS;
    return gd_net_reshape(
        n, logits, 3,
        (const int64_t[]){gd_net_dim(n, logits, 0),
                          gd_net_dim(n, logits, 1) * gd_net_dim(n, logits, 2) * ANCHORS, K});
}

/* Focal loss of all anchors but those that match neither well nor badly, L1 of the deltas of
 * those that match; both divided by the matches of each picture, and by the pictures. */
static void train(gd_net *n, const gd_arch *arch, const gd_train_options *opt, int image,
                  int geom, const gd_truth_values *truth) {
    static const char *const name[] = {"classification", "bbox_regression"};
    const gd_match           rule = {.high = 0.5f, .low = 0.4f, .allow_low_quality = 1};
    const gd_match_labels    first = {.first = 1, .background = -1};
    const gd_box_encode      encode = {.weights = {1, 1, 1, 1}};
    const int64_t            B = gd_net_dim(n, image, 0);
    const gd_loss            each = {.factor = B ? 1 / (float)B : 1, .min_norm = 1};
    const gd_sigmoid_focal   focal = {.loss = each, .alpha = 0.25f, .gamma = 2};
    const gd_smooth_l1       l1 = {.loss = each, .beta = 0};
    outputs                  o;
    int                      label[5] = {-1, -1, -1, -1, -1}, loss[2];
    (void)opt;
    (void)geom;
    forward(n, arch, image, &o);
    const size_t mark = gd_net_enter(n, "head.loss");
    for (int i = 0; i < LEVELS; i++) o.logits[i] = rows_of(n, o.logits[i]);
    const int logits = gd_net_concat(n, 1, LEVELS, o.logits);
    const int deltas = gd_net_concat(n, 1, LEVELS, o.deltas);
    const int anchors = gd_net_concat(n, 0, LEVELS, o.anchors);
    const int match = gd_net_op(n, "match", &rule, 3,
                                (const int[]){anchors, truth->boxes, truth->count}, NULL);
    gd_net_op(n, "match_labels", &first, 2, (const int[]){match, truth->labels}, label);
    /* label: class, weight, positive */
    const int target = gd_net_op(n, "box_encode", &encode, 3,
                                 (const int[]){truth->boxes, match, anchors}, NULL);
    loss[0] = gd_net_op(n, "sigmoid_focal", &focal, 4,
                        (const int[]){logits, label[0], label[1], label[2]}, NULL);
    loss[1] = gd_net_op(n, "smooth_l1", &l1, 4,
                        (const int[]){deltas, target, label[2], label[2]}, NULL);
    gd_net_leave(n, mark);
    gd_block_losses(n, 2, name, loss);
}

static const gd_meta_pair recipe[] = {GD_RECIPE_PYRAMID("800", "1333", "300")};

/* Keys of the published files are read as those since torchvision 0.13, but for the pyramid,
 * whose blocks here bear the older names. */
#define OLD_CONV(old, new)                                              \
    {"head.*.conv." #old ".weight", "head.*.conv." #new ".0.weight"}, { \
        "head.*.conv." #old ".bias", "head.*.conv." #new ".0.bias"      \
    }
static const gd_key_rule rules[] = {
    {"backbone.fpn.inner_blocks.*.0.*", "backbone.fpn.inner_blocks.*.*"},
    {"backbone.fpn.layer_blocks.*.0.*", "backbone.fpn.layer_blocks.*.*"},
    OLD_CONV(0, 0),
    OLD_CONV(2, 1),
    OLD_CONV(4, 2),
    OLD_CONV(6, 3),
    {0}};

static const gd_key_sign signs[] = {{"head.classification_head.conv.0.weight", {"bn_eps", "0"}},
                                    {0}};

#define RETINANET(net, learn, key_rules, key_signs, ...)                                     \
    const gd_arch gd_arch_retinanet_##net = {.name = "retinanet_" #net,                      \
                                             .truth = "torchvision",                         \
                                             .task = GD_TASK_DETECT,                         \
                                             .n_class = 91,                                  \
                                             .n_background = 1,                              \
                                             .names = "coco90",                              \
                                             .recipe = recipe,                               \
                                             .rules = key_rules,                             \
                                             .signs = key_signs,                             \
                                             .config = (const int[]){__VA_ARGS__},           \
                                             .build = build,                                 \
                                             .train = learn,                                 \
                                             .class_key =                                    \
                                                 "head.classification_head.cls_logits.bias", \
                                             .class_per = ANCHORS,                           \
                                             .nominal_h = 224,                               \
                                             .nominal_w = 224}
RETINANET(resnet50_fpn, train, rules, signs, 3, 4, 6, 3, 0);
/* The second generation learns its boxes by their overlap, through the decoding. */
RETINANET(resnet50_fpn_v2, NULL, rules, NULL, 3, 4, 6, 3, 1);
