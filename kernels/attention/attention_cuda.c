/* attention_cuda.c -- the CUDA rows of attention, in order of preference. */
#include "kernels/attention/attention_cuda.h"

#include <math.h>

#include "kernels/attention/attention.h"
#include "kernels/attention/attention_pick.h"
#include "kernels/cuda/cuda.h"

static gdk_attention_args args_of(const gd_launch *l) {
    const gd_attention *attr = l->attr;
    const gd_tensor    *q = l->in[0], *mask = l->n_in > 3 ? l->in[3] : NULL;
    gdk_attention_args  a = {.q = q->data,
                             .k = l->in[1]->data,
                             .v = l->in[2]->data,
                             .mask = mask ? mask->data : NULL,
                             .out = l->out[0]->data,
                             .q_pitch = q->pitch,
                             .k_pitch = l->in[1]->pitch,
                             .v_pitch = l->in[2]->pitch,
                             .out_pitch = l->out[0]->pitch,
                             .mask_pitch = mask ? mask->pitch : 0,
                             .queries = (int32_t)q->dim[1],
                             .keys = (int32_t)l->in[1]->dim[1],
                             .heads = attr->heads,
                             .d = (int32_t)(q->dim[2] / attr->heads),
                             .wide = q->dtype == GD_F32,
                             .early = gdk_early(l)};
    a.groups = (int32_t)(q->dim[0] * attr->heads);
    a.scale = attr->scale > 0 ? attr->scale : 1.0f / sqrtf((float)a.d);
    return a;
}

static bool fits_simt(const gd_launch *l, const gd_device_caps *dev) {
    const gd_attention *a = l->attr;
    (void)dev;
    return l->in[0]->dim[0] * a->heads <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 2 &&
           l->in[1]->dim[1] >= 1 && l->in[1]->dim[1] <= INT32_MAX / 2 &&
           l->in[0]->dim[2] / a->heads <= GDK_ATTENTION_SIMT_MOST;
}

static bool fits_mma(const gd_launch *l, const gd_device_caps *dev) {
    const int64_t d = l->in[0]->dim[2] / ((const gd_attention *)l->attr)->heads;
    return fits_simt(l, dev) && (d == 32 || d == 64) && gdk_aligned(l->in[0]) &&
           gdk_aligned(l->in[1]) && gdk_aligned(l->in[2]) && gdk_aligned(l->out[0]);
}

static gd_status run_simt(const gd_launch *l, gd_error *err) {
    const gdk_attention_args a = args_of(l);
    return gdk_cuda_status(gdk_attention_simt_launch(&a, gdk_stream(l)), "attention", err);
}

static gd_status run_mma(const gd_launch *l, gd_error *err) {
    const gd_device_caps      *dev = &l->device->caps;
    gdk_attention_args         a = args_of(l);
    const gdk_attention_choice c =
        gdk_attention_pick(a.groups, a.queries, a.keys, dev->sm, dev->n_sm);
    a.divide = c.divide;
    a.split = c.split;
    a.part = c.part;
    return gdk_cuda_status(gdk_attention_mma_launch(&a, gdk_stream(l)), "attention", err);
}

const gd_kernel gdk_attention_cuda_rows[] = {
    {GD_ROW_CUDA("attention_mma_f16", GD_F16, run_mma), .min_sm = 75, .flags = GD_ROW_PITCH,
     .fits = fits_mma, .tol_k = 4,
     .tol_why = "weights are rounded to FP16 before they meet the values"},
    {GD_ROW_CUDA("attention_simt_f16", GD_F16, run_simt), .flags = GD_ROW_PITCH,
     .fits = fits_simt},
    {GD_ROW_CUDA("attention_simt_f32", GD_F32, run_simt), .flags = GD_ROW_PITCH,
     .fits = fits_simt},
    {0}};
