/* op_check_forward.c -- values: golden, and every row of the target against the f64
 * reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/exec_impl.h"
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

/* What the rows of one floating type are compared with. */
typedef struct reference {
    gd_dtype   type;
    bool       tf32;
    oc_problem p; /* as given, or its values as halves */
    oc_truth   truth;
} reference;

/* The floating type a problem takes for a row: rows of other types serve problems without
 * any. */
static gd_dtype type_for(const gd_kernel *row) {
    return gd_dtype_is_float(row->dtype) ? row->dtype : GD_F32;
}

static bool reference_open(reference *r, const oc_problem *p, const gd_kernel *row) {
    r->type = type_for(row);
    r->tf32 = (row->flags & GD_ROW_TF32) != 0;
    r->p = *p;
    if (r->type == GD_F16) oc_problem_half(&r->p, p);
    return oc_truth_find(&r->p, r->tf32, &r->truth);
}

static void reference_close(reference *r) {
    if (r->type == GD_F16) oc_problem_free(&r->p);
    oc_truth_free(&r->truth);
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

static void compare_row(const oc_problem *p, const oc_truth *t, const gd_kernel *row,
                        const oc_layout *layout, const oc_stage *s) {
    char      steps[64] = "";
    oc_result got;
    double    worst = 0;
    oc_stage_result(s, &got);
    for (int i = 0, n = 0; i < p->n_step; i++)
        n += snprintf(steps + n, sizeof steps - (size_t)n, ", %.14s", p->step[i].op->name);
    for (int i = 0; i < got.n_out; i++)
        worst = fmax(worst, oc_truth_share(t, p, row, i, s->out[i].dtype, got.v[i]));
    oc_report(worst <= 1, "forward", p, worst, "%s, %s%s: %.3g of the bound%s", row->name,
              layout->name, steps, worst, oc_truth_where());
    if (s->trouble[0])
        oc_report(false, "bounds", p, NAN, "%s, %s%s: %s", row->name, layout->name, steps,
                  s->trouble);
    if (!(p->op->flags & GD_OP_RANDOM) && !p->n_step)
        oc_report(repeats(p, row, layout, &got), "repeat", p, NAN,
                  "%s, %s: other bits the second time", row->name, layout->name);
    oc_result_free(&got);
}

/* Storage is shared between tensors of one type. */
static bool can_share(const oc_stage *s) {
    const gd_tensor *over = &s->in[0];
    for (int i = 0; i < s->l.n_step; i++)
        if (s->l.step[i].arg) over = s->l.step[i].arg;
    return over->dtype == s->out[0].dtype;
}

static bool takes(const gd_kernel *row, const oc_problem *p, const oc_stage *s) {
    const gd_device_caps caps = oc_caps(row);
    gd_tensor            t[GD_MAX_IN + GD_MAX_OUT + GD_MAX_STEP];
    memset(t, 0, sizeof t);
    const gd_launch cold = oc_device_cold(s, t);
    return gd_op_dtype(p->op, &s->l) == row->dtype && (!row->fits || row->fits(&cold, &caps)) &&
           (!s->layout.in_place || can_share(s));
}

/* One row in one layout, if it fits there. */
static void try_row(const oc_problem *p, const oc_truth *t, const gd_kernel *row,
                    const oc_layout *layout) {
    const bool pitched = layout->pitch_in || layout->pitch_out || layout->three_as_four;
    oc_stage   s;
    gd_error   e = {0};
    if (pitched && !(row->flags & GD_ROW_PITCH)) return;
    gd_status st = oc_stage_open(&s, p, type_for(row), layout, &e);
    if (st == GD_OK && !takes(row, p, &s)) goto done;
    if (st == GD_OK) st = oc_stage_run(&s, p, row, &e);
    if (st == GD_OK)
        compare_row(p, t, row, layout, &s);
    else
        oc_report(false, "forward", p, NAN, "%s, %s: %s %s", row->name, layout->name, e.msg,
                  e.why);
    oc_cover(row, pitched, p);
done:
    oc_stage_close(&s);
}

static bool can_run_in_place(const oc_problem *p, const gd_kernel *row) {
    const int binary = p->n_step && p->step[p->n_step - 1].v;
    if (p->n_step) return binary && (row->flags & GD_ROW_STEP_INPLACE);
    return (p->op->flags & (GD_OP_INPLACE | GD_OP_UPDATE)) != 0 || p->op->update_out;
}

static bool has_three(const oc_problem *p) {
    bool three = false;
    for (int i = 0; i < p->n_in; i++)
        three |= !p->in[i].absent && gd_tensor_channels(&p->in[i].shape) == 3;
    return three;
}

static void try_layouts(const oc_problem *p, const oc_truth *t, const gd_kernel *row) {
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
        {.name = "three as four", .three_as_four = true, .constants = true, .fill = 0xff},
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
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts && !oc_on.lost; i++) {
        if ((i >= 3 && p->n_step) || (i >= 6 && !has_const)) continue;
        if (layouts[i].in_place && !can_run_in_place(p, row)) continue;
        if (layouts[i].three_as_four && !(oc_on.device && has_three(p))) continue;
        try_row(p, t, row, &layouts[i]);
    }
}

/* ---- absorbed steps ---------------------------------------------------------------------- */

/* Attributes of some case: those of the first, or behind other steps the next that differ from
 * them; of an operator that changes the type, those which change this one. */
