/* pointwise.c -- from a launch to the parameters of the pointwise kernel. */
#include "kernels/cuda/pointwise.h"

static int width(const gd_launch *l) {
    return l->in[0]->dtype == GD_F16 && l->out[0]->dtype == GD_F16 ? 8 : 4;
}

/* Units when each pixel is cut on its own: the most there can be. */
bool gdk_pointwise_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const int     V = width(l);
    const int64_t units = (gd_tensor_channels(l->in[0]) + V - 1) / V;
    return gdk_half_or_wide(l->in[0]) && gdk_half_or_wide(l->out[0]) &&
           gd_tensor_pixels(l->in[0]) * units < INT32_MAX;
}

gd_status gdk_pointwise_run(const gd_launch *l, gdk_pointwise *p, gd_error *err) {
    const gd_tensor *a = l->in[0], *b = gdk_pointwise_is_binary(p->kind) ? l->in[1] : a;
    const gd_tensor *y = l->out[0];
    const int        V = width(l);
    int64_t          pixels = gd_tensor_pixels(a);
    p->a = a->data;
    p->b = b->data;
    p->y = y->data;
    p->a_pitch = a->pitch;
    p->b_pitch = b->pitch;
    p->y_pitch = y->pitch;
    p->C = gd_tensor_channels(a);
    p->a_wide = a->dtype == GD_F32;
    p->y_wide = y->dtype == GD_F32;
    p->early = gdk_early(l);
    if (p->kind != GDK_POINTWISE_AFFINE && gd_tensor_dense(a) && gd_tensor_dense(b) &&
        gd_tensor_dense(y)) {
        p->C *= pixels;
        pixels = 1;
    }
    const uintptr_t bits = (uintptr_t)p->a | (uintptr_t)p->b | (uintptr_t)p->y;
    p->vec = pixels == 1 ? bits % 16 == 0 : gdk_aligned(a) && gdk_aligned(b) && gdk_aligned(y);
    const int64_t units = (p->C + V - 1) / V;
    p->n = (uint32_t)(pixels * units);
    if (p->n == 0) return GD_OK;
    p->unit = gdk_fastdiv_by((int64_t)units);
    return gdk_cuda_status(gdk_pointwise_launch(p, gdk_stream(l)), "pointwise", err);
}
