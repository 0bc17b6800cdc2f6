/* igemm_weight.c -- the gradient of convolution with respect to its weights; see igemm_back.h.
 *
 *   dw[k][j] = sum over output pixels m of dy[m][k] * x[m][j]
 *
 * where j counts the columns (tap, channel) of a filter and x[m][j] is what that tap of output
 * m reads. A task owns a block of filters and some panels of columns. It takes the pixels in
 * blocks, copies both operands of a block together (a tap on padding gives zeros) and adds to
 * its sums, which stay in the second-level cache: one order, whatever the number of threads.
 *
 * Where dw as a whole is one task, the pixels are parted instead, in a number of parts that the
 * shape decides; their sums are added in order. */
#include <omp.h>
#include <string.h>

#include "kernels/arg.h"
#include "kernels/cpu/gemm_outer.h"
#include "kernels/cpu/igemm_back.h"

enum {
    BLOCK = 256,     /* pixels that are taken at a time */
    MOST_ROWS = 126, /* filters of a task */
    MOST_PANELS = 8, /* panels of a task */
    MOST_PARTS = 16, /* of the pixels, where dw is one task */
    LEAST_PART = 1024
};

typedef struct job {
    const gdk_igemm_shape *s;
    const gdk_outer       *o;
    const gd_tensor       *dy, *x, *dw;
    int64_t                K, C, columns; /* filters, channels, columns of a group */
    int64_t                m;             /* output pixels */
    int64_t                panels;        /* of a group */
    int                    height;        /* rows of a tile */
    int64_t                tiles;         /* of a group */
    int64_t                tiles_a_task, panels_a_task, parts;
    bool                   runs; /* a row of taps is one run of memory */
} job;

/* Adjacent columns of a panel that are adjacent in x too: channels of one tap, or several taps
 * of one row of the filter. */
typedef struct segment {
    int64_t r, s, taps; /* the first tap, how many are touched */
    int64_t c, n;       /* the first channel, counted from that tap; how many columns */
    int64_t at;         /* in the panel */
} segment;

/* One task and the memory of its thread. */
typedef struct task {
    int64_t group, tile, tiles, panel, panels; /* the first of them, how many */
    int64_t first, end;                        /* pixels */
    float  *a;                                 /* [tile][pixel][step] */
    float  *b;                                 /* [pixel][column] of one panel */
    float  *sum;                               /* [panel][tile][row][column] */
} task;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Without counting parts of the pixels. */
static int64_t tasks(const job *j) {
    return (j->tiles + j->tiles_a_task - 1) / j->tiles_a_task *
           ((j->panels + j->panels_a_task - 1) / j->panels_a_task) * j->s->groups;
}

/* dw as one task and the pixels in parts; or shares of at most so many tiles and
 * panels, halved while threads would go without, or while they would end far apart and a task
 * still is worth the copies it makes. */
static void deal(job *j, int threads) {
    enum { WORTH = 8 };
    j->tiles_a_task = least(j->tiles, MOST_ROWS / j->height);
    j->panels_a_task = least(j->panels, MOST_PANELS);
    j->parts = 1;
    if (tasks(j) == 1) {
        j->parts = least(MOST_PARTS, (j->m + LEAST_PART - 1) / LEAST_PART);
        if (j->parts < 1) j->parts = 1;
    }
    if (j->parts > 1) return;
    for (int64_t size; (size = j->tiles_a_task * j->panels_a_task) > 1;) {
        if (tasks(j) >= (size > WORTH ? 4 : 1) * threads) break;
        if (j->panels_a_task * 2 > j->tiles_a_task)
            j->panels_a_task = (j->panels_a_task + 1) / 2;
        else
            j->tiles_a_task = (j->tiles_a_task + 1) / 2;
    }
}

