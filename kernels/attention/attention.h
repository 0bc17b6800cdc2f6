/* attention.h -- attributes of multi-head attention, and of its gradient.
 *
 *   q [B, Lq, heads * d], k, v [B, Lk, heads * d], optional mask [B, Lk]
 *   ->  [B, Lq, heads * d]
 *
 * Head h owns channels h * d .. h * d + d - 1 of all four tensors. Weight of key j for query i:
 * softmax over j of scale * (q_i . k_j), where only keys with mask != 0 take part; the output
 * is the weighted sum of v_j (Vaswani et al. 2017, before the output projection). A query that
 * no key may answer gets 0. scale 0 means 1 / sqrt(d). The mask stays FP32 beside FP16 values.
 *
 * attention_bwd: d(out), q, k, v, mask  ->  d(q), d(k), d(v). */
#ifndef GD_KERNELS_ATTENTION_H
#define GD_KERNELS_ATTENTION_H

#include "kernels/rows.h"

typedef struct gd_attention {
    int32_t heads;
    float   scale;
} gd_attention;

GD_REF_DECLARE(attention)
GD_REF_DECLARE(attention_bwd)

bool      gdk_attention_cpu_fits(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_attention_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_attention_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_attention_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
