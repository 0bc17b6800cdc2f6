/* pool_bwd.cu -- gradients of pooling. Bound by memory traffic: windows that overlap come from
 * the caches.
 *
 * winner_kernel   a thread owns a unit of one output pixel and leaves where in its window the
 *                 largest value stands: one byte an element (two for large windows)
 * gather_kernel   a thread owns a unit of one input pixel and adds up the windows that contain
 *                 it, row by row: no atomics, one order
 *
 * Nothing of the forward pass is kept but its input. For 3 x 3 windows at stride 2 a maximum
 * moves 2 (x) + 0.25 (winner) + 0.75 (dy, winner) + 2 (dx) bytes an FP16 element of x. */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/vec.cuh"
#include "kernels/pool/pool.h"
#include "kernels/pool/pool_bwd_cuda.h"

enum { THREADS = 256 };

template <int V>
static __device__ __forceinline__ void load(const void *t, int64_t i, int wide, float (&v)[V]) {
    if constexpr (V == 1) {
        v[0] = gdk_element(t, i, wide);
    } else {
        constexpr int W = V == 4;
        gdk_run_get<V>(v, gdk_run_load<V>((const char *)t + (i << (1 + W)), W), W);
    }
}

/* ---- where the maximum stands ------------------------------------------------------------ */

/* Places of V channels, as bytes or pairs of them; i % V == 0. */
template <int V>
static __device__ __forceinline__ void put_places(const gdk_pool_bwd &p, int64_t i,
                                                  const uint32_t (&at)[V]) {
#pragma unroll
    for (int k = 0; k < V; k += 4) {
        if constexpr (V == 1) {
            if (p.large)
                ((uint16_t *)p.winner)[i] = (uint16_t)at[0];
            else
                ((uint8_t *)p.winner)[i] = (uint8_t)at[0];
        } else if (p.large) {
            ((uint2 *)p.winner)[(i + k) / 4] =
                make_uint2(at[k] | at[k + 1] << 16, at[k + 2] | at[k + 3] << 16);
        } else {
            ((uint32_t *)p.winner)[(i + k) / 4] =
                at[k] | at[k + 1] << 8 | at[k + 2] << 16 | at[k + 3] << 24;
        }
    }
}

