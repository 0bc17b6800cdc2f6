/* cluster.cuh -- thread blocks that read each other's shared memory (sm_90 on). */
#ifndef GD_KERNELS_CUDA_CLUSTER_CUH
#define GD_KERNELS_CUDA_CLUSTER_CUH

#include <stdint.h>

#if __CUDA_ARCH__ >= 900
/* All threads of all blocks of the cluster meet; what each wrote before is seen after. */
static __device__ __forceinline__ void gdk_cluster_sync() {
    asm volatile("barrier.cluster.arrive.release.aligned;\n"
                 "barrier.cluster.wait.acquire.aligned;" ::
                     : "memory");
}

/* 16 bytes at this block's shared address, in block `rank` of the cluster. */
static __device__ __forceinline__ float4 gdk_cluster_load(uint32_t smem, int rank) {
    uint32_t at;
    float4   v;
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(at) : "r"(smem), "r"(rank));
    asm volatile("ld.shared::cluster.v4.f32 {%0,%1,%2,%3}, [%4];"
                 : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
                 : "r"(at)
                 : "memory");
    return v;
}
#endif

#endif
