/* match_labels_cuda.c -- the CUDA row of class targets. */
#include "kernels/match_labels/match_labels_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/match_labels/match_labels.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 2 &&
           l->in[1]->dim[1] <= INT32_MAX;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)l->in[0]->dim[0] * 2 * sizeof(uint32_t);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_match_labels *attr = l->attr;
    gdk_match_labels_args  a = {.match = l->in[0]->data,
                                .gt_label = l->in[1]->data,
                                .label = l->out[0]->data,
                                .weight = l->out[1]->data,
                                .positive = l->out[2]->data,
                                .rows = l->out[3]->data,
                                .positives = l->out[4]->data,
                                .match_pitch = l->in[0]->pitch,
                                .gt_pitch = l->in[1]->pitch,
                                .label_pitch = l->out[0]->pitch,
                                .weight_pitch = l->out[1]->pitch,
                                .positive_pitch = l->out[2]->pitch,
                                .B = (int32_t)l->in[0]->dim[0],
                                .n = (int32_t)l->in[0]->dim[1],
                                .G = (int32_t)l->in[1]->dim[1],
                                .first = attr->first,
                                .background = attr->background,
                                .per_picture = attr->per_picture,
                                .extra = attr->extra,
                                .found = l->scratch};
    return gdk_cuda_status(gdk_match_labels_launch(&a, gdk_stream(l)), "match_labels", err);
}

const gd_kernel gdk_match_labels_cuda_rows[] = {
    {GD_ROW_CUDA("match_labels_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits,
     .scratch = scratch},
    {0}};
