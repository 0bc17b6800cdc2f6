/* top_k_cuda.c -- the CUDA row of top-k. */
#include "kernels/top_k/top_k_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/top_k/top_k.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    /* The batch is an axis of the grid; row numbers stay in 32 bits. */
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 2;
}

static size_t kept_bytes(const gd_launch *l, gdk_top_k_plan p) {
    return (size_t)l->in[0]->dim[0] * (size_t)p.parts * (size_t)p.room * sizeof(uint64_t);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gdk_top_k_plan p = gdk_top_k_pick(l->in[0]->dim[1], l->out[0]->dim[1]);
    return kept_bytes(l, p) +
           (size_t)l->in[0]->dim[0] * (size_t)p.parts * sizeof(gdk_top_k_part);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_top_k_args a = {.score = l->in[0]->data,
                        .value = l->out[0]->data,
                        .index = l->out[1]->data,
                        .found = l->out[2]->data,
                        .score_pitch = l->in[0]->pitch,
                        .value_pitch = l->out[0]->pitch,
                        .index_pitch = l->out[1]->pitch,
                        .B = (int32_t)l->in[0]->dim[0],
                        .n = (int32_t)l->in[0]->dim[1],
                        .k = (int32_t)l->out[0]->dim[1]};
    if (l->n_in > 1 && l->in[1]) a.count = l->in[1]->data;
    a.plan = gdk_top_k_pick(a.n, a.k);
    a.kept = l->scratch;
    a.part = (gdk_top_k_part *)(void *)((char *)l->scratch + kept_bytes(l, a.plan));
    return gdk_cuda_status(gdk_top_k_launch(&a, gdk_stream(l)), "top_k", err);
}

const gd_kernel gdk_top_k_cuda_rows[] = {{GD_ROW_CUDA("top_k_cuda_f32", GD_F32, run),
                                          .flags = GD_ROW_PITCH, .fits = fits,
                                          .scratch = scratch},
                                         {0}};
