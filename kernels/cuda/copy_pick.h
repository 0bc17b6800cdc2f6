/* copy_pick.h -- boxes of elements to copy, and how they are cut for the kernel.
 *
 * A part copies a box [outer, mid, inner, width] between two tensors that have the same box at
 * other strides. The innermost axis are channels, adjacent in y; every element is moved as it
 * is, so only its size matters. */
#ifndef GD_KERNELS_CUDA_COPY_PICK_H
#define GD_KERNELS_CUDA_COPY_PICK_H

#include "engine/op.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the caller fills in; strides in elements. Channel c of y takes channel c - before of x,
 * or 0 where x has none. */
typedef struct gdk_copy_box {
    const void *x;
    void       *y;
    int64_t     outer, mid, inner;
    int64_t     x_outer, x_mid, x_inner, x_step; /* x_step: between channels */
    int64_t     y_outer, y_mid, y_inner;
    int64_t     width, before, from; /* channels of y; of zeros in front; of x */
} gdk_copy_box;

/* One part for the kernel, counted in units of 2, 4, 8 or 16 bytes. */
typedef struct gdk_copy_part {
    const void *x;
    void       *y;
    int64_t     x_outer, x_mid, x_inner, x_step, y_outer, y_mid, y_inner;
    uint32_t    n, before, from;
    gdk_fastdiv width, inner, mid;
} gdk_copy_part;

enum { GDK_COPY_PARTS = GD_MAX_IN };

typedef struct gdk_copy {
    int32_t       n, unit; /* parts; bytes of a unit */
    uint32_t      most;    /* largest part's units */
    int32_t       early;   /* may start while the kernel before it ends */
    gdk_copy_part part[GDK_COPY_PARTS];
} gdk_copy;

/* The units that n boxes of elements of `size` bytes are cut into: the largest that every
 * stride and address allows. Parts without elements are left out. */
void gdk_copy_plan(const gdk_copy_box *box, int n, size_t size, gdk_copy *c);

/* Where unit u of a part goes, and where it comes from: -1, it is zero. */
static inline GD_HOST_DEVICE int64_t gdk_copy_place(const gdk_copy_part *p, uint32_t u,
                                                    int64_t *from) {
    const uint32_t row = gdk_divide(u, &p->width), at = u - row * p->width.d;
    const uint32_t q = gdk_divide(row, &p->inner), i = row - q * p->inner.d;
    const uint32_t o = gdk_divide(q, &p->mid), k = q - o * p->mid.d;
    const uint32_t c = at - p->before; /* wraps round in front of x's channels */
    *from = c < p->from ? o * p->x_outer + k * p->x_mid + i * p->x_inner + c * p->x_step : -1;
    return o * p->y_outer + k * p->y_mid + i * p->y_inner + at;
}

#ifdef __cplusplus
}
#endif
#endif
