/* group_norm_cuda.c -- the CUDA rows of group norm. */
#include "kernels/group_norm/group_norm_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/group_norm/group_norm.h"

/* No bias comes before the steps. */
enum { NO_BIAS = GD_MAX_IN };

static gdk_group_norm_plan plan_of(const gd_launch *l, int vec) {
    const gd_tensor *x = l->in[0];
    return gdk_group_norm_plan_of((int32_t)gd_tensor_channels(x),
                                  ((const gd_group_norm *)l->attr)->groups,
                                  gdk_group_norm_pixels(x), vec);
}

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[0];
    const int64_t    C = gd_tensor_channels(x), N = x->dim[0];
    if (!gdk_half_or_wide(x) || !gdk_epilogue_fits(l, NO_BIAS) || C >= INT32_MAX / 2 ||
        gd_tensor_pixels(x) >= INT32_MAX / ((C + 3) / 4))
        return false;
    const gdk_group_norm_plan p = plan_of(l, 0);
    return N * p.groups < INT32_MAX && (int64_t)p.chunks * p.tiles < INT32_MAX / (N ? N : 1);
}

/* Partial moments of each chunk, then those of each group. */
static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gdk_group_norm_plan p = plan_of(l, 0);
    return (size_t)l->in[0]->dim[0] * (size_t)p.groups * ((size_t)p.chunks + 1) * 2 *
           sizeof(float);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor    *x = l->in[0];
    const int64_t       C = gd_tensor_channels(x), pixels = gdk_group_norm_pixels(x);
    gdk_group_norm_args a = {.x = x->data,
                             .gamma = l->in[1]->data,
                             .beta = l->in[2]->data,
                             .part = l->scratch,
                             .x_pitch = x->pitch,
                             .N = (int32_t)x->dim[0],
                             .pixels = (int32_t)pixels,
                             .C = (int32_t)C,
                             .x_wide = x->dtype == GD_F32,
                             .vec = gdk_aligned(x),
                             .eps = ((const gd_group_norm *)l->attr)->eps};
    a.n = (uint32_t)(gd_tensor_pixels(x) * ((C + 3) / 4));
    if (a.n == 0) return GD_OK;
    a.plan = plan_of(l, a.vec);
    a.moment = a.part + (int64_t)a.N * a.plan.chunks * a.plan.groups * 2;
    a.run = gdk_fastdiv_by((C + 3) / 4);
    a.picture = gdk_fastdiv_by(pixels);
    a.width = gdk_fastdiv_by(a.plan.width);
    gdk_epilogue_read(l, NO_BIAS, &a.e);
    return gdk_cuda_status(gdk_group_norm_launch(&a, gdk_stream(l)), "group_norm", err);
}

#define ROW(type, id)                                                  \
    {                                                                  \
        GD_ROW_CUDA("group_norm_cuda_" #type, id, run),                \
            .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = fits, \
            .absorbs = gdk_epilogue_absorbs, .scratch = scratch        \
    }
extern const gd_kernel gdk_group_norm_cuda_rows[];
const gd_kernel        gdk_group_norm_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
