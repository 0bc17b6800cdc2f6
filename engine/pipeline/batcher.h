/* batcher.h -- dynamic batching: single requests go in, batches of like requests come out.
 *
 * A batch is ready for a worker that asks when
 *   - `least` requests of one key wait (they go at once: no worker idles for a fuller batch;
 *     while all are busy, up to `most` gather), or
 *   - one of them has waited `wait_ms`, or the batcher is being drained.
 * The first request of a batch is the one of the highest priority, the oldest among equals; one
 * that has waited `age_ms` comes before all priorities, so that none starves. The rest of the
 * batch are those of the same key, by the same rule.
 *
 * Requests belong to the caller, who embeds gd_request in something larger; the batcher links
 * them and allocates nothing after it was opened. Any number of threads may put, take and wait.
 *
 *     put -> waiting -> take -> running -> gd_batcher_done -> gd_batcher_wait returns */
#ifndef GD_ENGINE_PIPELINE_BATCHER_H
#define GD_ENGINE_PIPELINE_BATCHER_H

#include <stdbool.h>

#include "engine/pipeline/latency.h"
#include "engine/pipeline/queue.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_batcher gd_batcher;

typedef struct gd_request {
    /* set by the caller */
    int64_t  id;
    uint64_t key;      /* only equal keys share a batch (the network's shape, say) */
    int      lane;     /* whose it is: gd_batcher_drop_oldest */
    int      priority; /* higher goes first */
    void    *user;
    /* set by the batcher; times of gd_pipeline_now_ms */
    double             put_ms, taken_ms, done_ms;
    double             latency_ms; /* done - put */
    int                batch;      /* requests that were taken together */
    int                state;      /* 0: none of these; 1: waiting; 2: running; 3: done */
    struct gd_request *prev, *next;
} gd_request;

typedef struct gd_batcher_options {
    int    least, most; /* requests in a batch; 1 <= least <= most <= capacity */
    double wait_ms;     /* longest wait for `least`; >= 0 */
    double age_ms;      /* 0: priorities are never overruled */
    int    capacity;    /* waiting requests, at most */
} gd_batcher_options;

typedef struct gd_batcher_stats {
    uint64_t         put, taken, done, dropped, batches;
    int              waiting, waiting_most;
    double           batch_mean;
    gd_latency_stats wait;  /* from put to taken */
    gd_latency_stats whole; /* from put to done */
} gd_batcher_stats;

gd_status gd_batcher_open(const gd_batcher_options *o, gd_batcher **out,
                          gd_error *err) GD_MUST_CHECK;
void      gd_batcher_close(gd_batcher *b);

/* The request is the batcher's until it is taken, dropped or handed back by gd_batcher_rest. */
gd_passed gd_batcher_put(gd_batcher *b, gd_request *r, double wait_ms);
/* Fills out[0 .. *n), *n <= most; GD_ENDED when it is drained and empty, or aborted. */
gd_passed gd_batcher_take(gd_batcher *b, gd_request **out, int *n, double wait_ms);
/* The work on a taken request is over. */
void gd_batcher_done(gd_batcher *b, gd_request *r);
/* Waits until one request is done. */
gd_passed gd_batcher_wait(gd_batcher *b, gd_request *r, double wait_ms);
/* Takes back the oldest waiting request of a lane; NULL when none waits. Counted. */
gd_request *gd_batcher_drop_oldest(gd_batcher *b, int lane);

/* No more will be put; what waits goes out without waiting for `least`. */
void gd_batcher_drain(gd_batcher *b);
/* Nothing goes in or out any more; all waiting ends. */
void gd_batcher_abort(gd_batcher *b);
/* Takes back one waiting request after an abort; NULL when there is none. */
gd_request *gd_batcher_rest(gd_batcher *b);

void gd_batcher_stats_get(gd_batcher *b, gd_batcher_stats *out);

#ifdef __cplusplus
}
#endif
#endif
