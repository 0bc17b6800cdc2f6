/* match_labels_cases.c -- shapes on which every kernel of class targets is checked and timed.
 *
 * Golden values by hand. */
#include "kernels/match_labels/match_labels.h"

extern const gd_case gd_cases_match_labels[];

static const double match[] = {1, -1, 0, -2, 2, -1, -1, -2, 7, -1};
static const double labels[] = {4, 0, 9, 3, 5, 6};
static const double label[] = {1, 90, 5, 90, 10, 90, 90, 90, 90, 90};
static const double weight[] = {10, 1, 10, 0, 10, 1, 1, 0, 0, 1};
static const double positive[] = {1, 0, 1, 0, 1, 0, 0, 0, 0, 0};
static const double rows[] = {7};
static const double positives[] = {3};
static const double shared[] = {0.25, 0.25, 0.25, 0, 0.25, 0.25, 1, 1, 0, 1, 1, 0};
static const double shared_positive[] = {0.25, 0, 0.25, 0, 0.25, 0.25, 0, 0, 0, 0, 0, 0};
static const double four[] = {1, -1, 0, -2, 2, 0, -1, -1, -2, -1, -1, -2};
static const double nine[] = {9};
static const double of_four[] = {4};

const gd_case gd_cases_match_labels[] = {
    {.label = "by hand",
     .attr = &(gd_match_labels){1, 90, 0, 9},
     .in = {{.ndim = 2, .dim = {2, 5}, .dtype = GD_I32, .give = match},
            {.ndim = 2, .dim = {2, 3}, .dtype = GD_I32, .give = labels}},
     .out = {{.ndim = 2, .dim = {2, 5}, .want = label},
             {.ndim = 2, .dim = {2, 5}, .want = weight},
             {.ndim = 2, .dim = {2, 5}, .want = positive},
             {.ndim = 1, .dim = {1}, .want = rows},
             {.ndim = 1, .dim = {1}, .want = positives}}},
    {.label = "by hand, per picture",
     .attr = &(gd_match_labels){0, 0, 1, 0},
     .in = {{.ndim = 2, .dim = {2, 6}, .dtype = GD_I32, .give = four},
            {.ndim = 2, .dim = {2, 3}, .dtype = GD_I32, .give = labels}},
     .out = {{.ndim = 2, .dim = {2, 6}},
             {.ndim = 2, .dim = {2, 6}, .want = shared},
             {.ndim = 2, .dim = {2, 6}, .want = shared_positive},
             {.ndim = 1, .dim = {1}, .want = nine},
             {.ndim = 1, .dim = {1}, .want = of_four}}},
    {.label = "retinanet",
     .attr = &(gd_match_labels){0, 0, 1, 0},
     .in = {{.ndim = 2,
             .dim = {2, 20011},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = -2,
             .hi = 6},
            {.ndim = 2,
             .dim = {2, 7},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 0,
             .hi = 90}}},
    {0}};
