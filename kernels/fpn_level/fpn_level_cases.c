/* fpn_level_cases.c -- shapes on which every level-choosing kernel is checked and timed. */
#include "kernels/fpn_level/fpn_level.h"

extern const gd_case gd_cases_fpn_level[];

/* torchvision 0.14.1, LevelMapper in float64. */
static const double boxes[] = {
    3, 4, 115, 116, 3, 4, 114.875, 116, 3, 4, 227, 228, 3, 4, 451, 452, 3, 4, 1003, 1004,
    3, 4, 13,  4,   3, 4, 13,      24,  3, 4, 899, 452, 3, 4, 59,  60,  3, 4, 190,  191};

static const double level[] = {1, 0, 2, 3, 3, 0, 0, 3, 0, 1};

static const double other_level[] = {0, 0, 1, 2, 3, 0, 0, 2, 0, 1};

const gd_case gd_cases_fpn_level[] = {
    {.label = "torchvision",
     .attr = &(gd_fpn_level){2, 5, 224, 4, 1e-6f},
     .in = {{.ndim = 3, .dim = {1, 10, 4}, .give = boxes}},
     .out = {{.ndim = 2, .dim = {1, 10}, .want = level}}},
    {.label = "torchvision, other pyramid",
     .attr = &(gd_fpn_level){3, 6, 100, 3, 0.125f},
     .in = {{.ndim = 3, .dim = {1, 10, 4}, .give = boxes}},
     .out = {{.ndim = 2, .dim = {1, 10}, .want = other_level}}},
    {.label = "proposals",
     .attr = &(gd_fpn_level){2, 5, 224, 4, 1e-6f},
     .in = {{.ndim = 3, .dim = {2, 100, 4}, .draw = GD_DRAW_BOXES, .hi = 900}}},
    {0}};
