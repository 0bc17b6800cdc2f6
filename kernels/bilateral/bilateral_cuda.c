/* bilateral_cuda.c -- CUDA row of the bilateral filter. */
#include "kernels/bilateral/bilateral_cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    const gd_tensor *x = l->in[0];
    (void)dev;
    return x->dim[0] <= 65535 && x->dim[1] <= 65535 * 8 && x->dim[2] < 1 << 30;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_bilateral      *a = l->attr;
    const gd_tensor         *x = l->in[0];
    const gdk_bilateral_cuda p = {.x = x->data,
                                  .y = l->out[0]->data,
                                  .x_pitch = x->pitch,
                                  .y_pitch = l->out[0]->pitch,
                                  .N = (int32_t)x->dim[0],
                                  .H = (int32_t)x->dim[1],
                                  .W = (int32_t)x->dim[2],
                                  .C = (int32_t)x->dim[3],
                                  .radius = a->radius,
                                  .of_color = -1 / (2 * a->sigma_color * a->sigma_color),
                                  .of_space = -1 / (2 * a->sigma_space * a->sigma_space)};
    if (gd_tensor_count(x) == 0) return GD_OK;
    return gdk_cuda_status(gdk_bilateral_launch(&p, gdk_stream(l)), "bilateral", err);
}

/* clang-format off */
extern const gd_kernel gdk_bilateral_cuda_rows[];
const gd_kernel gdk_bilateral_cuda_rows[] = {
    {GD_ROW_CUDA("bilateral_cuda_f32", GD_F32, run),
     .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
/* clang-format on */
