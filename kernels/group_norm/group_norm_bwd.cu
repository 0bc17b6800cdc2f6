/* group_norm_bwd.cu -- the gradient of group norm in five kernels. Bound by memory: four reads
 * and one write, 10 bytes an FP16 element.
 *
 * sum_kernel    columns.cuh: a thread owns V channels of every `rows`-th pixel of its block and
 *               sums d_y, d_y (x - a), x - a and its square; a is near the channel's mean
 * merge_kernel  a thread owns a channel of a picture, of every 32nd chunk
 * group_kernel  a warp owns a group of a picture: mean, 1 / sqrt(var + eps), and the means of e
 *               and e h, where e = d_y gamma and h = (x - mean) invstd
 * vector_kernel a thread owns a channel and adds up the pictures
 * value_kernel  as sum_kernel: d_x = invstd (e - mean(e) - h mean(e h)) */
#include "kernels/cuda/columns.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/group_norm/group_norm_bwd_cuda.h"

enum { THREADS = GDK_COLUMNS_THREADS, N = GDK_GROUP_NORM_SUMS, LEFT = GDK_GROUP_NORM_LEFT };
/* What is left of a channel of a picture. */
enum { GRADIENT, SLOPE, OFFSET, SQUARE, ABOUT };

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_group_norm_bwd_sum_kernel(const __grid_constant__ gdk_group_norm_bwd p) {
    const gdk_column o = gdk_column_of(p.s);
    float            about[V] = {}, sum[N][V] = {};
    gdk_grid_follow();
    if (o.there) {
        gdk_columns_near<V>(p.x, p.x_pitch, p.wide, o.picture * p.s.pixels, p.s.pixels, o.c,
                            about);
        for (int64_t at = o.first; at < o.end; at += p.s.rows) {
            float d[V], x[V];
            gdk_columns_load<V>(p.d_y, at * p.d_y_pitch + o.c, p.wide, d);
            gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
            for (int i = 0; i < V; i++) {
                x[i] -= about[i];
                sum[GRADIENT][i] += d[i];
                sum[SLOPE][i] += d[i] * x[i];
                sum[OFFSET][i] += x[i];
                sum[SQUARE][i] += x[i] * x[i];
            }
        }
    }
    gdk_columns_leave<V, N>(p.s, p.part, o, sum, [](int, float(&)[N]) {});
}

static __device__ __forceinline__ float *left_of(const gdk_group_norm_bwd &p, int picture,
                                                 int what) {
    return p.sums + ((int64_t)picture * LEFT + what) * p.s.C;
}

static __global__ void __launch_bounds__(GDK_COLUMNS_MERGE)
    gdk_group_norm_bwd_merge_kernel(const __grid_constant__ gdk_group_norm_bwd p) {
    const gdk_merge o = gdk_merge_of(p.s);
    float           sum[N], about[1];
    gdk_grid_follow();
    gdk_merge_sums<N>(p.s, p.part, o, sum);
    if (!o.there || o.warp) return;
    gdk_columns_near<1>(p.x, p.x_pitch, p.wide, o.picture * p.s.pixels, p.s.pixels, o.c, about);
#pragma unroll
    for (int i = 0; i < N; i++) left_of(p, o.picture, i)[o.c] = sum[i];
    left_of(p, o.picture, ABOUT)[o.c] = about[0];
}

static __global__ void __launch_bounds__(THREADS)
    gdk_group_norm_bwd_group_kernel(const __grid_constant__ gdk_group_norm_bwd p) {
    const int   at = (int)(blockIdx.x * (THREADS / 32) + threadIdx.x / 32);
    const int   picture = at / p.groups, group = at - picture * p.groups;
    const int   first = group * p.width + (int)threadIdx.x % 32, end = (group + 1) * p.width;
    const float pixels = (float)p.s.pixels, count = pixels * (float)p.width;
    float       sum = 0.0f, square = 0.0f, flat = 0.0f, steep = 0.0f;
    gdk_grid_follow();
    if (picture >= p.s.pictures) return;
    const float *d = left_of(p, picture, GRADIENT), *slope = left_of(p, picture, SLOPE);
    const float *offset = left_of(p, picture, OFFSET), *squares = left_of(p, picture, SQUARE);
    const float *about = left_of(p, picture, ABOUT);
    for (int c = first; c < end; c += 32) sum += about[c] + offset[c] / pixels;
    const float mean = gdk_across_warp<gdk_sum>(sum) / (float)p.width;
    for (int c = first; c < end; c += 32) {
        const float own = offset[c] / pixels, e = about[c] + own - mean;
        square += fmaxf(squares[c] - offset[c] * own, 0.0f) + pixels * e * e;
        flat += p.gamma[c] * d[c];
        steep += p.gamma[c] * (slope[c] + (about[c] - mean) * d[c]);
    }
    const float var = gdk_across_warp<gdk_sum>(square) / count;
    const float invstd = 1.0f / sqrtf(var + p.eps);
    flat = gdk_across_warp<gdk_sum>(flat) / count;
    steep = gdk_across_warp<gdk_sum>(steep) * invstd / count;
    if (threadIdx.x % 32 == 0)
        ((float4 *)p.moment)[at] = make_float4(mean, invstd, flat, steep);
}

