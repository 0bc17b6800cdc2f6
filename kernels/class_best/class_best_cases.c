/* class_best_cases.c -- shapes on which kernels of the likeliest class are checked and timed.
 *
 * Golden values: PyTorch in float64, with one tie. */
#include "kernels/class_best/class_best.h"

extern const gd_case gd_cases_class_best[];

static const double fine[] = {
    0.875,  -0.25,   0.25,   -0.5625, 1.5,     2,       2,       -1,     1.1875, 0.5625,
    2.6875, -0.5625, -1.25,  1.125,   -0.5625, 4.875,   -0.4375, 0.0625, -1.375, -0.6875,
    -0.5,   -0.6875, 1.5,    -1.125,  -2.3125, -0.4375, -1.5625, -1.375, 2.0625, 1.0625,
    -1.375, 2.0625,  2.5625, 2.75,    1.25,    -3.5,    1,       2.6875, 0.8125, 2,
    0,      -0.25,   -3.75,  0.1875,  -4.375,  1.5625,  -3.4375, -1.9375};

static const double coarse[] = {1.625,   -1.125,  -0.125,  2.8125, 0.3125,  -1.9375,
                                1.125,   -1.0625, -4.1875, 0.125,  -2.0625, -3.4375,
                                -0.3125, 2.125,   -1.5625, -0.1875};

static const double scores[] = {
    0.7057850278370112,  0.8807970779778823, 0.9362850057480346, 0.9924227587321393,
    0.5156199157230156,  0.8175744761936437, 0.9433475746920261, 0.7549149868676283,
    0.39233683016710835, 0.8872045937171068, 0.9399133498259924, 0.9362850057480346,
    0.5467381519846138,  0.8267117940706734, 0.5312093733737563, 0.8933094060543487};

static const double labels[] = {0, 1, 2, 3, 1, 2, 3, 2, 1, 0, 1, 1, 3, 1, 1, 1};

#define MAP(...) \
    { .ndim = 4, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM, .lo = -4, .hi = 4 }

const gd_case gd_cases_class_best[] = {
    {.label = "torch, two levels",
     .in = {{.ndim = 4, .dim = {2, 2, 3, 4}, .give = fine},
            {.ndim = 4, .dim = {2, 1, 2, 4}, .give = coarse}},
     .out = {{.ndim = 2, .dim = {2, 8}, .want = scores},
             {.ndim = 2, .dim = {2, 8}, .want = labels}}},
    {.label = "one class", .in = {MAP(1, 3, 5, 1)}},
    {.label = "a warp less one", .in = {MAP(2, 3, 3, 31)}},
    {.label = "80 classes, four levels",
     .in = {MAP(1, 4, 5, 80), MAP(1, 2, 3, 80), MAP(1, 1, 2, 80), MAP(1, 1, 1, 80)}},
    {.label = "640",
     .in = {MAP(1, 80, 80, 80), MAP(1, 40, 40, 80), MAP(1, 20, 20, 80)},
     .flags = GD_CASE_LARGE},
    {0}};
