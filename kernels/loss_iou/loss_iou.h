/* loss_iou.h -- how far a box is from another, by their overlap.
 *
 *   pred [..., 4], target [..., 4]; optional weight and norm (kernels/loss/loss.h)
 *   I: area of the intersection, U: of the union, H: of the smallest box around both
 *   iou = I / (U + eps)
 *   l = 1 - iou                           kind LINEAR
 *       1 - iou^2                         kind SQUARED, YOLOX's
 *       1 - iou + (H - U) / (H + eps)     kind GENERAL, Rezatofighi et al. 2019
 *
 * Boxes are x1 y1 x2 y2, or with `center` cx cy w h. GENERAL with eps 1e-7 is
 * torchvision.ops.generalized_box_iou_loss; SQUARED with center and 1e-16 is YOLOX's IOUloss;
 * where a denominator is 0 its quotient is. Where two edges coincide,
 * pred's has half the gradient. */
#ifndef GD_KERNELS_LOSS_IOU_H
#define GD_KERNELS_LOSS_IOU_H

#include "kernels/loss/loss.h"

typedef enum gd_iou_kind { GD_IOU_LINEAR, GD_IOU_SQUARED, GD_IOU_GENERAL } gd_iou_kind;

typedef struct gd_iou_loss {
    gd_loss loss;
    int32_t kind;   /* gd_iou_kind */
    int32_t center; /* 1: cx cy w h */
    float   eps;    /* 0 and more */
} gd_iou_loss;

GD_REF_DECLARE(iou_loss)
GD_REF_DECLARE(iou_loss_bwd)
GDK_LOSS_ROWS_DECLARE(iou_loss)
gd_status gdk_iou_loss_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_iou_loss_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
