/* batch_norm_scale.cu -- the scale of each channel, once a run. Bound by its launch.
 *
 * One thread owns one channel. */
#include "kernels/batch_norm/batch_norm_cuda.h"

static __global__ void gdk_batch_norm_scale_kernel(const gdk_batch_norm_scale p) {
    const int c = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (c < p.C) p.scale[c] = p.gamma[c] / sqrtf(p.var[c] + p.eps);
}

extern "C" cudaError_t gdk_batch_norm_scale_launch(const gdk_batch_norm_scale *p,
                                                   cudaStream_t                stream) {
    gdk_batch_norm_scale_kernel<<<(unsigned)(p->C + 127) / 128, 128, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
