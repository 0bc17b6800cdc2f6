/* nms_hit.cuh -- whether one candidate suppresses another, and which of 64 stay. */
#ifndef GD_KERNELS_NMS_HIT_CUH
#define GD_KERNELS_NMS_HIT_CUH

#include "kernels/nms/nms_cuda.h"
#include "kernels/nms/nms_stripe.h"

/* Out of line: a power in double takes registers that the common case does not need. */
static __device__ __noinline__ bool gdk_nms_near_pair(float4 p, float4 q, float iou,
                                                      float beta) {
    const gdk_nms_box a = {p.x, p.y, p.z, p.w, 0.0f}, b = {q.x, q.y, q.z, q.w, 0.0f};
    return gdk_nms_near(&a, &b, iou, beta);
}

static __device__ __forceinline__ bool gdk_nms_hit(const gdk_nms_args &a, const gdk_nms_box *p,
                                                   const gdk_nms_box *q) {
    if (!gdk_nms_overlaps(p, q, a.iou, a.plain != 0)) return false;
    return a.beta == 0.0f ||
           gdk_nms_near_pair(make_float4(p->x1, p->y1, p->x2, p->y2),
                             make_float4(q->x1, q->y1, q->x2, q->y2), a.iou, a.beta);
}

static __device__ __forceinline__ gdk_nms_box gdk_nms_box_at(const float4 *box, int i,
                                                             float iou) {
    const float4 p = box[i];
    return gdk_nms_box_of(p.x, p.y, p.z, p.w, iou);
}

static __device__ __forceinline__ uint64_t gdk_ballot2(bool low, bool high) {
    const uint64_t a = __ballot_sync(0xffffffffu, low), b = __ballot_sync(0xffffffffu, high);
    return a | b << 32;
}

/* One warp: which of `alive` stay; lane i has the words of candidates i and i + 32.
 * `kept = alive and not hit by a kept one` is repeated until nothing changes: bit i depends on
 * lower bits alone, so the result is the sequential one, after few rounds. */
static __device__ __forceinline__ uint64_t gdk_nms_settle(uint64_t alive, uint64_t low,
                                                          uint64_t high) {
    uint64_t kept = alive;
    for (;;) {
        const uint64_t next = alive & ~gdk_ballot2((low & kept) != 0, (high & kept) != 0);
        if (next == kept) return kept;
        kept = next;
    }
}

#endif
