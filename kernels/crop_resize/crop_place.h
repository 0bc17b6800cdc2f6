/* crop_place.h -- where in the frames a crop's first pixel lies; shared by host and device. */
#ifndef GD_KERNELS_CROP_PLACE_H
#define GD_KERNELS_CROP_PLACE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/arg.h"
#include "kernels/cuda/host_device.h"

/* Columns of crops, after GD_GEOM_* of the preprocess operator. */
enum { GD_CROP_FRAME = GD_GEOM, GD_CROP_Y, GD_CROP_X, GD_CROP_LINE, GD_CROP };

typedef struct gdk_crop_place {
    int     line;   /* pixels from line to line */
    int64_t origin; /* bytes from the first frame on */
} gdk_crop_place;

/* A whole number from least to most; else false, and *out is anything. */
static inline GD_HOST_DEVICE bool gdk_whole(float v, float least, float most, int *out) {
    const bool good = v >= least && v <= most && v == floorf(v);
    *out = good ? (int)v : 0;
    return good;
}

/* The place of a rectangle of `h` lines of `w` pixels, both at least 1, by its crop; false:
 * not inside one of `frames` frames of `cap` pixels. */
static inline GD_HOST_DEVICE bool gdk_crop_place_of(const float *crop, int64_t frames,
                                                    int64_t cap, int h, int w,
                                                    gdk_crop_place *out) {
    const float SIDE = 65535, FRAMES = 16777216; /* whole numbers a float holds */
    int         frame, y, x;
    bool        good = gdk_whole(crop[GD_CROP_FRAME], 0, FRAMES, &frame);
    good &= gdk_whole(crop[GD_CROP_Y], 0, SIDE, &y);
    good &= gdk_whole(crop[GD_CROP_X], 0, SIDE, &x);
    good &= gdk_whole(crop[GD_CROP_LINE], 1, SIDE, &out->line);
    if (!good || frame >= frames || x + w > out->line || ((int64_t)y + h) * out->line > cap)
        return false;
    out->origin = (frame * cap + (int64_t)y * out->line + x) * 3;
    return true;
}

#endif
