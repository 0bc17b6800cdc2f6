/* roi_heads.c -- the second stage of Faster R-CNN (Ren et al. 2015) over a feature pyramid.
 *
 *   proposals -> crops 7x7 of the level their size asks for -> box head -> scores, deltas
 *             -> decode, threshold, NMS by class */
#include <math.h>
#include <stdio.h>

#include "kernels/box_decode/box_decode.h"
#include "kernels/fpn_level/fpn_level.h"
#include "kernels/roi_align/roi_align.h"
#include "layers/blocks/blocks.h"

enum { ROI = 7 };

/* Crops of every proposal from the level its size asks for: [B*n, 7, 7, C]. */
static int crop(gd_net *n, const gd_roi_args *a, const int *feature, int boxes, int count) {
    const gd_fpn_level level = {.k_min = -ilogbf(a->scale[0]),
                                .k_max = -ilogbf(a->scale[a->n_level - 1]),
                                .canonical_scale = 224,
                                .canonical_level = 4,
                                .eps = 1e-6f};
    gd_roi_align align = {.out_h = ROI, .out_w = ROI, .sampling = 2, .n_scale = a->n_level};
    const size_t mark = gd_net_enter(n, "box_roi_pool");
    int          in[3 + GD_LEVELS_MAX] = {boxes, count};
    const size_t inner = gd_net_enter(n, "level"); /* the module's own name is for the crops */
    in[2] = gd_net_op(n, "fpn_level", &level, 1, &boxes, NULL);
    gd_net_leave(n, inner);
    for (int i = 0; i < a->n_level; i++) {
        in[3 + i] = feature[i];
        align.scale[i] = a->scale[i];
    }
    const int y = gd_net_op(n, "roi_align", &align, 3 + a->n_level, in, NULL);
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
    const int     decoded =
        gd_net_op(n, "box_decode", &decode, 4, (const int[]){deltas, boxes, -1, geom}, NULL);
    const gd_class_boxes candidates = {.min_score = opt->conf,
                                       .min_size = 1e-2f,
                                       .background = 0,
                                       .capacity =
                                           (int32_t)(rois * most_classes(opt->conf, K - 1))};
    gd_block_select(n, &candidates, opt, scores, decoded, count, geom);
}

/* torchvision's TwoMLPHead, or its FastRCNNConvFCHead: [B*n, 1024]. */
static int box_head(gd_net *n, int x, int depth) {
    const size_t       mark = gd_net_enter(n, "box_head");
    const gd_conv_args conv = {.k = (int)gd_net_dim(n, x, 3), .size = 3, .pad = 1};
    char               name[2][16];
    if (!depth) {
        x = gd_net_unary(n, "relu6", "relu", gd_net_linear(n, x, "fc6", 1024, true, false));
        x = gd_net_unary(n, "relu7", "relu", gd_net_linear(n, x, "fc7", 1024, false, false));
    } else {
        for (int i = 0; i < depth; i++) {
            const size_t inner = gd_net_enter(n, "%d", i);
            x = gd_block_conv_bn(n, x, "0", "1", &conv, "2", "relu");
            gd_net_leave(n, inner);
        }
        /* Module `depth` flattens. */
        for (int i = 0; i < 2; i++) snprintf(name[i], sizeof name[i], "%d", depth + 1 + i);
        x = gd_net_linear(n, x, name[0], 1024, true, false);
        x = gd_net_unary(n, name[1], "relu", x);
    }
    gd_net_leave(n, mark);
    return x;
}

void gd_block_box_head(gd_net *n, const gd_roi_args *a, const int *feature, int boxes,
                       int count, int *logits, int *deltas) {
    const int    x = box_head(n, crop(n, a, feature, boxes, count), a->conv_depth);
    const size_t mark = gd_net_enter(n, "box_predictor");
    *logits = gd_net_linear(n, x, "cls_score", n->n_class, false, true);
    *deltas = gd_net_linear(n, x, "bbox_pred", 4 * n->n_class, false, true);
    const int64_t K = gd_net_dim(n, *logits, 1);
    if (gd_net_dim(n, *deltas, 1) != 4 * K)
        gd_net_fail(n, GD_ERR_SHAPE,
                    "cls_score has %lld outputs, bbox_pred %lld, not 4 for each", (long long)K,
                    (long long)gd_net_dim(n, *deltas, 1));
    gd_net_leave(n, mark);
}

void gd_block_roi_heads(gd_net *n, const gd_roi_args *a, const gd_net_options *opt,
                        const int *feature, int boxes, int count, int geom) {
    int logits, deltas;
    gd_block_box_head(n, a, feature, boxes, count, &logits, &deltas);
    const int64_t B = gd_net_dim(n, boxes, 0), rois = gd_net_dim(n, boxes, 1);
    const int64_t K = gd_net_dim(n, logits, 1);
    const int     scores = gd_net_unary(n, "softmax", "softmax", logits);
    select(n, opt, gd_net_reshape(n, scores, 3, (const int64_t[]){B, rois, K}),
           gd_net_reshape(n, deltas, 3, (const int64_t[]){B, rois, 4 * K}), boxes, count, geom);
}
