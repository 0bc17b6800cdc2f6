/* batcher.c -- requests in a list under one lock, chosen by key, age and priority. */
#include "engine/pipeline/batcher.h"

#include "engine/mem.h"
#include "engine/pipeline/wait.h"

enum { MAX_CAPACITY = 1 << 20 };
enum { NONE, WAITING, RUNNING, DONE }; /* gd_request.state */

struct gd_batcher {
    pthread_mutex_t    lock;
    pthread_cond_t     came, went, done;
    gd_batcher_options o;
    gd_request        *first, *last; /* waiting, oldest first */
    bool               draining, aborted;
    gd_batcher_stats   stats;
    gd_latency         wait, whole;
};

gd_status gd_batcher_open(const gd_batcher_options *o, gd_batcher **out, gd_error *err) {
    *out = NULL;
    if (o->least < 1 || o->most < o->least || o->capacity < o->most ||
        o->capacity > MAX_CAPACITY)
        return gd_fail(err, GD_ERR_ARG, "batches of %d to %d from %d requests, at most %d",
                       o->least, o->most, o->capacity, MAX_CAPACITY);
    if (!(o->wait_ms >= 0) || !(o->age_ms >= 0))
        return gd_fail(err, GD_ERR_ARG, "a batch that waits %g ms, and ages in %g ms",
                       o->wait_ms, o->age_ms);
    gd_batcher *b = gd_mem_get_zero(sizeof *b);
    if (!b) return gd_fail(err, GD_ERR_NOMEM, "no memory for a batcher");
    b->o = *o;
    if (pthread_mutex_init(&b->lock, NULL) || gd_wait_init(&b->came) ||
        gd_wait_init(&b->went) || gd_wait_init(&b->done)) {
        gd_mem_put(b);
        return gd_fail(err, GD_ERR_NOMEM, "no lock for a batcher");
    }
    *out = b;
    return GD_OK;
}

void gd_batcher_close(gd_batcher *b) {
    if (!b) return;
    (void)pthread_cond_destroy(&b->done);
    (void)pthread_cond_destroy(&b->went);
    (void)pthread_cond_destroy(&b->came);
    (void)pthread_mutex_destroy(&b->lock);
    gd_mem_put(b);
}

/* ---- the list ---------------------------------------------------------------------------- */

static void append(gd_batcher *b, gd_request *r) {
    r->state = WAITING;
    r->next = NULL;
    r->prev = b->last;
    *(b->last ? &b->last->next : &b->first) = r;
    b->last = r;
    if (++b->stats.waiting > b->stats.waiting_most) b->stats.waiting_most = b->stats.waiting;
}

static void unlink_request(gd_batcher *b, gd_request *r, int state) {
    *(r->prev ? &r->prev->next : &b->first) = r->next;
    *(r->next ? &r->next->prev : &b->last) = r->prev;
    r->prev = r->next = NULL;
    r->state = state;
    b->stats.waiting--;
    (void)pthread_cond_broadcast(&b->went);
}

/* ---- choosing ---------------------------------------------------------------------------- */

/* Whether x goes before y, which stands after it in the list. */
static bool goes_first(const gd_batcher *b, const gd_request *x, const gd_request *y,
                       double now) {
    const bool old_x = b->o.age_ms > 0 && now - x->put_ms >= b->o.age_ms;
    /* y is younger: if it has aged, so has x. */
    return old_x || x->priority >= y->priority;
}

/* Whether the requests of r's key may go, r being the oldest of them; lowers *deadline to when
 * they may go at last. */
static bool is_ready(const gd_batcher *b, const gd_request *r, double now, double *deadline) {
    int n = 0;
    if (b->draining || now - r->put_ms >= b->o.wait_ms) return true;
    for (const gd_request *q = r; q && n < b->o.least; q = q->next) n += q->key == r->key;
    if (n >= b->o.least) return true;
    const double at = r->put_ms + b->o.wait_ms;
    if (*deadline < 0 || at < *deadline) *deadline = at;
    return false;
}

static bool is_oldest_of_key(const gd_request *r) {
    for (const gd_request *q = r->prev; q; q = q->prev)
        if (q->key == r->key) return false;
    return true;
}

/* The best request among keys that may go; NULL when none may before *deadline. */
static const gd_request *choose(const gd_batcher *b, double now, double *deadline) {
    const gd_request *best = NULL;
    *deadline = -1;
    if (b->o.least == 1) { /* every key may go: one pass */
        for (const gd_request *r = b->first; r; r = r->next)
            if (!best || !goes_first(b, best, r, now)) best = r;
        return best;
    }
    /* Within a key the list is in order of age, so the best of all keys is looked for among
     * those that follow a ready oldest one. */
    for (const gd_request *r = b->first; r; r = r->next) {
        if (!is_oldest_of_key(r) || !is_ready(b, r, now, deadline)) continue;
        const gd_request *top = r;
        for (const gd_request *q = r->next; q; q = q->next)
            if (q->key == r->key && !goes_first(b, top, q, now)) top = q;
        /* Of two keys neither's best need be the older one in the list. */
        if (!best || (top->put_ms < best->put_ms ? goes_first(b, top, best, now)
                                                 : !goes_first(b, best, top, now)))
            best = top;
    }
    return best;
}

