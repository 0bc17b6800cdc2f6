/* nms_cases.c -- shapes on which every suppression kernel is checked and timed. */
#include "kernels/nms/nms.h"

extern const gd_case gd_cases_nms[];

/* torchvision 0.14.1, nms of each group after score > 1/4 and sides >= 2. */
static const double boxes[] = {
    17.6875, 12.8125, 21.9375, 22.6875, 8.25,    4.8125,  20,      11.25,   9.375,   10.9375,
    21.875,  22.6875, 0.5,     7.4375,  2,       18.875,  19.3125, 13.125,  32,      18.3125,
    40,      40,      42,      42,      50,      50,      60,      51.9375, 3,       18.6875,
    13.25,   28.625,  16.1875, 2.75,    28.25,   14.5625, 70,      70,      80,      80,
    14.5,    4.5,     27.0625, 17.3125, 3.5625,  6.9375,  8.3125,  10.25,   6.8125,  5.4375,
    17,      10.8125, 19.625,  10.3125, 28.8125, 23.6875, 14.875,  11.625,  22.0625, 17.375,
    8.25,    18.4375, 16.25,   28.6875, 10.375,  19,      14.5,    26.1875, 13.5,    14.3125,
    18,      24.625,  6.625,   7.9375,  18.75,   15.0625, 4.25,    18.3125, 11.3125, 27.25,
    12.0625, 9.5625,  17.4375, 15.3125, 6.125,   19.25,   12.75,   27.3125, 12.6875, 3.6875,
    16.5625, 14.9375, 15.25,   16.3125, 24.625,  22.625,  18.25,   16.0625, 22.125,  27.4375,
    18.3125, 0.9375,  22.75,   5.375,   5.0625,  5,       9.5,     8.875,   0.75,    11.8125,
    13.75,   17.75,   0.4375,  6.1875,  6.8125,  18.375,  16.25,   13.1875, 26.0625, 18.25,
    11.5,    0.8125,  19.3125, 13.5625, 17.0625, 1,       24.1875, 11.8125};

static const double scores[] = {
    0.09375,  0.734375, 0.78125,  0.828125, 0.671875, 0.5,      0.5,     0.515625,
    0.75,     0.25,     0.265625, 0.53125,  0.75,     0.890625, 0.125,   0.1875,
    0.796875, 0.640625, 0.71875,  1,        0.9375,   0.84375,  0.78125, 0.390625,
    0.640625, 0.1875,   0.765625, 0.75,     0.71875,  0.4375,   0.375,   0.421875};

static const double groups[] = {0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1,
                                0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1};

static const double counts[] = {16, 11};

static const double kept[] = {13, 2, 8, 12, 1, 11, 7, 3, 4, 0, 6, 10, 1, 8};

static const double n_kept[] = {7, 7};

static const double best[] = {0.890625, 1};

static const double dropped[] = {2, 0};

/* By hand. 0 and 1 overlap by exactly 1/2: kept at iou 1/2. 2 equals 0 and scores the same: the
 * lower index wins. 3 has a negative width, 4 a score at the threshold that `>=` lets pass. */
static const double edge[] = {0, 0, 4, 3, 0, 0, 4, 6, 0, 0, 4, 3, 9, 9, 8, 12, 20, 20, 21, 21};
static const double edge_score[] = {0.5, 0.25, 0.5, 1, 0.125};
static const double edge_index[] = {0, 1, 4, -1, -1};

/* Its formula in PyTorch, float64. Plain IoU drops 13 and 9. */
static const double near[] = {
    9.875,   19.3125, 13.0625, 28.5625, 15.4375, 15.1875, 24.75,   24.75,   16.125,  9.125,
    20.6875, 12.4375, 8.25,    5.1875,  14.0625, 15.75,   17.75,   12.5625, 27.8125, 18.875,
    22.5625, 18.4375, 28.25,   22.4375, 17.25,   11,      24.5625, 21.3125, 6.25,    6.5625,
    13.3125, 10.1875, 22.875,  5.625,   27.3125, 13.1875, 22.4375, 12.5,    26.6875, 18.0625,
    12.0625, 18.375,  17.9375, 27.4375, 17.6875, 21.125,  26.75,   27.3125, 15.0625, 21.25,
    25.4375, 28.4375, 14.3125, 18.125,  25.5625, 29.0625};
static const double near_score[] = {0.0625, 0.6875, 0.625, 0.5,   0.75,   0.1875, 0.375,
                                    0.875,  0.5625, 0.25,  0.125, 0.8125, 0.3125, 0.4375};
static const double near_kept[] = {7, 11, 4, 1, 2, 8, 3, 13, 9, 5, 10, 0, -1, -1};

static const double none[] = {0};

