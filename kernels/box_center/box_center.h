/* box_center.h -- boxes in network pixels as centre and size, in units of their picture.
 *
 *   boxes [B,n,4] (x1, y1, x2, y2), geometry [B,8]  ->  [B,n,4] (cx, cy, w, h)
 *
 * The picture lies at (left, top) of the canvas and is new_w x new_h pixels large; the result
 * is 0 .. 1 within it, as DETR's boxes are (query_decode the other way). No attributes. Not
 * differentiable. */
#ifndef GD_KERNELS_BOX_CENTER_H
#define GD_KERNELS_BOX_CENTER_H

#include "kernels/rows.h"

GD_REF_DECLARE(box_center)

#endif
