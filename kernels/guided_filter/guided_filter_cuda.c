/* guided_filter_cuda.c -- CUDA row of the guided filter: stripe by stripe, so that no picture
 * asks for much memory.
 *
 * Scratch: planes of sums, of coefficients and of means, each for the rows of a stripe and of
 * the windows around it. */
#include "kernels/guided_filter/guided_filter_cuda.h"

enum { STRIPE_BYTES = 128 << 20 };

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_guided k = gdk_guided_of(l);
    (void)dev;
    return k.H <= 65535 && k.W <= 1 << 22;
}

static int planes(const gdk_guided *k) {
    return k->n_coef + 2 * (k->n_moment > k->n_coef ? k->n_moment : k->n_coef);
}

/* Rows of a stripe, without those around it: no fewer than two radii, so that little of the
 * work is done twice. */
static int64_t stripe_rows(const gdk_guided *k) {
    int64_t n = STRIPE_BYTES / (planes(k) * k->W * (int64_t)sizeof(float) + 1) - 2 * k->ry;
    if (n < 2 * k->ry) n = 2 * k->ry;
    if (n < 64) n = 64;
    return n < k->H ? n : k->H;
}

static int64_t plane_rows(const gdk_guided *k) {
    const int64_t n = stripe_rows(k) + 2 * k->ry;
    return n < k->H ? n : k->H;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_guided k = gdk_guided_of(l);
    (void)dev;
    return (size_t)planes(&k) * (size_t)(plane_rows(&k) * k.W) * sizeof(float);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_guided k = gdk_guided_of(l);
    const gd_tensor *x = l->in[0], *guide = k.self ? x : l->in[1];
    const int64_t    n = stripe_rows(&k), pixels = k.H * k.W;
    gdk_guided_cuda  p = {.k = k,
                          .p_pitch = x->pitch,
                          .I_pitch = guide->pitch,
                          .q_pitch = l->out[0]->pitch,
                          .sums = l->scratch,
                          .plane = plane_rows(&k) * k.W};
    if (gd_tensor_count(x) == 0) return GD_OK;
    p.ab = p.sums + (k.n_moment > k.n_coef ? k.n_moment : k.n_coef) * p.plane;
    for (int64_t b = 0; b < k.N; b++)
        for (int64_t y = 0; y < k.H; y += n) {
            p.p = (const float *)x->data + b * pixels * x->pitch;
            p.I = (const float *)guide->data + b * pixels * guide->pitch;
            p.q = (float *)l->out[0]->data + b * pixels * p.q_pitch;
            p.first = (int32_t)y;
            p.last = (int32_t)(y + n < k.H ? y + n : k.H);
            p.first_ab = p.first > k.ry ? p.first - k.ry : 0;
            p.last_ab = p.last + k.ry < k.H ? p.last + k.ry : (int32_t)k.H;
            GD_TRY(gdk_cuda_status(gdk_guided_filter_launch(&p, gdk_stream(l)), "guided_filter",
                                   err));
        }
    return GD_OK;
}

/* clang-format off */
extern const gd_kernel gdk_guided_filter_cuda_rows[];
const gd_kernel gdk_guided_filter_cuda_rows[] = {
    {GD_ROW_CUDA("guided_filter_cuda_f32", GD_F32, run),
     .flags = GD_ROW_PITCH, .fits = fits, .scratch = scratch},
    {0}};
/* clang-format on */
