/* epilogue.cuh -- bias, absorbed steps and the store of a run of channels of one pixel.
 *
 * Take gdk_epilogue from the kernel's parameters by const reference (`const __grid_constant__`
 * keeps it in constant memory): its arrays are indexed at run time. */
#ifndef GD_KERNELS_CUDA_EPILOGUE_CUH
#define GD_KERNELS_CUDA_EPILOGUE_CUH

#include "kernels/cuda/activation.cuh"
#include "kernels/cuda/epilogue.h"
#include "kernels/cuda/vec.cuh"

/* Any step but an addition: each(f) is to take f to all values of the caller. The branch lies
 * around its loops. NaN stays NaN in all of them; a full division or exponential would be a
 * call. */
template <class EACH>
static __device__ __forceinline__ void gdk_epilogue_acts(int kind, float slope, EACH each) {
    if (kind == GDK_EPILOGUE_RELU)
        each([](float v) { return gdk_relu(v); });
    else if (kind == GDK_EPILOGUE_SILU)
        each([](float v) { return gdk_silu<0>(v); });
    else if (kind == GDK_EPILOGUE_LEAKY)
        each([slope](float v) { return gdk_leaky_relu(v, slope); });
    else if (kind == GDK_EPILOGUE_MISH)
        each([](float v) { return gdk_mish<0>(v); });
    else if (kind == GDK_EPILOGUE_RELU6)
        each([](float v) { return gdk_relu6(v); });
    else if (kind == GDK_EPILOGUE_HARDSWISH)
        each([](float v) { return v * gdk_hardsigmoid(v); });
    else if (kind == GDK_EPILOGUE_HARDSIGMOID)
        each([](float v) { return gdk_hardsigmoid(v); });
    else if (kind == GDK_EPILOGUE_TF32)
        each([](float v) { return __uint_as_float(gdk_tf32(__float_as_uint(v))); });
    else
        each([](float v) { return gdk_gelu<0>(v); });
}

/* One element: column k of pixel `row`. */
static __device__ __forceinline__ void gdk_epilogue_one(const gdk_epilogue &e, float v,
                                                        int64_t row, int k) {
    if (e.bias) v += e.bias[k];
    for (int i = 0; i < e.n; i++)
        if (e.kind[i] == GDK_EPILOGUE_ADD)
            v += gdk_element(e.arg[i], row * e.arg_pitch[i] + k, e.arg_wide[i]);
        else
            gdk_epilogue_acts(e.kind[i], e.slope[i], [&](auto f) { v = f(v); });
    gdk_element_set(e.out, row * e.out_pitch + k, v, e.out_wide);
}

/* Whether columns k .. k + V - 1 of K may be read and written as whole runs; k % V == 0. */
template <int V>
static __device__ __forceinline__ bool gdk_epilogue_whole(const gdk_epilogue &e, int k, int K) {
    return e.vec && k + V <= K;
}

/* The operand of the first step, when that is an addition: loaded ahead of its use, so that
 * several rows are under way at once. Only for whole runs. */
template <int V>
static __device__ __forceinline__ gdk_run<V> gdk_epilogue_fetch(const gdk_epilogue &e,
                                                                int64_t row, int k) {
    gdk_run<V> r = {};
    if (e.n > 0 && e.kind[0] == GDK_EPILOGUE_ADD)
        r = gdk_run_load<V>((const char *)e.arg[0] +
                                ((row * e.arg_pitch[0] + k) << (1 + e.arg_wide[0])),
                            e.arg_wide[0]);
    return r;
}

/* The bias of a run, once for all rows of a thread. */
template <int V>
static __device__ __forceinline__ void gdk_epilogue_bias(const gdk_epilogue &e, int k,
                                                         float (&b)[V]) {
#pragma unroll
    for (int i = 0; i < V / 4; i++) {
        float4 f = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        if (e.bias) f = ((const float4 *)(e.bias + k))[i];
        b[4 * i] = f.x;
        b[4 * i + 1] = f.y;
        b[4 * i + 2] = f.z;
        b[4 * i + 3] = f.w;
    }
}

/* A whole run whose bias is in v already. */
template <int V>
static __device__ __forceinline__ void gdk_epilogue_store(const gdk_epilogue &e, float (&v)[V],
                                                          const gdk_run<V> &first, int64_t row,
                                                          int k) {
    for (int i = 0; i < e.n; i++) {
        const int kind = e.kind[i];
        if (kind == GDK_EPILOGUE_ADD) {
            gdk_run<V> r = first;
            if (i > 0)
                r = gdk_run_load<V>((const char *)e.arg[i] +
                                        ((row * e.arg_pitch[i] + k) << (1 + e.arg_wide[i])),
                                    e.arg_wide[i]);
            gdk_run_add<V>(v, r, e.arg_wide[i]);
        } else {
            gdk_epilogue_acts(kind, e.slope[i], [&](auto f) {
#pragma unroll
                for (int j = 0; j < V; j++) v[j] = f(v[j]);
            });
        }
    }
    gdk_run_store<V>((char *)e.out + ((row * e.out_pitch + k) << (1 + e.out_wide)), v,
                     e.out_wide);
}

/* N whole runs from column k on, of pixels row(i) (-1: none), sums in v. Steps are outermost:
 * one copy of their code for all runs. */
template <int V, int N, class ROW>
static __device__ __forceinline__ void gdk_epilogue_runs(const gdk_epilogue &e,
                                                         float (&v)[N][V], int k, ROW row) {
    float b[V];
    gdk_epilogue_bias<V>(e, k, b);
#pragma unroll
    for (int i = 0; i < N * V; i++) v[i / V][i % V] += b[i % V];
    for (int s = 0; s < e.n; s++) {
        const int   kind = e.kind[s];
        const float slope = e.slope[s];
        if (kind == GDK_EPILOGUE_ADD) {
#pragma unroll
            for (int i = 0; i < N; i++)
                if (row(i) >= 0)
                    gdk_run_add<V>(
                        v[i],
                        gdk_run_load<V>((const char *)e.arg[s] + ((row(i) * e.arg_pitch[s] + k)
                                                                  << (1 + e.arg_wide[s])),
                                        e.arg_wide[s]),
                        e.arg_wide[s]);
        } else {
            gdk_epilogue_acts(kind, slope, [&](auto f) {
#pragma unroll
                for (int i = 0; i < N * V; i++) v[i / V][i % V] = f(v[i / V][i % V]);
            });
        }
    }
#pragma unroll
    for (int i = 0; i < N; i++)
        if (row(i) >= 0)
            gdk_run_store<V>((char *)e.out + ((row(i) * e.out_pitch + k) << (1 + e.out_wide)),
                             v[i], e.out_wide);
}

/* A run of any kind, sums in v: what a kernel with few rows a thread calls. Columns at K and
 * beyond are dropped; k % V == 0. */
template <int V>
static __device__ __forceinline__ void gdk_epilogue_run(const gdk_epilogue &e, float (&v)[V],
                                                        int64_t row, int k, int K) {
    if (gdk_epilogue_whole<V>(e, k, K)) {
        float b[V];
        gdk_epilogue_bias<V>(e, k, b);
#pragma unroll
        for (int j = 0; j < V; j++) v[j] += b[j];
        gdk_epilogue_store<V>(e, v, gdk_epilogue_fetch<V>(e, row, k), row, k);
    } else {
#pragma unroll
        for (int j = 0; j < V; j++)
            if (k + j < K) gdk_epilogue_one(e, v[j], row, k + j);
    }
}

#endif
