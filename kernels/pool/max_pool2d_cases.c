/* max_pool2d_cases.c -- shapes on which every max-pooling kernel is checked and timed.
 *
 * Golden values are PyTorch's; crops of x make last windows that are dropped or reach
 * beyond the plane. */
#include "kernels/pool/pool.h"

extern const gd_case gd_cases_max_pool2d[];
extern const gd_case gd_cases_max_pool2d_bwd[];

static const double x[70] = {
    39,  -8,  5,  27, -37, 19,  -9,  -34, -20, -26, 7,  20, -9,  8,   29,  -27, 33,  -9,
    -39, -13, 12, -5, -17, 9,   -20, -31, -23, 39,  39, 16, -24, -24, -40, -40, -14, -13,
    -19, -19, -3, 0,  -15, 29,  40,  -14, -17, -15, 9,  -2, -38, 6,   13,  -19, -22, -7,
    -32, 2,   -2, 37, 35,  -40, 36,  3,   -32, -1,  5,  -1, 21,  0,   -17, 21};
static const double max_all[18] = {39, 27,  12, 9,  -9, 39, 40, 16,  13,
                                   9,  -15, 39, 40, 37, 13, 6,  -17, 21};
static const double max_floor[12] = {39, 27, 12, 9, 40, 16, 13, 9, 40, 37, 13, 6};
static const double max_drop[8] = {39, 27, -9, 19, 40, 16, 9, 6};
static const double max_beyond[6] = {39, 27, 12, 19, 7, 39};
static const double x_4x4[32] = {39,  -8,  5,   27,  -37, 19,  -9, -34, 29,  -27, 33,
                                 -9,  -39, -13, 12,  -5,  39,  16, -24, -24, -40, -40,
                                 -14, -13, 40,  -14, -17, -15, 9,  -2,  -38, 6};
static const double x_2x7[28] = {39, -8, 5,   27, -37, 19,  -9,  -34, -20, -26,
                                 7,  20, -9,  8,  29,  -27, 33,  -9,  -39, -13,
                                 12, -5, -17, 9,  -20, -31, -23, 39};

#define POOL(...) \
    &(const gd_max_pool2d) { __VA_ARGS__ }
#define X(n, h, w, c)                    \
    {                                    \
        .ndim = 4, .dim = { n, h, w, c } \
    }

