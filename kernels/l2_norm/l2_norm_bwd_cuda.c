/* l2_norm_bwd_cuda.c -- CUDA rows of the gradient of l2_norm. */
#include "kernels/cuda/norm_rows.h"
#include "kernels/l2_norm/l2_norm.h"

static gd_status run(const gd_launch *l, gd_error *err) {
    return gdk_norm_rows_run(l, ((const gd_l2_norm *)l->attr)->eps, true, "l2_norm_bwd", err);
}

#define ROW(type, id)                                                                     \
    {                                                                                     \
        GD_ROW_CUDA("l2_norm_bwd_cuda_" #type, id, run), .flags = GD_ROW_PITCH,           \
                                                         .fits = gdk_norm_rows_fits,      \
                                                         .scratch = gdk_norm_rows_scratch \
    }
extern const gd_kernel gdk_l2_norm_bwd_cuda_rows[];
const gd_kernel        gdk_l2_norm_bwd_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
