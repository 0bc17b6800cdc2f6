/* arg_max.cu -- the best class of each pixel of the source, out of logits of a fraction of its
 * size. Bound by arithmetic on what the caches hold: from memory each logit comes once.
 *
 * A block owns a 32 x 32 rectangle of one picture's pixels, a thread every eighth pixel of a
 * column; all blocks of a picture write the zeros behind its map. Where logits lie
 * comes from divisions in double, so a thread finds it out for one column or row of the
 * rectangle, for all. Logits are weighted down their columns first, eight classes at a time
 * and once for all pixels of a row; what a rectangle of a shrunk picture spans has no room for
 * that, and its threads do it alone. Without geometry a thread owns a pixel. */
#include "kernels/class_map/class_map_cuda.h"
#include "kernels/cuda/vec.cuh"

enum { TILE = 32, ROWS = 8, THREADS = TILE * ROWS, OWN = TILE / ROWS, STEP = 8, SPAN = 16 };

/* Three logits of an axis, and their weights. */
struct taps {
    int   at[3];
    float w[3];
};

static __device__ taps taps_of(int i, int src, int fresh, int start, int net, int low) {
    taps      t;
    const int first = gdk_map_axis(min(i, src - 1), src, fresh, start, net, low, t.w);
#pragma unroll
    for (int k = 0; k < 3; k++) t.at[k] = min(first + k, low - 1);
    return t;
}

/* What the threads of a block share. */
struct tile {
    taps  column[TILE], row[TILE];
    float sum[TILE][SPAN][STEP]; /* down each column of logits, from the first column's on */
};

/* v = STEP logits of classes c and on, of the pixel that begins at x[at]; anything behind the
 * last, since pad lanes hold anything: race() looks at none of it. */
template <int V>
static __device__ __forceinline__ void load(const gdk_arg_max_args &a, int64_t at, int c,
                                            float (&v)[STEP]) {
    if constexpr (V == 1) {
#pragma unroll
        for (int k = 0; k < STEP; k++)
            v[k] = c + k < a.C ? gdk_element(a.x, at + c + k, a.wide) : 0.0f;
    } else {
        constexpr int W = V == 4;
#pragma unroll
        for (int k = 0; k < STEP; k += V) {
            float run[V] = {};
            if (c + k < a.C)
                gdk_run_get<V>(
                    run, gdk_run_load<V>((const char *)a.x + ((at + c + k) << (1 + W)), W), W);
#pragma unroll
            for (int i = 0; i < V; i++) v[k + i] = run[i];
        }
    }
}

/* The weighted sum down logit column x. */
template <int V>
static __device__ __forceinline__ void down(const gdk_arg_max_args &a, int64_t picture,
                                            const taps &y, int x, int c, float (&sum)[STEP]) {
    float v[STEP];
#pragma unroll
    for (int j = 0; j < 3; j++) {
        load<V>(a, picture + ((int64_t)y.at[j] * a.w + x) * a.x_pitch, c, v);
#pragma unroll
        for (int k = 0; k < STEP; k++) sum[k] = j ? sum[k] + v[k] * y.w[j] : v[k] * y.w[j];
    }
}

/* The best class so far. */
struct leader {
    float most = -INFINITY;
    int   best = 0;
};

static __device__ __forceinline__ void race(leader &l, const float (&v)[STEP], int c, int C) {
#pragma unroll
    for (int k = 0; k < STEP; k++)
        if (c + k < C && v[k] > l.most) {
            l.most = v[k];
            l.best = c + k;
        }
}

/* `of` is the sum down the i-th of three columns. */
template <class OF>
static __device__ __forceinline__ void across(const taps &x, float (&sum)[STEP], OF of) {
    float v[STEP];
#pragma unroll
    for (int i = 0; i < 3; i++) {
        of(i, v);
#pragma unroll
        for (int k = 0; k < STEP; k++) sum[k] = i ? sum[k] + v[k] * x.w[i] : v[k] * x.w[i];
    }
}

template <int V>
static __device__ void race_alone(const gdk_arg_max_args &a, int64_t picture, const tile &t,
                                  leader (&l)[OWN]) {
    const int ty = (int)threadIdx.x / TILE, tx = (int)threadIdx.x % TILE;
    float     sum[STEP];
    for (int c = 0; c < a.C; c += STEP)
#pragma unroll 1
        for (int i = 0; i < OWN; i++) {
            const taps &x = t.column[tx], &y = t.row[ty + ROWS * i];
            across(x, sum,
                   [&](int k, float(&v)[STEP]) { down<V>(a, picture, y, x.at[k], c, v); });
#pragma unroll
            for (int j = 0; j < OWN; j++) /* registers have no index */
                if (i == j) race(l[j], sum, c, a.C);
        }
}

