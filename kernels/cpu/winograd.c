/* winograd.c -- 3x3 convolution of stride 1 by F(4x4, 3x3); see winograd.h.
 *
 *   patches (6x6 pixels) -> V [36][patch][C] -> for each panel of filters and each position:
 *   M [36][patch][panel] -> 4x4 pixels of the panel, bias, steps, store
 *
 * V of one block of patches stays in the second-level cache, M always does. Of large planes
 * each thread takes blocks of its own; of small ones the threads share V and part the
 * panels. */
#include "kernels/cpu/winograd.h"

#include <omp.h>
#include <string.h>

#include "engine/backend.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/steps.h"

enum {
    PLACES = 36,                  /* of a transformed patch */
    BLOCK = 28,                   /* patches multiplied at a time */
    ROOM = BLOCK + GDK_GEMM_ROWS, /* a tile may reach beyond the block */
    LANES = 16,                   /* channels transformed at a time */
    SHARED = 4 * BLOCK            /* up to so many patches the threads share V */
};

/* The polynomials are taken at 0, +-A, +-B and infinity. These points are exact in binary and
 * lose about a third of what the customary 1 and 2 lose to rounding. */
#define POINT_A 0.625F
#define POINT_B 1.5F
#define A2 (POINT_A * POINT_A)
#define B2 (POINT_B * POINT_B)

typedef struct job {
    const gdk_winograd_shape *s;
    const gdk_gemm           *g;
    const float              *x, *packed, *bias;
    int64_t                   x_pitch;
    int64_t                   across, down, patches; /* patches in a row, a column, in all */
    int64_t                   panels;
    int                       threads;
    gdk_steps                 steps;
} job;

static int64_t patches_of(const gdk_winograd_shape *s) {
    return s->N * ((s->P + 3) / 4) * ((s->Q + 3) / 4);
}

/* Off the multiples of a page, so that the rows of a tile do not share a set of the cache. */
static int64_t v_pitch(const gdk_winograd_shape *s) { return s->C + LANES; }

bool gdk_winograd_takes(const gdk_winograd_shape *s) {
    return gdk_gemm_get()->lanes >= 8 && s->C % LANES == 0 && s->K % LANES == 0;
}

bool gdk_winograd_pays(const gdk_winograd_shape *s) {
    return patches_of(s) >= GDK_GEMM_ROWS && s->C >= 2 * LANES && s->K >= 2 * LANES;
}

/* Transforming the filters takes about as long as multiplying this many patches saves. */
bool gdk_winograd_pays_anew(const gdk_winograd_shape *s) {
    enum { ENOUGH = 64 };
    return gdk_winograd_pays(s) && patches_of(s) >= ENOUGH;
}

/* ---- filters ---------------------------------------------------------------------------- */

/* t = G v for one row or column v of a filter: its polynomial at each point, over the product
 * of the differences to the other points. */
GD_ISA_BODY void transform_filter_line(const double v[3], double t[6]) {
    const double a = POINT_A, b = POINT_B, near = 2 * a * a * (a * a - b * b);
    const double far = 2 * b * b * (b * b - a * a);
    t[0] = v[0] / (a * a * b * b);
    t[1] = (v[0] + a * v[1] + a * a * v[2]) / near;
    t[2] = (v[0] - a * v[1] + a * a * v[2]) / near;
    t[3] = (v[0] + b * v[1] + b * b * v[2]) / far;
    t[4] = (v[0] - b * v[1] + b * b * v[2]) / far;
    t[5] = v[2];
}

#define FILTERS (const float *v, int width, float *u, int64_t place)

/* v[t * width + j] is tap t of filter j; u[i * place + j] receives place i. */
GD_ISA_BODY void transform_filters_body FILTERS {
    double rows[3][6][GDK_GEMM_WIDTH];
    for (int r = 0; r < 3; r++)
        for (int j = 0; j < width; j++) {
            const float *at = v + r * 3 * width + j;
            const double line[3] = {at[0], at[width], at[2 * width]};
            double       t[6];
            transform_filter_line(line, t);
            for (int k = 0; k < 6; k++) rows[r][k][j] = t[k];
        }
    for (int k = 0; k < 6; k++)
        for (int j = 0; j < width; j++) {
            const double line[3] = {rows[0][k][j], rows[1][k][j], rows[2][k][j]};
            double       t[6];
            transform_filter_line(line, t);
            for (int i = 0; i < 6; i++) u[(i * 6 + k) * place + j] = (float)t[i];
        }
}
GD_ISA(transform_filters, FILTERS, (v, width, u, place))

