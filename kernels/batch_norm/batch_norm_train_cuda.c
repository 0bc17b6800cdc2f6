/* batch_norm_train_cuda.c -- CUDA rows of batch norm with the batch's statistics, and of its
 * gradient. */
#include "kernels/batch_norm/batch_norm_train_cuda.h"

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/cuda/columns.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_columns_fit(l->in[0], 1);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_columns_room(l->in[0], 1, 2);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_batch_norm_train *a = l->attr;
    const gd_tensor           *x = l->in[0], *y = l->out[0];
    gdk_batch_norm_train       p = {.x = x->data,
                                    .y = y->data,
                                    .gamma = l->in[1]->data,
                                    .beta = l->in[2]->data,
                                    .old_mean = l->in[3]->data,
                                    .old_var = l->in[4]->data,
                                    .mean = l->out[1]->data,
                                    .invstd = l->out[2]->data,
                                    .new_mean = l->out[3]->data,
                                    .new_var = l->out[4]->data,
                                    .part = l->scratch,
                                    .x_pitch = x->pitch,
                                    .y_pitch = y->pitch,
                                    .eps = a->eps,
                                    .momentum = a->momentum,
                                    .wide = x->dtype == GD_F32,
                                    .early = gdk_early(l)};
    if (gd_tensor_channels(x) == 0) return GD_OK;
    p.s = gdk_columns_of(x, 1, gdk_aligned(x) && gdk_aligned(y));
    return gdk_cuda_status(gdk_batch_norm_train_launch(&p, gdk_stream(l)), "batch_norm_train",
                           err);
}

static gd_status run_bwd(const gd_launch *l, gd_error *err) {
    const gd_tensor         *d_y = l->in[0], *x = l->in[1], *d_x = l->out[0];
    gdk_batch_norm_train_bwd p = {.d_y = d_y->data,
                                  .x = x->data,
                                  .d_x = d_x->data,
                                  .gamma = l->in[2]->data,
                                  .mean = l->in[3]->data,
                                  .invstd = l->in[4]->data,
                                  .d_gamma = l->out[1]->data,
                                  .d_beta = l->out[2]->data,
                                  .part = l->scratch,
                                  .d_y_pitch = d_y->pitch,
                                  .x_pitch = x->pitch,
                                  .d_x_pitch = d_x->pitch,
                                  .wide = x->dtype == GD_F32,
                                  .early = gdk_early(l)};
    if (gd_tensor_channels(x) == 0 || gd_tensor_pixels(x) == 0) return GD_OK;
    p.s = gdk_columns_of(x, 1, gdk_aligned(d_y) && gdk_aligned(x) && gdk_aligned(d_x));
    return gdk_cuda_status(gdk_batch_norm_train_bwd_launch(&p, gdk_stream(l)),
                           "batch_norm_train_bwd", err);
}

#define ROW(title, id, function, why)                                                    \
    {                                                                                    \
        GD_ROW_CUDA(title, id, function), .flags = GD_ROW_PITCH, .fits = fits,           \
                                          .scratch = scratch, .tol_k = 4, .tol_why = why \
    }
#define SQUARES "the variance is summed about a value, not about the mean"
#define LEFT "what is left of two values without their mean and slope is all rounding"
extern const gd_kernel gdk_batch_norm_train_cuda_rows[];
extern const gd_kernel gdk_batch_norm_train_bwd_cuda_rows[];
const gd_kernel        gdk_batch_norm_train_cuda_rows[] = {
           ROW("batch_norm_train_cuda_f32", GD_F32, run, SQUARES),
           ROW("batch_norm_train_cuda_f16", GD_F16, run, SQUARES),
           {0}};
const gd_kernel gdk_batch_norm_train_bwd_cuda_rows[] = {
    ROW("batch_norm_train_bwd_cuda_f32", GD_F32, run_bwd, LEFT),
    ROW("batch_norm_train_bwd_cuda_f16", GD_F16, run_bwd, LEFT),
    {0}};
