/* crop_resize_cuda.c -- the CUDA row of crop_resize: the kernels of preprocess, which find each
 * canvas's pixels in a frame; an absorbed cast stores halves. */
#include "kernels/preprocess/preprocess_cuda.h"

static const char *const absorbs[] = {"cast", NULL};

static gd_status run(const gd_launch *l, gd_error *err) {
    return gdk_canvases_cuda(l, l->in[0]->dim[0], l->n_in > 2 ? l->in[2] : NULL, "crop_resize",
                             err);
}

extern const gd_kernel gdk_crop_resize_cuda_rows[];
const gd_kernel        gdk_crop_resize_cuda_rows[] = {
           {GD_ROW_CUDA("crop_resize_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH,
            .fits = gdk_canvases_cuda_fits, .absorbs = absorbs},
           {0}};
