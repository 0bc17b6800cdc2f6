/* igemm_data.c -- the gradient of convolution with respect to its input; see igemm_back.h.
 *
 * Work is dealt out as in igemm.c, class by class. An element of dx is the sum over its taps
 * and the filters, in that order: never a partial sum of another thread. A class without taps
 * (1x1 of stride 2 has three) is filled with zeros by the same code. */
#include <omp.h>
#include <string.h>

#include "kernels/cpu/igemm_back.h"

enum {
    CACHE_FLOATS = 128 * 1024, /* weights of one piece: half a megabyte */
    GATHER_FILTERS = 4096      /* beyond, copied pixels would leave the second-level cache */
};

gdk_class gdk_class_of(int64_t which, int64_t in, int64_t size, int64_t stride, int64_t before,
                       int64_t dilation) {
    gdk_class c = {.first = ((which - before) % stride + stride) % stride};
    c.count = c.first < in ? (in - 1 - c.first) / stride + 1 : 0;
    for (int64_t r = 0; r < size; r++) {
        if (r * dilation % stride != which) continue;
        if (c.taps == 0) c.tap = r;
        if (c.taps == 1) c.tap_step = r - c.tap;
        c.taps++;
    }
    if (c.taps) c.from = (c.first + before - c.tap * dilation) / stride;
    c.from_step = c.tap_step * dilation / stride;
    return c;
}

gd_status gdk_igemm_back_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                 gd_error *err) {
    (void)l;
    gdk_panels *p;
    *state = NULL;
    GD_TRY(gdk_panels_make(dev, 0, &p, err));
    *state = p;
    return GD_OK;
}

typedef struct job {
    const gdk_igemm_shape *s;
    const gdk_gemm        *g;
    const gd_tensor       *dy, *w, *dx;
    float                 *packed;  /* of all classes */
    int64_t                K, C;    /* filters and channels of a group */
    int64_t                panels;  /* of a group */
    char                  *benches; /* one after the other */
    size_t                 bench_bytes;
    int                    threads;
} job;

/* One class of pixels and how it is dealt out. */
typedef struct part {
    gdk_class v, u; /* rows, columns */
    int64_t   taps, depth, m;
    float    *packed;
    bool      gathers;
    int       height;
    int64_t   panels_a_piece, tiles_a_piece, m_pieces, pieces;
} part;

/* What one thread needs: pointers of a tile, where it goes, zeros, and gathered pixels. */
typedef struct bench {
    const float **row;
    float        *zero, *copy, *out[GDK_GEMM_ROWS];
} bench;

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t row_bytes(const gdk_igemm_shape *s) {
    return aligned((size_t)(s->R * s->S) * GDK_GEMM_ROWS * sizeof(float *));
}
/* Floats from one gathered pixel to the next: off the multiples of a page. */
static int64_t gather_pitch(const gdk_igemm_shape *s) { return s->K / s->groups + 16; }
static size_t  zero_bytes(const gdk_igemm_shape *s) {
     return aligned((size_t)gather_pitch(s) * sizeof(float));
}
static size_t bench_bytes(const gdk_igemm_shape *s) {
    return row_bytes(s) + zero_bytes(s) * (GDK_GEMM_ROWS + 1);
}

static bench take_bench(const job *j) {
    char *p = j->benches + j->bench_bytes * (size_t)omp_get_thread_num();
    bench b = {.row = (const float **)(void *)p,
               .zero = (float *)(void *)(p + row_bytes(j->s)),
               .copy = (float *)(void *)(p + row_bytes(j->s) + zero_bytes(j->s))};
    memset(b.zero, 0, zero_bytes(j->s));
    return b;
}

static int64_t classes(const gdk_igemm_shape *s) { return s->stride[0] * s->stride[1]; }

/* Class i with its pixels and taps alone. */
static part part_of(const gdk_igemm_shape *s, int64_t i) {
    part p = {.v = gdk_class_of(i / s->stride[1], s->H, s->R, s->stride[0], s->pad[0],
                                s->dilation[0]),
              .u = gdk_class_of(i % s->stride[1], s->W, s->S, s->stride[1], s->pad[1],
                                s->dilation[1])};
    p.taps = p.v.taps * p.u.taps;
    p.depth = p.taps * (s->K / s->groups);
    p.m = s->N * p.v.count * p.u.count;
    return p;
}

