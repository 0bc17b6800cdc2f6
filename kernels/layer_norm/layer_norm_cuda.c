/* layer_norm_cuda.c -- the CUDA rows of layer norm. */
#include "kernels/layer_norm/layer_norm_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/layer_norm/layer_norm.h"

/* No bias comes before the steps. */
enum { NO_BIAS = GD_MAX_IN };

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_half_or_wide(l->in[0]) && gdk_epilogue_fits(l, NO_BIAS) &&
           gd_tensor_pixels(l->in[0]) < INT32_MAX &&
           gd_tensor_channels(l->in[0]) < INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor    *x = l->in[0];
    gdk_layer_norm_args a = {.x = x->data,
                             .gamma = l->in[1]->data,
                             .beta = l->in[2]->data,
                             .x_pitch = x->pitch,
                             .rows = (uint32_t)gd_tensor_pixels(x),
                             .C = (int32_t)gd_tensor_channels(x),
                             .x_wide = x->dtype == GD_F32,
                             .early = gdk_early(l),
                             .fixed = gdk_fixed(l, 1) && gdk_fixed(l, 2),
                             .eps = ((const gd_layer_norm *)l->attr)->eps};
    if (a.rows == 0) return GD_OK;
    a.vec = gdk_aligned(x) && ((uintptr_t)a.gamma | (uintptr_t)a.beta) % 16 == 0;
    gdk_epilogue_read(l, NO_BIAS, &a.e);
    return gdk_cuda_status(gdk_layer_norm_launch(&a, gdk_stream(l)), "layer_norm", err);
}

#define ROW(type, id)                                                  \
    {                                                                  \
        GD_ROW_CUDA("layer_norm_cuda_" #type, id, run),                \
            .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = fits, \
            .absorbs = gdk_epilogue_absorbs                            \
    }
extern const gd_kernel gdk_layer_norm_cuda_rows[];
const gd_kernel        gdk_layer_norm_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