int64_t gdk_winograd_packed(const gdk_winograd_shape *s) {
    return PLACES * gdk_gemm_packed(gdk_gemm_get(), s->K, s->C);
}

void gdk_winograd_pack(const gdk_winograd_shape *s, const gdk_winograd_filters *f,
                       float *packed) {
    const gdk_gemm *g = gdk_gemm_get();
    const int64_t   place = gdk_gemm_packed(g, s->K, s->C), panels = gdk_gemm_panels(g, s->K);
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static)
    for (int64_t i = 0; i < panels * s->C; i++) {
        const int64_t first = i / s->C * 2 * g->lanes, c = i % s->C;
        const int     width = gdk_gemm_vectors(g, s->K, i / s->C) * g->lanes;
        const float  *w = f->w + first * f->filter + c * f->channel;
        float         v[9 * GDK_GEMM_WIDTH];
        for (int t = 0; t < 9; t++)
            for (int j = 0; j < width; j++) v[t * width + j] = w[j * f->filter + t * f->tap];
        transform_filters(v, width, packed + first * s->C + c * width, place);
    }
}

/* ---- patches ---------------------------------------------------------------------------- */

/* B^T of one line of a patch, LANES channels; every array is LANES floats. */
GD_ISA_BODY void transform_line(const float *const d[6], float *const t[6]) {
    for (int l = 0; l < LANES; l++) {
        const float a = d[0][l], b = d[1][l], c = d[2][l], e = d[3][l], f = d[4][l];
        const float h = d[5][l];
        const float even = f - B2 * c, odd = POINT_A * (e - B2 * b);
        const float half = f - A2 * c, more = POINT_B * (e - A2 * b);
        t[0][l] = A2 * B2 * a - (A2 + B2) * c + f;
        t[1][l] = even + odd;
        t[2][l] = even - odd;
        t[3][l] = half + more;
        t[4][l] = half - more;
        t[5][l] = A2 * B2 * b - (A2 + B2) * e + h;
    }
}

#define PATCH (const float *const *pixel, int64_t channels, float *v, int64_t place)

/* pixel[i * 6 + j] are the pixels of a patch; v[i * place] receives place i. */
GD_ISA_BODY void transform_patch_body PATCH {
    for (int64_t c = 0; c < channels; c += LANES) {
        _Alignas(64) float half[PLACES][LANES];
        for (int j = 0; j < 6; j++) {
            const float *d[6];
            float       *t[6];
            for (int i = 0; i < 6; i++) {
                d[i] = pixel[i * 6 + j] + c;
                t[i] = half[i * 6 + j];
            }
            transform_line(d, t);
        }
        for (int i = 0; i < 6; i++) {
            const float *d[6];
            float       *t[6];
            for (int j = 0; j < 6; j++) {
                d[j] = half[i * 6 + j];
                t[j] = v + (i * 6 + j) * place + c;
            }
            transform_line(d, t);
        }
    }
}
GD_ISA(transform_patch, PATCH, (pixel, channels, v, place))

/* Patch t of the plane into v; the pixels beyond the picture are zeros. */
static void take_patch(const job *j, int64_t t, const float *zero, float *v, int64_t place) {
    const gdk_winograd_shape *s = j->s;
    const float              *pixel[PLACES];
    const int64_t             n = t / (j->across * j->down);
    const int64_t             h0 = t / j->across % j->down * 4 - s->pad[0];
    const int64_t             w0 = t % j->across * 4 - s->pad[1];
    for (int64_t i = 0; i < 6; i++)
        for (int64_t k = 0; k < 6; k++) {
            const int64_t h = h0 + i, w = w0 + k;
            const bool    inside = h >= 0 && h < s->H && w >= 0 && w < s->W;
            pixel[i * 6 + k] = inside ? j->x + ((n * s->H + h) * s->W + w) * j->x_pitch : zero;
        }
    transform_patch(pixel, s->C, v, place);
}

