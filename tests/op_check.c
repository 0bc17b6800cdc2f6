/* op_check.c -- checks every kernel of every operator on every case, and knows none of them.
 *
 *   golden    the f64 reference against values from outside this code base
 *   forward   each row against the f64 reference: dense, pitched, in place, with constants,
 *             with the steps it absorbs; guard words; twice, with the same bits
 *   gradient  the backward nodes in f64 against central differences in f64, and each row of
 *             theirs as in forward
 *   alias     view, join and as_affine against the operator's own kernel
 *   memory    the n-th allocation fails, for every n
 *   shapes    inputs that make no sense get an error
 *   cover     every row, every pitch, every step and every attribute was met
 *
 * With --device cuda[:N] the rows of that GPU are run instead, eagerly and as recorded graphs,
 * and of the checks forward (of backward nodes too) and cover are made; memory also runs out in
 * prepare. "pretend" is a device of host memory on which the references run: it tests this
 * tester. --providers includes the rows of vendors' libraries, --sanitize lays out memory for
 * compute-sanitizer.
 *
 * op_check [--device NAME] [--providers] [--sanitize] [--op NAME] [--row PREFIX] [--small]
 * [--list] [-v]. Exit status 0 only if all passed, 77 when there is no such device, 2 when no
 * operator with cases of its own, or no kernel row, has that name. An operator without cases
 * fails to link. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/exec_impl.h"
#include "engine/plugin.h"
#include "tests/op_check.h"
#include "tests/pretend_rows.h"

#define GD_OP(name) extern const gd_case gd_cases_##name[];
#include "kernels/ops.def"
#undef GD_OP

static const struct {
    const char    *op;
    const gd_case *cases;
} all[] = {
#define GD_OP(name) {#name, gd_cases_##name},
#include "kernels/ops.def"
#undef GD_OP
};

static int         n_pass, n_fail, n_skip, n_without;
static bool        verbose;
static double      worst_share; /* of the operator at hand */
static char        worst_where[256];
static const char *only;
oc_target          oc_on;

const gd_case *oc_cases_of(const char *op) {
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i].op, op)) return all[i].cases;
    return NULL;
}

void oc_report(bool ok, const char *check, const oc_problem *p, double figure, const char *fmt,
               ...) {
    char    text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (ok)
        n_pass++;
    else
        n_fail++;
    if (ok && figure > worst_share) {
        worst_share = figure;
        snprintf(worst_where, sizeof worst_where, "%s, '%s'", check, p->label);
    }
    if (!ok)
        printf("FAIL %-9s %s, '%s': %s\n", check, p->op->name, p->label, text);
    else if (verbose && !isnan(figure))
        printf("ok   %-9s %s, '%s': %.2g of its bound\n", check, p->op->name, p->label, figure);
}

void oc_skip(const char *check, const oc_problem *p, const char *why) {
    n_skip++;
    if (verbose) printf("skip %-9s %s, '%s': %s\n", check, p->op->name, p->label, why);
}

/* ---- coverage ---------------------------------------------------------------------------- */

typedef struct cover {
    const gd_kernel *row;
    bool             ran, pitched;
    uint32_t         steps; /* bit i: absorbs[i] was applied */
} cover;

static cover covered[1024];
static int   n_covered;

static cover *cover_of(const gd_kernel *row) {
    for (int i = 0; i < n_covered; i++)
        if (covered[i].row == row) return &covered[i];
    if (n_covered == (int)(sizeof covered / sizeof *covered)) abort();
    covered[n_covered].row = row;
    return &covered[n_covered++];
}

void oc_cover(const gd_kernel *row, bool pitched, const oc_problem *p) {
    cover *c = cover_of(row);
    c->ran = true;
    c->pitched |= pitched;
    for (int k = 0; k < p->n_step; k++)
        for (int i = 0; row->absorbs && row->absorbs[i]; i++)
            if (!strcmp(row->absorbs[i], p->step[k].op->name)) c->steps |= 1u << i;
}

