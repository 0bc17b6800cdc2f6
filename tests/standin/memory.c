/* memory.c -- memory, streams, events and graphs of the stand-in runtime. */
#include <stdlib.h>
#include <string.h>

#include "tests/standin/standin.h"

#define ENTER                                           \
    do {                                                \
        const cudaError_t e_ = standin_enter(__func__); \
        if (e_) return e_;                              \
    } while (0)

/* Work that a graph repeats. */
typedef struct copy {
    void       *dst;
    const void *src; /* NULL: byte */
    int         byte;
    size_t      size;
} copy;

typedef struct work {
    copy *at;
    int   n, cap;
} work;

typedef struct stream {
    bool  capturing, spoiled;
    work *record;
} stream;

typedef struct event {
    bool recorded;
} event;

static _Thread_local int n_capturing; /* of this thread: as in its mode ThreadLocal */

bool standin_capturing(void) { return n_capturing > 0; }

/* ---- memory ------------------------------------------------------------------------------ */

/* While a stream is captured nothing may be allocated by the thread that does it. */
static cudaError_t not_while_capturing(void) {
    return standin_result(n_capturing > 0 ? cudaErrorStreamCaptureUnsupported : cudaSuccess);
}

static size_t total_memory(void) { return (size_t)standin_setting("STANDIN_MEMORY", 1L << 32); }

