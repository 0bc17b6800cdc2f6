/* best_sigmoid.cuh -- a warp finds the class of the largest sigmoid with few sigmoids computed.
 *
 * The best class is that of the largest logit, except that different logits may have one
 * sigmoid in FP32, where the definitions want the lower class: those that are close are looked
 * at again, with exponentials rounded from FP64 as the C library's are. */
#ifndef GD_KERNELS_CUDA_BEST_SIGMOID_CUH
#define GD_KERNELS_CUDA_BEST_SIGMOID_CUH

#include "kernels/cuda/round.h"

static __device__ __forceinline__ float gdk_sigmoid(float x) {
    return 1.0f / gdk_add(1.0f, (float)exp((double)-x));
}

/* Called by a whole warp: the class among n logits, its sigmoid in *best, in every lane. */
static __device__ __forceinline__ int gdk_best_sigmoid(const float *logit, int n, int lane,
                                                       float *best) {
    float most = -INFINITY;
    for (int c = lane; c < n; c += 32) most = fmaxf(most, logit[c]);
    for (int d = 16; d > 0; d /= 2) most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, d));
    /* The sigmoid of 8 is within 4e-4 of 1: from there distant logits can be equal. */
    const float near_most = fminf(most, 8.0f) - 0.01f, p = gdk_sigmoid(most);
    int         label = n;
    for (int c = lane; c < n; c += 32)
        if (label == n && logit[c] >= near_most &&
            (logit[c] == most || gdk_sigmoid(logit[c]) >= p))
            label = c;
    for (int d = 16; d > 0; d /= 2) label = min(label, __shfl_xor_sync(0xffffffffu, label, d));
    *best = p;
    /* Only NaN everywhere leaves no label. */
    return label == n ? 0 : label;
}

#endif
