/* session_crops.c -- classifies rectangles of a picture where they lie: gd_session_run_crops.
 *
 * The picture is an input of the graph, bound to wherever its bytes are: the caller's memory on
 * the CPU; on a GPU what a detector's session keeps there, or one copy for all crops. */
#include <math.h>
#include <string.h>

#include "kernels/crop_resize/crop_place.h"
#include "layers/session_impl.h"

enum { MOST_CPU = 8, MOST_GPU = 32 };

int gd_crop_of(int width, int height, const float box[4], gd_crop *out) {
    const double limit[2] = {width, height};
    double       edge[4];
    *out = (gd_crop){0};
    for (int k = 0; k < 4; k++) {
        if (isnan(box[k])) return 0;
        edge[k] = fmin(fmax((double)box[k], 0), limit[k & 1]);
    }
    if (!(edge[2] > edge[0]) || !(edge[3] > edge[1])) return 0;
    out->x = (int32_t)floor(edge[0]);
    out->y = (int32_t)floor(edge[1]);
    out->width = (int32_t)ceil(edge[2]) - out->x;
    out->height = (int32_t)ceil(edge[3]) - out->y;
    return 1;
}

static gd_status check(const gd_session *s, const gd_crops *c, gd_error *err) {
    if (s->m->arch->task != GD_TASK_CLASSIFY)
        return gd_fail(err, GD_ERR_UNSUPPORTED, "crops are run by classifiers, not by %s",
                       s->m->arch->name);
    GD_TRY(gd_session_check_image(s, &c->image, 0, err));
    if (c->n < 0 || c->batch < 0 || (c->n && !c->crop))
        return gd_fail(err, GD_ERR_ARG, "%d crops in batches of %d", c->n, c->batch);
    for (int i = 0; i < c->n; i++) {
        const gd_crop *p = &c->crop[i];
        if (p->x < 0 || p->y < 0 || p->width < 1 || p->height < 1 ||
            p->width > c->image.width - p->x || p->height > c->image.height - p->y)
            return gd_fail(err, GD_ERR_ARG, "crop %d: %d x %d pixels at (%d, %d) of %d x %d", i,
                           p->width, p->height, p->x, p->y, c->image.width, c->image.height);
    }
    return GD_OK;
}

/* ---- the picture ------------------------------------------------------------------------- */

/* Bytes that kernels read, and how many pixels are there. */
typedef struct frame {
    void   *at;
    int64_t cap;
} frame;

/* A detector on the same GPU has run the picture, and still holds it. */
static bool is_held(const gd_session *s, const gd_crops *c, frame *f) {
    const gd_session *h = c->held;
    if (!h || !s->device || !h->device || h->device->ordinal != s->device->ordinal)
        return false;
    if (!h->opt.keep_pictures || !h->one_batch || !h->last || h->last->crops) return false;
    if (c->picture < 0 || c->picture >= h->last->batch ||
        (int64_t)c->image.width * c->image.height > h->last->cap)
        return false;
    const int        v = gd_graph_find_input(&h->last->graph, "pixels");
    const gd_tensor *t = gd_exec_tensor(h->last->exec, v);
    f->at = (char *)t->data + c->picture * h->last->cap * 3;
    f->cap = h->last->cap;
    return true;
}

/* Room for a picture on the GPU. Earlier runs that read it are done; the next waits for the
 * copy lane. */
static gd_status frame_room(gd_session *s, int64_t pixels, frame *f, gd_error *err) {
    if (s->frame_cap < pixels) {
        gd_device_release(s->device, s->frame);
        s->frame = NULL;
        s->frame_cap = 0;
        const int64_t cap = gd_session_pixel_class(pixels);
        GD_TRY(gd_device_alloc(s->device, (size_t)cap * 3, &s->frame, err));
        s->frame_cap = cap;
    }
    *f = (frame){s->frame, s->frame_cap};
    return GD_OK;
}

static gd_status bring(gd_session *s, const gd_crops *c, frame *f, gd_error *err) {
    const size_t  row = 3 * (size_t)c->image.width;
    const size_t  stride = c->image.stride ? c->image.stride : row;
    const int64_t pixels = (int64_t)c->image.width * c->image.height;
    union {
        const uint8_t *in;
        void          *out;
    } from = {.in = c->image.rgb};
    if (is_held(s, c, f)) return GD_OK;
    if (c->image.gpu) {
        GD_TRY(frame_room(s, pixels, f, err));
        if (stride == row)
            return gd_device_copy(s->device, GD_LANE_COPY, f->at, from.in,
                                  row * (size_t)c->image.height, err);
        for (size_t y = 0; y < (size_t)c->image.height; y++)
            GD_TRY(gd_device_copy(s->device, GD_LANE_COPY, (char *)f->at + y * row,
                                  from.in + y * stride, row, err));
        return GD_OK;
    }
    GD_TRY(gd_session_dense(s, &c->image, s->device != NULL, &from.in, err));
    if (!s->device) {
        *f = (frame){from.out, pixels};
        return GD_OK;
    }
    GD_TRY(frame_room(s, pixels, f, err));
    return gd_device_upload(s->device, GD_LANE_COPY, s->frame, from.in, (size_t)pixels * 3,
                            err);
}

