/* match_cpu.c -- matching in blocks of rows, whose coordinates lie in one array each.
 *
 * The first pass finds the best box of every row and, for each box, the largest IoU within each
 * block. The second visits, for each box, only the blocks that hold its largest of all. Blocks
 * go to different threads; the result does not depend on how. */
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/match/match.h"

enum { BLOCK = 512 };

typedef struct rows {
    float x1[BLOCK], y1[BLOCK], x2[BLOCK], y2[BLOCK], area[BLOCK];
    float iou[BLOCK], top[BLOCK]; /* with one box; the largest so far */
} rows;

/* One picture, and where its part of the scratch area lies. */
typedef struct picture {
    const gd_tensor *boxes, *gt;
    const gd_match  *attr;
    int64_t          b, A, n, G, blocks;
    int32_t         *match, *best; /* [A] */
    float           *most;         /* [blocks][G]: the largest IoU of a block with a box */
    float           *top;          /* [G]: of all rows with a box */
} picture;

static int64_t rows_of(const gd_launch *l) { return l->in[0]->dim[l->in[0]->ndim - 2]; }
static int64_t blocks_of(int64_t A) { return (A + BLOCK - 1) / BLOCK; }
static int64_t room_of(const gd_launch *l) {
    const int64_t A = rows_of(l), G = l->in[1]->dim[1];
    return A + (blocks_of(A) + 1) * G;
}

size_t gdk_match_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(l->in[1]->dim[0] * room_of(l)) * sizeof(float);
}

/* All of the block, also past its last row: whole vectors. */
GD_ISA_BODY void overlap_body(rows *r, const float *g) {
    const float a = g[0], b = g[1], c = g[2], d = g[3], own = (c - a) * (d - b);
    for (int j = 0; j < BLOCK; j++) {
        const float left = r->x1[j] > a ? r->x1[j] : a;
        const float top = r->y1[j] > b ? r->y1[j] : b;
        const float right = r->x2[j] < c ? r->x2[j] : c;
        const float bottom = r->y2[j] < d ? r->y2[j] : d;
        const float w = right > left ? right - left : 0;
        const float h = bottom > top ? bottom - top : 0;
        const float inter = w * h;
        const float q = inter / (own + r->area[j] - inter);
        r->iou[j] = q > 0 ? q : 0;
    }
}
GD_ISA(overlap, (rows * r, const float *g), (r, g))

/* Takes the IoUs with box g over where they are larger; returns the largest of n. They are not
 * negative, so that their bits have their order: whole numbers have vector maxima. */
GD_ISA_BODY void take_body(rows *r, int64_t n, int32_t g, int32_t *best, float *most) {
    int32_t bits[BLOCK], top = 0;
    memcpy(bits, r->iou, sizeof bits);
    for (int64_t j = 0; j < n; j++) {
        const int more = r->iou[j] > r->top[j];
        best[j] = more ? g : best[j];
        r->top[j] = more ? r->iou[j] : r->top[j];
        top = bits[j] > top ? bits[j] : top;
    }
    memcpy(most, &top, sizeof top);
}
GD_ISA(take, (rows * r, int64_t n, int32_t g, int32_t *best, float *most),
       (r, n, g, best, most))

static const float *gt_of(const picture *p, int64_t g) {
    return GD_AT(const float, p->gt, p->b * p->gt->dim[1] + g);
}

/* Returns the rows of the block that take part. */
static int64_t load(const picture *p, int64_t block, rows *r) {
    const int64_t first = block * BLOCK, left = p->n - first;
    const int64_t n = left < 0 ? 0 : left < BLOCK ? left : BLOCK;
    const int64_t row = (p->boxes->ndim == 2 ? 0 : p->b * p->A) + first;
    memset(r, 0, sizeof *r);
    for (int64_t j = 0; j < n; j++) {
        const float *x = GD_AT(const float, p->boxes, row + j);
        r->x1[j] = x[0], r->y1[j] = x[1], r->x2[j] = x[2], r->y2[j] = x[3];
        r->area[j] = (x[2] - x[0]) * (x[3] - x[1]);
    }
    return n;
}

