/* attention_bwd_cuda.c -- the CUDA rows of attention's gradient. */
#include "kernels/attention/attention_bwd_cuda.h"

#include <math.h>

#include "kernels/attention/attention.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    const gd_attention *a = l->attr;
    const gd_tensor    *q = l->in[1], *k = l->in[2];
    (void)dev;
    return q->dim[0] * a->heads <= 65535 && q->dim[1] <= INT32_MAX / 2 &&
           k->dim[1] <= INT32_MAX / 2 && q->dim[2] / a->heads <= GDK_ATTENTION_BWD_MOST;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *q = l->in[1];
    return (size_t)(q->dim[0] * ((const gd_attention *)l->attr)->heads * q->dim[1]) *
           GDK_ATTENTION_BWD_STATS * sizeof(float);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_attention    *attr = l->attr;
    const gd_tensor       *q = l->in[1], *mask = l->n_in > 4 ? l->in[4] : NULL;
    gdk_attention_bwd_args a = {.dy = l->in[0]->data,
                                .q = q->data,
                                .k = l->in[2]->data,
                                .v = l->in[3]->data,
                                .mask = mask ? mask->data : NULL,
                                .dq = l->out[0]->data,
                                .dk = l->out[1]->data,
                                .dv = l->out[2]->data,
                                .stat = l->scratch,
                                .dy_pitch = l->in[0]->pitch,
                                .q_pitch = q->pitch,
                                .k_pitch = l->in[2]->pitch,
                                .v_pitch = l->in[3]->pitch,
                                .dq_pitch = l->out[0]->pitch,
                                .dk_pitch = l->out[1]->pitch,
                                .dv_pitch = l->out[2]->pitch,
                                .mask_pitch = mask ? mask->pitch : 0,
                                .queries = (int32_t)q->dim[1],
                                .keys = (int32_t)l->in[2]->dim[1],
                                .heads = attr->heads,
                                .d = (int32_t)(q->dim[2] / attr->heads),
                                .groups = (int32_t)(q->dim[0] * attr->heads),
                                .wide = q->dtype == GD_F32,
                                .early = gdk_early(l)};
    a.scale = attr->scale > 0 ? attr->scale : 1.0f / sqrtf((float)a.d);
    if (a.groups == 0) return GD_OK;
    return gdk_cuda_status(gdk_attention_bwd_launch(&a, gdk_stream(l)), "attention_bwd", err);
}

#define ROW(type, id)                                                                       \
    {                                                                                       \
        GD_ROW_CUDA("attention_bwd_simt_" #type, id, run), .flags = GD_ROW_PITCH,           \
                                                           .fits = fits, .scratch = scratch \
    }
extern const gd_kernel gdk_attention_bwd_cuda_rows[];
const gd_kernel gdk_attention_bwd_cuda_rows[] = {ROW(f16, GD_F16), ROW(f32, GD_F32), {0}};
