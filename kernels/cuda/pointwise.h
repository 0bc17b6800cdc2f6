/* pointwise.h -- one kernel for all functions that treat each element alike.
 *
 *   y[p][c] = f(a[p][c] [, b[p][c]] [, vectors at c])
 *
 * Halves or floats, any pitch; arithmetic in FP32. */
#ifndef GD_KERNELS_CUDA_POINTWISE_H
#define GD_KERNELS_CUDA_POINTWISE_H

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gdk_pointwise_kind {
    GDK_POINTWISE_COPY, /* cast */
    GDK_POINTWISE_ADD,
    GDK_POINTWISE_MUL,
    GDK_POINTWISE_RELU,
    GDK_POINTWISE_LEAKY,
    GDK_POINTWISE_SIGMOID,
    GDK_POINTWISE_SILU,
    GDK_POINTWISE_RELU6,
    GDK_POINTWISE_HARDSIGMOID,
    GDK_POINTWISE_HARDSWISH,
    GDK_POINTWISE_MISH,
    GDK_POINTWISE_GELU,
    GDK_POINTWISE_GELU_TANH,
    GDK_POINTWISE_AFFINE, /* (a - mean[c]) * scale[c] + shift[c]; mean may be NULL */
    /* Gradients: a is that of the result, b the result or the argument, as the activation's
     * backward operator takes it. */
    GDK_POINTWISE_RELU_BWD,
    GDK_POINTWISE_LEAKY_BWD,
    GDK_POINTWISE_SIGMOID_BWD,
    GDK_POINTWISE_SILU_BWD,
    GDK_POINTWISE_RELU6_BWD,
    GDK_POINTWISE_HARDSIGMOID_BWD,
    GDK_POINTWISE_HARDSWISH_BWD,
    GDK_POINTWISE_MISH_BWD,
    GDK_POINTWISE_GELU_BWD,
    GDK_POINTWISE_GELU_TANH_BWD
} gdk_pointwise_kind;

static inline bool gdk_pointwise_is_gradient(int kind) {
    return kind >= GDK_POINTWISE_RELU_BWD;
}
/* Whether there is a b. */
static inline bool gdk_pointwise_is_binary(int kind) {
    return kind == GDK_POINTWISE_ADD || kind == GDK_POINTWISE_MUL ||
           gdk_pointwise_is_gradient(kind);
}

/* A pixel is cut into units of V channels, V * size = 16 bytes of the wider type; the last one
 * may be partial. Tensors without gaps are one long pixel where no vector is read. */
typedef struct gdk_pointwise {
    const void  *a, *b;
    void        *y;
    int64_t      a_pitch, b_pitch, y_pitch; /* elements */
    int64_t      C;
    uint32_t     n;    /* units in total */
    gdk_fastdiv  unit; /* units of a pixel */
    int32_t      kind;
    int32_t      a_wide, y_wide; /* 1: F32, 0: F16; b is like a */
    int32_t      vec;            /* every pixel begins at a 16-byte boundary */
    int32_t      early;          /* may start while the kernel before it ends */
    float        slope;
    const float *scale, *shift, *mean;
} gdk_pointwise;

/* Types F16 or F32, and sizes that the kernel counts. For fits. */
bool gdk_pointwise_fits(const gd_launch *l, const gd_device_caps *dev);
/* Reads tensors 0 (and 1 where there is a b) of the launch into p and launches; kind and, where
 * the kind needs them, slope and vectors are set by the caller. */
gd_status gdk_pointwise_run(const gd_launch *l, gdk_pointwise *p, gd_error *err);

cudaError_t gdk_pointwise_launch(const gdk_pointwise *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
