/* sine_position.h -- where pixels of padded pictures lie: masks, and sines of coordinates.
 *
 *   padding_mask   geom [B, 8]  ->  mask [B, h, w]
 *     1 where the pixel of the net_h x net_w canvas that nearest resizing to h x w picks lies
 *     on the picture, else 0 (padding). PyTorch's interpolate of a mask gives the same.
 *
 *   sine_position   mask [B, h, w]  ->  [B, h * w, channels], a row a pixel
 *     y = pixels of the mask that are on in the column, down to and including this one, over
 *     (all of the column + 1e-6), times scale; x alike along the row. With half = channels / 2,
 *     channel c < half is the sine (c even) or cosine (c odd) of y / temperature^(2 (c / 2) /
 *     half), whole quotients; the other half is that of x. DETR (Carion et al. 2020), with
 *     normalize = True. */
#ifndef GD_KERNELS_SINE_POSITION_H
#define GD_KERNELS_SINE_POSITION_H

#include "kernels/rows.h"

typedef struct gd_padding_mask {
    int32_t h, w, net_h, net_w;
} gd_padding_mask;

typedef struct gd_sine_position {
    int32_t channels; /* a multiple of 4 */
    float   temperature, scale;
} gd_sine_position;

GD_REF_DECLARE(padding_mask)
GD_REF_DECLARE(sine_position)

#endif
