/* hard_negatives_cases.c -- shapes on which every kernel of mining is checked and timed.
 *
 * Golden values: the mining of torchvision 0.14.1's SSD, over cross_entropy in float64. */
#include <math.h>

#include "kernels/hard_negatives/hard_negatives.h"

extern const gd_case gd_cases_hard_negatives[];

static const double logits[] = {
    0.5625, -3.75,  2.9375, -1.0625, -0.5625, -1.125,  1,       1.0625,  -1.1875,
    1.8125, -0.625, -2.75,  -2.5625, 0.375,   0.6875,  0.125,   -2,      0.75,
    -2.375, 1.375,  2,      -2.625,  -2.375,  -2.25,   -4.4375, -0.3125, -3.8125,
    -1.5,   0.25,   -2.625, -2.625,  -3.625,  -1.0625, -0.0625, -1.375,  3.125,
    1.9375, -1.75,  1.0625, -0.0625, 0.5,     -0.4375, 0.875,   1.375,   2.4375,
    0.4375, 1.125,  0.9375, -1.625,  2.375,   -0.875,  1.75,    -2.625,  -1.75,
    2.625,  3.125,  0,      -3.1875, -2.4375, -3.75,   1.0625,  1.3125,  1.625,
    3.125,  1.5625, -1.375, 1.3125,  2,       -1,      2.375,   -2.25,   1.25};
static const double match[] = {-1, 2,  -1, -1, -2, -1, 0,  -1, -1,
                               -1, -1, -1, -1, -1, -1, -1, 3,  -1};
static const double three[] = {1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1};
static const double half[] = {0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1};

/* By hand: NaN last, of equal rows the first. */
static const double odd[] = {0, 1, NAN, 1, 0, 1, 0, 1, 0, 0};
static const double odd_match[] = {-1, -1, -1, -1, 5};
static const double odd_weight[] = {1, 0, 1, 0, 1};

const gd_case gd_cases_hard_negatives[] = {
    {.label = "torchvision",
     .attr = &(gd_hard_negatives){3, 0},
     .in = {{.ndim = 3, .dim = {2, 9, 4}, .give = logits},
            {.ndim = 2, .dim = {2, 9}, .dtype = GD_I32, .give = match}},
     .out = {{.ndim = 2, .dim = {2, 9}, .want = three}}},
    {.label = "torchvision, fewer, another background",
     .attr = &(gd_hard_negatives){0.75f, 2},
     .in = {{.ndim = 3, .dim = {2, 9, 4}, .give = logits},
            {.ndim = 2, .dim = {2, 9}, .dtype = GD_I32, .give = match}},
     .out = {{.ndim = 2, .dim = {2, 9}, .want = half}}},
    {.label = "by hand, equal ones and NaN",
     .attr = &(gd_hard_negatives){2, 0},
     .in = {{.ndim = 3, .dim = {1, 5, 2}, .give = odd},
            {.ndim = 2, .dim = {1, 5}, .dtype = GD_I32, .give = odd_match}},
     .out = {{.ndim = 2, .dim = {1, 5}, .want = odd_weight}}},
    {.label = "twenty classes",
     .attr = &(gd_hard_negatives){3, 0},
     .in = {{.ndim = 3, .dim = {2, 331, 21}, .draw = GD_DRAW_UNIFORM, .lo = -3, .hi = 3},
            {.ndim = 2,
             .dim = {2, 331},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = -9,
             .hi = 1}}},
    {0}};
