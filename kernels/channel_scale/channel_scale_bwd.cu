/* channel_scale_bwd.cu -- gradients to channels and their factors in one pass. Bound by memory
 * traffic: two reads and one write, 6 bytes an element in FP16.
 *
 * sum_kernel    columns.cuh: a thread owns V channels of every `rows`-th pixel of its block
 * merge_kernel  a thread owns a channel of a picture, of every 32nd chunk */
#include "kernels/channel_scale/channel_scale_bwd_cuda.h"
#include "kernels/cuda/columns.cuh"
#include "kernels/cuda/launch.cuh"

template <int V>
static __global__ void __launch_bounds__(GDK_COLUMNS_THREADS, 2)
    gdk_channel_scale_bwd_sum_kernel(const __grid_constant__ gdk_channel_scale_bwd p) {
    const gdk_column o = gdk_column_of(p.cut);
    float            by[V], sum[1][V] = {};
    gdk_grid_follow();
    if (o.there) {
        gdk_columns_load<V>(p.s, o.picture * p.s_pitch + o.c, p.wide, by);
#pragma unroll 2
        for (int64_t at = o.first; at < o.end; at += p.cut.rows) {
            float d[V], x[V];
            gdk_columns_load<V>(p.d_y, at * p.d_y_pitch + o.c, p.wide, d);
            gdk_columns_load<V>(p.x, at * p.x_pitch + o.c, p.wide, x);
#pragma unroll
            for (int i = 0; i < V; i++) {
                sum[0][i] += d[i] * x[i];
                d[i] *= by[i];
            }
            gdk_columns_store<V>(p.d_x, at * p.d_x_pitch + o.c, p.wide, d);
        }
    }
    gdk_columns_leave<V, 1>(p.cut, p.part, o, sum, [](int, float(&)[1]) {});
}

static __global__ void __launch_bounds__(GDK_COLUMNS_MERGE)
    gdk_channel_scale_bwd_merge_kernel(const __grid_constant__ gdk_channel_scale_bwd p) {
    const gdk_merge o = gdk_merge_of(p.cut);
    float           sum[1];
    gdk_grid_follow();
    gdk_merge_sums<1>(p.cut, p.part, o, sum);
    if (!o.there || o.warp) return;
    gdk_element_set(p.d_s, o.picture * p.d_s_pitch + o.c, sum[0], p.wide);
}

extern "C" cudaError_t gdk_channel_scale_bwd_launch(const gdk_channel_scale_bwd *p,
                                                    cudaStream_t                 stream) {
    const gdk_columns &s = p->cut;
    const dim3         grid((unsigned)s.chunks * (unsigned)s.pictures, (unsigned)s.tiles);
    const auto         kernel = s.V == 8   ? gdk_channel_scale_bwd_sum_kernel<8>
                                : s.V == 4 ? gdk_channel_scale_bwd_sum_kernel<4>
                                           : gdk_channel_scale_bwd_sum_kernel<1>;
    cudaError_t e = gdk_launch(kernel, grid, GDK_COLUMNS_THREADS, 0, stream, p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_channel_scale_bwd_merge_kernel,
                       dim3((unsigned)(s.C + 31) / 32, (unsigned)s.pictures), GDK_COLUMNS_MERGE,
                       0, stream, p->early, 1, *p);
    return e;
}
