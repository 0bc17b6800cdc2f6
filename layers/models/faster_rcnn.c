/* faster_rcnn.c -- Faster R-CNN with a ResNet and a feature pyramid, torchvision's v1
 * semantics. */
#include <math.h>

#include "kernels/box_decode/box_decode.h"
#include "kernels/box_restore/box_restore.h"
#include "kernels/class_boxes/class_boxes.h"
#include "kernels/fpn_level/fpn_level.h"
#include "kernels/nms/nms.h"
#include "kernels/roi_align/roi_align.h"
#include "layers/blocks/blocks.h"

enum { LEVELS = 4, ROI = 7 };

/* Crops of every proposal from the level its size asks for: [B*n, 7, 7, C]. */
static int crop(gd_net *n, const int *feature, int boxes, int count) {
    const gd_fpn_level level = {
        .k_min = 2, .k_max = 5, .canonical_scale = 224, .canonical_level = 4, .eps = 1e-6f};
    const gd_roi_align align = {.out_h = ROI,
                                .out_w = ROI,
                                .sampling = 2,
                                .n_scale = LEVELS,
                                .scale = {1 / 4.0f, 1 / 8.0f, 1 / 16.0f, 1 / 32.0f}};
    const size_t       mark = gd_net_enter(n, "box_roi_pool");
    int                in[3 + LEVELS] = {boxes, count};
    const size_t inner = gd_net_enter(n, "level"); /* the module's own name is for the crops */
    in[2] = gd_net_op(n, "fpn_level", &level, 1, &boxes, NULL);
    gd_net_leave(n, inner);
    for (int i = 0; i < LEVELS; i++) in[3 + i] = feature[i];
    const int y = gd_net_op(n, "roi_align", &align, 3 + LEVELS, in, NULL);
    gd_net_leave(n, mark);
    return y;
}

/* Most class scores of one box that can exceed `conf` at once: they sum to one. */
static int64_t most_classes(float conf, int64_t n_class) {
    if (!(conf > 0)) return n_class;
    const double most = floor(1.0 / (double)conf);
    return most < (double)n_class ? (int64_t)most : n_class;
}

/* Scores [B, n, K] and deltas [B, n, 4K] to detections: decode, threshold, NMS by class. */
static void select(gd_net *n, const gd_net_options *opt, int scores, int deltas, int boxes,
                   int count, int geom) {
    const gd_box_decode decode = {
        .weights = {10, 10, 5, 5}, .max_log = (float)log(1000.0 / 16.0), .clip = 1};
    const int64_t rois = gd_net_dim(n, scores, 1), K = gd_net_dim(n, scores, 2);
    int           c[6] = {-1, -1, -1, -1, -1, -1}, kept[4] = {-1, -1, -1, -1}, picked[3];
    const int     decoded =
        gd_net_op(n, "box_decode", &decode, 4, (const int[]){deltas, boxes, -1, geom}, NULL);
    const gd_class_boxes candidates = {.min_score = opt->conf,
                                       .min_size = 1e-2f,
                                       .background = 0,
                                       .capacity =
                                           (int32_t)(rois * most_classes(opt->conf, K - 1))};
    gd_net_op(n, "class_boxes", &candidates, 3, (const int[]){scores, decoded, count}, c);
    const gd_nms nms = {
        .iou = opt->iou, .min_score = -1, .max_out = gd_block_max_out(n, c[0], opt->max_det)};
    gd_net_op(n, "nms", &nms, 4, (const int[]){c[0], c[1], opt->agnostic_nms ? -1 : c[2], c[3]},
              kept);
    gd_net_op(n, "gather_boxes", NULL, 5, (const int[]){c[0], c[1], c[2], kept[0], kept[1]},
              picked);
    gd_block_detections(n,
                        (const int[]){picked[0], picked[1], picked[2], kept[1], c[5], kept[3]},
                        geom, GD_RESTORE_RATIO, false);
}

