/* gemm_rows.h -- macros that name every row of a tile, so that its sums stay in registers.
 *
 * An array of vectors would live in memory wherever a compiler does not unroll it entirely.
 * For gemm.c, gemm_outer.c and gemm_depthwise.c only. */
#ifndef GD_KERNELS_CPU_GEMM_ROWS_H
#define GD_KERNELS_CPU_GEMM_ROWS_H

#include "kernels/cpu/isa.h"

typedef float vec4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float vec8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float vec16 __attribute__((vector_size(64), aligned(4), may_alias));

/* X once for each row of a tile of that height, with the vector type V of L floats. */
#define ROWS_1(X, V, L) X(0, V, L)
#define ROWS_2(X, V, L) ROWS_1(X, V, L) X(1, V, L)
#define ROWS_3(X, V, L) ROWS_2(X, V, L) X(2, V, L)
#define ROWS_4(X, V, L) ROWS_3(X, V, L) X(3, V, L)
#define ROWS_5(X, V, L) ROWS_4(X, V, L) X(4, V, L)
#define ROWS_6(X, V, L) ROWS_5(X, V, L) X(5, V, L)
#define ROWS_7(X, V, L) ROWS_6(X, V, L) X(6, V, L)
#define ROWS_8(X, V, L) ROWS_7(X, V, L) X(7, V, L)
#define ROWS_9(X, V, L) ROWS_8(X, V, L) X(8, V, L)
#define ROWS_10(X, V, L) ROWS_9(X, V, L) X(9, V, L)
#define ROWS_11(X, V, L) ROWS_10(X, V, L) X(10, V, L)
#define ROWS_12(X, V, L) ROWS_11(X, V, L) X(11, V, L)
#define ROWS_13(X, V, L) ROWS_12(X, V, L) X(12, V, L)
#define ROWS_14(X, V, L) ROWS_13(X, V, L) X(13, V, L)

/* One number in every lane. */
#define SPLAT4(f) \
    { f, f, f, f }
#define SPLAT8(f) \
    { f, f, f, f, f, f, f, f }
#define SPLAT16(f) \
    { f, f, f, f, f, f, f, f, f, f, f, f, f, f, f, f }

#define LOAD(p, V) (*(const V *)(const void *)(p))
#define STORE(p, V) (*(V *)(void *)(p))

#define POINT(i, V, L) const float *r##i = row[i];
#define BEGIN_2(i, V, L) V a##i = LOAD(init, V), b##i = LOAD(init + L, V);
#define END_2(i, V, L)                 \
    STORE(tile + i * 2 * L, V) = a##i; \
    STORE(tile + i * 2 * L + L, V) = b##i;
#define BEGIN_1(i, V, L) V a##i = LOAD(init, V);
#define END_1(i, V, L) STORE(tile + i * L, V) = a##i;
#define WEIGHTS_2(V, L) const V w0 = LOAD(w, V), w1 = LOAD(w + L, V);
#define WEIGHTS_1(V, L) const V w0 = LOAD(w, V);

/* KERNEL(name, isa, V, L, rows, vectors) defines one kernel of a family of up to six rows. */
#define KERNELS_6(name, isa, V, L, N) \
    KERNEL(name, isa, V, L, 1, N)     \
    KERNEL(name, isa, V, L, 2, N)     \
    KERNEL(name, isa, V, L, 3, N)     \
    KERNEL(name, isa, V, L, 4, N)     \
    KERNEL(name, isa, V, L, 5, N)     \
    KERNEL(name, isa, V, L, 6, N)
#define NAMES_6(name, N)                                                            \
    name##_##N##_1, name##_##N##_2, name##_##N##_3, name##_##N##_4, name##_##N##_5, \
        name##_##N##_6

/* And of up to fourteen. */
#define KERNELS_14(name, isa, V, L, N) \
    KERNELS_6(name, isa, V, L, N)      \
    KERNEL(name, isa, V, L, 7, N)      \
    KERNEL(name, isa, V, L, 8, N)      \
    KERNEL(name, isa, V, L, 9, N)      \
    KERNEL(name, isa, V, L, 10, N)     \
    KERNEL(name, isa, V, L, 11, N)     \
    KERNEL(name, isa, V, L, 12, N)     \
    KERNEL(name, isa, V, L, 13, N)     \
    KERNEL(name, isa, V, L, 14, N)
#define NAMES_14(name, N)                                                              \
    NAMES_6(name, N), name##_##N##_7, name##_##N##_8, name##_##N##_9, name##_##N##_10, \
        name##_##N##_11, name##_##N##_12, name##_##N##_13, name##_##N##_14

#define ISA_ANY
#if defined(__x86_64__)
#define ISA_AVX2 __attribute__((target("avx2,fma")))
#define ISA_AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#endif

#endif
