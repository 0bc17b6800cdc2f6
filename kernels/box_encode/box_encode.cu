/* box_encode.cu -- regression targets. Bound by latency; one thread a row. */
#include "kernels/box_encode/box_encode_cuda.h"
#include "kernels/cuda/round.h"

enum { THREADS = 128 };

static __global__ void __launch_bounds__(THREADS) encode_kernel(const gdk_box_encode_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (i >= a.n) return;
    const int g = a.match[(int64_t)b * a.match_pitch + i];
    float    *o = a.out + ((int64_t)b * a.n + i) * a.out_pitch;
    float     delta[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (g >= 0 && g < a.G) {
        const float *gt = a.gt + ((int64_t)b * a.G + g) * a.gt_pitch;
        const float *box = a.box + ((a.each ? (int64_t)b * a.n : 0) + i) * a.box_pitch;
        const float  size[2] = {box[2] - box[0], box[3] - box[1]};
        const float  want[2] = {gt[2] - gt[0], gt[3] - gt[1]};
        if (size[0] > 0.0f && size[1] > 0.0f && want[0] > 0.0f && want[1] > 0.0f)
#pragma unroll
            for (int c = 0; c < 2; c++) {
                const float at = gdk_add(box[c], gdk_mul(0.5f, size[c]));
                const float to = gdk_add(gt[c], gdk_mul(0.5f, want[c]));
                delta[c] = gdk_mul(a.weights[c], gdk_sub(to, at)) / size[c];
                delta[c + 2] = a.weights[c + 2] * logf(want[c] / size[c]);
            }
    }
#pragma unroll
    for (int c = 0; c < 4; c++) o[c] = delta[c];
}

extern "C" cudaError_t gdk_box_encode_launch(const gdk_box_encode_args *a,
                                             cudaStream_t               stream) {
    if (!a->B || !a->n) return cudaSuccess;
    const dim3 grid(((unsigned)a->n + THREADS - 1) / THREADS, (unsigned)a->B);
    encode_kernel<<<grid, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
