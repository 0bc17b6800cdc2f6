/* queue.c -- a ring indexed by ticket, under one lock; see queue.h. */
#include "engine/pipeline/queue.h"

#include "engine/mem.h"
#include "engine/pipeline/wait.h"

enum { MAX_CAPACITY = 1 << 20 };

typedef enum place_state { VACANT, FILLED, SKIPPED } place_state;

typedef struct place {
    void       *item;
    place_state state;
} place;

struct gd_queue {
    pthread_mutex_t lock;
    pthread_cond_t  came, went, turn; /* an item; room; the end of another's gathering */
    uint64_t        capacity;
    uint64_t        head; /* ticket that is taken next; place head % capacity is its own */
    uint64_t        tail; /* ticket that gd_queue_put gives next */
    uint64_t        cut;
    bool            ended, aborted, gathering;
    gd_queue_stats  stats;
    double          opened_ms, changed_ms, area; /* length over time */
    place           at[];
};

gd_status gd_queue_open(int capacity, gd_queue **out, gd_error *err) {
    *out = NULL;
    if (capacity < 1 || capacity > MAX_CAPACITY)
        return gd_fail(err, GD_ERR_ARG, "queue for %d items, wanted 1 to %d", capacity,
                       MAX_CAPACITY);
    gd_queue *q = gd_mem_get_zero(sizeof *q + (size_t)capacity * sizeof(place));
    if (!q) return gd_fail(err, GD_ERR_NOMEM, "no memory for a queue of %d items", capacity);
    q->capacity = (uint64_t)capacity;
    q->cut = UINT64_MAX;
    q->opened_ms = q->changed_ms = gd_pipeline_now_ms();
    if (pthread_mutex_init(&q->lock, NULL) || gd_wait_init(&q->came) ||
        gd_wait_init(&q->went) || gd_wait_init(&q->turn)) {
        gd_mem_put(q);
        return gd_fail(err, GD_ERR_NOMEM, "no lock for a queue");
    }
    *out = q;
    return GD_OK;
}

void gd_queue_close(gd_queue *q) {
    if (!q) return;
    (void)pthread_cond_destroy(&q->turn);
    (void)pthread_cond_destroy(&q->went);
    (void)pthread_cond_destroy(&q->came);
    (void)pthread_mutex_destroy(&q->lock);
    gd_mem_put(q);
}

static place *place_of(gd_queue *q, uint64_t ticket) { return &q->at[ticket % q->capacity]; }

static void change_length(gd_queue *q, int by) {
    const double now = gd_pipeline_now_ms();
    q->area += q->stats.length * (now - q->changed_ms);
    q->changed_ms = now;
    q->stats.length += by;
    if (q->stats.length > q->stats.most) q->stats.most = q->stats.length;
}

/* Passes over tickets that came to nothing, then tells takers and putters. */
static void settle(gd_queue *q) {
    while (place_of(q, q->head)->state == SKIPPED) {
        place_of(q, q->head)->state = VACANT;
        q->head++;
    }
    (void)pthread_cond_broadcast(&q->came);
    (void)pthread_cond_broadcast(&q->went);
}

static void store(gd_queue *q, uint64_t ticket, void *item) {
    place *p = place_of(q, ticket);
    GD_ASSERT(p->state == VACANT && ticket >= q->head);
    p->item = item;
    p->state = item ? FILLED : SKIPPED;
    if (item) {
        q->stats.put++;
        change_length(q, 1);
    }
    if (ticket == q->head) settle(q);
}

static void *remove_head(gd_queue *q) {
    place *p = place_of(q, q->head);
    void  *item = p->item;
    *p = (place){0};
    q->head++;
    change_length(q, -1);
    settle(q);
    return item;
}

/* Waits with the lock until *ticket has a place. */
static gd_passed wait_room(gd_queue *q, const uint64_t *ticket, double wait_ms) {
    const double deadline = gd_wait_deadline(wait_ms);
    for (;;) {
        if (q->aborted || q->ended || *ticket >= q->cut) return GD_ENDED;
        if (*ticket < q->head + q->capacity) return GD_PASSED;
        if (!gd_wait_until(&q->went, &q->lock, deadline)) return GD_TIME_OUT;
    }
}

gd_passed gd_queue_put(gd_queue *q, void *item, double wait_ms) {
    (void)pthread_mutex_lock(&q->lock);
    /* The ticket is read anew after each wait: other putters may have come in between. */
    const gd_passed p = wait_room(q, &q->tail, wait_ms);
    if (p == GD_PASSED) store(q, q->tail++, item);
    (void)pthread_mutex_unlock(&q->lock);
    return p;
}