static int64_t packed_floats(const job *j, const part *p) {
    return gdk_gemm_packed(j->g, j->C, p->depth) * j->s->groups;
}

static job job_of(const gdk_igemm_shape *s, int threads) {
    job j = {.s = s, .g = gdk_gemm_get(), .threads = threads};
    j.K = s->K / s->groups;
    j.C = s->C / s->groups;
    j.panels = gdk_gemm_panels(j.g, j.C);
    j.bench_bytes = bench_bytes(s);
    return j;
}

size_t gdk_igemm_data_scratch(const gdk_igemm_shape *s, const gd_device_caps *dev) {
    const job j = job_of(s, gdk_threads(dev));
    int64_t   floats = 0;
    for (int64_t i = 0; i < classes(s); i++) {
        const part p = part_of(s, i);
        floats += packed_floats(&j, &p);
    }
    return (size_t)floats * sizeof(float) + j.bench_bytes * (size_t)j.threads;
}

/* Deals a class out; its packed weights begin at `packed`. */
static part plan(const job *j, int64_t i, float *packed) {
    part p = part_of(j->s, i);
    p.packed = packed;
    p.gathers = p.taps == 1 && j->dy->pitch % 256 == 0 && j->K <= GATHER_FILTERS;
    p.height = gdk_gemm_height(j->g, p.m);
    const int64_t panel = p.depth * 2 * j->g->lanes, tiles = (p.m + p.height - 1) / p.height;
    p.panels_a_piece = CACHE_FLOATS / (panel ? panel : 1);
    if (p.panels_a_piece < 1) p.panels_a_piece = 1;
    if (p.panels_a_piece > j->panels) p.panels_a_piece = j->panels;
    /* With few tiles, threads part the panels rather than the pixels. */
    const int64_t share = (j->panels + j->threads - 1) / j->threads;
    if (tiles < 4 * j->threads && p.panels_a_piece > share) p.panels_a_piece = share;
    p.tiles_a_piece = tiles / (8 * j->threads) + 1;
    if (p.tiles_a_piece > 16) p.tiles_a_piece = 16;
    p.m_pieces = (tiles + p.tiles_a_piece - 1) / p.tiles_a_piece;
    p.pieces =
        p.m_pieces * ((j->panels + p.panels_a_piece - 1) / p.panels_a_piece) * j->s->groups;
    return p;
}

/* Tap t of panel `panel` of a group: [k][j], padded with zeros. */
static void pack_tap(const job *j, const part *p, int64_t group, int64_t panel, int64_t t) {
    const int64_t c = panel * 2 * j->g->lanes;
    const int64_t width = gdk_gemm_vectors(j->g, j->C, panel) * j->g->lanes;
    const int64_t cols = c + width <= j->C ? width : j->C - c;
    const int64_t r = p->v.tap + t / p->u.taps * p->v.tap_step;
    const int64_t s = p->u.tap + t % p->u.taps * p->u.tap_step;
    float *to = p->packed + group * gdk_gemm_packed(j->g, j->C, p->depth) + c * p->depth +
                t * j->K * width;
    for (int64_t k = 0; k < j->K; k++, to += width) {
        const int64_t at = ((group * j->K + k) * j->s->R + r) * j->s->S + s;
        memcpy(to, (const float *)j->w->data + at * j->w->pitch + c, (size_t)cols * sizeof *to);
        memset(to + cols, 0, (size_t)(width - cols) * sizeof *to);
    }
}

/* Pointers to the outputs that pixel (n, y, x) of a class meets, and where its sum goes. */
static void point(const job *j, const part *p, const bench *b, int64_t group, int64_t n,
                  int64_t y, int64_t x, const float **row) {
    const gdk_igemm_shape *s = j->s;
    for (int64_t a = 0; a < p->v.taps; a++) {
        const int64_t h = p->v.from + y - a * p->v.from_step;
        const float  *line =
            (const float *)j->dy->data + (n * s->P + h) * s->Q * j->dy->pitch + group * j->K;
        for (int64_t e = 0; e < p->u.taps; e++, row += p->height) {
            const int64_t w = p->u.from + x - e * p->u.from_step;
            const bool    inside = h >= 0 && h < s->P && w >= 0 && w < s->Q;
            *row = inside ? line + w * j->dy->pitch : b->zero;
        }
    }
}

