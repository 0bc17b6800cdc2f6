/* pointwise.cu -- functions of single elements. Bound by memory traffic.
 *
 * A block owns DEEP * THREADS units of V channels (16 bytes), a thread DEEP of them (two where
 * there are two inputs, else four), THREADS apart, all of whose loads are under way before the
 * first is used. The function is chosen at run time by a branch that all threads take alike:
 * templates of the kernel are for types and, so that none pays for the registers of another,
 * for functions of one input, sums and products, gradients. */
#include "kernels/cuda/activation.cuh"
#include "kernels/cuda/activation_bwd.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/pointwise.h"
#include "kernels/cuda/vec.cuh"

enum { THREADS = 256 };
enum { ONE, TWO, GRADIENT }; /* families of functions */

/* The fast exponential is for results that are rounded to halves. */
template <int KIND, int WIDE>
static __device__ __forceinline__ float apply(const gdk_pointwise &p, float a, float b,
                                              int64_t c) {
    if constexpr (KIND == GDK_POINTWISE_ADD) return a + b;
    if constexpr (KIND == GDK_POINTWISE_MUL) return a * b;
    if constexpr (KIND == GDK_POINTWISE_RELU) return gdk_relu(a);
    if constexpr (KIND == GDK_POINTWISE_LEAKY) return gdk_leaky_relu(a, p.slope);
    if constexpr (KIND == GDK_POINTWISE_AFFINE)
        return (p.mean ? a - p.mean[c] : a) * p.scale[c] + p.shift[c];
    if constexpr (KIND == GDK_POINTWISE_SIGMOID) return gdk_sigmoid<WIDE>(a);
    if constexpr (KIND == GDK_POINTWISE_SILU) return gdk_silu<WIDE>(a);
    if constexpr (KIND == GDK_POINTWISE_RELU6) return gdk_relu6(a);
    if constexpr (KIND == GDK_POINTWISE_HARDSIGMOID) return gdk_hardsigmoid(a);
    if constexpr (KIND == GDK_POINTWISE_HARDSWISH) return a * gdk_hardsigmoid(a);
    if constexpr (KIND == GDK_POINTWISE_MISH) return gdk_mish<WIDE>(a);
    if constexpr (KIND == GDK_POINTWISE_GELU) return gdk_gelu<WIDE>(a);
    if constexpr (KIND == GDK_POINTWISE_GELU_TANH) return gdk_gelu_tanh<WIDE>(a);
    if constexpr (KIND == GDK_POINTWISE_RELU_BWD) return b > 0.0f ? a : 0.0f;
    if constexpr (KIND == GDK_POINTWISE_LEAKY_BWD) return b > 0.0f ? a : a * p.slope;
    if constexpr (KIND == GDK_POINTWISE_SIGMOID_BWD) return a * b * (1.0f - b);
    if constexpr (KIND == GDK_POINTWISE_SILU_BWD) return a * gdk_silu_slope<WIDE>(b);
    if constexpr (KIND == GDK_POINTWISE_RELU6_BWD) return b > 0.0f && b < 6.0f ? a : 0.0f;
    if constexpr (KIND == GDK_POINTWISE_HARDSIGMOID_BWD)
        return b > 0.0f && b < 1.0f ? a * 0.16666666666666667f : 0.0f;
    if constexpr (KIND == GDK_POINTWISE_HARDSWISH_BWD)
        return b < -3.0f ? 0.0f : b > 3.0f ? a : a * (b * 0.33333333333333333f + 0.5f);
    if constexpr (KIND == GDK_POINTWISE_MISH_BWD) return a * gdk_mish_slope<WIDE>(b);
    if constexpr (KIND == GDK_POINTWISE_GELU_BWD) return a * gdk_gelu_slope<WIDE>(b);
    if constexpr (KIND == GDK_POINTWISE_GELU_TANH_BWD) return a * gdk_gelu_tanh_slope<WIDE>(b);
    return a;
}

template <int KIND, int V, int WIDE>
static __device__ __forceinline__ void each(const gdk_pointwise &p, float (&a)[V],
                                            const float (&b)[V], int64_t c) {
#pragma unroll
    for (int i = 0; i < V; i++) a[i] = apply<KIND, WIDE>(p, a[i], b[i], c + i);
}

#define GRADIENT_OF(kind)                                      \
    case GDK_POINTWISE_##kind##_BWD:                           \
        each<GDK_POINTWISE_##kind##_BWD, V, WIDE>(p, a, b, c); \
        break
/* a[i] = f(a[i], b[i]) for the V channels from c on. */
template <int V, int WIDE, int FAMILY>
static __device__ __forceinline__ void run(const gdk_pointwise &p, float (&a)[V],
                                           const float (&b)[V], int64_t c) {
    if constexpr (FAMILY == TWO) {
        if (p.kind == GDK_POINTWISE_ADD)
            each<GDK_POINTWISE_ADD, V, WIDE>(p, a, b, c);
        else
            each<GDK_POINTWISE_MUL, V, WIDE>(p, a, b, c);
        return;
    }
    if constexpr (FAMILY == GRADIENT) {
        switch (p.kind) {
            GRADIENT_OF(RELU);
            GRADIENT_OF(LEAKY);
            GRADIENT_OF(SIGMOID);
            GRADIENT_OF(SILU);
            GRADIENT_OF(RELU6);
            GRADIENT_OF(HARDSIGMOID);
            GRADIENT_OF(HARDSWISH);
            GRADIENT_OF(MISH);
            GRADIENT_OF(GELU);
            GRADIENT_OF(GELU_TANH);
        }
        return;
    }
    switch (p.kind) {
    case GDK_POINTWISE_RELU: each<GDK_POINTWISE_RELU, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_LEAKY: each<GDK_POINTWISE_LEAKY, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_SIGMOID: each<GDK_POINTWISE_SIGMOID, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_SILU: each<GDK_POINTWISE_SILU, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_RELU6: each<GDK_POINTWISE_RELU6, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_HARDSIGMOID: each<GDK_POINTWISE_HARDSIGMOID, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_HARDSWISH: each<GDK_POINTWISE_HARDSWISH, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_MISH: each<GDK_POINTWISE_MISH, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_GELU: each<GDK_POINTWISE_GELU, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_GELU_TANH: each<GDK_POINTWISE_GELU_TANH, V, WIDE>(p, a, b, c); break;
    case GDK_POINTWISE_AFFINE: each<GDK_POINTWISE_AFFINE, V, WIDE>(p, a, b, c); break;
    }
}

