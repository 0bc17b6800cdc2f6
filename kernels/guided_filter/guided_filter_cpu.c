/* guided_filter_cpu.c -- the guided filter on threads, at a cost that no radius changes.
 *
 * Each thread walks down a band of rows. Sums of moments over the columns of the window run
 * along with it (one enters, one leaves); a running sum across them gives the means of a row
 * of windows, its coefficients go into a ring, and the same is done with the rows of the ring:
 *
 *   rows of p, I --> column sums --> means --> a, b (ring) --> column sums --> means --> q
 *
 * Sums are doubles: in them products of floats are exact, so that what entered and left cancels
 * and nothing drifts. Lines of sums are framed by zeros, which makes windows that leave the
 * picture no special case. */
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/guided_filter/guided_filter.h"

enum { MOST_ROWS = 3 + GDK_GUIDED_CHANNELS };

typedef struct band {
    const gd_launch *l;
    gdk_guided       k;
    int64_t          stride;           /* doubles in a line of sums */
    int64_t          width;            /* elements of a line otherwise */
    int              deep;             /* rows of the ring */
    double          *sums, *coef_sums; /* [n_moment], [n_coef] lines */
    double          *means;            /* [the larger of both][width] */
    double          *share;            /* 1 / columns in the window */
    float           *rows;             /* planes of I, then of p */
    float           *ring;             /* [deep][n_coef][width] */
} band;

static int most_lines(const gdk_guided *k) {
    return k->n_moment > k->n_coef ? k->n_moment : k->n_coef;
}

/* The next `bytes` of a block that begins at `base`; NULL: only counts. */
static void *take(char *base, size_t *at, size_t bytes) {
    void *p = base ? base + *at : NULL;
    *at += bytes;
    return p;
}

/* Lays the arrays of a band out from `base`; returns their bytes, a multiple of 64. */
static size_t lay(band *b, char *base) {
    const gdk_guided *k = &b->k;
    b->stride = (k->W + 2 * k->rx + 1 + 7) / 8 * 8;
    b->width = (k->W + 15) / 16 * 16;
    b->deep = 2 * k->ry + 1;
    const size_t line = (size_t)b->stride * sizeof(double), width = (size_t)b->width;
    const size_t row = width * sizeof(float), wide = width * sizeof(double);
    size_t       at = 0;
    b->sums = take(base, &at, line * (size_t)k->n_moment);
    b->coef_sums = take(base, &at, line * (size_t)k->n_coef);
    b->means = take(base, &at, wide * (size_t)most_lines(k));
    b->share = take(base, &at, wide);
    b->rows = take(base, &at, row * MOST_ROWS);
    b->ring = take(base, &at, row * (size_t)k->n_coef * (size_t)b->deep);
    return at;
}

size_t gdk_guided_filter_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    band b = {.k = gdk_guided_of(l)};
    (void)dev;
    return lay(&b, NULL) * (size_t)gd_cpu_threads();
}

/* ---- lines ------------------------------------------------------------------------------- */

/* sum[i] += sign * a[i] * b[i]; b NULL: sign * a[i]. */
GD_ISA_BODY void add_body(double *sum, const float *a, const float *b, double sign, int64_t n) {
    if (b)
        for (int64_t i = 0; i < n; i++) sum[i] += sign * ((double)a[i] * (double)b[i]);
    else
        for (int64_t i = 0; i < n; i++) sum[i] += sign * (double)a[i];
}
GD_ISA(add, (double *sum, const float *a, const float *b, double sign, int64_t n),
       (sum, a, b, sign, n))

/* Means of the windows of a row; `lines` sums at once, so that their chains overlap. */
static inline void slide(double *means, const double *sums, const band *b, double of_rows,
                         const int lines) {
    const int64_t rx = b->k.rx, W = b->k.W;
    double        s[4] = {0};
    for (int64_t x = 0; x < rx; x++)
        for (int i = 0; i < lines; i++) s[i] += sums[i * b->stride + rx + 1 + x];
    for (int64_t x = 0; x < W; x++)
        for (int i = 0; i < lines; i++) {
            const double *at = sums + i * b->stride + x;
            s[i] += at[2 * rx + 1] - at[0];
            means[i * b->width + x] = s[i] * (b->share[x] * of_rows);
        }
}

