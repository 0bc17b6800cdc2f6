/* pipeline_open.c -- opens sessions, slots and threads of a pipeline, and ends them. */
#include <string.h>

#include "engine/backend.h"
#include "engine/mem.h"
#include "engine/pipeline/pipeline_impl.h"

enum { MAX_SLOTS = 1 << 16, MAX_SIDE = 65535, GREY = 114, AGE_MS = 10000 };

gd_pipeline_options gd_pipeline_defaults(gd_mode mode) {
    return (gd_pipeline_options){.size = sizeof(gd_pipeline_options),
                                 .mode = (int)mode,
                                 .batch_wait_ms = -1,
                                 .session = gd_session_defaults()};
}

static gd_status check_range(const char *what, int v, int most, gd_error *err) {
    if (v >= 0 && v <= most) return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "%s %d of a pipeline, wanted 0 to %d", what, v, most);
}

static gd_status check_options(const gd_pipeline_options *o, gd_error *err) {
    if (o->size != sizeof *o)
        return gd_fail(err, GD_ERR_ARG, "gd_pipeline_options.size is %u, not %zu", o->size,
                       sizeof *o);
    GD_TRY(check_range("mode", o->mode, GD_MODE_LATENCY, err));
    GD_TRY(check_range("sessions", o->sessions, GD_PIPELINE_SESSIONS, err));
    GD_TRY(check_range("sources", o->sources, GD_PIPELINE_SOURCES, err));
    GD_TRY(check_range("batch_min", o->batch_min, GD_PIPELINE_BATCH, err));
    GD_TRY(check_range("batch_max", o->batch_max, GD_PIPELINE_BATCH, err));
    GD_TRY(check_range("depth", o->depth, MAX_SLOTS, err));
    GD_TRY(check_range("width", o->width, MAX_SIDE, err));
    GD_TRY(check_range("height", o->height, MAX_SIDE, err));
    if ((o->width == 0) != (o->height == 0))
        return gd_fail(err, GD_ERR_ARG, "largest picture of %d x %d", o->width, o->height);
    if (!(o->batch_wait_ms <= 3600e3))
        return gd_fail(err, GD_ERR_ARG, "a batch that waits %g ms", o->batch_wait_ms);
    return GD_OK;
}

/* What 0 stands for, now that the device is known. */
static gd_status choose(gd_pipeline_options *o, bool gpu, gd_error *err) {
    const bool fast = o->mode == GD_MODE_LATENCY;
    if (o->batch_max == 0) {
        o->batch_max = gpu ? fast ? 2 : 8 : 1;
        if (o->batch_max < o->batch_min) o->batch_max = o->batch_min;
    }
    if (o->batch_min == 0) o->batch_min = 1;
    if (o->batch_min > o->batch_max)
        return gd_fail(err, GD_ERR_ARG, "batches of %d to %d pictures", o->batch_min,
                       o->batch_max);
    if (o->batch_wait_ms < 0) o->batch_wait_ms = fast ? 2 : 50;
    if (o->depth == 0) {
        /* Two batches for each session, one that runs and one that gathers, and two pictures
         * in the caller's hands: one being filled, one being looked at. */
        const int two = 2 * o->sessions * o->batch_max;
        o->depth = (two + o->sources - 1) / o->sources + 2;
        if (fast && o->depth > 2 + o->batch_max) o->depth = 2 + o->batch_max;
        if (o->latest) o->depth = o->sessions + 4;
    }
    if ((int64_t)o->depth * o->sources > MAX_SLOTS)
        return gd_fail(err, GD_ERR_ARG, "%d slots for each of %d sources, more than %d in all",
                       o->depth, o->sources, MAX_SLOTS);
    /* A source alone must be able to fill the smallest batch. */
    const int64_t slots = (int64_t)o->depth * o->sources;
    if (o->batch_min > slots) o->batch_min = (int)slots;
    if (o->batch_max > slots) o->batch_max = (int)slots;
    return GD_OK;
}

/* The first session tells the device; then the others are opened like it. */
static gd_status open_sessions(gd_pipeline *p, const gd_model *m, gd_error *err) {
    gd_pipeline_options *o = &p->o;
    gd_session_options   each = o->session;
    gd_session_stats     stats;
    p->worker = gd_mem_array(GD_PIPELINE_SESSIONS, sizeof *p->worker);
    if (!p->worker) return gd_fail(err, GD_ERR_NOMEM, "no memory for sessions");
    if (each.threads == 0 && o->sessions > 1) {
        each.threads = gd_cpu_cores() / o->sessions;
        if (each.threads < 1) each.threads = 1;
    }
    for (int i = 0; i == 0 || i < o->sessions; i++) {
        gd_worker *w = &p->worker[i];
        w->p = p;
        GD_TRY(gd_session_open(m, &each, &w->session, err));
        if (pthread_mutex_init(&w->running, NULL))
            return gd_fail(err, GD_ERR_NOMEM, "no lock for a session");
        if (i > 0) continue;
        gd_session_stats_get(w->session, &stats);
        p->on_gpu = strcmp(stats.device, "cpu") != 0;
        if (o->sessions == 0) o->sessions = p->on_gpu ? 2 : 1;
    }
    return GD_OK;
}

