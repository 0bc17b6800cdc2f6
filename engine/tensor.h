/* tensor.h -- shape, element type, pixel pitch and address; owns nothing.
 *
 * The last axis is the channel: activations are [N, H, W, C], convolution weights [K, R, S, C],
 * matrices [rows, columns]. The elements of one channel vector ("pixel") are adjacent; vectors
 * follow each other at `pitch` elements, pitch >= dim[ndim - 1], over all outer axes:
 *
 *     address of t[n][h][w][c]  =  data + ((n * H + h) * W + w) * pitch + c
 *
 * So channel padding, and a slice of the channels of a wider tensor, need no special case. */
#ifndef GD_ENGINE_TENSOR_H
#define GD_ENGINE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_MAX_DIM = 6 };

typedef enum gd_dtype {
    GD_F32,
    GD_F64,
    GD_F16,
    GD_I8,
    GD_U8,
    GD_I32,
    GD_I64,
    GD_N_DTYPE
} gd_dtype;

typedef struct gd_tensor {
    gd_dtype dtype;
    int      ndim;
    int64_t  dim[GD_MAX_DIM]; /* outermost first, channels last */
    int64_t  pitch;           /* elements from pixel to pixel; == dim[ndim - 1]: dense */
    void    *data;            /* host or device, as the backend decides */
} gd_tensor;

size_t      gd_dtype_size(gd_dtype t);
const char *gd_dtype_name(gd_dtype t); /* "f32", ... */
bool        gd_dtype_is_float(gd_dtype t);

/* Elements of the last axis; 1 for ndim 0. */
static inline int64_t gd_tensor_channels(const gd_tensor *t) {
    return t->ndim ? t->dim[t->ndim - 1] : 1;
}
/* Channel vectors: the product of all axes but the last. */
static inline int64_t gd_tensor_pixels(const gd_tensor *t) {
    int64_t n = 1;
    for (int i = 0; i + 1 < t->ndim; i++) n *= t->dim[i];
    return n;
}
static inline int64_t gd_tensor_count(const gd_tensor *t) {
    return gd_tensor_pixels(t) * gd_tensor_channels(t);
}
static inline bool gd_tensor_dense(const gd_tensor *t) {
    return t->pitch == gd_tensor_channels(t);
}
/* Bytes from data to the end of the last pixel's pitch. */
static inline size_t gd_tensor_bytes(const gd_tensor *t) {
    return (size_t)(gd_tensor_pixels(t) * t->pitch) * gd_dtype_size(t->dtype);
}

/* A dense tensor of this shape, no data. */
gd_tensor gd_tensor_make(gd_dtype dtype, int ndim, const int64_t *dim);
bool      gd_tensor_same_shape(const gd_tensor *a, const gd_tensor *b);
/* "f32[1,800,1216,3]" into a caller's buffer; returns it. */
enum { GD_SHAPE_TEXT = 160 };
const char *gd_tensor_text(const gd_tensor *t, char buf[GD_SHAPE_TEXT]);
/* Element i (row-major over the logical shape, any pitch) as a double, and back. Slow: tests,
 * traces, tiny tensors. */
double gd_tensor_get(const gd_tensor *t, int64_t i);
void   gd_tensor_set(gd_tensor *t, int64_t i, double v);

#ifdef __cplusplus
}
#endif
#endif
