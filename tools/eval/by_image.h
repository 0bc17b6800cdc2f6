/* by_image.h -- a set of boxes sorted by picture: judges look at one after the other. */
#ifndef GD_TOOLS_EVAL_BY_IMAGE_H
#define GD_TOOLS_EVAL_BY_IMAGE_H

#include "tools/eval/eval.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Places truth[truth_first[i] .. truth_first[i + 1]) are of picture i, in their order; found
 * likewise. What names no picture of the set is left out. {0} is empty. */
typedef struct gd_by_image {
    int *truth, *truth_first, *found, *found_first;
} gd_by_image;

gd_status gd_by_image_open(const gd_eval_set *set, gd_by_image *out,
                           gd_error *err) GD_MUST_CHECK;
void      gd_by_image_close(gd_by_image *b);

#ifdef __cplusplus
}
#endif
#endif