static void gather(const job *j, const part *p, const bench *b) {
    const int64_t pitch = gather_pitch(j->s);
    for (int i = 0; i < p->height; i++) {
        float *copy = b->copy + i * pitch;
        memcpy(copy, b->row[i], (size_t)j->K * sizeof *copy);
        b->row[i] = copy;
    }
}

/* Rows beyond the last pixel repeat it. */
static void point_tile(const job *j, const part *p, bench *b, int64_t group, int64_t first) {
    const gdk_igemm_shape *s = j->s;
    for (int i = 0; i < p->height; i++) {
        const int64_t m = first + i < p->m ? first + i : p->m - 1;
        const int64_t n = m / (p->v.count * p->u.count);
        const int64_t y = m / p->u.count % p->v.count, x = m % p->u.count;
        const int64_t h = p->v.first + y * s->stride[0], w = p->u.first + x * s->stride[1];
        b->out[i] =
            (float *)j->dx->data + ((n * s->H + h) * s->W + w) * j->dx->pitch + group * j->C;
        point(j, p, b, group, n, y, x, b->row + i);
    }
    if (p->gathers) gather(j, p, b);
}

static void run_tile(const job *j, const part *p, bench *b, int64_t group, int64_t first_panel,
                     int64_t end_panel, int64_t first) {
    const gdk_gemm    *g = j->g;
    const int          rows = first + p->height <= p->m ? p->height : (int)(p->m - first);
    const float       *w = p->packed + group * gdk_gemm_packed(g, j->C, p->depth);
    _Alignas(64) float tile[GDK_GEMM_TILE], init[GDK_GEMM_WIDTH] = {0};
    point_tile(j, p, b, group, first);
    for (int64_t q = first_panel; q < end_panel; q++) {
        const int64_t c = q * 2 * g->lanes;
        const int     vectors = gdk_gemm_vectors(g, j->C, q), width = vectors * g->lanes;
        const int64_t cols = c + width <= j->C ? width : j->C - c;
        g->fn[vectors - 1][p->height - 1](b->row, p->taps, j->K, w + c * p->depth, init, tile);
        for (int i = 0; i < rows; i++)
            memcpy(b->out[i] + c, tile + i * width, (size_t)cols * sizeof *tile);
    }
}

/* Piece i: tiles vary fastest, so that threads share the panels that are in the cache. */
static void run_piece(const job *j, const part *p, bench *b, int64_t i) {
    const int64_t span = p->tiles_a_piece * p->height;
    const int64_t m0 = i % p->m_pieces * span, end = m0 + span < p->m ? m0 + span : p->m;
    const int64_t per_group = (j->panels + p->panels_a_piece - 1) / p->panels_a_piece;
    const int64_t group = i / p->m_pieces / per_group;
    const int64_t p0 = i / p->m_pieces % per_group * p->panels_a_piece;
    const int64_t p1 = p0 + p->panels_a_piece < j->panels ? p0 + p->panels_a_piece : j->panels;
    for (int64_t m = m0; m < end; m += p->height) run_tile(j, p, b, group, p0, p1, m);
}

/* One thread's share of packing every class. */
static void pack_all(const job *j) {
    float *packed = j->packed;
    for (int64_t i = 0; i < classes(j->s); i++) {
        const part p = plan(j, i, packed);
#pragma omp for schedule(static) nowait
        for (int64_t t = 0; t < j->s->groups * j->panels * p.taps; t++)
            pack_tap(j, &p, t / p.taps / j->panels, t / p.taps % j->panels, t % p.taps);
        packed += packed_floats(j, &p);
    }
}

static void run_all(const job *j) {
    bench  b = take_bench(j);
    float *packed = j->packed;
    for (int64_t i = 0; i < classes(j->s); i++) {
        const part p = plan(j, i, packed);
#pragma omp for schedule(dynamic, 1) nowait
        for (int64_t k = 0; k < p.pieces; k++) run_piece(j, &p, &b, k);
        packed += packed_floats(j, &p);
    }
}

void gdk_igemm_data_run(const gdk_igemm_shape *s, const gd_launch *l) {
    const gdk_panels *state = l->state;
    job               j = job_of(s, state->threads);
    j.dy = l->in[0];
    j.w = l->in[1];
    j.dx = l->out[0];
    j.benches = l->scratch;
    j.packed = (float *)(void *)((char *)l->scratch + j.bench_bytes * (size_t)j.threads);
#pragma omp parallel num_threads(j.threads)
    {
        pack_all(&j);
#pragma omp barrier
        run_all(&j);
    }
}
