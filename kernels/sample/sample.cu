/* sample.cu -- the balanced draw: the smallest keys of either class of rows.
 *
 * Bound by latency and by Philox. Keys are never stored: the first kernel counts rows by the
 * leading bits of their keys, the second makes the keys again and collects those up to the bin
 * in which the last row drawn lies, the third, one block a picture, ranks what was collected by
 * counting. Rows are collected in any order; their ranks are the same in all. */
#include "kernels/sample/sample.h"
#include "kernels/sample/sample_cuda.h"
#include "kernels/sample/sample_key.h"

enum {
    THREADS = 256,
    EACH = 4, /* rows of a thread */
    LAST_THREADS = 1024,
    BINS = GDK_SAMPLE_BINS,
    ROOM = GDK_SAMPLE_ROOM
};

/* 0: positive, 1: negative, -1: neither. */
static __device__ __forceinline__ int class_of(int32_t match) {
    return match >= 0 ? 0 : match == -1 ? 1 : -1;
}
static __device__ __forceinline__ uint64_t key_of(const gdk_sample_args &a, int b, int i) {
    return gdk_sample_key(a.rng, a.stream, (uint32_t)b, (uint32_t)i);
}
static __device__ __forceinline__ uint32_t bin_of(uint64_t key) {
    return (uint32_t)(key >> 52);
}
static_assert(BINS == 1 << 12, "the first 12 bits of a key");

static __global__ void __launch_bounds__(THREADS) sample_count_kernel(const gdk_sample_args a) {
    const int      b = (int)blockIdx.y;
    const int32_t *match = a.match + (int64_t)b * a.match_pitch;
    uint32_t      *bin = a.bin + (int64_t)b * 2 * BINS;
    for (int e = 0; e < EACH; e++) {
        const int i = (int)((blockIdx.x * EACH + e) * THREADS + threadIdx.x);
        const int c = i < a.A ? class_of(match[i]) : -1;
        if (c >= 0) atomicAdd(bin + c * BINS + bin_of(key_of(a, b, i)), 1u);
    }
}

/* The bin in which the n-th smallest key of a class lies; the last bin where there are fewer.
 * All threads of the block come here. */
static __device__ uint32_t last_bin(const uint32_t *bin, int n, uint32_t *s) {
    const int PER = BINS / THREADS;
    uint32_t  own = 0;
    for (int k = 0; k < PER; k++) own += bin[(int)threadIdx.x * PER + k];
    s[threadIdx.x] = own;
    if (threadIdx.x == 0) s[THREADS] = BINS - 1;
    __syncthreads();
    uint32_t before = 0;
    for (int t = 0; t < (int)threadIdx.x; t++) before += s[t];
    if (before < (uint32_t)n && before + own >= (uint32_t)n) {
        int k = -1;
        while (before < (uint32_t)n) before += bin[(int)threadIdx.x * PER + ++k];
        s[THREADS] = threadIdx.x * PER + (uint32_t)k;
    }
    __syncthreads();
    const uint32_t last = s[THREADS];
    __syncthreads();
    return last;
}

static __global__ void __launch_bounds__(THREADS)
    sample_collect_kernel(const gdk_sample_args a) {
    __shared__ uint32_t s[THREADS + 1];
    const int           b = (int)blockIdx.y;
    const int32_t      *match = a.match + (int64_t)b * a.match_pitch;
    const uint32_t     *bin = a.bin + (int64_t)b * 2 * BINS;
    uint32_t           *collected = a.bin + (int64_t)a.B * 2 * BINS + 2 * b;
    /* Up to n negatives are missing where there are no positives. */
    const uint32_t last[2] = {last_bin(bin, a.most_positive, s), last_bin(bin + BINS, a.n, s)};
    for (int e = 0; e < EACH; e++) {
        const int i = (int)((blockIdx.x * EACH + e) * THREADS + threadIdx.x);
        const int c = i < a.A ? class_of(match[i]) : -1;
        if (c < 0) continue;
        const uint64_t key = key_of(a, b, i);
        if (bin_of(key) > (c ? last[1] : last[0])) continue;
        const uint32_t at = atomicAdd(collected + c, 1u);
        if (at < ROOM) a.kept[((int64_t)b * 2 + c) * ROOM + at] = key;
    }
}

/* Writes the `want` smallest of the n keys in s to entries from `first` on. */
static __device__ void place(const gdk_sample_args &a, int b, const uint64_t *s, int n,
                             int want, int first) {
    const int32_t *match = a.match + (int64_t)b * a.match_pitch;
    for (int j = (int)threadIdx.x; j < n; j += LAST_THREADS) {
        const uint64_t key = s[j];
        int            rank = 0;
        for (int k = 0; k < n; k++) rank += s[k] < key;
        if (rank >= want) continue;
        const int i = min((int)(uint32_t)key, a.A - 1);
        a.index[(int64_t)b * a.index_pitch + first + rank] = i;
        a.drawn[(int64_t)b * a.drawn_pitch + first + rank] = match[i];
    }
}

static __global__ void __launch_bounds__(LAST_THREADS)
    sample_place_kernel(const gdk_sample_args a) {
    __shared__ uint64_t s[ROOM];
    const int           b = (int)blockIdx.x;
    const uint32_t     *collected = a.bin + (int64_t)a.B * 2 * BINS + 2 * b;
    int                 done = 0;
    for (int c = 0; c < 2; c++) {
        const int n = (int)min(collected[c], (uint32_t)ROOM);
        const int want = min(n, c ? a.n - done : a.most_positive);
        __syncthreads();
        for (int j = (int)threadIdx.x; j < n; j += LAST_THREADS)
            s[j] = a.kept[((int64_t)b * 2 + c) * ROOM + j];
        __syncthreads();
        place(a, b, s, n, want, done);
        done += want;
        if (threadIdx.x == 0) (c ? a.count : a.positives)[b] = done;
    }
    for (int j = done + (int)threadIdx.x; j < a.n; j += LAST_THREADS) {
        a.index[(int64_t)b * a.index_pitch + j] = -1;
        a.drawn[(int64_t)b * a.drawn_pitch + j] = -2;
    }
}

extern "C" cudaError_t gdk_sample_launch(const gdk_sample_args *a, cudaStream_t stream) {
    if (!a->B) return cudaSuccess;
    const unsigned    blocks = ((unsigned)a->A + THREADS * EACH - 1) / (THREADS * EACH);
    const dim3        grid(blocks ? blocks : 1, (unsigned)a->B);
    const cudaError_t e =
        cudaMemsetAsync(a->bin, 0, (size_t)a->B * 2 * (BINS + 1) * sizeof *a->bin, stream);
    if (e != cudaSuccess) return e;
    sample_count_kernel<<<grid, THREADS, 0, stream>>>(*a);
    sample_collect_kernel<<<grid, THREADS, 0, stream>>>(*a);
    sample_place_kernel<<<(unsigned)a->B, LAST_THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
