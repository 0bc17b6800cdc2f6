/* chain_impl.h -- what the files of the chain share: its stages, its threads, its counts. */
#ifndef GD_ENGINE_PIPELINE_CHAIN_IMPL_H
#define GD_ENGINE_PIPELINE_CHAIN_IMPL_H

#include "engine/pipeline/chain.h"
#include "engine/pipeline/queue.h"
#include "engine/pipeline/wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_chain_part {
    gd_chain_stage spec;   /* defaults filled in */
    gd_queue      *in;     /* NULL: the source */
    uint64_t       ticket; /* of the next item taken; under the lock of `in` */
    int            running;
    uint64_t       items, calls, dropped;
    double         busy_ms, idle_ms, blocked_ms, max_ms;
} gd_chain_part;

typedef struct gd_chain_thread {
    gd_chain *c;
    pthread_t id;
    int       stage, worker;
} gd_chain_thread;

struct gd_chain {
    pthread_mutex_t  lock;  /* all below but the queues and tickets */
    pthread_cond_t   ended; /* and started */
    gd_queue        *empty; /* items that carry nothing */
    int              n;
    gd_chain_part    stage[GD_CHAIN_STAGES];
    gd_chain_thread *thread;
    int              n_thread, running;
    bool             started, stopping, aborted;
    gd_status        failed;
    gd_error         error;
    uint64_t         finished;
    double           start_ms, ended_ms;
};

#ifdef __cplusplus
}
#endif
#endif
