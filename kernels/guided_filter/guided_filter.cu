/* guided_filter.cu -- the guided filter by running sums. Bound by the traffic of the planes
 * between its six steps, which no radius changes:
 *
 *   p, I --columns--> sums of moments --rows--> their means --solve--> a, b
 *        --columns--> sums of a, b    --rows--> their means --apply--> q
 *
 * columns: a thread owns CHUNK or more rows of a column of one plane: it adds up its first
 * window, then one row enters and one leaves. rows: a block owns a part of one line, which lies
 * in shared memory where it fits; a thread owns `chunk` adjacent windows of it, an odd number,
 * so that the lanes of a warp meet different banks. solve, apply: a thread owns a pixel. Sums
 * are compensated: what enters and leaves would add up its roundings. */
#include "kernels/guided_filter/guided_filter_cuda.h"

enum { THREADS = 128, CHUNK = 32, MOST_CHUNK = 257, SHARED = 12000 /* floats */ };

/* A sum that keeps what rounding took from it (Kahan). */
struct running {
    float                           sum = 0, lost = 0;
    __device__ __forceinline__ void add(float v) {
        const float y = __fsub_rn(v, lost), t = __fadd_rn(sum, y);
        lost = __fsub_rn(__fsub_rn(t, sum), y);
        sum = t;
    }
};

/* The two channels whose product is moment m; b NULL: a alone. */
struct factors {
    const float *a, *b;
    int64_t      a_pitch, b_pitch;
};

static __device__ __forceinline__ factors factors_of(const gdk_guided_cuda &p, int m) {
    const int G = p.k.G, pairs = G * (G + 1) / 2;
    if (m < G) return {p.I + m, nullptr, p.I_pitch, 0};
    if (m < G + pairs) {
        int g = 0;
        m -= G;
        while (m >= G - g) m -= G - g++;
        return {p.I + g, p.I + g + m, p.I_pitch, p.I_pitch};
    }
    m -= G + pairs;
    if (m < p.k.C) return {p.p + m, nullptr, p.p_pitch, 0};
    m -= p.k.C;
    return {p.I + m % G, p.p + m / G, p.I_pitch, p.p_pitch};
}

static __device__ __forceinline__ float value_at(const factors &f, int64_t pixel) {
    const float a = f.a[pixel * f.a_pitch];
    return f.b ? __fmul_rn(a, f.b[pixel * f.b_pitch]) : a;
}

/* Sums over the rows of the window. OF_AB: of the planes of a and b, into `sums`. */
template <bool OF_AB>
static __global__ void __launch_bounds__(THREADS)
    gdk_guided_columns_kernel(const __grid_constant__ gdk_guided_cuda p, int chunk) {
    const int x = (int)blockIdx.x * THREADS + (int)threadIdx.x, plane = (int)blockIdx.z;
    const int from = OF_AB ? p.first : p.first_ab, end = OF_AB ? p.last : p.last_ab;
    const int y0 = from + (int)blockIdx.y * chunk, y1 = min(y0 + chunk, end);
    const int W = (int)p.k.W, H = (int)p.k.H, r = p.k.ry;
    if (x >= W) return;
    /* Rows of a, b are counted from first_ab on. */
    const factors f =
        OF_AB ? factors{p.ab + plane * p.plane - (int64_t)p.first_ab * W, nullptr, 1, 0}
              : factors_of(p, plane);
    running s;
    for (int y = max(y0 - r, 0); y < min(y0 + r, H); y++)
        s.add(value_at(f, (int64_t)y * W + x));
    for (int y = y0; y < y1; y++) {
        if (y + r < H) s.add(value_at(f, (int64_t)(y + r) * W + x));
        if (y - r - 1 >= 0 && y > y0) s.add(-value_at(f, (int64_t)(y - r - 1) * W + x));
        p.sums[plane * p.plane + (int64_t)(y - from) * W + x] = s.sum;
    }
}

/* Sums to means of whole windows, line by line; `mean` and `sums` differ. */
static __global__ void __launch_bounds__(THREADS)
    gdk_guided_rows_kernel(const __grid_constant__ gdk_guided_cuda p, float *mean, int from,
                           int chunk, int tiled) {
    extern __shared__ float tile[];
    const int     W = (int)p.k.W, H = (int)p.k.H, r = p.k.rx, y = from + (int)blockIdx.x;
    const int     own = chunk * (int)blockDim.x, x0 = (int)blockIdx.y * own;
    const int64_t line = (int64_t)blockIdx.z * p.plane + (int64_t)blockIdx.x * W;
    const int     low = max(x0 - r - 1, 0), high = min(x0 + own + r, W);
    const float  *at = p.sums + line;
    if (tiled) {
        for (int i = low + (int)threadIdx.x; i < high; i += (int)blockDim.x)
            tile[i - low] = at[i];
        __syncthreads();
        at = tile - low;
    }
    const int   first = x0 + (int)threadIdx.x * chunk, last = min(first + chunk, W);
    const float high_rows = (float)(min(y + p.k.ry, H - 1) - max(y - p.k.ry, 0) + 1);
    running     s;
    for (int x = max(first - r, 0); x < min(first + r, W) && first < W; x++) s.add(at[x]);
    for (int x = first; x < last; x++) {
        if (x + r < W) s.add(at[x + r]);
        if (x - r - 1 >= 0 && x > first) s.add(-at[x - r - 1]);
        mean[line + x] = s.sum / (high_rows * (float)(min(x + r, W - 1) - max(x - r, 0) + 1));
    }
}

