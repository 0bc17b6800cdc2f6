/* cudnn_graph.h -- a convolution with its epilogue as a plan of cuDNN 9's graph interface.
 *
 *   y = [relu](conv(x, w) [+ add] [+ bias])
 *
 * The operations are described in the order convolution, add, bias, relu with the bias in the
 * type of x: only so do cuDNN's precompiled kernels match. Configurations that would compile at
 * run time, that are not deterministic, or that round more than was asked for are left out. */
#ifndef GD_KERNELS_VENDOR_CUDNN_GRAPH_H
#define GD_KERNELS_VENDOR_CUDNN_GRAPH_H

#include <cuda_runtime_api.h>

#include "engine/status.h"
#include "engine/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Names of the tensors in the graph, in the order of a launch's pointers. */
enum { GDK_CUDNN_X = 1, GDK_CUDNN_W, GDK_CUDNN_BIAS, GDK_CUDNN_ADD, GDK_CUDNN_Y };

/* All fields are 32 bits wide, so that two keys are equal when their bytes are. Pitches count
 * elements. */
typedef struct gdk_cudnn_conv {
    int32_t device; /* ordinal among the visible devices */
    int32_t type;   /* GD_F16 or GD_F32: x, w, bias, add, y */
    int32_t tf32;   /* FP32 operands may be rounded to TF32 */
    int32_t n, h, w, c, k, r, s, p, q;
    int32_t groups, stride[2], pad[4], dilation[2];
    int32_t x_pitch, y_pitch, add_pitch;
    int32_t bias, add, relu; /* 0 or 1 */
} gdk_cudnn_conv;

typedef struct gdk_cudnn_plan {
    gdk_cudnn_conv key;
    void          *plan; /* cudnnBackendDescriptor_t */
    size_t         scratch;
    int64_t        engine;     /* cuDNN's number of the engine, for benches */
    int            n_offered;  /* configurations the heuristics gave, and how many of them */
    int            n_compiled; /* ... would be compiled at run time */
} gdk_cudnn_plan;

/* The first plan that builds, in the order of cuDNN's heuristics, past `skip` others, within
 * `cap` bytes of scratch, for the device of `handle` (a cudnnHandle_t). GD_ERR_UNSUPPORTED when
 * there is none. */
gd_status gdk_cudnn_build(void *handle, const gdk_cudnn_conv *key, size_t cap, int skip,
                          gdk_cudnn_plan *out, gd_error *err) GD_MUST_CHECK;
void      gdk_cudnn_drop(gdk_cudnn_plan *plan); /* zeroed plans are allowed */

/* The plan of a shape, from a cache, held until it is put back; plans that nobody holds may
 * leave the cache. Its scratch is at most a copy of x, w and y, as strict FP32 kernels want it,
 * and 64 MiB. The key's device must be current. NULL: cuDNN has none that is allowed here. */
const gdk_cudnn_plan *gdk_cudnn_plan_hold(const gdk_cudnn_conv *key);
void                  gdk_cudnn_plan_put(const gdk_cudnn_plan *plan); /* NULL is allowed */

/* What one launch needs beside the plan: a handle bound to a stream, and the pointers in
 * cuDNN's form, remade only when they change. */
typedef struct gdk_cudnn_run {
    void       *handle; /* cudnnHandle_t */
    void       *pack;   /* cudnnBackendDescriptor_t */
    const void *at[6];  /* x, w, bias, add, y, scratch that `pack` stands for */
} gdk_cudnn_run;

/* A handle for the current device and this stream, shared by all who ask and counted. */
gd_status gdk_cudnn_open(cudaStream_t stream, gdk_cudnn_run *out, gd_error *err) GD_MUST_CHECK;
void      gdk_cudnn_close(gdk_cudnn_run *run);
/* Queues the plan on the stream of `run`. at: x, w, bias, add, y, scratch; the absent ones are
 * NULL. May be captured once it has run on that stream. */
gd_status gdk_cudnn_launch(const gdk_cudnn_plan *plan, gdk_cudnn_run *run,
                           const void *const at[6], gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