/* Where unit u lies, and how many channels it has; none beyond the last unit. */
struct place {
    uint32_t pixel;
    int64_t  c;
    int      n;
};

template <int V>
static __device__ __forceinline__ place place_of(const gdk_pointwise &p, uint32_t u) {
    place t;
    t.pixel = p.unit.d < p.n ? gdk_divide(u, &p.unit) : 0;
    t.c = (int64_t)(u - t.pixel * p.unit.d) * V;
    t.n = u >= p.n ? 0 : p.C - t.c < V ? (int)(p.C - t.c) : V;
    return t;
}

/* A unit that is partial, or does not begin at a 16-byte boundary. */
template <int WIDE, int FAMILY>
static __device__ __forceinline__ void run_part(const gdk_pointwise &p, const place &t) {
    for (int i = 0; i < t.n; i++) {
        float a[1] = {gdk_element(p.a, t.pixel * p.a_pitch + t.c + i, p.a_wide)}, b[1] = {};
        if (FAMILY != ONE) b[0] = gdk_element(p.b, t.pixel * p.b_pitch + t.c + i, p.a_wide);
        run<1, WIDE, FAMILY>(p, a, b, t.c + i);
        gdk_element_set(p.y, t.pixel * p.y_pitch + t.c + i, a[0], p.y_wide);
    }
}

/* V channels of in's type become V of out's. */
template <int V, int IN_WIDE, int OUT_WIDE, int FAMILY>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pointwise_kernel(const __grid_constant__ gdk_pointwise p) {
    constexpr int  IN = IN_WIDE ? 4 : 2, OUT = OUT_WIDE ? 4 : 2, DEEP = FAMILY != ONE ? 2 : 4;
    const uint32_t first = blockIdx.x * (uint32_t)(THREADS * DEEP) + threadIdx.x;
    gdk_run<V>     a[DEEP], b[DEEP];
    gdk_grid_follow();
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const place t = place_of<V>(p, first + j * THREADS);
        if (t.n < V || !p.vec) continue;
        a[j] = gdk_run_load<V>((const char *)p.a + (t.pixel * p.a_pitch + t.c) * IN, IN_WIDE);
        if (FAMILY != ONE)
            b[j] =
                gdk_run_load<V>((const char *)p.b + (t.pixel * p.b_pitch + t.c) * IN, IN_WIDE);
    }
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const place t = place_of<V>(p, first + j * THREADS);
        float       v[V], w[V];
        if (t.n < V || !p.vec) continue;
        gdk_run_get<V>(v, a[j], IN_WIDE);
        if (FAMILY != ONE) gdk_run_get<V>(w, b[j], IN_WIDE);
        run<V, IN_WIDE && OUT_WIDE, FAMILY>(p, v, w, t.c);
        gdk_run_store<V>((char *)p.y + (t.pixel * p.y_pitch + t.c) * OUT, v, OUT_WIDE);
    }
#pragma unroll 1
    for (int j = 0; j < DEEP; j++) {
        const place t = place_of<V>(p, first + j * THREADS);
        if (t.n < V || !p.vec) run_part<IN_WIDE && OUT_WIDE, FAMILY>(p, t);
    }
}

template <int V, int IN_WIDE, int OUT_WIDE, int FAMILY>
static cudaError_t start(const gdk_pointwise *p, cudaStream_t stream) {
    constexpr uint32_t BLOCK = THREADS * (FAMILY != ONE ? 2 : 4);
    return gdk_launch(gdk_pointwise_kernel<V, IN_WIDE, OUT_WIDE, FAMILY>,
                      (p->n + BLOCK - 1) / BLOCK, THREADS, 0, stream, p->early, 1, *p);
}

extern "C" cudaError_t gdk_pointwise_launch(const gdk_pointwise *p, cudaStream_t stream) {
    const bool two = gdk_pointwise_is_binary(p->kind);
    if (gdk_pointwise_is_gradient(p->kind))
        return p->a_wide ? start<4, 1, 1, GRADIENT>(p, stream)
                         : start<8, 0, 0, GRADIENT>(p, stream);
    if (p->a_wide && p->y_wide && two) return start<4, 1, 1, TWO>(p, stream);
    if (p->a_wide && p->y_wide) return start<4, 1, 1, ONE>(p, stream);
    if (p->a_wide) return start<4, 1, 0, ONE>(p, stream);
    if (p->y_wide) return start<4, 0, 1, ONE>(p, stream);
    if (two) return start<8, 0, 0, TWO>(p, stream);
    return start<8, 0, 0, ONE>(p, stream);
}
