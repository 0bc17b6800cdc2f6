/* class_top_pick.h -- which logits can pass a threshold of their sigmoid at all. */
#ifndef GD_KERNELS_CLASS_TOP_PICK_H
#define GD_KERNELS_CLASS_TOP_PICK_H

#ifdef __cplusplus
extern "C" {
#endif

/* A number below which no logit passes: the threshold as a logit, and a little less, so that
 * rounding there decides nothing. */
float gdk_class_top_least(float min_score);

#ifdef __cplusplus
}
#endif
#endif
