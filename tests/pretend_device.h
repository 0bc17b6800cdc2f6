/* pretend_device.h -- a device made of host memory, for tests of what runs on a device.
 *
 * Its memory is blocks of their own, filled with NaN bytes when they are made, and no
 * address of it may be used as a host address or the other way round. Its lanes are queues
 * that are worked off as late as possible, so an order, a sync or an upload that was
 * forgotten shows as wrong numbers; a lane that is `eager` works at once, for the opposite
 * mistake. Recorded work is run at replay with the addresses it was recorded with.
 *
 * The n-th call can be made to fail (fail_at, once or from then on). Its own memory comes
 * from malloc, so that the meters of gd_mem see the code under test alone. */
#ifndef GD_TESTS_PRETEND_DEVICE_H
#define GD_TESTS_PRETEND_DEVICE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/device.h"

typedef gd_status (*pretend_call)(void *ctx, gd_error *err);

typedef struct pretend_item {
    enum { PRETEND_COPY, PRETEND_FILL, PRETEND_WAIT, PRETEND_CALL } kind;
    void        *dst; /* WAIT: unused */
    const void  *src;
    size_t       size;
    int          byte; /* of FILL; the other lane of WAIT */
    long         upto; /* WAIT: items of that lane which must be done */
    pretend_call call;
    void        *owned; /* staged source of a copy or context of a call; freed when done */
} pretend_item;

typedef struct pretend_queue {
    pretend_item *item;
    long          n, cap, done;
} pretend_queue;

typedef struct pretend_block {
    struct pretend_block *next;
    size_t                size;
    bool                  pinned;
    unsigned char        *data;
} pretend_block;

typedef struct pretend {
    gd_device      head;
    pretend_queue  lane[GD_N_LANE];
    bool           eager[GD_N_LANE];
    pretend_queue *recording; /* NULL: not between capture and captured */
    pretend_block *block;
    long           n_graph, n_block, n_launch;
    long           n_call, fail_at; /* 0: none */
    bool           fail_on;         /* from then on, not once */
    gd_status      fail_with;
    bool           lost;
    gd_error       fault; /* what surfaces at the next sync */
} pretend;

static inline pretend *pretend_of(gd_device *d) { return (pretend *)d; }

static inline void *pretend_new(size_t size) {
    void *p = calloc(1, size ? size : 1);
    if (!p) abort();
    return p;
}

/* ---- queues ------------------------------------------------------------------------------ */

static inline void pretend_drain(pretend *d, int lane, long upto);

static inline pretend_block *pretend_find(pretend *d, const void *p, size_t size) {
    for (pretend_block *b = d->block; b; b = b->next)
        if ((const unsigned char *)p >= b->data &&
            (const unsigned char *)p + size <= b->data + b->size)
            return b;
    return NULL;
}

/* Memory that kernels may touch. */
static inline bool pretend_on_device(pretend *d, const void *p, size_t size) {
    const pretend_block *b = pretend_find(d, p, size);
    return b && !b->pinned;
}

static inline void pretend_do(pretend *d, const pretend_item *i) {
    gd_status st = GD_OK;
    gd_error  e = {0};
    if (d->lost) return;
    switch (i->kind) {
    case PRETEND_COPY: memcpy(i->dst, i->src, i->size); break;
    case PRETEND_FILL: memset(i->dst, i->byte, i->size); break;
    case PRETEND_WAIT: pretend_drain(d, i->byte, i->upto); break;
    case PRETEND_CALL: st = i->call(i->owned, &e); break;
    }
    if (st == GD_OK) return;
    d->lost = true;
    d->fault = e;
}

static inline void pretend_drain(pretend *d, int lane, long upto) {
    pretend_queue *q = &d->lane[lane];
    while (q->done < upto) {
        pretend_item      *i = &q->item[q->done++];
        const pretend_item now = *i; /* the queue may move while it works */
        i->owned = NULL;
        pretend_do(d, &now);
        free(now.owned);
    }
}

static inline void pretend_append(pretend_queue *q, const pretend_item *i) {
    if (q->n == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 64;
        q->item = realloc(q->item, (size_t)q->cap * sizeof *q->item);
        if (!q->item) abort();
    }
    q->item[q->n++] = *i;
}

