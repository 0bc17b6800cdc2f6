/* loss_softmax.h -- cross-entropy of a softmax over the classes of each row.
 *
 *   pred [..., C] logits, labels I32 one a row; optional weight and norm (kernels/loss/loss.h)
 *   l = -sum_c q_c log softmax(pred)_c,   q_c = (1 - smoothing) [c == label] + smoothing / C
 *
 * as torch.nn.functional.cross_entropy has it (label_smoothing). A label outside [0, C), such
 * as 255 or -1, leaves its row out: l = 0. */
#ifndef GD_KERNELS_LOSS_SOFTMAX_H
#define GD_KERNELS_LOSS_SOFTMAX_H

#include "kernels/loss/loss.h"

typedef struct gd_softmax_cross_entropy {
    gd_loss loss;
    float   smoothing; /* 0 .. 1 */
} gd_softmax_cross_entropy;

GD_REF_DECLARE(softmax_cross_entropy)
GD_REF_DECLARE(softmax_cross_entropy_bwd)
gd_status gdk_softmax_cross_entropy_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_softmax_cross_entropy_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
