/* annotate.c -- detections gathered as labels; see annotate.h. */
#include "tools/data/annotate.h"

#include <string.h>

#include "engine/mem.h"
#include "tools/data/build.h"

struct gd_annotate {
    gd_data        *d;
    gd_data_options opt;
    gd_error        err;
    gd_data_build   b;
};

static gd_status hand(gd_annotate *a, gd_status st, gd_error *err) {
    if (st != GD_OK && err) *err = a->err;
    return st;
}

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for the labels");
}

gd_status gd_annotate_open(const gd_model *m, gd_annotate **out, gd_error *err) {
    gd_annotate *a = gd_mem_get_zero(sizeof *a);
    gd_status    st = GD_OK;
    *out = NULL;
    if (!a) return no_memory(err);
    a->d = gd_mem_get_zero(sizeof *a->d);
    if (!a->d) GD_GO(no_memory(err));
    a->opt = gd_data_defaults();
    a->opt.most_bad = -1;
    a->d->format = "predictions";
    a->d->path = gd_arena_string(&a->d->arena, "predictions");
    a->d->split = "";
    a->b = (gd_data_build){.d = a->d, .opt = &a->opt, .err = &a->err, .root = ""};
    if (!a->d->path) GD_GO(no_memory(err));
    for (int i = 0; i < gd_model_class_count(m); i++) {
        const int32_t c = gd_data_new_class(&a->b);
        if (c < 0) GD_GO(hand(a, a->err.status, err));
        const char *name = gd_model_class_name(m, i);
        a->d->classes[c].name = gd_arena_string(&a->d->arena, name ? name : "");
        a->d->classes[c].id = gd_model_category_id(m, i);
        if (!a->d->classes[c].name) GD_GO(no_memory(err));
    }
    *out = a;
    a = NULL;
done:
    gd_annotate_close(a);
    return st;
}

void gd_annotate_close(gd_annotate *a) {
    if (!a) return;
    gd_data_build_free(&a->b);
    gd_data_close(a->d);
    gd_mem_put(a);
}

gd_status gd_annotate_add(gd_annotate *a, const char *path, int width, int height,
                          const gd_detection *det, int n, gd_error *err) {
    const char    *slash = strrchr(path, '/');
    const int32_t  at = gd_data_new_image(&a->b);
    gd_data_image *im;
    if (at < 0) return hand(a, a->err.status, err);
    im = &a->d->images[at];
    im->path = gd_arena_string(&a->d->arena, path);
    if (!im->path) return no_memory(err);
    im->name = slash ? im->path + (slash - path) + 1 : im->path;
    im->width = width;
    im->height = height;
    a->d->report.pictures++;
    for (int i = 0; i < n; i++) {
        const float *b = det[i].box;
        gd_data_box  x = {.id = -1, .image = at, .label = det[i].class_id};
        x.x = (double)b[0], x.y = (double)b[1];
        x.w = (double)b[2] - (double)b[0], x.h = (double)b[3] - (double)b[1];
        x.area = x.w * x.h;
        a->d->report.labels++;
        GD_TRY(hand(a, gd_data_add_box(&a->b, &x), err));
    }
    return GD_OK;
}

gd_status gd_annotate_end(gd_annotate *a, gd_data **out, gd_error *err) {
    *out = NULL;
    GD_TRY(hand(a, gd_data_build_end(&a->b), err));
    *out = a->d;
    a->d = NULL;
    return GD_OK;
}