static __global__ void __launch_bounds__(THREADS)
    gdk_group_norm_bwd_vector_kernel(const __grid_constant__ gdk_group_norm_bwd p) {
    const int c = (int)(blockIdx.x * THREADS + threadIdx.x);
    float     gamma = 0.0f, beta = 0.0f;
    gdk_grid_follow();
    if (c >= p.s.C) return;
    for (int n = 0; n < p.s.pictures; n++) {
        const float4 m = ((const float4 *)p.moment)[n * p.groups + c / p.width];
        const float  d = left_of(p, n, GRADIENT)[c];
        gamma += (left_of(p, n, SLOPE)[c] + (left_of(p, n, ABOUT)[c] - m.x) * d) * m.y;
        beta += d;
    }
    p.d_gamma[c] = gamma;
    p.d_beta[c] = beta;
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_group_norm_bwd_value_kernel(const __grid_constant__ gdk_group_norm_bwd p) {
    const gdk_column o = gdk_column_of(p.s);
    float            gamma[V];
    float4           m[V];
    gdk_grid_follow();
    if (!o.there) return;
    gdk_columns_vector<V>(p.gamma, o, 0.0f, gamma);
#pragma unroll
    for (int i = 0; i < V; i++)
        m[i] = ((const float4 *)p.moment)[o.picture * p.groups + (o.c + i) / p.width];
    for (int64_t at = o.first; at < o.end; at += p.s.rows) {
        float d[V], x[V];
        gdk_columns_load<V>(p.d_y, at * p.d_y_pitch + o.c, p.wide, d);
        gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
        for (int i = 0; i < V; i++)
            d[i] = m[i].y * (d[i] * gamma[i] - (m[i].z + (x[i] - m[i].x) * m[i].y * m[i].w));
        gdk_columns_store<V>(p.d_x, at * p.d_x_pitch + o.c, p.wide, d);
    }
}

template <int V> static cudaError_t start(const gdk_group_norm_bwd *p, cudaStream_t stream) {
    const gdk_columns &s = p->s;
    const dim3         grid((unsigned)s.chunks * (unsigned)s.pictures, (unsigned)s.tiles);
    const dim3         merge((unsigned)(s.C + 31) / 32, (unsigned)s.pictures);
    const unsigned     groups = (unsigned)(s.pictures * p->groups);
    const bool         early = p->early;
    cudaError_t        e =
        gdk_launch(gdk_group_norm_bwd_sum_kernel<V>, grid, THREADS, 0, stream, early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_group_norm_bwd_merge_kernel, merge, GDK_COLUMNS_MERGE, 0, stream,
                       early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_group_norm_bwd_group_kernel,
                       dim3((groups + THREADS / 32 - 1) / (THREADS / 32)), THREADS, 0, stream,
                       early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_group_norm_bwd_vector_kernel,
                       dim3((unsigned)(s.C + THREADS - 1) / THREADS), THREADS, 0, stream, early,
                       1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_group_norm_bwd_value_kernel<V>, grid, THREADS, 0, stream, early, 1,
                       *p);
    return e;
}

extern "C" cudaError_t gdk_group_norm_bwd_launch(const gdk_group_norm_bwd *p,
                                                 cudaStream_t              stream) {
    return p->s.V == 8   ? start<8>(p, stream)
           : p->s.V == 4 ? start<4>(p, stream)
                         : start<1>(p, stream);
}
