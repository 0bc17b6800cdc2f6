/* preprocess_pil.cu -- pictures to the network's input by Pillow's antialiasing filters: two
 * passes of 22-bit weights with a byte in between. Bound by the integer products of the passes.
 *
 * A block owns WIDE x HIGH output pixels of one picture, a thread DEEP of its rows. The
 * weights of the tile's columns and rows are made once; then the source rows that the tile
 * needs go by in groups of ROWS: all threads make the horizontal pass of the group, a byte
 * each, in shared memory, and add what their own output rows take of it. An axis that shrinks
 * so far that a pixel has more than TAPS weights computes each weight where it is used. */
#include "kernels/preprocess/preprocess.cuh"
#include "kernels/resize/resample.h"

enum { WIDE = 32, SIDE = 8, THREADS = WIDE * SIDE, TAPS = 64, ROWS = 32, BITS = 22 };
enum { EACH = ROWS / SIDE };

/* What one output column or row reads: source pixels lo .. lo + n - 1. */
struct span {
    int    lo, n;
    double center, narrow, sum;
};

/* Every operation rounds on its own, as in C: a fused one could tip a weight over. */
static __device__ double filter_at(bool cubic, double x) {
    x = fabs(x);
    if (!cubic) return x < 1 ? __dsub_rn(1.0, x) : 0;
    if (x < 1)
        return __dadd_rn(__dmul_rn(__dmul_rn(__dsub_rn(__dmul_rn(1.5, x), 2.5), x), x), 1.0);
    if (x < 2)
        return __dmul_rn(
            __dsub_rn(__dmul_rn(__dadd_rn(__dmul_rn(__dsub_rn(x, 5.0), x), 8.0), x), 4.0),
            -0.5);
    return 0;
}

static __device__ __forceinline__ double part(const span &s, bool cubic, int i) {
    const double x = __dadd_rn(__dsub_rn((double)(s.lo + i), s.center), 0.5);
    return filter_at(cubic, __dmul_rn(x, s.narrow));
}

static __device__ span span_of(bool cubic, int at, int src, int dst) {
    const double scale = __ddiv_rn((double)src, (double)dst), wide = scale < 1 ? 1 : scale;
    const double support = __dmul_rn(cubic ? 2.0 : 1.0, wide);
    span         s;
    s.center = __dmul_rn(at + 0.5, scale);
    s.narrow = __ddiv_rn(1.0, wide);
    s.lo = (int)__dadd_rn(__dsub_rn(s.center, support), 0.5);
    int end = (int)__dadd_rn(__dadd_rn(s.center, support), 0.5);
    if (s.lo < 0) s.lo = 0;
    if (end > src) end = src;
    s.n = end > s.lo ? end - s.lo : 0;
    s.sum = 0;
    for (int i = 0; i < s.n; i++) s.sum = __dadd_rn(s.sum, part(s, cubic, i));
    return s;
}

static __device__ int weight_of(const span &s, bool cubic, int i) {
    double w = part(s, cubic, i);
    if (s.sum != 0) w = __ddiv_rn(w, s.sum);
    return (int)__dadd_rn(__dmul_rn(w, 4194304.0), w < 0 ? -0.5 : 0.5);
}

