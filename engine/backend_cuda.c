/* backend_cuda.c -- memory, order and time on one NVIDIA GPU, through the CUDA runtime. */
#include "engine/backend_cuda.h"

#include <stdio.h>
#include <string.h>

/* One allocation, so that `held` can shrink by what is released. */
typedef struct block {
    void  *at;
    size_t size;
} block;

typedef struct cuda_device {
    gd_device   head;
    cudaEvent_t mark[GD_N_MARK]; /* made at first use */
    cudaEvent_t order;
    block      *block;
    size_t      n_block, cap_block;
} cuda_device;

static cuda_device *mine(gd_device *d) { return (cuda_device *)d; }

static cudaStream_t lane_stream(const gd_device *d, gd_lane lane) {
    return (cudaStream_t)d->stream[lane];
}

/* Every call goes through here: after a fault none is made. */
static gd_status check(cuda_device *c, cudaError_t e, const char *what, gd_error *err) {
    if (e == cudaSuccess) return GD_OK;
    (void)cudaGetLastError(); /* it is reported here and must not be seen again */
    const gd_status st = gd_cuda_fail(e, what, err);
    if (gd_cuda_is_fault(e) && c->head.last)
        gd_error_why(err, "the last kernel launched was %s", c->head.last);
    return st;
}

static gd_status enter(cuda_device *c, gd_error *err) {
    if (gd_cuda_is_lost())
        return gd_fail_code(err, GD_ERR_DEVICE, 510, "%s: no further work after a fault",
                            c->head.name);
    return check(c, cudaSetDevice(c->head.ordinal), "cudaSetDevice", err);
}

/* ---- memory ------------------------------------------------------------------------------ */

static gd_status cuda_room(gd_device *d, size_t *free_bytes, gd_error *err) {
    size_t total = 0;
    GD_TRY(enter(mine(d), err));
    GD_TRY(check(mine(d), cudaMemGetInfo(free_bytes, &total), "cudaMemGetInfo", err));
    if (d->limit) {
        const size_t left = d->limit > d->held ? d->limit - d->held : 0;
        if (left < *free_bytes) *free_bytes = left;
    }
    return GD_OK;
}

static gd_status exhausted(gd_device *d, size_t size, gd_error *err) {
    size_t room = 0;
    if (cuda_room(d, &room, NULL) != GD_OK) room = 0;
    const gd_status st = gd_fail_code(err, GD_ERR_NOMEM, 601,
                                      "%s: no memory for %zu bytes (%zu held here, %zu free)",
                                      d->name, size, d->held, room);
    gd_error_hint(err, "a smaller --batch or --imgsz needs less");
    return st;
}

static gd_status remember(cuda_device *c, void *at, size_t size) {
    if (c->n_block == c->cap_block) {
        const size_t cap = c->cap_block ? 2 * c->cap_block : 64;
        block *more = gd_mem_grow(c->block, c->cap_block * sizeof *more, cap * sizeof *more);
        if (!more) return GD_ERR_NOMEM;
        c->block = more;
        c->cap_block = cap;
    }
    c->block[c->n_block++] = (block){at, size};
    c->head.held += size;
    if (c->head.held > c->head.peak) c->head.peak = c->head.held;
    return GD_OK;
}

static gd_status cuda_alloc(gd_device *d, size_t size, void **out, gd_error *err) {
    cuda_device *c = mine(d);
    GD_TRY(enter(c, err));
    if (d->limit && (d->held > d->limit || size > d->limit - d->held))
        return exhausted(d, size, err);
    const cudaError_t e = cudaMalloc(out, size);
    if (e == cudaErrorMemoryAllocation) {
        *out = NULL;
        (void)cudaGetLastError();
        return exhausted(d, size, err);
    }
    GD_TRY(check(c, e, "cudaMalloc", err));
    if (remember(c, *out, size) == GD_OK) return GD_OK;
    (void)cudaFree(*out);
    *out = NULL;
    return gd_fail(err, GD_ERR_NOMEM, "no memory to keep account of device memory");
}

static void cuda_release(gd_device *d, void *p) {
    cuda_device *c = mine(d);
    for (size_t i = 0; i < c->n_block; i++)
        if (c->block[i].at == p) {
            d->held -= c->block[i].size;
            c->block[i] = c->block[--c->n_block];
            break;
        }
    if (enter(c, NULL) == GD_OK) (void)check(c, cudaFree(p), "cudaFree", NULL);
}

static gd_status cuda_pin(gd_device *d, size_t size, void **out, gd_error *err) {
    cuda_device *c = mine(d);
    GD_TRY(enter(c, err));
    const cudaError_t e = cudaHostAlloc(out, size, cudaHostAllocDefault);
    if (e != cudaSuccess) *out = NULL;
    return check(c, e, "cudaHostAlloc", err);
}

