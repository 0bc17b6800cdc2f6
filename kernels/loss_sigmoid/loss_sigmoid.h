/* loss_sigmoid.h -- binary cross-entropy of logits, plain or focal (Lin et al. 2017).
 *
 *   pred [..., C] logits; a target t of each of them; optional weight and norm (loss/loss.h)
 *   p = sigmoid(pred),  m = 1 - (p t + (1 - p) (1 - t))      (how wrong p is)
 *   e = a * m^gamma * -(t log p + (1 - t) log(1 - p)),   a = alpha t + (1 - alpha) (1 - t),
 *                                                        or 1 where alpha is negative
 *   l = sum of e over the C of a row
 *
 * gamma 0 and alpha -1, the defaults, are torch.nn.functional.binary_cross_entropy_with_logits;
 * otherwise torchvision.ops.sigmoid_focal_loss.
 *
 * The target is either a value for each logit, of pred's type and rows, or I32 labels, one a
 * row: then t is 1 for that class and 0 for the others. Label -1 is background (0 for all of
 * the row); others outside [0, C) leave the row out. With labels a fifth input `value`, one a
 * row, stands in place of that 1 (YOLOX: the overlap). */
#ifndef GD_KERNELS_LOSS_SIGMOID_H
#define GD_KERNELS_LOSS_SIGMOID_H

#include "kernels/loss/loss.h"

typedef struct gd_sigmoid_focal {
    gd_loss loss;
    float   alpha; /* negative: none; else 0 .. 1 */
    float   gamma; /* 0, or 1 and more */
} gd_sigmoid_focal;

GD_REF_DECLARE(sigmoid_focal)
GD_REF_DECLARE(sigmoid_focal_bwd)
gd_status gdk_sigmoid_focal_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_sigmoid_focal_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
