/* reduce.cuh -- sums and maxima over the lanes of a warp and the threads of a block.
 *
 * All threads get the result. The order is fixed: the same bits in every run. */
#ifndef GD_KERNELS_CUDA_REDUCE_CUH
#define GD_KERNELS_CUDA_REDUCE_CUH

struct gdk_largest {
    static __device__ __forceinline__ float of(float a, float b) { return fmaxf(a, b); }
};
struct gdk_sum {
    static __device__ __forceinline__ float of(float a, float b) { return a + b; }
};

template <class Op> static __device__ __forceinline__ float gdk_across_warp(float v) {
    for (int d = 16; d > 0; d /= 2) v = Op::of(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
}

/* s: room for a value of each warp. Blocks of WARPS * 32 threads, all of which come here. */
template <class Op, int WARPS>
static __device__ __forceinline__ float gdk_across_block(float v, float *s) {
    v = gdk_across_warp<Op>(v);
    __syncthreads();
    if (threadIdx.x % 32 == 0) s[threadIdx.x / 32] = v;
    __syncthreads();
    v = s[0];
    for (int w = 1; w < WARPS; w++) v = Op::of(v, s[w]);
    return v;
}

#endif