gd_passed gd_queue_put_at(gd_queue *q, uint64_t ticket, void *item, double wait_ms) {
    (void)pthread_mutex_lock(&q->lock);
    const gd_passed p = wait_room(q, &ticket, wait_ms);
    if (p == GD_PASSED) store(q, ticket, item);
    (void)pthread_mutex_unlock(&q->lock);
    return p;
}

gd_passed gd_queue_put_latest(gd_queue *q, void *item, void **dropped) {
    gd_passed p = GD_ENDED;
    *dropped = NULL;
    (void)pthread_mutex_lock(&q->lock);
    if (!q->aborted && !q->ended && q->tail < q->cut) {
        p = GD_PASSED;
        if (q->tail >= q->head + q->capacity) {
            *dropped = remove_head(q);
            q->stats.dropped++;
        }
        store(q, q->tail++, item);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return p;
}

static bool has_item(gd_queue *q) {
    return q->head < q->cut && place_of(q, q->head)->state == FILLED;
}

/* Waits with the lock for an item and for the turn to take it. */
static gd_passed wait_item(gd_queue *q, double deadline) {
    for (;;) {
        if (q->aborted) return GD_ENDED;
        if (!q->gathering) {
            if (has_item(q)) return GD_PASSED;
            if (q->ended || q->head >= q->cut) return GD_ENDED;
        }
        if (!gd_wait_until(q->gathering ? &q->turn : &q->came, &q->lock, deadline))
            return GD_TIME_OUT;
    }
}

gd_passed gd_queue_take(gd_queue *q, void **item, double wait_ms) {
    *item = NULL;
    (void)pthread_mutex_lock(&q->lock);
    const gd_passed p = wait_item(q, gd_wait_deadline(wait_ms));
    if (p == GD_PASSED) {
        *item = remove_head(q);
        q->stats.taken++;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return p;
}

gd_passed gd_queue_take_some(gd_queue *q, void **items, int max, double more_ms,
                             uint64_t *counter, uint64_t *first, int *n) {
    *n = 0;
    (void)pthread_mutex_lock(&q->lock);
    const gd_passed p = wait_item(q, -1);
    if (p == GD_PASSED) {
        const double deadline = gd_wait_deadline(more_ms > 0 ? more_ms : 0);
        q->gathering = true;
        for (;;) {
            while (*n < max && has_item(q)) items[(*n)++] = remove_head(q);
            if (*n == max || q->ended || q->aborted || q->head >= q->cut) break;
            if (!gd_wait_until(&q->came, &q->lock, deadline)) break;
        }
        q->gathering = false;
        q->stats.taken += (uint64_t)*n;
        if (counter) {
            *first = *counter;
            *counter += (uint64_t)*n;
        }
        (void)pthread_cond_broadcast(&q->turn);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return p;
}

static void wake_all(gd_queue *q) {
    (void)pthread_cond_broadcast(&q->came);
    (void)pthread_cond_broadcast(&q->went);
    (void)pthread_cond_broadcast(&q->turn);
    (void)pthread_mutex_unlock(&q->lock);
}

void gd_queue_end(gd_queue *q) {
    (void)pthread_mutex_lock(&q->lock);
    q->ended = true;
    wake_all(q);
}

void gd_queue_cut(gd_queue *q, uint64_t ticket) {
    (void)pthread_mutex_lock(&q->lock);
    if (ticket < q->cut) q->cut = ticket;
    wake_all(q);
}

void gd_queue_abort(gd_queue *q) {
    (void)pthread_mutex_lock(&q->lock);
    q->aborted = true;
    wake_all(q);
}

void *gd_queue_rest(gd_queue *q) {
    void *item = NULL;
    (void)pthread_mutex_lock(&q->lock);
    for (uint64_t i = 0; i < q->capacity && !item; i++) {
        if (q->at[i].state != FILLED) continue;
        item = q->at[i].item;
        q->at[i] = (place){0};
        change_length(q, -1);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return item;
}

void gd_queue_stats_get(gd_queue *q, gd_queue_stats *out) {
    (void)pthread_mutex_lock(&q->lock);
    change_length(q, 0);
    *out = q->stats;
    const double span = q->changed_ms - q->opened_ms;
    out->mean = span > 0 ? q->area / span : 0;
    (void)pthread_mutex_unlock(&q->lock);
}
