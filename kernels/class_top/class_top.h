/* class_top.h -- attributes of the selection of the best classes of a dense head.
 *
 *   heads [B, H, W, A * classes], logits, one for each level of a pyramid
 *   ->  scores [B, m], row I32[B, m], label I32[B, m], top [B]
 *
 * A cell has A anchors, an anchor a logit for each class; the rows (anchors) of all levels are
 * counted through, level by level, cell by cell. A (row, label) pair is a candidate when its
 * label is not `background` (-1: none) and the sigmoid of its logit is > min_score. Of each
 * level the k best candidates stay, or all where it has no more than k logits; m is the sum
 * over the levels of min(k, logits of a picture). Best logit first, equal ones in the order of
 * rows and labels; where a level has fewer, the rest is score 0, row -1, label -1. top is the
 * best score of any label but the background before any test, -1 where there is none. Not
 * differentiable. The post-processing of torchvision's RetinaNet up to its boxes. */
#ifndef GD_KERNELS_CLASS_TOP_H
#define GD_KERNELS_CLASS_TOP_H

#include "kernels/class_top/class_top_pick.h"
#include "kernels/rows.h"

enum { GD_CLASS_TOP_LEVELS = 8 };

typedef struct gd_class_top {
    int32_t k; /* of each level */
    int32_t classes;
    int32_t background;
    float   min_score;
} gd_class_top;

GD_REF_DECLARE(class_top)
size_t    gdk_class_top_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_class_top_cpu_f32(const gd_launch *l, gd_error *err);

/* Logits of one picture in a head. */
static inline int64_t gdk_class_top_size(const gd_tensor *head) {
    return head->dim[1] * head->dim[2] * head->dim[3];
}

/* Rows of the outputs that a level fills. */
static inline int64_t gdk_class_top_share(const gd_tensor *head, int32_t k) {
    const int64_t n = gdk_class_top_size(head);
    return n < k ? n : k;
}

#endif
