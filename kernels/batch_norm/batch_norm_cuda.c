/* batch_norm_cuda.c -- CUDA rows of batch norm at inference, where it was not folded: the scale
 * of each channel into scratch, then the shared pointwise kernel. */
#include "kernels/batch_norm/batch_norm_cuda.h"

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/cuda/pointwise.h"

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)gd_tensor_channels(l->in[0]) * sizeof(float);
}

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    return gdk_pointwise_fits(l, dev) && gd_tensor_channels(l->in[0]) <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_batch_norm_scale s = {.gamma = l->in[1]->data,
                                    .var = l->in[4]->data,
                                    .scale = l->scratch,
                                    .eps = ((const gd_batch_norm *)l->attr)->eps,
                                    .C = (int32_t)gd_tensor_channels(l->in[0])};
    gdk_pointwise              p = {.kind = GDK_POINTWISE_AFFINE,
                                    .scale = s.scale,
                                    .shift = l->in[2]->data,
                                    .mean = l->in[3]->data};
    if (gd_tensor_count(l->in[0]) == 0) return GD_OK;
    GD_TRY(gdk_cuda_status(gdk_batch_norm_scale_launch(&s, gdk_stream(l)), "batch_norm", err));
    return gdk_pointwise_run(l, &p, err);
}

#define ROW(type, id)                                                                        \
    {                                                                                        \
        GD_ROW_CUDA("batch_norm_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits, \
                                                        .scratch = scratch                   \
    }
extern const gd_kernel gdk_batch_norm_cuda_rows[];
const gd_kernel        gdk_batch_norm_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
