/* dataset.c -- a data set from a path: the right file, the right reader; see dataset.h. */
#include "tools/data/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/data/layout.h"

gd_data_options gd_data_defaults(void) { return (gd_data_options){.most_bad = 0.01}; }

static gd_status no_split(const char *path, const char *split, const gd_data_layout *l,
                          gd_error *err) {
    char   known[200] = "";
    size_t n = 0;
    for (int i = 0; i < l->n_splits && n + 32 < sizeof known; i++) {
        memcpy(known + n, i ? ", " : "", i ? 2 : 0);
        n += i ? 2 : 0;
        size_t m = strnlen(l->splits[i], 24);
        memcpy(known + n, l->splits[i], m);
        n += m;
    }
    known[n] = '\0';
    gd_fail_code(err, GD_ERR_FORMAT, 804, "%.200s: has no split '%.40s'", path, split);
    if (l->n_splits)
        gd_error_hint(err, "its splits are %s", known);
    else
        gd_error_hint(err, "it has no splits; name the file of the one that is meant");
    return GD_ERR_FORMAT;
}

static gd_status read_layout(gd_data_build *b, const gd_data_layout *l, int split) {
    gd_data    *d = b->d;
    const char *main = l->main;
    d->format = gd_data_format_names[l->format];
    d->split = split >= 0 ? l->splits[split] : "";
    switch (l->format) {
    case GD_DATA_COCO:
        if (split >= 0) main = l->files[split];
        d->path = main;
        b->root = b->opt->images ? gd_arena_string(&d->arena, b->opt->images)
                                 : gd_data_coco_root(&d->arena, main);
        if (!b->root) return gd_fail(b->err, GD_ERR_NOMEM, "no memory");
        return gd_data_read_coco(b, main);
    case GD_DATA_VOC: return gd_data_read_voc(b, main);
    case GD_DATA_YOLO: return gd_data_read_yolo(b, main);
    case GD_DATA_FOLDERS: return gd_data_read_folders(b, main);
    case GD_DATA_FORMATS: break;
    }
    return GD_OK;
}

gd_status gd_data_open(const char *path, const gd_data_options *opt, gd_data **out,
                       gd_error *err) {
    const gd_data_options defaults = gd_data_defaults();
    gd_data              *d = gd_mem_get_zero(sizeof *d);
    gd_error              local = {0};
    gd_data_build         b = {
                .d = d, .opt = opt ? opt : &defaults, .err = err ? err : &local, .root = ""};
    gd_data_layout l;
    gd_status      st;
    int            split = -1;
    *out = NULL;
    if (!d) return gd_fail(err, GD_ERR_NOMEM, "no memory for a data set");
    d->path = gd_arena_string(&d->arena, path);
    d->split = "";
    if (!d->path) GD_GO(gd_fail(err, GD_ERR_NOMEM, "no memory for a data set"));
    GD_GO(gd_data_layout_find(path, b.opt->format, &d->arena, &l, b.err));
    if (l.format == GD_DATA_YOLO) GD_GO(gd_data_yolo_splits(&l, &d->arena, b.err));
    if (b.opt->split) split = gd_data_layout_split(&l, b.opt->split);
    if (b.opt->split && split < 0) GD_GO(no_split(path, b.opt->split, &l, b.err));
    if (!b.opt->split && l.n_splits && l.format != GD_DATA_VOC) split = 0;
    GD_GO(read_layout(&b, &l, split));
    GD_GO(gd_data_build_end(&b));
    *out = d;
    d = NULL;
done:
    gd_data_build_free(&b);
    gd_data_close(d);
    return st;
}

void gd_data_close(gd_data *d) {
    if (!d) return;
    gd_mem_put(d->images);
    gd_mem_put(d->boxes);
    gd_mem_put(d->classes);
    gd_data_report_free(&d->report);
    gd_arena_free(&d->arena);
    gd_mem_put(d);
}

gd_status gd_data_splits(const char *path, const gd_data_options *opt, gd_arena *arena,
                         const char *const **names, int *n, gd_error *err) {
    gd_data_layout l;
    *names = NULL;
    *n = 0;
    GD_TRY(gd_data_layout_find(path, opt ? opt->format : NULL, arena, &l, err));
    if (l.format == GD_DATA_YOLO) GD_TRY(gd_data_yolo_splits(&l, arena, err));
    *names = l.splits;
    *n = l.n_splits;
    return GD_OK;
}

long gd_data_find_id(const gd_data *d, int64_t id) {
    size_t lo = 0, hi = d->n_images;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (d->images[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < d->n_images && d->images[lo].id == id ? (long)lo : -1;
}

int gd_data_find_class(const gd_data *d, const char *name) {
    for (int i = 0; i < d->n_classes; i++)
        if (!strcmp(d->classes[i].name, name)) return i;
    return -1;
}
