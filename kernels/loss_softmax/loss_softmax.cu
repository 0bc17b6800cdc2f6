/* loss_softmax.cu -- softmax cross-entropy: a warp a row. Bound by memory: the logits are read
 * from memory once, and from the cache for the sum and the slopes. */
#include "kernels/loss/loss.cuh"

namespace {

struct softmax_row {
    static const int  LANES = 32;
    static const bool EACH = false;

    static __device__ __forceinline__ bool known(const gdk_loss_args &a, int32_t label) {
        return label >= 0 && label < a.C;
    }

    static __device__ __forceinline__ void moments(const gdk_loss_args &a, const float *x,
                                                   uint32_t lane, float *top, float *sum,
                                                   float *all) {
        float m = -INFINITY, s = 0.0f, v = 0.0f;
        for (int32_t c = (int32_t)lane; c < a.C; c += LANES) m = fmaxf(m, x[c]);
        m = gdk_across_warp<gdk_largest>(m);
        for (int32_t c = (int32_t)lane; c < a.C; c += LANES) {
            s += expf(x[c] - m);
            v += x[c] - m;
        }
        *top = m;
        *sum = gdk_across_warp<gdk_sum>(s);
        *all = gdk_across_warp<gdk_sum>(v);
    }

    static __device__ __forceinline__ float loss(const gdk_loss_args &a, uint32_t, uint32_t r,
                                                 uint32_t lane) {
        const float  *x = a.pred + r * a.pred_pitch;
        const int32_t label = gdk_row_int(a.label, r);
        float         top, sum, all;
        if (!known(a, label)) return 0.0f;
        moments(a, x, lane, &top, &sum, &all);
        const float l = logf(sum) - (1.0f - a.p) * (x[label] - top) - a.p * all / (float)a.C;
        return lane == 0 ? l : 0.0f;
    }

    static __device__ __forceinline__ void slope(const gdk_loss_args &a, uint32_t, uint32_t r,
                                                 uint32_t lane, float scale, bool keep) {
        const float  *x = a.pred + r * a.pred_pitch;
        float        *d = a.d_pred + r * a.d_pitch;
        const int32_t label = gdk_row_int(a.label, r);
        float         top = 0.0f, sum = 1.0f, all;
        keep = keep && known(a, label);
        if (keep) moments(a, x, lane, &top, &sum, &all);
        for (int32_t c = (int32_t)lane; c < a.C; c += LANES) {
            const float q = (c == label ? 1.0f - a.p : 0.0f) + a.p / (float)a.C;
            d[c] = keep ? scale * (expf(x[c] - top) / sum - q) : 0.0f;
        }
    }
};

} // namespace

extern "C" cudaError_t gdk_loss_softmax_launch(const gdk_loss_args *a, cudaStream_t stream) {
    return gdk_loss_launch_of<softmax_row>(a, stream);
}
