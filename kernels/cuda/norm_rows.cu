/* norm_rows.cu -- gradients of layer norm and L2 normalisation to their values. Bound by
 * memory: two reads and one write up to 1,024 channels.
 *
 * A warp owns a row. Up to 256 and 1,024 channels its lanes hold d_y and x in registers in runs
 * of four; beyond, the row is read again for each sum, from the caches. The variance is summed
 * about the mean; sums are in FP32 and in a fixed order. Mean and factor of each row are left
 * for the sums over rows (norm_bwd.cu).
 *
 * With h = (x - mean) by and g = d_y gamma: d_x = by (g - mean(g) - h mean(g h)); for a length:
 * d_x = by (g - h sum(g h)), where h is x by and eps did not take its place. */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/norm_rows.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/vec.cuh"

enum { THREADS = 256, WARPS = THREADS / 32 };

/* Four channels from c on; 0 beyond the last. */
static __device__ __forceinline__ void load(const gdk_norm_rows &p, const void *t, int64_t at,
                                            int c, float (&v)[4]) {
    if (p.vec && c + 4 <= p.C) {
        gdk_run_get<4>(v, gdk_run_load<4>((const char *)t + (at << (1 + p.wide)), p.wide),
                       p.wide);
    } else {
#pragma unroll
        for (int j = 0; j < 4; j++) v[j] = c + j < p.C ? gdk_element(t, at + j, p.wide) : 0.0f;
    }
}

static __device__ __forceinline__ void load_gamma(const gdk_norm_rows &p, int c,
                                                  float (&v)[4]) {
    if (p.vec && c + 4 <= p.C) {
        const float4 f = *(const float4 *)(p.gamma + c);
        v[0] = f.x, v[1] = f.y, v[2] = f.z, v[3] = f.w;
    } else {
#pragma unroll
        for (int j = 0; j < 4; j++) v[j] = c + j < p.C ? p.gamma[c + j] : 0.0f;
    }
}

static __device__ __forceinline__ void store(const gdk_norm_rows &p, int64_t at, int c,
                                             const float (&v)[4]) {
    if (p.vec && c + 4 <= p.C) {
        gdk_run_store<4>((char *)p.d_x + (at << (1 + p.wide)), v, p.wide);
    } else {
#pragma unroll
        for (int j = 0; j < 4; j++)
            if (c + j < p.C) gdk_element_set(p.d_x, at + j, v[j], p.wide);
    }
}

/* RUNS runs of four a lane, or any number (0). */
template <int RUNS> struct row {
    const gdk_norm_rows &p;
    int64_t              at_d, at_x;
    int                  lane4;
    float                d[RUNS ? RUNS : 1][4], x[RUNS ? RUNS : 1][4];

    /* f(c, d, x) for each run. */
    template <class F> __device__ __forceinline__ void each(F f) {
        if constexpr (RUNS > 0) {
#pragma unroll
            for (int i = 0; i < RUNS; i++) f(lane4 + i * 128, d[i], x[i]);
        } else {
            for (int c = lane4; c < p.C; c += 128) {
                load(p, p.d_y, at_d + c, c, d[0]);
                load(p, p.x, at_x + c, c, x[0]);
                f(c, d[0], x[0]);
            }
        }
    }
    __device__ __forceinline__ void fetch() {
        if constexpr (RUNS > 0) {
#pragma unroll
            for (int i = 0; i < RUNS; i++) {
                load(p, p.d_y, at_d + lane4 + i * 128, lane4 + i * 128, d[i]);
                load(p, p.x, at_x + lane4 + i * 128, lane4 + i * 128, x[i]);
            }
        }
    }
};

template <int RUNS>
static __global__ void __launch_bounds__(THREADS, RUNS == 8 ? 1 : 2)
    gdk_norm_rows_kernel(const __grid_constant__ gdk_norm_rows p) {
    const uint32_t at = blockIdx.x * WARPS + threadIdx.x / 32;
    gdk_grid_follow();
    if (at >= p.rows) return;
    row<RUNS>   r = {p, at * p.d_y_pitch, at * p.x_pitch, (int)(threadIdx.x % 32) * 4};
    float       mean = 0.0f, square = 0.0f, flat = 0.0f, steep = 0.0f;
    const float over = 1.0f / (float)p.C;
    r.fetch();
    if (!p.length) {
        r.each([&](int, const float(&)[4], const float(&x)[4]) {
            mean += (x[0] + x[1]) + (x[2] + x[3]);
        });
        mean = gdk_across_warp<gdk_sum>(mean) / (float)p.C;
    }
    r.each([&](int c, const float(&)[4], const float(&x)[4]) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
            const float e = c + j < p.C ? x[j] - mean : 0.0f;
            square += e * e;
        }
    });
    square = gdk_across_warp<gdk_sum>(square);
    const float size = p.length ? sqrtf(square) : sqrtf(square / (float)p.C + p.eps);
    const bool  small = p.length && size < p.eps;
    const float by = 1.0f / (small ? p.eps : size);
    r.each([&](int c, const float(&d)[4], const float(&x)[4]) {
        float gamma[4];
        load_gamma(p, c, gamma);
#pragma unroll
        for (int j = 0; j < 4; j++) {
            const float g = d[j] * gamma[j];
            flat += g;
            steep += g * ((x[j] - mean) * by);
        }
    });
    flat = p.length ? 0.0f : gdk_across_warp<gdk_sum>(flat) * over;
    steep = small ? 0.0f : gdk_across_warp<gdk_sum>(steep) * (p.length ? 1.0f : over);
    const int64_t to = at * p.d_x_pitch;
    r.each([&](int c, const float(&d)[4], const float(&x)[4]) {
        float gamma[4], v[4];
        if (c >= p.C) return;
        load_gamma(p, c, gamma);
#pragma unroll
        for (int j = 0; j < 4; j++)
            v[j] = by * (d[j] * gamma[j] - (flat + (x[j] - mean) * by * steep));
        store(p, to + c, c, v);
    });
    if (threadIdx.x % 32 == 0) ((float2 *)p.row)[at] = make_float2(mean, by);
}

extern "C" cudaError_t gdk_norm_rows_launch(const gdk_norm_rows *p, cudaStream_t stream) {
    const dim3 blocks((p->rows + WARPS - 1) / WARPS);
    const auto kernel = p->C <= 256    ? gdk_norm_rows_kernel<2>
                        : p->C <= 1024 ? gdk_norm_rows_kernel<8>
                                       : gdk_norm_rows_kernel<0>;
    return gdk_launch(kernel, blocks, THREADS, 0, stream, p->early, 1, *p);
}
