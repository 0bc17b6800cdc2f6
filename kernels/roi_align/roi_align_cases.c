/* roi_align_cases.c -- shapes on which every RoIAlign kernel is checked and timed. */
#include "kernels/roi_align/roi_align.h"

extern const gd_case gd_cases_roi_align[];
extern const gd_case gd_cases_roi_align_bwd[];

/* torchvision 0.14.1, roi_align in float64; boxes outside the picture and without area among
 * them. */
static const double p2[] = {
    -1.5625, 1.125,   3.0625,  -0.625,  -1.1875, 0.375,   0,      -2,      0.9375,  4,
    -0.5,    -0.375,  -2.0625, 0.625,   -2.5,    -2.1875, 2.5625, -1.8125, 2.1875,  3.0625,
    0.5,     1.125,   3.875,   -0.375,  -1.1875, -2.6875, 0.0625, 2.9375,  1.9375,  -1.875,
    -1.6875, -1,      0.5625,  -0.4375, 0.4375,  0.5625,  -0.625, -0.0625, 0.4375,  -0.1875,
    1,       3.75,    1.1875,  0.125,   -3.375,  0.75,    -3.875, -2.8125, 1.6875,  1.4375,
    -0.3125, -3.4375, -0.75,   -1.375,  1.25,    4.5,     0.4375, -1.5625, -2.3125, -0.125,
    -0.375,  -2.3125, 0.25,    -2.3125, 2.25,    2.125,   2.1875, -0.9375, 1,       -0.25,
    -0.75,   -0.6875, -2.625,  -2.875,  1.5625,  -0.375,  0.4375, 2,       -3.4375, -1.5625,
    0.375,   0.8125,  -0.75,   2.0625,  0.4375,  -2.4375, -1.875, 1.625,   0.9375,  -3.8125,
    2.6875,  1.1875,  2.6875,  -0.75,   -0.5625, -2.25,   5.0625, -0.375,  3.1875,  -1.3125,
    0.3125,  -3.3125, -0.75,   1.9375,  -2.5,    2.125,   0.6875, -2.0625, -1,      -0.9375,
    -0.125,  -1.0625, -1.625,  -0.625,  -2.0625, -2.5625, -0.125, 1.75,    -3.0625, 0};

static const double p3[] = {-1.3125, -1.9375, 1.6875,  -1.0625, 3,       -1.5625,
                            0.75,    -0.4375, -1.5,    1.1875,  -0.3125, 1.1875,
                            -0.125,  -2.1875, -0.1875, 0.125,   1.9375,  -1.8125,
                            -0.0625, -3.4375, 1.3125,  -2.1875, -3.625,  -0.125};

static const double boxes[] = {
    15.1875, 9.5625, 25.9375, 16,      -9,      -9,      -5,    -6,      20,     16,      30,
    30,      5.0625, 6.9375,  14.9375, 17.75,   4,       4,     4,       4,      15.6875, 7.875,
    27.125,  14.125, 15.3125, 4.25,    16.1875, 13.8125, 6.375, 14.5625, 9.8125, 23.5625};

static const double level[] = {0, 1, 0, 1, 1, 0, 1, 0};

static const double counts[] = {4, 3};

/* clang-format off */
static const double adaptive[] = {
    -0.3055082956949866, -0.31202570597330737, -0.24539566040039007, 0.023141860961914618,
    -1.7774944305419922, -0.054012298583984375, -2.5565147399902344, -1.7587223052978516,
    -1.968912760416666, 0.017667770385742132, -3.500887552897135, -2.161448160807291, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, -2.239420572916667, -0.4908854166666668, 0, 0, -1.02734375,
    -0.1298828125, 0, 0, 0, 0, 0, 0, 1.1937217712402344, -1.2637240091959634, 1.132080078125,
    -0.6922200520833333, 1.8786745071411133, -0.9690914154052734, 0.704345703125,
    -0.36767578125, 0.5349213282267256, 0.046120325724283706, 0.22566731770833343,
    0.3644205729166666, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.2864697774251304,
    -0.4284934997558595, -0.61328125, -1.0820312500000004, 1.0335540771484375,
    -0.4126739501953125, -0.25, -2.203125, -0.7392946879069016, 0.6167538960774743,
    0.40104166666666685, -2.10546875, -0.15869140625, -0.696044921875, -0.15869140625,
    -0.696044921875, -0.10888671875, -2.115478515625, -0.10888671875, -2.115478515625,
    -0.159912109375, -3.346923828125, -0.159912109375, -3.346923828125, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0};
/* clang-format on */

/* clang-format off */
static const double sampled[] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0.47916465727880664, 1.0269972561808773, -1.2595229914158945,
    -0.30629902906378603, 0, 0, 0, 0, 0, 0, 0, 0, 0.9557291666666665, -2.84375,
    1.3046875000000002, -1.1562500000000002, 1.653645833333333, 0.5312499999999986,
    0.40885416666666674, -2.5729166666666674, 0.28906249999999994, -0.8437500000000001,
    0.16927083333333343, 0.8854166666666651, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
/* clang-format on */

