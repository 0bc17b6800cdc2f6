/* op_check_truth.c -- what an output should be, and how far from it a row may be.
 *
 * The tolerance is not a constant: a row may be tol_k times as wrong as the naive
 * implementation of its precision is, plus one rounding of the largest value; both are
 * measured against f64. For halves the naive implementation is the f32 reference on the same
 * (rounded) inputs with its outputs rounded once. Two outer limits hold as well: the error
 * of halves is below 1e-3 of the output in the root of squares, that of TF32 below 1e-3 of
 * the sum of |a b| at each element. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/exec_impl.h"
#include "engine/half.h"
#include "tests/op_check.h"

/* ---- references -------------------------------------------------------------------------- */

/* The host's own choice of a row: large problems would take the reference too long. */
static const gd_kernel *quick_row(const oc_problem *p) {
    const oc_layout      dense = {.name = "dense", .constants = true};
    const gd_device_caps dev = gd_cpu_caps();
    const gd_kernel     *row = NULL;
    oc_problem           bare = *p;
    oc_stage             s;
    bare.n_step = 0;
    if (!oc_on.device) return NULL;
    if (oc_stage_open(&s, &bare, GD_F32, &dense, NULL) != GD_OK ||
        gd_kernel_choose(p->op, &s.l, &dev, false, &row, NULL) != GD_OK)
        row = NULL;
    oc_stage_close(&s);
    return row && (row->flags & GD_ROW_REFERENCE) ? NULL : row;
}

/* Sum of |a b|: the reference on magnitudes. */
static bool find_scale(const oc_problem *p, oc_result *scale, gd_error *err) {
    oc_problem mag = *p;
    for (int i = 0; i < p->n_in; i++) {
        if (p->in[i].absent) continue;
        const int64_t n = gd_tensor_count(&p->in[i].shape);
        mag.in[i].v = oc_alloc((size_t)n * sizeof(double));
        for (int64_t k = 0; k < n; k++) mag.in[i].v[k] = fabs(p->in[i].v[k]);
    }
    const gd_status st = oc_reference(&mag, p->large ? GD_F32 : GD_F64,
                                      p->large ? quick_row(p) : NULL, scale, err);
    for (int i = 0; i < p->n_in; i++)
        if (!p->in[i].absent) free(mag.in[i].v);
    return st == GD_OK;
}

bool oc_truth_find(const oc_problem *p, bool tf32, oc_truth *t) {
    gd_error         e = {0};
    const gd_kernel *quick = p->large ? quick_row(p) : NULL;
    memset(t, 0, sizeof *t);
    if (oc_reference(p, p->large ? GD_F32 : GD_F64, quick, &t->exact, &e) == GD_OK &&
        oc_reference(p, GD_F32, quick, &t->naive, &e) == GD_OK &&
        (!tf32 || find_scale(p, &t->scale, &e)))
        return true;
    oc_report(false, "forward", p, NAN, "no reference: %s", e.msg);
    return false;
}

void oc_truth_free(oc_truth *t) {
    oc_result_free(&t->exact);
    oc_result_free(&t->naive);
    oc_result_free(&t->scale);
}

/* ---- steps ------------------------------------------------------------------------------- */

static void copy_result(oc_result *to, const oc_result *from) {
    *to = *from;
    for (int i = 0; i < from->n_out; i++) {
        to->v[i] = oc_alloc((size_t)from->count[i] * sizeof(double));
        memcpy(to->v[i], from->v[i], (size_t)from->count[i] * sizeof(double));
    }
}

/* y = op(y [, arg]) by its reference. Steps are pointwise but for the channels, which the shape
 * of the output gives. */
static void apply_step(const oc_step *step, gd_dtype type, const gd_tensor *shape, double *y) {
    gd_tensor t = gd_tensor_make(type, shape->ndim, shape->dim), arg = t;
    gd_launch l = {.n_in = step->v ? 2 : 1, .n_out = 1, .attr = step->attr};
    gd_error  e = {0};
    l.in[0] = l.out[0] = &t;
    l.in[1] = &arg;
    t.data = oc_alloc(gd_tensor_bytes(&t));
    arg.data = oc_alloc(gd_tensor_bytes(&t));
    for (int64_t k = 0; k < gd_tensor_count(&t); k++) {
        gd_tensor_set(&t, k, y[k]);
        if (step->v) gd_tensor_set(&arg, k, step->v[k]);
    }
    if (gd_node_run_reference(step->op, &l, &e) != GD_OK) abort();
    for (int64_t k = 0; k < gd_tensor_count(&t); k++) y[k] = gd_tensor_get(&t, k);
    free(t.data);
    free(arg.data);
}

