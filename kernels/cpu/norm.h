/* norm.h -- the last pass of a norm on the CPU: values, then absorbed activations. */
#ifndef GD_KERNELS_CPU_NORM_H
#define GD_KERNELS_CPU_NORM_H

#include "kernels/cpu/steps.h"

/* The same n channels of adjacent pixels. */
typedef struct gdk_norm {
    const float *x; /* of the first pixel */
    int64_t      x_pitch;
    const float *mean, *scale, *beta; /* [n] */
    int64_t      k, n;                /* the first of the channels in the output, how many */
} gdk_norm;

/* Stores (x - mean) * scale + beta, put through the steps, of which none is binary, into
 * `count` pixels of the output from `pixel` on. */
void gdk_norm_store(const gdk_norm *a, const gdk_steps *s, int64_t pixel, int64_t count);

#endif
