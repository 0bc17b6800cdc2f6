/* activation_cases.c -- shapes on which every activation kernel is checked and timed. */
#include "kernels/activation/activation.h"

extern const gd_case gd_cases_relu[];
extern const gd_case gd_cases_relu_bwd[];

const gd_case gd_cases_relu[] = {
    {.label = "by hand",
     .in = {{.ndim = 1, .dim = {5}, .give = (const double[]){-2, -0.0, 0, 0.5, 3}}},
     .out = {{.ndim = 1, .dim = {5}, .want = (const double[]){0, 0, 0, 0.5, 3}}},
     .flags = GD_CASE_NO_GRAD},
    {.label = "one element", .in = {{.ndim = 1, .dim = {1}}}},
    {.label = "odd plane", .in = {{.ndim = 4, .dim = {2, 3, 7, 5}}}},
    {0}};
const gd_case gd_cases_relu_bwd[] = {{0}}; /* covered through the gradient check */
