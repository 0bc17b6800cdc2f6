/* session_results.c -- takes results out of a graph that has run: room for them, and copies. */
#include <string.h>

#include "engine/mem.h"
#include "layers/session_impl.h"

static const gd_tensor *output(gd_entry *e, const char *name) {
    const int v = gd_graph_find_output(&e->graph, name);
    GD_ASSERT(v >= 0);
    return gd_exec_output(e->exec, v);
}

static void take_detections(gd_session *s, gd_entry *e, int n) {
    const gd_tensor *boxes = output(e, "boxes");
    const float     *box = boxes->data, *score = output(e, "scores")->data;
    const int32_t   *label = output(e, "labels")->data, *count = output(e, "count")->data;
    const int64_t    m = boxes->dim[1];
    for (int i = 0; i < n; i++)
        for (int64_t k = 0; k < count[i]; k++) {
            gd_detection *d = &s->det[s->n_det++];
            memcpy(d->box, box + (i * m + k) * 4, sizeof d->box);
            d->score = score[i * m + k];
            d->class_id = label[i * m + k] - s->m->arch->n_background;
        }
}

/* The k best of a row, best first; equal scores: lower class first. */
int gd_session_take_classes(gd_session *s, gd_entry *e, int n) {
    const gd_tensor *probs = output(e, "probs");
    const int64_t    classes = probs->dim[1];
    const int        want = s->opt.top_k > 0 ? s->opt.top_k : 5;
    const int64_t    top = want < classes ? want : classes;
    for (int i = 0; i < n; i++) {
        const float    *p = (const float *)probs->data + i * classes;
        gd_class_score *out = s->cls + s->n_cls;
        int64_t         have = 0;
        for (int64_t c = 0; c < classes; c++) {
            int64_t at = have < top ? have++ : top;
            for (; at > 0 && out[at - 1].score < p[c]; at--)
                if (at < top) out[at] = out[at - 1];
            if (at < top) out[at] = (gd_class_score){(int32_t)c, p[c]};
        }
        s->n_cls += (size_t)top;
    }
    return (int)top;
}

/* The part of each map that the picture has, without the room behind it. */
static void take_maps(gd_session *s, gd_entry *e, const gd_image *images, int n,
                      gd_result *results) {
    const gd_tensor *map = output(e, "map"), *count = output(e, "count");
    const size_t     classes = (size_t)count->dim[1];
    for (int i = 0; i < n; i++) {
        const size_t pixels = (size_t)images[i].width * (size_t)images[i].height;
        memcpy(s->map + s->n_map, (const uint8_t *)map->data + i * map->dim[1], pixels);
        memcpy(s->count + s->n_count, (const int32_t *)count->data + (size_t)i * classes,
               classes * sizeof *s->count);
        s->n_map += pixels;
        s->n_count += classes;
        results[i].map_width = images[i].width;
        results[i].map_height = images[i].height;
        results[i].map_classes = (int)classes;
    }
}

static gd_status grow(void **p, size_t *cap, size_t want, size_t size, gd_error *err) {
    if (*cap >= want) return GD_OK;
    void *q = gd_mem_grow(*p, *cap * size, want * size);
    if (!q) return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu results", want);
    *p = q;
    *cap = want;
    return GD_OK;
}

static gd_status reserve_maps(gd_session *s, gd_entry *e, gd_error *err) {
    const size_t map = s->n_map + (size_t)gd_tensor_count(output(e, "map"));
    const size_t count = s->n_count + (size_t)gd_tensor_count(output(e, "count"));
    void        *p = s->map;
    gd_status    st = grow(&p, &s->cap_map, map, sizeof *s->map, err);
    s->map = p;
    if (st != GD_OK) return st;
    p = s->count;
    st = grow(&p, &s->cap_count, count, sizeof *s->count, err);
    s->count = p;
    return st;
}

gd_status gd_session_reserve(gd_session *s, gd_entry *e, gd_error *err) {
    if (s->m->arch->task == GD_TASK_SEGMENT) return reserve_maps(s, e, err);
    if (s->m->arch->task == GD_TASK_DETECT) {
        const gd_tensor *t = output(e, "scores");
        void            *p = s->det;
        gd_status        st =
            grow(&p, &s->cap_det, s->n_det + (size_t)gd_tensor_count(t), sizeof *s->det, err);
        s->det = p;
        return st;
    }
    const gd_tensor *t = output(e, "probs");
    void            *p = s->cls;
    gd_status        st =
        grow(&p, &s->cap_cls, s->n_cls + (size_t)gd_tensor_count(t), sizeof *s->cls, err);
    s->cls = p;
    return st;
}

void gd_session_take(gd_session *s, gd_entry *e, const gd_image *images, int n,
                     gd_result *results) {
    if (s->m->arch->task == GD_TASK_SEGMENT) {
        take_maps(s, e, images, n, results);
    } else if (s->m->arch->task == GD_TASK_DETECT) {
        const int32_t *count = output(e, "count")->data, *dropped = output(e, "dropped")->data;
        const float   *top = output(e, "top")->data;
        take_detections(s, e, n);
        for (int i = 0; i < n; i++) {
            results[i].n_detections = count[i];
            results[i].n_dropped = dropped[i];
            results[i].top_score = top[i];
        }
    } else {
        const int top = gd_session_take_classes(s, e, n);
        for (int i = 0; i < n; i++) results[i].n_classes = top;
    }
}

void gd_session_place(gd_session *s, gd_result *results, int n) {
    size_t det = 0, cls = 0, map = 0, count = 0;
    for (int i = 0; i < n; i++) {
        gd_result *r = &results[i];
        if (r->n_detections) r->detections = s->det + det;
        if (r->n_classes) r->classes = s->cls + cls;
        if (r->map_width) r->map = s->map + map;
        if (r->map_width) r->map_count = s->count + count;
        det += (size_t)r->n_detections;
        cls += (size_t)r->n_classes;
        map += (size_t)r->map_width * (size_t)r->map_height;
        count += (size_t)r->map_classes;
    }
}
