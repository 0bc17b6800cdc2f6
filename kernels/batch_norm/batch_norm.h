/* batch_norm.h -- normalisation over all pixels of each channel.
 *
 * Inputs of both forms: x [..., C], gamma [C], beta [C], running mean [C], running var [C].
 *
 *   batch_norm        y = (x - mean) / sqrt(var + eps) * gamma + beta, with the running values
 *   batch_norm_train  the same with the batch's mean and biased variance; outputs
 *                     y, batch mean, 1 / sqrt(batch var + eps), new running mean and var:
 *                     running = (1 - momentum) * running + momentum * batch, the variance there
 *                     unbiased (PyTorch's rule)
 *
 * At inference with constant parameters it is an affine and folds into its producer. */
#ifndef GD_KERNELS_BATCH_NORM_H
#define GD_KERNELS_BATCH_NORM_H

#include "kernels/rows.h"

typedef struct gd_batch_norm {
    float eps;
} gd_batch_norm;

typedef struct gd_batch_norm_train {
    float eps, momentum;
} gd_batch_norm_train;

GD_REF_DECLARE(batch_norm)
GD_REF_DECLARE(batch_norm_bwd)
GD_REF_DECLARE(batch_norm_train)
GD_REF_DECLARE(batch_norm_train_bwd)
gd_status gdk_batch_norm_cpu_f32(const gd_launch *l, gd_error *err);

size_t    gdk_batch_norm_train_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_batch_norm_train_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_batch_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_batch_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_batch_norm_train_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
