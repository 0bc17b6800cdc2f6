/* roi_align_bwd.cu -- the gradient of RoIAlign to one feature: each cell gathers what the boxes
 * that touch it give, in the order of the boxes. No atomics, FP32 sums, one rounding.
 *
 * A block owns 8 x 4 cells and 32 runs of channels (256 halves, 128 floats), a warp a row of
 * cells, a lane a run. The block tests its picture's boxes, a thread a box, and lists in order
 * those that reach its cells; then each warp goes through the list. Weights are separable:
 * what bin (p, q) gives to cell (y, x) is wy[p][y] wx[q][x], the sums over sampling points,
 * found by the lanes and handed round by shuffles; bins without weight are not read.
 *
 * Bound by memory where boxes are sparse (dF is written once; that is most of a training step:
 * 332 MB at P2 of 8 pictures of 800 x 1216, 77 us at 4.3 TB/s), by reading d_out through L2
 * where they crowd. */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/vec.cuh"
#include "kernels/roi_align/roi_align_bwd_cuda.h"
#include "kernels/roi_align/roi_box.cuh"

enum {
    ROWS = GDK_ROI_BWD_ROWS,
    COLUMNS = GDK_ROI_BWD_COLUMNS,
    THREADS = ROWS * 32,
    GROUP = 32 / COLUMNS, /* bins of a row whose weights one warp holds */
    BATCH = 4             /* bins that are loaded at once */
};

struct listed {
    gdk_roi r;
    int     row; /* of d_out, in boxes */
};

/* What the sampling points of bin b, on an axis of `size` pixels, give to pixel `at`. */
static __device__ __forceinline__ float weight_of(float start, float bin, int b, int grid,
                                                  int size, int at) {
    float sum = 0.0f;
    for (int i = 0; i < grid; i++) {
        const gdk_roi_tap t = gdk_roi_tap_of(start, bin, b, i, grid, size);
        if (t.lo == at) sum += 1.0f - t.w_hi;
        if (t.hi == at && t.hi != t.lo) sum += t.w_hi;
    }
    return sum;
}

/* Whether a box from `start` over n bins may reach pixels first .. first + count - 1; points
 * outside count for the pixel at the edge. Rounding is allowed for. */
static __device__ __forceinline__ bool reaches(float start, float bin, int n, int first,
                                               int count) {
    const float size = bin * (float)n, lo = fminf(start, start + size);
    const float hi = fmaxf(start, start + size);
    const float slack = 2.0f + 1e-5f * (fabsf(start) + fabsf(size));
    return hi + slack >= (float)first && lo - slack <= (float)(first + count);
}

static __device__ __forceinline__ bool takes(const gdk_roi_align_bwd_args &a, int b, int i,
                                             int y0, int x0, gdk_roi *r) {
    const int level = a.level ? a.level[(int64_t)b * a.level_pitch + i] : 0;
    if (level != a.which) return false;
    const float4 p = *(const float4 *)(a.box + ((int64_t)b * a.n + i) * a.box_pitch);
    return gdk_roi_of(a.attr, p, a.attr.scale[a.which], r) &&
           reaches(r->y, r->bin_h, a.attr.out_h, y0, ROWS) &&
           reaches(r->x, r->bin_w, a.attr.out_w, x0, COLUMNS);
}

template <int V>
static __device__ __forceinline__ void load(const gdk_roi_align_bwd_args &a, int64_t i,
                                            float (&v)[V]) {
    if constexpr (V == 1)
        v[0] = gdk_element(a.d_out, i, a.wide);
    else
        gdk_run_get<V>(v,
                       gdk_run_load<V>((const char *)a.d_out + (i << (V == 4 ? 2 : 1)), V == 4),
                       V == 4);
}

/* Adds what bins q0 .. q0 + GROUP - 1 of row p give to the cells of a warp. wx: weight of bin
 * q0 + lane / COLUMNS for cell lane % COLUMNS; used: the lanes where it is not 0. */
template <int V>
static __device__ __forceinline__ void add_bins(const gdk_roi_align_bwd_args &a, int64_t at,
                                                bool there, float wy, float wx, uint32_t used,
                                                float (&sum)[COLUMNS][V]) {
    constexpr uint32_t CELLS = (1u << COLUMNS) - 1;
#pragma unroll
    for (int first = 0; first < GROUP; first += BATCH) {
        float d[BATCH][V];
        if (!(used >> (first * COLUMNS) & ((1u << BATCH * COLUMNS) - 1))) continue;
#pragma unroll
        for (int k = 0; k < BATCH; k++) {
            const bool read = there && (used >> ((first + k) * COLUMNS) & CELLS);
#pragma unroll
            for (int i = 0; i < V; i++) d[k][i] = 0.0f;
            if (read) load<V>(a, at + (first + k) * a.d_out_pitch, d[k]);
        }
#pragma unroll
        for (int k = 0; k < BATCH; k++) {
            if (!(used >> ((first + k) * COLUMNS) & CELLS)) continue;
#pragma unroll
            for (int x = 0; x < COLUMNS; x++) {
                const float w = wy * __shfl_sync(0xffffffffu, wx, (first + k) * COLUMNS + x);
#pragma unroll
                for (int i = 0; i < V; i++) sum[x][i] += w * d[k][i];
            }
        }
    }
}