static void mean_lines(const band *b, const double *sums, int n, double of_rows) {
    for (; n >= 3; n -= 3)
        slide(b->means + (n - 3) * b->width, sums + (n - 3) * b->stride, b, of_rows, 3);
    if (n == 2) slide(b->means, sums, b, of_rows, 2);
    if (n == 1) slide(b->means, sums, b, of_rows, 1);
}

/* One channel's coefficients from the means m of I and I I, mp of p, mip of I p; lines are w
 * apart. ab is G + 1 lines. */
GD_ISA_BODY void grey_body(const double *m, const double *mp, const double *mip, float eps,
                           float *ab, int64_t w, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float var = (float)(m[w + i] - m[i] * m[i]);
        const float a = (float)(mip[i] - m[i] * mp[i]) / (var + eps);
        ab[i] = a;
        ab[w + i] = (float)(mp[i] - (double)a * m[i]);
    }
}
GD_ISA(grey,
       (const double *m, const double *mp, const double *mip, float eps, float *ab, int64_t w,
        int64_t n),
       (m, mp, mip, eps, ab, w, n))

GD_ISA_BODY void color_body(const double *m, const double *mp, const double *mip[3], float eps,
                            float *ab, int64_t w, int64_t n) {
    const double *r = m, *g = m + w, *b = m + 2 * w, *s = m + 3 * w;
    const double *vr = mip[0], *vg = mip[1], *vb = mip[2];
    for (int64_t i = 0; i < n; i++) {
        const float cov[6] = {
            (float)(s[i] - r[i] * r[i]),         (float)(s[w + i] - r[i] * g[i]),
            (float)(s[2 * w + i] - r[i] * b[i]), (float)(s[3 * w + i] - g[i] * g[i]),
            (float)(s[4 * w + i] - g[i] * b[i]), (float)(s[5 * w + i] - b[i] * b[i])};
        const float v[3] = {(float)(vr[i] - r[i] * mp[i]), (float)(vg[i] - g[i] * mp[i]),
                            (float)(vb[i] - b[i] * mp[i])};
        float       a[3];
        gdk_guided_solve3(cov, eps, v, a);
        ab[i] = a[0];
        ab[w + i] = a[1];
        ab[2 * w + i] = a[2];
        ab[3 * w + i] =
            (float)(mp[i] - (double)a[0] * r[i] - (double)a[1] * g[i] - (double)a[2] * b[i]);
    }
}
GD_ISA(color,
       (const double *m, const double *mp, const double *mip[3], float eps, float *ab,
        int64_t w, int64_t n),
       (m, mp, mip, eps, ab, w, n))

/* ---- rows -------------------------------------------------------------------------------- */

/* Planes of row y of picture n: I from line 0 on, p from line G on. */
static void load(const band *b, int64_t n, int64_t y) {
    const gdk_guided *k = &b->k;
    const int64_t     row = (n * k->H + y) * k->W;
    for (int from = k->self; from < 2; from++) {
        const gd_tensor *t = from && !k->self ? b->l->in[1] : b->l->in[0];
        float           *to = b->rows + (from ? 0 : k->G) * b->width;
        const int64_t    C = t->dim[3];
        for (int64_t x = 0; x < k->W; x++) {
            const float *v = GD_AT(const float, t, row + x);
            for (int64_t c = 0; c < C; c++) to[c * b->width + x] = v[c];
        }
    }
}

/* Row y of picture n enters the sums (sign 1), or leaves them (-1). */
static void enter(const band *b, int64_t n, int64_t y, double sign) {
    const gdk_guided *k = &b->k;
    double           *sum = b->sums + k->rx + 1;
    const float      *I = b->rows, *p = b->rows + k->G * b->width;
    load(b, n, y);
    for (int g = 0; g < k->G; g++, sum += b->stride)
        add(sum, I + g * b->width, NULL, sign, k->W);
    for (int g = 0; g < k->G; g++)
        for (int h = g; h < k->G; h++, sum += b->stride)
            add(sum, I + g * b->width, I + h * b->width, sign, k->W);
    for (int c = 0; !k->self && c < k->C; c++, sum += b->stride)
        add(sum, p + c * b->width, NULL, sign, k->W);
    for (int c = 0; !k->self && c < k->C; c++)
        for (int g = 0; g < k->G; g++, sum += b->stride)
            add(sum, I + g * b->width, p + c * b->width, sign, k->W);
}

