/* pool_average.cu -- averages over windows. Bound by memory traffic: neighbours come from the
 * caches.
 *
 * A block owns 256 units, a thread one unit: V channels of one output pixel (8 halves, 4 floats
 * or a single element). In the split average a block owns UNITS units of one output pixel, 32
 * or 8, and its threads share their window: THREADS / UNITS slices, whose sums are added in
 * order. Windows of a whole map take the 8, which makes four times as many blocks of them. */
#include "kernels/pool/pool.cuh"

enum { THREADS = 256, WHOLE_MAP = 512 /* pixels */ };

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_average_kernel(const __grid_constant__ gdk_pool p) {
    const uint32_t unit = blockIdx.x * THREADS + threadIdx.x;
    if (unit >= p.n) return;
    const uint32_t   pixel = gdk_divide(unit, &p.unit);
    const int64_t    c = (int64_t)(unit - pixel * p.unit.d) * V;
    const gdk_window w = gdk_window_of(p, pixel);
    float            sum[V] = {}, v[V];
    for (int64_t h = w.v.first; h < w.v.end; h++)
#pragma unroll 4
        for (int64_t k = w.u.first; k < w.u.end; k++) {
            gdk_pool_load<V>(p, w.picture + h * p.W + k, c, v);
#pragma unroll
            for (int i = 0; i < V; i++) sum[i] += v[i];
        }
    const float count = (float)(w.v.count * w.u.count);
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] /= count;
    gdk_pool_store<V>(p, w.out, c, sum);
}

template <int V, int UNITS>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_split_kernel(const __grid_constant__ gdk_pool p) {
    constexpr uint32_t SLICES = THREADS / UNITS;
    __shared__ float   part[SLICES][V][UNITS];
    const uint32_t     lane = threadIdx.x % UNITS, slice = threadIdx.x / UNITS;
    const uint32_t     unit = blockIdx.y * UNITS + lane;
    const gdk_window   w = gdk_window_of(p, blockIdx.x);
    const int64_t      c = (int64_t)unit * V;
    const uint32_t     width = (uint32_t)(w.u.end - w.u.first);
    const uint32_t     taps = (uint32_t)(w.v.end - w.v.first) * width;
    float              sum[V] = {}, v[V];
    if (unit < p.unit.d) {
        uint32_t h = slice / width, k = slice % width;
#pragma unroll 4
        for (uint32_t t = slice; t < taps; t += SLICES) {
            gdk_pool_load<V>(p, w.picture + (w.v.first + h) * p.W + w.u.first + k, c, v);
#pragma unroll
            for (int i = 0; i < V; i++) sum[i] += v[i];
            for (k += SLICES; k >= width; k -= width) h++;
        }
    }
#pragma unroll
    for (int i = 0; i < V; i++) part[slice][i][lane] = sum[i];
    __syncthreads();
    if (slice > 0 || unit >= p.unit.d) return;
    const float count = (float)(w.v.count * w.u.count);
#pragma unroll
    for (int i = 0; i < V; i++) {
        for (uint32_t s = 1; s < SLICES; s++) sum[i] += part[s][i][lane];
        sum[i] /= count;
    }
    gdk_pool_store<V>(p, w.out, c, sum);
}

template <int UNITS> static void split(const gdk_pool *p, cudaStream_t stream) {
    const dim3 rows(p->n / p->unit.d, (p->unit.d + UNITS - 1) / UNITS);
    if (!p->vec)
        gdk_pool_split_kernel<1, UNITS><<<rows, THREADS, 0, stream>>>(*p);
    else if (p->wide)
        gdk_pool_split_kernel<4, UNITS><<<rows, THREADS, 0, stream>>>(*p);
    else
        gdk_pool_split_kernel<8, UNITS><<<rows, THREADS, 0, stream>>>(*p);
}

extern "C" cudaError_t gdk_pool_average_launch(const gdk_pool *p, int64_t shared,
                                               cudaStream_t stream) {
    const unsigned blocks = (p->n + THREADS - 1) / THREADS;
    if (shared >= WHOLE_MAP)
        split<8>(p, stream);
    else if (shared)
        split<32>(p, stream);
    else if (!p->vec)
        gdk_pool_average_kernel<1><<<blocks, THREADS, 0, stream>>>(*p);
    else if (p->wide)
        gdk_pool_average_kernel<4><<<blocks, THREADS, 0, stream>>>(*p);
    else
        gdk_pool_average_kernel<8><<<blocks, THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