template <int V>
static __device__ __forceinline__ void add_box(const gdk_roi_align_bwd_args &a,
                                               const listed &box, int y, int x0, int c,
                                               float (&sum)[COLUMNS][V]) {
    const int     lane = (int)threadIdx.x % 32;
    const gdk_roi r = box.r;
    for (int p0 = 0; p0 < a.attr.out_h; p0 += 32) {
        float wy = 0.0f;
        if (p0 + lane < a.attr.out_h)
            wy = weight_of(r.y, r.bin_h, p0 + lane, r.grid_h, a.H, y) / r.count;
        const uint32_t rows = __ballot_sync(0xffffffffu, wy != 0.0f);
        if (!rows) continue;
        for (int q0 = 0; q0 < a.attr.out_w; q0 += GROUP) {
            const int q = q0 + lane / COLUMNS, x = x0 + lane % COLUMNS;
            float     wx = 0.0f;
            if (q < a.attr.out_w && x < a.W) wx = weight_of(r.x, r.bin_w, q, r.grid_w, a.W, x);
            const uint32_t used = __ballot_sync(0xffffffffu, wx != 0.0f);
            for (uint32_t left = used ? rows : 0; left; left &= left - 1) {
                const int     p = __ffs((int)left) - 1;
                const int64_t bin = (int64_t)box.row * a.attr.out_h + p0 + p;
                add_bins<V>(a, (bin * a.attr.out_w + q0) * a.d_out_pitch + c, c < a.C,
                            __shfl_sync(0xffffffffu, wy, p), wx, used, sum);
            }
        }
    }
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_roi_align_bwd_kernel(const __grid_constant__ gdk_roi_align_bwd_args a) {
    __shared__ listed list[THREADS];
    __shared__ int    listed_by[ROWS];
    const int         tid = (int)threadIdx.x, lane = tid % 32, warp = tid / 32;
    const int         across = (a.W + COLUMNS - 1) / COLUMNS, down = (a.H + ROWS - 1) / ROWS;
    const int tile = (int)blockIdx.x % (across * down), b = (int)blockIdx.x / (across * down);
    const int y0 = tile / across * ROWS, x0 = tile % across * COLUMNS, y = y0 + warp;
    const int c = ((int)blockIdx.y * 32 + lane) * V;
    float     sum[COLUMNS][V] = {};
    gdk_grid_follow();
    const int n = a.count ? max(0, min(a.count[b], a.n)) : a.n;
    for (int base = 0; base < n; base += THREADS) {
        gdk_roi        r = {};
        const bool     mine = base + tid < n && takes(a, b, base + tid, y0, x0, &r);
        const uint32_t who = __ballot_sync(0xffffffffu, mine);
        if (lane == 0) listed_by[warp] = __popc(who);
        __syncthreads();
        int at = __popc(who & ((1u << lane) - 1)), all = 0;
        for (int w = 0; w < ROWS; w++) {
            if (w < warp) at += listed_by[w];
            all += listed_by[w];
        }
        if (mine) list[at] = {r, b * a.n + base + tid};
        __syncthreads();
        for (int k = 0; k < all && y < a.H; k++) add_box<V>(a, list[k], y, x0, c, sum);
        __syncthreads();
    }
    if (y >= a.H || c >= a.C) return;
#pragma unroll
    for (int x = 0; x < COLUMNS; x++) {
        const int64_t i = (((int64_t)b * a.H + y) * a.W + x0 + x) * a.d_f_pitch + c;
        if (x0 + x >= a.W) continue;
        if constexpr (V == 1)
            gdk_element_set(a.d_f, i, sum[x][0], a.wide);
        else
            gdk_run_store<V>((char *)a.d_f + (i << (V == 4 ? 2 : 1)), sum[x], V == 4);
    }
}

extern "C" cudaError_t gdk_roi_align_bwd_launch(const gdk_roi_align_bwd_args *a,
                                                cudaStream_t                  stream) {
    const int  V = !a->vector ? 1 : a->wide ? 4 : 8;
    const int  across = (a->W + COLUMNS - 1) / COLUMNS, down = (a->H + ROWS - 1) / ROWS;
    const dim3 grid((unsigned)(a->B * across * down),
                    (unsigned)((a->C + 32 * V - 1) / (32 * V)));
    const auto kernel = V == 8   ? gdk_roi_align_bwd_kernel<8>
                        : V == 4 ? gdk_roi_align_bwd_kernel<4>
                                 : gdk_roi_align_bwd_kernel<1>;
    return gdk_launch(kernel, grid, THREADS, 0, stream, a->early, 1, *a);
}
