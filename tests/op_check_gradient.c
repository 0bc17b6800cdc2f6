/* op_check_gradient.c -- the nodes that grad appends: their rows against the f64 reference, and
 * that, on the host, against central differences.
 *
 * L = sum_i w_i y_i with distinct w, so that a misplaced gradient cannot cancel. The derivative
 * of each y_i is summed after differencing, not L: rounding then stays below 1e-11. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/op_check.h"

enum { MAX_ELEMENTS = 160 }; /* differenced for each input; larger inputs are sampled */

typedef struct road {
    gd_arena arena;
    gd_graph g;
    int      in[GD_MAX_IN], out[GD_MAX_OUT], d_in[GD_MAX_IN];
    int      seed, d_seed; /* the output that is differentiated, and w */
} road;

static void fill(gd_graph *g, int v, const double *x) {
    gd_tensor *t = &g->value[v].t;
    for (int64_t k = 0; k < gd_tensor_count(t); k++) gd_tensor_set(t, k, x[k]);
}

static gd_status build(road *r, const oc_problem *p, gd_error *err) {
    int wrt[GD_MAX_IN], d[GD_MAX_IN], n_wrt = 0, at[GD_MAX_IN];
    gd_graph_init(&r->g, &r->arena);
    for (int i = 0; i < p->n_in; i++) {
        const oc_input *x = &p->in[i];
        char            name[16];
        r->in[i] = r->d_in[i] = -1;
        if (x->absent) continue;
        snprintf(name, sizeof name, "in%d", i);
        const gd_dtype type = x->shape.dtype == GD_F32 ? GD_F64 : x->shape.dtype;
        GD_TRY(gd_graph_input(&r->g, name, type, x->shape.ndim, x->shape.dim, &r->in[i], err));
        if (type != GD_F64) continue;
        at[n_wrt] = i;
        wrt[n_wrt++] = r->in[i];
    }
    GD_TRY(gd_graph_add(&r->g, p->op->name, p->attr, p->n_in, r->in, r->out, err));
    r->seed = -1;
    for (int i = p->op->n_out - 1; i >= 0; i--)
        if (r->g.value[r->out[i]].t.dtype == GD_F64) r->seed = r->out[i];
    if (r->seed < 0) return gd_fail(err, GD_ERR_ARG, "no output is floating-point");
    const gd_tensor y = r->g.value[r->seed].t;
    GD_TRY(gd_graph_input(&r->g, "w", GD_F64, y.ndim, y.dim, &r->d_seed, err));
    GD_TRY(gd_autodiff(&r->g, 1, &r->seed, &r->d_seed, n_wrt, wrt, d, err));
    for (int i = 0; i < n_wrt; i++) r->d_in[at[i]] = d[i];
    GD_TRY(gd_graph_verify(&r->g, "autodiff", err));
    GD_TRY(gd_graph_give_storage(&r->g, err));
    for (int i = 0; i < p->n_in; i++)
        if (r->in[i] >= 0) fill(&r->g, r->in[i], p->in[i].v);
    double *w = oc_alloc((size_t)gd_tensor_count(&y) * sizeof *w);
    oc_draw(w, &y, &(gd_case_in){.draw = GD_DRAW_DISTINCT}, 99);
    /* Weights near 1: differences of large sums would drown small gradients. */
    for (int64_t k = 0; k < gd_tensor_count(&y); k++)
        w[k] /= 0.0625 * (double)(gd_tensor_count(&y) + 1);
    fill(&r->g, r->d_seed, w);
    free(w);
    return gd_graph_run_reference(&r->g, 0, err);
}

/* y at x[k] = value, into `to`. Runs node 0, the operator, alone. */
static bool evaluate(road *r, int input, int64_t k, double value, double *to) {
    gd_launch  l;
    gd_error   e;
    gd_tensor *y = &r->g.value[r->seed].t;
    gd_tensor_set(&r->g.value[input].t, k, value);
    gd_graph_launch(&r->g, 0, &l);
    if (gd_node_run_reference(r->g.node[0].op, &l, &e) != GD_OK) return false;
    for (int64_t i = 0; i < gd_tensor_count(y); i++) to[i] = gd_tensor_get(y, i);
    return true;
}

/* dL/dx[k] from five points: exact for polynomials up to degree four. */
static double difference(road *r, int input, int64_t k, double *buf, int64_t n) {
    const double h = 0x1p-8, x = gd_tensor_get(&r->g.value[input].t, k);
    const double at[4] = {x + h, x - h, x + 2 * h, x - 2 * h};
    double       sum = 0;
    bool         ok = true;
    for (int i = 0; i < 4; i++) ok &= evaluate(r, input, k, at[i], buf + i * n);
    gd_tensor_set(&r->g.value[input].t, k, x);
    for (int64_t i = 0; i < n; i++) {
        const double slope = 8 * (buf[i] - buf[n + i]) - (buf[2 * n + i] - buf[3 * n + i]);
        sum += gd_tensor_get(&r->g.value[r->d_seed].t, i) * slope / (12 * h);
    }
    return ok ? sum : NAN;
}

static void compare_input(road *r, const oc_problem *p, int i) {
    const gd_tensor *x = &r->g.value[r->in[i]].t;
    const int64_t    n = gd_tensor_count(x), m = gd_tensor_count(&r->g.value[r->seed].t);
    const int64_t    stride = n > MAX_ELEMENTS ? n / MAX_ELEMENTS | 1 : 1;
    double          *buf = oc_alloc((size_t)m * 4 * sizeof *buf), worst = 0, top = 0;
    for (int64_t k = 0; k < n; k += stride) {
        const double want = difference(r, r->in[i], k, buf, m);
        const double got = r->d_in[i] < 0 ? 0 : gd_tensor_get(&r->g.value[r->d_in[i]].t, k);
        const double d = fabs(got - want);
        top = fmax(top, fabs(want));
        worst = d <= worst ? worst : isnan(d) ? INFINITY : d;
    }
    const double bound = 1e-9 * (1 + top);
    if (r->d_in[i] >= 0)
        oc_report(worst <= bound, "gradient", p, worst / bound, "input %d is off by %.3g", i,
                  worst);
    else if (worst > bound)
        oc_skip("gradient", p, "an input that matters is declared not differentiable");
    free(buf);
}

void oc_gradient(const oc_problem *p) {
    road     r = {0};
    gd_error e = {0};
    if (build(&r, p, &e) != GD_OK) {
        oc_report(false, "gradient", p, NAN, "%s", e.msg);
    } else {
        /* Before differencing: it leaves other values in the outputs. */
        for (int k = 1; k < r.g.n_node; k++) {
            oc_problem back;
            if (oc_on.node && strcmp(r.g.node[k].op->name, oc_on.node) != 0) continue;
            oc_problem_of_node(&back, &r.g, k, p->label);
            oc_forward(&back, oc_on.device != NULL);
            oc_problem_free(&back);
        }
        for (int i = 0; i < p->n_in && !oc_on.device && !oc_on.node; i++)
            if (r.in[i] >= 0 && r.g.value[r.in[i]].t.dtype == GD_F64) compare_input(&r, p, i);
    }
    gd_arena_free(&r.arena);
}
