/* top_k_pick.h -- how the selection of the k best is spread over blocks. */
#ifndef GD_KERNELS_TOP_K_PICK_H
#define GD_KERNELS_TOP_K_PICK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GDK_TOP_K_BINS = 4096,     /* of a block's histogram */
    GDK_TOP_K_PART = 8 * 1024, /* most scores of a block that thins them out */
    GDK_TOP_K_QUANTILES = 32,  /* of what it leaves; a warp of lanes */
    GDK_TOP_K_WHOLE = 4096     /* up to here scores are placed as they are */
};

/* parts 0: all n scores of a picture are placed. Else each of `parts` blocks a picture leaves
 * at most `room` of its share, the k best among them, and those are placed. */
typedef struct gdk_top_k_plan {
    int32_t parts, room;
} gdk_top_k_plan;

gdk_top_k_plan gdk_top_k_pick(int64_t n, int64_t k);

#ifdef __cplusplus
}
#endif
#endif
