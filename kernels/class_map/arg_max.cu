/* arg_max.cu -- the best class of each pixel of the source, out of logits of a fraction of its
 * size. Bound by loads from the caches: a pixel reads nine logits of each class, its neighbours
 * mostly the same ones; from memory each logit comes once.
 *
 * A block owns a 32 x 32 rectangle of one picture's pixels, a thread every eighth pixel of a
 * column; further blocks of a picture's row write the zeros behind its map. Where logits lie
 * comes from divisions in double, so a thread finds it out for one column or row of the
 * rectangle, for all. Without geometry a thread owns a pixel. */
#include "kernels/class_map/class_map_cuda.h"
#include "kernels/cuda/vec.cuh"

enum { TILE = 32, ROWS = 8, THREADS = TILE * ROWS };

/* Three logits of an axis, elements from the picture's first one on, and their weights. */
struct taps {
    int64_t at[3];
    float   w[3];
};

static __device__ taps taps_of(int i, int src, int fresh, int start, int net, int low,
                               int64_t step) {
    taps      t;
    const int first = gdk_map_axis(min(i, src - 1), src, fresh, start, net, low, t.w);
#pragma unroll
    for (int k = 0; k < 3; k++) t.at[k] = min(first + k, low - 1) * step;
    return t;
}

/* v = V logits from x[at] on. */
template <int V>
static __device__ __forceinline__ void load(const gdk_arg_max_args &a, int64_t at,
                                            float (&v)[V]) {
    if constexpr (V == 1) {
        v[0] = gdk_element(a.x, at, a.wide);
    } else {
        constexpr int W = V == 4;
        gdk_run_get<V>(v, gdk_run_load<V>((const char *)a.x + (at << (1 + W)), W), W);
    }
}

template <int V>
static __device__ int best_of(const gdk_arg_max_args &a, int64_t picture, const taps &y,
                              const taps &x) {
    float most = -INFINITY;
    int   best = 0;
    for (int c = 0; c < a.C; c += V) {
        float sum[V], column[V], v[V];
#pragma unroll
        for (int i = 0; i < 3; i++) {
#pragma unroll
            for (int j = 0; j < 3; j++) {
                load<V>(a, picture + y.at[j] + x.at[i] + c, v);
#pragma unroll
                for (int k = 0; k < V; k++)
                    column[k] = j ? column[k] + v[k] * y.w[j] : v[k] * y.w[j];
            }
#pragma unroll
            for (int k = 0; k < V; k++)
                sum[k] = i ? sum[k] + column[k] * x.w[i] : column[k] * x.w[i];
        }
#pragma unroll
        for (int k = 0; k < V; k++)
            if (c + k < a.C && sum[k] > most) {
                most = sum[k];
                best = c + k;
            }
    }
    return best;
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_arg_max_map_kernel(const __grid_constant__ gdk_arg_max_args a) {
    __shared__ taps columns[TILE], rows[TILE];
    const int       b = (int)blockIdx.y, tid = (int)threadIdx.x;
    const int       ty = tid / TILE, tx = tid % TILE;
    const int64_t   picture = (int64_t)b * a.h * a.w * a.x_pitch;
    uint8_t        *out = (uint8_t *)a.out + (int64_t)b * a.pixels * a.out_pitch;
    gdk_map_place   at;
    const bool      good = gdk_map_place_of(a.geom + b * a.geom_pitch, a.pixels, &at);
    const int       across = good ? (at.src_w + TILE - 1) / TILE : 1;
    const int       tiles = good ? across * ((at.src_h + TILE - 1) / TILE) : 0;
    const int64_t   own = good ? (int64_t)at.src_h * at.src_w : 0;
    for (int t = (int)blockIdx.x; t < tiles; t += (int)gridDim.x) {
        const int y = t / across * TILE, x = t % across * TILE;
        if (ty == 0)
            columns[tx] = taps_of(x + tx, at.src_w, at.new_w, at.left, a.net_w, a.w, a.x_pitch);
        else if (ty == 1)
            rows[tx] =
                taps_of(y + tx, at.src_h, at.new_h, at.top, a.net_h, a.h, a.w * a.x_pitch);
        __syncthreads();
        for (int row = ty; row < TILE && y + row < at.src_h && x + tx < at.src_w; row += ROWS)
            out[((int64_t)(y + row) * at.src_w + x + tx) * a.out_pitch] =
                (uint8_t)best_of<V>(a, picture, rows[row], columns[tx]);
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