static void cuda_unpin(gd_device *d, void *p) {
    if (enter(mine(d), NULL) == GD_OK)
        (void)check(mine(d), cudaFreeHost(p), "cudaFreeHost", NULL);
}

static bool cuda_pinned(gd_device *d, const void *p) {
    struct cudaPointerAttributes at;
    if (enter(mine(d), NULL) != GD_OK) return false;
    return check(mine(d), cudaPointerGetAttributes(&at, p), "cudaPointerGetAttributes", NULL) ==
               GD_OK &&
           at.type == cudaMemoryTypeHost;
}

/* ---- order and time ---------------------------------------------------------------------- */

static gd_status cuda_upload(gd_device *d, gd_lane lane, void *dst, const void *src,
                             size_t size, gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(mine(d),
                 cudaMemcpyAsync(dst, src, size, cudaMemcpyHostToDevice, lane_stream(d, lane)),
                 "cudaMemcpyAsync to the device", err);
}

static gd_status cuda_upload_rows(gd_device *d, gd_lane lane, const gd_rows *r, gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(mine(d),
                 cudaMemcpy2DAsync(r->dst, r->dst_step, r->src, r->src_step, r->bytes, r->n,
                                   cudaMemcpyHostToDevice, lane_stream(d, lane)),
                 "cudaMemcpy2DAsync to the device", err);
}

static gd_status cuda_download(gd_device *d, gd_lane lane, void *dst, const void *src,
                               size_t size, gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(mine(d),
                 cudaMemcpyAsync(dst, src, size, cudaMemcpyDeviceToHost, lane_stream(d, lane)),
                 "cudaMemcpyAsync to the host", err);
}

static gd_status cuda_copy(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                           gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(
        mine(d),
        cudaMemcpyAsync(dst, src, size, cudaMemcpyDeviceToDevice, lane_stream(d, lane)),
        "cudaMemcpyAsync on the device", err);
}

static gd_status cuda_fill(gd_device *d, gd_lane lane, void *dst, int byte, size_t size,
                           gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(mine(d), cudaMemsetAsync(dst, byte, size, lane_stream(d, lane)),
                 "cudaMemsetAsync", err);
}

static gd_status cuda_order(gd_device *d, gd_lane before, gd_lane after, gd_error *err) {
    cuda_device *c = mine(d);
    GD_TRY(enter(c, err));
    GD_TRY(check(c, cudaEventRecord(c->order, lane_stream(d, before)), "cudaEventRecord", err));
    return check(c, cudaStreamWaitEvent(lane_stream(d, after), c->order, 0),
                 "cudaStreamWaitEvent", err);
}

static gd_status cuda_sync(gd_device *d, gd_lane lane, gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(mine(d), cudaStreamSynchronize(lane_stream(d, lane)), "cudaStreamSynchronize",
                 err);
}

static gd_status cuda_mark(gd_device *d, gd_lane lane, int i, gd_error *err) {
    cuda_device *c = mine(d);
    GD_TRY(enter(c, err));
    if (!c->mark[i]) GD_TRY(check(c, cudaEventCreate(&c->mark[i]), "cudaEventCreate", err));
    return check(c, cudaEventRecord(c->mark[i], lane_stream(d, lane)), "cudaEventRecord", err);
}

static gd_status cuda_elapsed(gd_device *d, int from, int to, double *ms, gd_error *err) {
    cuda_device *c = mine(d);
    float        t = 0;
    GD_TRY(enter(c, err));
    GD_TRY(check(c, cudaEventElapsedTime(&t, c->mark[from], c->mark[to]),
                 "cudaEventElapsedTime", err));
    *ms = (double)t;
    return GD_OK;
}

/* ---- graphs ------------------------------------------------------------------------------ */

