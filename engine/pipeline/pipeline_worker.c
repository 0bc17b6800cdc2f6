/* pipeline_worker.c -- the thread of a session: takes batches, runs them, keeps the results. */
#include <string.h>

#include "engine/mem.h"
#include "engine/pipeline/pipeline_impl.h"

enum { FIRST_RESULTS = 512 }; /* room for detections that a slot begins with */

/* ---- memory of slots --------------------------------------------------------------------- */

gd_status gd_slot_reserve(gd_pipeline *p, gd_slot *s, size_t size, gd_error *err) {
    if (s->rgb_size >= size) return GD_OK;
    gd_worker *w = &p->worker[0];
    void      *rgb;
    (void)pthread_mutex_lock(&w->running);
    gd_session_unpin(w->session, s->rgb);
    const gd_status st = gd_session_pin(w->session, size, &rgb, err);
    (void)pthread_mutex_unlock(&w->running);
    (void)pthread_mutex_lock(&p->lock); /* others look for their room by its address */
    s->rgb = rgb;
    s->rgb_size = st == GD_OK ? size : 0;
    (void)pthread_mutex_unlock(&p->lock);
    return st;
}

static gd_status grow(void **p, int *cap, int want, int first, size_t size, gd_error *err) {
    int more = *cap > first ? *cap : first;
    if (*cap >= want && *p) return GD_OK;
    while (more < want) more *= 2;
    void *q = gd_mem_get((size_t)more * size);
    if (!q) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d results", want);
    gd_mem_put(*p);
    *p = q;
    *cap = more;
    return GD_OK;
}

/* The same for a map of classes: sizes of pictures hardly change, so there is no more room than
 * is wanted. */
static gd_status keep_map(gd_slot *s, const gd_result *r, gd_error *err) {
    const size_t pixels = (size_t)r->map_width * (size_t)r->map_height;
    const int    classes = r->map_classes;
    void        *to = s->map;
    gd_status    st = grow(&to, &s->cap_map, (int)pixels, (int)pixels, 1, err);
    s->map = to;
    if (st != GD_OK) return st;
    to = s->count;
    st = grow(&to, &s->cap_count, classes, classes, sizeof *s->count, err);
    s->count = to;
    if (st != GD_OK) return st;
    memcpy(s->map, r->map, pixels);
    memcpy(s->count, r->map_count, (size_t)classes * sizeof *s->count);
    s->frame.result.map = s->map;
    s->frame.result.map_count = s->count;
    s->frame.result.map_width = r->map_width;
    s->frame.result.map_height = r->map_height;
    s->frame.result.map_classes = classes;
    return GD_OK;
}

gd_status gd_slot_keep(const gd_pipeline *p, gd_slot *s, const gd_result *r, gd_error *err) {
    const int  first = p->o.session.max_det > 0 ? p->o.session.max_det : FIRST_RESULTS;
    gd_result *out = &s->frame.result;
    *out = (gd_result){.n_dropped = r->n_dropped, .top_score = r->top_score};
    if (r->n_detections) {
        void           *to = s->det;
        const gd_status st =
            grow(&to, &s->cap_det, r->n_detections, first, sizeof *s->det, err);
        s->det = to;
        GD_TRY(st);
        memcpy(s->det, r->detections, (size_t)r->n_detections * sizeof *s->det);
        out->detections = s->det;
        out->n_detections = r->n_detections;
    }
    if (r->n_classes) {
        void           *to = s->cls;
        const gd_status st = grow(&to, &s->cap_cls, r->n_classes, 5, sizeof *s->cls, err);
        s->cls = to;
        GD_TRY(st);
        memcpy(s->cls, r->classes, (size_t)r->n_classes * sizeof *s->cls);
        out->classes = s->cls;
        out->n_classes = r->n_classes;
    }
    return r->map ? keep_map(s, r, err) : GD_OK;
}

/* ---- runs -------------------------------------------------------------------------------- */

/* Each number of pictures has a plan of its own, so only few numbers are used: powers of two,
 * and the whole batch. */
int gd_pipeline_part(gd_pipeline *p, int n) {
    int part = 1;
    (void)pthread_mutex_lock(&p->lock);
    const int limit = p->batch_limit;
    (void)pthread_mutex_unlock(&p->lock);
    if (n >= p->o.batch_max && limit >= p->o.batch_max) return p->o.batch_max;
    if (n > limit) n = limit;
    while (part * 2 <= n) part *= 2;
    return part;
}