static job job_of(const gdk_igemm_shape *s, int threads) {
    job j = {.s = s, .o = gdk_outer_get()};
    j.K = s->K / s->groups;
    j.C = s->C / s->groups;
    j.columns = s->R * s->S * j.C;
    j.m = s->N * s->P * s->Q;
    j.panels = (j.columns + 2 * j.o->lanes - 1) / (2 * j.o->lanes);
    j.tiles = (j.K + j.o->rows - 1) / j.o->rows;
    j.height = j.tiles ? (int)((j.K + j.tiles - 1) / j.tiles) : 1;
    deal(&j, threads);
    return j;
}

static int64_t step(const job *j) { return gdk_outer_step(j->height); }
/* Floats from one tile of rows to the next: off the multiples of a page. */
static int64_t a_tile(const job *j) { return step(j) * BLOCK + 16; }
static int64_t a_floats(const job *j) { return j->tiles_a_task * a_tile(j); }
static int64_t b_floats(const job *j) { return (int64_t)2 * j->o->lanes * BLOCK; }
static int64_t panel_floats(const job *j) {
    return j->tiles_a_task * j->height * 2 * j->o->lanes;
}
static int64_t sum_floats(const job *j) {
    return (j->panels_a_task * panel_floats(j) + 15) / 16 * 16;
}

/* Operands of each thread, then the sums of each part, or of each thread. */
size_t gdk_igemm_weight_scratch(const gdk_igemm_shape *s, const gd_device_caps *dev) {
    const int     threads = gdk_threads(dev);
    const job     j = job_of(s, threads);
    const int64_t sums = j.parts > 1 ? j.parts : threads;
    return (size_t)((a_floats(&j) + b_floats(&j)) * threads + sum_floats(&j) * sums) *
           sizeof(float);
}

static int vectors_of(const job *j, int64_t panel) {
    return j->columns - panel * 2 * j->o->lanes > j->o->lanes ? 2 : 1;
}

/* Of a few numbers: a call of memcpy would take longer than the copy. */
static inline void copy_few(float *to, const float *from, int64_t n) {
    enum { AT_ONCE = 4 };
    if (n < AT_ONCE) {
        for (int64_t i = 0; i < n; i++) to[i] = from[i];
        return;
    }
    for (int64_t i = 0; i + AT_ONCE < n; i += AT_ONCE)
        memcpy(to + i, from + i, AT_ONCE * sizeof *to);
    memcpy(to + n - AT_ONCE, from + n - AT_ONCE, AT_ONCE * sizeof *to);
}

/* Rows of the tiles for `n` pixels from `first` on. What follows the last filter is whatever
 * lies there: its sums are not stored. Only behind the last pixel must nothing be read. */
static void pack_rows(const job *j, const task *t, int64_t first, int64_t n) {
    const int64_t k = t->tile * j->height, at = t->group * j->K + k;
    for (int64_t m = first; m < first + n; m++) {
        const float  *from = GD_AT(const float, j->dy, m) + at;
        const int64_t room = (j->m - 1 - m) * j->dy->pitch + j->s->K - at;
        float        *to = t->a + (m - first) * step(j);
        for (int64_t i = 0; i < t->tiles; i++, from += j->height, to += a_tile(j)) {
            if (room < i * j->height + step(j))
                copy_few(to, from, least(j->height, j->K - k - i * j->height));
            else if (step(j) == 16)
                memcpy(to, from, 16 * sizeof *to);
            else
                memcpy(to, from, 8 * sizeof *to);
        }
    }
}

/* The segments of a panel of so many columns. */
static int segments_of(const job *j, int64_t panel, int64_t columns, segment *seg) {
    const int64_t first = panel * 2 * j->o->lanes, line = j->runs ? j->s->S * j->C : j->C;
    int           n = 0;
    for (int64_t at = 0; at < columns; n++) {
        const int64_t column = first + at, tap = column / j->C, c = column % j->C;
        const int64_t length = least(columns - at, line - column % line);
        seg[n] = (segment){.r = tap / j->s->S,
                           .s = tap % j->s->S,
                           .taps = (c + length - 1) / j->C + 1,
                           .c = c,
                           .n = length,
                           .at = at};
        at += length;
    }
    return n;
}

