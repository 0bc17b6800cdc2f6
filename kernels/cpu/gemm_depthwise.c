/* gemm_depthwise.c -- a block of pixels times its own filters, tap by tap.
 *
 * Bound by loads: for each tap one vector of weights serves all pixels of the block. This file
 * is compiled with products fused into sums. */
#include "kernels/cpu/gemm_depthwise.h"

#include "kernels/cpu/gemm_rows.h"

#define STEP_2(i, V, L)                    \
    a##i += LOAD(row[i] + offset, V) * w0; \
    b##i += LOAD(row[i] + offset + L, V) * w1;
#define STEP_1(i, V, L) a##i += LOAD(row[i] + offset, V) * w0;

#define KERNEL(name, isa, V, L, M, N)                                                       \
    isa static void name##_##N##_##M(const float *const *row, int64_t offset, int64_t taps, \
                                     const float *w, const float *init, float *tile) {      \
        ROWS_##M(BEGIN_##N, V, L) for (int64_t t = 0; t < taps; t++, row += M, w += N * L){ \
            WEIGHTS_##N(V, L) ROWS_##M(STEP_##N, V, L)} ROWS_##M(END_##N, V, L)             \
    }

KERNELS_6(any, ISA_ANY, vec4, 4, 1)
KERNELS_6(any, ISA_ANY, vec4, 4, 2)
static const gdk_depthwise depthwise_any = {4, {{NAMES_6(any, 1)}, {NAMES_6(any, 2)}}};

#if defined(__x86_64__)
KERNELS_6(avx2, ISA_AVX2, vec8, 8, 1)
KERNELS_6(avx2, ISA_AVX2, vec8, 8, 2)
static const gdk_depthwise depthwise_avx2 = {8, {{NAMES_6(avx2, 1)}, {NAMES_6(avx2, 2)}}};

KERNELS_6(avx512, ISA_AVX512, vec16, 16, 1)
KERNELS_6(avx512, ISA_AVX512, vec16, 16, 2)
static const gdk_depthwise depthwise_avx512 = {16,
                                               {{NAMES_6(avx512, 1)}, {NAMES_6(avx512, 2)}}};
#endif

const gdk_depthwise *gdk_depthwise_variant(int i) {
#if defined(__x86_64__)
    if (gd_isa_avx512() && i-- == 0) return &depthwise_avx512;
    if (gd_isa_avx2() && __builtin_cpu_supports("fma") && i-- == 0) return &depthwise_avx2;
#endif
    return i == 0 ? &depthwise_any : NULL;
}

const gdk_depthwise *gdk_depthwise_get(void) { return gdk_depthwise_variant(0); }

const gdk_depthwise *gdk_depthwise_for(int64_t channels) {
    const gdk_depthwise *d;
    for (int i = 0; (d = gdk_depthwise_variant(i)) && channels % d->lanes; i++) continue;
    return d;
}
