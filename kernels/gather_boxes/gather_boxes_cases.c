/* gather_boxes_cases.c -- shapes on which every box-picking kernel is checked and timed. */
#include "kernels/gather_boxes/gather_boxes.h"

extern const gd_case gd_cases_gather_boxes[];

/* By hand: index -1, a row beyond the count, labels given and absent. */
static const double boxes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const double scores[] = {0.5, 0.25, 0.75, 1};
static const double labels[] = {7, 8, 5, 6};
static const double index[] = {1, 0, 1, 1, -1, 0};
static const double counts[] = {2, 3};
static const double got[] = {5,  6,  7,  8,  1, 2, 3, 4, 0, 0,  0,  0,
                             13, 14, 15, 16, 0, 0, 0, 0, 9, 10, 11, 12};
static const double got_score[] = {0.25, 0.5, 0, 1, 0, 0.75};
static const double got_label[] = {8, 7, -1, 6, -1, 5};
static const double no_label[] = {0, 0, -1};

const gd_case gd_cases_gather_boxes[] = {
    {.label = "by hand",
     .in = {{.ndim = 3, .dim = {2, 2, 4}, .give = boxes},
            {.ndim = 2, .dim = {2, 2}, .give = scores},
            {.ndim = 2, .dim = {2, 2}, .dtype = GD_I32, .give = labels},
            {.ndim = 2, .dim = {2, 3}, .dtype = GD_I32, .give = index},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts}},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = got},
             {.ndim = 2, .dim = {2, 3}, .want = got_score},
             {.ndim = 2, .dim = {2, 3}, .want = got_label}}},
    {.label = "by hand, without labels",
     .in = {{.ndim = 3, .dim = {1, 2, 4}, .give = boxes},
            {.ndim = 2, .dim = {1, 2}, .give = scores},
            {.absent = true},
            {.ndim = 2, .dim = {1, 3}, .dtype = GD_I32, .give = index},
            {.ndim = 1, .dim = {1}, .dtype = GD_I32, .give = counts}},
     .out = {{.ndim = 3, .dim = {1, 3, 4}},
             {.ndim = 2, .dim = {1, 3}},
             {.ndim = 2, .dim = {1, 3}, .want = no_label}}},
    {.label = "many",
     .in = {{.ndim = 3, .dim = {2, 50, 4}, .draw = GD_DRAW_BOXES, .hi = 99},
            {.ndim = 2, .dim = {2, 50}},
            {.absent = true},
            {.ndim = 2,
             .dim = {2, 21},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = -1,
             .hi = 49}}},
    {0}};
