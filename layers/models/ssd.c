/* ssd.c -- the Single Shot Detector (Liu et al. 2016), torchvision's semantics.
 *
 *   maps of six sizes -> class scores and box deltas of every default box
 *   softmax; of each class the best `per_class` above the confidence; suppression by class */
#include <math.h>

#include "kernels/box_decode/box_decode.h"
#include "kernels/box_encode/box_encode.h"
#include "kernels/hard_negatives/hard_negatives.h"
#include "kernels/l2_norm/l2_norm.h"
#include "kernels/loss_l1/loss_l1.h"
#include "kernels/loss_softmax/loss_softmax.h"
#include "kernels/match/match.h"
#include "kernels/match_labels/match_labels.h"
#include "kernels/pool/pool.h"
#include "layers/blocks/blocks.h"
#include "layers/blocks/default_boxes.h"
#include "layers/blocks/losses.h"
#include "layers/blocks/mobilenet_v3.h"

enum { LEVELS = GD_SSD_LEVELS };

/* What one network has of its own. */
typedef struct variant {
    gd_default_boxes boxes;
    int              per_class;
    /* k outputs for every cell of a map, by the prediction module so named. */
    int (*predict)(gd_net *n, int x, const char *module, int k, bool class_head);
} variant;

/* One head on all maps: [B, boxes, each]. */
static int head(gd_net *n, const variant *v, const char *module, const int *map, int each,
                bool class_head) {
    const size_t mark = gd_net_enter(n, "head.%s.module_list", module);
    int          out[LEVELS];
    for (int i = 0; i < LEVELS; i++) {
        const int     boxes = gd_block_default_count(&v->boxes, i);
        const char    name[2] = {(char)('0' + i), '\0'};
        const int     y = v->predict(n, map[i], name, boxes * each, class_head);
        const int64_t cells = gd_net_dim(n, y, 1) * gd_net_dim(n, y, 2);
        if (gd_net_ok(n) && gd_net_dim(n, y, 3) != (int64_t)boxes * each)
            gd_net_fail(n, GD_ERR_SHAPE, "%s: %lld outputs, wanted %d for each of %d boxes",
                        name, (long long)gd_net_dim(n, y, 3), each, boxes);
        out[i] = gd_net_reshape(n, y, 3,
                                (const int64_t[]){gd_net_dim(n, y, 0), cells * boxes, each});
    }
    const int all = gd_net_concat(n, 1, LEVELS, out);
    gd_net_leave(n, mark);
    return all;
}

/* What the maps say of every default box. */
typedef struct outputs {
    int logits, deltas; /* [B, boxes, classes], [B, boxes, 4] */
    int boxes;          /* [boxes, 4] */
} outputs;

static outputs heads(gd_net *n, const variant *v, const int *map, int image) {
    outputs o;
    o.logits = head(n, v, "classification_head", map, n->n_class, true);
    o.deltas = head(n, v, "regression_head", map, 4, false);
    o.boxes = gd_block_default_boxes(n, &v->boxes, map, image);
    return o;
}

static void detect(gd_net *n, const variant *v, const gd_net_options *opt, const int *map,
                   int image, int geom) {
    const gd_box_decode decode = {
        .weights = {10, 10, 5, 5}, .max_log = (float)log(1000.0 / 16.0), .clip = 1};
    const outputs        o = heads(n, v, map, image);
    const int            scores = gd_net_unary(n, "softmax", "softmax", o.logits);
    const int            decoded = gd_net_op(n, "box_decode", &decode, 4,
                                             (const int[]){o.deltas, o.boxes, -1, geom}, NULL);
    const int64_t        rows = gd_net_dim(n, scores, 1);
    const int64_t        most = rows < v->per_class ? rows : v->per_class;
    const gd_class_boxes candidates = {.min_score = opt->conf,
                                       .background = 0,
                                       .capacity = (int32_t)(most * (n->n_class - 1)),
                                       .per_class = v->per_class};
    gd_block_select(n, &candidates, opt, scores, decoded, -1, geom);
}

/* The multibox loss: cross-entropy of the boxes that match and of three times as many that do
 * not, smooth L1 of those that match; both divided by the number of matches in the batch. */
