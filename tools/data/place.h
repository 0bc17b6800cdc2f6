/* place.h -- where a picture goes on its canvas in training, and its boxes with it.
 *
 * Everything is a function of the numbers that are drawn, and those of (seed, epoch, position):
 * the same batch whoever makes it. The pixels are moved later, on the device (kernels/augment);
 * a gd_place becomes one of its layers. */
#ifndef GD_TOOLS_DATA_PLACE_H
#define GD_TOOLS_DATA_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "layers/geometry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What may happen to a picture; {0}: nothing. Shares are probabilities. */
typedef struct gd_augment_options {
    double flip;                             /* left and right exchanged */
    double brightness, contrast, saturation; /* j: a factor from 1 - j to 1 + j */
    double scale_lo, scale_hi;               /* size: a factor between them; both 0: none */
    double crop;                             /* a part of the picture instead of all of it */
    double crop_area; /* the least share of the picture that such a part has: 0 .. 1 */
    double mosaic;    /* four pictures side by side */
    double mixup;     /* another picture laid over it */
} gd_augment_options;

/* A stream of random numbers of its own for each (seed, epoch, position, stream). */
typedef struct gd_draws {
    uint32_t key[2], counter[4], block[4];
    int      used;
} gd_draws;
gd_draws gd_draws_of(uint64_t seed, uint32_t epoch, uint32_t position, uint32_t stream);
double   gd_draws_next(gd_draws *d); /* in (0, 1) */
double   gd_draws_between(gd_draws *d, double lo, double hi);
/* 0 .. n - 1 */
uint32_t gd_draws_below(gd_draws *d, uint32_t n);

/* X = sx * u + ox, Y = sy * v + oy: from the picture (0 .. width) to the canvas. sx < 0: it is
 * mirrored. Only what lies in rect is shown. */
typedef struct gd_place {
    double sx, sy, ox, oy;
    double rect[4]; /* x0 y0 x1 y1 on the canvas */
    double weight, brightness, contrast, saturation;
} gd_place;

/* A picture alone on a canvas of w x h. The rule says how it lies there when nothing is drawn:
 * its sizes are the canvas's, or no more than them. */
gd_place gd_place_alone(const gd_augment_options *a, const gd_geometry_rule *rule, int src_w,
                        int src_h, int canvas_w, int canvas_h, gd_draws *d);
/* Picture `corner` (0: top left, 1: top right, 2 and 3: below) of a mosaic with middle (x, y).
 */
gd_place gd_place_mosaic(const gd_augment_options *a, int src_w, int src_h, int canvas_w,
                         int canvas_h, double x, double y, int corner, gd_draws *d);

enum { GD_BOX_PIXELS = 1 }; /* boxes with a shorter side on the canvas are left out */
#define GD_BOX_SHARE 0.2    /* and those of which less is seen */

/* A box x y w h of the picture on the canvas, cut to what is shown: x1 y1 x2 y2. False: too
 * little of it is seen. */
bool gd_place_box(const gd_place *p, const double box[4], float out[4]);
/* A row of layers (GD_LAYER numbers) for a picture of w x h at pixel `origin`; `grey` goes with
 * the contrast. `smooth`: pictures that shrink are averaged. */
void gd_place_layer(const gd_place *p, int w, int h, int64_t origin, double grey, bool smooth,
                    float *row);

#ifdef __cplusplus
}
#endif
#endif
