/* op_check_forward.c -- values: golden, and every CPU row against the f64 reference.
 *
 * The tolerance is not a constant: a row may be tol_k times as wrong as the naive float
 * reference is, plus one rounding of the largest value; both are measured against f64. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/op_check.h"

/* ---- golden ------------------------------------------------------------------------------ */

static bool same_shape(const gd_tensor *t, const gd_case_out *want) {
    if (want->ndim != t->ndim) return false;
    for (int k = 0; k < t->ndim; k++)
        if (want->dim[k] != t->dim[k]) return false;
    return true;
}

static void golden_output(const oc_problem *p, const oc_stage *s, int i,
                          const gd_case_out *want) {
    const gd_tensor *t = &s->out[i];
    char             text[GD_SHAPE_TEXT];
    if (want->ndim && !same_shape(t, want)) {
        oc_report(false, "golden", p, NAN, "output %d has shape %s", i,
                  gd_tensor_text(t, text));
        return;
    }
    if (!want->want) return;
    const int64_t n = gd_tensor_count(t);
    const double  tol = want->tol > 0 ? want->tol : 1e-12;
    double       *got = oc_alloc((size_t)n * sizeof *got);
    for (int64_t k = 0; k < n; k++) got[k] = gd_tensor_get(t, k);
    const double worst = oc_distance(got, want->want, n);
    oc_report(worst <= tol, "golden", p, worst / tol, "output %d differs by %.3g", i, worst);
    free(got);
}

bool oc_golden(const oc_problem *p, const gd_case *c) {
    const oc_layout dense = {.name = "dense", .constants = true, .fill = 0xff};
    oc_stage        s;
    gd_error        e = {0};
    bool            stated = false, values = false;
    for (int i = 0; i < p->op->n_out; i++) {
        stated |= c->out[i].ndim > 0;
        values |= c->out[i].want != NULL;
    }
    if (!stated && !values) return false;
    gd_status st = oc_stage_open(&s, p, GD_F64, &dense, &e);
    if (st == GD_OK) st = oc_stage_run(&s, p, NULL, &e);
    if (st != GD_OK) oc_report(false, "golden", p, NAN, "%s", e.msg);
    if (st == GD_OK && s.trouble[0]) oc_report(false, "golden", p, NAN, "%s", s.trouble);
    for (int i = 0; st == GD_OK && i < p->op->n_out; i++) golden_output(p, &s, i, &c->out[i]);
    oc_stage_close(&s);
    return values;
}

/* ---- forward ----------------------------------------------------------------------------- */

typedef struct truth {
    oc_result exact, naive; /* f64 and f32 references; exact is naive for large cases */
} truth;

static double largest(const double *v, int64_t n) {
    double m = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(v[i]) && fabs(v[i]) > m) m = fabs(v[i]);
    return m;
}

/* The share of its bound that output i uses; above 1: too wrong. */
static double share_of_bound(const oc_problem *p, const truth *t, const oc_result *got, int i,
                             gd_dtype type, double k) {
    const int64_t n = got->count[i];
    if (!got->is_float[i]) /* indices: as one of the references says, not in between */
        return oc_distance(got->v[i], t->exact.v[i], n) == 0 ||
                       oc_distance(got->v[i], t->naive.v[i], n) == 0
                   ? 0
                   : INFINITY;
    const double top = largest(t->exact.v[i], n);
    const double rounding = (type == GD_F32 ? 0x1p-23 : 0x1p-50) * top;
    double       bound = rounding;
    if (type == GD_F32) bound += k * oc_distance(t->naive.v[i], t->exact.v[i], n);
    if (p->large) bound = 0x1p-16 * top;
    const double err = oc_distance(got->v[i], t->exact.v[i], n);
    return err == 0 ? 0 : bound > 0 ? err / bound : INFINITY;
}

/* The floating type a problem takes for a row: rows of other types serve problems without
 * any. */
static gd_dtype type_for(const gd_kernel *row) {
    return gd_dtype_is_float(row->dtype) ? row->dtype : GD_F32;
}

