/* chain.c -- the threads of a chain, and how it ends; see chain.h. */
#include "engine/pipeline/chain_impl.h"

#include <string.h>

#include "engine/mem.h"

/* ---- ends -------------------------------------------------------------------------------- */

static void abort_queues(gd_chain *c, int upto) {
    gd_queue_abort(c->empty);
    for (int k = 1; k <= upto; k++) gd_queue_abort(c->stage[k].in);
}

/* Stage k could not do its work on the item of `ticket`: nothing comes to it any more, and of
 * what it was given nothing from that item on is passed. What is ahead of it goes on. */
static void fail(gd_chain *c, int k, uint64_t ticket, gd_status st, const gd_error *err) {
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    if (c->failed == GD_OK) {
        c->failed = st;
        c->error = *err;
        c->error.status = st;
        if (!c->error.why[0]) gd_error_why(&c->error, "in stage %s", c->stage[k].spec.name);
    }
    (void)pthread_mutex_unlock(&c->lock);
    abort_queues(c, k);
    if (k + 1 < c->n) {
        gd_queue *out = c->stage[k + 1].in;
        if (c->stage[k + 1].spec.latest)
            gd_queue_end(out); /* it counts by itself, and its one maker is here */
        else
            gd_queue_cut(out, ticket);
    }
}

static bool asked(gd_chain *c, const bool *what) {
    (void)pthread_mutex_lock(&c->lock);
    const bool yes = *what;
    (void)pthread_mutex_unlock(&c->lock);
    return yes;
}

/* The last worker of a stage tells the next one, the last of all tells who waits. */
static void leave(gd_chain *c, int k) {
    (void)pthread_mutex_lock(&c->lock);
    const bool last_here = --c->stage[k].running == 0;
    (void)pthread_mutex_unlock(&c->lock);
    if (last_here && k + 1 < c->n) gd_queue_end(c->stage[k + 1].in);
    (void)pthread_mutex_lock(&c->lock);
    if (--c->running == 0) {
        c->ended_ms = gd_pipeline_now_ms();
        (void)pthread_cond_broadcast(&c->ended);
    }
    (void)pthread_mutex_unlock(&c->lock);
}

/* ---- one worker -------------------------------------------------------------------------- */

typedef struct calls {
    double idle, busy, blocked; /* milliseconds of one round */
    int    items, dropped;
    bool   called;
} calls;

static void count(gd_chain *c, int k, const calls *t) {
    gd_chain_part *s = &c->stage[k];
    (void)pthread_mutex_lock(&c->lock);
    s->idle_ms += t->idle;
    s->busy_ms += t->busy;
    s->blocked_ms += t->blocked;
    s->items += (uint64_t)t->items;
    s->dropped += (uint64_t)t->dropped;
    s->calls += t->called;
    if (t->busy > s->max_ms) s->max_ms = t->busy;
    if (k == c->n - 1) c->finished += (uint64_t)(t->items - t->dropped);
    (void)pthread_mutex_unlock(&c->lock);
}

/* An item is empty again. The queue has room for all of them; after an abort nobody asks. */
static void recycle(gd_chain *c, void *item) { (void)gd_queue_put(c->empty, item, -1); }

/* Passes on what a call has left of its items, in their places. */
static void pass(gd_chain *c, int k, void **item, const bool *drop, int n, uint64_t first,
                 calls *t) {
    const bool   last = k + 1 == c->n, latest = !last && c->stage[k + 1].spec.latest;
    const double start = gd_pipeline_now_ms();
    for (int i = 0; i < n; i++) {
        void *gone = drop[i] || last ? item[i] : NULL;
        t->dropped += drop[i];
        if (!last && latest && !drop[i]) {
            if (gd_queue_put_latest(c->stage[k + 1].in, item[i], &gone) != GD_PASSED)
                gone = item[i];
        } else if (!last && !latest) {
            void *on = drop[i] ? NULL : item[i];
            if (gd_queue_put_at(c->stage[k + 1].in, first + (uint64_t)i, on, -1) != GD_PASSED)
                gone = item[i];
        }
        if (gone) recycle(c, gone);
    }
    t->blocked += gd_pipeline_now_ms() - start;
}

