/* nms_hit.cuh -- whether one candidate suppresses another, for the kernels of suppression. */
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

#endif