void gd_pipeline_limit(gd_pipeline *p, int most) {
    (void)pthread_mutex_lock(&p->lock);
    if (most < p->batch_limit) p->batch_limit = most;
    (void)pthread_mutex_unlock(&p->lock);
}

static void finish(gd_worker *w, gd_slot *s, gd_status st, const gd_error *err) {
    gd_pipeline *p = w->p;
    if (st != GD_OK) {
        s->frame.status = st;
        s->frame.error = *err;
        s->frame.result = (gd_result){.top_score = -1};
    }
    gd_batcher_done(p->batcher, &s->request);
    s->frame.latency_ms = s->request.latency_ms;
    (void)pthread_mutex_lock(&p->lock);
    s->state = GD_SLOT_DONE;
    p->last_ms = s->request.done_ms;
    p->n_done++;
    p->n_failed += st != GD_OK;
    (void)pthread_cond_broadcast(&p->done);
    (void)pthread_mutex_unlock(&p->lock);
}

static void count_run(gd_worker *w, int n, double ms, double device_ms) {
    gd_pipeline *p = w->p;
    (void)pthread_mutex_lock(&p->lock);
    w->busy_ms += ms;
    w->device_ms += device_ms;
    p->n_runs++;
    p->n_ran += (uint64_t)n;
    gd_latency_add(&w->run, ms);
    (void)pthread_mutex_unlock(&p->lock);
}

/* Runs n pictures as one batch and keeps their results. */
static gd_status run(gd_worker *w, gd_request **r, int n, gd_error *err) {
    const double start = gd_pipeline_now_ms();
    double       device_ms = -1;
    for (int i = 0; i < n; i++) w->image[i] = ((gd_slot *)r[i]->user)->frame.image;
    (void)pthread_mutex_lock(&w->running);
    gd_status st = gd_session_run(w->session, w->image, n, w->result, err);
    if (w->p->on_gpu) {
        gd_session_stats stats;
        gd_session_stats_get(w->session, &stats);
        device_ms = stats.device_ms;
    }
    (void)pthread_mutex_unlock(&w->running);
    const double ms = gd_pipeline_now_ms() - start;
    for (int i = 0; i < n && st == GD_OK; i++) {
        gd_slot *s = r[i]->user;
        s->frame.batch = n;
        s->frame.wait_ms = start - r[i]->put_ms;
        s->frame.run_ms = ms;
        st = gd_slot_keep(w->p, s, &w->result[i], err);
    }
    count_run(w, n, ms, device_ms < 0 ? ms : device_ms);
    return st;
}

/* The device is gone: what waits will not run, and is given out with the reason. */
static void fail_all(gd_worker *w, gd_status st, const gd_error *err) {
    gd_pipeline *p = w->p;
    gd_request  *r;
    (void)pthread_mutex_lock(&p->lock);
    if (p->failed == GD_OK) {
        p->failed = st;
        p->error = *err;
    }
    gd_batcher_abort(p->batcher);
    while ((r = gd_batcher_rest(p->batcher)) != NULL) {
        gd_slot *s = r->user;
        s->frame.status = st;
        s->frame.error = *err;
        s->state = GD_SLOT_DONE;
        p->n_done++;
        p->n_failed++;
    }
    (void)pthread_cond_broadcast(&p->done);
    (void)pthread_cond_broadcast(&p->freed);
    (void)pthread_mutex_unlock(&p->lock);
}

/* Runs n pictures together; where that fails, one by one, so that only the guilty ones fail. */
static void run_part(gd_worker *w, gd_request **r, int n) {
    gd_error  err = {0};
    gd_status st = run(w, r, n, &err);
    if (st == GD_ERR_NOMEM && n > 1) gd_pipeline_limit(w->p, n / 2);
    if (st == GD_ERR_DEVICE) fail_all(w, st, &err);
    for (int i = 0; i < n; i++) {
        if (st != GD_OK && st != GD_ERR_DEVICE && n > 1) {
            const gd_status alone = run(w, &r[i], 1, &err);
            if (alone == GD_ERR_DEVICE) fail_all(w, alone, &err);
            finish(w, r[i]->user, alone, &err);
        } else {
            finish(w, r[i]->user, st, &err);
        }
    }
}

void *gd_worker_main(void *arg) {
    gd_worker *w = arg;
    int        n;
    while (gd_batcher_take(w->p->batcher, w->batch, &n, -1) == GD_PASSED)
        for (int i = 0, k; i < n; i += k) {
            k = gd_pipeline_part(w->p, n - i);
            run_part(w, w->batch + i, k);
        }
    return NULL;
}
