/* roi_align.cu -- RoIAlign over pyramid levels, channels as 16-byte vectors.
 *
 * Bound by reading features through L1 and L2 (16 vectors for one written at 2 x 2 points),
 * then by converting halves. One block: one box. Sampling points of both axes are worked out
 * once and kept in shared memory where they fit; a thread owns one channel vector of one bin
 * after the other, so that 256 FP16 channels make a warp a bin. Coordinates are rounded as
 * roi_align_ref.c rounds them. */
#include "kernels/cuda/vec.cuh"
#include "kernels/roi_align/roi_align_cuda.h"
#include "kernels/roi_align/roi_box.cuh"

enum { THREADS = 256, POINTS = 128 /* of an axis, kept in shared memory */ };

/* ---- channel vectors --------------------------------------------------------------------- */

/* V elements of T as floats: 16 bytes, or one element. */
template <class T, int V> struct channels;

template <> struct channels<__half, 8> {
    typedef uint4                          raw;
    static __device__ __forceinline__ void add(float (&o)[8], raw v, float w) {
        const uint32_t h[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float2 f = gdk_half2_float(h[i]);
            o[2 * i] += w * f.x;
            o[2 * i + 1] += w * f.y;
        }
    }
    static __device__ __forceinline__ raw pack(const float (&o)[8]) {
        return make_uint4(gdk_float_half2(o[0], o[1]), gdk_float_half2(o[2], o[3]),
                          gdk_float_half2(o[4], o[5]), gdk_float_half2(o[6], o[7]));
    }
};

template <> struct channels<float, 4> {
    typedef float4                         raw;
    static __device__ __forceinline__ void add(float (&o)[4], raw v, float w) {
        o[0] += w * v.x;
        o[1] += w * v.y;
        o[2] += w * v.z;
        o[3] += w * v.w;
    }
    static __device__ __forceinline__ raw pack(const float (&o)[4]) {
        return make_float4(o[0], o[1], o[2], o[3]);
    }
};

template <class T> struct channels<T, 1> {
    typedef T                              raw;
    static __device__ __forceinline__ void add(float (&o)[1], T v, float w) {
        o[0] += w * (float)v;
    }
    static __device__ __forceinline__ raw pack(const float (&o)[1]) { return (T)o[0]; }
};

/* ---- the kernel -------------------------------------------------------------------------- */

/* The level of box i, or -1 where its row is zero. */
static __device__ __forceinline__ int level_of(const gdk_roi_align_args &a, int b, int i) {
    if (a.count && i >= a.count[b]) return -1;
    const int v = a.level ? a.level[(int64_t)b * a.level_pitch + i] : 0;
    return v >= 0 && v < a.attr.n_scale ? v : -1;
}

/* Adds the four neighbours of a point. */
template <class T, int V>
static __device__ __forceinline__ void add_point(float (&o)[V], const T *base, int64_t pitch,
                                                 int W, gdk_roi_tap y, gdk_roi_tap x) {
    typedef typename channels<T, V>::raw raw;
    if (y.lo < 0 || x.lo < 0) return;
    const float w_y = 1.0f - y.w_hi, w_x = 1.0f - x.w_hi;
    const raw   v1 = *(const raw *)(base + (int64_t)(y.lo * W + x.lo) * pitch);
    const raw   v2 = *(const raw *)(base + (int64_t)(y.lo * W + x.hi) * pitch);
    const raw   v3 = *(const raw *)(base + (int64_t)(y.hi * W + x.lo) * pitch);
    const raw   v4 = *(const raw *)(base + (int64_t)(y.hi * W + x.hi) * pitch);
    channels<T, V>::add(o, v1, w_y * w_x);
    channels<T, V>::add(o, v2, w_y * x.w_hi);
    channels<T, V>::add(o, v3, y.w_hi * w_x);
    channels<T, V>::add(o, v4, y.w_hi * x.w_hi);
}

/* GRID: sampling points a bin and axis where that is known and the axes' points fit into shared
 * memory, else 0. */