static inline void pretend_push(pretend *d, int lane, const pretend_item *i) {
    if (d->recording && lane == GD_LANE_RUN) {
        pretend_append(d->recording, i);
        return;
    }
    pretend_append(&d->lane[lane], i);
    if (d->eager[lane]) pretend_drain(d, lane, d->lane[lane].n);
}

/* Queues a kernel: `ctx` is freed after it, or with the graph that it was recorded in. */
static inline void pretend_launch(gd_device *d, pretend_call call, void *ctx) {
    pretend_of(d)->n_launch++;
    pretend_push(pretend_of(d), GD_LANE_RUN,
                 &(pretend_item){.kind = PRETEND_CALL, .call = call, .owned = ctx});
}

/* ---- calls ------------------------------------------------------------------------------- */

static inline gd_status pretend_enter(gd_device *dev, const char *what, gd_error *err) {
    pretend *d = pretend_of(dev);
    if (d->lost && d->fault.msg[0] == '\0')
        return gd_fail_code(err, GD_ERR_DEVICE, 510, "%s: no work after a fault", what);
    d->n_call++;
    if (d->fail_at == 0 || d->n_call < d->fail_at || (d->n_call > d->fail_at && !d->fail_on))
        return GD_OK;
    if (d->fail_with == GD_ERR_DEVICE) d->lost = true;
    return gd_fail_code(err, d->fail_with, d->fail_with == GD_ERR_NOMEM ? 601 : 510,
                        "%s: made to fail (call %ld)", what, d->n_call);
}

static inline gd_status pretend_wrong(const char *what, gd_error *err) {
    return gd_fail(err, GD_ERR_ARG, "%s", what);
}

static inline gd_status pretend_get(gd_device *dev, size_t size, bool pinned, void **out) {
    pretend       *d = pretend_of(dev);
    pretend_block *b = pretend_new(sizeof *b);
    b->size = size;
    b->pinned = pinned;
    b->data = aligned_alloc(GD_DEVICE_ALIGN, (size + 255) / 256 * 256);
    if (!b->data) abort();
    memset(b->data, 0xff, size);
    b->next = d->block;
    d->block = b;
    d->n_block++;
    if (!pinned) dev->held += size;
    if (dev->held > dev->peak) dev->peak = dev->held;
    *out = b->data;
    return GD_OK;
}

static inline gd_status pretend_alloc(gd_device *dev, size_t size, void **out, gd_error *err) {
    GD_TRY(pretend_enter(dev, "alloc", err));
    if (dev->limit && size > dev->limit - (dev->held < dev->limit ? dev->held : dev->limit))
        return gd_fail_code(err, GD_ERR_NOMEM, 601, "no memory for %zu bytes (%zu held)", size,
                            dev->held);
    return pretend_get(dev, size, false, out);
}

static inline gd_status pretend_pin(gd_device *dev, size_t size, void **out, gd_error *err) {
    GD_TRY(pretend_enter(dev, "pin", err));
    return pretend_get(dev, size, true, out);
}

static inline void pretend_release(gd_device *dev, void *p) {
    pretend *d = pretend_of(dev);
    for (int i = 0; i < GD_N_LANE; i++) pretend_drain(d, i, d->lane[i].n);
    for (pretend_block **at = &d->block; *at; at = &(*at)->next) {
        pretend_block *b = *at;
        if (b->data != p) continue;
        *at = b->next;
        if (!b->pinned) dev->held -= b->size;
        free(b->data);
        free(b);
        d->n_block--;
        return;
    }
    abort(); /* not a block: what runs under the test has lost count */
}

static inline bool pretend_pinned(gd_device *dev, const void *p) {
    const pretend_block *b = pretend_find(pretend_of(dev), p, 1);
    return b && b->pinned;
}