static void learn(gd_net *n, const variant *v, const int *map, int image,
                  const gd_truth_values *truth) {
    static const char *const       name[] = {"bbox_regression", "classification"};
    const gd_match                 rule = {.high = 0.5f, .low = 0.5f, .claim = 1};
    const gd_match_labels          labels = {.first = 1, .background = 0};
    const gd_hard_negatives        hard = {.ratio = 3, .background = 0};
    const gd_box_encode            encode = {.weights = {10, 10, 5, 5}};
    const gd_loss                  each = {.factor = 1, .min_norm = 1};
    const gd_softmax_cross_entropy entropy = {.loss = each};
    const gd_smooth_l1             l1 = {.loss = each, .beta = 1};
    const outputs                  o = heads(n, v, map, image);
    const size_t                   mark = gd_net_enter(n, "loss");
    int                            t[5] = {-1, -1, -1, -1, -1}, loss[2];
    const int                      in[3] = {o.boxes, truth->boxes, truth->count};
    const int                      match = gd_net_op(n, "match", &rule, 3, in, NULL);
    gd_net_op(n, "match_labels", &labels, 2, (const int[]){match, truth->labels}, t);
    const int weight =
        gd_net_op(n, "hard_negatives", &hard, 2, (const int[]){o.logits, match}, NULL);
    const int target = gd_net_op(n, "box_encode", &encode, 3,
                                 (const int[]){truth->boxes, match, o.boxes}, NULL);
    /* t[0]: classes; t[4]: how many match. */
    loss[0] =
        gd_net_op(n, "smooth_l1", &l1, 4, (const int[]){o.deltas, target, match, t[4]}, NULL);
    loss[1] = gd_net_op(n, "softmax_cross_entropy", &entropy, 4,
                        (const int[]){o.logits, t[0], weight, t[4]}, NULL);
    gd_net_leave(n, mark);
    gd_block_losses(n, 2, name, loss);
}

/* ---- SSD300 on VGG-16 -------------------------------------------------------------------- */

static int conv_relu(gd_net *n, int x, const char *conv, const char *relu,
                     const gd_conv_args *a) {
    return gd_net_unary(n, relu, "relu", gd_net_conv(n, x, conv, a));
}

/* conv4_3 at unit length, times what was learnt for each channel. */
static int rescale(gd_net *n, int x) {
    const gd_l2_norm a = {.eps = 1e-12f};
    const int64_t    channels = gd_net_dim(n, x, 3);
    const int    in[2] = {x, gd_net_weight(n, "scale_weight", GD_WEIGHT_VECTOR, 1, &channels)};
    const size_t mark = gd_net_enter(n, "rescale");
    const int    y = gd_net_op(n, "l2_norm", &a, 2, in, NULL);
    gd_net_leave(n, mark);
    return y;
}

/* conv5 and the two layers that were VGG's first linear ones, with a window of 3 and holes. */
static int extra_0(gd_net *n, int x) {
    static const int   conv5[] = {GD_VGG_POOL, 512, 512, 512, 0};
    const gd_conv_args fc6 = {.k = 1024, .size = 3, .pad = 6, .dilation = 6, .bias = true};
    const gd_conv_args fc7 = {.k = 1024, .size = 1, .bias = true};
    const size_t       mark = gd_net_enter(n, "extra.0");
    x = gd_block_vgg(n, x, conv5, false);
    const size_t inner = gd_net_enter(n, "7");
    x = gd_net_max_pool(n, x, "0", 3, 1, 1);
    x = conv_relu(n, x, "1", "2", &fc6);
    x = conv_relu(n, x, "3", "4", &fc7);
    gd_net_leave(n, inner);
    gd_net_leave(n, mark);
    return x;
}

