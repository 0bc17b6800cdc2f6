/* channel_scale_bwd_cuda.c -- the CUDA rows of channel_scale's gradient. */
#include "kernels/channel_scale/channel_scale_bwd_cuda.h"

#include "kernels/channel_scale/channel_scale.h"
#include "kernels/cuda/columns.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_columns_fit(l->in[0], l->in[0]->dim[0]);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_columns_room(l->in[0], l->in[0]->dim[0], 1);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor *d_y = l->in[0], *x = l->in[1], *s = l->in[2];
    const gd_tensor *d_x = l->out[0], *d_s = l->out[1];
    if (gd_tensor_count(d_s) == 0) return GD_OK;
    gdk_channel_scale_bwd p = {.d_y = d_y->data,
                               .x = x->data,
                               .s = s->data,
                               .d_x = d_x->data,
                               .d_s = d_s->data,
                               .part = l->scratch,
                               .d_y_pitch = d_y->pitch,
                               .x_pitch = x->pitch,
                               .s_pitch = s->pitch,
                               .d_x_pitch = d_x->pitch,
                               .d_s_pitch = d_s->pitch,
                               .wide = x->dtype == GD_F32,
                               .early = gdk_early(l)};
    const bool vec = gdk_aligned(d_y) && gdk_aligned(x) && gdk_aligned(s) && gdk_aligned(d_x);
    p.cut = gdk_columns_of(d_y, d_y->dim[0], vec);
    return gdk_cuda_status(gdk_channel_scale_bwd_launch(&p, gdk_stream(l)), "channel_scale_bwd",
                           err);
}

#define ROW(type, id)                                               \
    {                                                               \
        GD_ROW_CUDA("channel_scale_bwd_cuda_" #type, id, run),      \
            .flags = GD_ROW_PITCH, .fits = fits, .scratch = scratch \
    }
extern const gd_kernel gdk_channel_scale_bwd_cuda_rows[];
const gd_kernel gdk_channel_scale_bwd_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
