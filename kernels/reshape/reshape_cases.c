/* reshape_cases.c -- shapes on which every reshape kernel is checked and timed.
 *
 * Golden values: torch.reshape keeps the row-major order of the elements. */
#include "kernels/reshape/reshape.h"

extern const gd_case gd_cases_reshape[];

static const double x[] = {-0.875, -1.375, -0.625, -1.25, -0.125, 0,     1.125, 0.125,
                           0.25,   -1.125, 1.25,   -0.75, 0.75,   -0.25, 1,     1.375,
                           -0.5,   0.875,  0.5,    0.625, -1.5,   0.375, -1,    -0.375};

const gd_case gd_cases_reshape[] = {
    {.label = "torch",
     .attr = &(const gd_reshape){2, {-1, 6}},
     .in = {{.ndim = 3, .dim = {2, 3, 4}, .give = x}},
     .out = {{.ndim = 2, .dim = {4, 6}, .want = x}}},
    {.label = "torch, indices",
     .attr = &(const gd_reshape){1, {4}},
     .in = {{.ndim = 2, .dim = {4, 1}, .dtype = GD_I32, .give = (const double[]){9, -2, 0, 7}}},
     .out = {{.ndim = 1, .dim = {4}, .want = (const double[]){9, -2, 0, 7}}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "flatten",
     .attr = &(const gd_reshape){2, {2, -1}},
     .in = {{.ndim = 4, .dim = {2, 3, 5, 2}}}},
    {.label = "same channels",
     .attr = &(const gd_reshape){3, {1, -1, 5}},
     .in = {{.ndim = 4, .dim = {1, 3, 7, 5}}}},
    {.label = "anchors",
     .attr = &(const gd_reshape){3, {1, -1, 4}},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 12}}}},
    {.label = "neither width divides the other",
     .attr = &(const gd_reshape){3, {3, 4, -1}},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 16}}}},
    {.label = "one element",
     .attr = &(const gd_reshape){1, {1}},
     .in = {{.ndim = 4, .dim = {1, 1, 1, 1}}}},
    {.label = "six axes",
     .attr = &(const gd_reshape){6, {2, 1, 3, 1, 2, -1}},
     .in = {{.ndim = 2, .dim = {6, 10}}}},
    {.label = "threads",
     .attr = &(const gd_reshape){2, {-1, 30}},
     .in = {{.ndim = 4, .dim = {1, 61, 60, 15}}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
