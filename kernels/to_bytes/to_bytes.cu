/* to_bytes.cu -- values to pixels. Bound by the traffic of floats in and bytes out.
 *
 * A block owns 1024 elements, a thread four that are adjacent; dense tensors are read and
 * written in words. */
#include "kernels/to_bytes/to_bytes_cuda.h"

enum { THREADS = 256 };

static __device__ __forceinline__ uint32_t byte_of(float v) {
    return (uint32_t)__float2int_rn(fminf(fmaxf(v, 0.0f), 255.0f)); /* fmaxf(NaN, 0) is 0 */
}

static __global__ void __launch_bounds__(THREADS)
    gdk_to_bytes_kernel(const __grid_constant__ gdk_to_bytes p) {
    const int64_t first = ((int64_t)blockIdx.x * THREADS + threadIdx.x) * 4;
    if (p.x_pitch == p.C && p.y_pitch == p.C && first + 4 <= p.n) {
        const float4 v = *(const float4 *)(p.x + first);
        *(uint32_t *)(p.y + first) =
            byte_of(v.x) | byte_of(v.y) << 8 | byte_of(v.z) << 16 | byte_of(v.w) << 24;
        return;
    }
    for (int64_t i = first; i < first + 4 && i < p.n; i++) {
        const int64_t pixel = i / p.C, c = i - pixel * p.C;
        p.y[pixel * p.y_pitch + c] = (uint8_t)byte_of(p.x[pixel * p.x_pitch + c]);
    }
}

extern "C" cudaError_t gdk_to_bytes_launch(const gdk_to_bytes *p, cudaStream_t stream) {
    const unsigned blocks = (unsigned)((p->n + 4 * THREADS - 1) / (4 * THREADS));
    gdk_to_bytes_kernel<<<blocks, THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
