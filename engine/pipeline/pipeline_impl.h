/* pipeline_impl.h -- what the files of the pipeline share: slots, lanes, workers. */
#ifndef GD_ENGINE_PIPELINE_PIPELINE_IMPL_H
#define GD_ENGINE_PIPELINE_PIPELINE_IMPL_H

#include "engine/pipeline/batcher.h"
#include "engine/pipeline/wait.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A picture on its way, with room for what comes of it:
 *
 *     FREE -> FILLING -> PENDING (waits, runs) -> DONE -> HELD -> FREE
 *          room       submit                   run     get     release */
typedef enum gd_slot_state {
    GD_SLOT_FREE,
    GD_SLOT_FILLING,
    GD_SLOT_PENDING,
    GD_SLOT_DONE,
    GD_SLOT_HELD
} gd_slot_state;

typedef struct gd_slot {
    gd_frame        frame; /* first: what callers hold is the slot */
    gd_request      request;
    gd_slot_state   state;
    uint64_t        order; /* of submission, over all sources */
    struct gd_slot *next;  /* of the same source, submitted later */
    uint8_t        *rgb;   /* pinned by the first session */
    size_t          rgb_size;
    gd_detection   *det;
    gd_class_score *cls;
    uint8_t        *map;
    int32_t        *count;
    int             cap_det, cap_cls, cap_map, cap_count;
} gd_slot;

/* One source: its slots, and those submitted and not yet given out, oldest first. */
typedef struct gd_lane_list {
    gd_slot *slot, *first, *last;
} gd_lane_list;

typedef struct gd_worker {
    struct gd_pipeline *p;
    gd_session         *session;
    pthread_mutex_t     running; /* the session is used by one thread at a time */
    pthread_t           id;
    bool                started;
    double              busy_ms, device_ms; /* under the pipeline's lock */
    gd_latency          run;
    /* of the run under way */
    gd_request *batch[64];
    gd_image    image[64];
    gd_result   result[64];
} gd_worker;

enum { GD_PIPELINE_SESSIONS = 64, GD_PIPELINE_BATCH = 64, GD_PIPELINE_SOURCES = 1024 };

struct gd_pipeline {
    gd_pipeline_options o; /* what was 0 is filled in */
    bool                on_gpu;
    pthread_mutex_t     lock; /* taken before the batcher's own */
    pthread_cond_t      freed, done;
    gd_batcher         *batcher;
    gd_worker          *worker; /* [o.sessions] */
    gd_lane_list       *lane;   /* [o.sources] */
    gd_slot            *slot;   /* [o.sources * o.depth] */
    int                 n_slots;
    bool                drained, stopped;
    gd_status           failed; /* of the device: nothing runs any more */
    gd_error            error;
    int                 batch_limit; /* lower than batch_max once memory did not suffice */
    uint64_t            n_submitted, n_done, n_dropped, n_failed, n_runs, n_ran;
    double              submit_wait_ms, get_wait_ms, first_ms, last_ms;
};

/* Grows the slot's room for a picture. The slot is the caller's alone (FILLING). */
gd_status gd_slot_reserve(gd_pipeline *p, gd_slot *s, size_t size, gd_error *err) GD_MUST_CHECK;
/* Copies a result of a session into the slot. */
gd_status gd_slot_keep(const gd_pipeline *p, gd_slot *s, const gd_result *r,
                       gd_error *err) GD_MUST_CHECK;
/* The thread of a session; arg: its gd_worker. */
void *gd_worker_main(void *arg);
/* Pictures that run together when n are there: the whole batch, or a power of two; fewer than
 * before when memory did not suffice for them. */
int  gd_pipeline_part(gd_pipeline *p, int n);
void gd_pipeline_limit(gd_pipeline *p, int most);

#ifdef __cplusplus
}
#endif

#endif
