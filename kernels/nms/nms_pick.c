/* nms_pick.c -- how many candidates of a picture get a matrix of overlaps. */
#include "kernels/nms/nms_pick.h"

int32_t gdk_nms_stripes(int64_t batch, int64_t n) {
    const int64_t words = (INT64_C(64) << 20) / 8; /* in all matrices */
    int64_t       s = (n + 63) / 64;
    if (s > GDK_NMS_MOST_STRIPES) s = GDK_NMS_MOST_STRIPES;
    while (s > GDK_NMS_LEAST_STRIPES && batch * 64 * (s * (s + 1) / 2) > words) s--;
    return (int32_t)s;
}