static void first_pass(const picture *p, int64_t block) {
    const int64_t first = block * BLOCK, end = p->A - first < BLOCK ? p->A : first + BLOCK;
    rows          r;
    const int64_t n = load(p, block, &r);
    for (int64_t j = 0; j < BLOCK; j++) r.top[j] = -1;
    for (int64_t a = first; a < end; a++) p->best[a] = 0;
    for (int64_t g = 0; g < p->G; g++) {
        overlap(&r, gt_of(p, g));
        take(&r, n, (int32_t)g, p->best + first, p->most + block * p->G + g);
    }
    for (int64_t a = first; a < end; a++) {
        const float q = r.top[a - first];
        p->match[a] = a >= p->n            ? GD_MATCH_BETWEEN
                      : !p->G              ? GD_MATCH_LOW
                      : q >= p->attr->high ? p->best[a]
                      : q >= p->attr->low  ? GD_MATCH_BETWEEN
                                           : GD_MATCH_LOW;
    }
}

static void find_top(const picture *p) {
    const int64_t used = blocks_of(p->n);
    for (int64_t g = 0; g < p->G; g++) p->top[g] = 0;
    for (int64_t k = 0; k < used; k++)
        for (int64_t g = 0; g < p->G; g++)
            if (p->most[k * p->G + g] > p->top[g]) p->top[g] = p->most[k * p->G + g];
}

/* Rows as good as any for some box keep their best match. */
static void low_quality(const picture *p, int64_t block) {
    const float *most = p->most + block * p->G;
    rows         r;
    int64_t      n = -1;
    for (int64_t g = 0; g < p->G; g++) {
        if (most[g] != p->top[g]) continue;
        if (n < 0) n = load(p, block, &r);
        overlap(&r, gt_of(p, g));
        for (int64_t j = 0; j < n; j++)
            if (r.iou[j] == p->top[g]) p->match[block * BLOCK + j] = p->best[block * BLOCK + j];
    }
}

static void claim(const picture *p) {
    rows r;
    for (int64_t g = 0; g < p->G && p->n; g++) {
        int64_t block = 0, j = 0;
        while (p->most[block * p->G + g] != p->top[g]) block++;
        load(p, block, &r);
        overlap(&r, gt_of(p, g));
        while (r.iou[j] != p->top[g]) j++;
        p->match[block * BLOCK + j] = (int32_t)g;
    }
}

static picture picture_of(const gd_launch *l, int64_t b) {
    const int64_t A = rows_of(l), blocks = blocks_of(A);
    int32_t      *scratch = (int32_t *)l->scratch + b * room_of(l);
    picture       p = {.boxes = l->in[0],
                       .gt = l->in[1],
                       .attr = l->attr,
                       .b = b,
                       .A = A,
                       .n = gdk_count(l->n_in > 3 ? l->in[3] : NULL, b, A),
                       .G = gdk_count(l->in[2], b, l->in[1]->dim[1]),
                       .blocks = blocks,
                       .match = GD_AT(int32_t, l->out[0], b),
                       .best = scratch};
    p.top = (float *)(void *)(scratch + A);
    p.most = p.top + l->in[1]->dim[1];
    return p;
}

gd_status gdk_match_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_match *attr = l->attr;
    const int64_t   B = l->out[0]->dim[0], blocks = blocks_of(rows_of(l));
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B * blocks > 4)
    for (int64_t i = 0; i < B * blocks; i++) {
        const picture p = picture_of(l, i / blocks);
        first_pass(&p, i % blocks);
    }
    if (!attr->allow_low_quality && !attr->claim) return GD_OK;
    for (int64_t b = 0; b < B; b++) {
        const picture p = picture_of(l, b);
        find_top(&p);
        if (attr->claim) claim(&p);
        const int64_t used = attr->claim ? 0 : blocks_of(p.n);
#pragma omp parallel for num_threads(gd_cpu_threads()) if (used > 4)
        for (int64_t k = 0; k < used; k++) low_quality(&p, k);
    }
    return GD_OK;
}
