/* separable_cuda.c -- CUDA rows of gaussian, sharpen and sobel. */
#include "kernels/separable/separable_cuda.h"

enum { MOST_CHANNELS = 44 }; /* so that a segment and its surroundings fit shared memory */

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    const gd_tensor *x = l->in[0];
    (void)dev;
    return x->dim[3] <= MOST_CHANNELS && x->dim[0] <= 65535 && x->dim[1] <= 1 << 20 &&
           x->dim[2] * x->dim[3] <= 1 << 25 && x->dim[0] * x->dim[1] < INT32_MAX;
}

/* Sums along x of every pair: sobel's length has two. */
static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return 2 * (size_t)gd_tensor_count(l->in[0]) * sizeof(float);
}

static gd_status run(const gd_launch *l, void (*spell)(const void *attr, gdk_separable *s),
                     const char *what, gd_error *err) {
    const gd_tensor   *x = l->in[0];
    gdk_separable      s;
    gdk_separable_cuda p = {.x = x->data,
                            .mid = l->scratch,
                            .y = l->out[0]->data,
                            .x_pitch = x->pitch,
                            .y_pitch = l->out[0]->pitch,
                            .rows = x->dim[0] * x->dim[1],
                            .H = (int32_t)x->dim[1],
                            .W = (int32_t)x->dim[2],
                            .C = (int32_t)x->dim[3],
                            .width = (int32_t)(x->dim[2] * x->dim[3])};
    if (gd_tensor_count(x) == 0) return GD_OK;
    spell(l->attr, &s);
    p.n_pair = s.n_pair;
    p.after = s.after;
    p.n_y = s.n_y[0];
    p.n_x = s.n_x[0];
    p.amount = (float)s.amount;
    for (int i = 0; i < p.n_y; i++) p.ky[i] = (float)s.y[0][i];
    for (int i = 0; i < p.n_x; i++) p.kx[i] = (float)s.x[0][i];
    for (int i = 0; i < p.n_y && s.n_pair > 1; i++) {
        p.ky2[i] = (float)s.y[1][i];
        p.kx2[i] = (float)s.x[1][i];
    }
    return gdk_cuda_status(gdk_separable_launch(&p, gdk_stream(l)), what, err);
}

static gd_status run_gaussian(const gd_launch *l, gd_error *err) {
    return run(l, gdk_gaussian_spell, "gaussian", err);
}
static gd_status run_sharpen(const gd_launch *l, gd_error *err) {
    return run(l, gdk_sharpen_spell, "sharpen", err);
}
static gd_status run_sobel(const gd_launch *l, gd_error *err) {
    return run(l, gdk_sobel_spell, "sobel", err);
}

#define ROWS(op)                                                                              \
    {                                                                                         \
        {GD_ROW_CUDA(#op "_cuda_f32", GD_F32, run_##op), .flags = GD_ROW_PITCH, .fits = fits, \
         .scratch = scratch},                                                                 \
        {                                                                                     \
            0                                                                                 \
        }                                                                                     \
    }
extern const gd_kernel gdk_gaussian_cuda_rows[];
extern const gd_kernel gdk_sharpen_cuda_rows[];
extern const gd_kernel gdk_sobel_cuda_rows[];
const gd_kernel        gdk_gaussian_cuda_rows[] = ROWS(gaussian);
const gd_kernel        gdk_sharpen_cuda_rows[] = ROWS(sharpen);
const gd_kernel        gdk_sobel_cuda_rows[] = ROWS(sobel);
