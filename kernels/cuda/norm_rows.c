/* norm_rows.c -- from a launch to the kernels of the gradients of norms over rows: d_x, then
 * the sums over rows. */
#include "kernels/cuda/norm_rows.h"

#include "kernels/cuda/columns.h"

bool gdk_norm_rows_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_columns_fit(l->in[0], 1);
}

static size_t row_bytes(const gd_launch *l) {
    return (size_t)(gd_tensor_pixels(l->in[0]) + 1) / 2 * 2 * 2 * sizeof(float);
}

size_t gdk_norm_rows_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return row_bytes(l) + gdk_columns_room(l->in[0], 1, 2);
}

gd_status gdk_norm_rows_run(const gd_launch *l, float eps, bool length, const char *name,
                            gd_error *err) {
    const gd_tensor *d_y = l->in[0], *x = l->in[1], *d_x = l->out[0];
    gdk_norm_rows    p = {.d_y = d_y->data,
                          .x = x->data,
                          .d_x = d_x->data,
                          .gamma = l->in[2]->data,
                          .row = l->scratch,
                          .d_y_pitch = d_y->pitch,
                          .x_pitch = x->pitch,
                          .d_x_pitch = d_x->pitch,
                          .rows = (uint32_t)gd_tensor_pixels(x),
                          .C = (int32_t)gd_tensor_channels(x),
                          .length = length,
                          .wide = x->dtype == GD_F32,
                          .early = gdk_early(l),
                          .eps = eps};
    gdk_norm_bwd     s = {.d_y = p.d_y,
                          .x = p.x,
                          .row = p.row,
                          .scale = l->out[1]->data,
                          .shift = l->n_out > 2 ? l->out[2]->data : NULL,
                          .part = (float *)((char *)l->scratch + row_bytes(l)),
                          .d_y_pitch = d_y->pitch,
                          .x_pitch = x->pitch,
                          .wide = p.wide,
                          .early = p.early};
    if (p.C == 0) return GD_OK;
    p.vec =
        gdk_aligned(d_y) && gdk_aligned(x) && gdk_aligned(d_x) && (uintptr_t)p.gamma % 16 == 0;
    s.s = gdk_columns_of(x, 1, gdk_aligned(d_y) && gdk_aligned(x));
    if (p.rows > 0) GD_TRY(gdk_cuda_status(gdk_norm_rows_launch(&p, gdk_stream(l)), name, err));
    return gdk_cuda_status(gdk_norm_bwd_launch(&s, gdk_stream(l)), name, err);
}
