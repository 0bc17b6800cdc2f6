/* cmd_compare.c -- `gdrun compare`: every layer of a model against a dump of its original. */
#include "tools/cli/model.h"
#include "tools/cli/program.h"
#include "tools/cli/text.h"
#include "tools/cmd.h"
#include "tools/compare/compare.h"

/* One line a layer: its largest difference as a share of its largest value, and the cosine. */
static void print_row(void *ctx, const gd_compare_row *row) {
    char name[256];
    (void)ctx;
    gd_print("%s %9.2e  cos %.9f  %-20s %-24s %s\n", row->ok ? "ok  " : "FAIL",
             row->scale > 0 ? row->max_abs / row->scale : row->max_abs, row->cosine, row->op,
             row->shape, gd_escape(name, sizeof name, row->name));
}

static int usage(const char *what) {
    gd_error err = {0};
    if (gd_fail_code(&err, GD_ERR_ARG, 200, "compare: %s", what))
        gd_error_hint(&err, "gdrun compare -m MODEL.gdw DUMP.safetensors");
    return (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
}

int gd_cmd_compare(gd_flags *f) {
    const gd_compare_options opt = {.tolerance = gd_flag_real(f, GD_OPT_TOLERANCE),
                                    .fused = gd_flag_on(f, GD_OPT_FUSED),
                                    .all = gd_flag_on(f, GD_OPT_ALL_LAYERS)};
    gd_compare_summary       sum;
    gd_error                 err = {0};
    gd_model                *m = NULL;
    gd_ckpt                 *dump = NULL;
    char                     path[4096];
    int                      code = GD_EXIT_OK;
    if (!gd_flag_text(f, GD_OPT_MODEL)) return usage("no model; -m names it");
    if (f->n_args != 1) return usage("one dump is needed");
    if (gd_model_find(gd_flag_text(f, GD_OPT_MODEL), path, sizeof path, &err) != GD_OK ||
        gd_model_load(path, &m, &err) != GD_OK) {
        code = (int)gd_report_error(&err, GD_EXIT_MODEL, gd_flag_text(f, GD_OPT_MODEL));
    } else if (gd_ckpt_open(f->args[0], NULL, &dump, &err) != GD_OK ||
               gd_compare_run(m, dump, &opt, print_row, NULL, &sum, &err) != GD_OK) {
        code = (int)gd_report_error(&err, GD_EXIT_MODEL, f->args[0]);
    } else {
        gd_print("%d layers compared, %d differ, worst %.2e; %d have no counterpart\n",
                 sum.n_layer, sum.n_failed, sum.worst, sum.n_unmatched);
        if (sum.n_failed || sum.n_layer < 2) code = GD_EXIT_CHECK;
    }
    gd_ckpt_close(dump);
    gd_model_close(m);
    return code;
}
