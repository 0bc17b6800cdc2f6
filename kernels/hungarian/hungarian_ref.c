/* hungarian_ref.c -- the definition of DETR's assignment, a picture at a time. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/hungarian/hungarian.h"
#include "kernels/hungarian/hungarian_assign.h"
#include "kernels/ref.h"

#if GD_REAL_IS_DOUBLE
#define PICTURE gdk_hungarian_picture_ref_f64
#else
#define PICTURE gdk_hungarian_picture_ref_f32
#endif

static gd_real probability(const gd_real *x, int64_t C, int32_t label) {
    gd_real top = x[0], sum = 0;
    if (label < 0 || label >= C) return 0;
    for (int64_t c = 1; c < C; c++) top = x[c] > top ? x[c] : top;
    for (int64_t c = 0; c < C; c++) sum += exp(x[c] - top);
    return exp(x[label] - top) / sum;
}

/* Edge c of a box cx cy w h: x1, y1, x2, y2. */
static gd_real edge(const gd_real *b, int c) {
    const gd_real half = b[2 + c % 2] / 2;
    return c < 2 ? b[c] - half : b[c % 2] + half;
}

static gd_real general_iou(const gd_real *a, const gd_real *b) {
    gd_real inter = 1, around = 1, area_a = 1, area_b = 1;
    for (int c = 0; c < 2; c++) {
        const gd_real both =
            fmin(edge(a, c + 2), edge(b, c + 2)) - fmax(edge(a, c), edge(b, c));
        inter *= both > 0 ? both : 0;
        around *= fmax(edge(a, c + 2), edge(b, c + 2)) - fmin(edge(a, c), edge(b, c));
        area_a *= edge(a, c + 2) - edge(a, c);
        area_b *= edge(b, c + 2) - edge(b, c);
    }
    const gd_real both = area_a + area_b - inter;
    return inter / both - (around - both) / around;
}

static double cost(const gd_launch *l, int64_t b, int64_t g, int64_t q) {
    const gd_hungarian *a = l->attr;
    const int64_t       Q = l->in[0]->dim[1], G = l->in[2]->dim[1];
    const gd_real      *box = GD_AT(const gd_real, l->in[1], b *Q + q);
    const gd_real      *gt = GD_AT(const gd_real, l->in[2], b *G + g);
    const gd_real p = probability(GD_AT(const gd_real, l->in[0], b *Q + q), l->in[0]->dim[2],
                                  GD_AT(const int32_t, l->in[3], b)[g]);
    gd_real       apart = 0;
    for (int c = 0; c < 4; c++) apart += fabs(box[c] - gt[c]);
    return gdk_assign_finite((double)(GD_REAL(a->l1) * apart - GD_REAL(a->class_cost) * p -
                                      GD_REAL(a->giou) * general_iou(box, gt)));
}

void PICTURE(const gd_launch *l, int64_t b) {
    const int64_t B = l->in[0]->dim[0], Q = l->in[0]->dim[1], G = l->in[2]->dim[1];
    const int64_t n = gdk_count(l->in[4], b, G);
    const size_t  bytes = gdk_hungarian_scratch(l, NULL) / (size_t)B;
    double       *costs = (double *)(void *)((char *)l->scratch + (size_t)b * bytes);
    int32_t      *match = GD_AT(int32_t, l->out[0], b);
    for (int64_t g = 0; g < n; g++)
        for (int64_t q = 0; q < Q; q++) costs[g * Q + q] = cost(l, b, g, q);
    /* The fewer are the rows: boxes, or queries where there are more boxes than those. */
    const bool by_box = n <= Q;
    gdk_assign a = {.cost = costs,
                    .row = by_box ? Q : 1,
                    .column = by_box ? 1 : Q,
                    .rows = (int32_t)(by_box ? n : Q),
                    .columns = (int32_t)(by_box ? Q : n)};
    gdk_assign_place(&a, costs + G * Q);
    gdk_assign_run(&a);
    for (int64_t q = 0; q < Q; q++) match[q] = -1;
    for (int32_t j = 1; j <= a.columns; j++) {
        const int32_t i = a.owner[j];
        if (i) match[by_box ? j - 1 : i - 1] = by_box ? i - 1 : j - 1;
    }
}

gd_status GD_REF(hungarian)(const gd_launch *l, gd_error *err) {
    (void)err;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) PICTURE(l, b);
    return GD_OK;
}
