/* gather_rows.h -- rows of a table picked by index, and the gradient: rows put back.
 *
 *   gather_rows       x [B,A,C], or [A,C] for all pictures, index I32[B,n]  ->  [B,n,C]
 *   gather_rows_bwd   d_out [B,n,C], index I32[B,n]  ->  d_x [B,rows,C]
 *
 * An index that is no row (-1) gives zeros. Differentiable in x [B,A,C] alone, where no index
 * of a picture but -1 may come twice: of equal ones the gradient keeps one. */
#ifndef GD_KERNELS_GATHER_ROWS_H
#define GD_KERNELS_GATHER_ROWS_H

#include "kernels/rows.h"

typedef struct gd_gather_rows_bwd {
    int32_t rows; /* A */
} gd_gather_rows_bwd;

GD_REF_DECLARE(gather_rows)
GD_REF_DECLARE(gather_rows_bwd)
gd_status gdk_gather_rows_cpu(const gd_launch *l, gd_error *err);
gd_status gdk_gather_rows_bwd_cpu(const gd_launch *l, gd_error *err);

#endif
