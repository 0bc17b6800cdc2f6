/* simota_cost.h -- what SimOTA's rows share, for C files and kernels: nearness, IoU, cost. */
#ifndef GD_KERNELS_SIMOTA_COST_H
#define GD_KERNELS_SIMOTA_COST_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/match/match_iou.h"

static inline GD_HOST_DEVICE float gdk_simota_sigmoid(float x) {
    return 1.0f / (1.0f + expf(-x));
}
static inline GD_HOST_DEVICE float gdk_simota_log(float x) { return fmaxf(logf(x), -100.0f); }

/* The probability of a class, given the sigmoid of objectness. */
static inline GD_HOST_DEVICE float gdk_simota_p(float logit, float object) {
    return sqrtf(gdk_mul(gdk_simota_sigmoid(logit), object));
}

static inline GD_HOST_DEVICE bool gdk_simota_near(const float gt[4], const float point[3],
                                                  float radius) {
    const float reach = gdk_mul(radius, point[2]);
    return fabsf(gdk_sub(gdk_add(gt[0], gt[2]) / 2.0f, point[0])) < reach &&
           fabsf(gdk_sub(gdk_add(gt[1], gt[3]) / 2.0f, point[1])) < reach;
}

static inline GD_HOST_DEVICE float gdk_simota_iou(const float gt[4], const float box[4]) {
    return gdk_match_iou(gt, gdk_match_area(gt), box, gdk_match_area(box));
}

/* `none`: the cross-entropy of a row with no class at all; logit: of the box's class, or NULL
 * where the label is no class. */
static inline GD_HOST_DEVICE float gdk_simota_cost(float none, const float *logit, float object,
                                                   float iou, bool near) {
    float sum = none;
    if (logit) {
        const float p = gdk_simota_p(*logit, object);
        sum = gdk_add(sum, gdk_sub(gdk_simota_log(gdk_sub(1.0f, p)), gdk_simota_log(p)));
    }
    sum = gdk_sub(sum, gdk_mul(3.0f, logf(gdk_add(iou, 1e-8f))));
    return near ? sum : gdk_add(sum, 1e6f);
}

#endif
