/* loss_l1.h -- absolute differences, rounded off near zero: smooth L1, and L1 for beta 0.
 *
 *   pred [..., C], target [..., C]; optional weight and norm (kernels/loss/loss.h)
 *   l = sum over the C of a row of   d^2 / (2 beta)    where |d| = |pred - target| < beta
 *                                    |d| - beta / 2    elsewhere
 *
 * as torch.nn.functional.smooth_l1_loss and l1_loss have it. With a fifth input `pick`, I32,
 * one a row, pred [..., m C] holds m candidates a row and the target is compared with candidate
 * pick[r]; a pick outside [0, m) leaves the row out (a box head that has four numbers for each
 * class). */
#ifndef GD_KERNELS_LOSS_L1_H
#define GD_KERNELS_LOSS_L1_H

#include "kernels/loss/loss.h"

typedef struct gd_smooth_l1 {
    gd_loss loss;
    float   beta; /* 0 and more */
} gd_smooth_l1;

GD_REF_DECLARE(smooth_l1)
GD_REF_DECLARE(smooth_l1_bwd)
GDK_LOSS_ROWS_DECLARE(smooth_l1)
gd_status gdk_smooth_l1_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_smooth_l1_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
