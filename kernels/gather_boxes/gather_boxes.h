/* gather_boxes.h -- picks the chosen boxes of each picture with their scores and labels.
 *
 *   boxes [B, n, 4], scores [B, n], optional labels I32[B, n], index I32[B, m], optional count
 *   I32[B]  ->  boxes [B, m, 4], scores [B, m], labels I32[B, m]
 *
 * Rows from count[b] on, and rows whose index is -1, are box 0, score 0, label -1. Without
 * labels a chosen row has label 0. No attributes. */
#ifndef GD_KERNELS_GATHER_BOXES_H
#define GD_KERNELS_GATHER_BOXES_H

#include "kernels/rows.h"

GD_REF_DECLARE(gather_boxes)

#endif
