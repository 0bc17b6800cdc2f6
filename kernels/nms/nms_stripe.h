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

/* A box, and iou times its area; infinite where sums of areas could overflow. */
typedef struct gdk_nms_box {
    float x1, y1, x2, y2, share;
} gdk_nms_box;

static inline GD_HOST_DEVICE float gdk_nms_area(float x1, float y1, float x2, float y2) {
    return gdk_mul(gdk_sub(x2, x1), gdk_sub(y2, y1));
}

static inline GD_HOST_DEVICE gdk_nms_box gdk_nms_box_of(float x1, float y1, float x2, float y2,
                                                        float iou) {
    const float       area = gdk_nms_area(x1, y1, x2, y2);
    const gdk_nms_box box = {x1, y1, x2, y2, area < 1e37f ? gdk_mul(iou, area) : INFINITY};
    return box;
}

/* Whether IoU > iou, rounded step by step as nms_ref.c does it. */
static inline GD_HOST_DEVICE bool gdk_nms_overlaps_exact(const gdk_nms_box *p,
                                                         const gdk_nms_box *q, float iou) {
    const float w = gdk_sub(fminf(p->x2, q->x2), fmaxf(p->x1, q->x1));
    const float h = gdk_sub(fminf(p->y2, q->y2), fmaxf(p->y1, q->y1));
    const float inter = gdk_mul(fmaxf(w, 0.0f), fmaxf(h, 0.0f));
    const float both = gdk_add(gdk_nms_area(p->x1, p->y1, p->x2, p->y2),
                               gdk_nms_area(q->x1, q->y1, q->x2, q->y2));
#ifdef __CUDA_ARCH__
    return __fdiv_rn(inter, gdk_sub(both, inter)) > iou;
#else
    return inter / gdk_sub(both, inter) > iou;
#endif
}

/* Whether IoU - (d^2 / c^2)^beta > iou, for boxes whose IoU exceeds iou: nms.h. */
static inline GD_HOST_DEVICE bool gdk_nms_near(const gdk_nms_box *p, const gdk_nms_box *q,
                                               float iou, float beta) {
    const float w = gdk_sub(fminf(p->x2, q->x2), fmaxf(p->x1, q->x1));
    const float h = gdk_sub(fminf(p->y2, q->y2), fmaxf(p->y1, q->y1));
    const float inter = gdk_mul(fmaxf(w, 0.0f), fmaxf(h, 0.0f));
    const float both = gdk_add(gdk_nms_area(p->x1, p->y1, p->x2, p->y2),
                               gdk_nms_area(q->x1, q->y1, q->x2, q->y2));
    const float W = gdk_sub(fmaxf(p->x2, q->x2), fminf(p->x1, q->x1));
    const float H = gdk_sub(fmaxf(p->y2, q->y2), fminf(p->y1, q->y1));
    const float c = gdk_add(gdk_mul(W, W), gdk_mul(H, H));
    const float dx = gdk_sub(gdk_add(p->x1, p->x2) / 2, gdk_add(q->x1, q->x2) / 2);
    const float dy = gdk_sub(gdk_add(p->y1, p->y2) / 2, gdk_add(q->y1, q->y2) / 2);
    const float d = gdk_add(gdk_mul(dx, dx), gdk_mul(dy, dy));
    /* In double, so that both sides round to what the C library's powf gives. */
    const float apart = c > 0 ? (float)pow((double)(d / c), (double)beta) : 0.0f;
    return gdk_sub(inter / gdk_sub(both, inter), apart) > iou;
}

/* The same as gdk_nms_overlaps_exact, in half the time for most pairs. `plain` says that iou is
 * at least 1e-6 and that no box has a negative side. Then IoU > iou means
 * (1 + iou) * intersection > iou * (sum of areas); where the two sides differ by more than
 * 2^-20 of themselves, no rounding on the way, here or in the reference, can have turned the
 * answer. */
static inline GD_HOST_DEVICE bool gdk_nms_overlaps(const gdk_nms_box *p, const gdk_nms_box *q,
                                                   float iou, bool plain) {
    const float w = fminf(p->x2, q->x2) - fmaxf(p->x1, q->x1);
    const float h = fminf(p->y2, q->y2) - fmaxf(p->y1, q->y1);
    const float shares = p->share + q->share;
    const float over = fmaxf(w, 0.0f) * h * (1.0f + iou) - shares;
    if (plain && fabsf(over) > shares * 0x1p-20f + 1e-35f) return over > 0.0f;
    return gdk_nms_overlaps_exact(p, q, iou);
}

#endif
