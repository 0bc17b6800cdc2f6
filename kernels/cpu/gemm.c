/* gemm.c -- a block of pixels times a weight panel, for AVX-512, AVX2 with FMA, and anything.
 *
 * Bound by the multipliers. One kernel holds rows x 2 vectors of sums: 28 of 32 registers
 * with AVX-512, 12 of 16 elsewhere; each step over a channel loads two vectors of weights and
 * spreads one number of each pixel. This file is compiled with products fused into sums. */
#include "kernels/cpu/gemm.h"

#include "engine/backend.h"
#include "engine/mem.h"
#include "kernels/cpu/gemm_rows.h"

#define STEP_2(i, V, L)                  \
    {                                    \
        const V x = SPLAT##L((r##i)[c]); \
        a##i += x * w0;                  \
        b##i += x * w1;                  \
    }
#define STEP_1(i, V, L)                  \
    {                                    \
        const V x = SPLAT##L((r##i)[c]); \
        a##i += x * w0;                  \
    }

#define KERNEL(name, isa, V, L, M, N)                                                      \
    isa static void name##_##N##_##M(const float *const *row, int64_t taps, int64_t depth, \
                                     const float *w, const float *init, float *tile) {     \
        ROWS_##M(BEGIN_##N, V, L) for (int64_t t = 0; t < taps; t++, row += M) {           \
            ROWS_##M(POINT, V, L) for (int64_t c = 0; c < depth; c++, w += N * L) {        \
                WEIGHTS_##N(V, L) ROWS_##M(STEP_##N, V, L)                                 \
            }                                                                              \
        }                                                                                  \
        ROWS_##M(END_##N, V, L)                                                            \
    }

KERNELS_6(any, ISA_ANY, vec4, 4, 1)
KERNELS_6(any, ISA_ANY, vec4, 4, 2)
static const gdk_gemm gemm_any = {4, 6, {{NAMES_6(any, 1)}, {NAMES_6(any, 2)}}};

#if defined(__x86_64__)
KERNELS_6(avx2, ISA_AVX2, vec8, 8, 1)
KERNELS_6(avx2, ISA_AVX2, vec8, 8, 2)
static const gdk_gemm gemm_avx2 = {8, 6, {{NAMES_6(avx2, 1)}, {NAMES_6(avx2, 2)}}};

KERNELS_14(avx512, ISA_AVX512, vec16, 16, 1)
KERNELS_14(avx512, ISA_AVX512, vec16, 16, 2)
static const gdk_gemm gemm_avx512 = {16, 14, {{NAMES_14(avx512, 1)}, {NAMES_14(avx512, 2)}}};
#endif

const gdk_gemm *gdk_gemm_variant(int i) {
#if defined(__x86_64__)
    if (gd_isa_avx512() && i-- == 0) return &gemm_avx512;
    if (gd_isa_avx2() && __builtin_cpu_supports("fma") && i-- == 0) return &gemm_avx2;
#endif
    return i == 0 ? &gemm_any : NULL;
}

const gdk_gemm *gdk_gemm_get(void) { return gdk_gemm_variant(0); }

int64_t gdk_gemm_packed(const gdk_gemm *g, int64_t filters, int64_t depth) {
    const int64_t full = 2 * g->lanes, rest = filters % full;
    const int64_t tail = rest == 0 ? 0 : rest <= g->lanes ? g->lanes : full;
    return ((filters - rest + tail) * depth + 15) / 16 * 16;
}

/* One panel, 16 weights of each filter at a time: those are one line of the cache, and filters
 * may lie a multiple of a page apart. */
static void pack_panel(const float *w, int64_t filters, int64_t stride, int64_t depth,
                       int64_t step, int64_t width, float *to) {
    enum { RUN = 16 };
    float run[GDK_GEMM_WIDTH][RUN] = {{0}};
    for (int64_t first = 0; first < depth; first += RUN) {
        const int64_t n = depth - first < RUN ? depth - first : RUN;
        for (int64_t j = 0; j < filters; j++)
            for (int64_t i = 0; i < n; i++) run[j][i] = w[j * stride + (first + i) * step];
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < width; j++) to[(first + i) * width + j] = run[j][i];
    }
}

void gdk_gemm_pack(const gdk_gemm *g, const float *w, int64_t filters, int64_t stride,
                   int64_t depth, int64_t step, float *packed) {
    enum { SERIAL = 64 * 1024 }; /* weights that are not worth a fork of the pool */
#pragma omp parallel for num_threads(gd_cpu_threads()) if (filters * depth > SERIAL)
    for (int64_t p = 0; p < gdk_gemm_panels(g, filters); p++) {
        const int64_t first = p * 2 * g->lanes,
                      width = gdk_gemm_vectors(g, filters, p) * g->lanes;
        const int64_t some = filters - first < width ? filters - first : width;
        pack_panel(w + first * stride, some, stride, depth, step, width,
                   packed + first * depth);
    }
}

gd_status gdk_panels_make(const gd_device_caps *dev, size_t floats, gdk_panels **out,
                          gd_error *err) {
    const size_t bytes = sizeof(gdk_panels) + floats * sizeof(float);
    gdk_panels  *p = gd_mem_get(bytes);
    *out = p;
    if (!p)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of packed weights", bytes);
    p->threads = gdk_threads(dev);
    p->filled = floats > 0;
    return GD_OK;
}
