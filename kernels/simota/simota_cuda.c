/* simota_cuda.c -- the CUDA row of SimOTA. */
#include "kernels/simota/simota_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/simota/simota.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 2 &&
           l->in[GD_SIMOTA_GT]->dim[1] <= INT32_MAX / 2;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)gd_tensor_pixels(l->in[GD_SIMOTA_BOX]) * 3 * sizeof(float);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor *const *in = l->in;
    gdk_simota_args         a = {.box = in[GD_SIMOTA_BOX]->data,
                                 .object = in[GD_SIMOTA_OBJECT]->data,
                                 .logit = in[GD_SIMOTA_CLASS]->data,
                                 .point = in[GD_SIMOTA_POINT]->data,
                                 .gt = in[GD_SIMOTA_GT]->data,
                                 .label = in[GD_SIMOTA_LABEL]->data,
                                 .gt_count = in[GD_SIMOTA_COUNT]->data,
                                 .match = l->out[0]->data,
                                 .count = l->out[2]->data,
                                 .iou = l->out[1]->data,
                                 .box_pitch = in[GD_SIMOTA_BOX]->pitch,
                                 .object_pitch = in[GD_SIMOTA_OBJECT]->pitch,
                                 .logit_pitch = in[GD_SIMOTA_CLASS]->pitch,
                                 .point_pitch = in[GD_SIMOTA_POINT]->pitch,
                                 .gt_pitch = in[GD_SIMOTA_GT]->pitch,
                                 .label_pitch = in[GD_SIMOTA_LABEL]->pitch,
                                 .match_pitch = l->out[0]->pitch,
                                 .iou_pitch = l->out[1]->pitch,
                                 .B = (int32_t)in[0]->dim[0],
                                 .A = (int32_t)in[0]->dim[1],
                                 .C = (int32_t)in[GD_SIMOTA_CLASS]->dim[2],
                                 .G = (int32_t)in[GD_SIMOTA_GT]->dim[1],
                                 .radius = ((const gd_simota *)l->attr)->radius};
    const int64_t           rows = in[0]->dim[0] * in[0]->dim[1];
    a.none = l->scratch;
    a.takers = (uint32_t *)(void *)(a.none + rows);
    a.taker = (int32_t *)(void *)(a.takers + rows);
    return gdk_cuda_status(gdk_simota_launch(&a, gdk_stream(l)), "simota", err);
}

const gd_kernel gdk_simota_cuda_rows[] = {{GD_ROW_CUDA("simota_cuda_f32", GD_F32, run),
                                           .flags = GD_ROW_PITCH, .fits = fits,
                                           .scratch = scratch},
                                          {0}};
