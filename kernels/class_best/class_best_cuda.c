/* class_best_cuda.c -- the CUDA row of the likeliest class. */
#include "kernels/class_best/class_best_cuda.h"

#include "kernels/class_best/class_best.h"
#include "kernels/cuda/cuda.h"

/* A label is passed between lanes as an int, one beyond the last class meaning none. */
static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dim[0] <= 65535 && l->out[0]->dim[1] <= INT32_MAX / 2 &&
           l->in[0]->dim[3] < INT32_MAX - 32;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_class_best_args a = {.n_level = l->n_in,
                             .B = (int32_t)l->out[0]->dim[0],
                             .n = (int32_t)l->out[0]->dim[1],
                             .classes = (int32_t)l->in[0]->dim[3],
                             .score = l->out[0]->data,
                             .label = l->out[1]->data,
                             .score_pitch = l->out[0]->pitch,
                             .label_pitch = l->out[1]->pitch};
    int32_t             first = 0;
    for (int i = 0; i < l->n_in; i++) {
        const gd_tensor *x = l->in[i];
        a.level[i] = (gdk_class_best_level){.x = x->data,
                                            .pitch = x->pitch,
                                            .cells = (int32_t)(x->dim[1] * x->dim[2]),
                                            .first = first};
        first += a.level[i].cells;
    }
    return gdk_cuda_status(gdk_class_best_launch(&a, gdk_stream(l)), "class_best", err);
}

const gd_kernel gdk_class_best_cuda_rows[] = {
    {GD_ROW_CUDA("class_best_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
