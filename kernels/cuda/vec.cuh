/* vec.cuh -- runs of elements in global memory as floats: 16-byte accesses where they fit. */
#ifndef GD_KERNELS_CUDA_VEC_CUH
#define GD_KERNELS_CUDA_VEC_CUH

#include <cuda_fp16.h>
#include <stdint.h>

/* An FP32 value as the nearest TF32 value; NaN and infinity stay what they are. */
static __device__ __forceinline__ uint32_t gdk_tf32(uint32_t x) {
#if __CUDA_ARCH__ >= 800
    uint32_t y;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(__uint_as_float(x)));
    return y;
#else
    return x;
#endif
}

/* A run of V elements as it lies in memory: V halves or V floats, at most two 16-byte words. */
template <int V> struct gdk_run {
    static_assert(V == 4 || V == 8, "a run is 4 or 8 elements");
    uint4 word[V / 4];
};

/* Address p must be aligned to the run's bytes, or to 16. */
template <int V>
static __device__ __forceinline__ gdk_run<V> gdk_run_load(const void *p, int wide) {
    gdk_run<V> r;
    if (wide) {
#pragma unroll
        for (int i = 0; i < V / 4; i++) r.word[i] = ((const uint4 *)p)[i];
    } else if constexpr (V == 8) {
        r.word[0] = *(const uint4 *)p;
        r.word[1] = make_uint4(0, 0, 0, 0);
    } else {
        const uint2 h = *(const uint2 *)p;
        r.word[0] = make_uint4(h.x, h.y, 0, 0);
    }
    return r;
}

static __device__ __forceinline__ float2 gdk_half2_float(uint32_t h) {
    return __half22float2(*(const __half2 *)&h);
}

static __device__ __forceinline__ uint32_t gdk_float_half2(float lo, float hi) {
    const __half2 h = __floats2half2_rn(lo, hi);
    return *(const uint32_t *)&h;
}

/* v[i] = run[i]. */
template <int V>
static __device__ __forceinline__ void gdk_run_get(float (&v)[V], const gdk_run<V> &r,
                                                   int wide) {
    if (wide) {
#pragma unroll
        for (int i = 0; i < V / 4; i++) {
            v[4 * i] = __uint_as_float(r.word[i].x);
            v[4 * i + 1] = __uint_as_float(r.word[i].y);
            v[4 * i + 2] = __uint_as_float(r.word[i].z);
            v[4 * i + 3] = __uint_as_float(r.word[i].w);
        }
    } else {
        const uint32_t h[4] = {r.word[0].x, r.word[0].y, r.word[0].z, r.word[0].w};
#pragma unroll
        for (int i = 0; i < V / 2; i++) {
            const float2 f = gdk_half2_float(h[i]);
            v[2 * i] = f.x;
            v[2 * i + 1] = f.y;
        }
    }
}

/* v[i] += run[i]. */
template <int V>
static __device__ __forceinline__ void gdk_run_add(float (&v)[V], const gdk_run<V> &r,
                                                   int wide) {
    float w[V];
    gdk_run_get<V>(w, r, wide);
#pragma unroll
    for (int i = 0; i < V; i++) v[i] += w[i];
}

template <int V>
static __device__ __forceinline__ void gdk_run_store(void *p, const float (&v)[V], int wide) {
    if (wide) {
#pragma unroll
        for (int i = 0; i < V / 4; i++)
            ((float4 *)p)[i] = make_float4(v[4 * i], v[4 * i + 1], v[4 * i + 2], v[4 * i + 3]);
    } else if constexpr (V == 8) {
        *(uint4 *)p = make_uint4(gdk_float_half2(v[0], v[1]), gdk_float_half2(v[2], v[3]),
                                 gdk_float_half2(v[4], v[5]), gdk_float_half2(v[6], v[7]));
    } else {
        *(uint2 *)p = make_uint2(gdk_float_half2(v[0], v[1]), gdk_float_half2(v[2], v[3]));
    }
}

/* Element i of halves or floats. */
static __device__ __forceinline__ float gdk_element(const void *p, int64_t i, int wide) {
    return wide ? ((const float *)p)[i] : __half2float(((const __half *)p)[i]);
}

static __device__ __forceinline__ void gdk_element_set(void *p, int64_t i, float v, int wide) {
    if (wide)
        ((float *)p)[i] = v;
    else
        ((__half *)p)[i] = __float2half_rn(v);
}

#endif
