/* arg_max.cu -- the best class of each pixel of the source, out of logits of a fraction of its
 * size. Bound by loads from the caches: a pixel reads nine logits of each class, its neighbours
 * mostly the same ones; from memory each logit comes once.
 *
 * A block owns a 32 x 8 rectangle of one picture's pixels, a thread one of them; further blocks
 * of a picture's row write the zeros behind its map. Without geometry a thread owns a pixel. */
#include "kernels/class_map/class_map_cuda.h"
#include "kernels/cuda/vec.cuh"

enum { TILE_W = 32, TILE_H = 8, THREADS = TILE_W * TILE_H };

/* Three lines of logits, weighted, of one column. */
static __device__ __forceinline__ float column(const gdk_arg_max_args &a,
                                               const int64_t (&row)[3], int64_t at,
                                               const float (&w)[3]) {
    return gdk_element(a.x, row[0] + at, a.wide) * w[0] +
           gdk_element(a.x, row[1] + at, a.wide) * w[1] +
           gdk_element(a.x, row[2] + at, a.wide) * w[2];
}

static __device__ int best_of(const gdk_arg_max_args &a, int b, const gdk_map_place &at, int y,
                              int x) {
    float     wy[3], wx[3];
    int64_t   row[3], col[3];
    const int y0 = gdk_map_axis(y, at.src_h, at.new_h, at.top, a.net_h, a.h, wy);
    const int x0 = gdk_map_axis(x, at.src_w, at.new_w, at.left, a.net_w, a.w, wx);
#pragma unroll
    for (int i = 0; i < 3; i++) {
        row[i] = ((int64_t)b * a.h + min(y0 + i, a.h - 1)) * a.w * a.x_pitch;
        col[i] = min(x0 + i, a.w - 1) * a.x_pitch;
    }
    float most = -INFINITY;
    int   best = 0;
    for (int c = 0; c < a.C; c++) {
        const float v = column(a, row, col[0] + c, wy) * wx[0] +
                        column(a, row, col[1] + c, wy) * wx[1] +
                        column(a, row, col[2] + c, wy) * wx[2];
        if (v > most) {
            most = v;
            best = c;
        }
    }
    return best;
}

static __global__ void __launch_bounds__(THREADS)
    gdk_arg_max_map_kernel(const __grid_constant__ gdk_arg_max_args a) {
    const int     b = (int)blockIdx.y, tid = (int)threadIdx.x;
    uint8_t      *out = (uint8_t *)a.out + (int64_t)b * a.pixels * a.out_pitch;
    gdk_map_place at;
    const bool    good = gdk_map_place_of(a.geom + b * a.geom_pitch, a.pixels, &at);
    const int     across = good ? (at.src_w + TILE_W - 1) / TILE_W : 1;
    const int     tiles = good ? across * ((at.src_h + TILE_H - 1) / TILE_H) : 0;
    const int64_t own = good ? (int64_t)at.src_h * at.src_w : 0;
    for (int t = (int)blockIdx.x; t < tiles; t += (int)gridDim.x) {
        const int y = t / across * TILE_H + tid / TILE_W,
                  x = t % across * TILE_W + tid % TILE_W;
        if (y < at.src_h && x < at.src_w)
            out[((int64_t)y * at.src_w + x) * a.out_pitch] = (uint8_t)best_of(a, b, at, y, x);
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
        const dim3 grid((unsigned)((a->pixels + THREADS - 1) / THREADS), (unsigned)a->B);
        gdk_arg_max_map_kernel<<<grid, THREADS, 0, stream>>>(*a);
    }
    return cudaPeekAtLastError();
}
