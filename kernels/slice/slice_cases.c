/* slice_cases.c -- shapes on which every slice kernel is checked and timed.
 *
 * Golden values: indexing in PyTorch. */
#include "kernels/slice/slice.h"

extern const gd_case gd_cases_slice[];
extern const gd_case gd_cases_slice_bwd[];

static const double x[] = {
    -2.5,   -2.625, -3.125, -0.25, -0.5,   -1.625, 2.5,    1.125,  0.625,  -0.75,  -1.5,
    0.5,    -2.75,  0.875,  0.375, -0.875, 1.875,  2.125,  -3,     -2.875, 1.75,   1.5,
    1.375,  2.75,   2.25,   1.25,  -0.125, 2.625,  -1.75,  -2.375, -1.25,  2,      -1.375,
    -2.25,  -1,     -2,     1,     3,      2.875,  -1.125, -1.875, 2.375,  -2.125, -0.375,
    -3.375, 3.25,   0.25,   0.75,  0,      1.625,  3.125,  -3.25,  -0.625, 0.125};
static const double x_1_8_3[] = {-0.25, -0.5, -1.625, -2.75,  0.875,  0.375, 1.5, 1.375, 2.75,
                                 -1.25, 2,    -1.375, -1.125, -1.875, 2.375, 0,   1.625, 3.125};
static const double x_neg[] = {-2.75,  0.875,  0.375, -0.875, 1.875,  2.125,  -3,    -2.875,
                               1.75,   1.5,    1.375, 2.75,   -1.125, -1.875, 2.375, -2.125,
                               -0.375, -3.375, 3.25,  0.25,   0.75,   0,      1.625, 3.125};
static const double x_ch[] = {-2.625, -3.125, -0.5,   -1.625, 1.125,  0.625,  -1.5,  0.5,
                              0.875,  0.375,  1.875,  2.125,  -2.875, 1.75,   1.375, 2.75,
                              1.25,   -0.125, -1.75,  -2.375, 2,      -1.375, -1,    -2,
                              3,      2.875,  -1.875, 2.375,  -0.375, -3.375, 0.25,  0.75,
                              1.625,  3.125,  -0.625, 0.125};
static const double x_ch2[] = {
    -2.5, -3.125, -0.25,  -1.625, 2.5,    0.625,  -0.75, 0.5,    -2.75, 0.375,  -0.875, 2.125,
    -3,   1.75,   1.5,    2.75,   2.25,   -0.125, 2.625, -2.375, -1.25, -1.375, -2.25,  -2,
    1,    2.875,  -1.125, 2.375,  -2.125, -3.375, 3.25,  0.75,   0,     3.125,  -3.25,  0.125};
static const double indices[] = {-7, -4, -1, 2, 5, 8, 11, 14, 17, 20};
static const double indices_5_[] = {8, 11, 14, 17, 20};

#define CUT(text, ...)                                                 \
    {                                                                  \
        .label = text, .attr = &(const gd_slice){__VA_ARGS__}, .in = { \
            {.ndim = 4, .dim = {2, 7, 5, 6}}                           \
        }                                                              \
    }

const gd_case gd_cases_slice[] = {
    {.label = "torch 1:8:3",
     .attr = &(const gd_slice){1, 1, 8, 3},
     .in = {{.ndim = 3, .dim = {2, 9, 3}, .give = x}},
     .out = {{.ndim = 3, .dim = {2, 3, 3}, .want = x_1_8_3}}},
    {.label = "torch -5:-1",
     .attr = &(const gd_slice){1, -5, -1, 1},
     .in = {{.ndim = 3, .dim = {2, 9, 3}, .give = x}},
     .out = {{.ndim = 3, .dim = {2, 4, 3}, .want = x_neg}}},
    {.label = "torch, channels 1:",
     .attr = &(const gd_slice){-1, 1, INT32_MAX, 1},
     .in = {{.ndim = 3, .dim = {2, 9, 3}, .give = x}},
     .out = {{.ndim = 3, .dim = {2, 9, 2}, .want = x_ch}}},
    {.label = "torch, channels ::2",
     .attr = &(const gd_slice){2, 0, INT32_MAX, 2},
     .in = {{.ndim = 3, .dim = {2, 9, 3}, .give = x}},
     .out = {{.ndim = 3, .dim = {2, 9, 2}, .want = x_ch2}}},
    {.label = "torch, indices",
     .attr = &(const gd_slice){0, 5, 100, 1},
     .in = {{.ndim = 1, .dim = {10}, .dtype = GD_I32, .give = indices}},
     .out = {{.ndim = 1, .dim = {5}, .want = indices_5_}},
     .flags = GD_CASE_NO_GRAD},
    CUT("one picture", 0, 1, 2, 1),
    CUT("rows ::2", 1, 0, INT32_MAX, 2),
    CUT("columns 1::2", 2, 1, INT32_MAX, 2),
    CUT("columns 1:4", -2, 1, 4, 1),
    CUT("one channel", -1, 5, 6, 4),
    {.label = "columns of one row",
     .attr = &(const gd_slice){2, 1, INT32_MAX, 3},
     .in = {{.ndim = 4, .dim = {1, 1, 8, 3}}}},
    {.label = "whole vectors of channels",
     .attr = &(const gd_slice){-1, 8, 24, 1},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 32}}}},
    {.label = "every second of many channels",
     .attr = &(const gd_slice){-1, 0, INT32_MAX, 2},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 32}}}},
    {.label = "threads",
     .attr = &(const gd_slice){1, 0, INT32_MAX, 2},
     .in = {{.ndim = 4, .dim = {1, 127, 61, 16}}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
const gd_case gd_cases_slice_bwd[] = {
    {.label = "threads, rows",
     .attr = &(const gd_slice_bwd){1, 3, 2, 61},
     .in = {{.ndim = 4, .dim = {2, 28, 59, 23}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "threads, channels",
     .attr = &(const gd_slice_bwd){-1, 1, 3, 33},
     .in = {{.ndim = 4, .dim = {2, 41, 59, 10}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
