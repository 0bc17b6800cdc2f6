/* to_bytes_cuda.c -- CUDA row of the way from values to pixels. */
#include "kernels/to_bytes/to_bytes_cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_count(l->in[0]) < (int64_t)1 << 40;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor   *x = l->in[0], *y = l->out[0];
    const gdk_to_bytes p = {.x = x->data,
                            .y = y->data,
                            .n = gd_tensor_count(x),
                            .C = gd_tensor_channels(x),
                            .x_pitch = x->pitch,
                            .y_pitch = y->pitch};
    if (p.n == 0) return GD_OK;
    return gdk_cuda_status(gdk_to_bytes_launch(&p, gdk_stream(l)), "to_bytes", err);
}

/* clang-format off */
extern const gd_kernel gdk_to_bytes_cuda_rows[];
const gd_kernel gdk_to_bytes_cuda_rows[] = {
    {GD_ROW_CUDA("to_bytes_cuda_f32", GD_F32, run),
     .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
/* clang-format on */
