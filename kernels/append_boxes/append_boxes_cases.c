/* append_boxes_cases.c -- shapes on which every box-appending kernel is checked and timed.
 *
 * Golden values by hand. */
#include "kernels/append_boxes/append_boxes.h"

extern const gd_case gd_cases_append_boxes[];

static const double boxes[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18};
static const double count[] = {1, 9};
static const double gt[] = {21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33, 34, 35, 36, 37, 38};
static const double gt_count[] = {2, 1};
static const double both[] = {1,  2,  3,  4,  21, 22, 23, 24, 25, 26, 27, 28, 0, 0, 0, 0,
                              11, 12, 13, 14, 15, 16, 17, 18, 31, 32, 33, 34, 0, 0, 0, 0};
static const double counts[] = {3, 3};

#define COUNT(B, most) \
    { .ndim = 1, .dim = {B}, .dtype = GD_I32, .draw = GD_DRAW_INTEGERS, .hi = most }

const gd_case gd_cases_append_boxes[] = {
    {.label = "by hand, a count too large",
     .in = {{.ndim = 3, .dim = {2, 2, 4}, .give = boxes},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = count},
            {.ndim = 3, .dim = {2, 2, 4}, .give = gt},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = gt_count}},
     .out = {{.ndim = 3, .dim = {2, 4, 4}, .want = both},
             {.ndim = 1, .dim = {2}, .want = counts}}},
    {.label = "box head",
     .in = {{.ndim = 3, .dim = {2, 2000, 4}, .draw = GD_DRAW_BOXES, .hi = 800},
            COUNT(2, 2000),
            {.ndim = 3, .dim = {2, 37, 4}, .draw = GD_DRAW_BOXES, .hi = 800},
            COUNT(2, 37)}},
    {0}};