const gd_case gd_cases_max_pool2d[] = {
    {.label = "all attributes",
     .attr = POOL({3, 2}, {2, 3}, {1, 0}, 1),
     .in = {{.ndim = 4, .dim = {1, 5, 7, 2}, .give = x}},
     .out = {{.ndim = 4, .dim = {1, 3, 3, 2}, .want = max_all}}},
    {.label = "rounded down",
     .attr = POOL({3, 2}, {2, 3}, {1, 0}, 0),
     .in = {{.ndim = 4, .dim = {1, 5, 7, 2}, .give = x}},
     .out = {{.ndim = 4, .dim = {1, 3, 2, 2}, .want = max_floor}}},
    {.label = "last window dropped",
     .attr = POOL({2, 3}, {3, 3}, {1, 1}, 1),
     .in = {{.ndim = 4, .dim = {1, 4, 4, 2}, .give = x_4x4}},
     .out = {{.ndim = 4, .dim = {1, 2, 2, 2}, .want = max_drop}}},
    {.label = "window larger than the plane",
     .attr = POOL({3, 3}, {2, 2}, {0, 0}, 1),
     .in = {{.ndim = 4, .dim = {1, 2, 7, 2}, .give = x_2x7}},
     .out = {{.ndim = 4, .dim = {1, 1, 3, 2}, .want = max_beyond}}},
    {.label = "1x1 window", .attr = POOL({1, 1}, {1, 1}, {0, 0}, 0), .in = {X(1, 3, 4, 3)}},
    {.label = "window is the plane",
     .attr = POOL({3, 4}, {1, 1}, {0, 0}, 0),
     .in = {X(2, 3, 4, 5)}},
    {.label = "resnet stem, small",
     .attr = POOL({3, 3}, {2, 2}, {1, 1}, 0),
     .in = {X(1, 11, 9, 3)}},
    {.label = "stride does not divide",
     .attr = POOL({2, 2}, {2, 2}, {0, 0}, 1),
     .in = {X(1, 7, 5, 4)}},
    {.label = "spp 5", .attr = POOL({5, 5}, {1, 1}, {2, 2}, 0), .in = {X(2, 5, 6, 3)}},
    {.label = "spp 13 on a smaller plane",
     .attr = POOL({13, 13}, {1, 1}, {6, 6}, 0),
     .in = {X(1, 7, 9, 17)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "resnet stem, whole vectors",
     .attr = POOL({3, 3}, {2, 2}, {1, 1}, 0),
     .in = {X(1, 6, 5, 16)}},
    {.label = "spp 5, whole vectors",
     .attr = POOL({5, 5}, {1, 1}, {2, 2}, 0),
     .in = {X(1, 6, 5, 16)}},
    {.label = "3x3 beyond the plane, whole vectors",
     .attr = POOL({3, 3}, {2, 2}, {0, 0}, 1),
     .in = {X(1, 2, 4, 8)}},
    {.label = "spp 13, four tiles",
     .attr = POOL({13, 13}, {1, 1}, {6, 6}, 0),
     .in = {X(1, 23, 21, 8)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "tile + 1",
     .attr = POOL({3, 3}, {2, 2}, {1, 1}, 0),
     .in = {X(2, 9, 8, 65)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "resnet stem 112",
     .attr = POOL({3, 3}, {2, 2}, {1, 1}, 0),
     .in = {X(1, 112, 112, 64)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {0}};

/* Of equal elements the first in row order gets the gradient. */
static const double ties[9] = {1, 1, 0, 1, 2, 2, 2, 0, 2};
static const double ties_dy[4] = {1, 2, 3, 4};
static const double ties_dx[9] = {0, 0, 0, 0, 10, 0, 0, 0, 0};

const gd_case gd_cases_max_pool2d_bwd[] = {
    {.label = "ties",
     .attr = POOL({2, 2}, {1, 1}, {0, 0}, 0),
     .in = {{.ndim = 4, .dim = {1, 2, 2, 1}, .give = ties_dy},
            {.ndim = 4, .dim = {1, 3, 3, 1}, .give = ties}},
     .out = {{.ndim = 4, .dim = {1, 3, 3, 1}, .want = ties_dx}}},
    {.label = "more than 256 pixels a window",
     .attr = POOL({17, 16}, {8, 9}, {2, 0}, 0),
     .in = {X(1, 2, 2, 3), X(1, 24, 27, 3)}},
    {.label = "more than 256 pixels a window, whole vectors",
     .attr = POOL({17, 16}, {8, 9}, {2, 0}, 0),
     .in = {X(1, 2, 2, 16), X(1, 24, 27, 16)}},
    {.label = "resnet stem 112",
     .attr = POOL({3, 3}, {2, 2}, {1, 1}, 0),
     .in = {X(1, 56, 56, 64), X(1, 112, 112, 64)},
     .flags = GD_CASE_LARGE},
    {.label = "threads",
     .attr = &(const gd_max_pool2d){{3, 3}, {2, 2}, {1, 1}, 0},
     .in = {{.ndim = 4, .dim = {2, 31, 30, 70}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 4, .dim = {2, 61, 59, 70}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "equals",
     .attr = &(const gd_max_pool2d){{5, 5}, {1, 1}, {2, 2}, 0},
     .in = {{.ndim = 4, .dim = {2, 40, 33, 33}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 4, .dim = {2, 40, 33, 33}, .draw = GD_DRAW_INTEGERS, .lo = -2, .hi = 2}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
