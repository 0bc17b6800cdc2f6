/* class_map.cu -- maps of classes smoothed and counted. Bound by shared memory and by the
 * traffic of a byte a pixel.
 *
 * mode_filter: a block owns tiles of 32 x 8 pixels, which it reads with `radius` pixels around;
 * a thread owns a pixel. Mostly a tile shows one class and is done; else each class present is
 * counted by columns, then by the columns of each window.
 * class_count: a thread owns runs of 16 pixels, and adds each run of one class at once. */
#include "kernels/class_map/class_map.h"
#include "kernels/class_map/class_map_cuda.h"

enum {
    TILE_W = 32,
    TILE_H = 8,
    THREADS = TILE_W * TILE_H,
    WIDE_W = TILE_W + 2 * GD_MODE_RADIUS,
    WIDE_H = TILE_H + 2 * GD_MODE_RADIUS,
    NONE = 256, /* outside the picture */
    RUN = 16
};

struct tile {
    uint16_t at[WIDE_H][WIDE_W];
    uint8_t  column[TILE_H][WIDE_W]; /* pixels of one class in a column of the window */
    uint32_t present[8];             /* a bit a class */
};

/* Pixels [x0 - radius, ...) x [y0 - radius, ...) of the picture, and what classes they show. */
static __device__ void read_tile(const gdk_map_args &a, const uint8_t *map,
                                 const gdk_map_place &at, int x0, int y0, tile &s) {
    const int w = TILE_W + 2 * a.radius, h = TILE_H + 2 * a.radius;
    if (threadIdx.x < 8) s.present[threadIdx.x] = 0;
    __syncthreads();
    for (int i = (int)threadIdx.x; i < w * h; i += THREADS) {
        const int  y = y0 - a.radius + i / w, x = x0 - a.radius + i % w;
        const bool in = y >= 0 && y < at.src_h && x >= 0 && x < at.src_w;
        const int  c = in ? map[((int64_t)y * at.src_w + x) * a.map_pitch] : NONE;
        s.at[i / w][i % w] = (uint16_t)c;
        if (in && !(s.present[c / 32] >> c % 32 & 1))
            atomicOr(&s.present[c / 32], 1u << c % 32);
    }
    __syncthreads();
}

/* How often class c stands in the window of the thread's pixel. */
static __device__ int count_class(const gdk_map_args &a, tile &s, int c) {
    const int w = TILE_W + 2 * a.radius, size = 2 * a.radius + 1;
    int       sum = 0;
    __syncthreads();
    for (int i = (int)threadIdx.x; i < w * TILE_H; i += THREADS) {
        const int y = i / w, x = i % w;
        int       n = 0;
        for (int k = 0; k < size; k++) n += s.at[y + k][x] == c;
        s.column[y][x] = (uint8_t)n;
    }
    __syncthreads();
    for (int k = 0; k < size; k++)
        sum += s.column[threadIdx.x / TILE_W][threadIdx.x % TILE_W + k];
    return sum;
}

static __device__ int most_frequent(const gdk_map_args &a, tile &s) {
    const int own = s.at[threadIdx.x / TILE_W + a.radius][threadIdx.x % TILE_W + a.radius];
    int       best = own, most = -1, classes = 0;
    for (int k = 0; k < 8; k++) classes += __popc(s.present[k]);
    if (classes <= 1) return own;
    for (int k = 0; k < 8; k++)
        for (uint32_t left = s.present[k]; left; left &= left - 1) {
            const int c = 32 * k + __ffs((int)left) - 1, n = count_class(a, s, c);
            if (n > most || (n == most && c == own)) {
                most = n;
                best = c;
            }
        }
    return best;
}