/* ---- outputs ---------------------------------------------------------------------------- */

/* A^T of one line. */
GD_ISA_BODY void restore_line(const float *const m[6], float *const y[4]) {
    for (int l = 0; l < LANES; l++) {
        const float sum1 = m[1][l] + m[2][l], dif1 = m[1][l] - m[2][l];
        const float sum2 = m[3][l] + m[4][l], dif2 = m[3][l] - m[4][l];
        y[0][l] = m[0][l] + sum1 + sum2;
        y[1][l] = POINT_A * dif1 + POINT_B * dif2;
        y[2][l] = A2 * sum1 + B2 * sum2;
        y[3][l] = A2 * POINT_A * dif1 + B2 * POINT_B * dif2 + m[5][l];
    }
}

#define RESTORE (const float *m, int64_t place, int width, const float *bias, float *y)

/* m[i * place] is place i of one patch, `width` channels; y receives 4 x 4 x width. */
GD_ISA_BODY void restore_patch_body RESTORE {
    for (int c = 0; c < width; c += LANES) {
        _Alignas(64) float half[4][6][LANES];
        for (int j = 0; j < 6; j++) {
            const float *d[6];
            float       *t[4];
            for (int i = 0; i < 6; i++) d[i] = m + (i * 6 + j) * place + c;
            for (int i = 0; i < 4; i++) t[i] = half[i][j];
            restore_line(d, t);
        }
        for (int i = 0; i < 4; i++) {
            const float *d[6];
            float       *t[4];
            for (int j = 0; j < 6; j++) d[j] = half[i][j];
            for (int j = 0; j < 4; j++) t[j] = y + (i * 4 + j) * width + c;
            restore_line(d, t);
            for (int j = 0; j < 4; j++)
                for (int l = 0; l < LANES; l++) t[j][l] += bias[c + l];
        }
    }
}
GD_ISA(restore_patch, RESTORE, (m, place, width, bias, y))

/* The 4 x 4 pixels of patch t, as many as lie on the plane, filters k .. k + width - 1. */
static void store_patch(const job *j, int64_t t, float *y, int width, int64_t k) {
    const gdk_winograd_shape *s = j->s;
    const int64_t             n = t / (j->across * j->down);
    const int64_t             p = t / j->across % j->down * 4, q = t % j->across * 4;
    const int                 cols = s->Q - q < 4 ? (int)(s->Q - q) : 4;
    for (int i = 0; i < 4 && p + i < s->P; i++)
        gdk_steps_store(&j->steps, y + i * 4 * width, width, cols, width,
                        (n * s->P + p + i) * s->Q + q, k);
}

/* ---- work ------------------------------------------------------------------------------- */

