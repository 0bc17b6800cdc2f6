/* gather_rows.cu -- rows picked by index, and put back. Bound by latency; elements are copied
 * as they are, one thread each. */
#include "kernels/gather_rows/gather_rows_cuda.h"

enum { THREADS = 256 };

/* The row that entry j of picture b names, or -1. */
static __device__ __forceinline__ int row_of(const gdk_gather_rows_args &a, int b, int j) {
    const int i = a.index[(int64_t)b * a.index_pitch + j];
    return i >= 0 && i < a.A ? i : -1;
}

template <class T>
static __global__ void __launch_bounds__(THREADS) gather_kernel(const gdk_gather_rows_args a) {
    const int b = (int)blockIdx.y, e = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (e >= a.n * a.C) return;
    const int     j = e / a.C, c = e % a.C, i = row_of(a, b, j);
    const int64_t from = (a.each ? (int64_t)b * a.A : 0) + i;
    ((T *)a.out)[((int64_t)b * a.n + j) * a.out_pitch + c] =
        i < 0 ? T(0) : ((const T *)a.table)[from * a.table_pitch + c];
}

template <class T>
static __global__ void __launch_bounds__(THREADS) clear_kernel(const gdk_gather_rows_args a) {
    const int b = (int)blockIdx.y, e = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (e < a.A * a.C)
        ((T *)a.out)[((int64_t)b * a.A + e / a.C) * a.out_pitch + e % a.C] = T(0);
}

/* After clear_kernel. */
template <class T>
static __global__ void __launch_bounds__(THREADS) put_kernel(const gdk_gather_rows_args a) {
    const int b = (int)blockIdx.y, e = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (e >= a.n * a.C) return;
    const int j = e / a.C, c = e % a.C, i = row_of(a, b, j);
    if (i >= 0)
        ((T *)a.out)[((int64_t)b * a.A + i) * a.out_pitch + c] =
            ((const T *)a.table)[((int64_t)b * a.n + j) * a.table_pitch + c];
}

static dim3 grid_of(const gdk_gather_rows_args *a, int rows) {
    return dim3(((unsigned)(rows * a->C) + THREADS - 1) / THREADS, (unsigned)a->B);
}

template <class T> static void put(const gdk_gather_rows_args *a, cudaStream_t stream) {
    clear_kernel<T><<<grid_of(a, a->A), THREADS, 0, stream>>>(*a);
    if (a->n) put_kernel<T><<<grid_of(a, a->n), THREADS, 0, stream>>>(*a);
}

extern "C" cudaError_t gdk_gather_rows_launch(const gdk_gather_rows_args *a,
                                              cudaStream_t                stream) {
    if (!a->B || !a->n || !a->C) return cudaSuccess;
    if (a->size == 4)
        gather_kernel<uint32_t><<<grid_of(a, a->n), THREADS, 0, stream>>>(*a);
    else
        gather_kernel<uint16_t><<<grid_of(a, a->n), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_gather_rows_bwd_launch(const gdk_gather_rows_args *a,
                                                  cudaStream_t                stream) {
    if (!a->B || !a->A || !a->C) return cudaSuccess;
    if (a->size == 4)
        put<uint32_t>(a, stream);
    else
        put<uint16_t>(a, stream);
    return cudaPeekAtLastError();
}
