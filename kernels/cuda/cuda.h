/* cuda.h -- what the C side and the CUDA side of a kernel share: launch results, row macros.
 *
 *   <op>_cuda.c    rows (`const gd_kernel gdk_<op>_cuda_rows[]`), fits, scratch, prepare; run
 *                  turns a gd_launch into a plain struct and calls a launcher
 *   <op>_*.cu      kernels, and `extern "C" cudaError_t gdk_..._launch(struct, stream)`
 *   kernels/cuda/rows.def   one line for each operator that has such a table
 *
 * A launcher checks nothing about shapes (fits and run did), launches, and returns
 * how that went. It neither allocates nor synchronises, so it can be recorded. */
#ifndef GD_KERNELS_CUDA_CUDA_H
#define GD_KERNELS_CUDA_CUDA_H

#include <cuda_runtime_api.h>

#include "engine/device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* GD_OK, or GD_ERR_DEVICE (GD_ERR_NOMEM for an allocation) with the runtime's name and text of
 * the error and what was launched. */
gd_status gdk_cuda_status(cudaError_t e, const char *what, gd_error *err);

static inline cudaStream_t gdk_stream(const gd_launch *l) { return (cudaStream_t)l->stream; }

/* Whether kernels may start while the one before them ends: launch.cuh. */
static inline bool gdk_early(const gd_launch *l) {
    return l->device && l->device->caps.sm >= 90;
}
/* Input i was not given, or is a constant, which no kernel writes. */
static inline bool gdk_fixed(const gd_launch *l, int i) {
    return i >= l->n_in || !l->in[i] || (l->const_in >> i & 1);
}

/* Halves or floats: what kernels compute with. */
static inline bool gdk_half_or_wide(const gd_tensor *t) {
    return t->dtype == GD_F16 || t->dtype == GD_F32;
}
/* Every pixel begins at a 16-byte boundary. */
static inline bool gdk_aligned(const gd_tensor *t) {
    return (size_t)t->pitch * gd_dtype_size(t->dtype) % 16 == 0 && (uintptr_t)t->data % 16 == 0;
}

#ifdef __cplusplus
}
#endif

/* A CUDA row in its commonest form; more fields follow as designated initialisers. */
#define GD_ROW_CUDA(title, type, function) \
    .name = title, .backend = GD_CUDA, .dtype = type, .run = function

#endif