template <class T, int V, int GRID>
static __global__ void __launch_bounds__(THREADS)
    roi_align_kernel(const __grid_constant__ gdk_roi_align_args a) {
    typedef typename channels<T, V>::raw raw;
    __shared__ gdk_roi_tap               point_y[GRID ? POINTS : 1], point_x[GRID ? POINTS : 1];
    __shared__ gdk_roi                   r;
    __shared__ bool                      any;
    const int row = (int)blockIdx.x, b = row / a.n, tid = (int)threadIdx.x;
    const int level = level_of(a, b, row - b * a.n);
    const int runs = a.C / V, bins = a.attr.out_h * a.attr.out_w;
    T        *out = (T *)a.out + (int64_t)row * bins * a.out_pitch;
    if (tid == 0)
        any = level >= 0 && gdk_roi_of(a.attr, *(const float4 *)(a.box + row * a.box_pitch),
                                       a.attr.scale[level], &r);
    __syncthreads();
    const gdk_roi_feature &f = a.feature[any ? level : 0];
    const T               *base = (const T *)f.data + (int64_t)b * f.H * f.W * f.pitch;
    if (GRID && any) {
        for (int i = tid; i < a.attr.out_h * GRID; i += THREADS)
            point_y[i] =
                gdk_roi_tap_of(r.y, r.bin_h, i / max(GRID, 1), i % max(GRID, 1), GRID, f.H);
        for (int i = tid; i < a.attr.out_w * GRID; i += THREADS)
            point_x[i] =
                gdk_roi_tap_of(r.x, r.bin_w, i / max(GRID, 1), i % max(GRID, 1), GRID, f.W);
    }
    __syncthreads();
    for (int item = tid; item < bins * runs; item += THREADS) {
        const int bin = item / runs, c = (item - bin * runs) * V;
        const int p = bin / a.attr.out_w, q = bin - p * a.attr.out_w;
        float     o[V] = {};
        if (GRID && any) {
#pragma unroll
            for (int iy = 0; iy < GRID; iy++)
#pragma unroll
                for (int ix = 0; ix < GRID; ix++)
                    add_point<T, V>(o, base + c, f.pitch, f.W, point_y[p * GRID + iy],
                                    point_x[q * GRID + ix]);
        } else if (any) {
            for (int iy = 0; iy < r.grid_h; iy++) {
                const gdk_roi_tap y = gdk_roi_tap_of(r.y, r.bin_h, p, iy, r.grid_h, f.H);
                for (int ix = 0; ix < r.grid_w; ix++)
                    add_point<T, V>(o, base + c, f.pitch, f.W, y,
                                    gdk_roi_tap_of(r.x, r.bin_w, q, ix, r.grid_w, f.W));
            }
        }
        if (any) {
#pragma unroll
            for (int i = 0; i < V; i++) o[i] = GRID ? o[i] / (GRID * GRID) : o[i] / r.count;
        }
        *(raw *)(out + (int64_t)bin * a.out_pitch + c) = channels<T, V>::pack(o);
    }
}

template <class T, int V> static void launch(const gdk_roi_align_args *a, cudaStream_t stream) {
    const unsigned blocks = (unsigned)(a->B * a->n);
    const int      longest = a->attr.out_h > a->attr.out_w ? a->attr.out_h : a->attr.out_w;
    if (V > 1 && a->attr.sampling == 2 && 2 * longest <= POINTS)
        roi_align_kernel<T, V, V == 1 ? 0 : 2><<<blocks, THREADS, 0, stream>>>(*a);
    else
        roi_align_kernel<T, V, 0><<<blocks, THREADS, 0, stream>>>(*a);
}

extern "C" cudaError_t gdk_roi_align_launch(const gdk_roi_align_args *a, cudaStream_t stream) {
    if (!a->B || !a->n) return cudaSuccess;
    if (a->vector && a->wide)
        launch<float, 4>(a, stream);
    else if (a->vector)
        launch<__half, 8>(a, stream);
    else if (a->wide)
        launch<float, 1>(a, stream);
    else
        launch<__half, 1>(a, stream);
    return cudaPeekAtLastError();
}