static inline gd_status pretend_upload(gd_device *dev, gd_lane lane, void *dst, const void *src,
                                       size_t size, gd_error *err) {
    pretend     *d = pretend_of(dev);
    pretend_item i = {.kind = PRETEND_COPY, .dst = dst, .src = src, .size = size};
    GD_TRY(pretend_enter(dev, "upload", err));
    if (!pretend_on_device(d, dst, size) || pretend_on_device(d, src, 1))
        return pretend_wrong("upload: wrong side of memory", err);
    if (!pretend_pinned(dev, src)) {
        i.owned = pretend_new(size);
        memcpy(i.owned, src, size);
        i.src = i.owned;
    }
    pretend_push(d, (int)lane, &i);
    return GD_OK;
}

static inline gd_status pretend_upload_rows(gd_device *dev, gd_lane lane, const gd_rows *r,
                                            gd_error *err) {
    if (r->bytes > r->dst_step || r->bytes > r->src_step)
        return pretend_wrong("upload: rows overlap", err);
    for (size_t i = 0; i < r->n; i++)
        GD_TRY(pretend_upload(dev, lane, (char *)r->dst + i * r->dst_step,
                              (const char *)r->src + i * r->src_step, r->bytes, err));
    return GD_OK;
}

static inline gd_status pretend_download(gd_device *dev, gd_lane lane, void *dst,
                                         const void *src, size_t size, gd_error *err) {
    pretend *d = pretend_of(dev);
    GD_TRY(pretend_enter(dev, "download", err));
    if (!pretend_on_device(d, src, size) || pretend_on_device(d, dst, 1))
        return pretend_wrong("download: wrong side of memory", err);
    pretend_push(d, (int)lane,
                 &(pretend_item){.kind = PRETEND_COPY, .dst = dst, .src = src, .size = size});
    return GD_OK;
}

static inline gd_status pretend_copy(gd_device *dev, gd_lane lane, void *dst, const void *src,
                                     size_t size, gd_error *err) {
    pretend *d = pretend_of(dev);
    GD_TRY(pretend_enter(dev, "copy", err));
    if (!pretend_on_device(d, dst, size) || !pretend_on_device(d, src, size))
        return pretend_wrong("copy: wrong side of memory", err);
    pretend_push(d, (int)lane,
                 &(pretend_item){.kind = PRETEND_COPY, .dst = dst, .src = src, .size = size});
    return GD_OK;
}

static inline gd_status pretend_fill(gd_device *dev, gd_lane lane, void *dst, int byte,
                                     size_t size, gd_error *err) {
    GD_TRY(pretend_enter(dev, "fill", err));
    if (!pretend_on_device(pretend_of(dev), dst, size))
        return pretend_wrong("fill: not device memory", err);
    pretend_push(pretend_of(dev), (int)lane,
                 &(pretend_item){.kind = PRETEND_FILL, .dst = dst, .byte = byte, .size = size});
    return GD_OK;
}

static inline gd_status pretend_order(gd_device *dev, gd_lane before, gd_lane after,
                                      gd_error *err) {
    pretend *d = pretend_of(dev);
    GD_TRY(pretend_enter(dev, "order", err));
    if (d->recording) return pretend_wrong("order: not while recording", err);
    pretend_push(
        d, (int)after,
        &(pretend_item){.kind = PRETEND_WAIT, .byte = (int)before, .upto = d->lane[before].n});
    return GD_OK;
}

static inline gd_status pretend_sync(gd_device *dev, gd_lane lane, gd_error *err) {
    pretend *d = pretend_of(dev);
    GD_TRY(pretend_enter(dev, "sync", err));
    if (d->recording) return pretend_wrong("sync: not while recording", err);
    pretend_drain(d, (int)lane, d->lane[lane].n);
    if (!d->lost) return GD_OK;
    const gd_status st = gd_fail_code(err, GD_ERR_DEVICE, 510, "sync: %s", d->fault.msg);
    memset(&d->fault, 0, sizeof d->fault);
    return st;
}

static inline gd_status pretend_mark(gd_device *dev, gd_lane lane, int i, gd_error *err) {
    (void)lane;
    (void)i;
    return pretend_enter(dev, "mark", err);
}

static inline gd_status pretend_elapsed(gd_device *dev, int from, int to, double *ms,
                                        gd_error *err) {
    *ms = to - from;
    return pretend_enter(dev, "elapsed", err);
}

#include "tests/pretend_graph.h"

#endif
