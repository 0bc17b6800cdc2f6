/* conv2d_dw.c -- depthwise convolution: each channel has a filter of its own.
 *
 * Bound by memory and loads. Rows of the output are dealt out; six pixels at a time share the
 * weights of a tap, which are packed as [panel][tap][channel]. */
#include <string.h>

#include "engine/backend.h"
#include "engine/mem.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/cpu/gemm_depthwise.h"
#include "kernels/cpu/steps.h"

enum { MAX_TAPS = GDK_DEPTHWISE_TAPS, ROWS = GDK_DEPTHWISE_ROWS };

typedef struct job {
    const gd_launch     *l;
    const gdk_depthwise *d;
    const float         *zero, *packed;
    gdk_steps            steps;
} job;

bool gdk_conv2d_dw_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_conv2d *a = l->attr;
    const gd_tensor *w = l->in[1];
    return a->groups == w->dim[0] && a->groups == l->in[0]->dim[3] &&
           gdk_depthwise_for(a->groups) && w->dim[1] * w->dim[2] <= MAX_TAPS && w->pitch == 1 &&
           gdk_steps_fit(l);
}

static int64_t count_weights(const gd_launch *l) {
    const gd_tensor *w = l->in[1];
    return w->dim[0] * w->dim[1] * w->dim[2];
}

/* Zeros, then the packed weights unless they are constant. */
size_t gdk_conv2d_dw_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const int64_t weights = l->const_in & 2u ? 0 : count_weights(l);
    return (size_t)(l->in[0]->dim[3] + weights) * sizeof(float);
}

static void pack(const gd_tensor *w, float *packed) {
    const int64_t C = w->dim[0], taps = w->dim[1] * w->dim[2];
    const int64_t panel = 2 * gdk_depthwise_for(C)->lanes;
    for (int64_t c = 0; c < C; c++) {
        const int64_t first = c / panel * panel, width = C - first < panel ? C - first : panel;
        for (int64_t t = 0; t < taps; t++)
            packed[first * taps + t * width + c - first] =
                ((const float *)w->data)[c * taps + t];
    }
}

/* State: packed weights; none where they are packed at each run. */
gd_status gdk_conv2d_dw_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                gd_error *err) {
    (void)dev;
    *state = NULL;
    if (!(l->const_in & 2u)) return GD_OK;
    float *packed = gd_mem_get((size_t)count_weights(l) * sizeof *packed);
    if (!packed)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %lld packed weights",
                       (long long)count_weights(l));
    pack(l->in[1], packed);
    *state = packed;
    return GD_OK;
}

/* Pointers of `rows` pixels from column q of output row p, picture n. */
static void point(const job *j, int64_t n, int64_t p, int64_t q, int rows, const float **row) {
    const gd_conv2d *a = j->l->attr;
    const gd_tensor *x = j->l->in[0], *w = j->l->in[1];
    for (int64_t r = 0; r < w->dim[1]; r++) {
        const int64_t h = p * a->stride[0] - a->pad[0] + r * a->dilation[0];
        const float *line = (const float *)x->data + (n * x->dim[1] + h) * x->dim[2] * x->pitch;
        for (int64_t s = 0; s < w->dim[2]; s++)
            for (int i = 0; i < rows; i++) {
                const int64_t v = (q + i) * a->stride[1] - a->pad[1] + s * a->dilation[1];
                const bool    inside = h >= 0 && h < x->dim[1] && v >= 0 && v < x->dim[2];
                *row++ = inside ? line + v * x->pitch : j->zero;
            }
    }
}

static void run_row(const job *j, int64_t n, int64_t p) {
    const gd_tensor   *w = j->l->in[1], *y = j->l->out[0];
    const int64_t      C = y->dim[3], Q = y->dim[2], taps = w->dim[1] * w->dim[2];
    const int          panel = 2 * j->d->lanes;
    const float       *bias = j->l->in[2] ? j->l->in[2]->data : j->zero;
    const float       *row[MAX_TAPS * ROWS];
    _Alignas(64) float tile[ROWS * GDK_GEMM_WIDTH];
    for (int64_t q = 0; q < Q; q += ROWS) {
        const int rows = Q - q < ROWS ? (int)(Q - q) : ROWS;
        point(j, n, p, q, rows, row);
        for (int64_t c = 0; c < C; c += panel) {
            const int vectors = C - c < panel ? 1 : 2, width = vectors * j->d->lanes;
            j->d->fn[vectors - 1][rows - 1](row, c, taps, j->packed + c * taps, bias + c, tile);
            gdk_steps_store(&j->steps, tile, width, rows, width, (n * y->dim[1] + p) * Q + q,
                            c);
        }
    }
}

gd_status gdk_conv2d_dw_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t P = l->out[0]->dim[1], rows = l->out[0]->dim[0] * P;
    job           j = {.l = l, .d = gdk_depthwise_for(l->in[0]->dim[3]), .zero = l->scratch};
    memset(l->scratch, 0, (size_t)l->in[0]->dim[3] * sizeof(float));
    j.packed = l->state;
    if (!j.packed) {
        float *fresh = (float *)l->scratch + l->in[0]->dim[3];
        pack(l->in[1], fresh);
        j.packed = fresh;
    }
    gdk_steps_read(l, &j.steps);
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static)
    for (int64_t r = 0; r < rows; r++) run_row(&j, r / P, r % P);
    return GD_OK;
}