/* Runs once more into memory filled differently: the same bits, and nothing left unwritten. */
static bool repeats(const oc_problem *p, const gd_kernel *row, const oc_layout *layout,
                    const oc_result *first) {
    oc_layout again = *layout;
    oc_stage  s;
    oc_result r;
    gd_error  e;
    again.fill = 0x5a;
    bool same = oc_stage_open(&s, p, type_for(row), &again, &e) == GD_OK &&
                oc_stage_run(&s, p, row, &e) == GD_OK;
    if (same) {
        oc_stage_result(&s, &r);
        for (int i = 0; i < r.n_out; i++)
            same &= memcmp(r.v[i], first->v[i], (size_t)r.count[i] * sizeof *r.v[i]) == 0;
        oc_result_free(&r);
    }
    oc_stage_close(&s);
    return same;
}

static void compare_row(const oc_problem *p, const truth *t, const gd_kernel *row,
                        const oc_layout *layout, const oc_stage *s) {
    const double k = row->tol_k > 0 ? row->tol_k : 2;
    const char  *step = p->n_step ? p->step[p->n_step - 1].op->name : "";
    oc_result    got;
    double       worst = 0;
    oc_stage_result(s, &got);
    for (int i = 0; i < got.n_out; i++)
        worst = fmax(worst, share_of_bound(p, t, &got, i, row->dtype, k));
    oc_report(worst <= 1, "forward", p, worst, "%s, %s%s%s: %.3g of the bound", row->name,
              layout->name, *step ? ", fused " : "", step, worst);
    if (s->trouble[0])
        oc_report(false, "bounds", p, NAN, "%s, %s: %s", row->name, layout->name, s->trouble);
    if (!(p->op->flags & GD_OP_RANDOM) && !p->n_step)
        oc_report(repeats(p, row, layout, &got), "repeat", p, NAN,
                  "%s, %s: other bits the second time", row->name, layout->name);
    oc_result_free(&got);
}

static bool absorbs_all(const gd_kernel *row, const oc_problem *p) {
    for (int i = 0; i < p->n_step; i++) {
        const char *const *name = row->absorbs;
        while (name && *name && strcmp(*name, p->step[i].op->name) != 0) name++;
        if (!name || !*name) return false;
    }
    return true;
}

/* One row in one layout, if it fits there. */
static void try_row(const oc_problem *p, const truth *t, const gd_kernel *row,
                    const oc_layout *layout) {
    const gd_device_caps dev = gd_cpu_caps();
    const bool           pitched = layout->pitch_in || layout->pitch_out;
    oc_stage             s;
    gd_error             e = {0};
    if (pitched && !(row->flags & GD_ROW_PITCH)) return;
    gd_status st = oc_stage_open(&s, p, type_for(row), layout, &e);
    if (st == GD_OK && gd_launch_dtype(&s.l) != row->dtype) goto done;
    if (st == GD_OK && row->fits && !row->fits(&s.l, &dev)) goto done;
    if (st == GD_OK) st = oc_stage_run(&s, p, row, &e);
    if (st == GD_OK)
        compare_row(p, t, row, layout, &s);
    else
        oc_report(false, "forward", p, NAN, "%s, %s: %s", row->name, layout->name, e.msg);
    oc_cover(row, pitched, p->n_step ? p->step[p->n_step - 1].op->name : NULL);
done:
    oc_stage_close(&s);
}

static bool can_run_in_place(const oc_problem *p, const gd_kernel *row) {
    const int binary = p->n_step && p->step[p->n_step - 1].v;
    if (p->n_step) return binary && (row->flags & GD_ROW_STEP_INPLACE);
    return (p->op->flags & GD_OP_INPLACE) != 0;
}