template <int V>
static __device__ __forceinline__ void get_places(const gdk_pool_bwd &p, int64_t i,
                                                  uint32_t (&at)[V]) {
#pragma unroll
    for (int k = 0; k < V; k += 4) {
        if constexpr (V == 1) {
            at[0] = p.large ? ((const uint16_t *)p.winner)[i] : ((const uint8_t *)p.winner)[i];
        } else if (p.large) {
            const uint2 w = ((const uint2 *)p.winner)[(i + k) / 4];
            at[k] = w.x & 0xffff, at[k + 1] = w.x >> 16;
            at[k + 2] = w.y & 0xffff, at[k + 3] = w.y >> 16;
        } else {
            const uint32_t w = ((const uint32_t *)p.winner)[(i + k) / 4];
#pragma unroll
            for (int j = 0; j < 4; j++) at[k + j] = w >> 8 * j & 0xff;
        }
    }
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_winner_kernel(const __grid_constant__ gdk_pool_bwd p) {
    const uint32_t unit = blockIdx.x * THREADS + threadIdx.x;
    gdk_grid_follow();
    if (unit >= p.n_out) return;
    const uint32_t pixel = gdk_divide(unit, &p.unit), c = (unit - pixel * p.unit.d) * V;
    const uint32_t row = gdk_divide(pixel, &p.by_Q), n = gdk_divide(row, &p.by_P);
    const int      top = (int)(row - n * p.by_P.d) * p.stride[0] - p.pad[0];
    const int      left = (int)(pixel - row * p.by_Q.d) * p.stride[1] - p.pad[1];
    const int      h0 = top < 0 ? 0 : top, w0 = left < 0 ? 0 : left;
    const int      h1 = top + p.size[0] < p.H ? top + p.size[0] : p.H;
    const int      w1 = left + p.size[1] < p.W ? left + p.size[1] : p.W;
    float          best[V], v[V];
    uint32_t       at[V];
    const uint32_t first = (uint32_t)((h0 - top) * p.size[1] + w0 - left);
    load<V>(p.x, (((int64_t)n * p.H + h0) * p.W + w0) * p.x_pitch + c, p.wide, best);
#pragma unroll
    for (int i = 0; i < V; i++) at[i] = first;
    for (int h = h0; h < h1; h++)
#pragma unroll 3
        for (int w = w0; w < w1; w++) {
            const uint32_t place = (uint32_t)((h - top) * p.size[1] + w - left);
            load<V>(p.x, (((int64_t)n * p.H + h) * p.W + w) * p.x_pitch + c, p.wide, v);
#pragma unroll
            for (int i = 0; i < V; i++)
                if (v[i] > best[i] || (v[i] != v[i] && best[i] == best[i])) {
                    best[i] = v[i];
                    at[i] = place;
                }
        }
    put_places<V>(p, (int64_t)pixel * p.unit.d * V + c, at);
}

/* ---- sums over windows ------------------------------------------------------------------- */

/* The windows of one axis that contain input position h: first .. last. */
struct reach {
    int first, last;
};

static __device__ __forceinline__ reach reach_of(const gdk_pool_bwd &p, int axis, int h) {
    const int in = axis ? p.W : p.H, out = axis ? p.Q : p.P;
    reach     r;
    if (p.adaptive) {
        r.first = (int)((int64_t)h * out / in);
        r.last = (int)((((int64_t)h + 1) * out + in - 1) / in) - 1;
    } else {
        const int over = h + p.pad[axis] - p.size[axis];
        r.first = over < 0 ? 0 : over / p.stride[axis] + 1;
        r.last = (h + p.pad[axis]) / p.stride[axis];
    }
    if (r.last >= out) r.last = out - 1;
    return r;
}

/* Pixels of a window along one axis, for an average. */
static __device__ __forceinline__ float count_of(const gdk_pool_bwd &p, int axis, int o) {
    const int  in = axis ? p.W : p.H, out = axis ? p.Q : p.P;
    const bool with_pad = p.count_include_pad != 0;
    return (float)(p.adaptive ? gdk_pool_span_adaptive(o, in, out)
                              : gdk_pool_span_at(o, in, p.size[axis], p.stride[axis],
                                                 p.pad[axis], with_pad))
        .count;
}

template <int V, int MAX>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_gather_kernel(const __grid_constant__ gdk_pool_bwd p) {
    const uint32_t unit = blockIdx.x * THREADS + threadIdx.x;
    gdk_grid_follow();
    if (unit >= p.n) return;
    const uint32_t pixel = gdk_divide(unit, &p.unit), c = (unit - pixel * p.unit.d) * V;
    const uint32_t row = gdk_divide(pixel, &p.by_W), n = gdk_divide(row, &p.by_H);
    const int      h = (int)(row - n * p.by_H.d), w = (int)(pixel - row * p.by_W.d);
    const reach    rows = reach_of(p, 0, h), columns = reach_of(p, 1, w);
    float          sum[V] = {}, v[V];
    for (int o = rows.first; o <= rows.last; o++) {
        const float high = MAX ? 0.0f : count_of(p, 0, o);
        const int   down = (h + p.pad[0] - o * p.stride[0]) * p.size[1] + w + p.pad[1];
#pragma unroll 2
        for (int q = columns.first; q <= columns.last; q++) {
            const int64_t at = ((int64_t)n * p.P + o) * p.Q + q;
            load<V>(p.dy, at * p.dy_pitch + c, p.wide, v);
            if constexpr (MAX) {
                uint32_t place[V];
                get_places<V>(p, at * p.unit.d * V + c, place);
#pragma unroll
                for (int i = 0; i < V; i++)
                    if (place[i] == (uint32_t)(down - q * p.stride[1])) sum[i] += v[i];
            } else {
                const float count = high * count_of(p, 1, q);
#pragma unroll
                for (int i = 0; i < V; i++) sum[i] += v[i] / count;
            }
        }
    }
    const int64_t i = (int64_t)pixel * p.dx_pitch + c;
    if constexpr (V == 1)
        gdk_element_set(p.dx, i, sum[0], p.wide);
    else
        gdk_run_store<V>((char *)p.dx + (i << (1 + (V == 4))), sum, V == 4);
}

template <int V>
static cudaError_t start(const gdk_pool_bwd *p, bool max, cudaStream_t stream) {
    const unsigned blocks = (p->n + THREADS - 1) / THREADS;
    const unsigned out = (p->n_out + THREADS - 1) / THREADS;
    const bool     early = p->early;
    if (!max)
        return gdk_launch(gdk_pool_gather_kernel<V, 0>, blocks, THREADS, 0, stream, early, 1,
                          *p);
    const cudaError_t e =
        gdk_launch(gdk_pool_winner_kernel<V>, out, THREADS, 0, stream, early, 1, *p);
    if (e != cudaSuccess) return e;
    return gdk_launch(gdk_pool_gather_kernel<V, 1>, blocks, THREADS, 0, stream, early, 1, *p);
}

static cudaError_t start_by_type(const gdk_pool_bwd *p, bool max, cudaStream_t stream) {
    if (!p->vec) return start<1>(p, max, stream);
    return p->wide ? start<4>(p, max, stream) : start<8>(p, max, stream);
}

extern "C" cudaError_t gdk_pool_max_bwd_launch(const gdk_pool_bwd *p, cudaStream_t stream) {
    return start_by_type(p, true, stream);
}

extern "C" cudaError_t gdk_pool_average_bwd_launch(const gdk_pool_bwd *p, cudaStream_t stream) {
    return start_by_type(p, false, stream);
}
