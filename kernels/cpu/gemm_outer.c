/* gemm_outer.c -- a block of filters times a panel of columns, summed over pixels.
 *
 * Bound by the multipliers: the register plan of gemm.c, with the tile kept from one block of
 * pixels to the next. This file is compiled with products fused into sums. */
#include "kernels/cpu/gemm_outer.h"

#include "kernels/cpu/gemm_rows.h"

#define KEEP_2(i, V, L) \
    V a##i = LOAD(tile + i * 2 * L, V), b##i = LOAD(tile + i * 2 * L + L, V);
#define KEEP_1(i, V, L) V a##i = LOAD(tile + i * L, V);
#define STEP_2(i, V, L)              \
    {                                \
        const V x = SPLAT##L(of[i]); \
        a##i += x * w0;              \
        b##i += x * w1;              \
    }
#define STEP_1(i, V, L)              \
    {                                \
        const V x = SPLAT##L(of[i]); \
        a##i += x * w0;              \
    }

#define KERNEL(name, isa, V, L, M, N)                                                 \
    isa static void name##_##N##_##M(const float *of, const float *w, int64_t pixels, \
                                     float *tile) {                                   \
        ROWS_##M(KEEP_##N, V, L) for (int64_t m = 0; m < pixels;                      \
                                      m++, of += gdk_outer_step(M), w += N * L){      \
            WEIGHTS_##N(V, L) ROWS_##M(STEP_##N, V, L)} ROWS_##M(END_##N, V, L)       \
    }

KERNELS_6(any, ISA_ANY, vec4, 4, 1)
KERNELS_6(any, ISA_ANY, vec4, 4, 2)
static const gdk_outer outer_any = {4, 6, {{NAMES_6(any, 1)}, {NAMES_6(any, 2)}}};

#if defined(__x86_64__)
KERNELS_6(avx2, ISA_AVX2, vec8, 8, 1)
KERNELS_6(avx2, ISA_AVX2, vec8, 8, 2)
static const gdk_outer outer_avx2 = {8, 6, {{NAMES_6(avx2, 1)}, {NAMES_6(avx2, 2)}}};

KERNELS_14(avx512, ISA_AVX512, vec16, 16, 1)
KERNELS_14(avx512, ISA_AVX512, vec16, 16, 2)
static const gdk_outer outer_avx512 = {16, 14, {{NAMES_14(avx512, 1)}, {NAMES_14(avx512, 2)}}};
#endif

const gdk_outer *gdk_outer_variant(int i) {
#if defined(__x86_64__)
    if (gd_isa_avx512() && i-- == 0) return &outer_avx512;
    if (gd_isa_avx2() && __builtin_cpu_supports("fma") && i-- == 0) return &outer_avx2;
#endif
    return i == 0 ? &outer_any : NULL;
}

const gdk_outer *gdk_outer_get(void) { return gdk_outer_variant(0); }