template <int V>
static __device__ void race_together(const gdk_arg_max_args &a, int64_t picture, tile &t,
                                     int span, leader (&l)[OWN]) {
    const int   tid = (int)threadIdx.x, ty = tid / TILE, tx = tid % TILE;
    const int   left = t.column[0].at[0];
    const taps &x = t.column[tx];
    float       sum[STEP];
    for (int c = 0; c < a.C; c += STEP) {
        for (int i = tid; i < TILE * span; i += THREADS) {
            const int row = i / span, column = i % span;
            down<V>(a, picture, t.row[row], left + column, c, sum);
            float4 *to = (float4 *)t.sum[row][column];
            to[0] = make_float4(sum[0], sum[1], sum[2], sum[3]);
            to[1] = make_float4(sum[4], sum[5], sum[6], sum[7]);
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < OWN; i++) {
            across(x, sum, [&](int k, float(&v)[STEP]) {
                const float4 *at = (const float4 *)t.sum[ty + ROWS * i][x.at[k] - left];
                const float4  low = at[0], high = at[1];
                v[0] = low.x, v[1] = low.y, v[2] = low.z, v[3] = low.w;
                v[4] = high.x, v[5] = high.y, v[6] = high.z, v[7] = high.w;
            });
            race(l[i], sum, c, a.C);
        }
        __syncthreads();
    }
}

template <int V>
static __global__ void __launch_bounds__(THREADS, V == 4 ? 1 : 2) /* without spills */
    gdk_arg_max_map_kernel(const __grid_constant__ gdk_arg_max_args a) {
    __shared__ __align__(16) tile t;
    const int                     b = (int)blockIdx.y, tid = (int)threadIdx.x;
    const int                     ty = tid / TILE, tx = tid % TILE;
    const int64_t                 picture = (int64_t)b * a.h * a.w * a.x_pitch;
    uint8_t                      *out = (uint8_t *)a.out + (int64_t)b * a.pixels * a.out_pitch;
    gdk_map_place                 at;
    const bool    good = gdk_map_place_of(a.geom + b * a.geom_pitch, a.pixels, &at);
    const int     wide = good ? (at.src_w + TILE - 1) / TILE : 1;
    const int     tiles = good ? wide * ((at.src_h + TILE - 1) / TILE) : 0;
    const int64_t own = good ? (int64_t)at.src_h * at.src_w : 0;
    for (int i = (int)blockIdx.x; i < tiles; i += (int)gridDim.x) {
        const int y = i / wide * TILE, x = i % wide * TILE;
        leader    l[OWN];
        if (ty == 0)
            t.column[tx] = taps_of(x + tx, at.src_w, at.new_w, at.left, a.net_w, a.w);
        else if (ty == 1)
            t.row[tx] = taps_of(y + tx, at.src_h, at.new_h, at.top, a.net_h, a.h);
        __syncthreads();
        /* The further right the pixel, the further right its logits. */
        const int span = t.column[TILE - 1].at[2] - t.column[0].at[0] + 1;
        if (span <= SPAN)
            race_together<V>(a, picture, t, span, l);
        else
            race_alone<V>(a, picture, t, l);
#pragma unroll
        for (int k = 0; k < OWN; k++) {
            const int row = y + ty + ROWS * k;
            if (row < at.src_h && x + tx < at.src_w)
                out[((int64_t)row * at.src_w + x + tx) * a.out_pitch] = (uint8_t)l[k].best;
        }
        __syncthreads();
    }
    for (int64_t p = own + (int64_t)blockIdx.x * THREADS + tid; p < a.pixels;
         p += (int64_t)gridDim.x * THREADS)
        out[p * a.out_pitch] = 0;
}

static __global__ void __launch_bounds__(THREADS)
    gdk_arg_max_kernel(const __grid_constant__ gdk_arg_max_args a) {
    const int64_t p = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    float         most = -INFINITY;
    int           best = 0;
    if (p >= a.n) return;
    for (int c = 0; c < a.C; c++) {
        const float v = gdk_element(a.x, p * a.x_pitch + c, a.wide);
        if (v > most) {
            most = v;
            best = c;
        }
    }
    if (a.index)
        ((int32_t *)a.out)[p * a.out_pitch] = best;
    else
        ((uint8_t *)a.out)[p * a.out_pitch] = (uint8_t)best;
}

extern "C" cudaError_t gdk_arg_max_launch(const gdk_arg_max_args *a, cudaStream_t stream) {
    if (!a->geom) {
        const unsigned blocks = (unsigned)((a->n + THREADS - 1) / THREADS);
        gdk_arg_max_kernel<<<blocks, THREADS, 0, stream>>>(*a);
    } else {
        /* As many as whole tiles would be; a picture with edges strides over the rest. */
        const dim3 grid((unsigned)((a->pixels + TILE * TILE - 1) / (TILE * TILE)),
                        (unsigned)a->B);
        if (!a->vec)
            gdk_arg_max_map_kernel<1><<<grid, THREADS, 0, stream>>>(*a);
        else if (a->wide)
            gdk_arg_max_map_kernel<4><<<grid, THREADS, 0, stream>>>(*a);
        else
            gdk_arg_max_map_kernel<8><<<grid, THREADS, 0, stream>>>(*a);
    }
    return cudaPeekAtLastError();
}