static __device__ __forceinline__ int byte_of(int sum) {
    const int v = sum >> BITS;
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* Spans and weights of the tile's columns, then of its rows; off the picture: none. */
template <int HIGH>
static __device__ void plan(const gdk_view &v, bool cubic, int x0, int y0, span *spans,
                            int (*col)[WIDE], int (*row)[TAPS]) {
    const int t = threadIdx.x;
    if (t < WIDE + HIGH) {
        const bool is_row = t >= WIDE;
        const int  at = is_row ? y0 + t - WIDE : x0 + t;
        const bool on = is_row ? at >= v.y0 && at < v.y1 : at >= v.x0 && at < v.x1;
        spans[t] = span{};
        if (on)
            spans[t] = span_of(cubic, at - (is_row ? v.top : v.left),
                               is_row ? v.src_h : v.src_w, is_row ? v.new_h : v.new_w);
    }
    __syncthreads();
    for (int k = t; k < WIDE * TAPS; k += THREADS)
        if (k / WIDE < spans[k % WIDE].n)
            col[k / WIDE][k % WIDE] = weight_of(spans[k % WIDE], cubic, k / WIDE);
    for (int k = t; k < HIGH * TAPS; k += THREADS)
        if (k / HIGH < spans[WIDE + k % HIGH].n)
            row[k % HIGH][k / HIGH] = weight_of(spans[WIDE + k % HIGH], cubic, k / HIGH);
}

template <int DEEP>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_preprocess_pil_kernel(const __grid_constant__ gdk_preprocess_cuda p) {
    constexpr int      HIGH = SIDE * DEEP;
    __shared__ span    spans[WIDE + HIGH];
    __shared__ int     col[TAPS][WIDE], row[HIGH][TAPS];
    __shared__ uint8_t line[ROWS][3][WIDE];
    const bool         cubic = p.filter == GD_FILTER_PIL_BICUBIC;
    const int          i = threadIdx.x % WIDE, j = threadIdx.x / WIDE, b = blockIdx.z;
    const int          x0 = blockIdx.x * WIDE, y0 = blockIdx.y * HIGH;
    const gdk_view     v = gdk_view_of(p, b);
    plan<HIGH>(v, cubic, x0, y0, spans, col, row);
    __syncthreads();
    /* The source rows of the tile: spans of rows that are not covered are empty. */
    const int   ya = y0 > v.y0 ? y0 : v.y0, yb = y0 + HIGH < v.y1 ? y0 + HIGH : v.y1;
    const span &across = spans[i];
    int         first = 0, last = 0, sum[DEEP][3];
    if (ya < yb) {
        first = spans[WIDE + ya - y0].lo;
        last = spans[WIDE + yb - 1 - y0].lo + spans[WIDE + yb - 1 - y0].n;
    }
    for (int d = 0; d < DEEP; d++)
        for (int c = 0; c < 3; c++) sum[d][c] = 1 << (BITS - 1);
    const uint8_t *rgb = p.pixels + v.origin;
    for (int r0 = first; r0 < last; r0 += ROWS) {
        /* A thread's rows side by side: their loads are under way together. */
        const uint8_t *s[EACH];
        int            h[EACH][3];
#pragma unroll
        for (int e = 0; e < EACH; e++) {
            const int r = min(r0 + j + e * SIDE, last - 1);
            s[e] = rgb + ((int64_t)r * v.line + across.lo) * 3;
            h[e][0] = h[e][1] = h[e][2] = 1 << (BITS - 1);
        }
        for (int k = 0; k < across.n; k++) {
            const int w = k < TAPS ? col[k][i] : weight_of(across, cubic, k);
#pragma unroll
            for (int e = 0; e < EACH; e++)
#pragma unroll
                for (int c = 0; c < 3; c++) h[e][c] += s[e][3 * k + c] * w;
        }
#pragma unroll
        for (int e = 0; e < EACH; e++)
            for (int c = 0; c < 3; c++) line[j + e * SIDE][c][i] = (uint8_t)byte_of(h[e][c]);
        __syncthreads();
#pragma unroll
        for (int d = 0; d < DEEP; d++) {
            const span &mine = spans[WIDE + j + d * SIDE];
            const int   ka = r0 > mine.lo ? r0 - mine.lo : 0, left = r0 + ROWS - mine.lo;
            const int   kb = mine.n < left ? mine.n : left;
            for (int k = ka; k < kb; k++) {
                const int w = k < TAPS ? row[j + d * SIDE][k] : weight_of(mine, cubic, k);
                for (int c = 0; c < 3; c++) sum[d][c] += line[mine.lo + k - r0][c][i] * w;
            }
        }
        __syncthreads();
    }
    const int x = x0 + i;
#pragma unroll
    for (int d = 0; d < DEEP; d++) {
        const int  y = y0 + j + d * SIDE;
        const bool on = x >= v.x0 && x < v.x1 && y >= v.y0 && y < v.y1;
        float      out[3];
        if (x >= p.out_w || y >= p.out_h) return;
        for (int c = 0; c < 3; c++)
            out[c] =
                on ? gdk_byte_value(p, byte_of(sum[d][p.swap_rb ? 2 - c : c]), c) : p.pad[c];
        gdk_put_pixel(p, ((int64_t)b * p.out_h + y) * p.out_w + x, out);
    }
}

template <int DEEP> static dim3 tiles(const gdk_preprocess_cuda *p) {
    return dim3((unsigned)(p->out_w + WIDE - 1) / WIDE,
                (unsigned)(p->out_h + SIDE * DEEP - 1) / (SIDE * DEEP), (unsigned)p->B);
}

/* High tiles save weights where there are tiles enough to keep a device busy. */
extern "C" cudaError_t gdk_preprocess_pil_launch(const gdk_preprocess_cuda *p,
                                                 cudaStream_t               stream) {
    constexpr unsigned ENOUGH = 600;
    const dim3         high = tiles<4>(p);
    if ((uint64_t)high.x * high.y * high.z >= ENOUGH)
        gdk_preprocess_pil_kernel<4><<<high, THREADS, 0, stream>>>(*p);
    else
        gdk_preprocess_pil_kernel<1><<<tiles<1>(p), THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
