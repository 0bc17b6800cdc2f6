/* last_key.cuh -- the need-th smallest of the keys that a block can enumerate. */
#ifndef GD_KERNELS_CUDA_LAST_KEY_CUH
#define GD_KERNELS_CUDA_LAST_KEY_CUH

#include <cuda_runtime_api.h>
#include <stdint.h>

/* All threads of a block of THREADS >= 256 call it, and get the same. `key_of(at, &key)` says
 * whether place `at` holds a key; places are first, first + step ... below `end`, and at least
 * `need` of them (1 or more) hold one. Keys are all different; byte by byte from the top. */
template <int THREADS, class Keys>
static __device__ uint64_t gdk_last_key(Keys key_of, int first, int step, int end,
                                        unsigned need) {
    __shared__ unsigned bin[256];
    __shared__ unsigned chosen, before;
    const int           tid = (int)threadIdx.x;
    uint64_t            prefix = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        __syncthreads();
        if (tid < 256) bin[tid] = 0;
        __syncthreads();
        for (int64_t at = first + (int64_t)step * tid; at < end;
             at += (int64_t)step * THREADS) {
            uint64_t key;
            if (key_of((int)at, &key) && (shift == 56 || (key ^ prefix) >> (shift + 8) == 0))
                atomicAdd(&bin[key >> shift & 255], 1u);
        }
        __syncthreads();
        if (tid == 0) {
            unsigned sum = 0, i = 0;
            while (i < 255 && sum + bin[i] < need) sum += bin[i++];
            chosen = i;
            before = sum;
        }
        __syncthreads();
        need -= before;
        prefix |= (uint64_t)chosen << shift;
    }
    return prefix;
}

#endif
