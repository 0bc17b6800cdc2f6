/* affine_bwd.c -- from a launch to the parameters of the gradient of affine. */
#include "kernels/cuda/affine_bwd.h"

#include "kernels/cuda/columns.h"

bool gdk_affine_bwd_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_columns_fit(l->in[0], 1);
}

size_t gdk_affine_bwd_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_columns_room(l->in[0], 1, 2);
}

gd_status gdk_affine_bwd_run(const gd_launch *l, gdk_affine_bwd *p, gd_error *err) {
    const gd_tensor *d_y = l->in[0], *x = l->in[1], *d_x = l->out[0];
    if (gd_tensor_channels(d_y) == 0) return GD_OK;
    p->d_y = d_y->data;
    p->x = x->data;
    p->d_x = d_x->data;
    p->scale = l->in[2]->data;
    p->d_scale = l->out[1]->data;
    p->d_shift = l->out[2]->data;
    p->part = l->scratch;
    p->d_y_pitch = d_y->pitch;
    p->x_pitch = x->pitch;
    p->d_x_pitch = d_x->pitch;
    p->wide = d_y->dtype == GD_F32;
    p->early = gdk_early(l);
    p->s = gdk_columns_of(d_y, 1, gdk_aligned(d_y) && gdk_aligned(x) && gdk_aligned(d_x));
    return gdk_cuda_status(gdk_affine_bwd_launch(p, gdk_stream(l)), "affine_bwd", err);
}
