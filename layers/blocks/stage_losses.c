/* stage_losses.c -- the losses of Faster R-CNN's two stages (Ren et al. 2015), torchvision's
 * rules.
 *
 *   anchors or proposals -> match with the ground truth -> draw some of each picture
 *                        -> their rows of the heads' outputs, their labels and deltas
 *                        -> cross-entropy of all, smooth L1 of those that matched; both divided
 *                           by the number drawn in the batch */
#include "kernels/box_encode/box_encode.h"
#include "kernels/loss_l1/loss_l1.h"
#include "kernels/loss_sigmoid/loss_sigmoid.h"
#include "kernels/loss_softmax/loss_softmax.h"
#include "kernels/match/match.h"
#include "kernels/match_labels/match_labels.h"
#include "kernels/sample/sample.h"
#include "layers/blocks/losses.h"

/* Streams of random numbers: the two draws of a step have nothing in common. */
enum { DRAW_ANCHORS = 1, DRAW_PROPOSALS = 2 };

/* The rows drawn of each picture. */
typedef struct drawn {
    int index, match; /* i32 [B, n] */
    int count;        /* i32 [B] */
    int label;        /* i32 [B, n] */
    int weight;       /* f32 [B, n]: 1, or 0 where fewer were to be had */
    int positive;     /* f32 [B, n]: 1 where the row matched */
    int rows;         /* f32 [1]: how many in the batch */
} drawn;

/* boxes: [A, 4] or [B, A, 4], of which count (-1: all) are matched. */
static drawn draw(gd_net *n, const gd_match *rule, const gd_sample *a, int boxes, int count,
                  const gd_truth_values *truth) {
    const gd_match_labels labels = {.first = 1, .background = 0};
    const int             in[4] = {boxes, truth->boxes, truth->count, count};
    const int             match = gd_net_op(n, "match", rule, count < 0 ? 3 : 4, in, NULL);
    int                   s[4] = {-1, -1, -1, -1}, v[5] = {-1, -1, -1, -1, -1};
    gd_net_op(n, "sample", a, 2, (const int[]){match, truth->rng}, s);
    gd_net_op(n, "match_labels", &labels, 2, (const int[]){s[1], truth->labels}, v);
    return (drawn){s[0], s[1], s[3], v[0], v[1], v[2], v[3]};
}

/* Rows of x [B, A, C], or [A, C] for all pictures. */
static int rows_of(gd_net *n, int x, const drawn *d) {
    return gd_net_op(n, "gather_rows", NULL, 2, (const int[]){x, d->index}, NULL);
}

/* Smooth L1 of the deltas [B, n, 4], or 4 for each class with `pick`, of the rows that matched.
 * boxes: [B, n, 4] they are relative to. */
static int delta_loss(gd_net *n, int deltas, int boxes, const drawn *d, bool pick,
                      const gd_box_encode *encode, const gd_truth_values *truth) {
    const gd_smooth_l1 a = {.loss = {.factor = 1, .min_norm = 1}, .beta = 1 / 9.0f};
    const int          target = gd_net_op(n, "box_encode", encode, 3,
                                          (const int[]){truth->boxes, d->match, boxes}, NULL);
    return gd_net_op(n, "smooth_l1", &a, pick ? 5 : 4,
                     (const int[]){deltas, target, d->positive, d->rows, d->label}, NULL);
}

gd_pair_of_losses gd_block_rpn_loss(gd_net *n, const gd_rpn_args *a, const gd_rpn_out *rpn,
                                    const gd_train_options *opt, const gd_truth_values *truth) {
    const gd_match  rule = {.high = 0.7f, .low = 0.3f, .allow_low_quality = 1};
    const gd_sample sample = {
        .n = opt->anchors ? opt->anchors : 256, .fraction = 0.5f, .stream = DRAW_ANCHORS};
    const gd_box_encode    encode = {.weights = {1, 1, 1, 1}};
    const gd_sigmoid_focal entropy = {.loss = {.factor = 1, .min_norm = 1}, .alpha = -1};
    const size_t           mark = gd_net_enter(n, "loss");
    gd_pair_of_losses      out;
    const int              deltas = gd_net_concat(n, 1, a->n_level, rpn->deltas);
    const int              anchors = gd_net_concat(n, 0, a->n_level, rpn->anchors);
    const drawn            d = draw(n, &rule, &sample, anchors, -1, truth);
    int                    logits = gd_net_concat(n, 1, a->n_level, rpn->logits);
    const int64_t          B = gd_net_dim(n, logits, 0), all = gd_net_dim(n, logits, 1);
    /* A row for each anchor. */
    logits = rows_of(n, gd_net_reshape(n, logits, 3, (const int64_t[]){B, all, 1}), &d);
    const int object = gd_net_reshape(n, d.positive, 3, (const int64_t[]){B, sample.n, 1});
    out.classes = gd_net_op(n, "sigmoid_focal", &entropy, 4,
                            (const int[]){logits, object, d.weight, d.rows}, NULL);
    out.boxes = delta_loss(n, rows_of(n, deltas, &d), rows_of(n, anchors, &d), &d, false,
                           &encode, truth);
    gd_net_leave(n, mark);
    return out;
}

gd_pair_of_losses gd_block_roi_loss(gd_net *n, const gd_roi_args *a,
                                    const gd_train_options *opt, const int *feature, int boxes,
                                    int count, const gd_truth_values *truth) {
    const gd_match                 rule = {.high = 0.5f, .low = 0.5f};
    const gd_sample                sample = {.n = opt->proposals ? opt->proposals : 512,
                                             .fraction = 0.25f,
                                             .stream = DRAW_PROPOSALS};
    const gd_box_encode            encode = {.weights = {10, 10, 5, 5}};
    const gd_softmax_cross_entropy entropy = {.loss = {.factor = 1, .min_norm = 1}};
    gd_pair_of_losses              out;
    int                            all[2] = {-1, -1}, logits, deltas;
    size_t                         mark = gd_net_enter(n, "loss");
    gd_net_op(n, "append_boxes", NULL, 4,
              (const int[]){boxes, count, truth->boxes, truth->count}, all);
    const drawn d = draw(n, &rule, &sample, all[0], all[1], truth);
    const int   rois = rows_of(n, all[0], &d);
    gd_net_leave(n, mark);
    gd_block_box_head(n, a, feature, rois, d.count, &logits, &deltas);
    mark = gd_net_enter(n, "loss");
    out.classes = gd_net_op(n, "softmax_cross_entropy", &entropy, 4,
                            (const int[]){logits, d.label, d.weight, d.rows}, NULL);
    out.boxes = delta_loss(n, deltas, rois, &d, true, &encode, truth);
    gd_net_leave(n, mark);
    return out;
}
