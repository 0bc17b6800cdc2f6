/* yolo_decode_cuda.c -- the CUDA row of decoding anchor heads. */
#include "kernels/yolo_decode/yolo_decode_cuda.h"

#include <string.h>

#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dim[0] <= 65535 && l->out[0]->dim[1] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_yolo_decode *attr = l->attr;
    gdk_yolo_decode_args  a = {.n_level = attr->n_level,
                               .B = (int32_t)l->out[0]->dim[0],
                               .n = (int32_t)l->out[0]->dim[1],
                               .classes = (int32_t)(l->in[0]->dim[3] / attr->n_anchor[0] - 5),
                               .square = attr->form == GD_YOLO_SQUARE,
                               .logits = attr->logits,
                               .multi = attr->multi,
                               .box = l->out[0]->data,
                               .score = l->out[1]->data,
                               .label = l->out[2]->data,
                               .box_pitch = l->out[0]->pitch,
                               .score_pitch = l->out[1]->pitch,
                               .label_pitch = l->out[2]->pitch};
    int32_t               first = 0;
    for (int i = 0; i < attr->n_level; i++) {
        const gd_tensor *f = l->in[i];
        a.level[i] = (gdk_yolo_decode_level){.data = f->data,
                                             .pitch = f->pitch,
                                             .W = (int32_t)f->dim[2],
                                             .cells = (int32_t)(f->dim[1] * f->dim[2]),
                                             .anchors = attr->n_anchor[i],
                                             .first = first,
                                             .stride = (float)attr->stride[i],
                                             .scale_xy = attr->scale_xy[i]};
        memcpy(a.level[i].anchor, attr->anchor[i], sizeof a.level[i].anchor);
        first += a.level[i].cells * a.level[i].anchors;
    }
    return gdk_cuda_status(gdk_yolo_decode_launch(&a, gdk_stream(l)), "yolo_decode", err);
}

const gd_kernel gdk_yolo_decode_cuda_rows[] = {
    {GD_ROW_CUDA("yolo_decode_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
