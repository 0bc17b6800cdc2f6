/* sum_pixels_cpu.c -- the sum over pixels, vectorised over channels. */
#include "kernels/arg.h"
#include "kernels/cpu/sums.h"
#include "kernels/linear/linear.h"

static void part(const void *ctx, int64_t first, int64_t last, float *sum) {
    const gd_tensor *x = ctx;
    const gdk_span   s = {.d = GD_AT(const float, x, first),
                          .d_pitch = x->pitch,
                          .pixels = last - first,
                          .n = gd_tensor_channels(x)};
    gdk_span_sum(&s, sum);
}

size_t gdk_sum_pixels_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_sums_scratch(gd_tensor_pixels(l->in[0]), gd_tensor_channels(l->in[0]));
}

gd_status gdk_sum_pixels_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *x = l->in[0];
    const int64_t    C = gd_tensor_channels(x);
    const double    *sum = gdk_sums(gd_tensor_pixels(x), C, part, x, l->scratch);
    for (int64_t c = 0; c < C; c++) ((float *)l->out[0]->data)[c] = (float)sum[c];
    return GD_OK;
}