const gd_case gd_cases_nms[] = {
    {.label = "torchvision, groups",
     .attr = &(gd_nms){0.25f, 0.25f, 1, 2, 7, 0},
     .in = {{.ndim = 3, .dim = {2, 16, 4}, .give = boxes},
            {.ndim = 2, .dim = {2, 16}, .give = scores},
            {.ndim = 2, .dim = {2, 16}, .dtype = GD_I32, .give = groups},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts}},
     .out = {{.ndim = 2, .dim = {2, 7}, .want = kept},
             {.ndim = 1, .dim = {2}, .want = n_kept},
             {.ndim = 1, .dim = {2}, .want = best},
             {.ndim = 1, .dim = {2}, .want = dropped}}},
    {.label = "ties and thresholds",
     .attr = &(gd_nms){0.5f, 0.125f, 0, 0, 0, 0},
     .in = {{.ndim = 3, .dim = {1, 5, 4}, .give = edge},
            {.ndim = 2, .dim = {1, 5}, .give = edge_score}},
     .out = {{.ndim = 2, .dim = {1, 5}, .want = edge_index},
             {.ndim = 1, .dim = {1}, .want = (const double[]){3}},
             {.ndim = 1, .dim = {1}, .want = (const double[]){1}},
             {.ndim = 1, .dim = {1}, .want = (const double[]){0}}}},
    {.label = "nothing counts",
     .attr = &(gd_nms){0.5f, 0, 0, 0, 3, 0},
     .in = {{.ndim = 3, .dim = {1, 4, 4}, .draw = GD_DRAW_BOXES, .hi = 9},
            {.ndim = 2, .dim = {1, 4}},
            {.absent = true},
            {.ndim = 1, .dim = {1}, .dtype = GD_I32, .give = none}},
     .out = {{.ndim = 2, .dim = {1, 3}, .want = (const double[]){-1, -1, -1}},
             {.ndim = 1, .dim = {1}, .want = none},
             {.ndim = 1, .dim = {1}, .want = (const double[]){-1}},
             {.ndim = 1, .dim = {1}, .want = none}}},
    {.label = "distance of centres",
     .attr = &(gd_nms){0.3125f, 0, 0, 0, 0, 0.6f},
     .in = {{.ndim = 3, .dim = {1, 14, 4}, .give = near},
            {.ndim = 2, .dim = {1, 14}, .give = near_score}},
     .out = {{.ndim = 2, .dim = {1, 14}, .want = near_kept},
             {.ndim = 1, .dim = {1}, .want = (const double[]){12}},
             {.ndim = 1, .dim = {1}, .want = (const double[]){0.875}},
             {.ndim = 1, .dim = {1}, .want = none}}},
    {.label = "crowd, distances",
     .attr = &(gd_nms){0.4375f, -9, 0, 0, 0, 0.6f},
     .in = {{.ndim = 3, .dim = {2, 300, 4}, .draw = GD_DRAW_BOXES, .hi = 40},
            {.ndim = 2, .dim = {2, 300}, .draw = GD_DRAW_UNIFORM}}},
    {.label = "crowd",
     .attr = &(gd_nms){0.5f, -9, 0, 0, 40, 0},
     .in = {{.ndim = 3, .dim = {2, 150, 4}, .draw = GD_DRAW_BOXES, .hi = 40},
            {.ndim = 2, .dim = {2, 150}, .draw = GD_DRAW_UNIFORM}}},
    {.label = "crowd, equal scores",
     .attr = &(gd_nms){0.25f, -9, 0, 1, 0, 0},
     .in = {{.ndim = 3, .dim = {1, 200, 4}, .draw = GD_DRAW_BOXES, .hi = 30},
            {.ndim = 2, .dim = {1, 200}, .draw = GD_DRAW_INTEGERS, .lo = 0, .hi = 3},
            {.ndim = 2,
             .dim = {1, 200},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 0,
             .hi = 4}}},
    {.label = "proposals of five levels",
     .attr = &(gd_nms){0.7f, -9, 0, 0.001f, 1000, 0},
     .in = {{.ndim = 3, .dim = {1, 4819, 4}, .draw = GD_DRAW_BOXES, .hi = 1200},
            {.ndim = 2, .dim = {1, 4819}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 2,
             .dim = {1, 4819},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 0,
             .hi = 4}},
     .flags = GD_CASE_LARGE},
    {.label = "thousands of candidates",
     .attr = &(gd_nms){0.5f, -9, 0, 0, 0, 0},
     .in = {{.ndim = 3, .dim = {1, 9000, 4}, .draw = GD_DRAW_BOXES, .hi = 1200},
            {.ndim = 2, .dim = {1, 9000}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 2,
             .dim = {1, 9000},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 0,
             .hi = 1}},
     .flags = GD_CASE_LARGE},
    /* Some pictures have more candidates than their matrix holds, nms_pick.h. */
    {.label = "more than a matrix of overlaps, classes",
     .attr = &(gd_nms){0.45f, -0.9f, 0, 0, 200, 0},
     .in = {{.ndim = 3, .dim = {16, 8300, 4}, .draw = GD_DRAW_BOXES, .hi = 60},
            {.ndim = 2, .dim = {16, 8300}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 2,
             .dim = {16, 8300},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = -3,
             .hi = 140},
            {.ndim = 1,
             .dim = {16},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 8000,
             .hi = 8400}},
     .flags = GD_CASE_LARGE},
    {.label = "more than a matrix of overlaps, one group",
     .attr = &(gd_nms){0.45f, -9, 0, 0, 0, 0},
     .in = {{.ndim = 3, .dim = {16, 8200, 4}, .draw = GD_DRAW_BOXES, .hi = 40},
            {.ndim = 2, .dim = {16, 8200}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_LARGE},
    {0}};
