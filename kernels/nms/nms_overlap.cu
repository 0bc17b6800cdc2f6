/* nms_overlap.cu -- the bits of nms_stripe.h: which earlier candidates overlap which too much.
 *
 * Bound by arithmetic, less than 20 instructions a pair. One block: one tile of 64 x 64 pairs
 * after the other, tiles of picture blockIdx.y in turn; blocks past the last tile leave at
 * once. Two threads a row, each half of its columns. */
#include "kernels/cuda/launch.cuh"
#include "kernels/nms/nms_hit.cuh"

enum { THREADS = 2 * GDK_STRIPE };

static __global__ void __launch_bounds__(THREADS) overlap_kernel(const gdk_nms_args a) {
    __shared__ float4 col_box[GDK_STRIPE];
    __shared__ float2 col_rest[GDK_STRIPE]; /* share, group */
    gdk_grid_follow();
    const int b = (int)blockIdx.y, tid = (int)threadIdx.x;
    const int n = a.work.n_cand[b];
    if (n > a.stripes * GDK_STRIPE) return; /* nms_group.cu settles them */
    const int     tiles = gdk_stripe_tile((n + GDK_STRIPE - 1) / GDK_STRIPE, 0);
    const float4 *box = (const float4 *)a.work.box + (int64_t)b * a.n;
    const int2   *tag = (const int2 *)a.work.tag + (int64_t)b * a.n;
    uint32_t     *word =
        (uint32_t *)a.work.word + (int64_t)b * gdk_stripe_tile(a.stripes, 0) * (2 * GDK_STRIPE);
    const int row = tid % GDK_STRIPE, half = tid / GDK_STRIPE;
    for (int tile = (int)blockIdx.x; tile < tiles; tile += (int)gridDim.x) {
        const int s = gdk_stripe_of_tile(tile), t = tile - gdk_stripe_tile(s, 0);
        const int i = s * GDK_STRIPE + row, first = t * GDK_STRIPE + half * 32;
        /* Columns are of a stripe that is full, or the rows' own. */
        const int cols = min(32, (s == t ? min(i, n) : n) - first);
        uint32_t  bits = 0;
        __syncthreads();
        if (tid < GDK_STRIPE && t * GDK_STRIPE + tid < n) {
            const float4 p = box[t * GDK_STRIPE + tid];
            col_box[tid] = p;
            col_rest[tid] = make_float2(gdk_nms_box_of(p.x, p.y, p.z, p.w, a.iou).share,
                                        __int_as_float(tag[t * GDK_STRIPE + tid].x));
        }
        __syncthreads();
        if (i < n && cols > 0) {
            const float4      p = box[i];
            const int         group = tag[i].x;
            const gdk_nms_box mine = gdk_nms_box_of(p.x, p.y, p.z, p.w, a.iou);
#pragma unroll 4
            for (int j = 0; j < cols; j++) {
                const float4      q = col_box[half * 32 + j];
                const float2      rest = col_rest[half * 32 + j];
                const gdk_nms_box other = {q.x, q.y, q.z, q.w, rest.x};
                if (__float_as_int(rest.y) == group && gdk_nms_hit(a, &other, &mine))
                    bits |= 1u << j;
            }
        }
        word[(int64_t)tile * (2 * GDK_STRIPE) + 2 * row + half] = bits;
    }
}

extern "C" cudaError_t gdk_nms_overlap_launch(const gdk_nms_args *a, cudaStream_t stream) {
    /* Enough blocks to fill the GPU a few times over with one picture's tiles, few enough that
     * a picture with few candidates does not pay for its capacity. */
    const int tiles = gdk_stripe_tile(a->stripes, 0), most = 16 * a->n_sm;
    const int blocks = tiles < most ? tiles : most;
    return gdk_launch(overlap_kernel, dim3((unsigned)(blocks ? blocks : 1), (unsigned)a->B),
                      THREADS, 0, stream, a->early, 1, *a);
}
