/* sine_position.cu -- padding masks, and sines of positions. Bound by latency: maps are small.
 *
 * Mask: a thread a pixel. Sines: a warp a pixel, which counts its column and its row of the
 * mask together, then writes the channels, in halves where that is asked for. */
#include "kernels/arg.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/round.h"
#include "kernels/cuda/vec.cuh"
#include "kernels/sine_position/sine_position_cuda.h"

enum { THREADS = 128, WARPS = THREADS / 32 };

/* Nearest resizing, in float32 as PyTorch does it: gdk_nearest on the host. */
static __device__ __forceinline__ int nearest(int at, int src, int dst) {
    const int i = (int)floorf(gdk_mul((float)at, (float)src / (float)dst));
    return i < src ? i : src - 1;
}

static __global__ void __launch_bounds__(THREADS) mask_kernel(const gdk_padding_mask_args a) {
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    gdk_grid_follow();
    if (i >= (int64_t)a.B * a.h * a.w) return;
    const int     x = (int)(i % a.w);
    const int64_t row = i / a.w;
    const float  *g = a.geometry + row / a.h * a.geometry_pitch;
    const float at_y = gdk_sub((float)nearest((int)(row % a.h), a.net_h, a.h), g[GD_GEOM_TOP]);
    const float at_x = gdk_sub((float)nearest(x, a.net_w, a.w), g[GD_GEOM_LEFT]);
    const bool  on =
        at_y >= 0.0f && at_y < g[GD_GEOM_NEW_H] && at_x >= 0.0f && at_x < g[GD_GEOM_NEW_W];
    a.mask[row * a.mask_pitch + x] = on ? 1.0f : 0.0f;
}

/* Values of n at `step` elements that are not 0, over those up to `here` of them. */
static __device__ __forceinline__ float part_of(const float *v, int64_t step, int n, int here,
                                                int lane) {
    int all = 0, part = 0;
    for (int first = 0; first < n; first += 32) {
        const int      i = first + lane;
        const unsigned on = __ballot_sync(0xffffffffu, i < n && v[(int64_t)i * step] != 0.0f);
        const unsigned upto = __ballot_sync(0xffffffffu, i <= here);
        all += __popc(on);
        part += __popc(on & upto);
    }
    return (float)part / gdk_add((float)all, 1e-6f);
}

static __global__ void __launch_bounds__(THREADS) sine_kernel(const gdk_sine_position_args a) {
    const int64_t p = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    const int     lane = (int)threadIdx.x % 32;
    gdk_grid_follow();
    if (p >= a.pixels) return;
    const int     x = (int)(p % a.w);
    const int64_t row = p / a.w, b = row / a.h;
    const int     y = (int)(row - b * a.h);
    const float down = part_of(a.mask + b * a.h * a.mask_pitch + x, a.mask_pitch, a.h, y, lane);
    const float along = part_of(a.mask + row * a.mask_pitch, 1, a.w, x, lane);
    for (int i = lane; i < 2 * a.half; i += 32) {
        const int   c = i < a.half ? i : i - a.half;
        const float power = (float)(c / 2 * 2) / (float)a.half;
        const float v =
            gdk_mul(i < a.half ? down : along, a.scale) / powf(a.temperature, power);
        gdk_element_set(a.out, p * a.out_pitch + i, c % 2 ? cosf(v) : sinf(v), a.wide);
    }
}

extern "C" cudaError_t gdk_padding_mask_launch(const gdk_padding_mask_args *a,
                                               cudaStream_t                 stream) {
    const int64_t n = (int64_t)a->B * a->h * a->w;
    if (!n) return cudaSuccess;
    return gdk_launch(mask_kernel, (unsigned)((n + THREADS - 1) / THREADS), THREADS, 0, stream,
                      a->early, 1, *a);
}

extern "C" cudaError_t gdk_sine_position_launch(const gdk_sine_position_args *a,
                                                cudaStream_t                  stream) {
    if (!a->pixels) return cudaSuccess;
    return gdk_launch(sine_kernel, (unsigned)((a->pixels + WARPS - 1) / WARPS), THREADS, 0,
                      stream, a->early, 1, *a);
}
