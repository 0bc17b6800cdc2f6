/* voc_read.c -- a Pascal VOC folder: Annotations/NAME.xml, JPEGImages/NAME.jpg, ImageSets/Main.
 *
 * Boxes count pixels from 1 and include the last: xmin 1, xmax 10 are the first ten, so the box
 * is 0 .. 10 here. One whose sides meet (xmin = xmax) was a click, and has no area. Every
 * annotation of the folder is read, so that all splits have the same classes. */
#include "tools/data/voc_read.h"

#include <stdio.h>
#include <string.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/data/layout.h"
#include "tools/output/name_map.h"

enum { LIST_BYTES = 64 << 20 };

typedef struct reader {
    gd_data_build *b;
    gd_name_map    classes; /* to their index */
    gd_name_map    split;   /* to 0, or 1 when its annotation was met */
    bool           all;
    char           annotations[GD_DATA_PATH];
} reader;

static gd_status no_memory(reader *r) {
    return gd_fail(r->b->err, GD_ERR_NOMEM, "%.200s: no memory", r->b->d->path);
}

static gd_status class_index(reader *r, const char *name, int32_t *out) {
    int64_t *found = gd_name_map_find(&r->classes, name);
    if (found) {
        *out = (int32_t)*found;
        return GD_OK;
    }
    *out = gd_data_new_class(r->b);
    if (*out < 0) return r->b->err->status;
    r->b->d->classes[*out].name = gd_arena_string(&r->b->d->arena, name);
    if (!r->b->d->classes[*out].name) return no_memory(r);
    return gd_name_map_add(&r->classes, name, *out, r->b->err);
}

static gd_status add_object(reader *r, int32_t image, const gd_voc_object *o,
                            const char *file) {
    gd_data_report     *rep = &r->b->d->report;
    const gd_data_place at = {.file = file, .line = o->line, .id = -1};
    gd_data_box         x = {.image = image, .id = -1, .line = o->line, .flags = o->flags};
    rep->labels++;
    if (o->fault || !o->name[0] || o->have != 15) {
        gd_data_note(rep, o->fault ? GD_DATA_BAD_NUMBER : GD_DATA_MISSING_KEY, at, "%s",
                     o->fault      ? o->fault
                     : !o->name[0] ? "the object has no name"
                                   : "the object has no bndbox with four sides");
        return GD_OK;
    }
    GD_TRY(class_index(r, o->name, &x.label));
    x.x = o->box[0] - 1;
    x.y = o->box[1] - 1;
    x.w = o->box[2] - o->box[0];
    x.h = o->box[3] - o->box[1];
    /* Sides that meet, or are crossed, stay what they are, to be found at the end. */
    if (x.w > 0) x.w += 1;
    if (x.h > 0) x.h += 1;
    x.area = x.w * x.h;
    return gd_data_add_box(r->b, &x);
}

/* The file of a picture: what the annotation names, else NAME with a usual extension. */
static bool find_picture(reader *r, const char *stem, const gd_voc_page *page, char *name) {
    static const char *const ending[] = {".jpg", ".jpeg", ".png", ".JPG", ".bmp"};
    char                     path[GD_DATA_PATH];
    const char              *slash = strrchr(page->filename, '/');
    const char              *told = slash ? slash + 1 : page->filename;
    if (*told && gd_data_is_picture(told) && gd_data_join(path, r->b->root, told) &&
        gd_data_is_file(path)) {
        snprintf(name, GD_DATA_PATH, "%s", told);
        return true;
    }
    for (size_t k = 0; k < sizeof ending / sizeof *ending; k++) {
        snprintf(name, GD_DATA_PATH, "%.255s%s", stem, ending[k]);
        if (gd_data_join(path, r->b->root, name) && gd_data_is_file(path)) return true;
    }
    snprintf(name, GD_DATA_PATH, "%.255s.jpg", stem);
    return false;
}

static bool side_ok(double v) { return v >= 0 && v <= 1e6 && v == (double)(int32_t)v; }

static gd_status add_page(reader *r, const char *stem, const char *file,
                          const gd_voc_page *page) {
    gd_data_build      *b = r->b;
    const gd_data_place at = {.file = file, .id = -1};
    char                name[GD_DATA_PATH];
    int32_t             i;
    b->d->report.pictures++;
    if (!side_ok(page->width) || !side_ok(page->height)) {
        gd_data_note(&b->d->report, GD_DATA_BAD_ENTRY, at, "size is %g x %g", page->width,
                     page->height);
        return GD_OK;
    }
    if (!find_picture(r, stem, page, name)) {
        gd_data_note(&b->d->report, GD_DATA_NO_PICTURE, at, "%.200s is not in %.60s", name,
                     b->root);
        return GD_OK;
    }
    i = gd_data_new_image(b);
    if (i < 0) return b->err->status;
    b->label_file[i] = gd_arena_string(&b->d->arena, file);
    if (!b->label_file[i]) return no_memory(r);
    if (!gd_data_name_image(b, i, name, strlen(name), at))
        return b->d->report.failed ? no_memory(r) : GD_OK;
    b->d->images[i].width = (int32_t)page->width;
    b->d->images[i].height = (int32_t)page->height;
    for (size_t k = 0; k < page->n; k++)
        GD_TRY(add_object(r, i, &page->objects[k], b->label_file[i]));
    return GD_OK;
}