static void box_head(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int crops,
                     int boxes, int count, int geom) {
    size_t mark = gd_net_enter(n, "box_head");
    int x = gd_net_unary(n, "relu6", "relu", gd_net_linear(n, crops, "fc6", 1024, true, false));
    x = gd_net_unary(n, "relu7", "relu", gd_net_linear(n, x, "fc7", 1024, false, false));
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "box_predictor");
    const int     logits = gd_net_linear(n, x, "cls_score", n->n_class, false, true);
    const int     deltas = gd_net_linear(n, x, "bbox_pred", 4 * n->n_class, false, true);
    const int64_t B = gd_net_dim(n, boxes, 0), rois = gd_net_dim(n, boxes, 1);
    const int64_t K = gd_net_dim(n, logits, 1);
    if (gd_net_dim(n, deltas, 1) != 4 * K)
        gd_net_fail(n, GD_ERR_SHAPE,
                    "cls_score has %lld outputs, bbox_pred %lld, not 4 for each", (long long)K,
                    (long long)gd_net_dim(n, deltas, 1));
    gd_net_leave(n, mark);
    (void)arch;
    const int scores = gd_net_unary(n, "softmax", "softmax", logits);
    select(n, opt, gd_net_reshape(n, scores, 3, (const int64_t[]){B, rois, K}),
           gd_net_reshape(n, deltas, 3, (const int64_t[]){B, rois, 4 * K}), boxes, count, geom);
}

/* config: blocks of the four stages, then 1 for bottlenecks. */
static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    static const gd_rpn_args rpn = {.n_level = LEVELS + 1,
                                    .size = {32, 64, 128, 256, 512},
                                    .ratio = {0.5f, 1, 2},
                                    .pre_nms = 1000,
                                    .post_nms = 1000,
                                    .nms_iou = 0.7f};
    int                      stage[4], feature[LEVELS + 1], boxes, count;
    size_t                   mark = gd_net_enter(n, "backbone.body");
    gd_block_resnet(n, image, arch->config, arch->config[4] != 0, NULL, stage);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "backbone.fpn");
    gd_block_fpn(n, LEVELS, stage, 256, feature);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "rpn");
    gd_block_rpn(n, &rpn, feature, image, geom, &boxes, &count);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "roi_heads");
    box_head(n, arch, opt, crop(n, feature, boxes, count), boxes, count, geom);
    gd_net_leave(n, mark);
}

static const gd_meta_pair recipe[] = {{"input.rule", "shortest_edge"},
                                      {"input.short", "800"},
                                      {"input.long", "1333"},
                                      {"input.multiple", "32"},
                                      {"input.filter", "torch_bilinear"},
                                      {"input.order", "rgb"},
                                      {"input.scale", "0.00392156862745098"},
                                      {"input.mean", "0.485,0.456,0.406"},
                                      {"input.std", "0.229,0.224,0.225"},
                                      {"input.pad", "0,0,0"},
                                      {"post.conf", "0.05"},
                                      {"post.iou", "0.5"},
                                      {"post.max_det", "100"},
                                      {"bn_eps", "1e-05"},
                                      {0}};

/* Keys since torchvision 0.13 are read as those of the published files. */
static const gd_key_rule rules[] = {
    {"backbone.fpn.inner_blocks.*.0.*", "backbone.fpn.inner_blocks.*.*"},
    {"backbone.fpn.layer_blocks.*.0.*", "backbone.fpn.layer_blocks.*.*"},
    {"rpn.head.conv.0.0.*", "rpn.head.conv.*"},
    {0}};

static const gd_key_sign signs[] = {{"backbone.fpn.inner_blocks.0.weight", {"bn_eps", "0"}},
                                    {0}};

#define FASTER_RCNN(depth, ...)                                \
    const gd_arch gd_arch_fasterrcnn_resnet##depth##_fpn = {   \
        .name = "fasterrcnn_resnet" #depth "_fpn",             \
        .truth = "torchvision",                                \
        .task = GD_TASK_DETECT,                                \
        .n_class = 91,                                         \
        .n_background = 1,                                     \
        .names = "coco90",                                     \
        .recipe = recipe,                                      \
        .rules = rules,                                        \
        .signs = signs,                                        \
        .config = (const int[]){__VA_ARGS__},                  \
        .build = build,                                        \
        .class_key = "roi_heads.box_predictor.cls_score.bias", \
        .nominal_h = 224,                                      \
        .nominal_w = 224}
FASTER_RCNN(18, 2, 2, 2, 2, 0);
FASTER_RCNN(34, 3, 4, 6, 3, 0);
FASTER_RCNN(50, 3, 4, 6, 3, 1);
FASTER_RCNN(101, 3, 4, 23, 3, 1);
FASTER_RCNN(152, 3, 8, 36, 3, 1);
