/* dfl_cuda.c -- the CUDA row of boxes from distributions. */
#include "kernels/dfl/dfl_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/dfl/dfl.h"

/* A thread's number is four times the cell's. */
static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dim[0] <= 65535 && l->out[0]->dim[1] <= INT32_MAX / 8;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_dfl *attr = l->attr;
    gdk_dfl_args  a = {.n_level = attr->n_level,
                       .B = (int32_t)l->out[0]->dim[0],
                       .n = (int32_t)l->out[0]->dim[1],
                       .bins = (int32_t)(l->in[0]->dim[3] / 4),
                       .box = l->out[0]->data,
                       .box_pitch = l->out[0]->pitch};
    int32_t       first = 0;
    for (int i = 0; i < attr->n_level; i++) {
        const gd_tensor *x = l->in[i];
        a.level[i] = (gdk_dfl_level){.x = x->data,
                                     .pitch = x->pitch,
                                     .W = (int32_t)x->dim[2],
                                     .cells = (int32_t)(x->dim[1] * x->dim[2]),
                                     .first = first,
                                     .stride = (float)attr->stride[i]};
        first += a.level[i].cells;
    }
    return gdk_cuda_status(gdk_dfl_launch(&a, gdk_stream(l)), "dfl", err);
}

const gd_kernel gdk_dfl_cuda_rows[] = {
    {GD_ROW_CUDA("dfl_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits}, {0}};
