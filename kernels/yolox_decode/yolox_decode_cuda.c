/* yolox_decode_cuda.c -- the CUDA row of YOLOX decoding. */
#include "kernels/yolox_decode/yolox_decode_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/yolox_decode/yolox_decode.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dim[0] <= 65535 && l->out[0]->dim[1] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_yolox_decode *attr = l->attr;
    gdk_yolox_decode_args  a = {.n_level = attr->n_level,
                                .B = (int32_t)l->out[0]->dim[0],
                                .n = (int32_t)l->out[0]->dim[1],
                                .classes = (int32_t)(l->in[0]->dim[3] - 5),
                                .box = l->out[0]->data,
                                .score = l->out[1]->data,
                                .label = l->out[2]->data,
                                .box_pitch = l->out[0]->pitch,
                                .score_pitch = l->out[1]->pitch,
                                .label_pitch = l->out[2]->pitch};
    int32_t                first = 0;
    for (int i = 0; i < attr->n_level; i++) {
        const gd_tensor *f = l->in[i];
        a.level[i] = (gdk_yolox_decode_level){.data = f->data,
                                              .pitch = f->pitch,
                                              .W = (int32_t)f->dim[2],
                                              .cells = (int32_t)(f->dim[1] * f->dim[2]),
                                              .first = first,
                                              .stride = (float)attr->stride[i]};
        first += a.level[i].cells;
    }
    return gdk_cuda_status(gdk_yolox_decode_launch(&a, gdk_stream(l)), "yolox_decode", err);
}

const gd_kernel gdk_yolox_decode_cuda_rows[] = {
    {GD_ROW_CUDA("yolox_decode_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
