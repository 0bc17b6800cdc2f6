/* hopper.cuh -- what sm_90a has beyond sm_80: barriers with byte counts, tensor copies (TMA) and
 * warpgroup matrix products (wgmma).
 *
 * Shared-memory operands of wgmma are rows of 128 bytes (64 halves along the reduction) in the
 * 128-byte swizzle that a tensor copy writes; a tile starts at a multiple of 1024 bytes. */
#ifndef GD_KERNELS_CUDA_HOPPER_CUH
#define GD_KERNELS_CUDA_HOPPER_CUH

#include <cuda.h>
#include <stdint.h>

/* Code for sm_90a alone; other targets compile an empty body that is never launched. */
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define GDK_HOPPER 1
#else
#define GDK_HOPPER 0
#endif

#if GDK_HOPPER

/* ---- barriers ---------------------------------------------------------------------------- */

static __device__ __forceinline__ void gdk_bar_init(uint32_t bar, uint32_t count) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(count));
}

static __device__ __forceinline__ void gdk_bar_arrive(uint32_t bar) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory");
}

static __device__ __forceinline__ void gdk_bar_expect(uint32_t bar, uint32_t bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(bar), "r"(bytes)
                 : "memory");
}

/* Waits until the phase of this parity is complete. */
static __device__ __forceinline__ void gdk_bar_wait(uint32_t bar, uint32_t parity) {
    asm volatile("{\n"
                 ".reg .pred done;\n"
                 "again:\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
                 "@done bra.uni through;\n"
                 "bra.uni again;\n"
                 "through:\n"
                 "}" ::"r"(bar),
                 "r"(parity)
                 : "memory");
}

/* ---- order of grids (launched with programmatic stream serialization) -------------------- */

/* Until the grid before has ended and its writes are seen: before the first access to memory
 * that another kernel writes or reads. */
static __device__ __forceinline__ void gdk_grid_wait() {
    asm volatile("griddepcontrol.wait;" ::: "memory");
}
/* The next grid may be brought up: it waits in turn. */
static __device__ __forceinline__ void gdk_grid_release() {
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

/* ---- tensor copies ----------------------------------------------------------------------- */

static __device__ __forceinline__ void gdk_tma_prefetch(const CUtensorMap *map) {
    asm volatile("prefetch.tensormap [%0];" ::"l"((uint64_t)map) : "memory");
}

/* A box of a matrix: columns x.., rows y... */
static __device__ __forceinline__ void gdk_tma_tile(uint32_t smem, const CUtensorMap *map,
                                                    uint32_t bar, int x, int y) {
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%3, %4}], [%2];" ::"r"(smem),
                 "l"((uint64_t)map), "r"(bar), "r"(x), "r"(y)
                 : "memory");
}

/* Channels c.. of the pixels that one filter tap (down, right: offsets in input pixels) meets
 * for consecutive output pixels, the first of which sees input (n, h, w). */
static __device__ __forceinline__ void gdk_tma_im2col(uint32_t smem, const CUtensorMap *map,
                                                      uint32_t bar, int c, int w, int h, int n,
                                                      int right, int down) {
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%3, %4, %5, %6}], [%2], {%7, %8};" ::"r"(smem),
        "l"((uint64_t)map), "r"(bar), "r"(c), "r"(w), "r"(h), "r"(n), "h"((uint16_t)right),
        "h"((uint16_t)down)
        : "memory");
}

/* A box of a matrix back from shared memory; what lies outside the matrix is dropped. */
static __device__ __forceinline__ void gdk_tma_store(const CUtensorMap *map, uint32_t smem,
                                                     int x, int y) {
    asm volatile(
        "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%2, %3}], [%1];" ::"l"(
            (uint64_t)map),
        "r"(smem), "r"(x), "r"(y)
        : "memory");
}
static __device__ __forceinline__ void gdk_tma_store_commit() {
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}
/* Until all but the newest N groups of this thread have been read from shared memory. */
template <int N> static __device__ __forceinline__ void gdk_tma_store_wait() {
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
}
/* Orders this thread's writes to shared memory before tensor copies that read them. */
static __device__ __forceinline__ void gdk_tma_fence() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/* ---- warpgroup matrix products ----------------------------------------------------------- */

/* Rows of 128 bytes, 8 of them to a 1024-byte group, 128-byte swizzle. */
static __device__ __forceinline__ uint64_t gdk_wgmma_operand(uint32_t smem) {
    return (uint64_t)((smem & 0x3ffffu) >> 4) | (uint64_t)1 << 16 | (uint64_t)64 << 32 |
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

/* d (+)= A * B^T: 64 rows of A, N rows of B, 16 halves of reduction; without `add` d is
 * overwritten. Lane 4g + t of warp w holds in d[4j + i] row 16w + g + 8 * (i / 2), column
 * 8j + 2t + i % 2. */
static __device__ __forceinline__ void gdk_wgmma(float (&d)[32], uint64_t a, uint64_t b,
                                                 int add) {
    asm volatile(
        "{\n"
        ".reg .pred p;\n"
        "setp.ne.b32 p, %34, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
        "%32, %33, p, 1, 1, 0, 0;\n"
        "}"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]),
          "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]),
          "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]), "+f"(d[17]), "+f"(d[18]),
          "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),
          "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]),
          "+f"(d[31])
        : "l"(a), "l"(b), "r"(add));
}

static __device__ __forceinline__ void gdk_wgmma(float (&d)[64], uint64_t a, uint64_t b,
                                                 int add) {
    asm volatile(
        "{\n"
        ".reg .pred p;\n"
        "setp.ne.b32 p, %66, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
        "%64, %65, p, 1, 1, 0, 0;\n"
        "}"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]),
          "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]),
          "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]), "+f"(d[17]), "+f"(d[18]),
          "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),
          "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]),
          "+f"(d[31]), "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]),
          "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), "+f"(d[41]), "+f"(d[42]),
          "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),
          "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]),
          "+f"(d[55]), "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]),
          "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
        : "l"(a), "l"(b), "r"(add));
}

#endif
#endif
