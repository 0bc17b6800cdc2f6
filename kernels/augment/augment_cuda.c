/* augment_cuda.c -- the CUDA row of augmentation. */
#include "kernels/augment/augment_cuda.h"

#include "kernels/augment/augment_values.h"

/* Pictures and tiles of rows are axes of the grid. */
static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dtype == GD_F32 && l->out[0]->dim[0] <= 65535;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_augment *a = l->attr;
    gdk_augment_cuda  p = {.pixels = l->in[0]->data,
                           .layers = l->in[1]->data,
                           .out = l->out[0]->data,
                           .n_pixels = l->in[0]->dim[0],
                           .layer_pitch = l->in[1]->pitch,
                           .pitch = l->out[0]->pitch,
                           .B = (int32_t)l->out[0]->dim[0],
                           .S = (int32_t)l->in[1]->dim[1],
                           .out_h = a->out_h,
                           .out_w = a->out_w,
                           .values = gdk_augment_values_of(a)};
    if (p.B == 0) return GD_OK;
    return gdk_cuda_status(gdk_augment_launch(&p, gdk_stream(l)), "augment", err);
}

/* clang-format off */
extern const gd_kernel gdk_augment_cuda_rows[];
const gd_kernel gdk_augment_cuda_rows[] = {
    {GD_ROW_CUDA("augment_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
/* clang-format on */
