/* launch.cuh -- kernels that start while the kernel before them ends (sm_90 on).
 *
 * A kernel launched by gdk_launch with early = true may begin before its predecessor in the
 * stream has ended. */
#ifndef GD_KERNELS_CUDA_LAUNCH_CUH
#define GD_KERNELS_CUDA_LAUNCH_CUH

#include <cuda_runtime_api.h>
#include <stdint.h>

/* Until the grid before has ended and its writes are seen: before the first access to memory
 * that another kernel writes or reads. */
static __device__ __forceinline__ void gdk_grid_wait() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* The next grid may be brought up, once all blocks of this one run: it waits in turn. */
static __device__ __forceinline__ void gdk_grid_release() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/* Both, for kernels that are small enough to leave room for the next one from the start. */
static __device__ __forceinline__ void gdk_grid_follow() {
    gdk_grid_release();
    gdk_grid_wait();
}

/* Brings `bytes` of a constant, which no kernel writes, from memory to L2: before the wait.
 * Address and bytes: multiples of 16. */
static __device__ __forceinline__ void gdk_prefetch(const void *p, uint32_t bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile(
        "cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(__cvta_generic_to_global(p)),
        "r"(bytes)
        : "memory");
#endif
}

/* Lets a kernel have all the shared memory that the device gives to one block. */
template <class P> static cudaError_t gdk_launch_ready(void (*kernel)(P)) {
    cudaFuncAttributes of = {};
    int                device = 0, most = 0;
    cudaError_t        e = cudaGetDevice(&device);
    if (e == cudaSuccess)
        e = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    if (e == cudaSuccess) e = cudaFuncGetAttributes(&of, kernel);
    if (e != cudaSuccess) return e;
    return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                most - (int)of.sharedSizeBytes);
}

/* In clusters of `cluster` blocks along x. Both early and cluster > 1 need sm_90. */
template <class P>
static cudaError_t gdk_launch(void (*kernel)(P), dim3 grid, int threads, size_t smem,
                              cudaStream_t stream, bool early, int cluster, const P &p) {
    cudaLaunchAttribute attribute[2] = {};
    cudaLaunchConfig_t  config = {};
    config.gridDim = grid;
    config.blockDim = dim3((unsigned)threads);
    config.dynamicSmemBytes = smem;
    config.stream = stream;
    config.attrs = attribute;
    if (early) {
        cudaLaunchAttribute *a = &attribute[config.numAttrs++];
        a->id = cudaLaunchAttributeProgrammaticStreamSerialization;
        a->val.programmaticStreamSerializationAllowed = 1;
    }
    if (cluster > 1) {
        cudaLaunchAttribute *a = &attribute[config.numAttrs++];
        a->id = cudaLaunchAttributeClusterDimension;
        a->val.clusterDim.x = (unsigned)cluster;
        a->val.clusterDim.y = a->val.clusterDim.z = 1;
    }
    return cudaLaunchKernelEx(&config, kernel, p);
}

#endif
