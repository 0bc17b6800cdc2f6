/* box_encode_cpu.c -- regression targets, rows in parallel; few of them have a match. */
#include <math.h>
#include <string.h>

#include "kernels/arg.h"
#include "kernels/box_encode/box_encode.h"
#include "kernels/cpu/spread.h"

static void encode(const float *weights, const float *gt, const float *box, float *o) {
    for (int c = 0; c < 2; c++) {
        const float size = box[c + 2] - box[c], want = gt[c + 2] - gt[c];
        const float at = box[c] + 0.5f * size, to = gt[c] + 0.5f * want;
        o[c] = weights[c] * (to - at) / size;
        o[c + 2] = weights[c + 2] * logf(want / size);
    }
}

static bool has_area(const float *box) { return box[2] - box[0] > 0 && box[3] - box[1] > 0; }

static void some_rows(void *ctx, int64_t first, int64_t last) {
    const gd_launch     *l = ctx;
    const gd_box_encode *a = l->attr;
    const int64_t        G = l->in[0]->dim[1], n = l->in[1]->dim[1];
    for (int64_t row = first; row < last; row++) {
        const int64_t b = row / n, i = row % n;
        const int32_t g = GD_AT(const int32_t, l->in[1], b)[i];
        float        *o = GD_AT(float, l->out[0], row);
        memset(o, 0, 4 * sizeof *o);
        if (g < 0 || g >= G) continue;
        const float *gt = GD_AT(const float, l->in[0], b *G + g);
        const float *box = GD_AT(const float, l->in[2], l->in[2]->ndim == 2 ? i : row);
        if (has_area(gt) && has_area(box)) encode(a->weights, gt, box, o);
    }
}

gd_status gdk_box_encode_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_spread_pixels(gd_tensor_pixels(l->out[0]), 4 * sizeof(float), some_rows, (void *)l);
    return GD_OK;
}
