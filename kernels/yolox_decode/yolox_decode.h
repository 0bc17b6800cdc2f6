/* yolox_decode.h -- attributes of the decoding of YOLOX's raw head.
 *
 *   n_level inputs [B, H_i, W_i, 5 + C]: box (x, y, w, h), objectness logit, C class logits
 *   ->  boxes [B, n, 4] (x1, y1, x2, y2 in network pixels), scores [B, n], labels I32[B, n]
 *
 * n = sum of H_i * W_i, in the order level, row, column. Centre (x + column, y + row) * stride,
 * size exp(w, h) * stride; score = sigmoid(objectness) * the largest sigmoid(class), label its
 * class, equal ones the lower. Not differentiable: the losses of training decode on their
 * own. */
#ifndef GD_KERNELS_YOLOX_DECODE_H
#define GD_KERNELS_YOLOX_DECODE_H

#include "kernels/rows.h"

enum { GD_YOLOX_MAX_LEVEL = 4 };

typedef struct gd_yolox_decode {
    int32_t n_level;
    int32_t stride[GD_YOLOX_MAX_LEVEL];
} gd_yolox_decode;

GD_REF_DECLARE(yolox_decode)
gd_status gdk_yolox_decode_cpu_f32(const gd_launch *l, gd_error *err);

#endif
