/* pretend_graph.h -- the second half of pretend_device.h: recording, opening, closing. */
#ifndef GD_TESTS_PRETEND_GRAPH_H
#define GD_TESTS_PRETEND_GRAPH_H

#include "tests/pretend_device.h"

static inline gd_status pretend_capture(gd_device *dev, gd_error *err) {
    pretend *d = pretend_of(dev);
    GD_TRY(pretend_enter(dev, "capture", err));
    if (d->recording) return pretend_wrong("capture: twice", err);
    d->recording = pretend_new(sizeof *d->recording);
    return GD_OK;
}

static inline void pretend_free_queue(pretend_queue *q) {
    for (long i = q->done; i < q->n; i++) free(q->item[i].owned);
    free(q->item);
}

static inline void pretend_abandon(gd_device *dev) {
    pretend *d = pretend_of(dev);
    if (!d->recording) return;
    pretend_free_queue(d->recording);
    free(d->recording);
    d->recording = NULL;
}

static inline gd_status pretend_captured(gd_device *dev, void **graph, gd_error *err) {
    pretend *d = pretend_of(dev);
    if (!d->recording) return pretend_wrong("captured: nothing was", err);
    const gd_status st = pretend_enter(dev, "captured", err);
    if (st != GD_OK) { /* as the runtime does: the recording is over either way */
        pretend_abandon(dev);
        return st;
    }
    *graph = d->recording;
    d->recording = NULL;
    d->n_graph++;
    return GD_OK;
}

/* Work of a graph stays the graph's: it is queued as one call. */
typedef struct pretend_rerun {
    pretend             *d;
    const pretend_queue *graph;
} pretend_rerun;

static inline gd_status pretend_run_graph(void *ctx, gd_error *err) {
    const pretend_rerun *r = ctx;
    for (long i = 0; i < r->graph->n && !r->d->lost; i++) pretend_do(r->d, &r->graph->item[i]);
    if (!r->d->lost) return GD_OK;
    *err = r->d->fault;
    return GD_ERR_DEVICE;
}

static inline gd_status pretend_replay(gd_device *dev, void *graph, gd_error *err) {
    pretend *d = pretend_of(dev);
    GD_TRY(pretend_enter(dev, "replay", err));
    if (d->recording) return pretend_wrong("replay: not while recording", err);
    pretend_rerun *r = pretend_new(sizeof *r);
    *r = (pretend_rerun){d, graph};
    pretend_push(d, GD_LANE_RUN,
                 &(pretend_item){.kind = PRETEND_CALL, .call = pretend_run_graph, .owned = r});
    return GD_OK;
}

static inline void pretend_forget(gd_device *dev, void *graph) {
    pretend *d = pretend_of(dev);
    for (int i = 0; i < GD_N_LANE; i++) pretend_drain(d, i, d->lane[i].n);
    pretend_free_queue(graph);
    free(graph);
    d->n_graph--;
}

static inline gd_status pretend_room(gd_device *dev, size_t *free_bytes, gd_error *err) {
    GD_TRY(pretend_enter(dev, "room", err));
    const size_t most = dev->limit ? dev->limit : (size_t)1 << 30;
    *free_bytes = most > dev->held ? most - dev->held : 0;
    return GD_OK;
}

static inline gd_status pretend_use(gd_device *dev, gd_error *err) {
    return pretend_enter(dev, "use", err);
}

/* What was not released before is counted in *left; d->head is dead after this. */
static inline void pretend_close(gd_device *dev) {
    pretend *d = pretend_of(dev);
    for (int i = 0; i < GD_N_LANE; i++) {
        pretend_drain(d, i, d->lane[i].n);
        pretend_free_queue(&d->lane[i]);
    }
    if (d->n_block || d->n_graph || d->recording) {
        fprintf(stderr, "pretend device: %ld blocks and %ld graphs are left%s\n", d->n_block,
                d->n_graph, d->recording ? ", and a recording" : "");
        abort();
    }
    free(d);
}

static inline gd_device *pretend_open(void) {
    static const gd_device_api api = {.close = pretend_close,
                                      .alloc = pretend_alloc,
                                      .release = pretend_release,
                                      .pin = pretend_pin,
                                      .unpin = pretend_release,
                                      .pinned = pretend_pinned,
                                      .upload = pretend_upload,
                                      .upload_rows = pretend_upload_rows,
                                      .download = pretend_download,
                                      .fill = pretend_fill,
                                      .order = pretend_order,
                                      .sync = pretend_sync,
                                      .mark = pretend_mark,
                                      .elapsed = pretend_elapsed,
                                      .capture = pretend_capture,
                                      .captured = pretend_captured,
                                      .abandon = pretend_abandon,
                                      .replay = pretend_replay,
                                      .forget = pretend_forget,
                                      .room = pretend_room,
                                      .use = pretend_use,
                                      .copy = pretend_copy};
    pretend                   *d = pretend_new(sizeof *d);
    d->fail_with = GD_ERR_NOMEM;
    d->head.api = &api;
    d->head.caps = (gd_device_caps){.backend = GD_CUDA,
                                    .sm = 90,
                                    .n_sm = 4,
                                    .smem_optin = 227 * 1024,
                                    .l2_bytes = 1 << 20,
                                    .mem_bytes = 1 << 30,
                                    .mem_gbs = 100};
    snprintf(d->head.name, sizeof d->head.name, "pretend device");
    for (int i = 0; i < GD_N_LANE; i++) d->head.stream[i] = &d->lane[i];
    return &d->head;
}

#endif
