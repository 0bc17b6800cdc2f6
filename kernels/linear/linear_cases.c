/* linear_cases.c -- shapes on which every linear kernel is checked and timed.
 *
 * Golden values are PyTorch's (float64): multiples of 1/16, so they are exact. */
#include "kernels/linear/linear.h"

extern const gd_case gd_cases_linear[];
extern const gd_case gd_cases_linear_bwd_data[];
extern const gd_case gd_cases_linear_bwd_weight[];
extern const gd_case gd_cases_sum_pixels[];

static const double x[30] = {1.75, -1,    2.75, -0.25, 2.5,   2.75,  2,     1,    -3,    0.5,
                             3,    -1.25, 2,    -2.75, -1.75, -2.25, -0.25, 0.75, -1.25, 0,
                             1.25, -2.25, 1.5,  -1.25, -3,    2.75,  -1.5,  0.25, -1,    -1.75};
static const double w[15] = {3,   0,  -1.75, 3,  -2.5, -2,   1.75, 1.75,
                             0.5, -2, -2,    -3, -3,   -1.5, 3};
static const double b[3] = {-1.5, -1.75, -1.75};
static const double y[18] = {-8.0625, -7.3125, -2.625,  -5.25,    -4.5,    -10.25,
                             0.125,   -4.3125, -11.125, -13.3125, 3,       3.125,
                             3.375,   -0.1875, -9.125,  7.6875,   -6.4375, -7.25};
static const double y_plain[18] = {-6.5625, -5.5625, -0.875, -3.75,    -2.75,   -8.5,
                                   1.625,   -2.5625, -9.375, -11.8125, 4.75,    4.875,
                                   4.875,   1.5625,  -7.375, 9.1875,   -4.6875, -5.5};
static const double sum[5] = {9.25, -4.25, 8.25, -9.5, -3.5};

#define M(i, c)                    \
    {                              \
        .ndim = 2, .dim = { i, c } \
    }
#define W(k, c) \
    { .ndim = 2, .dim = {k, c}, .constant = true }
#define B(k) \
    { .ndim = 1, .dim = {k}, .constant = true }

const gd_case gd_cases_linear[] = {
    {.label = "three axes, bias",
     .in = {{.ndim = 3, .dim = {2, 3, 5}, .give = x},
            {.ndim = 2, .dim = {3, 5}, .give = w, .constant = true},
            {.ndim = 1, .dim = {3}, .give = b, .constant = true}},
     .out = {{.ndim = 3, .dim = {2, 3, 3}, .want = y}}},
    {.label = "matrix, no bias",
     .in = {{.ndim = 2, .dim = {6, 5}, .give = x},
            {.ndim = 2, .dim = {3, 5}, .give = w, .constant = true}},
     .out = {{.ndim = 2, .dim = {6, 3}, .want = y_plain}}},
    {.label = "trained",
     .in = {{.ndim = 3, .dim = {2, 2, 7}},
            {.ndim = 2, .dim = {4, 7}},
            {.ndim = 1, .dim = {4}}}},
    {.label = "trained, no bias",
     .in = {{.ndim = 2, .dim = {5, 3}}, {.ndim = 2, .dim = {9, 3}}}},
    {.label = "a vector", .in = {{.ndim = 1, .dim = {6}}, {.ndim = 2, .dim = {4, 6}}}},
    {.label = "one", .in = {M(1, 1), W(1, 1), B(1)}},
    {.label = "one output", .in = {M(9, 33), W(1, 33), B(1)}},
    {.label = "tile - 1", .in = {M(15, 31), W(63, 31), B(63)}, .flags = GD_CASE_NO_GRAD},
    {.label = "tile", .in = {M(16, 32), W(64, 32), B(64)}, .flags = GD_CASE_NO_GRAD},
    {.label = "tile + 1", .in = {M(17, 33), W(65, 33), B(65)}, .flags = GD_CASE_NO_GRAD},
    {.label = "weights not constant",
     .in = {M(19, 40), {.ndim = 2, .dim = {23, 40}}, {.ndim = 1, .dim = {23}}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "63 rows, 12 outputs",
     .in = {M(63, 24), W(12, 24), B(12)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "65 rows, 136 outputs",
     .in = {M(65, 72), W(136, 72), B(136)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "130 rows, 136 outputs of 128",
     .in = {M(130, 128), W(136, 128), B(136)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "classifier 1000",
     .in = {M(1, 2048), W(1000, 2048), B(1000)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "box head fc6, 64 boxes",
     .in = {M(64, 12544), W(1024, 12544), B(1024)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {0}};

/* The gradients: more shapes are met in the gradient check of linear. */
#define U(i, c) \
    { .ndim = 2, .dim = {i, c}, .draw = GD_DRAW_UNIFORM }

const gd_case gd_cases_linear_bwd_data[] = {
    {.label = "tile + 1", .in = {U(17, 65), U(65, 33)}},
    {.label = "few rows", .in = {U(3, 256), U(256, 130)}},
    {.label = "many rows", .in = {U(301, 40), U(40, 24)}},
    {.label = "130 rows of 128", .in = {U(130, 128), U(128, 200)}},
    {.label = "box head fc7, 64 boxes",
     .in = {U(64, 1024), U(1024, 1024)},
     .flags = GD_CASE_LARGE},
    {0}};
const gd_case gd_cases_linear_bwd_weight[] = {
    {.label = "tile + 1", .in = {U(17, 65), U(17, 33)}},
    {.label = "one row", .in = {U(1, 130), U(1, 300)}},
    {.label = "three blocks of rows", .in = {U(601, 40), U(601, 36)}},
    {.label = "130 rows of 192", .in = {U(130, 72), U(130, 192)}},
    {.label = "box head fc7, 64 boxes",
     .in = {U(64, 1024), U(64, 1024)},
     .flags = GD_CASE_LARGE},
    {0}};

const gd_case gd_cases_sum_pixels[] = {
    {.label = "three axes",
     .in = {{.ndim = 3, .dim = {2, 3, 5}, .give = x}},
     .out = {{.ndim = 1, .dim = {5}, .want = sum}}},
    {.label = "one pixel", .in = {M(1, 17)}},
    {.label = "eights of channels",
     .in = {{.ndim = 4, .dim = {2, 9, 7, 264}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "threads",
     .in = {{.ndim = 4, .dim = {2, 61, 59, 23}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "feature map",
     .in = {{.ndim = 4, .dim = {2, 9, 7, 33}}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
