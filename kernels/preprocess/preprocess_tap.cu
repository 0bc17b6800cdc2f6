/* preprocess_tap.cu -- pictures to the network's input by filters of at most two taps an axis:
 * bilinear in float (torch, corners), bilinear in 11-bit integers (OpenCV), nearest. Bound by
 * the traffic of bytes in and values out.
 *
 * A block owns TILE x TILE output pixels of one picture, a thread DEEP rows of one column. The
 * block's first threads compute the taps of its columns and rows (in double, as the definition
 * does), so that the others meet integers and floats only. A thread reads the two adjacent
 * pixels of a row, six bytes, as whole words. */
#include "kernels/preprocess/preprocess.cuh"
#include "kernels/resize/resample.h"

enum { TILE = 32, THREADS = 256, SIDE = THREADS / TILE, DEEP = TILE / SIDE };

/* Source pixels lo and, rows only, hi; columns read lo and the one behind it. */
struct tap {
    int lo, hi;
    union {
        float w; /* of the second pixel */
        float f[2];
        int   k[2];
    };
};

/* Filters that blend values, not bytes. */
template <int FILTER>
constexpr bool is_float = FILTER == GD_FILTER_TORCH || FILTER == GD_FILTER_CORNERS;

/* As taps_torch, taps_corners, taps_opencv and taps_nearest of kernels/resize/resample.c. */
template <int FILTER>
static __device__ __forceinline__ tap tap_of(int at, int src, int dst, bool column) {
    tap t;
    if constexpr (FILTER == GD_FILTER_TORCH) {
        const double scale = __fdiv_rn((float)src, (float)dst);
        const double x = fmax(__dadd_rn(__dmul_rn(scale, at + 0.5), -0.5), 0.0);
        t.lo = (int)x < src ? (int)x : src - 1;
        t.hi = t.lo + 1 < src ? t.lo + 1 : t.lo;
        t.w = t.hi > t.lo ? (float)fmin(x - t.lo, 1.0) : 0.0f;
    } else if constexpr (FILTER == GD_FILTER_CORNERS) {
        const float scale = __fdiv_rn((float)(src - 1), (float)(dst - 1));
        const bool  last = at == dst - 1;
        const float x =
            last && (column || dst == 1) ? (float)(src - 1) : __fmul_rn((float)at, scale);
        t.lo = gdk_within((int)x, src - 1);
        t.hi = t.lo + 1 < src ? t.lo + 1 : t.lo;
        t.f[1] = __fsub_rn(x, (float)t.lo);
        t.f[0] = __fsub_rn(1.0f, t.f[1]);
        if (last) t.f[1] = 0.0f;
    } else if constexpr (FILTER == GD_FILTER_OPENCV) {
        const double scale = __ddiv_rn(1.0, __ddiv_rn((double)dst, (double)src));
        float        f = (float)__dadd_rn(__dmul_rn(at + 0.5, scale), -0.5);
        int          lo = (int)floorf(f);
        f = __fsub_rn(f, (float)lo);
        if (column && lo < 0) lo = 0, f = 0;
        if (column && lo >= src - 1) lo = src - 1, f = 0;
        t.lo = gdk_within(lo, src - 1);
        t.hi = gdk_within(lo + 1, src - 1);
        t.k[0] = __float2int_rn(__fmul_rn(__fsub_rn(1.0f, f), 2048.0f));
        t.k[1] = __float2int_rn(__fmul_rn(f, 2048.0f));
    } else {
        const float scale = __fdiv_rn((float)src, (float)dst);
        const int   i = (int)floorf(__fmul_rn((float)at, scale));
        t.lo = t.hi = i < src ? i : src - 1;
        t.w = 0.0f;
    }
    return t;
}

