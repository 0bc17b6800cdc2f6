/* loader_impl.h -- the inside of a loader: loader.c keeps the threads, loader_fill.c makes a
 * batch. */
#ifndef GD_TOOLS_DATA_LOADER_IMPL_H
#define GD_TOOLS_DATA_LOADER_IMPL_H

#include <pthread.h>

#include "engine/pipeline/queue.h"
#include "tools/data/loader.h"
#include "tools/data/order.h"
#include "tools/media/picture.h"

typedef struct gd_loader_slot { /* a batch and the memory behind it */
    gd_batch  batch;
    gd_status st; /* of its making */
    gd_error  err;
} gd_loader_slot;

typedef struct gd_loader_worker {
    gd_loader  *l;
    pthread_t   thread;
    bool        started;
    gd_decoder *decoder;
    gd_picture  picture;
    gd_order    order;  /* each worker keeps the epoch that it is in */
    uint32_t   *chosen; /* [batch] */
    /* Of the batch under way. */
    gd_batch *b;
    uint32_t  position; /* of its first picture in the epoch */
    bool      tall;
} gd_loader_worker;

struct gd_loader {
    const gd_data    *data;
    gd_loader_options o;
    int64_t           cap; /* pixels that a picture has room for, a multiple of GD_LAYER_UNIT */
    uint32_t          batches;
    uint64_t          end; /* the first number that is not made; UINT64_MAX: never */
    gd_loader_slot   *slots;
    int               n_slots;
    gd_queue         *empty, *ready;
    uint64_t next; /* ticket of the next batch to be made; belongs to the queue `empty` */
    gd_loader_worker *workers;
    /* Shared by the workers. */
    pthread_mutex_t lock;
    bool            have_lock;
    gd_loader_stats stats;
    gd_data_report  report;
    uint8_t        *bad; /* [n_images]: counted already */
};

/* Makes batch `number` in the slot. */
gd_status gd_loader_fill(gd_loader_worker *w, uint64_t number, gd_loader_slot *s,
                         gd_error *err) GD_MUST_CHECK;

#endif
