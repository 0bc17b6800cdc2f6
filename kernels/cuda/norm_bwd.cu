/* norm_bwd.cu -- sums over rows that are normalised, for scale and shift. Bound by memory
 * traffic: two reads, from L2 where the kernel before has just had them.
 *
 * sum_kernel    columns.cuh: a thread owns V channels of every `rows`-th row of its block
 * merge_kernel  a thread owns a channel of every 32nd chunk */
#include "kernels/cuda/columns.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/norm_bwd.h"

template <int V>
static __global__ void __launch_bounds__(GDK_COLUMNS_THREADS, 2)
    gdk_norm_bwd_sum_kernel(const __grid_constant__ gdk_norm_bwd p) {
    const gdk_column o = gdk_column_of(p.s);
    float            sum[2][V] = {};
    gdk_grid_follow();
    if (o.there)
#pragma unroll 2
        for (int64_t at = o.first; at < o.end; at += p.s.rows) {
            const float2 row = ((const float2 *)p.row)[at];
            float        d[V], x[V];
            gdk_columns_load<V>(p.d_y, at * p.d_y_pitch + o.c, p.wide, d);
            gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
            for (int i = 0; i < V; i++) {
                sum[0][i] += d[i] * ((x[i] - row.x) * row.y);
                sum[1][i] += d[i];
            }
        }
    gdk_columns_leave<V, 2>(p.s, p.part, o, sum, [](int, float(&)[2]) {});
}

static __global__ void __launch_bounds__(GDK_COLUMNS_MERGE)
    gdk_norm_bwd_merge_kernel(const __grid_constant__ gdk_norm_bwd p) {
    const gdk_merge o = gdk_merge_of(p.s);
    float           sum[2];
    gdk_grid_follow();
    gdk_merge_sums<2>(p.s, p.part, o, sum);
    if (!o.there || o.warp) return;
    p.scale[o.c] = sum[0];
    if (p.shift) p.shift[o.c] = sum[1];
}

extern "C" cudaError_t gdk_norm_bwd_launch(const gdk_norm_bwd *p, cudaStream_t stream) {
    const dim3  grid((unsigned)p->s.chunks, (unsigned)p->s.tiles);
    const auto  kernel = p->s.V == 8   ? gdk_norm_bwd_sum_kernel<8>
                         : p->s.V == 4 ? gdk_norm_bwd_sum_kernel<4>
                                       : gdk_norm_bwd_sum_kernel<1>;
    cudaError_t e = gdk_launch(kernel, grid, GDK_COLUMNS_THREADS, 0, stream, p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_norm_bwd_merge_kernel, dim3((unsigned)(p->s.C + 31) / 32),
                       GDK_COLUMNS_MERGE, 0, stream, p->early, 1, *p);
    return e;
}