/* Bytes off .. off + 5. SAFE: near the end of the tensor, byte by byte, and none beyond it. */
template <bool SAFE>
static __device__ __forceinline__ uint2 six_bytes(const gdk_preprocess_cuda &p, int64_t off,
                                                  int64_t end) {
    if constexpr (SAFE) {
        uint32_t v[2] = {0, 0};
        for (int i = 0; i < 6; i++)
            if (off + i < end) v[i / 4] |= (uint32_t)p.pixels[off + i] << 8 * (i % 4);
        return make_uint2(v[0], v[1]);
    } else {
        const uint32_t *word = (const uint32_t *)p.pixels + (off >> 2);
        const uint32_t  shift = 8 * (uint32_t)(off & 3);
        const uint32_t  a = __ldg(word), b = __ldg(word + 1);
        const uint32_t  c = shift == 24 ? __ldg(word + 2) : 0;
        return make_uint2(__funnelshift_r(a, b, shift), __funnelshift_r(b, c, shift));
    }
}

/* Byte i of six. */
static __device__ __forceinline__ uint32_t byte_of(uint2 v, int i) {
    return __byte_perm(v.x, v.y, 0x4440 + i) & 0xff;
}
/* 2^23 plus byte i of six, as a float: exact, and cheaper than a conversion. */
static __device__ __forceinline__ float float_of(uint2 v, int i) {
    const uint32_t word = i < 4 ? v.x : v.y;
    return __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7440 + i % 4));
}

/* Bilinear: v[c] for the output's channels, blended as bytes and normalised in one step. The
 * weights of CORNERS do not always add up to 1. */
template <int FILTER>
static __device__ __forceinline__ void blend_values(const gdk_preprocess_cuda &p, uint2 top,
                                                    uint2 low, const tap &x, const tap &y,
                                                    float (&v)[3]) {
    constexpr bool pairs = FILTER == GD_FILTER_CORNERS;
    const float    w = pairs ? x.f[1] : x.w, whole = pairs ? y.f[0] + y.f[1] : 1.0f;
    float          s[3];
#pragma unroll
    for (int c = 0; c < 3; c++) {
        const float a = float_of(top, c), d = float_of(low, c);
        const float t = fmaf(float_of(top, c + 3) - a, w, a - 8388608.0f);
        const float l = fmaf(float_of(low, c + 3) - d, w, d - 8388608.0f);
        s[c] = pairs ? fmaf(l, y.f[1], t * y.f[0]) : fmaf(l - t, y.w, t);
    }
    if (p.swap_rb) {
        const float keep = s[0];
        s[0] = s[2];
        s[2] = keep;
    }
#pragma unroll
    for (int c = 0; c < 3; c++) v[c] = fmaf(s[c], p.gain[c], whole * p.shift[c]);
}

template <int FILTER>
static __device__ __forceinline__ void blend_bytes(const gdk_preprocess_cuda &p,
                                                   const float (*table)[256], uint2 top,
                                                   uint2 low, const tap &x, const tap &y,
                                                   float (&v)[3]) {
    int s[3];
#pragma unroll
    for (int c = 0; c < 3; c++) {
        s[c] = (int)byte_of(top, c);
        if constexpr (FILTER == GD_FILTER_OPENCV) {
            const int a = s[c] * x.k[0] + (int)byte_of(top, c + 3) * x.k[1];
            const int b = (int)byte_of(low, c) * x.k[0] + (int)byte_of(low, c + 3) * x.k[1];
            s[c] = (((y.k[0] * (a >> 4)) >> 16) + ((y.k[1] * (b >> 4)) >> 16) + 2) >> 2 & 255;
        }
    }
    v[0] = table[0][p.swap_rb ? s[2] : s[0]];
    v[1] = table[1][s[1]];
    v[2] = table[2][p.swap_rb ? s[0] : s[2]];
}

/* A thread's rows of one column that lies on the picture. */
template <int FILTER, bool SAFE>
static __device__ __forceinline__ void column(const gdk_preprocess_cuda &p,
                                              const gdk_view &view, const float (*table)[256],
                                              const tap &x, const tap *rows, int64_t end,
                                              int y0, int64_t pixel) {
    uint2 top[DEEP], low[DEEP];
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const tap &y = rows[j * SIDE];
        top[j] = six_bytes<SAFE>(p, view.origin + ((int64_t)y.lo * view.line + x.lo) * 3, end);
        low[j] =
            FILTER == GD_FILTER_NEAREST
                ? top[j]
                : six_bytes<SAFE>(p, view.origin + ((int64_t)y.hi * view.line + x.lo) * 3, end);
    }
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const tap &y = rows[j * SIDE];
        const int  at = y0 + j * SIDE;
        float      v[3];
        if (at >= p.out_h) return;
        if (at < view.y0 || at >= view.y1) {
            for (int c = 0; c < 3; c++) v[c] = p.pad[c];
        } else if constexpr (is_float<FILTER>) {
            blend_values<FILTER>(p, top[j], low[j], x, y, v);
        } else {
            blend_bytes<FILTER>(p, table, top[j], low[j], x, y, v);
        }
        gdk_put_pixel(p, pixel + (int64_t)j * SIDE * p.out_w, v);
    }
}

