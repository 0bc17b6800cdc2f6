/* draw.cu -- shapes drawn on a picture, in the order of their list. Bound by the walk of every
 * block over the list, out of the cache, and by the pixels under the shapes.
 *
 * A block owns a tile of 32 x 32 pixels, a thread four of them, one below the other. The block
 * takes 256 shapes at a time, keeps those that touch the tile, in their order, and every thread
 * blends them into its pixels. In place, a tile without a shape is neither read nor written. */
#include "kernels/draw/draw_cuda.h"
#include "kernels/draw/ink.h"

enum {
    TILE = 32,
    THREADS = 256,
    STEP = THREADS / TILE,
    OWN = TILE / STEP,
    WARPS = THREADS / 32
};

struct touching {
    gd_ink   ink[THREADS];
    gdk_area area[THREADS];
    int      in_warp[WARPS];
};

struct pixels {
    int v[OWN][3];
};

/* Rows of the list begin at multiples of 16 bytes. */
static __device__ __forceinline__ gd_ink ink_at(const gdk_draw_args &a, int k) {
    const int4 *from = (const int4 *)(a.list + (int64_t)(k + 1) * a.list_pitch);
    union {
        int4   half[2];
        gd_ink ink;
    } u;
    u.half[0] = from[0];
    u.half[1] = from[1];
    return u.ink;
}

/* Of shapes first .. first + 255 those that touch the tile at (x0, y0); returns how many. */
static __device__ int gather(const gdk_draw_args &a, int first, int count, int x0, int y0,
                             touching &s) {
    const int k = first + (int)threadIdx.x, warp = (int)threadIdx.x / 32;
    bool      meets = false;
    gd_ink    ink;
    gdk_area  area;
    if (k < count) {
        ink = ink_at(a, k);
        area = gdk_ink_area(&ink, a.width, a.height, a.atlas_bytes);
        meets = area.x1 < area.x2 && area.y1 < area.y2 && area.x1 < x0 + TILE && area.x2 > x0 &&
                area.y1 < y0 + TILE && area.y2 > y0;
    }
    const unsigned vote = __ballot_sync(0xffffffffu, meets);
    if (threadIdx.x % 32 == 0) s.in_warp[warp] = __popc(vote);
    __syncthreads();
    int before = __popc(vote & ((1u << threadIdx.x % 32) - 1)), total = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
        if (w < warp) before += s.in_warp[w];
        total += s.in_warp[w];
    }
    if (meets) {
        s.ink[before] = ink;
        s.area[before] = area;
    }
    __syncthreads();
    return total;
}

static __device__ __forceinline__ void blend(const gdk_draw_args &a, const gd_ink &ink,
                                             const gdk_area &at, int x, int y, pixels &p) {
    if (x < at.x1 || x >= at.x2) return;
#pragma unroll
    for (int i = 0; i < OWN; i++) {
        const int row = y + i * STEP;
        if (row < at.y1 || row >= at.y2) continue;
        const int alpha = gdk_ink_alpha(&ink, x, row, a.atlas);
        p.v[i][0] = gdk_blend(p.v[i][0], ink.color & 255, alpha);
        p.v[i][1] = gdk_blend(p.v[i][1], ink.color >> 8 & 255, alpha);
        p.v[i][2] = gdk_blend(p.v[i][2], ink.color >> 16 & 255, alpha);
    }
}

static __global__ void __launch_bounds__(THREADS)
    gdk_draw_kernel(const __grid_constant__ gdk_draw_args a) {
    __shared__ touching s;
    const int           x0 = (int)blockIdx.x * TILE, y0 = (int)blockIdx.y * TILE;
    const int           x = x0 + (int)threadIdx.x % TILE, y = y0 + (int)threadIdx.x / TILE;
    const int           count = gdk_clampi(a.list[0], 0, a.room);
    bool                loaded = false;
    pixels              p = {};
    for (int first = 0; first < count || first == 0; first += THREADS) {
        const int n = gather(a, first, count, x0, y0, s);
        if (!loaded && (n > 0 || a.x != a.y)) {
            loaded = true;
            for (int i = 0; i < OWN && x < a.width; i++)
                for (int c = 0; c < 3 && y + i * STEP < a.height; c++)
                    p.v[i][c] = a.x[((int64_t)(y + i * STEP) * a.width + x) * a.x_pitch + c];
        }
        for (int k = 0; k < n; k++) blend(a, s.ink[k], s.area[k], x, y, p);
        __syncthreads();
    }
    if (!loaded || x >= a.width) return;
#pragma unroll
    for (int i = 0; i < OWN; i++)
        for (int c = 0; c < 3 && y + i * STEP < a.height; c++)
            a.y[((int64_t)(y + i * STEP) * a.width + x) * a.y_pitch + c] = (uint8_t)p.v[i][c];
}

extern "C" cudaError_t gdk_draw_launch(const gdk_draw_args *a, cudaStream_t stream) {
    const dim3 grid((unsigned)((a->width + TILE - 1) / TILE),
                    (unsigned)((a->height + TILE - 1) / TILE));
    gdk_draw_kernel<<<grid, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
