/* model_table.c -- see model_table.h; every value comes from layers/arch.h. */
#include "tools/cli/model_table.h"

#include <stdio.h>
#include <string.h>

#include "layers/recipe.h"
#include "tools/cli/program.h"

static bool ends_with(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcmp(name + n - m, end);
}

bool gd_is_statistic(const char *weight) {
    return ends_with(weight, "running_mean") || ends_with(weight, "running_var") ||
           ends_with(weight, "num_batches_tracked");
}

/* The defaults of the recipe are the architecture's own: no file overrides any. */
static const char *no_meta(const void *ctx, const char *key) {
    (void)ctx;
    (void)key;
    return NULL;
}

static gd_status input_rule(const gd_arch *a, char *out, size_t room, gd_error *err) {
    gd_recipe r;
    GD_TRY(gd_recipe_read(a, no_meta, NULL, &r, err));
    const gd_geometry_rule *g = &r.rule;
    switch (g->kind) {
    case GD_RULE_SHORTEST_EDGE:
    case GD_RULE_EXACT_EDGE:
        snprintf(out, room, "short %d, long %d", g->short_side, g->long_side);
        break;
    case GD_RULE_NATIVE: snprintf(out, room, "as it is"); break;
    case GD_RULE_CENTER_CROP:
        snprintf(out, room, "short %d, crop %dx%d", g->short_side, g->size_w, g->size_h);
        break;
    case GD_RULE_LETTERBOX:
    case GD_RULE_LETTERBOX_CENTER:
    case GD_RULE_STRETCH:
        snprintf(out, room, "%s%s %dx%d", g->kind == GD_RULE_STRETCH ? "stretch" : "letterbox",
                 g->multiple > 1 ? " <=" : "", g->size_w, g->size_h);
        break;
    }
    return GD_OK;
}

static gd_status parameters(const gd_arch *a, double *millions, gd_error *err) {
    gd_arena              arena = {0};
    const gd_weight_spec *spec;
    int                   count;
    int64_t               sum = 0;
    gd_status             st = gd_arch_weights(a, 0, NULL, &arena, &spec, &count, err);
    for (int i = 0; st == GD_OK && i < count; i++) {
        int64_t n = 1;
        for (int k = 0; k < spec[i].ndim; k++) n *= spec[i].dim[k];
        if (!gd_is_statistic(spec[i].name)) sum += n;
    }
    gd_arena_free(&arena);
    *millions = (double)sum * 1e-6;
    return st;
}

gd_status gd_model_table(gd_error *err) {
    int width = 0;
    for (const gd_arch *const *p = gd_archs; *p; p++)
        if ((int)strlen((*p)->name) > width) width = (int)strlen((*p)->name);
    gd_print("%-*s %-8s %7s %8s  %-23s %-15s %s\n", width, "architecture", "task", "classes",
             "params", "input", "parity test", "truth");
    for (const gd_arch *const *p = gd_archs; *p; p++) {
        const gd_arch *a = *p;
        const char    *test = gd_arch_test(a);
        char           rule[64], size[16];
        double         millions;
        GD_TRY(input_rule(a, rule, sizeof rule, err));
        GD_TRY(parameters(a, &millions, err));
        /* None: the file describes the network. */
        snprintf(size, sizeof size, "%6.2f M", millions);
        if (!(millions > 0)) snprintf(size, sizeof size, "any");
        gd_print("%-*s %-8s %7d %8s  %-23s %-15s %s\n", width, a->name, gd_task_name(a->task),
                 a->n_class - a->n_background, size, rule, test ? test : "none", a->truth);
    }
    return GD_OK;
}
