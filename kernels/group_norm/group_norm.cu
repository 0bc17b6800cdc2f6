/* group_norm.cu -- group norm in three kernels. Bound by memory: two reads, one write.
 *
 * part_kernel   a block owns some whole groups over 64 pixels of one picture and leaves mean
 *               and sum of squares about it of each group; see group_norm_plan.h for a
 *               thread's share. Values are summed about one of them, so that little is lost
 *               where the mean is large beside the spread.
 * merge_kernel  a warp owns a group of a picture and joins its chunks.
 * value_kernel  a thread owns EACH runs of four channels, a block apart.
 *
 * All sums are in FP32 and in a fixed order. */
#include "kernels/cuda/epilogue.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/group_norm/group_norm_cuda.h"

enum { THREADS = GDK_GROUP_NORM_THREADS, WARPS = THREADS / 32, EACH = 2 };

/* V channels of unit `unit` of the tile. */
template <int V>
static __device__ __forceinline__ void load(const gdk_group_norm_args &a, int64_t at,
                                            float (&v)[V]) {
    if constexpr (V == 4)
        gdk_run_get<4>(v, gdk_run_load<4>((const char *)a.x + (at << (1 + a.x_wide)), a.x_wide),
                       a.x_wide);
    else
        v[0] = gdk_element(a.x, at, a.x_wide);
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    part_kernel(const __grid_constant__ gdk_group_norm_args a) {
    __shared__ float           sums[THREADS], squares[THREADS];
    const gdk_group_norm_plan &p = a.plan;
    const int     chunk = (int)(blockIdx.x % p.chunks), rest = (int)(blockIdx.x / p.chunks);
    const int     tile = rest % p.tiles, n = rest / p.tiles;
    const int     from = chunk * GDK_GROUP_NORM_PIXELS, left = a.pixels - from;
    const int     pixels = left < GDK_GROUP_NORM_PIXELS ? left : GDK_GROUP_NORM_PIXELS;
    const int64_t first =
        ((int64_t)n * a.pixels + from) * a.x_pitch + (int64_t)tile * p.most * p.width;
    const gdk_group_norm_share mine = gdk_group_norm_share_of(&p, tile, (int)threadIdx.x);
    float                      sum = 0.0f, square = 0.0f;
    if (mine.first < mine.end) {
        const int   group = mine.first / (p.width / V);
        const float about = gdk_element(a.x, first + group * p.width, a.x_wide);
        for (int unit = mine.first; unit < mine.end; unit += mine.step)
#pragma unroll 4
            for (int i = mine.lane; i < pixels; i += p.lanes) {
                float v[V];
                load<V>(a, first + i * a.x_pitch + unit * V, v);
#pragma unroll
                for (int j = 0; j < V; j++) {
                    const float d = v[j] - about;
                    sum += d;
                    square += d * d;
                }
            }
    }
    sums[threadIdx.x] = sum;
    squares[threadIdx.x] = square;
    __syncthreads();
    const int   groups = mine.end / (p.width / V), entries = gdk_group_norm_entries(&p);
    const float count = (float)pixels * (float)p.width;
    for (int group = (int)threadIdx.x / 32; group < groups; group += WARPS) {
        float all = 0.0f, all2 = 0.0f;
        for (int j = (int)threadIdx.x % 32; j < entries; j += 32) {
            const int entry = gdk_group_norm_entry(&p, group, j);
            all += sums[entry];
            all2 += squares[entry];
        }
        all = gdk_across_warp<gdk_sum>(all);
        all2 = gdk_across_warp<gdk_sum>(all2);
        if (threadIdx.x % 32) continue;
        const float about = gdk_element(a.x, first + group * p.width, a.x_wide);
        float      *out =
            a.part + (((int64_t)n * p.chunks + chunk) * p.groups + tile * p.most + group) * 2;
        out[0] = about + all / count;
        out[1] = fmaxf(all2 - all * (all / count), 0.0f);
    }
}

static __device__ __forceinline__ float count_of(const gdk_group_norm_args &a, int chunk) {
    const int left = a.pixels - chunk * GDK_GROUP_NORM_PIXELS;
    return (float)(left < GDK_GROUP_NORM_PIXELS ? left : GDK_GROUP_NORM_PIXELS) *
           (float)a.plan.width;
}

static __global__ void __launch_bounds__(THREADS, 2)
    merge_kernel(const __grid_constant__ gdk_group_norm_args a) {
    const int64_t at = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    const int     groups = a.plan.groups, chunks = a.plan.chunks;
    if (at >= (int64_t)a.N * groups) return;
    const int64_t n = at / groups;
    const float  *part = a.part + (n * chunks * groups + at % groups) * 2;
    const float   count = (float)a.pixels * (float)a.plan.width;
    /* About the first chunk's mean, for the same reason as in part_kernel. */
    const float about = part[0];
    float       sum = 0.0f, square = 0.0f;
    for (int i = (int)threadIdx.x % 32; i < chunks; i += 32)
        sum += (part[(int64_t)i * groups * 2] - about) * count_of(a, i);
    const float mean = about + gdk_across_warp<gdk_sum>(sum) / count;
    for (int i = (int)threadIdx.x % 32; i < chunks; i += 32) {
        const float *one = part + (int64_t)i * groups * 2, d = one[0] - mean;
        square += one[1] + d * d * count_of(a, i);
    }
    const float var = gdk_across_warp<gdk_sum>(square) / count;
    if (threadIdx.x % 32) return;
    a.moment[at * 2] = mean;
    a.moment[at * 2 + 1] = 1.0f / sqrtf(var + a.eps);
}

static __device__ __forceinline__ void values(const gdk_group_norm_args &a, uint32_t u) {
    const uint32_t pixel = gdk_divide(u, &a.run);
    const int      c = (int)(u - pixel * a.run.d) * 4;
    const float2  *moment =
        (const float2 *)a.moment + (int64_t)gdk_divide(pixel, &a.picture) * a.plan.groups;
    const int64_t at = pixel * a.x_pitch + c;
    const bool    whole = a.vec && c + 4 <= a.C;
    float         v[4] = {};
    if (whole) load<4>(a, at, v);
#pragma unroll
    for (int j = 0; j < 4; j++) {
        if (c + j >= a.C) continue;
        const float2 m = moment[gdk_divide((uint32_t)(c + j), &a.width)];
        if (!whole) v[j] = gdk_element(a.x, at + j, a.x_wide);
        v[j] = (v[j] - m.x) * m.y * __ldg(a.gamma + c + j) + __ldg(a.beta + c + j);
    }
    gdk_epilogue_run<4>(a.e, v, pixel, c, a.C);
}

static __global__ void __launch_bounds__(THREADS, 2)
    value_kernel(const __grid_constant__ gdk_group_norm_args a) {
    const uint32_t first = blockIdx.x * (uint32_t)(THREADS * EACH) + threadIdx.x;
#pragma unroll 1
    for (int i = 0; i < EACH; i++)
        if (first + i * THREADS < a.n) values(a, first + i * THREADS);
}

extern "C" cudaError_t gdk_group_norm_launch(const gdk_group_norm_args *a,
                                             cudaStream_t               stream) {
    const unsigned parts = (unsigned)a->N * (unsigned)a->plan.tiles * (unsigned)a->plan.chunks;
    const unsigned groups = (unsigned)a->N * (unsigned)a->plan.groups;
    if (a->plan.each == 4)
        part_kernel<4><<<parts, THREADS, 0, stream>>>(*a);
    else
        part_kernel<1><<<parts, THREADS, 0, stream>>>(*a);
    merge_kernel<<<(groups + WARPS - 1) / WARPS, THREADS, 0, stream>>>(*a);
    value_kernel<<<(a->n + THREADS * EACH - 1) / (THREADS * EACH), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
