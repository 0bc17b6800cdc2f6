/* conv2d_pack.cu -- weights that are variables, packed at each run as prepare packs constants.
 *
 * Bound by launch: a thread moves one weight. */
#include "kernels/conv2d/conv2d_direct.h"
#include "kernels/conv2d/conv2d_stem_pick.h"
#include "kernels/cuda/vec.cuh"

namespace {

enum { THREADS = 256 };

__global__ void __launch_bounds__(THREADS) conv2d_pack(const __grid_constant__ gdk_pack p) {
    const int i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (i >= p.n) return;
    if (p.taps) { /* depthwise: [taps][C] from [C][taps] */
        const int t = i / p.K, c = i - t * p.K;
        ((float *)p.to)[i] = gdk_element(p.w, (int64_t)(c * p.taps + t) * p.pitch, !p.half);
    } else if (p.half) {
        const int64_t from = gdk_stem_from(i, p.K, p.width, p.size, p.pitch);
        ((uint16_t *)p.to)[i] = from < 0 ? 0 : ((const uint16_t *)p.w)[from];
    } else {
        const int64_t from = gdk_stem_from_f32(i, p.K, p.size, p.pitch);
        ((float *)p.to)[i] = from < 0 ? 0.0f : ((const float *)p.w)[from];
    }
}

} // namespace

cudaError_t gdk_conv2d_pack_launch(const gdk_pack *p, cudaStream_t stream) {
    conv2d_pack<<<(unsigned)((p->n + THREADS - 1) / THREADS), THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