/* The best `most` of a key leave the list, best first. */
static int collect(gd_batcher *b, uint64_t key, double now, gd_request **out) {
    int n = 0;
    for (gd_request *r = b->first; r; r = r->next) {
        if (r->key != key) continue;
        int at = n < b->o.most ? n++ : b->o.most;
        for (; at > 0 && !goes_first(b, out[at - 1], r, now); at--)
            if (at < b->o.most) out[at] = out[at - 1];
        if (at < b->o.most) out[at] = r;
    }
    for (int i = 0; i < n; i++) {
        unlink_request(b, out[i], RUNNING);
        out[i]->taken_ms = now;
        out[i]->batch = n;
        gd_latency_add(&b->wait, now - out[i]->put_ms);
    }
    b->stats.taken += (uint64_t)n;
    b->stats.batches++;
    return n;
}

/* ---- in and out -------------------------------------------------------------------------- */

gd_passed gd_batcher_put(gd_batcher *b, gd_request *r, double wait_ms) {
    const double deadline = gd_wait_deadline(wait_ms);
    gd_passed    p = GD_PASSED;
    (void)pthread_mutex_lock(&b->lock);
    GD_ASSERT(r->state == NONE || r->state == DONE);
    while (!b->aborted && !b->draining && b->stats.waiting >= b->o.capacity && p == GD_PASSED)
        if (!gd_wait_until(&b->went, &b->lock, deadline)) p = GD_TIME_OUT;
    if (b->aborted || b->draining) p = GD_ENDED;
    if (p == GD_PASSED) {
        r->put_ms = gd_pipeline_now_ms();
        r->taken_ms = r->done_ms = r->latency_ms = 0;
        r->batch = 0;
        append(b, r);
        b->stats.put++;
        (void)pthread_cond_broadcast(&b->came);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return p;
}

gd_passed gd_batcher_take(gd_batcher *b, gd_request **out, int *n, double wait_ms) {
    const double limit = gd_wait_deadline(wait_ms);
    gd_passed    p = GD_TIME_OUT;
    *n = 0;
    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        double            ready_at = -1;
        const double      now = gd_pipeline_now_ms();
        const gd_request *r = b->aborted ? NULL : choose(b, now, &ready_at);
        if (r) {
            *n = collect(b, r->key, now, out);
            p = GD_PASSED;
            break;
        }
        if (b->aborted || b->draining) {
            p = GD_ENDED;
            break;
        }
        if (limit >= 0 && now >= limit) break;
        const bool sooner = ready_at >= 0 && (limit < 0 || ready_at < limit);
        (void)gd_wait_until(&b->came, &b->lock, sooner ? ready_at : limit);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return p;
}

void gd_batcher_done(gd_batcher *b, gd_request *r) {
    (void)pthread_mutex_lock(&b->lock);
    GD_ASSERT(r->state == RUNNING);
    r->done_ms = gd_pipeline_now_ms();
    r->latency_ms = r->done_ms - r->put_ms;
    r->state = DONE;
    b->stats.done++;
    gd_latency_add(&b->whole, r->latency_ms);
    (void)pthread_cond_broadcast(&b->done);
    (void)pthread_mutex_unlock(&b->lock);
}

gd_passed gd_batcher_wait(gd_batcher *b, gd_request *r, double wait_ms) {
    const double deadline = gd_wait_deadline(wait_ms);
    gd_passed    p = GD_PASSED;
    (void)pthread_mutex_lock(&b->lock);
    while (r->state != DONE && p == GD_PASSED) {
        if (r->state == NONE || (b->aborted && r->state == WAITING))
            p = GD_ENDED;
        else if (!gd_wait_until(&b->done, &b->lock, deadline))
            p = GD_TIME_OUT;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return p;
}

gd_request *gd_batcher_drop_oldest(gd_batcher *b, int lane) {
    (void)pthread_mutex_lock(&b->lock);
    gd_request *r = b->first;
    while (r && r->lane != lane) r = r->next;
    if (r) {
        unlink_request(b, r, NONE);
        b->stats.dropped++;
        (void)pthread_cond_broadcast(&b->done);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return r;
}

gd_request *gd_batcher_rest(gd_batcher *b) {
    (void)pthread_mutex_lock(&b->lock);
    gd_request *r = b->aborted ? b->first : NULL;
    if (r) unlink_request(b, r, NONE);
    (void)pthread_mutex_unlock(&b->lock);
    return r;
}

static void wake_all(gd_batcher *b) {
    (void)pthread_cond_broadcast(&b->came);
    (void)pthread_cond_broadcast(&b->went);
    (void)pthread_cond_broadcast(&b->done);
    (void)pthread_mutex_unlock(&b->lock);
}

void gd_batcher_drain(gd_batcher *b) {
    (void)pthread_mutex_lock(&b->lock);
    b->draining = true;
    wake_all(b);
}

void gd_batcher_abort(gd_batcher *b) {
    (void)pthread_mutex_lock(&b->lock);
    b->aborted = true;
    wake_all(b);
}

void gd_batcher_stats_get(gd_batcher *b, gd_batcher_stats *out) {
    (void)pthread_mutex_lock(&b->lock);
    *out = b->stats;
    out->batch_mean = b->stats.batches ? (double)b->stats.taken / (double)b->stats.batches : 0;
    gd_latency_stats_get(&b->wait, &out->wait);
    gd_latency_stats_get(&b->whole, &out->whole);
    (void)pthread_mutex_unlock(&b->lock);
}
