/* op_check_problem.c -- problems: from a case, or from a node of a gradient's graph. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Both precisions are to see the same numbers. */
static void round_values(double *v, int64_t n) {
    for (int64_t i = 0; i < n; i++) v[i] = (double)(float)v[i];
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
        x->shape = gd_tensor_make(how->dtype, how->ndim, how->dim);
        const int64_t n = gd_tensor_count(&x->shape);
        x->v = oc_alloc((size_t)n * sizeof *x->v);
        if (how->give)
            memcpy(x->v, how->give, (size_t)n * sizeof *x->v);
        else
            oc_draw(x->v, &x->shape, how, 7u + (unsigned)i);
        /* Given values stay as they are: golden results are exact in f64. */
        if (!how->give) round_values(x->v, n);
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
        round_values(x->v, count);
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
