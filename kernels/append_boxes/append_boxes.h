/* append_boxes.h -- the boxes of the ground truth behind the proposals of each picture.
 *
 *   boxes [B,P,4], count I32[B], gt [B,G,4], gt_count I32[B]
 *   ->  boxes [B,P+G,4], count I32[B]
 *
 * The counted rows of both follow each other without a gap; the rest is zeros. No attributes.
 * Not differentiable. */
#ifndef GD_KERNELS_APPEND_BOXES_H
#define GD_KERNELS_APPEND_BOXES_H

#include "kernels/rows.h"

GD_REF_DECLARE(append_boxes)

#endif
