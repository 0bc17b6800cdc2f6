/* yolo_decode.h -- attributes of the decoding of anchor heads: Darknet's [yolo], YOLOv5.
 *
 *   n_level inputs [B, H_i, W_i, A_i * (5 + C)]: for each anchor box (x, y, w, h), objectness,
 *   C classes  ->  boxes [B, n, 4] (x1, y1, x2, y2 in network pixels),
 *                  scores [B, n] or, with `multi`, [B, n, C], labels I32[B, n]
 *
 * n = sum of H_i * W_i * A_i, in the order level, row, column, anchor. With s the sigmoid, or
 * nothing where `logits` is 0 (a last convolution with a logistic activation):
 *
 *   centre  (s(x) * scale_xy - (scale_xy - 1) / 2 + column) * stride, likewise y and the row
 *   size    exp(w) * anchor, or with form GD_YOLO_SQUARE  4 * s(w)^2 * anchor
 *   score   s(objectness) * s(class): of every class with `multi`, else of the best
 *   label   the best class, equal ones the lower
 *
 * anchor[i] holds the widths and heights of level i in network pixels, two numbers each. Not
 * differentiable: the losses of training decode on their own. */
#ifndef GD_KERNELS_YOLO_DECODE_H
#define GD_KERNELS_YOLO_DECODE_H

#include "kernels/rows.h"

enum { GD_YOLO_MAX_LEVEL = 5, GD_YOLO_MAX_ANCHOR = 8 };
enum { GD_YOLO_EXP, GD_YOLO_SQUARE };

typedef struct gd_yolo_decode {
    int32_t n_level;
    int32_t stride[GD_YOLO_MAX_LEVEL];
    int32_t n_anchor[GD_YOLO_MAX_LEVEL];
    float   anchor[GD_YOLO_MAX_LEVEL][2 * GD_YOLO_MAX_ANCHOR];
    float   scale_xy[GD_YOLO_MAX_LEVEL];
    int32_t form;   /* GD_YOLO_EXP or GD_YOLO_SQUARE */
    int32_t logits; /* 1: the heads are raw, 0: a sigmoid was applied to all but exp's sizes */
    int32_t multi;  /* 1: a score for each class */
} gd_yolo_decode;

GD_REF_DECLARE(yolo_decode)
gd_status gdk_yolo_decode_cpu_f32(const gd_launch *l, gd_error *err);

#endif
