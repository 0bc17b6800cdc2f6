/* wgmma.cuh -- products of a warpgroup (four warps) of sm_90a, both operands in shared memory.
 *
 * Operands are rows of 128 bytes along the reduction (64 halves or 32 TF32 values) in the
 * 128-byte swizzle that a tensor copy writes: 16-byte group j of row i lies at j ^ (i % 8). A
 * tile starts at a multiple of 1024 bytes. One product takes 32 bytes of each row. */
#ifndef GD_KERNELS_CUDA_WGMMA_CUH
#define GD_KERNELS_CUDA_WGMMA_CUH

#include <stdint.h>

/* Code for sm_90a alone; other targets compile an empty body that is never launched. */
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define GDK_HOPPER 1
#else
#define GDK_HOPPER 0
#endif

#if GDK_HOPPER

/* Rows of 128 bytes, 8 of them to a 1024-byte group, 128-byte swizzle. */
static __device__ __forceinline__ uint64_t gdk_wgmma_operand(uint32_t smem) {
    return (uint64_t)((smem & 0x3ffffu) >> 4) | (uint64_t)1 << 16 | (uint64_t)64 << 32 |
           (uint64_t)1 << 62;
}

/* The same for an operand whose reduction runs from row to row: 64 halves to a row, 64 rows to
 * a box, boxes of further halves behind each other. 16 rows on are 2048 bytes. */
static __device__ __forceinline__ uint64_t gdk_wgmma_columns(uint32_t smem) {
    return (uint64_t)((smem & 0x3ffffu) >> 4) | (uint64_t)512 << 16 | (uint64_t)64 << 32 |
           (uint64_t)1 << 62;
}

static __device__ __forceinline__ void gdk_wgmma_begin() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
static __device__ __forceinline__ void gdk_wgmma_commit() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
template <int N> static __device__ __forceinline__ void gdk_wgmma_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}

#define GD_R4(i) "+f"(d[i]), "+f"(d[(i) + 1]), "+f"(d[(i) + 2]), "+f"(d[(i) + 3])
#define GD_R16(i) GD_R4(i), GD_R4((i) + 4), GD_R4((i) + 8), GD_R4((i) + 12)
#define GD_R32(i) GD_R16(i), GD_R16((i) + 16)
#define GD_LIST_32                                                                      \
    "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, " \
    "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
#define GD_LIST_64                                                                      \
    "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, " \
    "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "  \
    "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "  \
    "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
#define GD_LIST_128                                                                      \
    "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "  \
    "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "   \
    "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "   \
    "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, "   \
    "%66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, "   \
    "%82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, "   \
    "%98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, " \
    "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, "     \
    "%125, %126, %127}, "
#define GD_WGMMA(width, types, list, a_at, b_at, add_at, tail, ...)                       \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" add_at ", 0;\n"                     \
                 "wgmma.mma_async.sync.aligned.m64n" width types list "%" a_at ", %" b_at \
                 ", p, 1, 1" tail ";\n}"                                                  \
                 : __VA_ARGS__                                                            \
                 : "l"(a), "l"(b), "r"(add))
#define GD_WGMMA_OF(types, tail)                                                              \
    static_assert(D == 32 || D == 64 || D == 128, "widths are 64, 128 and 256");              \
    if constexpr (D == 32)                                                                    \
        GD_WGMMA("64", types, GD_LIST_32, "32", "33", "34", tail, GD_R32(0));                 \
    else if constexpr (D == 64)                                                               \
        GD_WGMMA("128", types, GD_LIST_64, "64", "65", "66", tail, GD_R32(0), GD_R32(32));    \
    else                                                                                      \
        GD_WGMMA("256", types, GD_LIST_128, "128", "129", "130", tail, GD_R32(0), GD_R32(32), \
                 GD_R32(64), GD_R32(96))

/* d (+)= A * B^T: 64 rows of A, 2 * D rows of B, 16 halves of reduction; without `add` d is
 * overwritten. Lane 4g + t of warp w holds in d[4j + i] row 16w + g + 8 * (i / 2), column
 * 8j + 2t + i % 2. */
template <int D>
static __device__ __forceinline__ void gdk_wgmma(float (&d)[D], uint64_t a, uint64_t b,
                                                 int add) {
    GD_WGMMA_OF("k16.f32.f16.f16 ", ", 0, 0");
}

/* The same with both operands as gdk_wgmma_columns describes them. */
template <int D>
static __device__ __forceinline__ void gdk_wgmma_trans(float (&d)[D], uint64_t a, uint64_t b,
                                                       int add) {
    GD_WGMMA_OF("k16.f32.f16.f16 ", ", 1, 1");
}

/* The same with B alone as gdk_wgmma_columns describes it. */
template <int D>
static __device__ __forceinline__ void gdk_wgmma_turned(float (&d)[D], uint64_t a, uint64_t b,
                                                        int add) {
    GD_WGMMA_OF("k16.f32.f16.f16 ", ", 0, 1");
}

/* As gdk_wgmma with 8 FP32 values of reduction, of which the 13 lowest bits are dropped. */
template <int D>
static __device__ __forceinline__ void gdk_wgmma_tf32(float (&d)[D], uint64_t a, uint64_t b,
                                                      int add) {
    GD_WGMMA_OF("k8.f32.tf32.tf32 ", "");
}

#undef GD_R4
#undef GD_R16
#undef GD_R32
#undef GD_LIST_32
#undef GD_LIST_64
#undef GD_LIST_128
#undef GD_WGMMA
#undef GD_WGMMA_OF

#endif
#endif
