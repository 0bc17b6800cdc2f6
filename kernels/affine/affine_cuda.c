/* affine_cuda.c -- CUDA rows of affine: the shared pointwise kernel. */
#include "kernels/affine/affine.h"
#include "kernels/cuda/pointwise.h"

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_pointwise p = {
        .kind = GDK_POINTWISE_AFFINE, .scale = l->in[1]->data, .shift = l->in[2]->data};
    return gdk_pointwise_run(l, &p, err);
}

#define ROW(type, id)                                                          \
    {                                                                          \
        GD_ROW_CUDA("affine_cuda_" #type, id, run), .flags = GD_ROW_PITCH,     \
                                                    .fits = gdk_pointwise_fits \
    }
extern const gd_kernel gdk_affine_cuda_rows[];
const gd_kernel        gdk_affine_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
