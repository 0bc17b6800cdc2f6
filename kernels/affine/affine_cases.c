/* affine_cases.c -- shapes on which every affine kernel is checked and timed.
 *
 * Golden values: x * scale + shift in PyTorch, broadcast over the channels. */
#include "kernels/affine/affine.h"

extern const gd_case gd_cases_affine[];
extern const gd_case gd_cases_affine_bwd[];

static const double x[] = {0.75,  1.75,  1.5,  2,    0,     -1,    3.75,  -0.75, 0.25,
                           -2.75, -4.25, 2.5,  -3.5, 3,     -2.25, 4,     1.25,  2.75,
                           -2.5,  -4.5,  -2,   4.25, 3.5,   -1.25, -3.25, 0.5,   -0.25,
                           1,     -0.5,  -1.5, 3.25, -3.75, -4,    -3,    2.25,  -1.75};
static const double scale[] = {1.5, -0.75, 2};
static const double shift[] = {0.25, 1, -3};
static const double y[] = {1.375,  -0.3125, 0,  3.25,  1,      -5,   5.875,  1.5625,  -2.5,
                           -3.875, 4.1875,  2,  -5,    -1.25,  -7.5, 6.25,   0.0625,  2.5,
                           -3.5,   4.375,   -7, 6.625, -1.625, -5.5, -4.625, 0.625,   -3.5,
                           1.75,   1.375,   -6, 5.125, 3.8125, -11,  -4.25,  -0.6875, -6.5};

#define PARAM(c, is_const)                           \
    {.ndim = 1, .dim = {c}, .constant = is_const}, { \
        .ndim = 1, .dim = {c}, .constant = is_const  \
    }

const gd_case gd_cases_affine[] = {
    {.label = "torch",
     .in = {{.ndim = 4, .dim = {2, 3, 2, 3}, .give = x},
            {.ndim = 1, .dim = {3}, .give = scale, .constant = true},
            {.ndim = 1, .dim = {3}, .give = shift, .constant = true}},
     .out = {{.ndim = 4, .dim = {2, 3, 2, 3}, .want = y}}},
    {.label = "one value", .in = {{.ndim = 2, .dim = {1, 1}}, PARAM(1, false)}},
    {.label = "odd plane", .in = {{.ndim = 4, .dim = {1, 3, 5, 7}}, PARAM(7, false)}},
    {.label = "vector and one", .in = {{.ndim = 2, .dim = {3, 17}}, PARAM(17, true)}},
    {.label = "whole vectors", .in = {{.ndim = 4, .dim = {1, 3, 5, 24}}, PARAM(24, false)}},
    {.label = "threads",
     .in = {{.ndim = 4, .dim = {1, 61, 59, 23}, .draw = GD_DRAW_UNIFORM}, PARAM(23, true)},
     .flags = GD_CASE_NO_GRAD},
    {0}};
/* Covered through the gradient check, but for what is summed by many. */
#define BACK(text, c, ...)                                              \
    {                                                                   \
        .label = text, .in = {                                          \
            {.ndim = 4, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM}, \
            {.ndim = 4, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM}, \
            {.ndim = 1, .dim = {c}, .draw = GD_DRAW_UNIFORM}            \
        }                                                               \
    }
const gd_case gd_cases_affine_bwd[] = {BACK("many blocks", 3, 1, 61, 59, 3),
                                       BACK("many blocks, whole vectors", 16, 2, 40, 37, 16),
                                       BACK("more than a tile", 264, 1, 5, 7, 264),
                                       BACK("several parts", 23, 2, 61, 59, 23),
                                       {0}};
