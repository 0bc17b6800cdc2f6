/* box_decode.h -- attributes of the decoding of box deltas against anchors or proposals.
 *
 *   deltas [B, n, 4*G], anchors [n, 4] or [B, n, 4], optional index I32[B, k], optional
 *   geometry [B, 8]  ->  boxes [B, k, 4*G] (k = n without index)
 *
 * Groups of four deltas (dx, dy, dw, dh) against one anchor, in the order of operations of
 * torchvision's BoxCoder. With an index, row i is the decoded row index[i]; -1 gives zeros.
 * With clip = 1 coordinates are kept in [0, new_w] x [0, new_h] of the picture's geometry. Not
 * differentiable: decoded boxes are constants to training. */
#ifndef GD_KERNELS_BOX_DECODE_H
#define GD_KERNELS_BOX_DECODE_H

#include "kernels/rows.h"

typedef struct gd_box_decode {
    float   weights[4]; /* deltas are divided by these: x, y, w, h */
    float   max_log;    /* dw and dh are cut there, before exp: log(1000/16) */
    int32_t clip;
} gd_box_decode;

GD_REF_DECLARE(box_decode)

#endif
