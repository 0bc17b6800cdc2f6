/* detections.c -- the common end of every detector: back to source pixels, named outputs. */
#include "kernels/box_restore/box_restore.h"
#include "kernels/nms/nms.h"
#include "layers/blocks/blocks.h"

/* Pairs of a box and a class that suppression looks at: as many as the field does. */
enum { MOST_PAIRS = 30000 };

int32_t gd_block_max_out(const gd_net *n, int boxes, int max_det) {
    const int64_t most = gd_net_dim(n, boxes, 1);
    return max_det < most ? max_det : (int32_t)most;
}

void gd_block_detections(gd_net *n, const int value[6], int geom, int restore_mode, bool clip) {
    static const char *const name[6] = {"boxes", "scores", "labels", "count", "top", "dropped"};
    const gd_box_restore     a = {.mode = restore_mode, .clip = clip};
    const int                in[2] = {value[0], geom};
    const int                source = gd_net_op(n, "box_restore", &a, 2, in, NULL);
    for (int i = 0; i < 6 && gd_net_ok(n); i++)
        n->st = gd_graph_output(n->g, name[i], i ? value[i] : source, n->err);
}

void gd_block_select(gd_net *n, const gd_class_boxes *a, const gd_net_options *opt, int scores,
                     int boxes, int count, int geom) {
    int c[6] = {-1, -1, -1, -1, -1, -1}, kept[4] = {-1, -1, -1, -1}, picked[3];
    gd_net_op(n, "class_boxes", a, 3, (const int[]){scores, boxes, count}, c);
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

/* Candidates of every class: boxes, scores, labels and their count. */
static void every_class(gd_net *n, const int decoded[3], const gd_net_options *opt, int c[6]) {
    const int64_t        pairs = gd_net_dim(n, decoded[1], 1) * gd_net_dim(n, decoded[1], 2);
    const gd_class_boxes a = {.min_score = opt->conf,
                              .background = -1,
                              .capacity = (int32_t)(pairs < MOST_PAIRS ? pairs : MOST_PAIRS)};
    gd_net_op(n, "class_boxes", &a, 2, (const int[]){decoded[1], decoded[0]}, c);
}

void gd_block_dense(gd_net *n, const int decoded[3], const gd_net_options *opt,
                    const gd_dense_args *a, int geom) {
    int c[6] = {decoded[0], decoded[1], decoded[2], -1, -1, -1}, kept[4] = {-1, -1, -1, -1};
    int picked[3] = {-1, -1, -1};
    if (n->multi_label) every_class(n, decoded, opt, c);
    const gd_nms nms = {.iou = opt->iou,
                        .min_score = opt->conf,
                        .strict_score = a->strict,
                        .max_out = gd_block_max_out(n, c[0], opt->max_det)};
    gd_net_op(n, "nms", &nms, 4, (const int[]){c[0], c[1], opt->agnostic_nms ? -1 : c[2], c[3]},
              kept);
    gd_net_op(n, "gather_boxes", NULL, 5, (const int[]){c[0], c[1], c[2], kept[0], kept[1]},
              picked);
    const int top = n->multi_label ? c[5] : kept[2];
    gd_block_detections(n,
                        (const int[]){picked[0], picked[1], picked[2], kept[1], top, kept[3]},
                        geom, GD_RESTORE_LETTERBOX, a->clip);
}
