/* affine_bwd.cu -- gradients to values, scale and shift in one pass. Bound by memory traffic:
 * two reads and one write, 6 bytes an element in FP16, and a merge of some microseconds.
 *
 * sum_kernel    columns.cuh: a thread owns V channels of every `rows`-th pixel of its block
 * merge_kernel  a thread owns a channel of every 32nd chunk */
#include "kernels/cuda/affine_bwd.h"
#include "kernels/cuda/columns.cuh"
#include "kernels/cuda/launch.cuh"

static __device__ __forceinline__ float invstd_of(const gdk_affine_bwd &p, int c) {
    return p.var ? 1.0f / sqrtf(p.var[c] + p.eps) : 1.0f;
}

template <int V>
static __global__ void __launch_bounds__(GDK_COLUMNS_THREADS, 2)
    gdk_affine_bwd_sum_kernel(const __grid_constant__ gdk_affine_bwd p) {
    const gdk_column o = gdk_column_of(p.s);
    float            mean[V], by[V], sum[2][V] = {};
    gdk_grid_follow();
    gdk_columns_vector<V>(p.mean, o, 0.0f, mean);
    gdk_columns_vector<V>(p.scale, o, 0.0f, by);
#pragma unroll
    for (int i = 0; i < V; i++)
        if (o.there) by[i] *= invstd_of(p, o.c + i);
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
                d[i] *= by[i];
            }
            gdk_columns_store<V>(p.d_x, at * p.d_x_pitch + o.c, p.wide, d);
        }
    gdk_columns_leave<V, 2>(p.s, p.part, o, sum, [](int, float(&)[2]) {});
}

static __global__ void __launch_bounds__(GDK_COLUMNS_MERGE)
    gdk_affine_bwd_merge_kernel(const __grid_constant__ gdk_affine_bwd p) {
    const gdk_merge o = gdk_merge_of(p.s);
    float           sum[2];
    gdk_grid_follow();
    gdk_merge_sums<2>(p.s, p.part, o, sum);
    if (!o.there || o.warp) return;
    p.d_scale[o.c] = sum[0] * invstd_of(p, o.c);
    p.d_shift[o.c] = sum[1];
}

extern "C" cudaError_t gdk_affine_bwd_launch(const gdk_affine_bwd *p, cudaStream_t stream) {
    const dim3  grid((unsigned)(p->s.chunks * p->s.pictures), (unsigned)p->s.tiles);
    const auto  kernel = p->s.V == 8   ? gdk_affine_bwd_sum_kernel<8>
                         : p->s.V == 4 ? gdk_affine_bwd_sum_kernel<4>
                                       : gdk_affine_bwd_sum_kernel<1>;
    cudaError_t e = gdk_launch(kernel, grid, GDK_COLUMNS_THREADS, 0, stream, p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_affine_bwd_merge_kernel, dim3((unsigned)(p->s.C + 31) / 32),
                       GDK_COLUMNS_MERGE, 0, stream, p->early, 1, *p);
    return e;
}
