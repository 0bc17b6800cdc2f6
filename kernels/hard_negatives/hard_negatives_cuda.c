/* hard_negatives_cuda.c -- the CUDA row of the mining of negatives. */
#include "kernels/hard_negatives/hard_negatives_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/hard_negatives/hard_negatives.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 64 &&
           l->in[0]->dim[2] <= INT32_MAX / 64;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(l->in[0]->dim[0] * (l->in[0]->dim[1] + 1)) * sizeof(float);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_hard_negatives *attr = l->attr;
    const gd_tensor         *x = l->in[0];
    gdk_hard_negatives_args  a = {.logit = x->data,
                                  .match = l->in[1]->data,
                                  .weight = l->out[0]->data,
                                  .logit_pitch = x->pitch,
                                  .match_pitch = l->in[1]->pitch,
                                  .weight_pitch = l->out[0]->pitch,
                                  .B = (int32_t)x->dim[0],
                                  .A = (int32_t)x->dim[1],
                                  .C = (int32_t)x->dim[2],
                                  .background = attr->background,
                                  .ratio = attr->ratio,
                                  .positives = l->scratch};
    a.loss = (float *)(void *)(a.positives + a.B);
    return gdk_cuda_status(gdk_hard_negatives_launch(&a, gdk_stream(l)), "hard_negatives", err);
}

const gd_kernel gdk_hard_negatives_cuda_rows[] = {
    {GD_ROW_CUDA("hard_negatives_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits,
     .scratch = scratch},
    {0}};
