/* cell_boxes.h -- boxes from what a YOLOX head says of each cell of a map, and back.
 *
 *   cell_boxes       x [B,H,W,4]  ->  boxes [B, H * W, 4] (x1, y1, x2, y2 in network pixels)
 *   cell_boxes_bwd   d_out [B, H * W, 4], x [B,H,W,4]  ->  d_x [B,H,W,4]
 *   cell_encode      gt [B,G,4], match I32[B,A] (see match.h), points [A,3]  ->  [B,A,4]
 *
 * Centre (x0 + column, x1 + row) * stride, size exp(x2, x3) * stride: the boxes of
 * yolox_decode, for losses. cell_encode gives what a head should say in each cell, of whose
 * point (centre x, y, stride) the left upper corner is half a stride away, to give box match;
 * its logarithms are of the size in strides plus 1e-8. Zeros where match is no row of gt. It is
 * not differentiable. */
#ifndef GD_KERNELS_CELL_BOXES_H
#define GD_KERNELS_CELL_BOXES_H

#include "kernels/rows.h"

typedef struct gd_cell_boxes {
    int32_t stride;
} gd_cell_boxes;

GD_REF_DECLARE(cell_boxes)
GD_REF_DECLARE(cell_boxes_bwd)
GD_REF_DECLARE(cell_encode)

#endif