/* Coefficients of a row of windows, from the means. */
static void solve_row(const band *b, float *ab) {
    const gdk_guided *k = &b->k;
    const int64_t     w = b->width;
    const int         pairs = k->G * (k->G + 1) / 2;
    for (int c = 0; c < k->C; c++, ab += (k->G + 1) * w) {
        const double *mp = b->means + (k->self ? c : k->G + pairs + c) * w, *mip[3] = {0};
        for (int g = 0; g < k->G; g++) {
            const int low = g < c ? g : c, high = g < c ? c : g;
            mip[g] = b->means + (k->self ? gdk_guided_pair(k->G, low, high)
                                         : k->G + pairs + k->C + c * k->G + g) *
                                    w;
        }
        if (k->G == 1)
            grey(b->means, mp, mip[0], k->eps, ab, w, k->W);
        else
            color(b->means, mp, mip, k->eps, ab, w, k->W);
    }
}

static void turn(const band *b, const float *ab, double sign) {
    for (int i = 0; i < b->k.n_coef; i++)
        add(b->coef_sums + i * b->stride + b->k.rx + 1, ab + i * b->width, NULL, sign, b->k.W);
}

/* Row y of q from the means of the coefficients. */
static void store(const band *b, int64_t n, int64_t y) {
    const gdk_guided *k = &b->k;
    const gd_tensor  *I = k->self ? b->l->in[0] : b->l->in[1];
    const int64_t     row = (n * k->H + y) * k->W, w = b->width;
    for (int64_t x = 0; x < k->W; x++) {
        const float  *guide = GD_AT(const float, I, row + x);
        const double *m = b->means + x;
        float        *q = GD_AT(float, b->l->out[0], row + x);
        for (int c = 0; c < k->C; c++, m += (k->G + 1) * w) {
            double v = m[k->G * w];
            for (int g = 0; g < k->G; g++) v += m[g * w] * (double)guide[g];
            q[c] = (float)v;
        }
    }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* 1 / rows in the window of row y. */
static double share_of(int64_t y, int64_t r, int64_t n) {
    return 1.0 / (double)(least(y + r, n - 1) - (y > r ? y - r : 0) + 1);
}

/* Rows [first, last) of q of picture n. */
static void run_band(const band *b, int64_t n, int64_t first, int64_t last) {
    const gdk_guided *k = &b->k;
    const int64_t     k0 = first > k->ry ? first - k->ry : 0, i0 = k0 > k->ry ? k0 - k->ry : 0;
    int64_t           at = k0, in = i0; /* the next rows of the ring, of the sums */
    const size_t      stride = (size_t)b->stride * sizeof(double);
    memset(b->sums, 0, stride * (size_t)k->n_moment);
    memset(b->coef_sums, 0, stride * (size_t)k->n_coef);
    for (int64_t x = 0; x < k->W; x++) b->share[x] = share_of(x, k->rx, k->W);
    for (int64_t y = first; y < last; y++) {
        const int64_t line = (int64_t)k->n_coef * b->width, gone = y - k->ry - 1;
        if (gone >= k0) turn(b, b->ring + (gone - k0) % b->deep * line, -1);
        for (; at <= least(y + k->ry, k->H - 1); at++) {
            float *ab = b->ring + (at - k0) % b->deep * line;
            if (at - k->ry - 1 >= i0) enter(b, n, at - k->ry - 1, -1);
            for (; in <= least(at + k->ry, k->H - 1); in++) enter(b, n, in, 1);
            mean_lines(b, b->sums, k->n_moment, share_of(at, k->ry, k->H));
            solve_row(b, ab);
            turn(b, ab, 1);
        }
        mean_lines(b, b->coef_sums, k->n_coef, share_of(y, k->ry, k->H));
        store(b, n, y);
    }
}

gd_status gdk_guided_filter_cpu_f32(const gd_launch *l, gd_error *err) {
    const gdk_guided k = gdk_guided_of(l);
    const int        threads = gd_cpu_threads();
    (void)err;
    if (gd_tensor_count(l->out[0]) == 0) return GD_OK;
    for (int64_t n = 0; n < k.N; n++)
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int t = 0; t < threads; t++) {
            const int64_t first = k.H * t / threads, last = k.H * (t + 1) / threads;
            band          b = {.l = l, .k = k};
            const size_t  size = lay(&b, NULL);
            if (first == last) continue;
            lay(&b, (char *)l->scratch + size * (size_t)t);
            run_band(&b, n, first, last);
        }
    return GD_OK;
}
