/* match_cuda.c -- the CUDA row of matching boxes with ground truth. */
#include "kernels/match/match_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/match/match.h"

static int64_t rows_of(const gd_launch *l) { return l->in[0]->dim[l->in[0]->ndim - 2]; }
static int64_t blocks_of(const gd_launch *l) {
    return (rows_of(l) + GDK_MATCH_BLOCK - 1) / GDK_MATCH_BLOCK;
}

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    /* The batch is an axis of the grid; row numbers stay in 32 bits. */
    return l->in[1]->dim[0] <= 65535 && rows_of(l) <= INT32_MAX / 2 &&
           l->in[1]->dim[1] <= INT32_MAX / 2;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_match *attr = l->attr;
    const int64_t   B = l->in[1]->dim[0], G = l->in[1]->dim[1];
    if (!attr->allow_low_quality && !attr->claim) return 0;
    return (size_t)(B * G) * sizeof(uint64_t) +
           (size_t)(B * (blocks_of(l) * G + rows_of(l))) * sizeof(uint32_t);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_match *attr = l->attr;
    gdk_match_args  a = {.box = l->in[0]->data,
                         .gt = l->in[1]->data,
                         .gt_count = l->in[2]->data,
                         .match = l->out[0]->data,
                         .box_pitch = l->in[0]->pitch,
                         .gt_pitch = l->in[1]->pitch,
                         .match_pitch = l->out[0]->pitch,
                         .B = (int32_t)l->in[1]->dim[0],
                         .A = (int32_t)rows_of(l),
                         .G = (int32_t)l->in[1]->dim[1],
                         .blocks = (int32_t)blocks_of(l),
                         .each = l->in[0]->ndim == 3,
                         .low_quality = attr->allow_low_quality != 0,
                         .claim = attr->claim != 0,
                         .high = attr->high,
                         .low = attr->low};
    if (l->n_in > 3 && l->in[3]) a.count = l->in[3]->data;
    if (a.low_quality || a.claim) {
        const int64_t B = a.B;
        a.key = l->scratch;
        a.most = (uint32_t *)(void *)(a.key + B * a.G);
        a.best = (int32_t *)(void *)(a.most + B * a.blocks * a.G);
    }
    return gdk_cuda_status(gdk_match_launch(&a, gdk_stream(l)), "match", err);
}

const gd_kernel gdk_match_cuda_rows[] = {{GD_ROW_CUDA("match_cuda_f32", GD_F32, run),
                                          .flags = GD_ROW_PITCH, .fits = fits,
                                          .scratch = scratch},
                                         {0}};