/* Maps of 38, 19, 10, 5, 3 and 1 cells a side for 300 pixels. */
static void vgg_maps(gd_net *n, int image, int *map) {
    static const int features[] = {64,  64,  GD_VGG_POOL,      128, 128, GD_VGG_POOL, 256,
                                   256, 256, GD_VGG_POOL_CEIL, 512, 512, 512,         0};
    static const int width[LEVELS] = {0, 0, 512, 256, 256, 256};
    size_t           mark = gd_net_enter(n, "features");
    int              x = gd_block_vgg(n, image, features, false);
    gd_net_leave(n, mark);
    map[0] = rescale(n, x);
    map[1] = x = extra_0(n, x);
    for (int i = 2; i < LEVELS; i++) {
        const bool         halves = i < 4;
        const gd_conv_args a = {.k = width[i] / 2, .size = 1, .bias = true};
        const gd_conv_args b = {
            .k = width[i], .size = 3, .stride = halves ? 2 : 1, .pad = halves, .bias = true};
        mark = gd_net_enter(n, "extra.%d", i - 1);
        map[i] = x = conv_relu(n, conv_relu(n, x, "0", "1", &a), "2", "3", &b);
        gd_net_leave(n, mark);
    }
}

static int predict_3x3(gd_net *n, int x, const char *module, int k, bool class_head) {
    const gd_conv_args a = {
        .k = k, .size = 3, .pad = 1, .bias = true, .class_head = class_head};
    return gd_net_conv(n, x, module, &a);
}

static const variant ssd300 = {.boxes = {.n_level = LEVELS,
                                         .scale = {0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05},
                                         .ratio = {{2}, {2, 3}, {2, 3}, {2, 3}, {2}, {2}},
                                         .step = {8, 16, 32, 64, 100, 300}},
                               .per_class = 400,
                               .predict = predict_3x3};

static void maps_ssd300(gd_net *n, int image, int *map) {
    const size_t mark = gd_net_enter(n, "backbone");
    vgg_maps(n, image, map);
    gd_net_leave(n, mark);
}

static void build_ssd300(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                         int geom) {
    int map[LEVELS];
    (void)arch;
    maps_ssd300(n, image, map);
    detect(n, &ssd300, opt, map, image, geom);
}

static void train_ssd300(gd_net *n, const gd_arch *arch, const gd_train_options *opt, int image,
                         int geom, const gd_truth_values *truth) {
    int map[LEVELS];
    (void)arch;
    (void)opt;
    (void)geom;
    maps_ssd300(n, image, map);
    learn(n, &ssd300, map, image, truth);
}

static const gd_meta_pair recipe_ssd300[] = {{"input.rule", "stretch"},
                                             {"input.size", "300x300"},
                                             {"input.filter", "torch_bilinear"},
                                             {"input.order", "rgb"},
                                             {"input.scale", "0.00392156862745098"},
                                             {"input.mean", "0.48235,0.45882,0.40784"},
                                             {"input.std", "0.00392156862745098,"
                                                           "0.00392156862745098,"
                                                           "0.00392156862745098"},
                                             {"post.conf", "0.01"},
                                             {"post.iou", "0.45"},
                                             {"post.max_det", "200"},
                                             {"bn_eps", "1e-05"},
                                             {0}};

const gd_arch gd_arch_ssd300_vgg16 = {.name = "ssd300_vgg16",
                                      .truth = "torchvision",
                                      .task = GD_TASK_DETECT,
                                      .n_class = 91,
                                      .n_background = 1,
                                      .names = "coco90",
                                      .recipe = recipe_ssd300,
                                      .build = build_ssd300,
                                      .train = train_ssd300,
                                      .class_key =
                                          "head.classification_head.module_list.0.bias",
                                      .class_per = 4,
                                      .nominal_h = 300,
                                      .nominal_w = 300};

/* ---- SSDlite320 on MobileNetV3-Large ----------------------------------------------------- */

/* The last three units at half their width (table 6 of the MobileNetV3 paper). */
static const gd_mobile_unit reduced[3] = {{5, 112, 672, 80, true, true, 2},
                                          {5, 80, 480, 80, true, true, 1},
                                          {5, 80, 480, 80, true, true, 1}};

/* 1x1 to half the width, depthwise of stride 2, 1x1. */
static int extra_lite(gd_net *n, int x, int width) {
    const gd_conv_args in = {.k = width / 2, .size = 1}, out = {.k = width, .size = 1};
    const gd_conv_args depth = {.size = 3, .stride = 2, .depthwise = true};
    x = gd_block_conv_norm(n, x, "0", &in, "relu6");
    x = gd_block_conv_norm(n, x, "1", &depth, "relu6");
    return gd_block_conv_norm(n, x, "2", &out, "relu6");
}

