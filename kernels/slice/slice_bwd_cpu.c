/* slice_bwd_cpu.c -- the gradient of slice: zeros, and d_y where it was taken from. Bound by
 * memory; a thread owns some pixels of d_x. */
#include <string.h>

#include "kernels/arg.h"
#include "kernels/cpu/spread.h"
#include "kernels/index.h"
#include "kernels/slice/slice.h"

/* Between channels: every pixel gets some of them. */
static void channels(void *ctx, int64_t first, int64_t last) {
    const gd_launch    *l = ctx;
    const gd_slice_bwd *a = l->attr;
    const int64_t       C = gd_tensor_channels(l->out[0]), n = gd_tensor_channels(l->in[0]);
    for (int64_t p = first; p < last; p++) {
        const float *d_y = GD_AT(const float, l->in[0], p);
        float       *d_x = GD_AT(float, l->out[0], p);
        memset(d_x, 0, (size_t)C * sizeof *d_x);
        for (int64_t c = 0; c < n; c++) d_x[a->start + c * a->step] = d_y[c];
    }
}

/* Along another axis: whole pixels. */
static void pixels(void *ctx, int64_t first, int64_t last) {
    const gd_launch    *l = ctx;
    const gd_slice_bwd *a = l->attr;
    const int           axis = gd_index_axis(l->out[0], a->axis);
    const size_t        bytes = (size_t)gd_tensor_channels(l->out[0]) * sizeof(float);
    const int64_t       taken = l->in[0]->dim[axis];
    int64_t             outer, inner;
    gd_index_around(l->out[0], axis, &outer, &inner);
    for (int64_t p = first; p < last; p++) {
        const int64_t i = p / inner % a->size - a->start, k = i / a->step;
        float        *d_x = GD_AT(float, l->out[0], p);
        if (i < 0 || i % a->step || k >= taken)
            memset(d_x, 0, bytes);
        else
            memcpy(d_x,
                   GD_AT(const float, l->in[0],
                         (p / inner / a->size * taken + k) * inner + p % inner),
                   bytes);
    }
}

gd_status gdk_slice_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_slice_bwd *a = l->attr;
    gd_launch           copy = *l;
    const gd_tensor    *d_x = l->out[0];
    const bool          last = gd_index_axis(d_x, a->axis) == d_x->ndim - 1;
    gdk_spread_pixels(gd_tensor_pixels(d_x),
                      (size_t)gd_tensor_channels(d_x) * 2 * sizeof(float),
                      last ? channels : pixels, &copy);
    return GD_OK;
}
