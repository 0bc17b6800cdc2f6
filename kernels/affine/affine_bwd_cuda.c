/* affine_bwd_cuda.c -- CUDA rows of the gradient of affine. */
#include "kernels/affine/affine.h"
#include "kernels/cuda/affine_bwd.h"

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_affine_bwd p = {.eps = 0};
    return gdk_affine_bwd_run(l, &p, err);
}

#define ROW(type, id)                                                                     \
    {                                                                                     \
        GD_ROW_CUDA("affine_bwd_cuda_" #type, id, run), .flags = GD_ROW_PITCH,            \
                                                        .fits = gdk_affine_bwd_fits,      \
                                                        .scratch = gdk_affine_bwd_scratch \
    }
extern const gd_kernel gdk_affine_bwd_cuda_rows[];
const gd_kernel        gdk_affine_bwd_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
