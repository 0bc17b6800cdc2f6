/* sum_pixels_cuda.c -- the CUDA rows of sum_pixels. */
#include "kernels/conv2d/conv2d_wgrad.h"
#include "kernels/cuda/cuda.h"
#include "kernels/linear/sum_pixels.h"

extern const gd_kernel gdk_sum_pixels_cuda_rows[];

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[0];
    return gdk_half_or_wide(x) && gd_tensor_count(l->out[0]) &&
           gd_tensor_channels(x) < INT32_MAX / 2 && gd_tensor_pixels(x) < INT32_MAX / 2 &&
           gdk_epilogue_fits(l, 1);
}

/* Ranges of pixels: a few blocks for each multiprocessor, 32 pixels or more in each. */
static int32_t splits_of(const gd_tensor *x, int n_sm) {
    const int64_t columns = (gd_tensor_channels(x) + 255) / 256;
    const int64_t most = (gd_tensor_pixels(x) + 31) / 32, want = 4 * (int64_t)n_sm / columns;
    const int64_t n = want < most ? want : most;
    return n < 1 ? 1 : (int32_t)n;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gd_tensor *x = l->in[0];
    return (size_t)splits_of(x, dev->n_sm) * (size_t)gd_tensor_channels(x) * sizeof(float);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor     *x = l->in[0];
    const gdk_sum_pixels p = {.x = x->data,
                              .part = l->scratch,
                              .pitch = x->pitch,
                              .M = (int32_t)gd_tensor_pixels(x),
                              .C = (int32_t)gd_tensor_channels(x),
                              .splits = splits_of(x, l->device->caps.n_sm),
                              .wide = x->dtype == GD_F32,
                              .vec = gdk_aligned(x)};
    gdk_wgrad_sum        sum = {
               .part = p.part, .rows = 1, .C = p.C, .splits = p.splits, .early = gdk_early(l)};
    gdk_epilogue_read(l, 1, &sum.e);
    GD_TRY(gdk_cuda_status(gdk_sum_pixels_launch(&p, gdk_stream(l)), "sum_pixels", err));
    return gdk_cuda_status(gdk_wgrad_sum_launch(&sum, gdk_stream(l)), "sum_pixels", err);
}

const gd_kernel gdk_sum_pixels_cuda_rows[] = {
    {GD_ROW_CUDA("sum_pixels_cuda_f16", GD_F16, run), .flags = GD_ROW_PITCH, .fits = fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = scratch},
    {GD_ROW_CUDA("sum_pixels_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = scratch},
    {0}};