static __global__ void __launch_bounds__(THREADS)
    gdk_mode_filter_kernel(const __grid_constant__ gdk_map_args a) {
    __shared__ tile s;
    const int       b = (int)blockIdx.y, tid = (int)threadIdx.x;
    const uint8_t  *map = a.map + (int64_t)b * a.pixels * a.map_pitch;
    uint8_t        *out = a.out + (int64_t)b * a.pixels * a.out_pitch;
    gdk_map_place   at;
    const bool      good = gdk_map_place_of(a.geom + b * a.geom_pitch, a.pixels, &at);
    const int       across = good ? (at.src_w + TILE_W - 1) / TILE_W : 1;
    const int       tiles = good ? across * ((at.src_h + TILE_H - 1) / TILE_H) : 0;
    const int64_t   own = good ? (int64_t)at.src_h * at.src_w : 0;
    for (int t = (int)blockIdx.x; t < tiles; t += (int)gridDim.x) {
        const int x0 = t % across * TILE_W, y0 = t / across * TILE_H;
        const int x = x0 + tid % TILE_W, y = y0 + tid / TILE_W;
        read_tile(a, map, at, x0, y0, s);
        const int c = most_frequent(a, s);
        if (x < at.src_w && y < at.src_h)
            out[((int64_t)y * at.src_w + x) * a.out_pitch] = (uint8_t)c;
        __syncthreads();
    }
    for (int64_t p = own + (int64_t)blockIdx.x * THREADS + tid; p < a.pixels;
         p += (int64_t)gridDim.x * THREADS)
        out[p * a.out_pitch] = 0;
}

/* What the counts begin with; a block owns those of a picture, and nothing between them. */
static __global__ void __launch_bounds__(THREADS)
    gdk_class_zero_kernel(const __grid_constant__ gdk_map_args a) {
    for (int c = (int)threadIdx.x; c < a.n_class; c += THREADS)
        a.count[(int64_t)blockIdx.x * a.count_pitch + c] = 0;
}

static __global__ void __launch_bounds__(THREADS)
    gdk_class_count_kernel(const __grid_constant__ gdk_map_args a) {
    __shared__ int sum[GD_MAP_CLASSES];
    const int      b = (int)blockIdx.y, tid = (int)threadIdx.x;
    const uint8_t *map = a.map + (int64_t)b * a.pixels * a.map_pitch;
    gdk_map_place  at;
    if (!gdk_map_place_of(a.geom + b * a.geom_pitch, a.pixels, &at)) return;
    const int64_t n = (int64_t)at.src_h * at.src_w, step = (int64_t)gridDim.x * THREADS * RUN;
    for (int c = tid; c < GD_MAP_CLASSES; c += THREADS) sum[c] = 0;
    __syncthreads();
    for (int64_t p = ((int64_t)blockIdx.x * THREADS + tid) * RUN; p < n; p += step) {
        const int64_t end = p + RUN < n ? p + RUN : n;
        int           c = map[p * a.map_pitch], run = 0;
        for (int64_t i = p; i < end; i++) {
            const int next = map[i * a.map_pitch];
            if (next != c) {
                atomicAdd(&sum[c], run);
                c = next;
                run = 0;
            }
            run++;
        }
        atomicAdd(&sum[c], run);
    }
    __syncthreads();
    for (int c = tid; c < a.n_class; c += THREADS)
        if (sum[c]) atomicAdd(&a.count[(int64_t)b * a.count_pitch + c], sum[c]);
}

extern "C" cudaError_t gdk_mode_filter_launch(const gdk_map_args *a, cudaStream_t stream) {
    const dim3 grid((unsigned)((a->pixels + THREADS - 1) / THREADS), (unsigned)a->B);
    gdk_mode_filter_kernel<<<grid, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_class_count_launch(const gdk_map_args *a, cudaStream_t stream) {
    const int64_t units = (a->pixels + THREADS * RUN - 1) / (THREADS * RUN);
    const dim3    grid((unsigned)(units < 1 ? 1 : units < 1024 ? units : 1024), (unsigned)a->B);
    gdk_class_zero_kernel<<<(unsigned)a->B, THREADS, 0, stream>>>(*a);
    gdk_class_count_kernel<<<grid, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
