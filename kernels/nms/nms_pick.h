/* nms_pick.h -- how many candidates of a picture get a matrix of overlaps. */
#ifndef GD_KERNELS_NMS_PICK_H
#define GD_KERNELS_NMS_PICK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GDK_NMS_MOST_STRIPES = 512, /* 32,768 candidates */
    GDK_NMS_LEAST_STRIPES = 16
};

/* Stripes of 64 candidates whose overlaps with each other are held as bits, for `batch`
 * pictures of n boxes. The matrices of a batch take 64 MiB at most, unless even the least do
 * not fit. Candidates beyond are compared with the kept boxes one by one: slower, as exact. */
int32_t gdk_nms_stripes(int64_t batch, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
