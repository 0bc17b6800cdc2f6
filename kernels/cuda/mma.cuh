/* mma.cuh -- tensor-core and asynchronous-copy instructions, and what stands for them on sm_75.
 *
 * Fragments of one warp, lane = 4 * g + t: A is 16 rows x 32 bytes, B 8 rows (output columns) x
 * 32 bytes, both with the reduction along the row; the accumulator c[0..3] holds (g, 2t),
 * (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1). */
#ifndef GD_KERNELS_CUDA_MMA_CUH
#define GD_KERNELS_CUDA_MMA_CUH

#include <stdint.h>

#include "kernels/cuda/vec.cuh"

static __device__ __forceinline__ uint32_t gdk_smem_address(const void *p) {
    return (uint32_t)__cvta_generic_to_shared(p);
}

/* Four 8 x 16-byte matrices; lane i gives the address of row i % 8 of matrix i / 8. */
static __device__ __forceinline__ void gdk_ldmatrix4(uint32_t (&r)[4], uint32_t smem) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(smem));
}

/* The same, each matrix transposed. */
static __device__ __forceinline__ void gdk_ldmatrix4_trans(uint32_t (&r)[4], uint32_t smem) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(smem));
}

/* 16 bytes from global to shared memory; zeros where `valid` is false: src is not read
 * then. */
static __device__ __forceinline__ void gdk_copy16(uint32_t smem, const void *src, bool valid) {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(smem), "l"(src),
                 "r"(valid ? 16 : 0)
                 : "memory");
#else
    uint4 v = make_uint4(0, 0, 0, 0);
    if (valid) v = *(const uint4 *)src;
    asm volatile("st.shared.v4.u32 [%0], {%1,%2,%3,%4};" ::"r"(smem), "r"(v.x), "r"(v.y),
                 "r"(v.z), "r"(v.w)
                 : "memory");
#endif
}

/* The same for 4 bytes. */
static __device__ __forceinline__ void gdk_copy4(uint32_t smem, const void *src, bool valid) {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(smem), "l"(src),
                 "r"(valid ? 4 : 0)
                 : "memory");
#else
    const uint32_t v = valid ? *(const uint32_t *)src : 0;
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(smem), "r"(v) : "memory");
#endif
}

/* Ends a group of copies. */
static __device__ __forceinline__ void gdk_copy_commit() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits until all but the newest N groups of this thread have arrived. */
template <int N> static __device__ __forceinline__ void gdk_copy_wait() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

/* The same for a number known at run time, 0 .. 6; more waits for more than it must. */
static __device__ __forceinline__ void gdk_copy_wait_but(int n) {
    switch (n) {
    case 0: gdk_copy_wait<0>(); break;
    case 1: gdk_copy_wait<1>(); break;
    case 2: gdk_copy_wait<2>(); break;
    case 3: gdk_copy_wait<3>(); break;
    case 4: gdk_copy_wait<4>(); break;
    case 5: gdk_copy_wait<5>(); break;
    default: gdk_copy_wait<6>(); break;
    }
}

/* c += A * B^T for 16 x 8 outputs over 16 halves, FP32 accumulation. */
static __device__ __forceinline__ void gdk_mma_f16(float (&c)[4], const uint32_t (&a)[4],
                                                   uint32_t b0, uint32_t b1) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
        "{%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, "
                 "{%6}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, "
                 "{%6}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

/* c += A * B^T for 16 x 8 outputs over 8 TF32 values (sm_80). */
static __device__ __forceinline__ void gdk_mma_tf32(float (&c)[4], const uint32_t (&a)[4],
                                                    uint32_t b0, uint32_t b1) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
        "{%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    (void)c, (void)a, (void)b0, (void)b1;
#endif
}

#endif
