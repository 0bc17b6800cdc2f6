/* guided_filter_ref.c -- the guided filter defined: every window summed on its own.
 *
 * Scratch: the coefficients of every window of one picture, [H, W, C, G + 1]. */
#include "kernels/arg.h"
#include "kernels/guided_filter/guided_filter.h"
#include "kernels/ref.h"

#if !GD_REAL_IS_DOUBLE
size_t gdk_guided_filter_ref_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_guided k = gdk_guided_of(l);
    (void)dev;
    return (size_t)(k.H * k.W) * (size_t)k.n_coef * sizeof(double);
}
#endif

typedef struct window {
    int64_t y0, y1, x0, x1; /* pixels inside the picture */
    gd_real count;
} window;

static window window_at(const gdk_guided *k, int64_t y, int64_t x) {
    window w = {y - k->ry, y + k->ry + 1, x - k->rx, x + k->rx + 1, 0};
    if (w.y0 < 0) w.y0 = 0;
    if (w.x0 < 0) w.x0 = 0;
    if (w.y1 > k->H) w.y1 = k->H;
    if (w.x1 > k->W) w.x1 = k->W;
    w.count = (gd_real)((w.y1 - w.y0) * (w.x1 - w.x0));
    return w;
}

/* Mean over the window of a[i] * b[j]; b NULL: of a[i]. */
static gd_real mean(const gdk_guided *k, const window *w, int64_t n, const gd_tensor *a, int i,
                    const gd_tensor *b, int j) {
    gd_real sum = 0;
    for (int64_t y = w->y0; y < w->y1; y++)
        for (int64_t x = w->x0; x < w->x1; x++) {
            const int64_t at = (n * k->H + y) * k->W + x;
            sum += GD_AT(gd_real, a, at)[i] * (b ? GD_AT(gd_real, b, at)[j] : 1);
        }
    return sum / w->count;
}

/* Solves the G x G system s x = v by elimination; s is symmetric and positive. */
static void solve(int G, gd_real s[3][3], gd_real *v, gd_real *x) {
    for (int i = 0; i < G; i++)
        for (int r = i + 1; r < G; r++) {
            const gd_real f = s[r][i] / s[i][i];
            for (int c = i; c < G; c++) s[r][c] -= f * s[i][c];
            v[r] -= f * v[i];
        }
    for (int i = G - 1; i >= 0; i--) {
        x[i] = v[i];
        for (int c = i + 1; c < G; c++) x[i] -= s[i][c] * x[c];
        x[i] /= s[i][i];
    }
}

/* a and b of one window for channel c of p. */
static void coefficients(const gdk_guided *k, const gd_launch *l, int64_t n, const window *w,
                         int c, gd_real *ab) {
    const gd_tensor *p = l->in[0], *I = k->self ? p : l->in[1];
    gd_real          s[3][3], v[3], m[3];
    const gd_real    mp = mean(k, w, n, p, c, NULL, 0);
    for (int g = 0; g < k->G; g++) m[g] = mean(k, w, n, I, g, NULL, 0);
    for (int g = 0; g < k->G; g++) {
        for (int h = 0; h < k->G; h++)
            s[g][h] = mean(k, w, n, I, g, I, h) - m[g] * m[h] + (g == h ? GD_REAL(k->eps) : 0);
        v[g] = mean(k, w, n, I, g, p, c) - m[g] * mp;
    }
    solve(k->G, s, v, ab);
    ab[k->G] = mp;
    for (int g = 0; g < k->G; g++) ab[k->G] -= ab[g] * m[g];
}

gd_status GD_REF(guided_filter)(const gd_launch *l, gd_error *err) {
    const gdk_guided k = gdk_guided_of(l);
    const gd_tensor *I = k.self ? l->in[0] : l->in[1];
    gd_real         *ab = l->scratch;
    (void)err;
    for (int64_t n = 0; n < k.N; n++) {
        for (int64_t i = 0; i < k.H * k.W; i++)
            for (int c = 0; c < k.C; c++) {
                const window w = window_at(&k, i / k.W, i % k.W);
                coefficients(&k, l, n, &w, c, ab + (i * k.C + c) * (k.G + 1));
            }
        const gd_tensor all = {.ndim = 1, .pitch = k.n_coef, .data = ab};
        for (int64_t i = 0; i < k.H * k.W; i++) {
            const window   w = window_at(&k, i / k.W, i % k.W);
            const gd_real *guide = GD_AT(gd_real, I, n * k.H * k.W + i);
            for (int c = 0; c < k.C; c++) {
                const int first = c * (k.G + 1);
                gd_real   q = mean(&k, &w, 0, &all, first + k.G, NULL, 0);
                for (int g = 0; g < k.G; g++)
                    q += mean(&k, &w, 0, &all, first + g, NULL, 0) * guide[g];
                GD_AT(gd_real, l->out[0], n * k.H * k.W + i)[c] = q;
            }
        }
    }
    return GD_OK;
}
