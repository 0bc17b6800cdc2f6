/* anchors_cases.c -- shapes on which every anchor kernel is checked and timed. */
#include "kernels/anchors/anchors.h"

extern const gd_case gd_cases_anchors[];

/* torchvision 0.14.1, AnchorGenerator: 33 / 2 = 16.5 rounds to 16. */
static const double rounded[] = {
    -33, -8,  33,  8,   -64, -16, 64,  16,  -16, -16, 16,  16,  -32, -32, 32, 32,  -12, -23,
    12,  23,  -23, -45, 23,  45,  -17, -8,  49,  8,   -48, -16, 80,  16,  0,  -16, 32,  16,
    -16, -32, 48,  32,  4,   -23, 28,  23,  -7,  -45, 39,  45,  -1,  -8,  65, 8,   -32, -16,
    96,  16,  16,  -16, 48,  16,  0,   -32, 64,  32,  20,  -23, 44,  23,  9,  -45, 55,  45,
    -33, 0,   33,  16,  -64, -8,  64,  24,  -16, -8,  16,  24,  -32, -24, 32, 40,  -12, -15,
    12,  31,  -23, -37, 23,  53,  -17, 0,   49,  16,  -48, -8,  80,  24,  0,  -8,  32,  24,
    -16, -24, 48,  40,  4,   -15, 28,  31,  -7,  -37, 39,  53,  -1,  0,   65, 16,  -32, -8,
    96,  24,  16,  -8,  48,  24,  0,   -24, 64,  40,  20,  -15, 44,  31,  9,  -37, 55,  53};

/* The same, one size of 40 with ratios 1/2 and 3 on a 3 x 2 grid of stride 16. */
static const double two_ratios[] = {-28, -14, 28, 14, -12, -35, 12, 35, -12, -14, 44, 14,
                                    4,   -35, 28, 35, -28, 2,   28, 30, -12, -19, 12, 51,
                                    -12, 2,   44, 30, 4,   -19, 28, 51, -28, 18,  28, 46,
                                    -12, -3,  12, 67, -12, 18,  44, 46, 4,   -3,  28, 67};

const gd_case gd_cases_anchors[] = {
    {.label = "torchvision, two ratios",
     .attr = &(gd_anchors){16, 16, 1, {40}, 2, {0.5f, 3}},
     .in = {{.ndim = 4, .dim = {1, 3, 2, 1}}},
     .out = {{.ndim = 2, .dim = {12, 4}, .want = two_ratios}}},
    {.label = "torchvision, two sizes",
     .attr = &(gd_anchors){8, 16, 2, {33, 64}, 3, {0.25f, 1, 2}},
     .in = {{.ndim = 4, .dim = {2, 2, 3, 5}}},
     .out = {{.ndim = 2, .dim = {36, 4}, .want = rounded}}},
    {.label = "pyramid level",
     .attr = &(gd_anchors){16, 16, 1, {128}, 3, {0.5f, 1, 2}},
     .in = {{.ndim = 4, .dim = {1, 7, 5, 4}}}},
    {.label = "whole p2",
     .attr = &(gd_anchors){4, 4, 1, {32}, 3, {0.5f, 1, 2}},
     .in = {{.ndim = 4, .dim = {1, 200, 304, 1}}},
     .flags = GD_CASE_LARGE},
    {0}};
