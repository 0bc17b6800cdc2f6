/* rpn.c -- region proposals (Ren et al. 2015), torchvision's order of operations.
 *
 *   per level: head conv + relu -> objectness [B,H,W,A], deltas [B,H,W,4A]
 *              top pre_nms by objectness -> decode against the anchors -> clip to the picture
 *   all:       sigmoid, drop boxes under 1e-3 pixels, NMS within each level, best post_nms */
#include <math.h>

#include "kernels/anchors/anchors.h"
#include "kernels/box_decode/box_decode.h"
#include "kernels/nms/nms.h"
#include "kernels/top_k/top_k.h"
#include "layers/blocks/blocks.h"

typedef struct level {
    int     boxes, scores; /* [B,k,4], [B,k] logits: the best of a level */
    int64_t k;
} level;

static int convolutions(gd_net *n, int x, int depth) {
    const gd_conv_args a = {.k = (int)gd_net_dim(n, x, 3), .size = 3, .pad = 1, .bias = true};
    if (!depth) return gd_net_unary(n, "relu", "relu", gd_net_conv(n, x, "conv", &a));
    for (int i = 0; i < depth; i++) {
        const size_t mark = gd_net_enter(n, "conv.%d", i);
        x = gd_net_unary(n, "1", "relu", gd_net_conv(n, x, "0", &a));
        gd_net_leave(n, mark);
    }
    return x;
}

/* The shared head on one map: logits [B, H*W*A] and deltas [B, H*W*A, 4]. */
static void head(gd_net *n, const gd_rpn_args *a, int feature, int *logits, int *deltas) {
    const int64_t      B = gd_net_dim(n, feature, 0);
    const int          each = 3 * a->n_size; /* anchors of one cell */
    const int64_t      rows = gd_net_dim(n, feature, 1) * gd_net_dim(n, feature, 2) * each;
    const gd_conv_args cls = {.k = each, .size = 1, .bias = true};
    const gd_conv_args box = {.k = 4 * each, .size = 1, .bias = true};
    const size_t       mark = gd_net_enter(n, "head");
    const int          h = convolutions(n, feature, a->conv_depth);
    *logits = gd_net_conv(n, h, "cls_logits", &cls);
    *deltas = gd_net_conv(n, h, "bbox_pred", &box);
    if (gd_net_dim(n, *logits, 3) * 4 != gd_net_dim(n, *deltas, 3))
        gd_net_fail(n, GD_ERR_SHAPE, "cls_logits and bbox_pred disagree on the anchors");
    *logits = gd_net_reshape(n, *logits, 2, (const int64_t[]){B, rows});
    *deltas = gd_net_reshape(n, *deltas, 3, (const int64_t[]){B, rows, 4});
    gd_net_leave(n, mark);
}

static level propose(gd_net *n, const gd_rpn_args *a, int i, int feature, int image, int geom,
                     gd_rpn_out *raw) {
    level         out = {-1, -1, 0};
    int           logits, deltas, best[3] = {-1, -1, -1};
    const int64_t H = gd_net_dim(n, feature, 1), W = gd_net_dim(n, feature, 2);
    head(n, a, feature, &logits, &deltas);
    raw->logits[i] = logits;
    raw->deltas[i] = deltas;
    raw->anchors[i] = -1;
    if (!gd_net_ok(n)) return out;
    /* torchvision divides whole pixels: a stride need not be a power of two. */
    gd_anchors at = {.stride_h = (int32_t)(gd_net_dim(n, image, 1) / H),
                     .stride_w = (int32_t)(gd_net_dim(n, image, 2) / W),
                     .n_size = a->n_size,
                     .n_ratio = 3,
                     .ratio = {a->ratio[0], a->ratio[1], a->ratio[2]}};
    for (int s = 0; s < a->n_size; s++) at.size[s] = a->size[i][s];
    const int     anchors = gd_net_op(n, "anchors", &at, 1, &feature, NULL);
    const int64_t rows = gd_net_dim(n, logits, 1);
    raw->anchors[i] = anchors;
    out.k = rows < a->pre_nms ? rows : a->pre_nms;
    const gd_top_k k = {.k = (int32_t)out.k};
    gd_net_op(n, "top_k", &k, 1, &logits, best);
    const gd_box_decode decode = {
        .weights = {1, 1, 1, 1}, .max_log = (float)log(1000.0 / 16.0), .clip = 1};
    out.boxes = gd_net_op(n, "box_decode", &decode, 4,
                          (const int[]){deltas, anchors, best[1], geom}, NULL);
    out.scores = best[0];
    return out;
}

/* Level number of each candidate, the same for every picture: NMS stays within a level. */
static int level_ids(gd_net *n, int64_t batch, const level *lv, int n_level) {
    int64_t dim[2] = {batch, 0};
    int     id;
    for (int i = 0; i < n_level; i++) dim[1] += lv[i].k;
    if (!gd_net_ok(n)) return -1;
    n->st = gd_graph_const_new(n->g, "levels", GD_I32, 2, dim, &id, n->err);
    if (!gd_net_ok(n)) return -1;
    int32_t *v = n->g->value[id].t.data;
    for (int64_t b = 0; b < batch; b++)
        for (int i = 0; i < n_level; i++)
            for (int64_t k = 0; k < lv[i].k; k++) *v++ = i;
    return id;
}

void gd_block_rpn(gd_net *n, const gd_rpn_args *a, const int *feature, int image, int geom,
                  gd_rpn_out *out) {
    level lv[GD_LEVELS_MAX];
    int   b[GD_LEVELS_MAX], s[GD_LEVELS_MAX], kept[4] = {-1, -1, -1, -1}, picked[3];
    for (int i = 0; i < a->n_level; i++) {
        lv[i] = propose(n, a, i, feature[i], image, geom, out);
        b[i] = lv[i].boxes;
        s[i] = lv[i].scores;
    }
    const int all = gd_net_concat(n, 1, a->n_level, b);
    const int scores =
        gd_net_unary(n, "sigmoid", "sigmoid", gd_net_concat(n, 1, a->n_level, s));
    const int    ids = level_ids(n, gd_net_dim(n, all, 0), lv, a->n_level);
    const gd_nms nms = {.iou = a->nms_iou,
                        .min_score = a->min_score,
                        .min_size = 1e-3f,
                        .max_out = a->post_nms};
    gd_net_op(n, "nms", &nms, 3, (const int[]){all, scores, ids}, kept);
    const size_t mark = gd_net_enter(n, "proposals");
    out->boxes = gd_net_op(n, "gather_boxes", NULL, 5,
                           (const int[]){all, scores, -1, kept[0], kept[1]}, picked);
    gd_net_leave(n, mark);
    out->count = gd_net_ok(n) ? kept[1] : -1;
}
