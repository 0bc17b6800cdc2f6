/* rows.h -- the plugin's table of CUDA rows. */
#ifndef GD_KERNELS_CUDA_ROWS_H
#define GD_KERNELS_CUDA_ROWS_H

#include "engine/op.h"

/* The rows of an operator, ended by {0}; NULL: it has none. */
const gd_kernel *gdk_cuda_rows_of(const char *op);

#endif
