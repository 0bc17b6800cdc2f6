/* gather_rows_cases.c -- shapes on which every row-picking kernel is checked and timed.
 *
 * Golden values by hand. */
#include "kernels/gather_rows/gather_rows.h"

extern const gd_case gd_cases_gather_rows[];
extern const gd_case gd_cases_gather_rows_bwd[];

static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const double index[] = {2, -1, 0, 1, 3, 2};
static const double each[] = {5, 6, 0, 0, 1, 2, 9, 10, 0, 0, 11, 12};
static const double shared[] = {7, 8, 9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 7, 8, 9};
static const double back[] = {5, 6, 0, 0, 1, 2, 0, 0, 0, 0, 7, 8, 11, 12, 9, 10};
static const double unique[] = {8, 0, 3, -1, 12, 5, 1, 7, 2, -1, 6, 0};

#define INDEX(B, n, values) \
    { .ndim = 2, .dim = {B, n}, .dtype = GD_I32, .give = values }

const gd_case gd_cases_gather_rows[] = {
    {.label = "by hand",
     .in = {{.ndim = 3, .dim = {2, 3, 2}, .give = x}, INDEX(2, 3, index)},
     .out = {{.ndim = 3, .dim = {2, 3, 2}, .want = each}}},
    {.label = "by hand, one table for all",
     .in = {{.ndim = 2, .dim = {4, 3}, .give = x}, INDEX(2, 3, index)},
     .out = {{.ndim = 3, .dim = {2, 3, 3}, .want = shared}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "by hand, whole numbers",
     .in = {{.ndim = 3, .dim = {2, 3, 2}, .dtype = GD_I32, .give = x}, INDEX(2, 3, index)},
     .out = {{.ndim = 3, .dim = {2, 3, 2}, .want = each}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "one channel", .in = {{.ndim = 3, .dim = {2, 13, 1}}, INDEX(2, 6, unique)}},
    {.label = "eight channels", .in = {{.ndim = 3, .dim = {2, 13, 8}}, INDEX(2, 6, unique)}},
    {.label = "box head",
     .in = {{.ndim = 3, .dim = {2, 2030, 4}, .draw = GD_DRAW_BOXES, .hi = 800},
            {.ndim = 2,
             .dim = {2, 512},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = -1,
             .hi = 2029}},
     .flags = GD_CASE_NO_GRAD},
    {0}};

const gd_case gd_cases_gather_rows_bwd[] = {
    {.label = "by hand",
     .attr = &(gd_gather_rows_bwd){4},
     .in = {{.ndim = 3, .dim = {2, 3, 2}, .give = x}, INDEX(2, 3, index)},
     .out = {{.ndim = 3, .dim = {2, 4, 2}, .want = back}}},
    {.label = "one channel",
     .attr = &(gd_gather_rows_bwd){13},
     .in = {{.ndim = 3, .dim = {2, 6, 1}}, INDEX(2, 6, unique)}},
    {.label = "eight channels",
     .attr = &(gd_gather_rows_bwd){13},
     .in = {{.ndim = 3, .dim = {2, 6, 8}}, INDEX(2, 6, unique)}},
    {0}};