/* Maps of 20, 10, 5, 3, 2 and 1 cells a side for 320 pixels. The trunk is torchvision's, cut
 * inside the unit that halves last: its wide half is the end of features.0. */
static void mobile_maps(gd_net *n, int image, int *map) {
    enum { BEFORE = GD_MOBILE_LARGE - 3 };
    static const int   width[LEVELS] = {0, 0, 512, 256, 256, 128};
    const gd_conv_args stem = {.k = GD_MOBILE_STEM, .size = 3, .stride = 2};
    const gd_conv_args last = {.k = 6 * reduced[2].out, .size = 1};
    size_t             mark = gd_net_enter(n, "features.0"), inner;
    int                x = gd_block_conv_norm(n, image, "0", &stem, "hardswish");
    for (int i = 0; i < BEFORE; i++) {
        inner = gd_net_enter(n, "%d", i + 1);
        x = gd_block_mobile(n, x, &gd_mobile_large[i]);
        gd_net_leave(n, inner);
    }
    map[0] = gd_block_mobile_expand(n, x, &reduced[0], "13");
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "features.1");
    inner = gd_net_enter(n, "0");
    x = gd_block_mobile_rest(n, map[0], &reduced[0]);
    gd_net_leave(n, inner);
    for (int i = 1; i < 3; i++) {
        inner = gd_net_enter(n, "%d", i);
        x = gd_block_mobile(n, x, &reduced[i]);
        gd_net_leave(n, inner);
    }
    map[1] = x = gd_block_conv_norm(n, x, "3", &last, "hardswish");
    gd_net_leave(n, mark);
    for (int i = 2; i < LEVELS; i++) {
        mark = gd_net_enter(n, "extra.%d", i - 2);
        map[i] = x = extra_lite(n, x, width[i]);
        gd_net_leave(n, mark);
    }
}

/* Depthwise 3x3 and 1x1 for a 3x3. */
static int predict_lite(gd_net *n, int x, const char *module, int k, bool class_head) {
    const gd_conv_args depth = {.size = 3, .depthwise = true};
    const gd_conv_args point = {.k = k, .size = 1, .bias = true, .class_head = class_head};
    const size_t       mark = gd_net_enter(n, "%s", module);
    x = gd_net_conv(n, gd_block_conv_norm(n, x, "0", &depth, "relu6"), "1", &point);
    gd_net_leave(n, mark);
    return x;
}

static void build_ssdlite(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                          int geom) {
    static const variant ssdlite = {
        .boxes = {.n_level = LEVELS,
                  .scale = {0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1},
                  .ratio = {{2, 3}, {2, 3}, {2, 3}, {2, 3}, {2, 3}, {2, 3}}},
        .per_class = 300,
        .predict = predict_lite};
    int          map[LEVELS];
    const size_t mark = gd_net_enter(n, "backbone");
    (void)arch;
    mobile_maps(n, image, map);
    gd_net_leave(n, mark);
    detect(n, &ssdlite, opt, map, image, geom);
}

static const gd_meta_pair recipe_ssdlite[] = {{"input.rule", "stretch"},
                                              {"input.size", "320x320"},
                                              {"input.filter", "torch_bilinear"},
                                              {"input.order", "rgb"},
                                              {"input.scale", "0.00392156862745098"},
                                              {"input.mean", "0.5,0.5,0.5"},
                                              {"input.std", "0.5,0.5,0.5"},
                                              {"post.conf", "0.001"},
                                              {"post.iou", "0.55"},
                                              {"post.max_det", "300"},
                                              {"bn_eps", "0.001"},
                                              {0}};

const gd_arch gd_arch_ssdlite320_mobilenet_v3_large = {
    .name = "ssdlite320_mobilenet_v3_large",
    .truth = "torchvision",
    .task = GD_TASK_DETECT,
    .n_class = 91,
    .n_background = 1,
    .names = "coco90",
    .recipe = recipe_ssdlite,
    .build = build_ssdlite,
    .class_key = "head.classification_head.module_list.0.1.bias",
    .class_per = 6,
    .nominal_h = 320,
    .nominal_w = 320};
