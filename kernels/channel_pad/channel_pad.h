/* channel_pad.h -- zeros before and after the channels of every pixel.
 *
 * The shortcut of CIFAR ResNets (option A) widens its input this way. */
#ifndef GD_KERNELS_CHANNEL_PAD_H
#define GD_KERNELS_CHANNEL_PAD_H

#include "kernels/rows.h"

typedef struct gd_channel_pad {
    int32_t before, after; /* channels of zeros, >= 0 */
} gd_channel_pad;

GD_REF_DECLARE(channel_pad)
gd_status gdk_channel_pad_cpu(const gd_launch *l, gd_error *err);

#endif
