/* device.c -- the checks and the bookkeeping that every backend shares; see device.h. */
#include "engine/device.h"

void gd_device_close(gd_device *d) {
    if (d) d->api->close(d);
}

gd_status gd_device_alloc(gd_device *d, size_t size, void **out, gd_error *err) {
    *out = NULL;
    return d->api->alloc(d, gd_device_round(size ? size : 1), out, err);
}

void gd_device_release(gd_device *d, void *p) {
    if (p) d->api->release(d, p);
}

gd_status gd_device_pin(gd_device *d, size_t size, void **out, gd_error *err) {
    *out = NULL;
    return d->api->pin(d, size ? size : 1, out, err);
}

void gd_device_unpin(gd_device *d, void *p) {
    if (p) d->api->unpin(d, p);
}

bool gd_device_pinned(gd_device *d, const void *p) { return d->api->pinned(d, p); }

gd_status gd_device_upload(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                           gd_error *err) {
    return size ? d->api->upload(d, lane, dst, src, size, err) : GD_OK;
}

gd_status gd_device_upload_rows(gd_device *d, gd_lane lane, const gd_rows *r, gd_error *err) {
    /* Steps beyond 2 GiB are more than a GPU's copies take. */
    const size_t most = (size_t)INT32_MAX;
    if (r->n > 1 && r->dst_step <= most && r->src_step <= most)
        return d->api->upload_rows(d, lane, r, err);
    for (size_t i = 0; i < r->n; i++)
        GD_TRY(gd_device_upload(d, lane, (char *)r->dst + i * r->dst_step,
                                (const char *)r->src + i * r->src_step, r->bytes, err));
    return GD_OK;
}

gd_status gd_device_download(gd_device *d, gd_lane lane, void *dst, const void *src,
                             size_t size, gd_error *err) {
    return size ? d->api->download(d, lane, dst, src, size, err) : GD_OK;
}

gd_status gd_device_copy(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                         gd_error *err) {
    return size ? d->api->copy(d, lane, dst, src, size, err) : GD_OK;
}

gd_status gd_device_fill(gd_device *d, gd_lane lane, void *dst, int byte, size_t size,
                         gd_error *err) {
    return size ? d->api->fill(d, lane, dst, byte, size, err) : GD_OK;
}

gd_status gd_device_order(gd_device *d, gd_lane before, gd_lane after, gd_error *err) {
    return before == after ? GD_OK : d->api->order(d, before, after, err);
}

gd_status gd_device_sync(gd_device *d, gd_lane lane, gd_error *err) {
    return d->api->sync(d, lane, err);
}

gd_status gd_device_mark(gd_device *d, gd_lane lane, int i, gd_error *err) {
    GD_ASSERT(i >= 0 && i < GD_N_MARK);
    return d->api->mark(d, lane, i, err);
}

gd_status gd_device_elapsed(gd_device *d, int from, int to, double *ms, gd_error *err) {
    *ms = 0;
    return d->api->elapsed(d, from, to, ms, err);
}

gd_status gd_device_capture(gd_device *d, gd_error *err) { return d->api->capture(d, err); }

gd_status gd_device_captured(gd_device *d, void **graph, gd_error *err) {
    *graph = NULL;
    return d->api->captured(d, graph, err);
}

void gd_device_abandon(gd_device *d) { d->api->abandon(d); }

gd_status gd_device_replay(gd_device *d, void *graph, gd_error *err) {
    return d->api->replay(d, graph, err);
}

void gd_device_forget(gd_device *d, void *graph) {
    if (graph) d->api->forget(d, graph);
}

gd_status gd_device_room(gd_device *d, size_t *free_bytes, gd_error *err) {
    *free_bytes = 0;
    return d->api->room(d, free_bytes, err);
}

gd_status gd_device_use(gd_device *d, gd_error *err) { return d->api->use(d, err); }