/* Gets the items of the next call; false when there will be none. */
static bool next_items(gd_chain *c, int k, void **item, int *n, uint64_t *first) {
    gd_chain_part *s = &c->stage[k];
    if (k > 0)
        return gd_queue_take_some(s->in, item, s->spec.batch, s->spec.batch_ms, &s->ticket,
                                  first, n) == GD_PASSED;
    *n = 1;
    *first = s->ticket;
    return !asked(c, &c->stopping) && gd_queue_take(c->empty, item, -1) == GD_PASSED;
}

/* One call of a stage; false when the worker is to end. */
static bool round_of(gd_chain *c, int k, int worker) {
    gd_chain_part *s = &c->stage[k];
    void          *item[GD_CHAIN_BATCH];
    bool           drop[GD_CHAIN_BATCH] = {0};
    calls          t = {0};
    gd_error       err = {0};
    gd_chain_work  work = {.item = item, .worker = worker, .drop = drop};
    uint64_t       first = 0;
    const double   start = gd_pipeline_now_ms();
    if (!next_items(c, k, item, &work.n, &first)) return false;
    const double began = gd_pipeline_now_ms();
    /* The source waits for room, the others for something to do. */
    *(k ? &t.idle : &t.blocked) = began - start;
    if (asked(c, k ? &c->aborted : &c->stopping)) return false;
    const int       n = work.n;
    const gd_status st = s->spec.run(s->spec.ctx, &work, &err);
    t.busy = gd_pipeline_now_ms() - began;
    t.called = true;
    if (st != GD_OK) {
        count(c, k, &t);
        fail(c, k, first, st, &err);
        return false;
    }
    if (k == 0 && work.end) {
        recycle(c, item[0]);
        count(c, k, &t);
        return false;
    }
    if (k == 0 && !drop[0]) s->ticket++;
    t.items = n;
    /* A source that drops has given no ticket: nothing is to be passed over. */
    if (k == 0 && drop[0]) {
        t.dropped = 1;
        recycle(c, item[0]);
    } else {
        pass(c, k, item, drop, n, first, &t);
    }
    count(c, k, &t);
    return true;
}

static void *work_on(void *arg) {
    const gd_chain_thread *me = arg;
    (void)pthread_mutex_lock(&me->c->lock);
    while (!me->c->started) (void)pthread_cond_wait(&me->c->ended, &me->c->lock);
    (void)pthread_mutex_unlock(&me->c->lock);
    while (round_of(me->c, me->stage, me->worker)) {}
    leave(me->c, me->stage);
    return NULL;
}

/* ---- open and close ---------------------------------------------------------------------- */

static gd_status check_stage(const gd_chain_stage *s, const gd_chain_stage *before,
                             gd_error *err) {
    if (!s->run || !s->name) return gd_fail(err, GD_ERR_ARG, "a stage has no function or name");
    if (s->workers < 0 || s->workers > GD_CHAIN_WORKERS || s->batch < 0 ||
        s->batch > GD_CHAIN_BATCH || s->queue < 0)
        return gd_fail(err, GD_ERR_ARG, "stage %s: %d workers, batches of %d, queue of %d",
                       s->name, s->workers, s->batch, s->queue);
    if (!before && (s->workers > 1 || s->batch > 1 || s->latest))
        return gd_fail(err, GD_ERR_ARG, "the source %s has one worker and no queue", s->name);
    if (s->latest && before->workers > 1)
        return gd_fail(err, GD_ERR_ARG, "stage %s takes the latest of %s, which has %d workers",
                       s->name, before->name, before->workers);
    return GD_OK;
}

static gd_status check(const gd_chain_options *o, gd_error *err) {
    int batch = 1;
    if (o->n_stages < 1 || o->n_stages > GD_CHAIN_STAGES)
        return gd_fail(err, GD_ERR_ARG, "%d stages, wanted 1 to %d", o->n_stages,
                       GD_CHAIN_STAGES);
    for (int k = 0; k < o->n_stages; k++) {
        GD_TRY(check_stage(&o->stage[k], k ? &o->stage[k - 1] : NULL, err));
        if (o->stage[k].batch > batch) batch = o->stage[k].batch;
    }
    if (o->n_items <= batch)
        return gd_fail(err, GD_ERR_ARG, "%d items for batches of %d", o->n_items, batch);
    for (int i = 0; i < o->n_items; i++)
        if (!o->items[i]) return gd_fail(err, GD_ERR_ARG, "item %d is NULL", i);
    return GD_OK;
}