/* A row, a pitch or a step that no case reaches is untested code. */
static void check_rows(const gd_op *op) {
    const gd_backend_id backend = oc_on.device ? oc_on.device->caps.backend : GD_CPU;
    const gd_kernel    *row;
    for (int k = 0; (row = gd_op_row(op, backend, k)) != NULL && !oc_on.lost; k++) {
        const cover         *c = cover_of(row);
        const oc_problem     p = {.op = op, .label = "all cases"};
        const gd_device_caps caps = oc_caps(row);
        if (!gd_kernel_allowed(row, &caps) || !oc_wanted(row)) continue;
        oc_report(c->ran, "cover", &p, NAN, "%s was never run", row->name);
        if (row->flags & GD_ROW_PITCH)
            oc_report(c->pitched, "cover", &p, NAN, "%s was never run pitched", row->name);
        for (int i = 0; row->absorbs && row->absorbs[i]; i++)
            oc_report((c->steps >> i & 1) != 0, "cover", &p, NAN, "%s never absorbed %s",
                      row->name, row->absorbs[i]);
        if (row->tol_k > 2)
            oc_report(row->tol_why != NULL, "cover", &p, NAN, "%s has tol_k without a reason",
                      row->name);
    }
}

static double field_value(const gd_attr_field *f, const void *attr, int i) {
    const char *at = (const char *)attr + f->offset;
    return f->type == GD_ATTR_I32 ? (double)((const int32_t *)(const void *)at)[i]
                                  : (double)((const float *)(const void *)at)[i];
}

static bool has_values(const gd_case *c) {
    for (int i = 0; i < GD_MAX_OUT; i++)
        if (c->out[i].want) return true;
    return false;
}

static bool off_default(const gd_attr_field *f, const gd_case *cases) {
    for (const gd_case *c = cases; c->label; c++)
        for (int i = 0; has_values(c) && c->attr && i < (f->count ? f->count : 1); i++)
            if (field_value(f, c->attr, i) != f->def) return true;
    return false;
}

/* Backward operators are reached through the gradients of others and need no case. */
static void check_golden_exist(const gd_op *op, const gd_case *cases, int n_golden) {
    const oc_problem p = {.op = op, .label = "all cases"};
    if (strstr(op->name, "_bwd")) return;
    oc_report(n_golden > 0, "cover", &p, NAN, "no golden case");
    for (const gd_attr_field *f = op->attr_fields; f && f->name; f++)
        oc_report(off_default(f, cases), "cover", &p, NAN,
                  "attribute %s is at its default in every golden case", f->name);
}

/* ---- one operator ------------------------------------------------------------------------ */

static bool check_case(const gd_op *op, const gd_case *c) {
    oc_problem p;
    oc_problem_of_case(&p, op, c);
    const bool golden = !oc_on.device && oc_golden(&p, c);
    oc_forward(&p, !p.large);
    if (!p.large && op->grad && !(c->flags & GD_CASE_NO_GRAD)) oc_gradient(&p);
    if (oc_on.device) {
        oc_problem_free(&p);
        return false;
    }
    oc_alias(&p);
    oc_shapes(&p);
    if (!p.large) {
        oc_affine(&p);
        if (oc_problem_size(&p) <= 20000) oc_memory(&p);
    }
    oc_problem_free(&p);
    return golden;
}

static void check_op(const char *name, const gd_case *cases, bool small) {
    const gd_op *op = gd_op_find(name);
    const int    pass = n_pass, fail = n_fail, skip = n_skip;
    int          n_golden = 0, n_case = 0;
    worst_share = 0;
    worst_where[0] = '\0';
    if (!op) {
        n_fail++;
        printf("FAIL registry  %s is listed, but no operator has that name\n", name);
        return;
    }
    for (const gd_case *c = cases; c->label && !oc_on.lost; c++) {
        if (small && (c->flags & GD_CASE_LARGE)) {
            n_skip++;
            continue;
        }
        n_golden += check_case(op, c);
        n_case++;
    }
    if (!oc_on.device) check_golden_exist(op, cases, n_golden);
    if (oc_on.device && !gd_op_row(op, oc_on.device->caps.backend, 0)) {
        n_without++;
        return;
    }
    if (!strstr(name, "_bwd")) check_rows(op);
    printf("%-22s %3d cases %3d golden %6d passed", name, n_case, n_golden, n_pass - pass);
    if (n_fail > fail) printf(" %d FAILED", n_fail - fail);
    if (n_skip > skip) printf(" %d skipped", n_skip - skip);
    if (worst_share > 0) printf("  worst %.2f of its bound (%s)", worst_share, worst_where);
    printf("\n");
    fflush(stdout);
}

static void list(void) {
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const gd_op *op = gd_op_find(all[i].op);
        for (const gd_case *c = all[i].cases; op && c->label; c++) {
            char text[256];
            printf("%s: %s  %s\n", all[i].op, c->label,
                   gd_op_attr_text(op, c->attr, text, sizeof text));
        }
    }
}

