/* fpn_level.h -- attributes of the choice of a pyramid level for each box.
 *
 *   boxes [B, n, 4]  ->  level I32[B, n], counted from k_min
 *
 * floor(canonical_level + log2(sqrt(area) / canonical_scale) + eps), kept in [k_min, k_max]:
 * formula (1) of the FPN paper in the order of operations of torchvision's LevelMapper. A box
 * without area, or with NaN in it, goes to k_min. */
#ifndef GD_KERNELS_FPN_LEVEL_H
#define GD_KERNELS_FPN_LEVEL_H

#include "kernels/rows.h"

typedef struct gd_fpn_level {
    int32_t k_min, k_max;
    float   canonical_scale;
    int32_t canonical_level;
    float   eps;
} gd_fpn_level;

GD_REF_DECLARE(fpn_level)

#endif
