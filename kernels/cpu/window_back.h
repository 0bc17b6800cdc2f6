/* window_back.h -- gradients of what reads windows of a plane: average pooling, resizing.
 *
 * The weight of a pixel in a window is a product of two axes'. A pixel of dx gathers from the
 * outputs that read it, in row order: no thread writes what another adds to, and the bits do
 * not depend on how many there are. */
#ifndef GD_KERNELS_CPU_WINDOW_BACK_H
#define GD_KERNELS_CPU_WINDOW_BACK_H

#include "engine/op.h"

/* Along one axis, an output reads inputs first .. end - 1: the first with weight[0], the others
 * with weight[1]. Neither bound may fall from one output to the next. */
typedef struct gdk_reach {
    int64_t first, end;
    double  weight[2];
} gdk_reach;

/* What output o reads along axis 0 (rows) or 1 (columns) of l->out[0]'s plane. */
typedef gdk_reach (*gdk_reach_fn)(const gd_launch *l, int axis, int64_t o);

/* out[0] = dx [N, H, W, C] from in[0] = dy [N, P, Q, C], f32. */
void gdk_window_back(const gd_launch *l, gdk_reach_fn reach);

#endif
