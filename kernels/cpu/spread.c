/* spread.c -- work sharing for the simple kernels; see spread.h. */
#include "kernels/cpu/spread.h"

#include <string.h>

#include "engine/backend.h"

/* Below this many bytes a fork of the pool costs more than it saves. */
enum { SERIAL_BYTES = 256 * 1024, CHUNK_BYTES = 64 * 1024 };

void gdk_spread_pixels(int64_t n, size_t bytes_per_pixel, gdk_pixels_fn f, void *ctx) {
    const double bytes = (double)n * (double)bytes_per_pixel;
    if (n <= 0) return;
    if (bytes < SERIAL_BYTES || n == 1) {
        f(ctx, 0, n);
        return;
    }
    int64_t chunk = bytes_per_pixel ? (int64_t)(CHUNK_BYTES / bytes_per_pixel) : n;
    if (chunk < 1) chunk = 1;
    const int64_t chunks = (n + chunk - 1) / chunk;
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static)
    for (int64_t i = 0; i < chunks; i++) {
        const int64_t last = (i + 1) * chunk;
        f(ctx, i * chunk, last < n ? last : n);
    }
}

typedef struct spread_job {
    const gd_tensor *a, *b;
    gd_tensor       *y;
    int64_t          channels;
    gdk_span_f32     f;
    const void      *attr;
} spread_job;

static void spread_rows(void *ctx, int64_t first, int64_t last) {
    const spread_job *j = ctx;
    for (int64_t p = first; p < last; p++)
        j->f((const float *)j->a->data + p * j->a->pitch,
             j->b ? (const float *)j->b->data + p * j->b->pitch : NULL,
             (float *)j->y->data + p * j->y->pitch, j->channels, j->attr);
}

static void spread_flat(void *ctx, int64_t first, int64_t last) {
    const spread_job *j = ctx;
    j->f((const float *)j->a->data + first, j->b ? (const float *)j->b->data + first : NULL,
         (float *)j->y->data + first, last - first, j->attr);
}

void gdk_spread_f32(const gd_launch *l, gdk_span_f32 f) {
    spread_job   j = {l->in[0],  l->n_in > 1 ? l->in[1] : NULL,
                      l->out[0], gd_tensor_channels(l->in[0]),
                      f,         l->attr};
    const size_t size = sizeof(float) * (j.b ? 3 : 2);
    if (gd_tensor_dense(j.a) && gd_tensor_dense(j.y) && (!j.b || gd_tensor_dense(j.b)))
        gdk_spread_pixels(gd_tensor_count(j.a), size, spread_flat, &j);
    else
        gdk_spread_pixels(gd_tensor_pixels(j.a), size * (size_t)j.channels, spread_rows, &j);
}

typedef struct copy_job {
    char       *dst;
    const char *src;
    size_t      dst_stride, src_stride, width;
} copy_job;

static void copy_rows(void *ctx, int64_t first, int64_t last) {
    const copy_job *j = ctx;
    const size_t    n = (size_t)(last - first);
    char           *d = j->dst + (size_t)first * j->dst_stride;
    const char     *s = j->src + (size_t)first * j->src_stride;
    if (j->dst_stride == j->width && j->src_stride == j->width)
        memcpy(d, s, n * j->width);
    else
        for (size_t p = 0; p < n; p++)
            memcpy(d + p * j->dst_stride, s + p * j->src_stride, j->width);
}

void gdk_copy_pixels(void *dst, size_t dst_stride, const void *src, size_t src_stride,
                     int64_t pixels, size_t width) {
    copy_job j = {dst, src, dst_stride, src_stride, width};
    if (width) gdk_spread_pixels(pixels, 2 * width, copy_rows, &j);
}