static gd_status cuda_capture(gd_device *d, gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(
        mine(d),
        cudaStreamBeginCapture(lane_stream(d, GD_LANE_RUN), cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture", err);
}

/* Without cudaSetDevice, which may be what failed: the thread that records has set it. */
static void cuda_abandon(gd_device *d) {
    cudaGraph_t recorded = NULL;
    if (gd_cuda_is_lost()) return;
    (void)cudaStreamEndCapture(lane_stream(d, GD_LANE_RUN), &recorded);
    if (recorded) (void)cudaGraphDestroy(recorded);
    (void)cudaGetLastError();
}

static gd_status cuda_captured(gd_device *d, void **graph, gd_error *err) {
    cuda_device    *c = mine(d);
    cudaStream_t    s = lane_stream(d, GD_LANE_RUN);
    cudaGraph_t     recorded = NULL;
    cudaGraphExec_t ready = NULL;
    gd_status       st = enter(c, err);
    if (st != GD_OK) {
        cuda_abandon(d);
        return st;
    }
    GD_GO(check(c, cudaStreamEndCapture(s, &recorded), "cudaStreamEndCapture", err));
    GD_GO(check(c, cudaGraphInstantiate(&ready, recorded, 0), "cudaGraphInstantiate", err));
    GD_GO(check(c, cudaGraphUpload(ready, s), "cudaGraphUpload", err));
    *graph = ready;
    ready = NULL;
done:
    if (ready && !gd_cuda_is_lost()) (void)cudaGraphExecDestroy(ready);
    if (recorded && !gd_cuda_is_lost()) (void)cudaGraphDestroy(recorded);
    return st;
}

static gd_status cuda_replay(gd_device *d, void *graph, gd_error *err) {
    GD_TRY(enter(mine(d), err));
    return check(mine(d), cudaGraphLaunch((cudaGraphExec_t)graph, lane_stream(d, GD_LANE_RUN)),
                 "cudaGraphLaunch", err);
}

static void cuda_forget(gd_device *d, void *graph) {
    if (enter(mine(d), NULL) == GD_OK)
        (void)check(mine(d), cudaGraphExecDestroy((cudaGraphExec_t)graph),
                    "cudaGraphExecDestroy", NULL);
}

static gd_status cuda_use(gd_device *d, gd_error *err) { return enter(mine(d), err); }

/* ---- open and close ---------------------------------------------------------------------- */

/* Whether there is still something to talk to: other failures of putting away go unseen. */
static bool alive(cuda_device *c, cudaError_t e, const char *what) {
    (void)check(c, e, what, NULL);
    return !gd_cuda_is_lost();
}

static void cuda_close(gd_device *d) {
    cuda_device *c = mine(d);
    bool         ok = enter(c, NULL) == GD_OK;
    for (int i = 0; i < GD_N_LANE; i++) {
        const cudaStream_t s = lane_stream(d, (gd_lane)i);
        if (ok && s) ok = alive(c, cudaStreamSynchronize(s), "cudaStreamSynchronize");
        if (ok && s) ok = alive(c, cudaStreamDestroy(s), "cudaStreamDestroy");
    }
    for (int i = 0; i < GD_N_MARK; i++)
        if (ok && c->mark[i]) ok = alive(c, cudaEventDestroy(c->mark[i]), "cudaEventDestroy");
    if (ok && c->order) (void)alive(c, cudaEventDestroy(c->order), "cudaEventDestroy");
    gd_mem_put(c->block);
    gd_mem_put(c);
}

static const gd_device_api api = {.close = cuda_close,
                                  .alloc = cuda_alloc,
                                  .release = cuda_release,
                                  .pin = cuda_pin,
                                  .unpin = cuda_unpin,
                                  .pinned = cuda_pinned,
                                  .upload = cuda_upload,
                                  .upload_rows = cuda_upload_rows,
                                  .download = cuda_download,
                                  .fill = cuda_fill,
                                  .order = cuda_order,
                                  .sync = cuda_sync,
                                  .mark = cuda_mark,
                                  .elapsed = cuda_elapsed,
                                  .capture = cuda_capture,
                                  .captured = cuda_captured,
                                  .abandon = cuda_abandon,
                                  .replay = cuda_replay,
                                  .forget = cuda_forget,
                                  .room = cuda_room,
                                  .use = cuda_use,
                                  .copy = cuda_copy};

static gd_status open_streams(cuda_device *c, gd_error *err) {
    for (int i = 0; i < GD_N_LANE; i++) {
        cudaStream_t s = NULL;
        GD_TRY(check(c, cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking),
                     "cudaStreamCreateWithFlags", err));
        c->head.stream[i] = s;
    }
    return check(c, cudaEventCreateWithFlags(&c->order, cudaEventDisableTiming),
                 "cudaEventCreateWithFlags", err);
}

gd_status gd_cuda_open(int ordinal, gd_device **out, gd_error *err) {
    gd_status st;
    *out = NULL;
    cuda_device *c = gd_mem_get_zero(sizeof *c);
    if (!c) return gd_fail(err, GD_ERR_NOMEM, "no memory for a device");
    c->head.api = &api;
    c->head.ordinal = ordinal;
    GD_GO(gd_cuda_identify(ordinal, &c->head, err));
    GD_GO(open_streams(c, err));
    *out = &c->head;
    return GD_OK;
done:
    cuda_close(&c->head);
    return st;
}
