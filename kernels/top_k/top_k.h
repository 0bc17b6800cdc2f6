/* top_k.h -- attributes of the selection of the k best scores of each picture.
 *
 *   scores [B, n], optional count I32[B]  ->  values [B, k], index I32[B, k], count I32[B]
 *
 * Best first; equal scores: lower index first; NaN ranks below everything. Only the first
 * count[b] scores take part. Where fewer than k exist the rest is value 0, index -1. Not
 * differentiable: proposals are constants to the training of the head that made them. */
#ifndef GD_KERNELS_TOP_K_H
#define GD_KERNELS_TOP_K_H

#include "kernels/rows.h"

typedef struct gd_top_k {
    int32_t k;
} gd_top_k;

GD_REF_DECLARE(top_k)
size_t    gdk_top_k_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_top_k_cpu_f32(const gd_launch *l, gd_error *err);

#endif