static void try_layouts(const oc_problem *p, const truth *t, const gd_kernel *row) {
    static const oc_layout layouts[] = {
        {.name = "dense", .constants = true, .fill = 0xff},
        {.name = "pitched",
         .pitch_in = 0xffff,
         .pitch_out = true,
         .constants = true,
         .fill = 0xff},
        {.name = "in place", .in_place = true, .constants = true, .fill = 0xff},
        /* not again for each step: */
        {.name = "even inputs pitched", .pitch_in = 0x5555, .constants = true, .fill = 0xff},
        {.name = "outputs and odd inputs pitched",
         .pitch_in = 0xaaaa,
         .pitch_out = true,
         .constants = true,
         .fill = 0xff},
        /* for problems with constants only: */
        {.name = "dense, nothing constant", .fill = 0xff},
        {.name = "all pitched",
         .pitch_in = 0xffff,
         .pitch_out = true,
         .pitch_weights = true,
         .fill = 0xff},
    };
    bool has_const = false;
    for (int i = 0; i < p->n_in; i++) has_const |= p->in[i].constant;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if ((i >= 3 && p->n_step) || (i >= 5 && !has_const)) continue;
        if (layouts[i].in_place && !can_run_in_place(p, row)) continue;
        try_row(p, t, row, &layouts[i]);
    }
}

static bool find_truth(const oc_problem *p, truth *t) {
    gd_error e = {0};
    memset(t, 0, sizeof *t);
    const gd_dtype type = p->large ? GD_F32 : GD_F64;
    if (oc_reference(p, type, &t->exact, &e) == GD_OK &&
        oc_reference(p, GD_F32, &t->naive, &e) == GD_OK)
        return true;
    oc_report(false, "forward", p, NAN, "no reference: %s", e.msg);
    return false;
}

static void free_truth(truth *t) {
    oc_result_free(&t->exact);
    oc_result_free(&t->naive);
}

void oc_forward(const oc_problem *p) {
    truth t;
    if (find_truth(p, &t))
        for (const gd_kernel *row = p->op->kernels; row->name; row++) {
            if (row->backend != GD_CPU) {
                oc_skip(row->name, p, "no such device in this tester");
                continue;
            }
            if (p->large && (row->flags & GD_ROW_REFERENCE)) {
                oc_cover(row, false, NULL);
                continue;
            }
            try_layouts(p, &t, row);
        }
    free_truth(&t);
}

/* ---- absorbed steps ---------------------------------------------------------------------- */

static void add_step(oc_problem *p, const gd_op *op, const gd_tensor *out) {
    oc_step       *s = &p->step[p->n_step];
    const gd_case *c = oc_cases_of(op->name);
    s->op = op;
    for (s->attr = NULL; c && c->label && !s->attr; c++) s->attr = c->attr;
    s->v = NULL;
    if (op->min_in > 1) {
        const int64_t n = gd_tensor_count(out);
        s->v = oc_alloc((size_t)n * sizeof *s->v);
        oc_draw(s->v, out, &(gd_case_in){.draw = GD_DRAW_DISTINCT}, 31u + (unsigned)p->n_step);
    }
    p->n_step++;
}

static void try_steps(const oc_problem *p, const gd_kernel *row, const char *a, const char *b) {
    const oc_layout dense = {.name = "dense", .constants = true, .fill = 0xff};
    oc_problem      fused = *p;
    oc_stage        s;
    gd_error        e;
    truth           t;
    const gd_op    *first = gd_op_find(a), *second = b ? gd_op_find(b) : NULL;
    if (!first || (b && !second)) {
        oc_report(false, "steps", p, NAN, "%s absorbs '%s', which is no operator", row->name,
                  first ? b : a);
        return;
    }
    if (oc_stage_open(&s, p, type_for(row), &dense, &e) == GD_OK &&
        gd_launch_dtype(&s.l) == row->dtype) {
        add_step(&fused, first, &s.out[0]);
        if (second) add_step(&fused, second, &s.out[0]);
        if (absorbs_all(row, &fused) && find_truth(&fused, &t)) {
            try_layouts(&fused, &t, row);
            free_truth(&t);
        }
    }
    oc_stage_close(&s);
    for (int i = 0; i < fused.n_step; i++) free(fused.step[i].v);
}

/* Each step alone and, on small problems, each ordered pair of two different ones. */
void oc_steps(const oc_problem *p) {
    const bool pairs = oc_problem_size(p) <= 2000;
    for (const gd_kernel *row = p->op->kernels; row->name; row++) {
        if (row->backend != GD_CPU) continue;
        for (const char *const *a = row->absorbs; a && *a; a++) {
            try_steps(p, row, *a, NULL);
            for (const char *const *b = row->absorbs; pairs && *b; b++)
                if (a != b) try_steps(p, row, *a, *b);
        }
    }
}
