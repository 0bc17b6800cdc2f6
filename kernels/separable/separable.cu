/* separable.cu -- gaussian, sharpen and sobel: sums along x, then along y. Bound by the traffic
 * of the picture and of the sums between the passes; with wide kernels by the reads of shared
 * memory, one a tap.
 *
 * Along x a block owns SEGMENT elements of one row (channels adjacent), a thread every
 * THREADS-th of them; the segment and its mirrored surroundings lie in shared memory. Along y a
 * block owns a stripe of 32 elements and ROWS rows, a thread DEEP rows of one element. */
#include "kernels/separable/separable_cuda.h"

enum { THREADS = 256, SEGMENT = 1024, LANES = 32, ROWS = 32, DEEP = ROWS * LANES / THREADS };

static __global__ void __launch_bounds__(THREADS)
    gdk_separable_x_kernel(const __grid_constant__ gdk_separable_cuda p) {
    extern __shared__ float tile[];
    const int               radius = p.n_x / 2, first = (int)blockIdx.y * SEGMENT;
    const int               own = min(SEGMENT, p.width - first), n = own + 2 * radius * p.C;
    const int64_t           row = blockIdx.x;
    for (int i = threadIdx.x; i < n; i += THREADS) {
        const int pixel = (first + i) / p.C, c = first + i - pixel * p.C;
        tile[i] = p.x[(row * p.W + gdk_mirror(pixel - radius, p.W)) * p.x_pitch + c];
    }
    __syncthreads();
    float *out = p.mid + row * p.width + first;
    for (int i = threadIdx.x; i < own; i += THREADS) {
        float sum = 0;
        for (int t = 0; t < p.n_x; t++) sum = fmaf(p.kx[t], tile[i + t * p.C], sum);
        out[i] = sum;
    }
    if (p.n_pair == 1) return;
    out += p.rows * p.width;
    for (int i = threadIdx.x; i < own; i += THREADS) {
        float sum = 0;
        for (int t = 0; t < p.n_x; t++) sum = fmaf(p.kx2[t], tile[i + t * p.C], sum);
        out[i] = sum;
    }
}

static __device__ __forceinline__ float finish(const gdk_separable_cuda &p, float v, float u,
                                               int64_t row, int pixel, int c) {
    if (p.after == GDK_AFTER_ABS) return fabsf(v);
    if (p.after == GDK_AFTER_LENGTH) return sqrtf(v * v + u * u);
    if (p.after == GDK_AFTER_NONE) return v;
    const float x = p.x[(row * p.W + pixel) * p.x_pitch + c];
    return x + p.amount * (x - v);
}

static __global__ void __launch_bounds__(THREADS)
    gdk_separable_y_kernel(const __grid_constant__ gdk_separable_cuda p) {
    extern __shared__ float tile[];
    const int               lane = threadIdx.x % LANES, line = threadIdx.x / LANES;
    const int               radius = p.n_y / 2, high = ROWS + 2 * radius;
    const int               i = (int)blockIdx.x * LANES + lane, top = (int)blockIdx.y * ROWS;
    const int64_t           picture = (int64_t)blockIdx.z * p.H;
    if (i < p.width)
        for (int k = 0; k < p.n_pair; k++)
            for (int r = line; r < high; r += THREADS / LANES)
                tile[(k * high + r) * LANES + lane] =
                    p.mid[(k * p.rows + picture + gdk_mirror(top + r - radius, p.H)) * p.width +
                          i];
    __syncthreads();
    if (i >= p.width) return;
    const int pixel = i / p.C, c = i - pixel * p.C;
    for (int d = 0; d < DEEP; d++) {
        const int r = line + d * (THREADS / LANES);
        float     v = 0, u = 0;
        if (top + r >= p.H) return;
        for (int t = 0; t < p.n_y; t++) v = fmaf(p.ky[t], tile[(r + t) * LANES + lane], v);
        for (int t = 0; t < p.n_y && p.n_pair > 1; t++)
            u = fmaf(p.ky2[t], tile[(high + r + t) * LANES + lane], u);
        const int64_t row = picture + top + r;
        p.y[(row * p.W + pixel) * p.y_pitch + c] = finish(p, v, u, row, pixel, c);
    }
}

extern "C" cudaError_t gdk_separable_launch(const gdk_separable_cuda *p, cudaStream_t stream) {
    const dim3   across((unsigned)p->rows, (unsigned)((p->width + SEGMENT - 1) / SEGMENT));
    const dim3   down((unsigned)((p->width + LANES - 1) / LANES),
                      (unsigned)((p->H + ROWS - 1) / ROWS), (unsigned)(p->rows / p->H));
    const size_t line = sizeof(float) * (size_t)(SEGMENT + (p->n_x - 1) * p->C);
    const size_t stripe =
        sizeof(float) * LANES * (size_t)(ROWS + p->n_y - 1) * (size_t)p->n_pair;
    gdk_separable_x_kernel<<<across, THREADS, line, stream>>>(*p);
    gdk_separable_y_kernel<<<down, THREADS, stripe, stream>>>(*p);
    return cudaPeekAtLastError();
}