static int usage(void) {
    fprintf(stderr, "usage: op_check [--device NAME] [--providers] [--sanitize] [--op NAME] "
                    "[--row PREFIX] [--small] [--list] [-v]\n");
    return 2;
}

static bool open_device(const char *name) {
    const gd_plugin *vendor;
    gd_error         e = {0};
    if (!strcmp(name, "pretend")) {
        oc_on.device = pretend_open();
        gd_op_register(GD_CUDA, pretend_rows_of);
        return true;
    }
    gd_status st = gd_device_open(name, &oc_on.device, &e);
    if (st == GD_OK && oc_on.providers) st = gd_plugin_load("vendor", &vendor, &e);
    if (st == GD_OK) return true;
    printf("skipped: %s%s%s\n", e.msg, e.why[0] ? ": " : "", e.why);
    return false;
}

/* --op conv2d_bwd_data: such nodes in the gradients of conv2d too. */
static void check_nodes(const char *name) {
    char         forward[64];
    const char  *bwd = strstr(name, "_bwd");
    const gd_op *op = gd_op_find(name);
    const int    pass = n_pass, fail = n_fail;
    if (!bwd || !op) return;
    snprintf(forward, sizeof forward, "%.*s", (int)(bwd - name), name);
    const gd_op   *of = gd_op_find(forward);
    const gd_case *c = of && of->grad ? oc_cases_of(forward) : NULL;
    oc_on.node = name;
    for (; c && c->label && !oc_on.lost; c++) {
        oc_problem p;
        if (c->flags & (GD_CASE_NO_GRAD | GD_CASE_LARGE)) continue;
        oc_problem_of_case(&p, of, c);
        oc_gradient(&p);
        oc_problem_free(&p);
    }
    oc_on.node = NULL;
    check_rows(op);
    printf("%-22s in the gradients of %s: %d passed, %d FAILED\n", name, forward, n_pass - pass,
           n_fail - fail);
}

static bool check_all(bool small) {
    bool found = false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (only && strcmp(only, all[i].op) != 0) continue;
        found = true;
        check_op(all[i].op, all[i].cases, small);
    }
    if (only) check_nodes(only);
    /* Rows of backward operators are met in the gradients of others, so they come last. */
    for (size_t i = 0; !only && i < sizeof all / sizeof *all; i++) {
        const gd_op *op = gd_op_find(all[i].op);
        if (op && strstr(all[i].op, "_bwd")) check_rows(op);
    }
    return found;
}

int main(int argc, char **argv) {
    const char *device = NULL;
    bool        small = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--op") && i + 1 < argc)
            only = argv[++i];
        else if (!strcmp(argv[i], "--row") && i + 1 < argc)
            oc_on.row = argv[++i];
        else if (!strcmp(argv[i], "--device") && i + 1 < argc)
            device = argv[++i];
        else if (!strcmp(argv[i], "--providers"))
            oc_on.providers = true;
        else if (!strcmp(argv[i], "--sanitize"))
            oc_on.sanitize = true;
        else if (!strcmp(argv[i], "--small"))
            small = true;
        else if (!strcmp(argv[i], "-v"))
            verbose = true;
        else if (!strcmp(argv[i], "--list"))
            return list(), EXIT_SUCCESS;
        else
            return usage();
    }
    if (device && strcmp(device, "cpu") != 0 && !open_device(device)) return 77;
    if (!check_all(small))
        return fprintf(stderr, "op_check: no operator is named '%s'\n", only), 2;
    if (oc_on.row && !n_pass && !n_fail)
        return fprintf(stderr, "op_check: no row begins with '%s'\n", oc_on.row), 2;
    if (only && !n_pass && !n_fail && !n_skip && !n_without)
        return fprintf(stderr,
                       "op_check: '%s' has no cases of its own; name the operator whose "
                       "gradient it is\n",
                       only),
               2;
    if (oc_on.lost) printf("stopped: %s is lost\n", oc_on.device->name);
    if (n_without) printf("%d operators have no row for this device\n", n_without);
    printf("%d passed, %d failed, %d skipped\n", n_pass, n_fail, n_skip);
    if (oc_on.device) {
        oc_device_free();
        gd_device_close(oc_on.device);
    }
    return n_fail ? EXIT_FAILURE : EXIT_SUCCESS;
}
