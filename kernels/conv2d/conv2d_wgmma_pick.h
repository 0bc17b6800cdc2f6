/* conv2d_wgmma_pick.h -- tile width and split of the Hopper convolution, chosen by a model. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGMMA_PICK_H
#define GD_KERNELS_CONV2D_CONV2D_WGMMA_PICK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_WGMMA_ROWS = 128, GDK_WGMMA_DEPTH = 64, GDK_WGMMA_MAX_SPLIT = 16 };

typedef struct gdk_wgmma_choice {
    int    cols;   /* of a tile: 64, 128 or 256 */
    int    splits; /* ranges that the reduction is cut into, at most its steps */
    double us;     /* what the model expects */
} gdk_wgmma_choice;

/* M output pixels, K filters, `steps` of 64 channels of one tap each; `add`: something is added
 * to the output. */
gdk_wgmma_choice gdk_wgmma_pick(int64_t M, int64_t K, int64_t steps, bool add, int n_sm);

#ifdef __cplusplus
}
#endif
#endif
