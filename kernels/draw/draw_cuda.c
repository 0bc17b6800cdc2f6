/* draw_cuda.c -- CUDA row of drawing. */
#include "kernels/draw/draw_cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[1]->dim[0] <= 1 << 30 /* places in the list are int */ &&
           gdk_aligned(l->in[1]);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor    *x = l->in[0], *list = l->in[1], *atlas = l->in[2], *y = l->out[0];
    const gdk_draw_args a = {.x = x->data,
                             .atlas = atlas->data,
                             .list = list->data,
                             .y = y->data,
                             .x_pitch = x->pitch,
                             .y_pitch = y->pitch,
                             .list_pitch = list->pitch,
                             .atlas_bytes = gd_tensor_count(atlas),
                             .width = (int32_t)x->dim[2],
                             .height = (int32_t)x->dim[1],
                             .room = (int32_t)(list->dim[0] - 1)};
    if (a.width == 0 || a.height == 0) return GD_OK;
    return gdk_cuda_status(gdk_draw_launch(&a, gdk_stream(l)), "draw", err);
}

/* clang-format off */
extern const gd_kernel gdk_draw_cuda_rows[];
const gd_kernel gdk_draw_cuda_rows[] = {
    {GD_ROW_CUDA("draw_cuda_u8", GD_U8, run),
     .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
/* clang-format on */