static gd_status read_page(reader *r, const char *name) {
    gd_data_build *b = r->b;
    unsigned char *text = NULL;
    size_t         size, n = strlen(name);
    gd_voc_page    page = {0};
    gd_error       why = {0};
    char           file[GD_DATA_PATH], stem[256];
    int64_t       *listed;
    bool           wanted;
    gd_status      st;
    if (n < 5 || n > 255 || strcmp(name + n - 4, ".xml")) return GD_OK;
    snprintf(stem, sizeof stem, "%.*s", (int)n - 4, name);
    if (!gd_data_join(file, r->annotations, name)) return GD_OK;
    listed = gd_name_map_find(&r->split, stem);
    wanted = r->all || listed;
    if (listed) *listed = 1;
    st = gd_file_slurp(file, GD_VOC_BYTES, &text, &size, &why);
    if (st == GD_OK) st = gd_voc_text(file, text, size, &page, &why);
    gd_mem_put(text);
    if (st == GD_ERR_NOMEM) return no_memory(r);
    if (st != GD_OK && wanted) {
        b->d->report.pictures++;
        gd_data_note(&b->d->report, GD_DATA_BAD_ENTRY, (gd_data_place){.file = file, .id = -1},
                     "%.250s", why.msg);
    }
    if (st != GD_OK) return GD_OK;
    if (wanted) {
        st = add_page(r, stem, file, &page);
    } else {
        int32_t label;
        for (size_t k = 0; k < page.n && st == GD_OK; k++)
            if (page.objects[k].name[0]) st = class_index(r, page.objects[k].name, &label);
    }
    gd_voc_page_free(&page);
    return st;
}

/* ImageSets/Main/SPLIT.txt: a name a line. */
static gd_status read_split(reader *r, const char *folder) {
    char           file[GD_DATA_PATH], name[300];
    unsigned char *text = NULL;
    size_t         size;
    gd_status      st;
    r->all = !*r->b->d->split;
    if (r->all) return GD_OK;
    snprintf(name, sizeof name, "ImageSets/Main/%.200s.txt", r->b->d->split);
    if (!gd_data_join(file, folder, name)) return GD_OK;
    GD_TRY(gd_file_slurp(file, LIST_BYTES, &text, &size, r->b->err));
    st = GD_OK;
    for (size_t at = 0; at < size && st == GD_OK;) {
        const char *p = (const char *)text + at;
        size_t      n = 0;
        while (at + n < size && !strchr(" \t\r\n", p[n]) && p[n]) n++;
        if (n && n < sizeof name) {
            snprintf(name, sizeof name, "%.*s", (int)n, p);
            if (!gd_name_map_find(&r->split, name))
                st = gd_name_map_add(&r->split, name, 0, r->b->err);
        }
        while (at + n < size && p[n] != '\n') n++; /* a second column tells a class */
        at += n + 1;
    }
    gd_mem_put(text);
    return st;
}

gd_status gd_data_read_voc(gd_data_build *b, const char *folder) {
    reader       r = {.b = b};
    gd_arena     arena = {0};
    const char **names;
    size_t       n;
    char         root[GD_DATA_PATH];
    gd_status    st;
    b->sort_names = true;
    if (!gd_data_join(root, folder, "JPEGImages") ||
        !gd_data_join(r.annotations, folder, "Annotations"))
        return gd_fail_code(b->err, GD_ERR_FORMAT, 802, "%.200s: the path is too long", folder);
    b->root = gd_arena_string(&b->d->arena, b->opt->images ? b->opt->images : root);
    if (!b->root) return no_memory(&r);
    GD_GO(read_split(&r, folder));
    GD_GO(gd_data_list(r.annotations, &arena, &names, &n, b->err));
    for (size_t i = 0; i < n; i++) GD_GO(read_page(&r, names[i]));
    for (size_t i = 0; i < r.split.room; i++) {
        if (!r.split.slot[i].name || r.split.slot[i].value) continue;
        b->d->report.pictures++;
        gd_data_note(
            &b->d->report, GD_DATA_BAD_ENTRY, (gd_data_place){.file = r.annotations, .id = -1},
            "%.200s.xml is not there, though the split lists it", r.split.slot[i].name);
    }
done:
    gd_name_map_free(&r.classes);
    gd_name_map_free(&r.split);
    gd_arena_free(&arena);
    return st;
}
