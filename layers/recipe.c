/* recipe.c -- reads a recipe from metadata, strictly and in any locale. */
#include "layers/recipe.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/preprocess/preprocess.h"

typedef struct reader {
    const gd_arch *arch;
    gd_meta_find   find;
    const void    *ctx;
    gd_error      *err;
    locale_t       c;
} reader;

static const char *value_of(const reader *r, const char *key) {
    const char *v = r->find(r->ctx, key);
    for (const gd_meta_pair *p = r->arch->recipe; !v && p && p->key; p++)
        if (!strcmp(p->key, key)) v = p->value;
    return v;
}

static gd_status bad(const reader *r, const char *key, const char *wanted) {
    const char *v = value_of(r, key);
    return gd_fail_code(r->err, GD_ERR_FORMAT, 470, "model metadata: %s is '%s', wanted %s",
                        key, v ? v : "(absent)", wanted);
}

/* `count` finite numbers separated by `sep`, nothing else. */
static bool numbers(const reader *r, const char *v, char sep, int count, double lo, double hi,
                    double *out) {
    for (int i = 0; v && i < count; i++) {
        char *end;
        out[i] = strtod_l(v, &end, r->c);
        if (end == v || !isfinite(out[i]) || out[i] < lo || out[i] > hi) return false;
        if (*end != (i + 1 < count ? sep : '\0')) return false;
        v = end + 1;
    }
    return v != NULL;
}

static gd_status read_floats(const reader *r, const char *key, int count, double lo, double hi,
                             float *out) {
    double v[3];
    if (!numbers(r, value_of(r, key), ',', count, lo, hi, v)) return bad(r, key, "numbers");
    for (int i = 0; i < count; i++) out[i] = (float)v[i];
    return GD_OK;
}

static gd_status read_int(const reader *r, const char *key, int lo, int hi, int *out) {
    double v;
    if (!numbers(r, value_of(r, key), ',', 1, lo, hi, &v) || v != floor(v))
        return bad(r, key, "a whole number in range");
    *out = (int)v;
    return GD_OK;
}

static const char *const filters[] = {
    [GD_FILTER_TORCH] = "torch_bilinear",    [GD_FILTER_PIL_BILINEAR] = "pil_bilinear",
    [GD_FILTER_PIL_BICUBIC] = "pil_bicubic", [GD_FILTER_OPENCV] = "opencv",
    [GD_FILTER_NEAREST] = "nearest",         [GD_FILTER_CORNERS] = "corners"};
enum { N_FILTER = sizeof filters / sizeof *filters };

const char *gd_filter_name(int filter) { return filters[filter]; }

static gd_status read_rule(const reader *r, gd_geometry_rule *g) {
    const char *v = value_of(r, "input.rule");
    double      size[2];
    *g = (gd_geometry_rule){.multiple = 1};
    if (!v || !gd_rule_parse(v, &g->kind)) return bad(r, "input.rule", "a known rule");
    const bool edge = g->kind == GD_RULE_SHORTEST_EDGE || g->kind == GD_RULE_EXACT_EDGE;
    if (edge || g->kind == GD_RULE_CENTER_CROP)
        GD_TRY(read_int(r, "input.short", 1, 65535, &g->short_side));
    if (edge) GD_TRY(read_int(r, "input.long", 1, 65535, &g->long_side));
    if (edge || g->kind == GD_RULE_NATIVE)
        return read_int(r, "input.multiple", 1, 1024, &g->multiple);
    if (!numbers(r, value_of(r, "input.size"), 'x', 2, 1, 16384, size) ||
        size[0] != floor(size[0]) || size[1] != floor(size[1]))
        return bad(r, "input.size", "HxW");
    g->size_h = (int)size[0];
    g->size_w = (int)size[1];
    if (g->kind == GD_RULE_LETTERBOX_CENTER && value_of(r, "input.multiple"))
        return read_int(r, "input.multiple", 1, 1024, &g->multiple);
    return GD_OK;
}

static gd_status read_input(const reader *r, gd_recipe *out) {
    const char *v = value_of(r, "input.filter");
    GD_TRY(read_rule(r, &out->rule));
    for (out->filter = 0; v && out->filter < N_FILTER; out->filter++)
        if (!strcmp(filters[out->filter], v)) break;
    if (!v || out->filter == N_FILTER) return bad(r, "input.filter", "a known filter");
    v = value_of(r, "input.order");
    if (!v || (strcmp(v, "rgb") && strcmp(v, "bgr")))
        return bad(r, "input.order", "rgb or bgr");
    out->bgr = !strcmp(v, "bgr");
    GD_TRY(read_floats(r, "input.scale", 1, 1e-9, 1e9, &out->scale));
    GD_TRY(read_floats(r, "input.mean", 3, -1e6, 1e6, out->mean));
    GD_TRY(read_floats(r, "input.std", 3, 1e-9, 1e9, out->std));
    if (value_of(r, "input.pad")) GD_TRY(read_floats(r, "input.pad", 3, -1e6, 1e6, out->pad));
    return GD_OK;
}

static gd_status read_all(const reader *r, gd_recipe *out) {
    GD_TRY(read_input(r, out));
    GD_TRY(read_floats(r, "bn_eps", 1, 0, 1, &out->bn_eps));
    if (r->arch->task != GD_TASK_DETECT) return GD_OK;
    GD_TRY(read_floats(r, "post.conf", 1, 0, 1, &out->conf));
    GD_TRY(read_floats(r, "post.iou", 1, 0, 1, &out->iou));
    GD_TRY(read_int(r, "post.max_det", 0, 1 << 24, &out->max_det));
    int multi = 0;
    if (value_of(r, "post.multi_label")) GD_TRY(read_int(r, "post.multi_label", 0, 1, &multi));
    out->multi_label = multi != 0;
    return GD_OK;
}

gd_status gd_recipe_read(const gd_arch *a, gd_meta_find find, const void *ctx, gd_recipe *out,
                         gd_error *err) {
    reader r = {a, find, ctx, err, newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    memset(out, 0, sizeof *out);
    if (r.c == (locale_t)0) return gd_fail(err, GD_ERR_NOMEM, "no memory for a locale");
    gd_status st = read_all(&r, out);
    freelocale(r.c);
    return st;
}
