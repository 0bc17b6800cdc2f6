/* cublaslt.h -- a matrix product with its epilogue through cuBLASLt.
 *
 *   y[rows, k] = [relu](x[rows, c] . w[k, c] transposed [+ add[rows, k]] [+ bias[k]])
 *
 * Sums are FP32. The bias is FP16 where y is, as the library wants it. */
#ifndef GD_KERNELS_VENDOR_CUBLASLT_H
#define GD_KERNELS_VENDOR_CUBLASLT_H

#include <cuda_runtime_api.h>

#include "engine/status.h"
#include "engine/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_LT_SCRATCH = 32 << 20 }; /* most bytes of scratch a plan may want */

typedef struct gdk_lt_key {
    gd_dtype in, out; /* F16 or F32: x and w; bias, add and y */
    bool     tf32;    /* FP32 operands may be rounded to TF32 */
    int64_t  rows, c, k;
    int64_t  x_pitch, y_pitch, add_pitch; /* elements */
    bool     bias, add, relu;
} gdk_lt_key;

typedef struct gdk_lt_plan {
    gdk_lt_key key;
    void      *matmul, *w, *x, *add, *y; /* the library's descriptors */
    uint64_t   algo[8];                  /* cublasLtMatmulAlgo_t */
    size_t     scratch;
} gdk_lt_plan;

/* The library's choice number `skip` for the current device. GD_ERR_UNSUPPORTED when it has
 * none. `out` is closed after a failure, and may be closed again. */
gd_status gdk_lt_open(const gdk_lt_key *key, int skip, gdk_lt_plan *out,
                      gd_error *err) GD_MUST_CHECK;
void      gdk_lt_close(gdk_lt_plan *plan); /* zeroed plans are allowed */

/* Queues the product; pointers that the key does not name may be NULL. May be captured once it
 * has run. A plan belongs to one thread. */
gd_status gdk_lt_launch(gdk_lt_plan *plan, const void *x, const void *w, const void *bias,
                        const void *add, void *y, void *scratch, cudaStream_t stream,
                        gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
