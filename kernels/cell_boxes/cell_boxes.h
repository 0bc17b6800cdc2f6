/* cell_boxes.h -- boxes from what a YOLOX head says of each cell of a map, differentiable.
 *
 *   cell_boxes       x [B,H,W,4]  ->  boxes [B, H * W, 4] (x1, y1, x2, y2 in network pixels)
 *   cell_boxes_bwd   d_out [B, H * W, 4], x [B,H,W,4]  ->  d_x [B,H,W,4]
 *
 * Centre (x0 + column, x1 + row) * stride, size exp(x2, x3) * stride: the boxes of
 * yolox_decode, for losses. */
#ifndef GD_KERNELS_CELL_BOXES_H
#define GD_KERNELS_CELL_BOXES_H

#include "kernels/rows.h"

typedef struct gd_cell_boxes {
    int32_t stride;
} gd_cell_boxes;

GD_REF_DECLARE(cell_boxes)
GD_REF_DECLARE(cell_boxes_bwd)

#endif