static gd_status open_slots(gd_pipeline *p, gd_error *err) {
    const gd_pipeline_options *o = &p->o;
    const gd_batcher_options   b = {.least = o->batch_min,
                                    .most = o->batch_max,
                                    .wait_ms = o->batch_wait_ms,
                                    .age_ms = AGE_MS,
                                    .capacity = o->depth * o->sources};
    p->n_slots = b.capacity;
    p->slot = gd_mem_array((size_t)p->n_slots, sizeof *p->slot);
    p->lane = gd_mem_array((size_t)o->sources, sizeof *p->lane);
    if (!p->slot || !p->lane)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d pictures on their way", p->n_slots);
    for (int i = 0; i < o->sources; i++)
        p->lane[i].slot = p->slot + (size_t)i * (size_t)o->depth;
    p->batch_limit = o->batch_max;
    return gd_batcher_open(&b, &p->batcher, err);
}

/* Runs every size of batch once on grey pictures, so that plans are made and memory is taken
 * before the first picture comes. */
static gd_status warm_up(gd_pipeline *p, gd_error *err) {
    const gd_pipeline_options *o = &p->o;
    const size_t               size = (size_t)o->width * (size_t)o->height * 3;
    static const gd_detection  none[1];
    const gd_result            room = {.detections = none, .n_detections = 1};
    for (int i = 0; i < p->n_slots; i++) {
        GD_TRY(gd_slot_reserve(p, &p->slot[i], size, err));
        memset(p->slot[i].rgb, GREY, size);
        GD_TRY(gd_slot_keep(p, &p->slot[i], &room, err));
    }
    for (int k = 0; k < o->sessions; k++) {
        gd_worker *w = &p->worker[k];
        for (int n = o->batch_max; n > 0; n = n > 1 ? gd_pipeline_part(p, n - 1) : 0) {
            for (int i = 0; i < n; i++)
                w->image[i] = (gd_image){p->slot[0].rgb, o->width, o->height, 0, 0};
            gd_status st = GD_OK;
            /* A GPU's run is launched the first time, recorded the second, then replayed. */
            for (int i = 0; i < (p->on_gpu ? 3 : 1) && st == GD_OK; i++)
                st = gd_session_run(w->session, w->image, n, w->result, err);
            if (st == GD_ERR_NOMEM && n > 1)
                gd_pipeline_limit(p, n / 2); /* smaller ones may do */
            else
                GD_TRY(st);
        }
    }
    return GD_OK;
}

static gd_status start(gd_pipeline *p, gd_error *err) {
    for (int i = 0; i < p->o.sessions; i++) {
        const int rc = pthread_create(&p->worker[i].id, NULL, gd_worker_main, &p->worker[i]);
        if (rc)
            return gd_fail(err, GD_ERR_NOMEM, "thread of session %d of %d does not start: %s",
                           i + 1, p->o.sessions, strerror(rc));
        p->worker[i].started = true;
    }
    return GD_OK;
}

gd_status gd_pipeline_open(const gd_model *m, const gd_pipeline_options *opt, gd_pipeline **out,
                           gd_error *err) {
    const gd_pipeline_options o = opt ? *opt : gd_pipeline_defaults(GD_MODE_THROUGHPUT);
    gd_status                 st;
    *out = NULL;
    GD_TRY(check_options(&o, err));
    gd_pipeline *p = gd_mem_get_zero(sizeof *p);
    if (!p) return gd_fail(err, GD_ERR_NOMEM, "no memory for a pipeline");
    if (pthread_mutex_init(&p->lock, NULL) || gd_wait_init(&p->freed) ||
        gd_wait_init(&p->done)) {
        gd_mem_put(p);
        return gd_fail(err, GD_ERR_NOMEM, "no lock for a pipeline");
    }
    p->o = o;
    if (p->o.sources == 0) p->o.sources = 1;
    GD_GO(open_sessions(p, m, err));
    p->o.session.device = NULL; /* the caller's string is not kept */
    GD_GO(choose(&p->o, p->on_gpu, err));
    GD_GO(open_slots(p, err));
    if (p->o.width) GD_GO(warm_up(p, err));
    GD_GO(start(p, err));
done:
    if (st == GD_OK)
        *out = p;
    else
        gd_pipeline_close(p);
    return st;
}

void gd_pipeline_close(gd_pipeline *p) {
    if (!p) return;
    if (p->batcher) gd_pipeline_stop(p);
    for (int i = 0; p->worker && i < p->o.sessions; i++)
        if (p->worker[i].started) (void)pthread_join(p->worker[i].id, NULL);
    for (int i = 0; p->slot && i < p->n_slots; i++) {
        gd_session_unpin(p->worker[0].session, p->slot[i].rgb);
        gd_mem_put(p->slot[i].det);
        gd_mem_put(p->slot[i].map);
        gd_mem_put(p->slot[i].count);
        gd_mem_put(p->slot[i].cls);
    }
    for (int i = 0; p->worker && i < GD_PIPELINE_SESSIONS; i++) {
        if (!p->worker[i].session) break;
        gd_session_close(p->worker[i].session);
        (void)pthread_mutex_destroy(&p->worker[i].running);
    }
    gd_batcher_close(p->batcher);
    gd_mem_put(p->worker);
    gd_mem_put(p->lane);
    gd_mem_put(p->slot);
    (void)pthread_cond_destroy(&p->done);
    (void)pthread_cond_destroy(&p->freed);
    (void)pthread_mutex_destroy(&p->lock);
    gd_mem_put(p);
}
