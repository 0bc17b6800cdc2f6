/* box_center_cases.c -- shapes on which every kernel of boxes as centre and size is checked.
 *
 * Golden values by hand. */
#include "kernels/box_center/box_center.h"

extern const gd_case gd_cases_box_center[];

static const double boxes[] = {0, 0, 64, 32, 16, 8, 32, 16, 4, 6, 24, 16, 14, 10, 18, 22};
static const double geometry[] = {100, 80, 32, 64, 0, 0, 0.5, 0.8,
                                  60,  60, 20, 40, 2, 4, 0.5, 0.8};
static const double centred[] = {0.5,  0.5,  1,   1,   0.375, 0.375, 0.25, 0.25,
                                 0.25, 0.45, 0.5, 0.5, 0.3,   0.7,   0.1,  0.6};

const gd_case gd_cases_box_center[] = {
    {.label = "by hand",
     .in = {{.ndim = 3, .dim = {2, 2, 4}, .give = boxes},
            {.ndim = 2, .dim = {2, 8}, .give = geometry}},
     .out = {{.ndim = 3, .dim = {2, 2, 4}, .want = centred}}},
    {.label = "detr",
     .in = {{.ndim = 3, .dim = {2, 101, 4}, .draw = GD_DRAW_BOXES, .hi = 800},
            {.ndim = 2, .dim = {2, 8}, .draw = GD_DRAW_UNIFORM, .lo = 32, .hi = 800}}},
    {0}};
