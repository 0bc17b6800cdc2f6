/* box_restore.h -- attributes of the way back from network pixels to pixels of the picture.
 *
 *   boxes [B, n, 4], geometry [B, 8]  ->  boxes [B, n, 4]
 *
 * GD_RESTORE_RATIO multiplies by src / new, a quotient of each axis (torchvision's
 * resize_boxes); GD_RESTORE_LETTERBOX takes (x - left) / scale_x and (y - top) / scale_y;
 * GD_RESTORE_RELATIVE multiplies parts of the picture by src; GD_RESTORE_DONE takes boxes that
 * are in pixels of the picture already. clip = 1 keeps coordinates in [0, src_w] x
 * [0, src_h]. */
#ifndef GD_KERNELS_BOX_RESTORE_H
#define GD_KERNELS_BOX_RESTORE_H

#include "kernels/rows.h"

enum { GD_RESTORE_RATIO, GD_RESTORE_LETTERBOX, GD_RESTORE_RELATIVE, GD_RESTORE_DONE };

typedef struct gd_box_restore {
    int32_t mode;
    int32_t clip;
} gd_box_restore;

GD_REF_DECLARE(box_restore)

#endif
