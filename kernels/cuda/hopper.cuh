/* hopper.cuh -- what sm_90a has beyond sm_80: barriers with byte counts, tensor copies (TMA),
 * and from wgmma.cuh the products that read what they bring. */
#ifndef GD_KERNELS_CUDA_HOPPER_CUH
#define GD_KERNELS_CUDA_HOPPER_CUH

#include <cuda.h>
#include <stdint.h>

#include "kernels/cuda/wgmma.cuh"

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

/* A ring of stages with a barrier each: the current one, and the parity of its turn. */
template <int STAGES> struct gdk_ring {
    int                             stage = 0;
    uint32_t                        parity = 0;
    __device__ __forceinline__ void next() {
        if (++stage == STAGES) {
            stage = 0;
            parity ^= 1;
        }
    }
};

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

/* The same box no further than to L2. */
static __device__ __forceinline__ void gdk_tma_prefetch_tile(const CUtensorMap *map, int x,
                                                             int y) {
    asm volatile(
        "cp.async.bulk.prefetch.tensor.2d.L2.global.tile [%0, {%1, %2}];" ::"l"((uint64_t)map),
        "r"(x), "r"(y)
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

#endif
#endif