static const void *step_attr(const gd_op *op, gd_dtype type, bool first) {
    const gd_case *c = oc_cases_of(op->name);
    const void    *any = NULL, *other = NULL;
    for (; c && c->label; c++) {
        if (!c->attr) continue;
        if (!any) any = c->attr;
        if (!other && memcmp(any, c->attr, op->attr_size)) other = c->attr;
        if (oc_type_behind(op, c->attr, type) != type) return c->attr;
    }
    return other && !first ? other : any;
}

static void add_step(oc_problem *p, const char *name, const gd_tensor *out, gd_dtype *type) {
    const gd_op *op = gd_op_find(name);
    oc_step     *s = &p->step[p->n_step];
    if (!op) return;
    s->op = op;
    s->attr = step_attr(op, *type, p->n_step == 0);
    s->v = NULL;
    if (op->min_in > 1) {
        const int64_t n = gd_tensor_count(out);
        s->v = oc_alloc((size_t)n * sizeof *s->v);
        oc_draw(s->v, out, &(gd_case_in){.draw = GD_DRAW_DISTINCT}, 31u + (unsigned)p->n_step);
        if (*type == GD_F16) oc_round(s->v, n, true, true);
    }
    *type = oc_type_behind(op, s->attr, *type);
    p->n_step++;
}

/* Up to GD_MAX_STEP names, NULL behind the last. */
static void try_steps(const reference *ref, const gd_kernel *row, const char *const *names) {
    const oc_layout dense = {.name = "dense", .constants = true, .fill = 0xff};
    oc_problem      fused = ref->p;
    oc_stage        s;
    oc_truth        t;
    if (oc_stage_open(&s, &ref->p, ref->type, &dense, NULL) == GD_OK &&
        gd_op_dtype(ref->p.op, &s.l) == row->dtype && gd_dtype_is_float(s.out[0].dtype)) {
        gd_dtype type = s.out[0].dtype;
        int      n = 0;
        for (; n < GD_MAX_STEP && names[n]; n++) add_step(&fused, names[n], &s.out[0], &type);
        if (fused.n_step == n) {
            oc_truth_fused(&ref->truth, &fused, &t);
            try_layouts(&fused, &t, row);
            oc_truth_free(&t);
        }
    }
    oc_stage_close(&s);
    for (int i = 0; i < fused.n_step; i++) free(fused.step[i].v);
}

/* What follows a change of type reads a value that was stored, so nothing is absorbed behind
 * it. */
static bool ends_chain(const char *name, gd_dtype type) {
    const gd_op *op = gd_op_find(name);
    return op && oc_changes_type(op, step_attr(op, type, true));
}

/* As many steps as a launch can have. */
static void try_longest(const reference *ref, const gd_kernel *row) {
    const char *chain[GD_MAX_STEP] = {0}, *last = NULL;
    int         n = 0;
    for (const char *const *a = row->absorbs; *a; a++) {
        if (ends_chain(*a, ref->type))
            last = *a;
        else if (n < GD_MAX_STEP)
            chain[n++] = *a;
    }
    if (last) chain[n < GD_MAX_STEP ? n++ : GD_MAX_STEP - 1] = last;
    if (n > 2) try_steps(ref, row, chain);
}

/* Pairs that are tried: steps next to each other in the list, and a second operand with all. */
static bool is_pair(const char *const *a, const char *const *b) {
    const gd_op *one = gd_op_find(*a), *two = gd_op_find(*b);
    return a + 1 == b || b + 1 == a || (one && one->min_in > 1) || (two && two->min_in > 1);
}

/* Each step alone and, on small problems, pairs of them, either way round. */
static void try_all_steps(const reference *ref, const gd_kernel *row) {
    const bool pairs = oc_problem_size(&ref->p) <= 2000;
    for (const char *const *a = row->absorbs; a && *a; a++) {
        if (!gd_op_find(*a))
            oc_report(false, "steps", &ref->p, NAN, "%s absorbs '%s', which is no operator",
                      row->name, *a);
        try_steps(ref, row, (const char *const[GD_MAX_STEP]){*a});
        for (const char *const *b = row->absorbs; pairs && *b; b++)
            if (a != b && is_pair(a, b) && !ends_chain(*a, ref->type))
                try_steps(ref, row, (const char *const[GD_MAX_STEP]){*a, *b});
    }
    if (row->absorbs) try_longest(ref, row);
}

/* ---- all rows ---------------------------------------------------------------------------- */

void oc_forward(const oc_problem *p, bool steps) {
    const gd_backend_id backend = oc_on.device ? oc_on.device->caps.backend : GD_CPU;
    reference           ref[3]; /* f32 or f64, f32 for TF32, f16 */
    int                 n_ref = 0;
    const gd_kernel    *row;
    for (int i = 0; (row = gd_op_row(p->op, backend, i)) != NULL && !oc_on.lost; i++) {
        const gd_device_caps caps = oc_caps(row);
        int                  k = 0;
        if (!oc_wanted(row)) continue;
        if (!gd_kernel_allowed(row, &caps)) {
            oc_skip(row->name, p, "not for this device, or not asked for");
            continue;
        }
        if (p->large && (row->flags & GD_ROW_REFERENCE)) {
            oc_cover(row, false, p);
            continue;
        }
        while (k < n_ref && (ref[k].type != type_for(row) ||
                             ref[k].tf32 != ((row->flags & GD_ROW_TF32) != 0)))
            k++;
        if (k == n_ref) {
            GD_ASSERT(k < (int)(sizeof ref / sizeof *ref));
            if (!reference_open(&ref[n_ref++], p, row)) break;
        }
        try_layouts(&ref[k].p, &ref[k].truth, row);
        if (steps) try_all_steps(&ref[k], row);
    }
    while (n_ref > 0) reference_close(&ref[--n_ref]);
}
