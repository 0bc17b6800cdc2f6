/* group_norm_bwd_cuda.c -- the CUDA rows of group norm's gradient. */
#include "kernels/group_norm/group_norm_bwd_cuda.h"

#include "kernels/cuda/columns.h"
#include "kernels/group_norm/group_norm.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[1];
    return gdk_columns_fit(x, x->dim[0]) && gd_tensor_channels(x) * x->dim[0] < INT32_MAX / 8;
}

static size_t moment_bytes(const gd_launch *l) {
    return (size_t)l->in[1]->dim[0] * (size_t)((const gd_group_norm *)l->attr)->groups * 4 *
           sizeof(float);
}

static size_t sum_bytes(const gd_launch *l) {
    const gd_tensor *x = l->in[1];
    return (size_t)(x->dim[0] * gd_tensor_channels(x)) * GDK_GROUP_NORM_LEFT * sizeof(float);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return moment_bytes(l) + sum_bytes(l) +
           gdk_columns_room(l->in[1], l->in[1]->dim[0], GDK_GROUP_NORM_SUMS);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_group_norm *a = l->attr;
    const gd_tensor     *d_y = l->in[0], *x = l->in[1], *d_x = l->out[0];
    char                *room = l->scratch;
    gdk_group_norm_bwd   p = {.d_y = d_y->data,
                              .x = x->data,
                              .d_x = d_x->data,
                              .gamma = l->in[2]->data,
                              .d_gamma = l->out[1]->data,
                              .d_beta = l->out[2]->data,
                              .moment = l->scratch,
                              .sums = (float *)(room + moment_bytes(l)),
                              .part = (float *)(room + moment_bytes(l) + sum_bytes(l)),
                              .d_y_pitch = d_y->pitch,
                              .x_pitch = x->pitch,
                              .d_x_pitch = d_x->pitch,
                              .groups = a->groups,
                              .width = (int32_t)(gd_tensor_channels(x) / a->groups),
                              .wide = x->dtype == GD_F32,
                              .early = gdk_early(l),
                              .eps = a->eps};
    if (gd_tensor_count(x) == 0) return GD_OK;
    p.s = gdk_columns_of(x, x->dim[0], gdk_aligned(d_y) && gdk_aligned(x) && gdk_aligned(d_x));
    return gdk_cuda_status(gdk_group_norm_bwd_launch(&p, gdk_stream(l)), "group_norm_bwd", err);
}

#define ROW(type, id)                                                            \
    {                                                                            \
        GD_ROW_CUDA("group_norm_bwd_cuda_" #type, id, run),                      \
            .flags = GD_ROW_PITCH, .fits = fits, .scratch = scratch, .tol_k = 4, \
            .tol_why = "variances are summed about a value, not about the mean"  \
    }
extern const gd_kernel gdk_group_norm_bwd_cuda_rows[];
const gd_kernel gdk_group_norm_bwd_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
