/* lanes.h -- sums along a row in sixteen lanes, which are then added in a fixed order: the same
 * bits whatever the instruction set. For the bodies of GD_ISA (isa.h). */
#ifndef GD_KERNELS_CPU_LANES_H
#define GD_KERNELS_CPU_LANES_H

#include <stdint.h>

#include "kernels/cpu/isa.h"

enum { GD_LANES = 16 };

/* Adds up `term`, an expression of i < n, into `total`. */
#define GD_LANES_SUM(total, n, term)                                             \
    do {                                                                         \
        float         lane_[GD_LANES] = {0};                                     \
        const int64_t whole_ = (n) - (n) % GD_LANES;                             \
        for (int64_t at_ = 0; at_ < whole_; at_ += GD_LANES)                     \
            for (int k_ = 0; k_ < GD_LANES; k_++) {                              \
                const int64_t i = at_ + k_;                                      \
                lane_[k_] += (term);                                             \
            }                                                                    \
        for (int64_t i = whole_; i < (n); i++) lane_[i - whole_] += (term);      \
        for (int width_ = GD_LANES / 2; width_ > 0; width_ /= 2)                 \
            for (int k_ = 0; k_ < width_; k_++) lane_[k_] += lane_[k_ + width_]; \
        (total) = lane_[0];                                                      \
    } while (0)

#endif
