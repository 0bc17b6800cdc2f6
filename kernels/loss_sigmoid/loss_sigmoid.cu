/* loss_sigmoid.cu -- sigmoid cross-entropy and the focal loss: a thread a logit. Bound by its
 * exponential and logarithm. */
#include "kernels/loss/loss.cuh"

namespace {

struct sigmoid_logit {
    static const int  LANES = 1;
    static const bool EACH = true;

    float x, t, p, q, wrong, entropy, alpha, power; /* power: wrong^(gamma - 1) */

    /* False: the row is left out. */
    __device__ __forceinline__ bool read(const gdk_loss_args &a, uint32_t i, uint32_t r) {
        const int32_t c = (int32_t)(i - r * (uint32_t)a.C);
        x = a.pred[r * a.pred_pitch + c];
        if (a.values) {
            t = a.values[r * a.values_pitch + c];
        } else {
            const int32_t label = gdk_row_int(a.label, r);
            if (label < -1 || label >= a.C) return false;
            t = label != c ? 0.0f : a.extra.data ? gdk_row_float(a.extra, r) : 1.0f;
        }
        const float far = expf(-fabsf(x)), inv = 1.0f / (1.0f + far);
        p = x >= 0.0f ? inv : far * inv;
        q = x >= 0.0f ? far * inv : inv;
        wrong = p * (1.0f - t) + q * t;
        entropy = fmaxf(x, 0.0f) - x * t + log1pf(far);
        alpha = a.p < 0.0f ? 1.0f : a.p * t + (1.0f - a.p) * (1.0f - t);
        power = a.q == 2.0f ? wrong : a.q > 1.0f ? powf(wrong, a.q - 1.0f) : 1.0f;
        return true;
    }

    static __device__ __forceinline__ float loss(const gdk_loss_args &a, uint32_t i, uint32_t r,
                                                 uint32_t) {
        sigmoid_logit v = {};
        if (!v.read(a, i, r)) return 0.0f;
        return v.alpha * (a.q > 0.0f ? v.power * v.wrong : 1.0f) * v.entropy;
    }

    static __device__ __forceinline__ void slope(const gdk_loss_args &a, uint32_t i, uint32_t r,
                                                 uint32_t, float scale, bool keep) {
        sigmoid_logit v = {};
        const bool    known = v.read(a, i, r);
        const float   d_entropy = v.p * (1.0f - v.t) - v.q * v.t;
        const float   d_wrong = v.p * v.q * (1.0f - 2.0f * v.t);
        float         d = d_entropy;
        if (a.q > 0.0f) d = v.power * (v.wrong * d_entropy + a.q * d_wrong * v.entropy);
        a.d_pred[r * a.d_pitch + (i - r * (uint32_t)a.C)] =
            keep && known ? scale * v.alpha * d : 0.0f;
    }
};

} // namespace

extern "C" cudaError_t gdk_loss_sigmoid_launch(const gdk_loss_args *a, cudaStream_t stream) {
    return gdk_loss_launch_of<sigmoid_logit>(a, stream);
}