/* One pixel of a segment that begins at `from` = column w of a line of W pixels of C channels;
 * parts of it may lie on padding. */
static void copy_edge(const segment *g, const float *from, int64_t w, int64_t W, int64_t C,
                      float *to) {
    int64_t first = w < 0 ? -w * C - g->c : 0, end = (W - w) * C - g->c;
    first = first < 0 ? 0 : least(first, g->n);
    end = end < first ? first : least(end, g->n);
    memset(to, 0, (size_t)first * sizeof *to);
    if (end > first) memcpy(to + first, from + first, (size_t)(end - first) * sizeof *to);
    memset(to + end, 0, (size_t)(g->n - end) * sizeof *to);
}

/* `n` pixels from column q of output row p, picture b, into to[i * width]. */
static void pack_line(const job *j, const segment *g, int64_t channel, int64_t b, int64_t p,
                      int64_t q, int64_t n, float *to, int64_t width) {
    const gdk_igemm_shape *s = j->s;
    const int64_t          h = p * s->stride[0] - s->pad[0] + g->r * s->dilation[0];
    const bool             inside = h >= 0 && h < s->H;
    const float *line = GD_AT(const float, j->x, inside ? (b * s->H + h) * s->W : 0) + channel;
    int64_t      w = q * s->stride[1] - s->pad[1] + g->s * s->dilation[1];
    for (int64_t i = 0; i < n; i++, w += s->stride[1], to += width) {
        const float *from = line + w * j->x->pitch + g->c;
        if (!inside)
            memset(to, 0, (size_t)g->n * sizeof *to);
        else if (w < 0 || w + g->taps > s->W)
            copy_edge(g, from, w, s->W, j->C, to);
        else if (g->n == GDK_GEMM_WIDTH)
            memcpy(to, from, GDK_GEMM_WIDTH * sizeof *to);
        else
            copy_few(to, from, g->n);
    }
}

/* One panel for `n` pixels from `first` on, zeros beyond the last column. */
static void pack_panel(const job *j, const task *t, int64_t panel, int64_t first, int64_t n) {
    const gdk_igemm_shape *s = j->s;
    const int64_t          width = vectors_of(j, panel) * j->o->lanes;
    const int64_t          columns = least(width, j->columns - panel * 2 * j->o->lanes);
    segment                seg[GDK_GEMM_WIDTH];
    const int              count = segments_of(j, panel, columns, seg);
    for (int64_t m = 0; m < n && columns < width; m++)
        for (int64_t c = columns; c < width; c++) t->b[m * width + c] = 0;
    for (int64_t m = 0, run; m < n; m += run) {
        const int64_t at = first + m, q = at % s->Q;
        run = least(s->Q - q, n - m);
        for (int i = 0; i < count; i++)
            pack_line(j, &seg[i], t->group * j->C, at / s->Q / s->P, at / s->Q % s->P, q, run,
                      t->b + m * width + seg[i].at, width);
    }
}

/* Adds the products of a block of pixels to the sums of the task. */
static void add_block(const job *j, const task *t, int64_t first, int64_t n) {
    pack_rows(j, t, first, n);
    for (int64_t i = 0; i < t->panels; i++) {
        const int     vectors = vectors_of(j, t->panel + i);
        const int64_t tile = (int64_t)j->height * vectors * j->o->lanes;
        pack_panel(j, t, t->panel + i, first, n);
        for (int64_t k = 0; k < t->tiles; k++)
            j->o->fn[vectors - 1][j->height - 1](t->a + k * a_tile(j), t->b, n,
                                                 t->sum + i * panel_floats(j) + k * tile);
    }
}

/* Sums of filter k of the group, panel i of the task. */
static float *sums_at(const job *j, const task *t, int64_t k, int64_t i) {
    return t->sum + i * panel_floats(j) +
           (k - t->tile * j->height) * vectors_of(j, t->panel + i) * j->o->lanes;
}

