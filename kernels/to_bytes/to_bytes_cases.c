/* to_bytes_cases.c -- shapes on which every way from values to pixels is checked and timed.
 *
 * Golden values are NumPy's: np.clip(np.rint(x), 0, 255). */
#include "engine/op.h"

extern const gd_case gd_cases_to_bytes[];

static const double x[14] = {-1e9,  -0.5,  0,      0.5, 1.5,   2.5, 2.75,
                             127.5, 254.5, 254.75, 255, 255.5, 300, 1e9};
static const double y[14] = {0, 0, 0, 0, 2, 2, 3, 128, 254, 255, 255, 255, 255, 255};

const gd_case gd_cases_to_bytes[] = {
    {.label = "ends and halves",
     .in = {{.ndim = 2, .dim = {7, 2}, .give = x}},
     .out = {{.ndim = 2, .dim = {7, 2}, .want = y}}},
    {.label = "odd plane",
     .in = {{.ndim = 4, .dim = {2, 5, 7, 3}, .draw = GD_DRAW_UNIFORM, .lo = -20, .hi = 280}}},
    {.label = "whole vectors",
     .in = {{.ndim = 2, .dim = {64, 16}, .draw = GD_DRAW_UNIFORM, .lo = -20, .hi = 280}}},
    {.label = "one value", .in = {{.ndim = 1, .dim = {1}}}},
    {.label = "480x270",
     .in = {{.ndim = 4, .dim = {1, 270, 480, 3}, .draw = GD_DRAW_UNIFORM, .hi = 255}},
     .flags = GD_CASE_LARGE},
    {0}};
