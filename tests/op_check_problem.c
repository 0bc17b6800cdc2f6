/* op_check_problem.c -- problems: from a case, or from a node of a gradient's graph. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/half.h"
#include "tests/op_check.h"

void *oc_alloc(size_t size) {
    void *p = aligned_alloc(64, (size + 63) / 64 * 64 + 64);
    if (!p) abort();
    return p;
}

typedef struct source {
    uint64_t state;
} source;

static uint64_t next(source *s) {
    s->state = s->state * 6364136223846793005u + 1442695040888963407u;
    return s->state >> 33;
}
static double unit(source *s) { return (double)next(s) / 2147483648.0; }

/* Distinct multiples of 1/16 away from zero, in shuffled order: no ties, no kinks. */
static void draw_distinct(double *v, int64_t n, source *s) {
    for (int64_t i = 0; i < n; i++) v[i] = (double)(i + 1) * (i % 2 ? 0.0625 : -0.0625);
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)(next(s) % (uint64_t)(i + 1));
        const double  keep = v[i];
        v[i] = v[j];
        v[j] = keep;
    }
}

/* Corners inside [0, size], the second at least 1/16 beyond the first. */
static void draw_boxes(double *v, int64_t n, double size, source *s) {
    for (int64_t i = 0; i + 3 < n; i += 4)
        for (int k = 0; k < 2; k++) {
            const double a = unit(s) * size, b = unit(s) * size;
            v[i + k] = fmin(a, b) * 0.96875;
            v[i + 2 + k] = fmax(a, b) * 0.96875 + size / 32;
        }
}

void oc_draw(double *v, const gd_tensor *shape, const gd_case_in *how, unsigned seed) {
    source        s = {seed * 7919u + 17u};
    const int64_t n = gd_tensor_count(shape);
    const bool    unset = how->lo == 0 && how->hi == 0;
    const double  lo = unset ? -1 : how->lo, hi = unset ? 1 : how->hi;
    for (int i = 0; i < 4; i++) (void)next(&s);
    switch (how->draw) {
    case GD_DRAW_DISTINCT: draw_distinct(v, n, &s); break;
    case GD_DRAW_UNIFORM:
        for (int64_t i = 0; i < n; i++) v[i] = lo + (hi - lo) * unit(&s);
        break;
    case GD_DRAW_BOXES: draw_boxes(v, n, hi, &s); break;
    case GD_DRAW_INTEGERS:
        for (int64_t i = 0; i < n; i++)
            v[i] = lo + (double)(next(&s) % (uint64_t)(hi - lo + 1));
        break;
    }
}

/* All precisions are to see the same numbers. */
void oc_round(double *v, int64_t n, bool scale, bool half) {
    double top = 0, by = 1;
    for (int64_t i = 0; i < n; i++) top = fmax(top, fabs(v[i]));
    while (scale && top * by > 2) by /= 2;
    for (int64_t i = 0; i < n; i++) {
        const float x = (float)(v[i] * by);
        v[i] = (double)(half ? gd_half_to_float(gd_half_from_float(x)) : x);
    }
}

void oc_problem_of_case(oc_problem *p, const gd_op *op, const gd_case *c) {
    memset(p, 0, sizeof *p);
    p->op = op;
    p->attr = c->attr;
    p->large = (c->flags & GD_CASE_LARGE) != 0;
    snprintf(p->label, sizeof p->label, "%s", c->label);
    for (int i = 0; i < GD_MAX_IN; i++) {
        const gd_case_in *how = &c->in[i];
        oc_input         *x = &p->in[i];
        if (how->ndim == 0 && !how->absent) break;
        p->n_in = i + 1;
        x->absent = how->absent;
        if (x->absent) continue;
        x->constant = how->constant;
        x->distinct = !how->give && how->draw == GD_DRAW_DISTINCT;
        x->shape = gd_tensor_make(how->dtype, how->ndim, how->dim);
        const int64_t n = gd_tensor_count(&x->shape);
        x->v = oc_alloc((size_t)n * sizeof *x->v);
        if (how->give)
            memcpy(x->v, how->give, (size_t)n * sizeof *x->v);
        else
            oc_draw(x->v, &x->shape, how, 7u + (unsigned)i);
        /* Given values stay as they are: golden results are exact in f64. */
        if (!how->give) oc_round(x->v, n, false, false);
    }
    while (p->n_in > 0 && p->in[p->n_in - 1].absent) p->n_in--;
}

void oc_problem_of_node(oc_problem *p, gd_graph *g, int node, const char *label) {
    const gd_node *n = &g->node[node];
    memset(p, 0, sizeof *p);
    p->op = n->op;
    p->attr = n->attr;
    p->n_in = n->n_in;
    snprintf(p->label, sizeof p->label, "in the gradient of %s", label);
    for (int i = 0; i < n->n_in; i++) {
        oc_input *x = &p->in[i];
        x->absent = n->in[i] < 0;
        if (x->absent) continue;
        const gd_tensor *t = &g->value[n->in[i]].t;
        const int64_t    count = gd_tensor_count(t);
        x->shape = gd_tensor_make(t->dtype == GD_F64 ? GD_F32 : t->dtype, t->ndim, t->dim);
        x->v = oc_alloc((size_t)count * sizeof *x->v);
        for (int64_t k = 0; k < count; k++) x->v[k] = gd_tensor_get(t, k);
        oc_round(x->v, count, false, false);
    }
}

void oc_problem_half(oc_problem *half, const oc_problem *p) {
    *half = *p;
    for (int i = 0; i < p->n_in; i++) {
        const oc_input *x = &p->in[i];
        if (x->absent) continue;
        const int64_t n = gd_tensor_count(&x->shape);
        half->in[i].v = oc_alloc((size_t)n * sizeof *x->v);
        memcpy(half->in[i].v, x->v, (size_t)n * sizeof *x->v);
        if (x->shape.dtype == GD_F32)
            oc_round(half->in[i].v, n, x->distinct, !(p->op->wide_in >> i & 1));
    }
}

void oc_problem_free(oc_problem *p) {
    for (int i = 0; i < GD_MAX_IN; i++) free(p->in[i].v);
    for (int i = 0; i < GD_MAX_STEP; i++) free(p->step[i].v);
    memset(p, 0, sizeof *p);
}

int64_t oc_problem_size(const oc_problem *p) {
    int64_t n = 0;
    for (int i = 0; i < p->n_in; i++)
        if (!p->in[i].absent) n += gd_tensor_count(&p->in[i].shape);
    return n;
}
