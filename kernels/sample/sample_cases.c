/* sample_cases.c -- shapes on which every kernel of the balanced draw is checked and timed.
 *
 * Golden values: Philox4x32-10 and a sort in Python. */
#include "kernels/sample/sample.h"

extern const gd_case gd_cases_sample[];

static const double match[] = {-1, 2,  -1, -2, 0,  1,  -1, -1, -2, 3,  -1,
                               -1, -1, -2, -2, -1, -2, 0,  -2, -2, -2, -2};
static const double rng[] = {12345, -7, 3, 9};
static const double index[] = {5, 4, 0, 7, 10, 6, 6, 1, 0, 4, -1, -1};
static const double drawn[] = {1, 0, -1, -1, -1, -1, 0, -1, -1, -1, -2, -2};
static const double positives[] = {2, 1};
static const double count[] = {6, 4};

#define MATCHES(B, A, first, last)                                                        \
    {                                                                                     \
        .ndim = 2, .dim = {B, A}, .dtype = GD_I32, .draw = GD_DRAW_INTEGERS, .lo = first, \
        .hi = last                                                                        \
    }
#define RNG \
    { .ndim = 1, .dim = {4}, .dtype = GD_I32, .give = rng }

const gd_case gd_cases_sample[] = {
    {.label = "by hand, too few",
     .attr = &(gd_sample){6, 0.34f, 5},
     .in = {{.ndim = 2, .dim = {2, 11}, .dtype = GD_I32, .give = match}, RNG},
     .out = {{.ndim = 2, .dim = {2, 6}, .want = index},
             {.ndim = 2, .dim = {2, 6}, .want = drawn},
             {.ndim = 1, .dim = {2}, .want = positives},
             {.ndim = 1, .dim = {2}, .want = count}}},
    {.label = "no positives",
     .attr = &(gd_sample){16, 0.5f, 0},
     .in = {MATCHES(2, 300, -2, -1), RNG}},
    {.label = "no negatives",
     .attr = &(gd_sample){16, 0.25f, 1},
     .in = {MATCHES(1, 77, 0, 5), RNG}},
    {.label = "nothing", .attr = &(gd_sample){4, 1, 1}, .in = {MATCHES(2, 5, -2, -2), RNG}},
    {.label = "box head",
     .attr = &(gd_sample){512, 0.25f, 2},
     .in = {MATCHES(2, 1127, -2, 3), RNG}},
    {.label = "several blocks",
     .attr = &(gd_sample){256, 0.5f, 3},
     .in = {MATCHES(2, 9001, -2, 1), RNG}},
    {.label = "rpn, 400x672",
     .attr = &(gd_sample){256, 0.5f, 3},
     .in = {MATCHES(1, 67200, -2, 1), RNG},
     .flags = GD_CASE_LARGE},
    {0}};
