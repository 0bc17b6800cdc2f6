/* cell_boxes.cu -- boxes of cells, their gradient, and back. Bound by memory; one thread a
 * cell. */
#include "kernels/cell_boxes/cell_boxes_cuda.h"
#include "kernels/cuda/round.h"

enum { THREADS = 128 };

static __global__ void __launch_bounds__(THREADS) boxes_kernel(const gdk_cell_boxes_args a) {
    const int i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (i >= a.cells) return;
    const float *x = a.x + (int64_t)i * a.x_pitch;
    float       *o = a.out + (int64_t)i * a.out_pitch;
    const float  cell[2] = {(float)(i % a.W), (float)(i / a.W % a.H)};
#pragma unroll
    for (int c = 0; c < 2; c++) {
        const float centre = gdk_mul(gdk_add(x[c], cell[c]), a.stride);
        const float half = gdk_mul(expf(x[c + 2]), a.stride) / 2.0f;
        o[c] = gdk_sub(centre, half);
        o[c + 2] = gdk_add(centre, half);
    }
}

static __global__ void __launch_bounds__(THREADS)
    boxes_bwd_kernel(const gdk_cell_boxes_args a) {
    const int i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (i >= a.cells) return;
    const float *x = a.x + (int64_t)i * a.x_pitch;
    const float *d = a.d_out + (int64_t)i * a.d_pitch;
    float       *o = a.out + (int64_t)i * a.out_pitch;
#pragma unroll
    for (int c = 0; c < 2; c++) {
        o[c] = gdk_mul(gdk_add(d[c], d[c + 2]), a.stride);
        o[c + 2] = gdk_mul(gdk_sub(d[c + 2], d[c]) / 2.0f, gdk_mul(expf(x[c + 2]), a.stride));
    }
}

static __global__ void __launch_bounds__(THREADS) encode_kernel(const gdk_cell_encode_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (i >= a.A) return;
    const int    g = a.match[(int64_t)b * a.match_pitch + i];
    const bool   hit = g >= 0 && g < a.G;
    const float *gt = a.gt + ((int64_t)b * a.G + (hit ? g : 0)) * a.gt_pitch;
    const float *at = a.point + (int64_t)i * a.point_pitch;
    float       *o = a.out + ((int64_t)b * a.A + i) * a.out_pitch;
#pragma unroll
    for (int c = 0; c < 2; c++) {
        o[c] = hit ? gdk_sub(gdk_add(gt[c], gt[c + 2]) / 2.0f / at[2],
                             gdk_sub(at[c] / at[2], 0.5f))
                   : 0.0f;
        o[c + 2] = hit ? logf(gdk_add(gdk_sub(gt[c + 2], gt[c]) / at[2], 1e-8f)) : 0.0f;
    }
}

static unsigned blocks_of(int n) { return ((unsigned)n + THREADS - 1) / THREADS; }

extern "C" cudaError_t gdk_cell_boxes_launch(const gdk_cell_boxes_args *a,
                                             cudaStream_t               stream) {
    if (!a->cells) return cudaSuccess;
    boxes_kernel<<<blocks_of(a->cells), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_cell_boxes_bwd_launch(const gdk_cell_boxes_args *a,
                                                 cudaStream_t               stream) {
    if (!a->cells) return cudaSuccess;
    boxes_bwd_kernel<<<blocks_of(a->cells), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_cell_encode_launch(const gdk_cell_encode_args *a,
                                              cudaStream_t                stream) {
    if (!a->B || !a->A) return cudaSuccess;
    encode_kernel<<<dim3(blocks_of(a->A), (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
