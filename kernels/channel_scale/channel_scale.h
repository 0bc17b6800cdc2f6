/* channel_scale.h -- each picture's channels times factors of its own.
 *
 *   x [B, H, W, C], s [B, 1, 1, C]  ->  y [B, H, W, C] = x * s
 *
 * The excitation of a squeeze-and-excitation block (Hu et al. 2018). No attributes. */
#ifndef GD_KERNELS_CHANNEL_SCALE_H
#define GD_KERNELS_CHANNEL_SCALE_H

#include "kernels/rows.h"

GD_REF_DECLARE(channel_scale)
GD_REF_DECLARE(channel_scale_bwd)
gd_status gdk_channel_scale_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_channel_scale_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_channel_scale_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
