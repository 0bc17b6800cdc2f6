/* truth.c -- see truth.h. */
#include "tools/eval/truth.h"

#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/report.h"
#include "tools/cli/text.h"

/* ---- opening ----------------------------------------------------------------------------- */

/* One line a kind of problem that cost labels or pictures, with the first case. */
static gd_status tell_problems(const gd_data *d, bool strict, gd_error *err) {
    const gd_data_report *r = &d->report;
    for (int k = 0; k < GD_DATA_KINDS; k++) {
        char text[600], shown[700];
        if (!r->count[k] || gd_data_kind_table[k].subject == GD_DATA_NOTE) continue;
        text[0] = '\0';
        for (size_t i = 0; i < r->n && !text[0]; i++)
            if (r->list[i].kind == (gd_data_kind)k)
                gd_data_problem_text(&r->list[i], text, sizeof text);
        gd_escape(shown, sizeof shown, text);
        if (strict)
            return gd_fail_code(err, GD_ERR_FORMAT, 831, "%llu x %s: %.300s",
                                (unsigned long long)r->count[k], gd_data_kind_table[k].name,
                                shown);
        gd_warn_each(831, "%llu x %s, left out: %s", (unsigned long long)r->count[k],
                     gd_data_kind_table[k].name, shown);
    }
    return GD_OK;
}

/* val, else test; NULL where neither is there. */
static gd_status choose_split(const char *path, const gd_data_options *opt, const char **split,
                              gd_error *err) {
    static const char *const wanted[] = {"val", "test"};
    gd_arena                 arena = {0};
    const char *const       *names;
    int                      n;
    const gd_status          st = gd_data_splits(path, opt, &arena, &names, &n, err);
    *split = NULL;
    for (int w = 0; st == GD_OK && w < 2 && !*split; w++)
        for (int i = 0; i < n; i++)
            if (!strcmp(names[i], wanted[w])) *split = wanted[w];
    gd_arena_free(&arena);
    return st;
}

static gd_status take_boxes(gd_truth *t, gd_error *err) {
    const gd_data *d = t->data;
    if (d->n_images > INT32_MAX / 4 || d->n_boxes > INT32_MAX / 4)
        return gd_fail_code(
            err, GD_ERR_UNSUPPORTED, 830,
            "%.200s: %zu pictures with %zu boxes; at most %d of each are judged", d->path,
            d->n_images, d->n_boxes, INT32_MAX / 4);
    t->box = gd_mem_array(d->n_boxes, sizeof *t->box);
    if (!t->box) return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu boxes", d->n_boxes);
    t->n = (int)d->n_boxes;
    for (int i = 0; i < t->n; i++) {
        const gd_data_box *b = &d->boxes[i];
        const bool crowd = b->flags & GD_DATA_CROWD, difficult = b->flags & GD_DATA_DIFFICULT;
        t->box[i] = (gd_eval_truth){.box = {b->x, b->y, b->w, b->h},
                                    .area = b->area,
                                    .image = b->image,
                                    .class_id = b->label,
                                    .crowd = crowd,
                                    .difficult = difficult};
        t->n_crowd += crowd;
        t->n_difficult += difficult;
    }
    return GD_OK;
}

gd_status gd_truth_open(const char *path, const char *split, const char *images, bool strict,
                        gd_truth *out, gd_error *err) {
    gd_data_options opt = gd_data_defaults();
    gd_status       st = GD_OK;
    *out = (gd_truth){0};
    opt.images = images;
    opt.keep_degenerate = true;
    if (!split) GD_TRY(choose_split(path, &opt, &split, err));
    opt.split = split;
    GD_TRY(gd_data_open(path, &opt, &out->data, err));
    GD_GO(tell_problems(out->data, strict, err));
    GD_GO(take_boxes(out, err));
done:
    if (st != GD_OK) gd_truth_close(out);
    return st;
}

void gd_truth_close(gd_truth *t) {
    gd_name_map_free(&t->by_name);
    gd_mem_put(t->box);
    gd_data_close(t->data);
    *t = (gd_truth){0};
}

/* ---- classes ----------------------------------------------------------------------------- */

