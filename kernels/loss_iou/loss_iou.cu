/* loss_iou.cu -- the overlap losses: a thread a pair of boxes. Bound by memory. */
#include "kernels/loss/loss.cuh"
#include "kernels/loss_iou/loss_iou.h"

namespace {

static __device__ __forceinline__ float quotient(float a, float b) {
    return b == 0.0f ? 0.0f : a / b;
}
/* d max(a, b) / da: half where they are equal. */
static __device__ __forceinline__ float share(float a, float b) {
    return a > b ? 1.0f : a < b ? 0.0f : 0.5f;
}

/* One axis: [a0, a1] predicted, [b0, b1] wanted; overlap and hull. */
struct axis {
    float a0, a1, b0, b1, i, h;

    __device__ __forceinline__ axis(const float *a, const float *b, int k, bool center) {
        a0 = a[k], a1 = a[k + 2], b0 = b[k], b1 = b[k + 2];
        if (center) {
            const float aw = 0.5f * a1, bw = 0.5f * b1;
            a1 = a0 + aw, a0 -= aw, b1 = b0 + bw, b0 -= bw;
        }
        i = fminf(a1, b1) - fmaxf(a0, b0);
        h = fmaxf(a1, b1) - fminf(a0, b0);
    }

    /* by_i, by_h, by_a: how the loss answers to overlap, hull and the length of pred. */
    __device__ __forceinline__ void pull(float by_i, float by_h, float by_a, bool center,
                                         float scale, float *d) const {
        const float d0 = -by_a - by_i * share(a0, b0) - by_h * share(b0, a0);
        const float d1 = by_a + by_i * share(b1, a1) + by_h * share(a1, b1);
        d[0] = scale * (center ? d0 + d1 : d0);
        d[2] = scale * (center ? 0.5f * (d1 - d0) : d1);
    }
};

struct pair_of_boxes {
    static const int  LANES = 1;
    static const bool EACH = false;

    axis  x, y;
    float both, any, hull, iou;

    __device__ __forceinline__ pair_of_boxes(const gdk_loss_args &a, uint32_t r)
        : x(a.pred + r * a.pred_pitch, a.values + r * a.values_pitch, 0, a.center != 0),
          y(a.pred + r * a.pred_pitch, a.values + r * a.values_pitch, 1, a.center != 0) {
        both = meet() ? x.i * y.i : 0.0f;
        any = (x.a1 - x.a0) * (y.a1 - y.a0) + (x.b1 - x.b0) * (y.b1 - y.b0) - both;
        hull = x.h * y.h;
        iou = quotient(both, any + a.p);
    }
    __device__ __forceinline__ bool meet() const { return x.i > 0.0f && y.i > 0.0f; }

    static __device__ __forceinline__ float loss(const gdk_loss_args &a, uint32_t, uint32_t r,
                                                 uint32_t) {
        const pair_of_boxes s(a, r);
        if (a.kind == GD_IOU_SQUARED) return 1.0f - s.iou * s.iou;
        const float l = 1.0f - s.iou;
        return a.kind == GD_IOU_LINEAR ? l : l + quotient(s.hull - s.any, s.hull + a.p);
    }

    static __device__ __forceinline__ void slope(const gdk_loss_args &a, uint32_t, uint32_t r,
                                                 uint32_t, float scale, bool keep) {
        const pair_of_boxes s(a, r);
        const float         inv = quotient(1.0f, s.any + a.p);
        const float         d_iou = a.kind == GD_IOU_SQUARED ? -2.0f * s.iou : -1.0f;
        float               d[4], d_any = -d_iou * s.iou * inv, d_hull = 0.0f;
        if (a.kind == GD_IOU_GENERAL) {
            const float over = quotient(1.0f, s.hull + a.p);
            d_any -= over;
            d_hull = over - (s.hull - s.any) * over * over;
        }
        const float d_both = s.meet() ? d_iou * inv - d_any : 0.0f;
        s.x.pull(d_both * s.y.i, d_hull * s.y.h, d_any * (s.y.a1 - s.y.a0), a.center != 0,
                 scale, d);
        s.y.pull(d_both * s.x.i, d_hull * s.x.h, d_any * (s.x.a1 - s.x.a0), a.center != 0,
                 scale, d + 1);
        for (int k = 0; k < 4; k++) a.d_pred[r * a.d_pitch + k] = keep ? d[k] : 0.0f;
    }
};

} // namespace

extern "C" cudaError_t gdk_loss_iou_launch(const gdk_loss_args *a, cudaStream_t stream) {
    return gdk_loss_launch_of<pair_of_boxes>(a, stream);
}
