/* igemm.c -- convolution as a product of pixels and weight panels; see igemm.h.
 *
 * Work is dealt out in pieces of (panels that fit the second-level cache) x (some tiles of
 * pixels). Pixels that lie a multiple of a KiB apart would share few sets of the first-level
 * cache: those of a single tap are copied together first. Sums run over taps and channels in
 * one fixed order whatever the number of threads. */
#include "kernels/cpu/igemm.h"

#include <omp.h>
#include <string.h>

#include "kernels/cpu/steps.h"

enum {
    CACHE_FLOATS = 128 * 1024, /* weights of one piece: half a megabyte */
    RUN_CHANNELS = 12,         /* up to here a row of taps is taken as one run */
    RUN_FLOATS = 256,
    GATHER_CHANNELS = 4096 /* beyond, the copies would leave the second-level cache */
};

typedef struct job {
    const gdk_igemm_shape *s;
    const gdk_gemm        *g;
    const float           *x, *packed, *bias;
    int64_t                x_pitch;
    int64_t                taps, depth; /* as the kernel sees them */
    bool                   runs;        /* a tap is a row of the filter */
    bool                   gathers;     /* pixels are copied together */
    int64_t                m;           /* output pixels */
    int                    height;      /* rows of a tile */
    int64_t                panels;      /* of a group */
    int64_t                panels_a_piece, tiles_a_piece;
    gdk_steps              steps;
} job;

/* What one thread needs: pointers of a tile, zeros, and copies of runs at the edge. */
typedef struct bench {
    const float **row;
    float        *zero, *copy;
} bench;

