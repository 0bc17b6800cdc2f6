/* concat_cases.c -- shapes on which every concat kernel is checked and timed.
 *
 * Golden values: torch.cat. */
#include "kernels/concat/concat.h"

extern const gd_case gd_cases_concat[];

static const double a[] = {0.125, 0.25, 0, -0.375, -0.25, -0.125};
static const double b[] = {0.125, -0.125, -0.5,  0.375, 0.625, -0.25,
                           0.25,  -0.625, -0.75, 0.5,   0,     -0.375};
static const double c[] = {-0.5, 0.75,  -0.875, 0.25, -0.125, -0.25,  -0.375, 0.625, 0.375,
                           -1,   0.875, -1.125, 0.5,  1,      -0.625, -0.75,  0,     0.125};
static const double abc[] = {
    0.125, 0.25,   0,      0.125,  -0.125, -0.5,   0.375,  0.625, -0.25,  -0.5,  0.75,   -0.875,
    0.25,  -0.125, -0.25,  -0.375, 0.625,  0.375,  -0.375, -0.25, -0.125, 0.25,  -0.625, -0.75,
    0.5,   0,      -0.375, -1,     0.875,  -1.125, 0.5,    1,     -0.625, -0.75, 0,      0.125};
static const double e[] = {0, -0.125, -0.25, 0.125};
static const double f[] = {-0.25, 0.5, -0.75, 0.625,  0.75,  0.375,  -0.125, -1,
                           0.875, 0,   0.25,  -0.375, 0.125, -0.875, -0.5,   -0.625};
static const double ef[] = {0,      -0.25,  0.5,   -0.75,  0.625, -0.125, 0.75,
                            0.375,  -0.125, -1,    -0.25,  0.875, 0,      0.25,
                            -0.375, 0.125,  0.125, -0.875, -0.5,  -0.625};
static const double i[] = {-3, -2, -1, 0, 1, 2};
static const double k[] = {100, 101};
static const double ik[] = {-3, -2, -1, 0, 1, 2, 100, 101};

#define ONE(...)                          \
    {                                     \
        .ndim = 2, .dim = { __VA_ARGS__ } \
    }

const gd_case gd_cases_concat[] = {
    {.label = "torch, middle axis",
     .attr = &(const gd_concat){1},
     .in = {{.ndim = 3, .dim = {2, 1, 3}, .give = a},
            {.ndim = 3, .dim = {2, 2, 3}, .give = b},
            {.ndim = 3, .dim = {2, 3, 3}, .give = c}},
     .out = {{.ndim = 3, .dim = {2, 6, 3}, .want = abc}}},
    {.label = "torch, channels",
     .attr = &(const gd_concat){-1},
     .in = {{.ndim = 3, .dim = {2, 2, 1}, .give = e}, {.ndim = 3, .dim = {2, 2, 4}, .give = f}},
     .out = {{.ndim = 3, .dim = {2, 2, 5}, .want = ef}}},
    {.label = "torch, indices",
     .attr = &(const gd_concat){0},
     .in = {{.ndim = 2, .dim = {3, 2}, .dtype = GD_I32, .give = i},
            {.ndim = 2, .dim = {1, 2}, .dtype = GD_I32, .give = k}},
     .out = {{.ndim = 2, .dim = {4, 2}, .want = ik}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "one input", .attr = &(const gd_concat){-1}, .in = {ONE(3, 5)}},
    {.label = "outermost axis", .attr = &(const gd_concat){0}, .in = {ONE(3, 5), ONE(1, 5)}},
    {.label = "pyramid levels",
     .attr = &(const gd_concat){1},
     .in = {{.ndim = 3, .dim = {1, 12, 4}},
            {.ndim = 3, .dim = {1, 3, 4}},
            {.ndim = 3, .dim = {1, 1, 4}}}},
    {.label = "sixteen inputs",
     .attr = &(const gd_concat){-1},
     .in = {ONE(2, 1), ONE(2, 2), ONE(2, 3), ONE(2, 1), ONE(2, 2), ONE(2, 3), ONE(2, 1),
            ONE(2, 2), ONE(2, 3), ONE(2, 1), ONE(2, 2), ONE(2, 3), ONE(2, 1), ONE(2, 2),
            ONE(2, 3), ONE(2, 5)}},
    {.label = "whole vectors of channels",
     .attr = &(const gd_concat){3},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 16}}, {.ndim = 4, .dim = {1, 3, 5, 24}}}},
    {.label = "middle axis, whole vectors",
     .attr = &(const gd_concat){1},
     .in = {{.ndim = 4, .dim = {2, 3, 5, 16}}, {.ndim = 4, .dim = {2, 1, 5, 16}}}},
    {.label = "threads, channels",
     .attr = &(const gd_concat){3},
     .in = {{.ndim = 4, .dim = {1, 53, 47, 16}}, {.ndim = 4, .dim = {1, 53, 47, 31}}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
