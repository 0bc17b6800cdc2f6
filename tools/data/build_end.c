/* build_end.c -- what was gathered becomes a data set: sorted, judged, grouped by picture. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/data/build_impl.h"

enum { UNUSABLE = -1 };

static gd_status no_memory(gd_data_build *b) {
    return gd_fail(b->err, GD_ERR_NOMEM, "%.200s: no memory for the data set", b->d->path);
}

/* ---- classes ----------------------------------------------------------------------------- */

typedef struct ranked { /* an entry and where it stood */
    int64_t     id;
    const char *name;
    int32_t     at;
} ranked;

static int by_id(const void *a, const void *b) {
    const ranked *p = a, *q = b;
    if (p->id != q->id) return p->id < q->id ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

static int by_name(const void *a, const void *b) {
    const ranked *p = a, *q = b;
    int           c = strcmp(p->name, q->name);
    return c ? c : (p->at > q->at) - (p->at < q->at);
}

/* Replaces the classes by the caller's; to[old] = new. */
static gd_status adopt_names(gd_data_build *b, int32_t *to) {
    gd_data       *d = b->d;
    int            n = b->opt->n_names;
    gd_data_class *c = gd_mem_array((size_t)n, sizeof *c);
    if (!c) return no_memory(b);
    for (int k = 0; k < n; k++) {
        c[k] = (gd_data_class){gd_arena_string(&d->arena, b->opt->names[k]), k};
        if (!c[k].name) {
            gd_mem_put(c);
            return no_memory(b);
        }
    }
    for (int i = 0; i < d->n_classes; i++) {
        const char *name = d->classes[i].name;
        int         k = 0;
        to[i] = UNUSABLE;
        if (!name) continue;
        while (k < n && strcmp(name, c[k].name)) k++;
        if (k == n) {
            gd_mem_put(c);
            gd_fail_code(b->err, GD_ERR_FORMAT, 803,
                         "%.200s: class '%.80s' is none of the %d that are expected", d->path,
                         name, n);
            gd_error_hint(b->err, "the names must be the model's; train with --num-classes to "
                                  "give the model the classes of the data");
            return GD_ERR_FORMAT;
        }
        c[k].id = d->classes[i].id;
        to[i] = k;
    }
    gd_mem_put(d->classes);
    d->classes = c;
    d->n_classes = n;
    return GD_OK;
}

/* Sorts the classes; those that were only mentioned fall out. */
static gd_status sort_classes(gd_data_build *b, int32_t *to) {
    gd_data       *d = b->d;
    int            n = 0;
    ranked        *r = gd_mem_array((size_t)d->n_classes, sizeof *r);
    gd_data_class *c = gd_mem_array((size_t)d->n_classes, sizeof *c);
    if (!r || !c) {
        gd_mem_put(r);
        gd_mem_put(c);
        return no_memory(b);
    }
    for (int i = 0; i < d->n_classes; i++) {
        to[i] = UNUSABLE;
        if (d->classes[i].name) r[n++] = (ranked){d->classes[i].id, d->classes[i].name, i};
    }
    qsort(r, (size_t)n, sizeof *r, b->by_id ? by_id : by_name);
    for (int k = 0; k < n; k++) {
        c[k] = d->classes[r[k].at];
        if (!b->by_id) c[k].id = k;
        to[r[k].at] = k;
    }
    gd_mem_put(r);
    gd_mem_put(d->classes);
    d->classes = c;
    d->n_classes = n;
    return GD_OK;
}

/* ---- pictures ---------------------------------------------------------------------------- */

/* Sorts the pictures that were described; to[old] = new. */
static gd_status sort_images(gd_data_build *b, int32_t *to) {
    gd_data       *d = b->d;
    size_t         n = 0;
    ranked        *r = gd_mem_array(d->n_images + 1, sizeof *r);
    gd_data_image *im = NULL;
    const char   **files = NULL;
    gd_status      st = GD_OK;
    if (!r) return no_memory(b);
    for (size_t i = 0; i < d->n_images; i++) {
        to[i] = UNUSABLE;
        if (d->images[i].name)
            r[n++] = (ranked){d->images[i].id, d->images[i].name, (int32_t)i};
    }
    qsort(r, n, sizeof *r, b->by_id ? by_id : by_name);
    im = gd_mem_array(n + 1, sizeof *im);
    files = gd_mem_array(n + 1, sizeof *files);
    if (!im || !files) {
        gd_mem_put(im);
        st = no_memory(b);
        goto done;
    }
    for (size_t k = 0; k < n; k++) {
        im[k] = d->images[r[k].at];
        files[k] = b->label_file[r[k].at];
        if (!b->by_id) im[k].id = (int64_t)k + 1;
        to[r[k].at] = (int32_t)k;
    }
    gd_mem_put(d->images);
    d->images = im;
    d->n_images = n;
    gd_mem_put((void *)b->label_file);
    b->label_file = files;
    files = NULL;
done:
    gd_mem_put(r);
    gd_mem_put((void *)files);
    return st;
}

/* ---- boxes ------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b) {
    int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return (p > q) - (p < q);
}

/* Later boxes whose annotation id stands there before become unusable. */
static gd_status drop_duplicates(gd_data_build *b) {
    int64_t *ids = gd_mem_array(b->n_boxes + 1, sizeof *ids);
    size_t   n = 0, twice = 0;
    bool    *met = NULL;
    if (!ids) return no_memory(b);
    for (gd_data_chunk *c = b->first; c; c = c->next)
        for (int i = 0; i < c->n; i++)
            if (c->box[i].id >= 0) ids[n++] = c->box[i].id;
    qsort(ids, n, sizeof *ids, compare_ids);
    for (size_t i = 1; i < n; i++)
        if (ids[i] == ids[i - 1] && (!twice || ids[twice - 1] != ids[i])) ids[twice++] = ids[i];
    met = twice ? gd_mem_array(twice, sizeof *met) : NULL;
    for (gd_data_chunk *c = b->first; c && met; c = c->next)
        for (int i = 0; i < c->n; i++) {
            gd_data_box *x = &c->box[i];
            int64_t     *at = bsearch(&x->id, ids, twice, sizeof *ids, compare_ids);
            if (!at || x->id < 0) continue;
            if (met[at - ids]) {
                gd_data_note(&b->d->report, GD_DATA_DUPLICATE_ID,
                             (gd_data_place){.file = b->d->path, .id = x->id}, NULL);
                x->image = UNUSABLE;
            }
            met[at - ids] = true;
        }
    gd_mem_put(ids);
    gd_mem_put(met);
    return twice && !met ? no_memory(b) : GD_OK;
}

/* Whether the box stays. `slack`: pixels by which rounding may carry an edge over the border.
 */
static bool judge(gd_data_build *b, gd_data_box *x, gd_data_place at) {
    const gd_data_image *im = &b->d->images[x->image];
    gd_data_report      *r = &b->d->report;
    const double         slack = 1, right = x->x + x->w, low = x->y + x->h;
    gd_data_kind         kind;
    if (!isfinite(x->x) || !isfinite(x->y) || !isfinite(x->w) || !isfinite(x->h) ||
        !isfinite(right) || !isfinite(low)) {
        gd_data_note(r, GD_DATA_BAD_NUMBER, at, "a value of the box is not finite");
        return false;
    }
    if (x->w < 0 || x->h < 0)
        kind = GD_DATA_NEGATIVE_SIZE;
    else if (!(x->w * x->h > 0))
        kind = GD_DATA_ZERO_AREA;
    else if (right <= 0 || low <= 0 || (im->width && x->x >= im->width) ||
             (im->height && x->y >= im->height))
        kind = GD_DATA_OUTSIDE;
    else if (x->x < -slack || x->y < -slack || (im->width && right > im->width + slack) ||
             (im->height && low > im->height + slack))
        kind = GD_DATA_STICKS_OUT;
    else
        return true;
    gd_data_note(r, kind, at, "x %g, y %g, width %g, height %g in a picture of %dx%d", x->x,
                 x->y, x->w, x->h, im->width, im->height);
    if (kind == GD_DATA_STICKS_OUT) return true;
    x->flags |= GD_DATA_DEGENERATE;
    return b->opt->keep_degenerate;
}

/* Final indices, and whether each box can be used; counts those of each picture. */
static void judge_all(gd_data_build *b, const int32_t *image_to, const int32_t *class_to) {
    gd_data *d = b->d;
    for (gd_data_chunk *c = b->first; c; c = c->next)
        for (int i = 0; i < c->n; i++) {
            gd_data_box  *x = &c->box[i];
            gd_data_place at = {.file = d->path, .id = x->id, .line = x->line};
            if (x->image == UNUSABLE) continue;
            x->image = image_to[x->image];
            if (x->image == UNUSABLE) {
                gd_data_note(&d->report, GD_DATA_UNKNOWN_IMAGE, at, NULL);
                continue;
            }
            if (b->label_file[x->image]) at.file = b->label_file[x->image];
            at.picture = b->by_id ? d->images[x->image].name : NULL;
            x->label = class_to[x->label];
            if (x->label == UNUSABLE) {
                gd_data_note(&d->report, GD_DATA_UNKNOWN_CLASS, at, NULL);
                x->image = UNUSABLE;
            } else if (judge(b, x, at)) {
                d->images[x->image].n++;
            } else {
                x->image = UNUSABLE;
            }
        }
}

/* Moves the boxes to their pictures, in the order in which they were read. */
static gd_status group(gd_data_build *b) {
    gd_data *d = b->d;
    size_t  *at = gd_mem_array(d->n_images + 1, sizeof *at);
    size_t   n = 0;
    for (size_t i = 0; at && i < d->n_images; i++) {
        at[i] = d->images[i].first = n;
        n += (size_t)d->images[i].n;
    }
    d->boxes = at ? gd_mem_array(n + 1, sizeof *d->boxes) : NULL;
    if (!d->boxes) {
        gd_mem_put(at);
        return no_memory(b);
    }
    while (b->first) {
        gd_data_chunk *c = b->first;
        for (int i = 0; i < c->n; i++)
            if (c->box[i].image != UNUSABLE) d->boxes[at[c->box[i].image]++] = c->box[i];
        b->first = c->next;
        gd_mem_put(c);
    }
    b->last = NULL;
    d->n_boxes = n;
    gd_mem_put(at);
    return GD_OK;
}

/* ---- notes on the whole ------------------------------------------------------------------ */

static int compare_boxes(const void *a, const void *b) {
    const gd_data_box *p = *(gd_data_box *const *)a, *q = *(gd_data_box *const *)b;
    const double       u[] = {p->label, p->x, p->y, p->w, p->h},
                 v[] = {q->label, q->x, q->y, q->w, q->h};
    for (int k = 0; k < 5; k++)
        if (u[k] < v[k] || u[k] > v[k]) return u[k] < v[k] ? -1 : 1;
    return 0;
}

static gd_status note_twins(gd_data_build *b) {
    gd_data      *d = b->d;
    int           most = 0;
    gd_data_box **p;
    for (size_t i = 0; i < d->n_images; i++)
        if (d->images[i].n > most) most = d->images[i].n;
    p = gd_mem_array((size_t)most + 1, sizeof *p);
    if (!p) return no_memory(b);
    for (size_t i = 0; i < d->n_images; i++) {
        const gd_data_image *im = &d->images[i];
        for (int k = 0; k < im->n; k++) p[k] = &d->boxes[im->first + (size_t)k];
        qsort((void *)p, (size_t)im->n, sizeof *p, compare_boxes);
        for (int k = 1; k < im->n; k++)
            if (compare_boxes(&p[k - 1], &p[k]) == 0)
                gd_data_note(
                    &d->report, GD_DATA_TWICE,
                    (gd_data_place){.file = b->label_file[i] ? b->label_file[i] : d->path,
                                    .line = p[k]->line,
                                    .id = p[k]->id,
                                    .picture = b->by_id ? im->name : NULL},
                    NULL);
    }
    gd_mem_put((void *)p);
    return GD_OK;
}

static gd_status note_unused(gd_data_build *b) {
    gd_data *d = b->d;
    bool    *used = gd_mem_array((size_t)d->n_classes + 1, sizeof *used);
    if (!used) return no_memory(b);
    for (size_t i = 0; i < d->n_boxes; i++) used[d->boxes[i].label] = true;
    for (size_t i = 0; i < d->n_images; i++)
        if (d->images[i].label >= 0) used[d->images[i].label] = true;
    for (int k = 0; k < d->n_classes; k++)
        if (!used[k])
            gd_data_note(&d->report, GD_DATA_CLASS_UNUSED,
                         (gd_data_place){.file = d->path, .id = -1},
                         "no label has class '%.80s'", d->classes[k].name);
    gd_mem_put(used);
    return GD_OK;
}

gd_status gd_data_build_end(gd_data_build *b) {
    gd_data  *d = b->d;
    int32_t  *class_to = gd_mem_array((size_t)d->n_classes + 1, sizeof *class_to);
    int32_t  *image_to = gd_mem_array(d->n_images + 1, sizeof *image_to);
    gd_status st = GD_OK;
    if (!class_to || !image_to) {
        st = no_memory(b);
        goto done;
    }
    if (b->opt->n_names)
        GD_GO(adopt_names(b, class_to));
    else if (b->by_id || b->sort_names)
        GD_GO(sort_classes(b, class_to));
    else
        for (int i = 0; i < d->n_classes; i++) class_to[i] = i;
    for (size_t i = 0; i < d->n_images; i++)
        if (d->images[i].label >= 0) d->images[i].label = class_to[d->images[i].label];
    GD_GO(sort_images(b, image_to));
    if (b->by_id) GD_GO(drop_duplicates(b));
    judge_all(b, image_to, class_to);
    GD_GO(group(b));
    GD_GO(note_twins(b));
    GD_GO(note_unused(b));
    if (!d->n_classes && b->opt->most_bad >= 0)
        GD_GO(gd_fail_code(b->err, GD_ERR_FORMAT, 802, "%.200s: names no classes", d->path));
    GD_GO(gd_data_judge(&d->report, d->path, b->opt->most_bad, b->err));
done:
    gd_mem_put(class_to);
    gd_mem_put(image_to);
    return st;
}
