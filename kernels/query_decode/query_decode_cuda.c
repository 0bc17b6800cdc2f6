/* query_decode_cuda.c -- the CUDA row of decoding queries. */
#include "kernels/query_decode/query_decode_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/query_decode/query_decode.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_pixels(l->in[0]) <= INT32_MAX && l->in[0]->dim[2] <= INT32_MAX;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_query_decode_args a = {.logits = l->in[0]->data,
                                     .raw = l->in[1]->data,
                                     .box = l->out[0]->data,
                                     .score = l->out[1]->data,
                                     .label = l->out[2]->data,
                                     .logits_pitch = l->in[0]->pitch,
                                     .raw_pitch = l->in[1]->pitch,
                                     .box_pitch = l->out[0]->pitch,
                                     .score_pitch = l->out[1]->pitch,
                                     .label_pitch = l->out[2]->pitch,
                                     .rows = gd_tensor_pixels(l->in[0]),
                                     .n = (int32_t)l->in[0]->dim[1],
                                     .classes = (int32_t)l->in[0]->dim[2] - 1,
                                     .early = gdk_early(l)};
    return gdk_cuda_status(gdk_query_decode_launch(&a, gdk_stream(l)), "query_decode", err);
}

const gd_kernel gdk_query_decode_cuda_rows[] = {
    {GD_ROW_CUDA("query_decode_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
