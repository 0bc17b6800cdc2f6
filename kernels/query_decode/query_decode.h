/* query_decode.h -- the decoding of a set of queries that answer with a class and a box each.
 *
 *   logits [B, n, K + 1] (the last is "no object"), raw boxes [B, n, 4]
 *   ->  boxes [B, n, 4] (x1, y1, x2, y2 in parts of the picture), scores [B, n],
 *       labels I32[B, n]
 *
 * Score: the largest of the first K of softmax(logits); label its class, equal ones the lower.
 * A box is (cx, cy, w, h) = sigmoid(raw). DETR's post-processing (Carion et al. 2020). No
 * attributes; not differentiable: the losses of training decode on their own. */
#ifndef GD_KERNELS_QUERY_DECODE_H
#define GD_KERNELS_QUERY_DECODE_H

#include "kernels/rows.h"

GD_REF_DECLARE(query_decode)

#endif