/* E[ab] - E[a] E[b]. Both products round alike, where a fused one would find a variance in a
 * window of one pixel. */
static __device__ __forceinline__ float covariance(float of_product, float a, float b) {
    return __fsub_rn(of_product, __fmul_rn(a, b));
}

/* Means of moments (planes `m`) to a and b. */
static __global__ void __launch_bounds__(THREADS)
    gdk_guided_solve_kernel(const __grid_constant__ gdk_guided_cuda p, const float *m) {
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int     G = p.k.G, pairs = G * (G + 1) / 2;
    if (i >= (int64_t)(p.last_ab - p.first_ab) * p.k.W) return;
    const float *at = m + i;
    float        mean[3] = {}, cov[6] = {}, v[3] = {}, a[3] = {};
#pragma unroll
    for (int g = 0; g < 3; g++)
        if (g < G) mean[g] = at[g * p.plane];
    if (G == 3) {
#pragma unroll
        for (int g = 0, k = 0; g < 3; g++)
#pragma unroll
            for (int h = g; h < 3; h++, k++)
                cov[k] = covariance(at[(3 + k) * p.plane], mean[g], mean[h]);
    } else {
        cov[0] = covariance(at[p.plane], mean[0], mean[0]);
    }
    for (int c = 0; c < p.k.C; c++) {
        const float mp = at[(p.k.self ? c : G + pairs + c) * p.plane];
#pragma unroll
        for (int g = 0; g < 3; g++) {
            if (g >= G) break;
            const int low = g < c ? g : c, top = g < c ? c : g;
            const int k =
                p.k.self ? gdk_guided_pair(G, low, top) : G + pairs + p.k.C + c * G + g;
            v[g] = covariance(at[k * p.plane], mean[g], mp);
        }
        if (G == 3)
            gdk_guided_solve3(cov, p.k.eps, v, a);
        else
            a[0] = v[0] / (cov[0] + p.k.eps);
        float *ab = p.ab + (int64_t)c * (G + 1) * p.plane + i, b = mp;
#pragma unroll
        for (int g = 0; g < 3; g++)
            if (g < G) {
                ab[g * p.plane] = a[g];
                b -= a[g] * mean[g];
            }
        ab[G * p.plane] = b;
    }
}

/* q from the means of a and b (planes `m`). */
static __global__ void __launch_bounds__(THREADS)
    gdk_guided_apply_kernel(const __grid_constant__ gdk_guided_cuda p, const float *m) {
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int     G = p.k.G;
    if (i >= (int64_t)(p.last - p.first) * p.k.W) return;
    const int64_t pixel = (int64_t)p.first * p.k.W + i;
    for (int c = 0; c < p.k.C; c++) {
        const float *at = m + (int64_t)c * (G + 1) * p.plane + i;
        float        q = at[G * p.plane];
        for (int g = 0; g < G; g++) q += at[g * p.plane] * p.I[pixel * p.I_pitch + g];
        p.q[pixel * p.q_pitch + c] = q;
    }
}

static int within(int v, int least, int most) {
    return v < least ? least : v > most ? most : v;
}

static void rows(const gdk_guided_cuda *p, float *mean, int from, int n, int planes,
                 cudaStream_t stream) {
    const int W = (int)p->k.W, chunk = within(2 * p->k.rx + 1, 9, MOST_CHUNK);
    const int lanes = within(((W + chunk - 1) / chunk + 31) / 32 * 32, 32, THREADS);
    const int own = chunk * lanes, need = within(own + 2 * p->k.rx + 1, 0, W);
    const int tiled = need <= SHARED;
    gdk_guided_rows_kernel<<<
        dim3((unsigned)n, (unsigned)((W + own - 1) / own), (unsigned)planes), (unsigned)lanes,
        tiled ? sizeof(float) * (size_t)need : 0, stream>>>(*p, mean, from, chunk, tiled);
}

extern "C" cudaError_t gdk_guided_filter_launch(const gdk_guided_cuda *p, cudaStream_t stream) {
    const int      chunk = within(2 * p->k.ry + 1, CHUNK, 512), wide = (int)p->k.W;
    const int      n_ab = p->last_ab - p->first_ab, n = p->last - p->first;
    const unsigned across = (unsigned)((wide + THREADS - 1) / THREADS);
    const unsigned of_ab = (unsigned)(((int64_t)n_ab * wide + THREADS - 1) / THREADS);
    const unsigned of_q = (unsigned)(((int64_t)n * wide + THREADS - 1) / THREADS);
    float         *mean = p->ab + (int64_t)p->k.n_coef * p->plane;
    gdk_guided_columns_kernel<false>
        <<<dim3(across, (unsigned)((n_ab + chunk - 1) / chunk), (unsigned)p->k.n_moment),
           THREADS, 0, stream>>>(*p, chunk);
    rows(p, mean, p->first_ab, n_ab, p->k.n_moment, stream);
    gdk_guided_solve_kernel<<<of_ab, THREADS, 0, stream>>>(*p, mean);
    gdk_guided_columns_kernel<true>
        <<<dim3(across, (unsigned)((n + chunk - 1) / chunk), (unsigned)p->k.n_coef), THREADS, 0,
           stream>>>(*p, chunk);
    rows(p, mean, p->first, n, p->k.n_coef, stream);
    gdk_guided_apply_kernel<<<of_q, THREADS, 0, stream>>>(*p, mean);
    return cudaPeekAtLastError();
}
