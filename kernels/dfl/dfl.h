/* dfl.h -- boxes from distributions over distances (Generalized Focal Loss, Li et al. 2020).
 *
 *   n_level inputs [B, H_i, W_i, 4 * bins]  ->  boxes [B, n, 4] (x1, y1, x2, y2 in network
 *   pixels), n = sum of H_i * W_i in the order level, row, column
 *
 * Channels are four rows of `bins` logits, for the distances from the cell's centre to the
 * left, top, right and bottom side. A distance is the expectation of its distribution, sum_k k
 * softmax(row)_k, in units of the level's stride; the centre is (column + 0.5, row + 0.5).
 *
 * dfl_bwd: d_boxes [B, n, 4] and one input -> its gradient; `first` is the row of the level's
 * first cell in the boxes. */
#ifndef GD_KERNELS_DFL_H
#define GD_KERNELS_DFL_H

#include "kernels/rows.h"

enum { GD_DFL_MAX_LEVEL = 4, GD_DFL_MAX_BINS = 64 };

typedef struct gd_dfl {
    int32_t n_level;
    int32_t stride[GD_DFL_MAX_LEVEL];
} gd_dfl;

typedef struct gd_dfl_bwd {
    int32_t stride, first;
} gd_dfl_bwd;

GD_REF_DECLARE(dfl)
GD_REF_DECLARE(dfl_bwd)
gd_status gdk_dfl_cpu_f32(const gd_launch *l, gd_error *err);

#endif
