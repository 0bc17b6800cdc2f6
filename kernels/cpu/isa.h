/* isa.h -- one loop compiled for several instruction sets, chosen at run time.
 *
 *     GD_ISA_BODY void relu_body(const float *x, float *y, int64_t n) { for (...) ... }
 *     GD_ISA(relu, (const float *x, float *y, int64_t n), (x, y, n))
 *
 * defines relu(), which runs the body vectorised for AVX-512, AVX2 or the baseline. Plain
 * functions and a test of the CPU's features, no indirect functions: so it works under gcc and
 * clang, under sanitizers, and under valgrind, whose CPU has no AVX-512. Products are never
 * fused with sums (-ffp-contract=off), so all three give the same bits. */
#ifndef GD_KERNELS_CPU_ISA_H
#define GD_KERNELS_CPU_ISA_H

#include <stdbool.h>

#define GD_ISA_BODY static inline __attribute__((always_inline))

#if defined(__x86_64__)

static inline bool gd_isa_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
static inline bool gd_isa_avx2(void) { return __builtin_cpu_supports("avx2"); }

#define GD_ISA(name, params, args)                                                        \
    __attribute__((                                                                       \
        target("avx512f,avx512dq,avx512bw,avx512vl"))) static void name##_avx512 params { \
        name##_body args;                                                                 \
    }                                                                                     \
    __attribute__((target("avx2"))) static void name##_avx2 params { name##_body args; }  \
    static void name                                        params {                      \
        if (gd_isa_avx512())                       \
            name##_avx512 args;                    \
        else if (gd_isa_avx2())                    \
            name##_avx2 args;                      \
        else                                       \
            name##_body args;                      \
    }

#else

#define GD_ISA(name, params, args) \
    static void name params { name##_body args; }

#endif
#endif
