/* chain.h -- stages with threads of their own, joined by bounded queues.
 *
 *     items -> [source] -> queue -> [stage 1] -> queue -> ... -> [last stage] -> items again
 *
 * The chain owns no frames: the caller gives it `n_items` payloads (a frame with its buffers),
 * which go round. The source fills an empty one, each stage works on it, and behind the last
 * stage it is empty again. So memory is flat, and what is under way is bounded by n_items.
 *
 * A stage with one worker sees the items in the order of the source. A stage with several works
 * on several at once, and the next stage sees the order restored. A stage with `batch` > 1 is
 * given neighbours together.
 *
 * The end: the source says so, gd_chain_stop asks it to (both let everything under way finish),
 * a stage fails (what is ahead of the failed item finishes, the rest is dropped), or
 * gd_chain_abort (stages finish the call they are in, nothing else). */
#ifndef GD_ENGINE_PIPELINE_CHAIN_H
#define GD_ENGINE_PIPELINE_CHAIN_H

#include <stdbool.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_chain gd_chain;

enum { GD_CHAIN_STAGES = 16, GD_CHAIN_WORKERS = 64, GD_CHAIN_BATCH = 64 };

/* What a worker is called with. Items are in order; the source gets one empty item. */
typedef struct gd_chain_work {
    void **item;
    int    n;
    int    worker; /* 0 .. workers - 1: for state that each worker has for itself */
    bool  *drop;   /* [n] false; true: the item goes no further (and is empty again) */
    bool   end;    /* source only: nothing came, and nothing will; the item stays empty */
} gd_chain_work;

/* A failure ends the chain, with the text of err and the name of the stage as its cause. */
typedef gd_status gd_chain_run(void *ctx, gd_chain_work *work, gd_error *err);

typedef struct gd_chain_stage {
    const char   *name; /* "decode"; kept by address until the chain is closed */
    gd_chain_run *run;
    void         *ctx;
    int           workers;  /* threads: 1 (0: 1) .. GD_CHAIN_WORKERS; the source has 1 */
    int           batch;    /* items a call, at most: 1 (0: 1) .. GD_CHAIN_BATCH */
    double        batch_ms; /* longest wait for a batch to fill, once one item is there */
    int  queue;  /* room before this stage; 0: twice batch * workers. The source has none */
    bool latest; /* a full queue gives up its oldest item instead of holding up the stage
                  * before it (live sources); that stage must have one worker */
} gd_chain_stage;

typedef struct gd_chain_options {
    const gd_chain_stage *stage; /* stage[0] is the source */
    int                   n_stages;
    void                **items;   /* payloads, all empty; kept by the chain until its close */
    int                   n_items; /* at least 2 and more than the largest batch */
} gd_chain_options;

/* Starts every thread. */
gd_status gd_chain_open(const gd_chain_options *o, gd_chain **out, gd_error *err) GD_MUST_CHECK;
/* Aborts what still runs, and joins it. NULL is allowed. */
void gd_chain_close(gd_chain *c);

/* The source is not called again; what is under way finishes. Returns at once; any thread (but
 * no signal handler: let that set a flag, and poll gd_chain_wait). */
void gd_chain_stop(gd_chain *c);
/* Stages finish the call they are in, nothing else. Returns at once. */
void gd_chain_abort(gd_chain *c);
/* Waits until every stage has ended, at most `wait_ms` (< 0: for ever). *ended tells whether it
 * has; the first failure of a stage is returned. An abort alone is no failure. */
gd_status gd_chain_wait(gd_chain *c, double wait_ms, bool *ended, gd_error *err) GD_MUST_CHECK;

typedef struct gd_stage_stats {
    const char *name;
    int         workers;
    uint64_t    items, calls, dropped; /* worked on; dropped by the stage or before it */
    double      busy_ms;               /* inside run, all workers */
    double      idle_ms;               /* waiting for an item */
    double      blocked_ms;            /* waiting for room in the next queue */
    double      mean_ms, max_ms;       /* one call */
    double      utilisation;           /* busy share of workers * time: 0 .. 1 */
    int         queue, queue_most;     /* room before the stage, and its use: at most, */
    double      queue_mean;            /* and over time */
} gd_stage_stats;

typedef struct gd_chain_stats {
    int            n_stages;
    gd_stage_stats stage[GD_CHAIN_STAGES];
    double         seconds; /* since the start; until the end when it has ended */
    double         fps;     /* items that left the last stage, a second */
    uint64_t       finished;
    int            bottleneck;    /* index of the stage that sets the pace */
    char           sentence[256]; /* the same in words, with the figures that show it */
} gd_chain_stats;
/* At any time, also while it runs. */
void gd_chain_stats_get(gd_chain *c, gd_chain_stats *out);

#ifdef __cplusplus
}
#endif
#endif