void oc_truth_fused(const oc_truth *base, const oc_problem *p, oc_truth *t) {
    const oc_layout dense = {.name = "dense"};
    oc_problem      bare = *p;
    oc_stage        s;
    bare.n_step = 0;
    copy_result(&t->exact, &base->exact);
    copy_result(&t->naive, &base->naive);
    copy_result(&t->scale, &base->scale);
    const bool open = oc_stage_open(&s, &bare, GD_F32, &dense, NULL) == GD_OK;
    for (int i = 0; open && i < p->n_step; i++) {
        /* Types change where values are stored, and only there is anything rounded. */
        if (oc_changes_type(p->step[i].op, p->step[i].attr)) continue;
        apply_step(&p->step[i], p->large ? GD_F32 : GD_F64, &s.out[0], t->exact.v[0]);
        apply_step(&p->step[i], GD_F32, &s.out[0], t->naive.v[0]);
    }
    oc_stage_close(&s);
}

/* ---- bounds ------------------------------------------------------------------------------ */

static double largest(const double *v, int64_t n) {
    double m = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(v[i]) && fabs(v[i]) > m) m = fabs(v[i]);
    return m;
}

/* As a half stores it; what is beyond its range counts as its largest, so that both sides of
 * that edge are near each other. */
static double in_range(double x) { return x > 65504 ? 65504 : x < -65504 ? -65504 : x; }
static double in_half(double x) {
    return in_range((double)gd_half_to_float(gd_half_from_float((float)x)));
}

static double distance_of_squares(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(a[i]) && isfinite(b[i])) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

static double share(double error, double bound) {
    return error == 0 ? 0 : bound > 0 ? error / bound : INFINITY;
}

/* Below 6e-8 there is nothing between a half and zero. */
static double share_of_half(const oc_truth *t, const oc_problem *p, double k, int i,
                            const double *result) {
    const int64_t n = t->exact.count[i];
    double       *exact = oc_alloc((size_t)n * 3 * sizeof *exact), *naive = exact + n,
           *got = naive + n;
    double size = 0;
    for (int64_t e = 0; e < n; e++) {
        exact[e] = in_range(t->exact.v[i][e]);
        naive[e] = in_half(t->naive.v[i][e]);
        got[e] = in_range(result[e]);
        if (isfinite(exact[e])) size += exact[e] * exact[e];
    }
    const double top = largest(exact, n), off = oc_distance(naive, exact, n);
    const double off2 = distance_of_squares(naive, exact, n);
    const double bound = 0x1p-24 + (0x1p-10 + (p->large ? 0x1p-16 : 0)) * top + k * off;
    const double bound2 =
        0x1p-24 * sqrt((double)n) + fmax(k, 2) / 2 * 1e-3 * sqrt(size) + 2 * off2;
    const double worst = fmax(share(oc_distance(got, exact, n), bound),
                              share(distance_of_squares(got, exact, n), bound2));
    free(exact);
    return worst;
}

/* Where the last TF32 result left its bound; empty: nowhere. */
static char t_where[160];
const char *oc_truth_where(void) { return t_where; }

static double share_of_tf32(const oc_truth *t, const oc_problem *p, int i, gd_dtype out,
                            const double *got) {
    double worst = 0;
    for (int64_t e = 0; e < t->exact.count[i]; e++) {
        const double exact = t->exact.v[i][e];
        double scale = 1.5 * t->scale.v[i][e]; /* an activation stretches by 1.5 at most */
        for (int k = 0; k < p->n_step && i == 0; k++)
            if (p->step[k].v) scale += fabs(p->step[k].v[e]);
        double bound = 1e-3 * scale;
        if (out == GD_F16) bound += 0x1p-10 * fabs(exact) + 0x1p-24;
        const double error =
            out == GD_F16 ? fabs(in_range(got[e]) - in_range(exact)) : fabs(got[e] - exact);
        const double used = isnan(error) ? INFINITY : share(error, bound);
        if (used > 1 && used > worst)
            snprintf(t_where, sizeof t_where, ", output %d element %lld: %g, wanted %g +- %g",
                     i, (long long)e, got[e], exact, bound);
        worst = fmax(worst, used);
    }
    return worst;
}

double oc_truth_share(const oc_truth *t, const oc_problem *p, const gd_kernel *row, int i,
                      gd_dtype out, const double *got) {
    const int64_t  n = t->exact.count[i];
    const gd_dtype type = gd_dtype_is_float(row->dtype) ? row->dtype : GD_F32;
    const double   k = row->tol_k > 0 ? row->tol_k : 2;
    if (!t->exact.is_float[i]) /* indices: as one of the references says, not in between */
        return oc_distance(got, t->exact.v[i], n) == 0 ||
                       oc_distance(got, t->naive.v[i], n) == 0
                   ? 0
                   : INFINITY;
    t_where[0] = '\0';
    if (row->flags & GD_ROW_TF32) return share_of_tf32(t, p, i, out, got);
    if (type == GD_F16 || out == GD_F16) return share_of_half(t, p, k, i, got);
    const double top = largest(t->exact.v[i], n);
    double       bound = (type == GD_F32 ? 0x1p-23 : 0x1p-50) * top;
    if (type == GD_F32) bound += k * oc_distance(t->naive.v[i], t->exact.v[i], n);
    if (p->large) bound = 0x1p-16 * top;
    return share(oc_distance(got, t->exact.v[i], n), bound);
}