/* The same into dw. */
static void store_row(const job *j, const task *t, int64_t k, int64_t i) {
    const int64_t width = vectors_of(j, t->panel + i) * j->o->lanes;
    const int64_t first = (t->panel + i) * 2 * j->o->lanes;
    const int64_t columns = least(width, j->columns - first), taps = j->s->R * j->s->S;
    const float  *sum = sums_at(j, t, k, i);
    for (int64_t c = 0, run; c < columns; c += run) {
        const int64_t tap = (first + c) / j->C, channel = (first + c) % j->C;
        run = least(columns - c, j->C - channel);
        memcpy(GD_AT(float, j->dw, (t->group * j->K + k) * taps + tap) + channel, sum + c,
               (size_t)run * sizeof *sum);
    }
}

/* Task i, whose operands have room at `bench`. */
static task task_at(const job *j, int64_t i, float *bench) {
    const int64_t by_panels = (j->panels + j->panels_a_task - 1) / j->panels_a_task;
    const int64_t by_tiles = (j->tiles + j->tiles_a_task - 1) / j->tiles_a_task;
    task          t = {.group = i / by_panels / by_tiles,
                       .tile = i / by_panels % by_tiles * j->tiles_a_task,
                       .panel = i % by_panels * j->panels_a_task,
                       .end = j->m,
                       .a = bench,
                       .b = bench + a_floats(j)};
    t.tiles = least(j->tiles_a_task, j->tiles - t.tile);
    t.panels = least(j->panels_a_task, j->panels - t.panel);
    return t;
}

static void run_task(const job *j, const task *t) {
    memset(t->sum, 0, (size_t)sum_floats(j) * sizeof *t->sum);
    for (int64_t m = t->first; m < t->end; m += BLOCK)
        add_block(j, t, m, least(BLOCK, t->end - m));
    const int64_t end = least((t->tile + t->tiles) * j->height, j->K);
    for (int64_t k = t->tile * j->height; k < end && j->parts == 1; k++)
        for (int64_t p = 0; p < t->panels; p++) store_row(j, t, k, p);
}

/* Adds up what the parts have for filter k, panel i, and stores it. */
static void add_parts(const job *j, float *sums, int64_t k, int64_t i) {
    task t = task_at(j, 0, NULL);
    t.sum = sums;
    float *all = sums_at(j, &t, k, i);
    for (int64_t p = 1; p < j->parts; p++)
        for (int64_t c = 0; c < vectors_of(j, i) * j->o->lanes; c++)
            all[c] += all[p * sum_floats(j) + c];
    store_row(j, &t, k, i);
}

void gdk_igemm_weight_run(const gdk_igemm_shape *s, const gd_launch *l) {
    const gdk_panels *state = l->state;
    job               j = job_of(s, state->threads);
    j.dy = l->in[0];
    j.x = l->in[1];
    j.dw = l->out[0];
    j.runs = s->groups == 1 && j.x->pitch == s->C && s->dilation[1] == 1;
    const int64_t bench = a_floats(&j) + b_floats(&j), n = tasks(&j) * j.parts;
    float        *sums = (float *)l->scratch + bench * state->threads;
#pragma omp parallel num_threads(state->threads)
    {
        const int64_t thread = omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
        for (int64_t i = 0; i < n; i++) {
            task t = task_at(&j, i / j.parts, (float *)l->scratch + bench * thread);
            t.sum = sums + sum_floats(&j) * (j.parts > 1 ? i : thread);
            t.first = j.m * (i % j.parts) / j.parts;
            t.end = j.m * (i % j.parts + 1) / j.parts;
            run_task(&j, &t);
        }
#pragma omp for schedule(static)
        for (int64_t i = 0; i < (j.parts > 1 ? j.K * j.panels : 0); i++)
            add_parts(&j, sums, i / j.panels, i % j.panels);
    }
}
