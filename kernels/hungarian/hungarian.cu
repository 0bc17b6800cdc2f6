/* hungarian.cu -- DETR's assignment: costs, then augmenting paths, one warp a picture.
 *
 * Bound by latency: paths follow each other, and so do the steps of each. Columns are dealt to
 * the lanes of the warp; hungarian_assign.h is the same on the host, in the same order, so that
 * equal costs give equal assignments. */
#include "kernels/cuda/round.h"
#include "kernels/hungarian/hungarian_assign.h"
#include "kernels/hungarian/hungarian_cuda.h"

enum { THREADS = 128 };

static __device__ float probability(const float *x, int C, int label) {
    float top = x[0], sum = 0.0f;
    if (label < 0 || label >= C) return 0.0f;
    for (int c = 1; c < C; c++) top = fmaxf(top, x[c]);
    for (int c = 0; c < C; c++) sum += expf(x[c] - top);
    return expf(x[label] - top) / sum;
}

static __device__ float general_iou(const float *a, const float *b) {
    float inter = 1.0f, around = 1.0f, area_a = 1.0f, area_b = 1.0f;
#pragma unroll
    for (int c = 0; c < 2; c++) {
        const float a1 = gdk_sub(a[c], a[c + 2] / 2.0f), a2 = gdk_add(a[c], a[c + 2] / 2.0f);
        const float b1 = gdk_sub(b[c], b[c + 2] / 2.0f), b2 = gdk_add(b[c], b[c + 2] / 2.0f);
        inter = gdk_mul(inter, fmaxf(gdk_sub(fminf(a2, b2), fmaxf(a1, b1)), 0.0f));
        around = gdk_mul(around, gdk_sub(fmaxf(a2, b2), fminf(a1, b1)));
        area_a = gdk_mul(area_a, gdk_sub(a2, a1));
        area_b = gdk_mul(area_b, gdk_sub(b2, b1));
    }
    const float both = gdk_sub(gdk_add(area_a, area_b), inter);
    return gdk_sub(inter / both, gdk_sub(around, both) / around);
}

/* One thread a pair; blockIdx.y: picture. */
static __global__ void __launch_bounds__(THREADS) cost_kernel(const gdk_hungarian_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    const int g = i / a.Q, q = i % a.Q;
    if (g >= min(max(a.gt_count[b], 0), a.G)) return;
    const int64_t row = (int64_t)b * a.Q + q;
    const float  *box = a.box + row * a.box_pitch;
    const float  *gt = a.gt + ((int64_t)b * a.G + g) * a.gt_pitch;
    const float   p = probability(a.logit + row * a.logit_pitch, a.C,
                                  a.label[(int64_t)b * a.label_pitch + g]);
    float         apart = 0.0f;
    for (int c = 0; c < 4; c++) apart = gdk_add(apart, fabsf(gdk_sub(box[c], gt[c])));
    const float cost = gdk_sub(gdk_sub(gdk_mul(a.l1, apart), gdk_mul(a.class_cost, p)),
                               gdk_mul(a.giou, general_iou(box, gt)));
    a.cost[((int64_t)b * a.G + g) * a.Q + q] = gdk_assign_finite((double)cost);
}

/* gdk_assign_reach by a warp. */
static __device__ int reach(const gdk_assign &a, int at) {
    const int     lane = (int)threadIdx.x, i = a.owner[at];
    const double *cost = a.cost + (i - 1) * a.row;
    double        least = 2e300;
    int           next = INT32_MAX;
    for (int j = lane + 1; j <= a.columns; j += 32) {
        if (a.reached[j]) continue;
        const double c = __dsub_rn(__dsub_rn(cost[(j - 1) * a.column], a.u[i]), a.v[j]);
        if (c < a.least[j]) {
            a.least[j] = c;
            a.from[j] = at;
        }
        if (a.least[j] < least) {
            least = a.least[j];
            next = j;
        }
    }
    for (int d = 16; d > 0; d /= 2) {
        const double other = __shfl_xor_sync(0xffffffffu, least, d);
        const int    k = __shfl_xor_sync(0xffffffffu, next, d);
        if (other < least || (other == least && k < next)) {
            least = other;
            next = k;
        }
    }
    __syncwarp();
    for (int j = lane; j <= a.columns; j += 32) {
        if (a.reached[j]) {
            a.u[a.owner[j]] = __dadd_rn(a.u[a.owner[j]], least);
            a.v[j] = __dsub_rn(a.v[j], least);
        } else {
            a.least[j] = __dsub_rn(a.least[j], least);
        }
    }
    __syncwarp();
    return next;
}

/* gdk_assign_run by a warp. */
static __device__ void assign(const gdk_assign &a) {
    const int lane = (int)threadIdx.x;
    for (int i = lane; i <= a.rows; i += 32) a.u[i] = 0.0;
    for (int j = lane; j <= a.columns; j += 32) {
        a.v[j] = 0.0;
        a.owner[j] = 0;
    }
    for (int i = 1; i <= a.rows; i++) {
        int at = 0;
        __syncwarp();
        for (int j = lane; j <= a.columns; j += 32) {
            a.least[j] = 1e300;
            a.reached[j] = 0;
        }
        if (lane == 0) a.owner[0] = i;
        __syncwarp();
        do {
            if (lane == 0) a.reached[at] = 1;
            __syncwarp();
            at = reach(a, at);
        } while (a.owner[at]);
        __syncwarp();
        if (lane == 0)
            for (; at; at = a.from[at]) a.owner[at] = a.owner[a.from[at]];
    }
    __syncwarp();
}

static __global__ void __launch_bounds__(32) assign_kernel(const gdk_hungarian_args p) {
    extern __shared__ double memory[];
    const int                b = (int)blockIdx.x, lane = (int)threadIdx.x;
    const int                n = min(max(p.gt_count[b], 0), p.G);
    const bool               by_box = n <= p.Q;
    int32_t                 *match = p.match + (int64_t)b * p.match_pitch;
    gdk_assign               a;
    a.cost = p.cost + (int64_t)b * p.G * p.Q;
    a.row = by_box ? p.Q : 1;
    a.column = by_box ? 1 : p.Q;
    a.rows = by_box ? n : p.Q;
    a.columns = by_box ? p.Q : n;
    gdk_assign_place(&a, memory);
    assign(a);
    for (int q = lane; q < p.Q; q += 32) match[q] = -1;
    __syncwarp();
    for (int j = lane + 1; j <= a.columns; j += 32) {
        const int i = a.owner[j];
        if (i) match[by_box ? j - 1 : i - 1] = by_box ? i - 1 : j - 1;
    }
}

extern "C" cudaError_t gdk_hungarian_launch(const gdk_hungarian_args *a, cudaStream_t stream) {
    const int    most = a->Q > a->G ? a->Q : a->G, pairs = a->Q * a->G;
    const size_t bytes = gdk_assign_bytes(most, most);
    if (!a->B || !a->Q) return cudaSuccess;
    if (pairs)
        cost_kernel<<<dim3(((unsigned)pairs + THREADS - 1) / THREADS, (unsigned)a->B), THREADS,
                      0, stream>>>(*a);
    assign_kernel<<<(unsigned)a->B, 32, bytes, stream>>>(*a);
    return cudaPeekAtLastError();
}