/* Multiplies `count` <= BLOCK patches, whose first is patch t and stands at v, by one panel. */
static void multiply(const job *j, int64_t panel, int64_t t, int count, const float *v,
                     int64_t v_place, float *m) {
    const gdk_gemm *g = j->g;
    const int64_t   C = j->s->C, place = gdk_gemm_packed(g, j->s->K, C);
    const int64_t   k = panel * 2 * g->lanes, pitch = v_pitch(j->s);
    const int       vectors = gdk_gemm_vectors(g, j->s->K, panel), width = vectors * g->lanes;
    const int       height = gdk_gemm_height(g, count);
    _Alignas(64) float zero[GDK_GEMM_WIDTH] = {0}, y[16 * GDK_GEMM_WIDTH];
    for (int i = 0; i < PLACES; i++)
        for (int first = 0; first < count; first += height) {
            const float *row[GDK_GEMM_ROWS];
            for (int r = 0; r < height; r++) {
                const int at = first + r < count ? first + r : count - 1;
                row[r] = v + i * v_place + at * pitch;
            }
            g->fn[vectors - 1][height - 1](row, 1, C, j->packed + i * place + k * C, zero,
                                           m + (i * ROOM + first) * width);
        }
    for (int i = 0; i < count; i++) {
        restore_patch(m + i * width, (int64_t)ROOM * width, width, j->bias ? j->bias + k : zero,
                      y);
        store_patch(j, t + i, y, width, k);
    }
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t m_bytes(void) { return (size_t)PLACES * ROOM * GDK_GEMM_WIDTH * sizeof(float); }
static size_t zero_bytes(const gdk_winograd_shape *s) {
    return aligned((size_t)s->C * sizeof(float));
}
/* V for `patches` patches. */
static size_t v_bytes(const gdk_winograd_shape *s, int64_t patches) {
    return aligned((size_t)(PLACES * patches * v_pitch(s)) * sizeof(float));
}

size_t gdk_winograd_scratch(const gdk_winograd_shape *s, int threads) {
    const int64_t patches = patches_of(s);
    const size_t  n = (size_t)threads;
    const size_t  v = patches <= SHARED ? v_bytes(s, patches) : v_bytes(s, BLOCK) * n;
    return zero_bytes(s) + m_bytes() * n + v;
}

/* Each thread transforms and multiplies blocks of its own. */
static void run_blocks(const job *j, const float *zero, char *m, char *v) {
    const int64_t blocks = (j->patches + BLOCK - 1) / BLOCK;
#pragma omp parallel num_threads(j->threads)
    {
        const size_t  me = (size_t)omp_get_thread_num();
        float        *my_m = (float *)(void *)(m + me * m_bytes());
        float        *my_v = (float *)(void *)(v + me * v_bytes(j->s, BLOCK));
        const int64_t place = BLOCK * v_pitch(j->s);
#pragma omp for schedule(dynamic, 1)
        for (int64_t b = 0; b < blocks; b++) {
            const int64_t t = b * BLOCK;
            const int     count = j->patches - t < BLOCK ? (int)(j->patches - t) : BLOCK;
            for (int i = 0; i < count; i++)
                take_patch(j, t + i, zero, my_v + i * v_pitch(j->s), place);
            for (int64_t p = 0; p < j->panels; p++) multiply(j, p, t, count, my_v, place, my_m);
        }
    }
}

/* All patches are transformed first; then each thread takes panels: weights are read once. */
static void run_shared(const job *j, const float *zero, char *m, float *v) {
    const int64_t pitch = v_pitch(j->s), place = j->patches * pitch;
#pragma omp parallel num_threads(j->threads)
    {
        float *my_m = (float *)(void *)(m + (size_t)omp_get_thread_num() * m_bytes());
#pragma omp for schedule(static)
        for (int64_t t = 0; t < j->patches; t++) take_patch(j, t, zero, v + t * pitch, place);
#pragma omp for schedule(dynamic, 1)
        for (int64_t p = 0; p < j->panels; p++)
            for (int64_t t = 0; t < j->patches; t += BLOCK) {
                const int count = j->patches - t < BLOCK ? (int)(j->patches - t) : BLOCK;
                multiply(j, p, t, count, v + t * pitch, place, my_m);
            }
    }
}

void gdk_winograd_run(const gdk_winograd_shape *s, const float *x, int64_t x_pitch,
                      const float *packed, const float *bias, const gd_launch *l, int threads) {
    job j = {.s = s, .g = gdk_gemm_get(), .x = x, .packed = packed, .bias = bias};
    gdk_steps_read(l, &j.steps);
    j.x_pitch = x_pitch;
    j.across = (s->Q + 3) / 4;
    j.down = (s->P + 3) / 4;
    j.patches = patches_of(s);
    j.panels = gdk_gemm_panels(j.g, s->K);
    j.threads = threads;
    float *zero = l->scratch;
    char  *m = (char *)l->scratch + zero_bytes(s);
    char  *v = m + m_bytes() * (size_t)threads;
    memset(zero, 0, zero_bytes(s));
    if (j.patches <= SHARED)
        run_shared(&j, zero, m, (float *)(void *)v);
    else
        run_blocks(&j, zero, m, v);
}