STANDIN_API cudaError_t cudaMalloc(void **p, size_t size) {
    ENTER;
    if (not_while_capturing()) return cudaErrorStreamCaptureUnsupported;
    if (size > total_memory() - standin_bytes(STANDIN_MEMORY))
        return standin_result(cudaErrorMemoryAllocation);
    *p = standin_get(STANDIN_MEMORY, size);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaFree(void *p) {
    ENTER;
    if (not_while_capturing()) return cudaErrorStreamCaptureUnsupported;
    if (p) standin_put(STANDIN_MEMORY, p, __func__);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaHostAlloc(void **p, size_t size, unsigned flags) {
    ENTER;
    (void)flags;
    if (not_while_capturing()) return cudaErrorStreamCaptureUnsupported;
    *p = standin_get(STANDIN_HOST, size);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaFreeHost(void *p) {
    ENTER;
    if (p) standin_put(STANDIN_HOST, p, __func__);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaMemGetInfo(size_t *room, size_t *total) {
    ENTER;
    *total = total_memory();
    *room = *total - standin_bytes(STANDIN_MEMORY);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *at,
                                                 const void                   *p) {
    standin_kind kind;
    ENTER;
    memset(at, 0, sizeof *at);
    at->type = cudaMemoryTypeUnregistered;
    if (standin_find(p, 1, &kind))
        at->type = kind == STANDIN_HOST ? cudaMemoryTypeHost : cudaMemoryTypeDevice;
    return cudaSuccess;
}

/* ---- work on streams --------------------------------------------------------------------- */

static stream *stream_of(cudaStream_t s, const char *call) {
    if (!s) standin_wrong("%s: on the default stream", call);
    standin_check(STANDIN_STREAM, s, call);
    return (stream *)(void *)s;
}

static void do_copy(const copy *c) {
    if (c->src)
        memmove(c->dst, c->src, c->size);
    else
        memset(c->dst, c->byte, c->size);
}

static void queue(stream *s, const copy *c) {
    if (!s->capturing) {
        do_copy(c);
        return;
    }
    work *w = s->record;
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 16;
        w->at = realloc(w->at, (size_t)w->cap * sizeof *w->at);
        if (!w->at) abort();
    }
    w->at[w->n++] = *c;
}

static bool on_device(const void *p, size_t size) {
    standin_kind kind;
    return standin_find(p, size, &kind) && kind == STANDIN_MEMORY;
}

STANDIN_API cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t size,
                                        enum cudaMemcpyKind kind, cudaStream_t s) {
    ENTER;
    const bool to = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (on_device(dst, size) != to || on_device(src, size) != from)
        return standin_result(cudaErrorInvalidValue);
    queue(stream_of(s, __func__), &(copy){.dst = dst, .src = src, .size = size});
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaMemcpy2DAsync(void *dst, size_t dst_pitch, const void *src,
                                          size_t src_pitch, size_t width, size_t height,
                                          enum cudaMemcpyKind kind, cudaStream_t s) {
    ENTER;
    if (width > dst_pitch || width > src_pitch || kind != cudaMemcpyHostToDevice ||
        (height && (!on_device(dst, (height - 1) * dst_pitch + width) ||
                    on_device(src, (height - 1) * src_pitch + width))))
        return standin_result(cudaErrorInvalidValue);
    for (size_t i = 0; i < height; i++)
        queue(stream_of(s, __func__), &(copy){.dst = (char *)dst + i * dst_pitch,
                                              .src = (const char *)src + i * src_pitch,
                                              .size = width});
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaMemsetAsync(void *dst, int byte, size_t size, cudaStream_t s) {
    ENTER;
    if (!on_device(dst, size)) return standin_result(cudaErrorInvalidValue);
    queue(stream_of(s, __func__), &(copy){.dst = dst, .byte = byte, .size = size});
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaMemset2DAsync(void *dst, size_t pitch, int byte, size_t width,
                                          size_t height, cudaStream_t s) {
    ENTER;
    if (width > pitch || (height && !on_device(dst, (height - 1) * pitch + width)))
        return standin_result(cudaErrorInvalidValue);
    for (size_t i = 0; i < height; i++)
        queue(stream_of(s, __func__),
              &(copy){.dst = (char *)dst + i * pitch, .byte = byte, .size = width});
    return cudaSuccess;
}

cudaError_t standin_kernel(cudaStream_t s) {
    (void)stream_of(s, "a kernel");
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned flags) {
    ENTER;
    (void)flags;
    *s = standin_get(STANDIN_STREAM, sizeof(stream));
    return cudaSuccess;
}

static void drop_record(stream *s) {
    if (!s->capturing) return;
    free(s->record->at);
    standin_put(STANDIN_GRAPH, s->record, "end of a stream");
    s->capturing = false;
    n_capturing--;
}

STANDIN_API cudaError_t cudaStreamDestroy(cudaStream_t s) {
    ENTER;
    drop_record(stream_of(s, __func__));
    standin_put(STANDIN_STREAM, s, __func__);
    return cudaSuccess;
}

/* What must not be done on a stream that is captured spoils the recording. */
static cudaError_t spoil(stream *s, cudaError_t e) {
    s->spoiled = true;
    return standin_result(e);
}

STANDIN_API cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
    ENTER;
    stream *s = stream_of(handle, __func__);
    return s->capturing ? spoil(s, cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}

STANDIN_API cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t e,
                                            unsigned flags) {
    ENTER;
    (void)flags;
    stream *s = stream_of(handle, __func__);
    standin_check(STANDIN_EVENT, e, __func__);
    return s->capturing ? spoil(s, cudaErrorStreamCaptureIsolation) : cudaSuccess;
}

/* ---- events ------------------------------------------------------------------------------ */

STANDIN_API cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned flags) {
    ENTER;
    (void)flags;
    *e = standin_get(STANDIN_EVENT, sizeof(event));
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaEventCreate(cudaEvent_t *e) {
    ENTER;
    *e = standin_get(STANDIN_EVENT, sizeof(event));
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaEventDestroy(cudaEvent_t e) {
    ENTER;
    standin_put(STANDIN_EVENT, e, __func__);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) {
    ENTER;
    standin_check(STANDIN_EVENT, e, __func__);
    (void)stream_of(s, __func__);
    ((event *)(void *)e)->recorded = true;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t a, cudaEvent_t b) {
    ENTER;
    if (!a || !b) return standin_result(cudaErrorInvalidResourceHandle);
    standin_check(STANDIN_EVENT, a, __func__);
    standin_check(STANDIN_EVENT, b, __func__);
    if (!((event *)(void *)a)->recorded || !((event *)(void *)b)->recorded)
        return standin_result(cudaErrorInvalidResourceHandle);
    *ms = 0.5f;
    return cudaSuccess;
}

/* ---- graphs ------------------------------------------------------------------------------ */

STANDIN_API cudaError_t cudaStreamBeginCapture(cudaStream_t               handle,
                                               enum cudaStreamCaptureMode mode) {
    ENTER;
    (void)mode;
    stream *s = stream_of(handle, __func__);
    if (s->capturing) return standin_result(cudaErrorIllegalState);
    s->capturing = true;
    s->spoiled = false;
    s->record = standin_get(STANDIN_GRAPH, sizeof *s->record);
    n_capturing++;
    return cudaSuccess;
}

/* Ends the capture also when it fails, as the real one does when a capture was spoilt. */
STANDIN_API cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *graph) {
    const cudaError_t made = standin_enter(__func__);
    *graph = NULL;
    stream *s = stream_of(handle, __func__);
    if (!s->capturing) return standin_result(made ? made : cudaErrorIllegalState);
    if (made || s->spoiled) {
        drop_record(s);
        return standin_result(made ? made : cudaErrorStreamCaptureInvalidated);
    }
    s->capturing = false;
    n_capturing--;
    *graph = (cudaGraph_t)(void *)s->record;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    ENTER;
    standin_check(STANDIN_GRAPH, graph, __func__);
    free(((work *)(void *)graph)->at);
    standin_put(STANDIN_GRAPH, graph, __func__);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph,
                                             unsigned long long flags) {
    ENTER;
    (void)flags;
    standin_check(STANDIN_GRAPH, graph, __func__);
    const work *from = (const work *)(void *)graph;
    work       *w = standin_get(STANDIN_EXEC, sizeof *w);
    w->n = w->cap = from->n;
    w->at = malloc((size_t)(from->n + 1) * sizeof *w->at);
    if (!w->at) abort();
    if (from->n) memcpy(w->at, from->at, (size_t)from->n * sizeof *w->at);
    *out = (cudaGraphExec_t)(void *)w;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaGraphUpload(cudaGraphExec_t graph, cudaStream_t s) {
    ENTER;
    standin_check(STANDIN_EXEC, graph, __func__);
    (void)stream_of(s, __func__);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t handle) {
    ENTER;
    standin_check(STANDIN_EXEC, graph, __func__);
    stream *s = stream_of(handle, __func__);
    if (s->capturing) return spoil(s, cudaErrorStreamCaptureUnsupported);
    const work *w = (const work *)(void *)graph;
    for (int i = 0; i < w->n; i++) {
        standin_kind kind;
        (void)standin_find(w->at[i].dst, w->at[i].size, &kind);
        do_copy(&w->at[i]);
    }
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
    ENTER;
    standin_check(STANDIN_EXEC, graph, __func__);
    free(((work *)(void *)graph)->at);
    standin_put(STANDIN_EXEC, graph, __func__);
    return cudaSuccess;
}