/* ---- batches ----------------------------------------------------------------------------- */

static void geometry_at(const gd_session *s, const gd_crops *c, int i, gd_geometry *out) {
    gd_geometry_of(&s->recipe.rule, c->crop[i].height, c->crop[i].width, out);
}

/* Crops from `first` on that share a network shape and run together, at most `most`; *batch is
 * what is planned for them. */
static int together(const gd_session *s, const gd_crops *c, int first, int most, int *batch) {
    gd_geometry a, b;
    int         n = 1, low = 1;
    geometry_at(s, c, first, &a);
    for (; first + n < c->n && n < most; n++) {
        geometry_at(s, c, first + n, &b);
        if (a.net_h != b.net_h || a.net_w != b.net_w) break;
    }
    while (low <= n / 2) low *= 2;
    /* A GPU's batch costs little more when it is filled up; on the CPU each picture counts. */
    *batch = !s->device || low == n ? low : low * 2 < most ? low * 2 : most;
    return s->device ? n : low;
}

static void pack(const gd_session *s, const gd_crops *c, int first, int n, float *to) {
    gd_geometry at;
    for (int i = first; i < first + n; i++, to += GD_CROP) {
        geometry_at(s, c, i, &at);
        gd_geometry_pack(&at, to);
        to[GD_CROP_FRAME] = 0;
        to[GD_CROP_Y] = (float)c->crop[i].y;
        to[GD_CROP_X] = (float)c->crop[i].x;
        to[GD_CROP_LINE] = (float)c->image.width;
    }
}

static gd_status load(gd_entry *e, const frame *f, int n, gd_error *err) {
    const int     pixels = gd_graph_find_input(&e->graph, "pixels");
    const int     geom = gd_graph_find_input(&e->graph, "geom");
    const int     count = gd_graph_find_input(&e->graph, "n_crop");
    const int32_t n_crop = n;
    gd_tensor    *t = gd_exec_tensor(e->exec, pixels);
    if (t->data != f->at || t->dim[1] != f->cap) {
        t->dim[1] = f->cap;
        gd_exec_bind(e->exec, pixels, f->at);
    }
    GD_TRY(gd_exec_write(e->exec, geom, 0, e->geom, (size_t)n * GD_CROP * sizeof(float), err));
    return gd_exec_write(e->exec, count, 0, &n_crop, sizeof n_crop, err);
}

static gd_status run_some(gd_session *s, const gd_crops *c, const frame *f, int first, int n,
                          int batch, gd_result *results, gd_error *err) {
    gd_geometry at;
    gd_entry   *e;
    geometry_at(s, c, first, &at);
    GD_TRY(gd_session_entry(s, batch, at.net_h, at.net_w, 0, &e, err));
    pack(s, c, first, n, e->geom);
    GD_TRY(load(e, f, n, err));
    GD_TRY(gd_session_run_entry(s, e, err));
    const int top = gd_session_take_classes(s, e, n);
    for (int i = first; i < first + n; i++) results[i].n_classes = top;
    return GD_OK;
}

static gd_status run_all(gd_session *s, const gd_crops *c, gd_result *results, gd_error *err) {
    int   most = c->batch ? c->batch : s->device ? MOST_GPU : MOST_CPU;
    frame f;
    GD_TRY(bring(s, c, &f, err));
    for (int i = 0, n, batch; i < c->n; i += n) {
        n = together(s, c, i, most, &batch);
        const gd_status st = run_some(s, c, &f, i, n, batch, results, err);
        if (st == GD_ERR_NOMEM && batch > 1) { /* in smaller batches, then */
            most = batch / 2;
            n = 0;
        } else if (st != GD_OK) {
            return st;
        }
    }
    /* Addresses last: the array may have moved while results were gathered. */
    for (int i = 0, at = 0; i < c->n; at += results[i++].n_classes)
        results[i].classes = s->cls + at;
    return GD_OK;
}

gd_status gd_session_run_crops(gd_session *s, const gd_crops *c, gd_result *results,
                               gd_error *err) {
    gd_session_reset(s);
    GD_TRY(check(s, c, err));
    if (c->n == 0) return GD_OK;
    const int before = gd_cpu_scope(s->n_thread);
    gd_session_clear(results, c->n);
    const gd_status st = run_all(s, c, results, err);
    if (st != GD_OK) gd_session_clear(results, c->n);
    (void)gd_cpu_scope(before);
    return st;
}
