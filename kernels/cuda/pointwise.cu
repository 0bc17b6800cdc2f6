/* pointwise.cu -- functions of single elements. Bound by memory traffic.
 *
 * A block owns DEEP * THREADS units of V channels (16 bytes), a thread DEEP of them (two where
 * there are two inputs, else four), THREADS apart, all of whose loads are under way before the
 * first is used. The function is chosen at run time by a branch that all threads take alike:
 * templates of the kernel are for types. */
#include "kernels/cuda/activation.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/pointwise.h"
#include "kernels/cuda/vec.cuh"

enum { THREADS = 256 };

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
    return a;
}

template <int KIND, int V, int WIDE>
static __device__ __forceinline__ void each(const gdk_pointwise &p, float (&a)[V],
                                            const float (&b)[V], int64_t c) {
#pragma unroll
    for (int i = 0; i < V; i++) a[i] = apply<KIND, WIDE>(p, a[i], b[i], c + i);
}

/* a[i] = f(a[i], b[i]) for the V channels from c on. */
template <int V, int WIDE, int TWO>
static __device__ __forceinline__ void run(const gdk_pointwise &p, float (&a)[V],
                                           const float (&b)[V], int64_t c) {
    if constexpr (TWO) {
        if (p.kind == GDK_POINTWISE_ADD)
            each<GDK_POINTWISE_ADD, V, WIDE>(p, a, b, c);
        else
            each<GDK_POINTWISE_MUL, V, WIDE>(p, a, b, c);
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
template <int WIDE, int TWO>
static __device__ __forceinline__ void run_part(const gdk_pointwise &p, const place &t) {
    for (int i = 0; i < t.n; i++) {
        float a[1] = {gdk_element(p.a, t.pixel * p.a_pitch + t.c + i, p.a_wide)}, b[1] = {};
        if (TWO) b[0] = gdk_element(p.b, t.pixel * p.b_pitch + t.c + i, p.a_wide);
        run<1, WIDE, TWO>(p, a, b, t.c + i);
        gdk_element_set(p.y, t.pixel * p.y_pitch + t.c + i, a[0], p.y_wide);
    }
}

/* V channels of in's type become V of out's; TWO: there is a second input. */
template <int V, int IN_WIDE, int OUT_WIDE, int TWO>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pointwise_kernel(const __grid_constant__ gdk_pointwise p) {
    constexpr int  IN = IN_WIDE ? 4 : 2, OUT = OUT_WIDE ? 4 : 2, DEEP = TWO ? 2 : 4;
    const uint32_t first = blockIdx.x * (uint32_t)(THREADS * DEEP) + threadIdx.x;
    gdk_run<V>     a[DEEP], b[DEEP];
    gdk_grid_follow();
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const place t = place_of<V>(p, first + j * THREADS);
        if (t.n < V || !p.vec) continue;
        a[j] = gdk_run_load<V>((const char *)p.a + (t.pixel * p.a_pitch + t.c) * IN, IN_WIDE);
        if (TWO)
            b[j] =
                gdk_run_load<V>((const char *)p.b + (t.pixel * p.b_pitch + t.c) * IN, IN_WIDE);
    }
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const place t = place_of<V>(p, first + j * THREADS);
        float       v[V], w[V];
        if (t.n < V || !p.vec) continue;
        gdk_run_get<V>(v, a[j], IN_WIDE);
        if (TWO) gdk_run_get<V>(w, b[j], IN_WIDE);
        run<V, IN_WIDE && OUT_WIDE, TWO>(p, v, w, t.c);
        gdk_run_store<V>((char *)p.y + (t.pixel * p.y_pitch + t.c) * OUT, v, OUT_WIDE);
    }
#pragma unroll 1
    for (int j = 0; j < DEEP; j++) {
        const place t = place_of<V>(p, first + j * THREADS);
        if (t.n < V || !p.vec) run_part<IN_WIDE && OUT_WIDE, TWO>(p, t);
    }
}

template <int V, int IN_WIDE, int OUT_WIDE, int TWO>
static cudaError_t start(const gdk_pointwise *p, cudaStream_t stream) {
    constexpr uint32_t BLOCK = THREADS * (TWO ? 2 : 4);
    return gdk_launch(gdk_pointwise_kernel<V, IN_WIDE, OUT_WIDE, TWO>,
                      (p->n + BLOCK - 1) / BLOCK, THREADS, 0, stream, p->early, 1, *p);
}

extern "C" cudaError_t gdk_pointwise_launch(const gdk_pointwise *p, cudaStream_t stream) {
    const bool two = p->kind == GDK_POINTWISE_ADD || p->kind == GDK_POINTWISE_MUL;
    if (p->a_wide && p->y_wide && two) return start<4, 1, 1, 1>(p, stream);
    if (p->a_wide && p->y_wide) return start<4, 1, 1, 0>(p, stream);
    if (p->a_wide) return start<4, 1, 0, 0>(p, stream);
    if (p->y_wide) return start<4, 0, 1, 0>(p, stream);
    if (two) return start<8, 0, 0, 1>(p, stream);
    return start<8, 0, 0, 0>(p, stream);
}
