/* conv2d_wgrad_pick.h -- tile and split of the kernels of a convolution's weight gradient. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGRAD_PICK_H
#define GD_KERNELS_CONV2D_CONV2D_WGRAD_PICK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pixels of a step: of mma.sync, of CUDA cores, of Hopper's own instructions. */
enum { GDK_WGRAD_STEP = 32, GDK_WGRAD_STEP_SIMT = 16, GDK_WGRAD_STEP_WGMMA = 64 };

typedef enum gdk_wgrad_family {
    GDK_WGRAD_MMA,
    GDK_WGRAD_SIMT,
    GDK_WGRAD_WGMMA,
    GDK_WGRAD_ANY,
    GDK_WGRAD_FAMILIES
} gdk_wgrad_family;

/* A product of K filters and `columns` (taps times channels as the family counts them) over M
 * pixels; `size` elements of dw. */
typedef struct gdk_wgrad_work {
    gdk_wgrad_family family;
    int64_t          K, columns, M, size;
    int              n_sm;
} gdk_wgrad_work;

typedef struct gdk_wgrad_choice {
    int     tile; /* of the family */
    int64_t tiles_k, tiles, steps;
    int     splits; /* <= steps */
    double  us;     /* what the model expects */
} gdk_wgrad_choice;

gdk_wgrad_choice gdk_wgrad_pick(const gdk_wgrad_work *w);

#ifdef __cplusplus
}
#endif
#endif
