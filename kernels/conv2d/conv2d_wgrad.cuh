/* conv2d_wgrad.cuh -- what the kernels of a convolution's weight gradient share: where a
 * thread's copies come from. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGRAD_CUH
#define GD_KERNELS_CONV2D_CONV2D_WGRAD_CUH

#include "kernels/conv2d/conv2d_wgrad.h"
#include "kernels/cuda/mma.cuh"

/* One column of 16 bytes of dy and one of x: of pixels m, both or neither at a time. */
struct gdk_wgrad_feed {
    const char *dy, *x; /* of pixel 0; x: of the first pixel of the picture */
    int32_t     down, right;
    bool        has_dy, has_x;

    /* Groups of 16 bytes: of filters, and of columns. PER: elements of a group. */
    template <int PER>
    __device__ __forceinline__ void start(const gdk_wgrad &p, int of_dy, int of_x) {
        const int tap = gdk_fastdiv_quotient(of_x, &p.by_c), r = tap / p.S;
        down = r * p.dilation[0];
        right = (tap - r * p.S) * p.dilation[1];
        dy = (const char *)p.dy + (int64_t)of_dy * 16;
        x = (const char *)p.x + (int64_t)(of_x - tap * (int)p.by_c.d) * 16;
        has_dy = of_dy * PER < p.K;
        has_x = tap < p.R * p.S;
    }

    __device__ __forceinline__ void copy(const gdk_wgrad &p, int m, uint32_t to_dy,
                                         uint32_t to_x) const {
        const bool in = m < p.M;
        const int  n = gdk_fastdiv_quotient(m, &p.by_pq), in_plane = m - n * (int)p.by_pq.d;
        const int  row = gdk_fastdiv_quotient(in_plane, &p.by_q);
        const int  h = row * p.stride[0] - p.pad[0] + down;
        const int  v = (in_plane - row * (int)p.by_q.d) * p.stride[1] - p.pad[1] + right;
        const bool inside = (unsigned)h < (unsigned)p.H && (unsigned)v < (unsigned)p.W;
        gdk_copy16(to_dy, dy + m * p.dy_pitch, in && has_dy);
        gdk_copy16(to_x, x + (((int64_t)n * p.H + h) * p.W + v) * p.x_pitch,
                   in && has_x && inside);
    }
};

/* What a block of threads owns: a tile of dw and a range of steps. Tiles of one range follow
 * each other, so that what they share comes from L2. */
struct gdk_wgrad_item {
    int split, k, n, from, to;
};

template <int BM, int BN>
static __device__ __forceinline__ gdk_wgrad_item gdk_wgrad_item_of(const gdk_wgrad &p,
                                                                   int              block) {
    const int split = block / p.tiles, tile = block - split * p.tiles;
    return {split, tile % p.tiles_k * BM, tile / p.tiles_k * BN,
            (int)((int64_t)p.steps * split / p.splits),
            (int)((int64_t)p.steps * (split + 1) / p.splits)};
}

/* V neighbouring sums of filter k, from column `at` of group of_x on (PER elements a group). */
template <int V, int PER>
static __device__ __forceinline__ void gdk_wgrad_store(const gdk_wgrad &p, int split, int k,
                                                       int of_x, int at, const float (&v)[V]) {
    const int tap = gdk_fastdiv_quotient(of_x, &p.by_c), taps = p.R * p.S;
    const int c = (of_x - tap * (int)p.by_c.d) * PER + at;
    if (k >= p.K || tap >= taps || c >= p.C) return;
    float *to = p.part + (((int64_t)split * p.K + k) * taps + tap) * p.C + c;
    if (p.C % V == 0 && V == 2)
        *(float2 *)to = make_float2(v[0], v[1]);
    else if (p.C % V == 0 && V == 4)
        *(float4 *)to = make_float4(v[0], v[1], v[V - 2], v[V - 1]);
    else
#pragma unroll
        for (int i = 0; i < V; i++)
            if (c + i < p.C) to[i] = v[i];
}

#endif