/* Class by category id; classes are sorted by it. */
static int32_t find_class_id(void *ctx, int64_t id) {
    const gd_data *d = ((const gd_truth *)ctx)->data;
    int            lo = 0, hi = d->n_classes;
    while (lo < hi) {
        const int mid = lo + (hi - lo) / 2;
        if (d->classes[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < d->n_classes && d->classes[lo].id == id ? lo : -1;
}

/* What the model does not know can only be missed. */
static gd_status tell_unknown(const gd_truth *t, const int *of, int n_model, gd_error *err) {
    const int n = t->data->n_classes;
    bool     *known = gd_mem_array((size_t)n, sizeof *known);
    int       n_unknown = 0, first = -1;
    char      name[100];
    if (!known) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d classes", n);
    for (int i = 0; i < n_model; i++)
        if (of[i] >= 0) known[of[i]] = true;
    for (int i = n - 1; i >= 0; i--)
        if (!known[i]) {
            n_unknown++;
            first = i;
        }
    gd_mem_put(known);
    if (n_unknown)
        gd_warn(833, "%d of the %d classes of the data set are not the model's: %s%s",
                n_unknown, n, gd_escape(name, sizeof name, t->data->classes[first].name),
                n_unknown > 1 ? ", ..." : "");
    return GD_OK;
}

gd_status gd_truth_classes(const gd_truth *t, const gd_model *m, int **out, gd_error *err) {
    const gd_data *d = t->data;
    const int      n = gd_model_class_count(m);
    int           *of = gd_mem_array((size_t)n, sizeof *of), matched = 0;
    *out = NULL;
    if (!of) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d classes", n);
    for (int i = 0; i < n; i++) {
        of[i] = gd_data_find_class(d, gd_model_class_name(m, i));
        matched += of[i] >= 0;
    }
    if (!matched && !strcmp(d->format, "coco")) /* named otherwise: their numbers decide */
        for (int i = 0; i < n; i++) {
            of[i] = find_class_id((void *)(uintptr_t)t, gd_model_category_id(m, i));
            matched += of[i] >= 0;
        }
    if (!matched) {
        gd_mem_put(of);
        gd_fail_code(err, GD_ERR_FORMAT, 832,
                     "%.200s: none of its %d classes is one of the model's %d", d->path,
                     d->n_classes, n);
        if (d->n_classes && n)
            gd_error_why(err, "its first is '%.60s', the model's '%.60s'", d->classes[0].name,
                         gd_model_class_name(m, 0));
        return GD_ERR_FORMAT;
    }
    const gd_status st = tell_unknown(t, of, n, err);
    if (st == GD_OK)
        *out = of;
    else
        gd_mem_put(of);
    return st;
}

/* ---- names for results files ------------------------------------------------------------- */

enum { AMBIGUOUS = -1 };

static int32_t find_image_id(void *ctx, int64_t id) {
    return (int32_t)gd_data_find_id(((const gd_truth *)ctx)->data, id);
}
static int32_t find_image_name(void *ctx, const char *name) {
    const int64_t *v = gd_name_map_find(&((const gd_truth *)ctx)->by_name, name);
    return v ? (int32_t)*v : -1;
}
static int32_t find_class_name(void *ctx, const char *name) {
    return gd_data_find_class(((const gd_truth *)ctx)->data, name);
}

/* A name that two pictures have finds neither. */
static gd_status note(gd_name_map *m, const char *name, int64_t image, gd_error *err) {
    int64_t *old = gd_name_map_find(m, name);
    if (!old) return gd_name_map_add(m, name, image, err);
    if (*old != image) *old = AMBIGUOUS;
    return GD_OK;
}

gd_status gd_truth_names(gd_truth *t, gd_results_names *out, gd_error *err) {
    const gd_data *d = t->data;
    *out =
        (gd_results_names){t, find_image_id, find_image_name, find_class_id, find_class_name};
    for (size_t i = 0; i < d->n_images; i++) {
        const char *name = d->images[i].name, *slash = strrchr(name, '/');
        const char *base = slash ? slash + 1 : name, *dot = strrchr(base, '.');
        char        stem[256];
        GD_TRY(note(&t->by_name, name, (int64_t)i, err));
        if (base != name) GD_TRY(note(&t->by_name, base, (int64_t)i, err));
        if (!dot || dot == base || (size_t)(dot - base) >= sizeof stem) continue;
        snprintf(stem, sizeof stem, "%.*s", (int)(dot - base), base);
        GD_TRY(note(&t->by_name, stem, (int64_t)i, err));
    }
    return GD_OK;
}
