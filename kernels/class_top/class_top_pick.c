/* class_top_pick.c -- which logits can pass a threshold of their sigmoid at all. */
#include "kernels/class_top/class_top_pick.h"

#include <math.h>

float gdk_class_top_least(float min_score) {
    if (!(min_score > 0)) return -INFINITY;
    if (min_score >= 1) return INFINITY;
    const double logit = log((double)min_score / (1 - (double)min_score));
    return (float)(logit - 1e-4 * (1 + fabs(logit)));
}
