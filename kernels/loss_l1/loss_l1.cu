/* loss_l1.cu -- smooth L1: a thread an element of pred. Bound by memory. */
#include "kernels/loss/loss.cuh"

namespace {

struct l1_element {
    static const int  LANES = 1;
    static const bool EACH = true;

    /* pred - target; false: the element is not compared. */
    static __device__ __forceinline__ bool difference(const gdk_loss_args &a, uint32_t i,
                                                      uint32_t r, float *d) {
        int32_t     c = (int32_t)(i - r * (uint32_t)a.C);
        const float x = a.pred[r * a.pred_pitch + c];
        if (a.extra.data) {
            const int32_t pick = gdk_row_int(a.extra, r);
            if (pick != c / a.values_C) return false;
            c -= pick * a.values_C;
        }
        *d = x - a.values[r * a.values_pitch + c];
        return true;
    }

    static __device__ __forceinline__ float loss(const gdk_loss_args &a, uint32_t i, uint32_t r,
                                                 uint32_t) {
        float d;
        if (!difference(a, i, r, &d)) return 0.0f;
        d = fabsf(d);
        return d < a.p ? d * d / (2.0f * a.p) : d - 0.5f * a.p;
    }

    static __device__ __forceinline__ void slope(const gdk_loss_args &a, uint32_t i, uint32_t r,
                                                 uint32_t, float scale, bool keep) {
        float d = 0.0f;
        keep = keep && difference(a, i, r, &d);
        const float s = fabsf(d) < a.p ? d / a.p : (float)((d > 0.0f) - (d < 0.0f));
        a.d_pred[r * a.d_pitch + (i - r * (uint32_t)a.C)] = keep ? scale * s : 0.0f;
    }
};

} // namespace

extern "C" cudaError_t gdk_loss_l1_launch(const gdk_loss_args *a, cudaStream_t stream) {
    return gdk_loss_launch_of<l1_element>(a, stream);
}