const gd_case gd_cases_roi_align[] = {
    {.label = "torchvision, adaptive, aligned",
     .attr = &(gd_roi_align){3, 2, 0, 1, 2, {0.25f, 0.125f}},
     .in = {{.ndim = 3, .dim = {2, 4, 4}, .give = boxes},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts},
            {.ndim = 2, .dim = {2, 4}, .dtype = GD_I32, .give = level},
            {.ndim = 4, .dim = {2, 5, 6, 2}, .give = p2},
            {.ndim = 4, .dim = {2, 3, 2, 2}, .give = p3}},
     .out = {{.ndim = 4, .dim = {8, 3, 2, 2}, .want = adaptive}}},
    {.label = "torchvision, one level",
     .attr = &(gd_roi_align){2, 3, 3, 0, 1, {0.5f}},
     .in = {{.ndim = 3, .dim = {2, 4, 4}, .give = boxes},
            {.absent = true},
            {.absent = true},
            {.ndim = 4, .dim = {2, 5, 6, 2}, .give = p2}},
     .out = {{.ndim = 4, .dim = {8, 2, 3, 2}, .want = sampled}}},
    {.label = "gradient, two levels",
     .attr = &(gd_roi_align){3, 2, 2, 0, 2, {0.25f, 0.125f}},
     .in = {{.ndim = 3, .dim = {2, 3, 4}, .draw = GD_DRAW_BOXES, .hi = 24},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts},
            {.ndim = 2,
             .dim = {2, 3},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 0,
             .hi = 1},
            {.ndim = 4, .dim = {2, 6, 5, 2}},
            {.ndim = 4, .dim = {2, 3, 4, 2}}}},
    {.label = "one channel, one bin",
     .attr = &(gd_roi_align){1, 1, 0, 0, 1, {1}},
     .in = {{.ndim = 3, .dim = {1, 2, 4}, .draw = GD_DRAW_BOXES, .hi = 9},
            {.absent = true},
            {.absent = true},
            {.ndim = 4, .dim = {1, 9, 9, 1}}}},
    {.label = "channel vectors",
     .attr = &(gd_roi_align){3, 2, 2, 0, 2, {0.25f, 0.125f}},
     .in = {{.ndim = 3, .dim = {2, 3, 4}, .draw = GD_DRAW_BOXES, .hi = 24},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts},
            {.ndim = 2,
             .dim = {2, 3},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = -1,
             .hi = 2},
            {.ndim = 4, .dim = {2, 6, 5, 16}},
            {.ndim = 4, .dim = {2, 3, 4, 16}}}},
    {.label = "channel vectors, adaptive",
     .attr = &(gd_roi_align){2, 2, 0, 1, 1, {0.5f}},
     .in = {{.ndim = 3, .dim = {1, 5, 4}, .draw = GD_DRAW_BOXES, .hi = 18},
            {.absent = true},
            {.absent = true},
            {.ndim = 4, .dim = {1, 7, 9, 8}}}},
    {.label = "box head, one level",
     .attr = &(gd_roi_align){7, 7, 2, 0, 1, {0.0625f}},
     .in = {{.ndim = 3, .dim = {1, 100, 4}, .draw = GD_DRAW_BOXES, .hi = 800},
            {.absent = true},
            {.absent = true},
            {.ndim = 4, .dim = {1, 50, 50, 33}}},
     .flags = GD_CASE_LARGE},
    {.label = "box head of 800 x 1216",
     .attr = &(gd_roi_align){7, 7, 2, 0, 4, {0.25f, 0.125f, 0.0625f, 0.03125f}},
     .in = {{.ndim = 3, .dim = {1, 1000, 4}, .draw = GD_DRAW_BOXES, .hi = 800},
            {.absent = true},
            {.ndim = 2,
             .dim = {1, 1000},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 0,
             .hi = 3},
            {.ndim = 4, .dim = {1, 200, 304, 64}},
            {.ndim = 4, .dim = {1, 100, 152, 64}},
            {.ndim = 4, .dim = {1, 50, 76, 64}},
            {.ndim = 4, .dim = {1, 25, 38, 64}}},
     .flags = GD_CASE_LARGE},
    {0}};
/* Covered through the gradient check, but for boxes that crowd and bins beyond a warp's. */
#define BOXES(b, n, most) \
    { .ndim = 3, .dim = {b, n, 4}, .draw = GD_DRAW_BOXES, .hi = most }
const gd_case gd_cases_roi_align_bwd[] = {
    {.label = "more boxes than threads",
     .attr = &(gd_roi_align_bwd){{3, 2, 2, 0, 2, {0.25f, 0.125f}}, 0},
     .in = {{.ndim = 4, .dim = {600, 3, 2, 16}, .draw = GD_DRAW_UNIFORM},
            BOXES(2, 300, 88),
            {.absent = true},
            {.ndim = 2,
             .dim = {2, 300},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = -1,
             .hi = 2},
            {.ndim = 4, .dim = {2, 19, 22, 16}, .draw = GD_DRAW_UNIFORM}}},
    {.label = "many bins, aligned",
     .attr = &(gd_roi_align_bwd){{34, 11, 2, 1, 1, {0.5f}}, 0},
     .in = {{.ndim = 4, .dim = {3, 34, 11, 3}, .draw = GD_DRAW_UNIFORM},
            BOXES(1, 3, 40),
            {.absent = true},
            {.absent = true},
            {.ndim = 4, .dim = {1, 20, 20, 3}, .draw = GD_DRAW_UNIFORM}}},
    {.label = "more channels than a block has",
     .attr = &(gd_roi_align_bwd){{7, 7, 0, 0, 1, {0.25f}}, 0},
     .in = {{.ndim = 4, .dim = {5, 7, 7, 264}, .draw = GD_DRAW_UNIFORM},
            BOXES(1, 5, 70),
            {.absent = true},
            {.absent = true},
            {.ndim = 4, .dim = {1, 17, 15, 264}, .draw = GD_DRAW_UNIFORM}}},
    {0}};