template <int FILTER>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_preprocess_kernel(const __grid_constant__ gdk_preprocess_cuda p) {
    __shared__ gdk_view shared_view;
    __shared__ tap      taps[2][TILE]; /* of columns, of rows */
    __shared__ float    table[is_float<FILTER> ? 1 : 3][256];
    const int           b = blockIdx.z, i = threadIdx.x % TILE, j = threadIdx.x / TILE;
    if (j < 2) { /* two warps: one for columns, one for rows */
        const gdk_view v = gdk_view_of(p, b);
        const int      at = (j ? (int)blockIdx.y : (int)blockIdx.x) * TILE + i;
        const int      first = j ? v.y0 : v.x0, last = (j ? v.y1 : v.x1) - 1;
        const int      corner = j ? v.top : v.left;
        /* Off the picture a pixel at its edge is read, and not used. */
        if (first <= last)
            taps[j][i] = tap_of<FILTER>((at < first  ? first
                                         : at > last ? last
                                                     : at) -
                                            corner,
                                        j ? v.src_h : v.src_w, j ? v.new_h : v.new_w, j == 0);
        if (threadIdx.x == 0) shared_view = v;
    }
    if constexpr (!is_float<FILTER>)
        for (int c = 0; c < 3; c++)
            table[c][threadIdx.x] = gdk_byte_value(p, (int)threadIdx.x, c);
    __syncthreads();
    const gdk_view view = shared_view;
    const int      x = blockIdx.x * TILE + i, y = blockIdx.y * TILE + j;
    if (x >= p.out_w) return;
    const int64_t pixel = ((int64_t)b * p.out_h + y) * p.out_w + x;
    const int     tile_y = (int)blockIdx.y * TILE;
    if (x < view.x0 || x >= view.x1 || view.y0 >= view.y1 || tile_y >= view.y1 ||
        tile_y + TILE <= view.y0) {
        for (int k = 0; k < DEEP && y + k * SIDE < p.out_h; k++)
            gdk_put_pixel(p, pixel + (int64_t)k * SIDE * p.out_w, p.pad);
        return;
    }
    const int64_t end = (p.F ? p.F : p.B) * p.cap * 3;
    /* The last pixel of the tile's last source row: words behind it may be read. */
    const int64_t last =
        view.origin + ((int64_t)(taps[1][TILE - 1].hi + 1) * view.line - 1) * 3;
    if (last + 12 > end)
        column<FILTER, true>(p, view, table, taps[0][i], &taps[1][j], end, y, pixel);
    else
        column<FILTER, false>(p, view, table, taps[0][i], &taps[1][j], end, y, pixel);
}

extern "C" cudaError_t gdk_preprocess_launch(const gdk_preprocess_cuda *p,
                                             cudaStream_t               stream) {
    const dim3 grid((unsigned)(p->out_w + TILE - 1) / TILE,
                    (unsigned)(p->out_h + TILE - 1) / TILE, (unsigned)p->B);
    if (p->filter == GD_FILTER_TORCH)
        gdk_preprocess_kernel<GD_FILTER_TORCH><<<grid, THREADS, 0, stream>>>(*p);
    else if (p->filter == GD_FILTER_CORNERS)
        gdk_preprocess_kernel<GD_FILTER_CORNERS><<<grid, THREADS, 0, stream>>>(*p);
    else if (p->filter == GD_FILTER_OPENCV)
        gdk_preprocess_kernel<GD_FILTER_OPENCV><<<grid, THREADS, 0, stream>>>(*p);
    else
        gdk_preprocess_kernel<GD_FILTER_NEAREST><<<grid, THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