static bool takes_runs(const gdk_igemm_shape *s, int64_t x_pitch) {
    return s->groups == 1 && x_pitch == s->C && s->dilation[1] == 1 && s->S > 1 &&
           s->C <= RUN_CHANNELS && s->S * s->C <= RUN_FLOATS;
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t row_bytes(const gdk_igemm_shape *s) {
    return aligned((size_t)(s->R * s->S) * GDK_GEMM_ROWS * sizeof(float *));
}
static size_t zero_bytes(const gdk_igemm_shape *s) {
    return aligned((size_t)(s->C / s->groups) * sizeof(float));
}
/* Floats from one gathered pixel to the next: off the multiples of a page. */
static int64_t gather_pitch(const gdk_igemm_shape *s) { return s->C / s->groups + 16; }

static size_t copy_bytes(const gdk_igemm_shape *s) {
    if (s->R * s->S == 1)
        return aligned((size_t)gather_pitch(s) * GDK_GEMM_ROWS * sizeof(float));
    if (!takes_runs(s, s->C)) return 0;
    return aligned((size_t)(s->R * s->S * s->C) * GDK_GEMM_ROWS * sizeof(float));
}

size_t gdk_igemm_scratch(const gdk_igemm_shape *s, int threads) {
    return (row_bytes(s) + zero_bytes(s) + copy_bytes(s)) * (size_t)threads;
}

static bench take_bench(const gdk_igemm_shape *s, void *scratch, int thread) {
    const size_t each = row_bytes(s) + zero_bytes(s) + copy_bytes(s);
    char        *p = (char *)scratch + each * (size_t)thread;
    bench        b = {(const float **)(void *)p, (float *)(void *)(p + row_bytes(s)), NULL};
    b.copy = (float *)(void *)(p + row_bytes(s) + zero_bytes(s));
    memset(b.zero, 0, zero_bytes(s));
    return b;
}

int64_t gdk_igemm_packed(const gdk_igemm_shape *s) {
    return gdk_gemm_packed(gdk_gemm_get(), s->K / s->groups, s->R * s->S * (s->C / s->groups)) *
           s->groups;
}

void gdk_igemm_pack(const gdk_igemm_shape *s, const float *w, float *packed) {
    const gdk_gemm *g = gdk_gemm_get();
    const int64_t   K = s->K / s->groups, depth = s->R * s->S * (s->C / s->groups);
    for (int64_t i = 0; i < s->groups; i++)
        gdk_gemm_pack(g, w + i * K * depth, K, depth, depth, 1,
                      packed + i * gdk_gemm_packed(g, K, depth));
}

/* Pointers of one output pixel into row[t * height], t over all taps. */
static void point_taps(const job *j, const bench *b, int64_t n, int64_t h0, int64_t w0,
                       int64_t c0, const float **row) {
    const gdk_igemm_shape *s = j->s;
    for (int64_t r = 0; r < s->R; r++) {
        const int64_t h = h0 + r * s->dilation[0];
        const float  *line = j->x + (n * s->H + h) * s->W * j->x_pitch + c0;
        for (int64_t q = 0; q < s->S; q++, row += j->height) {
            const int64_t w = w0 + q * s->dilation[1];
            *row = h < 0 || h >= s->H || w < 0 || w >= s->W ? b->zero : line + w * j->x_pitch;
        }
    }
}

/* The same where a tap is a row of S pixels: those that cross the edge are copied. */
static void point_runs(const job *j, const bench *b, int i, int64_t n, int64_t h0, int64_t w0,
                       const float **row) {
    const gdk_igemm_shape *s = j->s;
    const int64_t          first = w0 < 0 ? -w0 : 0;
    const int64_t          end = w0 + s->S > s->W ? s->W - w0 : s->S;
    for (int64_t r = 0; r < s->R; r++, row += j->height) {
        const int64_t h = h0 + r * s->dilation[0];
        const float  *line = j->x + ((n * s->H + h) * s->W + w0) * s->C;
        if (h >= 0 && h < s->H && first == 0 && end == s->S) {
            *row = line;
            continue;
        }
        float *copy = b->copy + (i * s->R + r) * s->S * s->C;
        memset(copy, 0, (size_t)(s->S * s->C) * sizeof *copy);
        if (h >= 0 && h < s->H && end > first)
            memcpy(copy + first * s->C, line + first * s->C,
                   (size_t)((end - first) * s->C) * sizeof *copy);
        *row = copy;
    }
}

static void gather(const job *j, const bench *b) {
    const int64_t pitch = gather_pitch(j->s);
    for (int i = 0; i < j->height; i++) {
        float *copy = b->copy + i * pitch;
        memcpy(copy, b->row[i], (size_t)j->depth * sizeof *copy);
        b->row[i] = copy;
    }
}

/* Rows beyond the last pixel repeat it. */
static void point_tile(const job *j, const bench *b, int64_t first, int64_t c0) {
    const gdk_igemm_shape *s = j->s;
    for (int i = 0; i < j->height; i++) {
        const int64_t m = first + i < j->m ? first + i : j->m - 1;
        const int64_t n = m / (s->P * s->Q), p = m / s->Q % s->P, q = m % s->Q;
        const int64_t h0 = p * s->stride[0] - s->pad[0], w0 = q * s->stride[1] - s->pad[1];
        if (j->runs)
            point_runs(j, b, i, n, h0, w0, b->row + i);
        else
            point_taps(j, b, n, h0, w0, c0, b->row + i);
    }
    if (j->gathers) gather(j, b);
}

static void run_tile(const job *j, const bench *b, int64_t group, int64_t first_panel,
                     int64_t end_panel, int64_t first) {
    const gdk_gemm    *g = j->g;
    const int64_t      K = j->s->K / j->s->groups, depth = j->taps * j->depth;
    const int          rows = first + j->height <= j->m ? j->height : (int)(j->m - first);
    _Alignas(64) float tile[GDK_GEMM_TILE], init[GDK_GEMM_WIDTH];
    point_tile(j, b, first, group * (j->s->C / j->s->groups));
    for (int64_t p = first_panel; p < end_panel; p++) {
        const int64_t k = p * 2 * g->lanes;
        const int     vectors = gdk_gemm_vectors(g, K, p), width = vectors * g->lanes;
        const int     cols = k + width <= K ? width : (int)(K - k);
        memset(init, 0, sizeof init);
        if (j->bias) memcpy(init, j->bias + group * K + k, (size_t)cols * sizeof *init);
        g->fn[vectors - 1][j->height - 1](
            b->row, j->taps, j->depth,
            j->packed + group * gdk_gemm_packed(g, K, depth) + k * depth, init, tile);
        gdk_steps_store(&j->steps, tile, width, rows, cols, first, group * K + k);
    }
}

/* Piece i: tiles vary fastest, so that threads share the panels that are in the cache. */
static void run_piece(const job *j, const bench *b, int64_t i, int64_t m_pieces) {
    const int64_t span = j->tiles_a_piece * j->height;
    const int64_t m0 = i % m_pieces * span, end = m0 + span < j->m ? m0 + span : j->m;
    const int64_t per_group = (j->panels + j->panels_a_piece - 1) / j->panels_a_piece;
    const int64_t group = i / m_pieces / per_group;
    const int64_t p0 = i / m_pieces % per_group * j->panels_a_piece;
    const int64_t p1 = p0 + j->panels_a_piece < j->panels ? p0 + j->panels_a_piece : j->panels;
    for (int64_t m = m0; m < end; m += j->height) run_tile(j, b, group, p0, p1, m);
}

void gdk_igemm_run(const gdk_igemm_shape *s, const float *x, int64_t x_pitch,
                   const float *packed, const float *bias, const gd_launch *l, int threads) {
    job j = {.s = s, .g = gdk_gemm_get(), .x = x, .packed = packed, .bias = bias};
    gdk_steps_read(l, &j.steps);
    j.x_pitch = x_pitch;
    j.runs = takes_runs(s, x_pitch);
    j.taps = j.runs ? s->R : s->R * s->S;
    j.depth = (j.runs ? s->S : 1) * (s->C / s->groups);
    j.gathers = s->R * s->S == 1 && x_pitch * s->stride[1] % 256 == 0 &&
                s->C / s->groups <= GATHER_CHANNELS;
    j.m = s->N * s->P * s->Q;
    j.height = gdk_gemm_height(j.g, j.m);
    j.panels = gdk_gemm_panels(j.g, s->K / s->groups);
    const int64_t panel = j.taps * j.depth * 2 * j.g->lanes;
    const int64_t tiles = (j.m + j.height - 1) / j.height;
    j.panels_a_piece = CACHE_FLOATS / (panel ? panel : 1);
    if (j.panels_a_piece < 1) j.panels_a_piece = 1;
    if (j.panels_a_piece > j.panels) j.panels_a_piece = j.panels;
    /* With few tiles, threads part the panels rather than the pixels. */
    if (tiles < 4 * threads && j.panels_a_piece > (j.panels + threads - 1) / threads)
        j.panels_a_piece = (j.panels + threads - 1) / threads;
    j.tiles_a_piece = tiles / (8 * threads) + 1;
    if (j.tiles_a_piece > 16) j.tiles_a_piece = 16;
    const int64_t m_pieces = (tiles + j.tiles_a_piece - 1) / j.tiles_a_piece;
    const int64_t k_pieces = (j.panels + j.panels_a_piece - 1) / j.panels_a_piece * s->groups;
#pragma omp parallel num_threads(threads)
    {
        const bench b = take_bench(s, l->scratch, omp_get_thread_num());
#pragma omp for schedule(dynamic, 1)
        for (int64_t i = 0; i < m_pieces * k_pieces; i++) run_piece(&j, &b, i, m_pieces);
    }
}

/* ---- rows ------------------------------------------------------------------------------- */

size_t gdk_igemm_row_scratch(const gdk_igemm_shape *s, const gd_launch *l,
                             const gd_device_caps *dev) {
    const bool   constant = (l->const_in & 2u) != 0;
    const size_t panels = aligned((size_t)gdk_igemm_packed(s) * sizeof(float));
    return gdk_igemm_scratch(s, gdk_threads(dev)) + (constant ? 0 : panels);
}

gd_status gdk_igemm_row_prepare(const gdk_igemm_shape *s, const gd_launch *l,
                                const gd_device_caps *dev, void **state, gd_error *err) {
    const bool  constant = (l->const_in & 2u) != 0;
    gdk_panels *p;
    *state = NULL;
    GD_TRY(gdk_panels_make(dev, constant ? (size_t)gdk_igemm_packed(s) : 0, &p, err));
    if (constant) gdk_igemm_pack(s, l->in[1]->data, p->w);
    *state = p;
    return GD_OK;
}

void gdk_igemm_row_run(const gdk_igemm_shape *s, const gd_launch *l) {
    const gdk_panels *p = l->state;
    const float      *packed = p->w;
    if (!p->filled) {
        const size_t used = gdk_igemm_scratch(s, p->threads);
        float       *fresh = (float *)(void *)((char *)l->scratch + used);
        gdk_igemm_pack(s, l->in[1]->data, fresh);
        packed = fresh;
    }
    gdk_igemm_run(s, l->in[0]->data, l->in[0]->pitch, packed, l->in[2] ? l->in[2]->data : NULL,
                  l, p->threads);
}
