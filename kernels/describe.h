/* describe.h -- what the descriptors of several operators share beyond engine/op.h. */
#ifndef GD_KERNELS_DESCRIBE_H
#define GD_KERNELS_DESCRIBE_H

#include "engine/op.h"

/* Cost: `flop` operations for each element of out[0]; every tensor read or written once. */
void gdk_cost_each(const gd_launch *l, double flop, gd_cost *c);

/* in[0] has floating-point channels, and in[from ..] are vectors of its type (FP32 for FP16),
 * one value for each channel. */
gd_status gdk_check_vectors(const gd_launch *l, const char *op, int from, gd_error *err);

/* in[1] has the shape and type of in[0]. */
gd_status gdk_check_pair(const gd_launch *l, const char *op, gd_error *err);

#endif
