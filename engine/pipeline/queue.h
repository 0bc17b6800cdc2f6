/* queue.h -- a bounded queue between threads that hands out by ticket, in order.
 *
 *     put at 5 -> [ 3 | . | 5 | skip ] -> take: 3, then waits for 4
 *                   head
 *
 * A ticket is a place in the order: 0, 1, 2, ... Workers that finish out of order put at the
 * ticket they were given, and the taker sees the order restored; a ticket that comes to
 * nothing is put as NULL and passed over. A plain queue is the same with tickets given by
 * gd_queue_put.
 *
 * Waiting is bounded by the caller (milliseconds; < 0: for ever) and ends at once when the
 * queue is aborted. Nothing is allocated after gd_queue_open. Any number of threads may use a
 * queue. */
#ifndef GD_ENGINE_PIPELINE_QUEUE_H
#define GD_ENGINE_PIPELINE_QUEUE_H

#include <stdbool.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_queue gd_queue;

typedef enum gd_passed {
    GD_PASSED,   /* done */
    GD_TIME_OUT, /* not in time; nothing was changed */
    GD_ENDED     /* never again: ended and empty, cut, or aborted */
} gd_passed;

typedef struct gd_queue_stats {
    uint64_t put, taken, dropped; /* items; dropped: by gd_queue_put_latest */
    int      length, most;        /* now, and at most so far */
    double   mean;                /* length over time since the queue was opened */
} gd_queue_stats;

/* `capacity` items at most (1 .. 2^20). */
gd_status gd_queue_open(int capacity, gd_queue **out, gd_error *err) GD_MUST_CHECK;
/* Items left inside are the caller's: gd_queue_rest. No thread may be waiting. */
void gd_queue_close(gd_queue *q);

/* Behind all that was put so far. */
gd_passed gd_queue_put(gd_queue *q, void *item, double wait_ms);
/* At a ticket that was never put; NULL passes it over. Waits until the ticket is less than
 * `capacity` ahead of the next one taken. Not to be mixed with gd_queue_put. */
gd_passed gd_queue_put_at(gd_queue *q, uint64_t ticket, void *item, double wait_ms);
/* Never waits: a full queue gives up its oldest item, *dropped (else NULL), whose place in the
 * order is gone. */
gd_passed gd_queue_put_latest(gd_queue *q, void *item, void **dropped);

gd_passed gd_queue_take(gd_queue *q, void **item, double wait_ms);
/* Waits for one item, then at most `more_ms` for up to `max` in all; fills items[0 .. *n).
 * Takers gather one after the other, so each gets neighbours. A counter (may be NULL) is raised
 * by *n in the same breath and *first gets its value before: the tickets of what was taken. */
gd_passed gd_queue_take_some(gd_queue *q, void **items, int max, double more_ms,
                             uint64_t *counter, uint64_t *first, int *n);

/* No more will be put: takers empty the queue, then get GD_ENDED. */
void gd_queue_end(gd_queue *q);
/* As if everything from `ticket` on had never been: what comes before is still taken. The
 * smallest cut counts. */
void gd_queue_cut(gd_queue *q, uint64_t ticket);
/* All waiting ends now, in both directions. */
void gd_queue_abort(gd_queue *q);
/* One item still inside, in any order, after an end, cut or abort; NULL when there is none. */
void *gd_queue_rest(gd_queue *q);

void gd_queue_stats_get(gd_queue *q, gd_queue_stats *out);

#ifdef __cplusplus
}
#endif
#endif
