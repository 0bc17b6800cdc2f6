/* ahead.c -- see ahead.h. Picture i waits in slot i % room. */
#include "tools/eval/ahead.h"

#include <pthread.h>
#include <time.h>

#include "engine/mem.h"

typedef struct slot {
    gd_picture picture;
    gd_error   error;
    gd_status  st;
    double     ms;
    bool       full;
} slot;

typedef struct worker {
    gd_ahead   *of;
    gd_decoder *decoder;
    pthread_t   thread;
} worker;

struct gd_ahead {
    gd_ahead_read   read;
    void           *ctx;
    slot           *slot;
    worker          worker[GD_AHEAD_THREADS];
    int             n_workers, room, n;
    int             taken, next; /* pictures given out, and begun */
    bool            stop;
    pthread_mutex_t lock; /* of `taken`, `next`, `stop` and slot.full */
    pthread_cond_t  change;
};

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void read_one(gd_ahead *a, int i, gd_decoder *d) {
    slot        *s = &a->slot[i % a->room];
    const double start = now_ms();
    s->error = (gd_error){0};
    s->st = a->read(a->ctx, i, d, &s->picture, &s->error);
    s->ms = now_ms() - start;
}

static void *work(void *ctx) {
    worker   *w = ctx;
    gd_ahead *a = w->of;
    (void)pthread_mutex_lock(&a->lock);
    for (;;) {
        while (!a->stop && a->next < a->n && a->next - a->taken >= a->room)
            (void)pthread_cond_wait(&a->change, &a->lock);
        if (a->stop || a->next >= a->n) break;
        const int i = a->next++;
        (void)pthread_mutex_unlock(&a->lock);
        read_one(a, i, w->decoder);
        (void)pthread_mutex_lock(&a->lock);
        a->slot[i % a->room].full = true;
        (void)pthread_cond_broadcast(&a->change);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

gd_status gd_ahead_open(gd_decoder *const *decoders, int n_decoders, int room, int n,
                        gd_ahead_read read, void *ctx, gd_ahead **out, gd_error *err) {
    gd_ahead *a = gd_mem_get_zero(sizeof *a);
    *out = NULL;
    if (n_decoders < 1 || n_decoders > GD_AHEAD_THREADS || room < 1) {
        gd_mem_put(a);
        return gd_fail(err, GD_ERR_ARG, "%d decoders, room for %d", n_decoders, room);
    }
    if (a) a->slot = gd_mem_array((size_t)room, sizeof *a->slot);
    if (!a || !a->slot) {
        gd_mem_put(a);
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d pictures", room);
    }
    a->read = read;
    a->ctx = ctx;
    a->room = room;
    a->n = n;
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->change, NULL);
    a->worker[0].decoder = decoders[0]; /* also for reading without a thread */
    for (int i = 0; i < n_decoders; i++) {
        a->worker[i].of = a;
        a->worker[i].decoder = decoders[i];
        if (pthread_create(&a->worker[i].thread, NULL, work, &a->worker[i]) != 0) break;
        a->n_workers++;
    }
    *out = a;
    return GD_OK;
}

void gd_ahead_close(gd_ahead *a) {
    if (!a) return;
    (void)pthread_mutex_lock(&a->lock);
    a->stop = true;
    (void)pthread_cond_broadcast(&a->change);
    (void)pthread_mutex_unlock(&a->lock);
    for (int i = 0; i < a->n_workers; i++) (void)pthread_join(a->worker[i].thread, NULL);
    for (int i = 0; i < a->room; i++) gd_picture_free(&a->slot[i].picture);
    (void)pthread_cond_destroy(&a->change);
    (void)pthread_mutex_destroy(&a->lock);
    gd_mem_put(a->slot);
    gd_mem_put(a);
}

gd_status gd_ahead_next(gd_ahead *a, gd_picture *picture, double *ms, gd_error *err) {
    const int i = a->taken;
    slot     *s = &a->slot[i % a->room];
    if (i >= a->n) return gd_fail(err, GD_ERR_ARG, "there are only %d pictures", a->n);
    if (!a->n_workers) read_one(a, i, a->worker[0].decoder);
    (void)pthread_mutex_lock(&a->lock);
    while (a->n_workers && !s->full) (void)pthread_cond_wait(&a->change, &a->lock);
    const gd_picture mine = *picture;
    *picture = s->picture;
    s->picture = mine; /* its buffer is used again */
    *ms = s->ms;
    const gd_status st = s->st;
    if (st != GD_OK && err) *err = s->error;
    s->full = false;
    a->taken++;
    (void)pthread_cond_broadcast(&a->change);
    (void)pthread_mutex_unlock(&a->lock);
    return st;
}
