/* nms_stripe.h -- suppression 64 candidates at a time: what host tests and device code share.
 *
 * Candidates stand in the order of their scores; 64 of them are a stripe. Word (i, t) has bit j
 * set where candidate i is suppressed by candidate 64 t + j, an earlier one, if that is kept.
 * The words of a stripe s and of an earlier or the same stripe t are a tile, 64 words; tiles of
 * one s follow each other, so that only the lower triangle is held. */
#ifndef GD_KERNELS_NMS_STRIPE_H
#define GD_KERNELS_NMS_STRIPE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/cuda/round.h"

enum { GDK_STRIPE = 64 };

/* Position of tile (s, t), t <= s, and of the first one of stripe s: t = 0. */
static inline GD_HOST_DEVICE int32_t gdk_stripe_tile(int32_t s, int32_t t) {
    return s * (s + 1) / 2 + t;
}

/* The s of tile number i; s <= 46339. */
static inline GD_HOST_DEVICE int32_t gdk_stripe_of_tile(int32_t i) {
    int32_t s = (int32_t)((sqrtf(8.0f * (float)i + 1.0f) - 1.0f) * 0.5f);
    while (gdk_stripe_tile(s, 0) > i) s--;
    while (gdk_stripe_tile(s + 1, 0) <= i) s++;
    return s;
}

/* Bits of stripe s that stand for candidates, of n in all. */
static inline GD_HOST_DEVICE uint64_t gdk_stripe_valid(int32_t s, int32_t n) {
    const int32_t left = n - GDK_STRIPE * s;
    return left >= GDK_STRIPE ? UINT64_MAX : left > 0 ? ((uint64_t)1 << left) - 1 : 0;
}

/* A box and its area, as nms_ref.c computes it. */
typedef struct gdk_nms_box {
    float x1, y1, x2, y2, area;
} gdk_nms_box;

static inline GD_HOST_DEVICE float gdk_nms_area(float x1, float y1, float x2, float y2) {
    return gdk_mul(gdk_sub(x2, x1), gdk_sub(y2, y1));
}

/* Whether IoU > iou, rounded step by step as nms_ref.c does. `plain` says that iou is at least
 * 1e-6 and that no box has a negative side: then most pairs need no division, for the quotient
 * cannot be rounded across iou where the product is more than 2^-20 away. */
static inline GD_HOST_DEVICE bool gdk_nms_overlaps(const gdk_nms_box *p, const gdk_nms_box *q,
                                                   float iou, bool plain) {
    const float w = gdk_sub(fminf(p->x2, q->x2), fmaxf(p->x1, q->x1));
    const float h = gdk_sub(fminf(p->y2, q->y2), fmaxf(p->y1, q->y1));
    const float inter = gdk_mul(fmaxf(w, 0.0f), fmaxf(h, 0.0f));
    const float both = gdk_sub(gdk_add(p->area, q->area), inter);
    const float limit = gdk_mul(iou, both), over = gdk_sub(inter, limit);
    if (plain && fabsf(over) > gdk_add(gdk_mul(limit, 0x1p-20f), 1e-35f)) return over > 0.0f;
#ifdef __CUDA_ARCH__
    return __fdiv_rn(inter, both) > iou;
#else
    return inter / both > iou;
#endif
}

#endif
