/* resize_map.cu -- feature maps to another size. Bound by memory traffic, mostly of its stores:
 * source pixels are read again from the caches.
 *
 * A block owns DEEP * THREADS units of one output row (8 halves, 4 floats or one element each),
 * a thread DEEP of them, THREADS apart. */
#include "kernels/cuda/vec.cuh"
#include "kernels/resize/resize_cuda.h"
#include "kernels/resize/resize_tap.cuh"

enum { THREADS = 256, DEEP = 4 };

template <int V>
static __device__ __forceinline__ void load(const gdk_resize &p, int64_t pixel, int64_t c,
                                            float (&v)[V]) {
    const int64_t i = pixel * p.x_pitch + c;
    if constexpr (V == 1) {
        v[0] = gdk_element(p.x, i, p.wide);
    } else {
        constexpr int W = V == 4;
        gdk_run_get<V>(v, gdk_run_load<V>((const char *)p.x + (i << (1 + W)), W), W);
    }
}

template <int V>
static __device__ __forceinline__ void store(const gdk_resize &p, int64_t pixel, int64_t c,
                                             const float (&v)[V]) {
    const int64_t i = pixel * p.y_pitch + c;
    if constexpr (V == 1) {
        gdk_element_set(p.y, i, v[0], p.wide);
    } else {
        constexpr int W = V == 4;
        gdk_run_store<V>((char *)p.y + (i << (1 + W)), v, W);
    }
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_resize_bilinear_kernel(const __grid_constant__ gdk_resize p) {
    const uint32_t row = blockIdx.x, b = gdk_divide(row, &p.out_h), y = row - b * p.out_h.d;
    const uint32_t units = p.n_unit / p.unit.d;
    const gdk_resize_tap t = gdk_resize_tap_of(y, p.scale_y, p.H);
    const int64_t top = ((int64_t)b * p.H + t.lo) * p.W, low = ((int64_t)b * p.H + t.hi) * p.W;
    for (int j = 0; j < DEEP; j++) {
        const uint32_t i = blockIdx.y * (THREADS * DEEP) + j * THREADS + threadIdx.x;
        if (i >= p.n_unit) return;
        const uint32_t       x = gdk_divide(i, &p.unit);
        const int64_t        c = (int64_t)(i - x * p.unit.d) * V;
        const gdk_resize_tap u = gdk_resize_tap_of(x, p.scale_x, p.W);
        float                v1[V], v2[V], v3[V], v4[V];
        load<V>(p, top + u.lo, c, v1);
        load<V>(p, top + u.hi, c, v2);
        load<V>(p, low + u.lo, c, v3);
        load<V>(p, low + u.hi, c, v4);
#pragma unroll
        for (int k = 0; k < V; k++)
            v1[k] = (v1[k] * u.w_lo + v2[k] * u.w_hi) * t.w_lo +
                    (v3[k] * u.w_lo + v4[k] * u.w_hi) * t.w_hi;
        store<V>(p, (int64_t)row * units + x, c, v1);
    }
}

/* Elements are moved as they are: `unit` has the size of one unit. */
template <typename unit>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_resize_nearest_kernel(const __grid_constant__ gdk_resize p) {
    const uint32_t row = blockIdx.x, b = gdk_divide(row, &p.out_h), y = row - b * p.out_h.d;
    const uint32_t out_w = p.n_unit / p.unit.d;
    const int64_t  from = ((int64_t)b * p.H + gdk_resize_nearest(y, p.scale_y, p.H)) * p.W;
    const unit    *src = (const unit *)p.x;
    unit          *dst = (unit *)p.y + (int64_t)row * out_w * p.y_pitch;
    unit           v[DEEP];
    int64_t        to[DEEP];
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const uint32_t i = blockIdx.y * (THREADS * DEEP) + j * THREADS + threadIdx.x;
        to[j] = -1;
        if (i >= p.n_unit) continue;
        const uint32_t x = gdk_divide(i, &p.unit), c = i - x * p.unit.d;
        to[j] = x * p.y_pitch + c;
        v[j] = src[(from + gdk_resize_nearest(x, p.scale_x, p.W)) * p.x_pitch + c];
    }
#pragma unroll
    for (int j = 0; j < DEEP; j++)
        if (to[j] >= 0) dst[to[j]] = v[j];
}

extern "C" cudaError_t gdk_resize_launch(const gdk_resize *p, cudaStream_t stream) {
    const dim3 grid(p->n_row, (p->n_unit + THREADS * DEEP - 1) / (THREADS * DEEP));
    gdk_resize m = *p;
    if (p->bilinear && !p->vec) {
        gdk_resize_bilinear_kernel<1><<<grid, THREADS, 0, stream>>>(*p);
    } else if (p->bilinear && p->wide) {
        gdk_resize_bilinear_kernel<4><<<grid, THREADS, 0, stream>>>(*p);
    } else if (p->bilinear) {
        gdk_resize_bilinear_kernel<8><<<grid, THREADS, 0, stream>>>(*p);
    } else if (p->vec) {
        m.x_pitch /= p->wide ? 4 : 8;
        m.y_pitch /= p->wide ? 4 : 8;
        gdk_resize_nearest_kernel<uint4><<<grid, THREADS, 0, stream>>>(m);
    } else if (p->wide) {
        gdk_resize_nearest_kernel<uint32_t><<<grid, THREADS, 0, stream>>>(*p);
    } else {
        gdk_resize_nearest_kernel<uint16_t><<<grid, THREADS, 0, stream>>>(*p);
    }
    return cudaPeekAtLastError();
}
