/* batch_norm_train.cu -- batch norm with the batch's statistics, and its gradient. Bound by
 * memory traffic: forward two reads and one write (6 bytes an FP16 element; the second read
 * comes from L2 where the map fits there), backward four reads and one write (10 bytes).
 *
 * Three kernels each, walking as columns.cuh has it: sums over the pixels of a block, a merge
 * of the blocks (a thread owns a channel of every 32nd), then the values. Statistics are FP32.
 * A block sums about the mean of some of its pixels and leaves mean and sum of squares about
 * that, so that little is lost where the mean is large beside the spread. */
#include "kernels/batch_norm/batch_norm_train_cuda.h"
#include "kernels/cuda/columns.cuh"
#include "kernels/cuda/launch.cuh"

enum { THREADS = GDK_COLUMNS_THREADS };

static __device__ __forceinline__ float count_of(const gdk_columns &s, int chunk) {
    const int64_t left = s.pixels - chunk * s.chunk;
    return (float)(left < s.chunk ? left : s.chunk);
}

/* ---- forward ----------------------------------------------------------------------------- */

/* The mean of some pixels of a chunk. */
template <int V>
static __device__ __forceinline__ void near_mean(const gdk_batch_norm_train &p, int chunk,
                                                 int c, float (&about)[V]) {
    gdk_columns_near<V>(p.x, p.x_pitch, p.wide, chunk * p.s.chunk,
                        (int64_t)count_of(p.s, chunk), c, about);
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_batch_norm_stat_kernel(const __grid_constant__ gdk_batch_norm_train p) {
    const gdk_column o = gdk_column_of(p.s);
    float            about[V] = {}, sum[2][V] = {};
    gdk_grid_follow();
    if (o.there) {
        near_mean<V>(p, o.chunk, o.c, about);
#pragma unroll 4
        for (int64_t at = o.first; at < o.end; at += p.s.rows) {
            float x[V];
            gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
            for (int i = 0; i < V; i++) {
                const float d = x[i] - about[i];
                sum[0][i] += d;
                sum[1][i] += d * d;
            }
        }
    }
    const float count = count_of(p.s, o.chunk);
    gdk_columns_leave<V, 2>(p.s, p.part, o, sum, [&](int c, float(&v)[2]) {
        const float mean = v[0] / count;
        float       from[1];
        near_mean<1>(p, o.chunk, c, from);
        v[1] = fmaxf(v[1] - v[0] * mean, 0.0f);
        v[0] = from[0] + mean;
    });
}

static __global__ void __launch_bounds__(GDK_COLUMNS_MERGE)
    gdk_batch_norm_stat_merge_kernel(const __grid_constant__ gdk_batch_norm_train p) {
    const gdk_merge o = gdk_merge_of(p.s);
    const float     all = (float)p.s.pixels;
    float           sum = 0.0f, square = 0.0f;
    gdk_grid_follow();
    /* About the first chunk's mean, for the same reason as above. */
    const float about = o.there ? gdk_merge_part(p.s, p.part, o, 0, 0, 2) : 0.0f;
    for (int k = o.warp; o.there && k < p.s.chunks; k += GDK_COLUMNS_MERGE / 32)
        sum += (gdk_merge_part(p.s, p.part, o, k, 0, 2) - about) * count_of(p.s, k);
    const float mean = about + gdk_merge_across(sum) / all;
    for (int k = o.warp; o.there && k < p.s.chunks; k += GDK_COLUMNS_MERGE / 32) {
        const float d = gdk_merge_part(p.s, p.part, o, k, 0, 2) - mean;
        square += gdk_merge_part(p.s, p.part, o, k, 1, 2) + d * d * count_of(p.s, k);
    }
    square = gdk_merge_across(square);
    if (!o.there || o.warp) return;
    p.mean[o.c] = mean;
    p.invstd[o.c] = 1.0f / sqrtf(square / all + p.eps);
    p.new_mean[o.c] = (1.0f - p.momentum) * p.old_mean[o.c] + p.momentum * mean;
    p.new_var[o.c] =
        (1.0f - p.momentum) * p.old_var[o.c] + p.momentum * (square / (all - 1.0f));
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_batch_norm_value_kernel(const __grid_constant__ gdk_batch_norm_train p) {
    const gdk_column o = gdk_column_of(p.s);
    float            mean[V], by[V], shift[V], gamma[V];
    gdk_grid_follow();
    if (!o.there) return;
    gdk_columns_vector<V>(p.mean, o, 0.0f, mean);
    gdk_columns_vector<V>(p.invstd, o, 0.0f, by);
    gdk_columns_vector<V>(p.gamma, o, 0.0f, gamma);
    gdk_columns_vector<V>(p.beta, o, 0.0f, shift);
#pragma unroll
    for (int i = 0; i < V; i++) by[i] *= gamma[i];
#pragma unroll 2
    for (int64_t at = o.first; at < o.end; at += p.s.rows) {
        float x[V];
        gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
        for (int i = 0; i < V; i++) x[i] = (x[i] - mean[i]) * by[i] + shift[i];
        gdk_columns_store<V>(p.y, at * p.y_pitch + o.c, p.wide, x);
    }
}

template <int V> static cudaError_t start(const gdk_batch_norm_train *p, cudaStream_t stream) {
    const dim3  grid((unsigned)p->s.chunks, (unsigned)p->s.tiles);
    const dim3  merge((unsigned)(p->s.C + 31) / 32);
    cudaError_t e =
        gdk_launch(gdk_batch_norm_stat_kernel<V>, grid, THREADS, 0, stream, p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_batch_norm_stat_merge_kernel, merge, GDK_COLUMNS_MERGE, 0, stream,
                       p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_batch_norm_value_kernel<V>, grid, THREADS, 0, stream, p->early, 1,
                       *p);
    return e;
}

extern "C" cudaError_t gdk_batch_norm_train_launch(const gdk_batch_norm_train *p,
                                                   cudaStream_t                stream) {
    return p->s.V == 8   ? start<8>(p, stream)
           : p->s.V == 4 ? start<4>(p, stream)
                         : start<1>(p, stream);
}

/* ---- backward ---------------------------------------------------------------------------- */

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_batch_norm_slope_kernel(const __grid_constant__ gdk_batch_norm_train_bwd p) {
    const gdk_column o = gdk_column_of(p.s);
    float            mean[V], sum[2][V] = {};
    gdk_grid_follow();
    gdk_columns_vector<V>(p.mean, o, 0.0f, mean);
    if (o.there)
#pragma unroll 2
        for (int64_t at = o.first; at < o.end; at += p.s.rows) {
            float d[V], x[V];
            gdk_columns_load<V>(p.d_y, at * p.d_y_pitch + o.c, p.wide, d);
            gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
            for (int i = 0; i < V; i++) {
                sum[0][i] += d[i] * (x[i] - mean[i]);
                sum[1][i] += d[i];
            }
        }
    gdk_columns_leave<V, 2>(p.s, p.part, o, sum, [](int, float(&)[2]) {});
}

static __global__ void __launch_bounds__(GDK_COLUMNS_MERGE)
    gdk_batch_norm_slope_merge_kernel(const __grid_constant__ gdk_batch_norm_train_bwd p) {
    const gdk_merge o = gdk_merge_of(p.s);
    float           sum[2];
    gdk_grid_follow();
    gdk_merge_sums<2>(p.s, p.part, o, sum);
    if (!o.there || o.warp) return;
    p.d_gamma[o.c] = sum[0] * p.invstd[o.c];
    p.d_beta[o.c] = sum[1];
}

/* d_x = gamma invstd (d_y - d_beta / n - (x - mean) (invstd d_gamma / n)) */
template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_batch_norm_value_bwd_kernel(const __grid_constant__ gdk_batch_norm_train_bwd p) {
    const gdk_column o = gdk_column_of(p.s);
    float            mean[V], by[V], flat[V], steep[V], gamma[V];
    gdk_grid_follow();
    if (!o.there) return;
    gdk_columns_vector<V>(p.mean, o, 0.0f, mean);
    gdk_columns_vector<V>(p.invstd, o, 0.0f, by);
    gdk_columns_vector<V>(p.gamma, o, 0.0f, gamma);
    gdk_columns_vector<V>(p.d_beta, o, 0.0f, flat);
    gdk_columns_vector<V>(p.d_gamma, o, 0.0f, steep);
#pragma unroll
    for (int i = 0; i < V; i++) {
        flat[i] /= (float)p.s.pixels;
        steep[i] *= by[i] / (float)p.s.pixels;
        by[i] *= gamma[i];
    }
#pragma unroll 2
    for (int64_t at = o.first; at < o.end; at += p.s.rows) {
        float d[V], x[V];
        gdk_columns_load<V>(p.d_y, at * p.d_y_pitch + o.c, p.wide, d);
        gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
        for (int i = 0; i < V; i++)
            d[i] = by[i] * (d[i] - (flat[i] + (x[i] - mean[i]) * steep[i]));
        gdk_columns_store<V>(p.d_x, at * p.d_x_pitch + o.c, p.wide, d);
    }
}

template <int V>
static cudaError_t start_bwd(const gdk_batch_norm_train_bwd *p, cudaStream_t stream) {
    const dim3  grid((unsigned)p->s.chunks, (unsigned)p->s.tiles);
    const dim3  merge((unsigned)(p->s.C + 31) / 32);
    cudaError_t e =
        gdk_launch(gdk_batch_norm_slope_kernel<V>, grid, THREADS, 0, stream, p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_batch_norm_slope_merge_kernel, merge, GDK_COLUMNS_MERGE, 0, stream,
                       p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_batch_norm_value_bwd_kernel<V>, grid, THREADS, 0, stream, p->early,
                       1, *p);
    return e;
}

extern "C" cudaError_t gdk_batch_norm_train_bwd_launch(const gdk_batch_norm_train_bwd *p,
                                                       cudaStream_t                    stream) {
    return p->s.V == 8   ? start_bwd<8>(p, stream)
           : p->s.V == 4 ? start_bwd<4>(p, stream)
                         : start_bwd<1>(p, stream);
}
