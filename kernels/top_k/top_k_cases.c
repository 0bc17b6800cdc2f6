/* top_k_cases.c -- shapes on which every top-k kernel is checked and timed. */
#include "kernels/top_k/top_k.h"

extern const gd_case gd_cases_top_k[];

/* By hand: ties go to the lower index, -0 equals 0; the second picture has two scores. */
static const double tied[] = {0.5, 2, -1, 2, 0.5, 9, -0.0, 0, 7, 7};
static const double counts[] = {5, 2};
static const double tied_value[] = {2, 2, 0.5, 0.5, 9, 0, 0, 0};
static const double tied_index[] = {1, 3, 0, 4, 0, 1, -1, -1};
static const double tied_count[] = {4, 2};

const gd_case gd_cases_top_k[] = {
    {.label = "ties and counts",
     .attr = &(gd_top_k){4},
     .in = {{.ndim = 2, .dim = {2, 5}, .give = tied},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts}},
     .out = {{.ndim = 2, .dim = {2, 4}, .want = tied_value},
             {.ndim = 2, .dim = {2, 4}, .want = tied_index},
             {.ndim = 1, .dim = {2}, .want = tied_count}}},
    {.label = "k beyond n", .attr = &(gd_top_k){9}, .in = {{.ndim = 2, .dim = {1, 4}}}},
    {.label = "all of them", .attr = &(gd_top_k){33}, .in = {{.ndim = 2, .dim = {2, 33}}}},
    {.label = "one of many", .attr = &(gd_top_k){1}, .in = {{.ndim = 2, .dim = {1, 1001}}}},
    {.label = "many equal",
     .attr = &(gd_top_k){50},
     .in = {{.ndim = 2, .dim = {2, 500}, .draw = GD_DRAW_INTEGERS, .lo = -2, .hi = 2}}},
    {.label = "thinned out",
     .attr = &(gd_top_k){70},
     .in = {{.ndim = 2, .dim = {2, 4100}, .draw = GD_DRAW_UNIFORM}}},
    {.label = "thinned out, equal",
     .attr = &(gd_top_k){70},
     .in = {{.ndim = 2, .dim = {1, 17000}, .draw = GD_DRAW_INTEGERS, .lo = 0, .hi = 1}}},
    {.label = "p2 of 800 x 1216",
     .attr = &(gd_top_k){1000},
     .in = {{.ndim = 2, .dim = {1, 182400}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_LARGE},
    {.label = "one value, more than fit",
     .attr = &(gd_top_k){1000},
     .in = {{.ndim = 2, .dim = {1, 60000}, .draw = GD_DRAW_INTEGERS, .lo = 3, .hi = 3}},
     .flags = GD_CASE_LARGE},
    {0}};
