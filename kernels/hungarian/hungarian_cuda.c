/* hungarian_cuda.c -- the CUDA row of DETR's assignment. */
#include "kernels/hungarian/hungarian_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/hungarian/hungarian.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= GDK_HUNGARIAN_MOST &&
           l->in[2]->dim[1] <= GDK_HUNGARIAN_MOST && l->in[0]->dim[2] <= INT32_MAX;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(l->in[0]->dim[0] * l->in[0]->dim[1] * l->in[2]->dim[1]) * sizeof(double);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_hungarian      *attr = l->attr;
    const gdk_hungarian_args a = {.logit = l->in[0]->data,
                                  .box = l->in[1]->data,
                                  .gt = l->in[2]->data,
                                  .label = l->in[3]->data,
                                  .gt_count = l->in[4]->data,
                                  .match = l->out[0]->data,
                                  .logit_pitch = l->in[0]->pitch,
                                  .box_pitch = l->in[1]->pitch,
                                  .gt_pitch = l->in[2]->pitch,
                                  .label_pitch = l->in[3]->pitch,
                                  .match_pitch = l->out[0]->pitch,
                                  .B = (int32_t)l->in[0]->dim[0],
                                  .Q = (int32_t)l->in[0]->dim[1],
                                  .C = (int32_t)l->in[0]->dim[2],
                                  .G = (int32_t)l->in[2]->dim[1],
                                  .class_cost = attr->class_cost,
                                  .l1 = attr->l1,
                                  .giou = attr->giou,
                                  .cost = l->scratch};
    return gdk_cuda_status(gdk_hungarian_launch(&a, gdk_stream(l)), "hungarian", err);
}

const gd_kernel gdk_hungarian_cuda_rows[] = {{GD_ROW_CUDA("hungarian_cuda_f32", GD_F32, run),
                                              .flags = GD_ROW_PITCH, .fits = fits,
                                              .scratch = scratch},
                                             {0}};
