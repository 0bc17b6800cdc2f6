/* match_labels.cu -- class targets and weights of matched rows. Bound by memory: rows are
 * counted by one kernel, in whole numbers, and written by the next. One thread a row. */
#include "kernels/cuda/round.h"
#include "kernels/match_labels/match_labels_cuda.h"

enum { THREADS = 256 };

static __global__ void __launch_bounds__(THREADS)
    count_rows_kernel(const gdk_match_labels_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    const int m = i < a.n ? a.match[(int64_t)b * a.match_pitch + i] : -2;
    const int rows = __syncthreads_count(m >= -1 && m < a.G);
    const int hits = __syncthreads_count(m >= 0 && m < a.G);
    if (threadIdx.x > 0) return;
    if (rows) atomicAdd(a.found + 2 * b, (uint32_t)rows);
    if (hits) atomicAdd(a.found + 2 * b + 1, (uint32_t)hits);
}

static __global__ void __launch_bounds__(THREADS)
    write_labels_kernel(const gdk_match_labels_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (b == 0 && i == 0) {
        unsigned long long rows = 0, positives = 0;
        for (int p = 0; p < a.B; p++) {
            rows += a.found[2 * p];
            positives += a.found[2 * p + 1];
        }
        *a.rows = (float)rows;
        *a.positives = (float)positives;
    }
    if (i >= a.n) return;
    const int      m = a.match[(int64_t)b * a.match_pitch + i];
    const bool     hit = m >= 0 && m < a.G;
    const uint32_t own = a.found[2 * b + 1];
    const float    one = a.per_picture && own ? 1.0f / (float)own : 1.0f;
    a.label[(int64_t)b * a.label_pitch + i] =
        hit ? (int32_t)((uint32_t)a.gt_label[(int64_t)b * a.gt_pitch + m] + (uint32_t)a.first)
            : a.background;
    a.weight[(int64_t)b * a.weight_pitch + i] = hit       ? gdk_add(one, gdk_mul(a.extra, one))
                                                : m == -1 ? one
                                                          : 0.0f;
    a.positive[(int64_t)b * a.positive_pitch + i] = hit ? one : 0.0f;
}

extern "C" cudaError_t gdk_match_labels_launch(const gdk_match_labels_args *a,
                                               cudaStream_t                 stream) {
    if (!a->B) return cudaSuccess;
    const unsigned    blocks = ((unsigned)a->n + THREADS - 1) / THREADS;
    const dim3        grid(blocks ? blocks : 1, (unsigned)a->B);
    const cudaError_t e =
        cudaMemsetAsync(a->found, 0, (size_t)a->B * 2 * sizeof *a->found, stream);
    if (e != cudaSuccess) return e;
    count_rows_kernel<<<grid, THREADS, 0, stream>>>(*a);
    write_labels_kernel<<<grid, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
