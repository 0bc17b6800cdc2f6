/* cast_cuda.c -- CUDA rows of cast: the pointwise kernel converts as it stores. */
#include "kernels/cast/cast.h"
#include "kernels/cuda/pointwise.h"

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_pointwise p = {.kind = GDK_POINTWISE_COPY};
    return gdk_pointwise_run(l, &p, err);
}

#define ROW(type, id)                                                        \
    {                                                                        \
        GD_ROW_CUDA("cast_cuda_" #type, id, run), .flags = GD_ROW_PITCH,     \
                                                  .fits = gdk_pointwise_fits \
    }
extern const gd_kernel gdk_cast_cuda_rows[];
const gd_kernel        gdk_cast_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
