/* top_k_each.cuh -- what both kernels of top-k ask about a picture. */
#ifndef GD_KERNELS_TOP_K_EACH_CUH
#define GD_KERNELS_TOP_K_EACH_CUH

#include "kernels/top_k/top_k_cuda.h"

/* How many scores of picture b count. */
static __device__ __forceinline__ int gdk_top_k_count(const gdk_top_k_args &a, int b) {
    const int c = a.count ? a.count[b] : a.n;
    return c < 0 ? 0 : c > a.n ? a.n : c;
}

#endif
