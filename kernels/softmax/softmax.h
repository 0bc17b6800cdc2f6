/* softmax.h -- y = exp(x - max x) / sum exp(x - max x) over the last axis. */
#ifndef GD_KERNELS_SOFTMAX_H
#define GD_KERNELS_SOFTMAX_H

#include "kernels/rows.h"

GD_REF_DECLARE(softmax)
GD_REF_DECLARE(softmax_bwd)
gd_status gdk_softmax_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_softmax_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
