/* sample_cuda.c -- the CUDA row of the balanced draw. */
#include "kernels/sample/sample_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/sample/sample.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= GDK_SAMPLE_ROWS &&
           l->out[0]->dim[1] <= GDK_SAMPLE_MOST;
}

static size_t kept_bytes(const gd_launch *l) {
    return (size_t)l->in[0]->dim[0] * 2 * GDK_SAMPLE_ROOM * sizeof(uint64_t);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return kept_bytes(l) +
           (size_t)l->in[0]->dim[0] * 2 * (GDK_SAMPLE_BINS + 1) * sizeof(uint32_t);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_sample *attr = l->attr;
    gdk_sample_args  a = {.match = l->in[0]->data,
                          .rng = l->in[1]->data,
                          .index = l->out[0]->data,
                          .drawn = l->out[1]->data,
                          .positives = l->out[2]->data,
                          .count = l->out[3]->data,
                          .match_pitch = l->in[0]->pitch,
                          .index_pitch = l->out[0]->pitch,
                          .drawn_pitch = l->out[1]->pitch,
                          .B = (int32_t)l->in[0]->dim[0],
                          .A = (int32_t)l->in[0]->dim[1],
                          .n = attr->n,
                          .most_positive = (int32_t)gdk_sample_positives(attr),
                          .stream = attr->stream};
    a.kept = l->scratch;
    a.bin = (uint32_t *)(void *)((char *)l->scratch + kept_bytes(l));
    return gdk_cuda_status(gdk_sample_launch(&a, gdk_stream(l)), "sample", err);
}

const gd_kernel gdk_sample_cuda_rows[] = {{GD_ROW_CUDA("sample_cuda_i32", GD_I32, run),
                                           .flags = GD_ROW_PITCH, .fits = fits,
                                           .scratch = scratch},
                                          {0}};