static gd_status open_stage(gd_chain *c, int k, const gd_chain_stage *spec, gd_error *err) {
    gd_chain_part *s = &c->stage[k];
    s->spec = *spec;
    if (s->spec.workers < 1) s->spec.workers = 1;
    if (s->spec.batch < 1) s->spec.batch = 1;
    if (s->spec.queue < 1) s->spec.queue = 2 * s->spec.batch * s->spec.workers;
    s->running = s->spec.workers;
    c->running += s->spec.workers;
    if (k == 0) return GD_OK;
    return gd_queue_open(s->spec.queue, &s->in, err);
}

/* Threads stand at the gate until all of them are there. */
static gd_status start(gd_chain *c, gd_error *err) {
    c->thread = gd_mem_array((size_t)c->running, sizeof *c->thread);
    if (!c->thread) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d threads", c->running);
    for (int k = 0; k < c->n; k++)
        for (int w = 0; w < c->stage[k].spec.workers; w++) {
            gd_chain_thread *t = &c->thread[c->n_thread];
            *t = (gd_chain_thread){.c = c, .stage = k, .worker = w};
            const int rc = pthread_create(&t->id, NULL, work_on, t);
            if (rc)
                return gd_fail(err, GD_ERR_NOMEM, "thread %d of %d does not start: %s",
                               c->n_thread + 1, c->running, strerror(rc));
            c->n_thread++;
        }
    return GD_OK;
}

static void open_gate(gd_chain *c) {
    (void)pthread_mutex_lock(&c->lock);
    c->started = true;
    c->start_ms = gd_pipeline_now_ms();
    (void)pthread_cond_broadcast(&c->ended);
    (void)pthread_mutex_unlock(&c->lock);
}

gd_status gd_chain_open(const gd_chain_options *o, gd_chain **out, gd_error *err) {
    gd_status st = GD_OK;
    *out = NULL;
    GD_TRY(check(o, err));
    gd_chain *c = gd_mem_get_zero(sizeof *c);
    if (!c) return gd_fail(err, GD_ERR_NOMEM, "no memory for a chain");
    if (pthread_mutex_init(&c->lock, NULL) || gd_wait_init(&c->ended)) {
        gd_mem_put(c);
        return gd_fail(err, GD_ERR_NOMEM, "no lock for a chain");
    }
    c->n = o->n_stages;
    GD_GO(gd_queue_open(o->n_items, &c->empty, err));
    for (int i = 0; i < o->n_items; i++)
        GD_ASSERT(gd_queue_put(c->empty, o->items[i], 0) == GD_PASSED);
    for (int k = 0; k < c->n; k++) GD_GO(open_stage(c, k, &o->stage[k], err));
    GD_GO(start(c, err));
    open_gate(c);
done:
    if (st == GD_OK)
        *out = c;
    else
        gd_chain_close(c);
    return st;
}

void gd_chain_close(gd_chain *c) {
    if (!c) return;
    gd_chain_abort(c);
    open_gate(c);
    for (int i = 0; i < c->n_thread; i++) (void)pthread_join(c->thread[i].id, NULL);
    for (int k = 1; k < c->n; k++) gd_queue_close(c->stage[k].in);
    gd_queue_close(c->empty);
    gd_mem_put(c->thread);
    (void)pthread_cond_destroy(&c->ended);
    (void)pthread_mutex_destroy(&c->lock);
    gd_mem_put(c);
}

void gd_chain_stop(gd_chain *c) {
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    (void)pthread_mutex_unlock(&c->lock);
}

void gd_chain_abort(gd_chain *c) {
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = c->aborted = true;
    (void)pthread_mutex_unlock(&c->lock);
    if (c->empty) gd_queue_abort(c->empty);
    for (int k = 1; k < c->n; k++)
        if (c->stage[k].in) gd_queue_abort(c->stage[k].in);
}

gd_status gd_chain_wait(gd_chain *c, double wait_ms, bool *ended, gd_error *err) {
    const double deadline = gd_wait_deadline(wait_ms);
    (void)pthread_mutex_lock(&c->lock);
    while (c->running > 0 && gd_wait_until(&c->ended, &c->lock, deadline)) {}
    *ended = c->running == 0;
    const gd_status st = c->failed;
    if (st != GD_OK && err) *err = c->error;
    (void)pthread_mutex_unlock(&c->lock);
    return st;
}
