/* cast_cases.c -- shapes on which every cast kernel is checked and timed.
 *
 * Golden values: torch.Tensor.half of single-precision numbers: ties on both sides, the largest
 * half and what lies beyond it, subnormals and what is too small to be one. */
#include <math.h>

#include "kernels/cast/cast.h"

extern const gd_case gd_cases_cast[];

static const double x[] = {0x0p0,          0x1.555556p-2,  -0x1.001062p+1, 2049,
                           2051,           65504,          65519,          -65520,
                           0x1.ffb480p-15, 0x1.0068d8p-24, 0x1.f2375ap-26, -0x1.ad7f2ap-24,
                           0x1.002p0,      0x1.006p0,      0x1.913334p+6,  -0x1.99999ap-4};
static const double y[] = {0,
                           0.333251953125,
                           -2,
                           2048,
                           2052,
                           65504,
                           65504,
                           -INFINITY,
                           6.097555160522461e-05,
                           5.960464477539063e-08,
                           0,
                           -1.1920928955078125e-07,
                           1,
                           1.001953125,
                           100.3125,
                           -0.0999755859375};
static const double z[] = {-1.5, 0.0625, 3, -0.375, 128, -77.5};

/* Rounding has no gradient that differences could find. */
#define HALF .attr = &(const gd_cast){GD_F16}, .flags = GD_CASE_NO_GRAD
#define FULL \
    .attr = &(const gd_cast) { GD_F32 }

/* But for the golden case, all values are halves, so that rows of either type are exact. */
const gd_case gd_cases_cast[] = {
    {.label = "torch half",
     .in = {{.ndim = 2, .dim = {2, 8}, .give = x}},
     .out = {{.ndim = 2, .dim = {2, 8}, .want = y}},
     HALF},
    {.label = "torch float",
     .in = {{.ndim = 2, .dim = {2, 3}, .give = z}},
     .out = {{.ndim = 2, .dim = {2, 3}, .want = z}},
     FULL},
    {.label = "one element to f16", .in = {{.ndim = 1, .dim = {1}}}, HALF},
    {.label = "one element to f32", .in = {{.ndim = 1, .dim = {1}}}, FULL},
    {.label = "odd plane to f16", .in = {{.ndim = 4, .dim = {2, 3, 5, 7}}}, HALF},
    {.label = "odd plane to f32", .in = {{.ndim = 4, .dim = {2, 3, 5, 7}}}, FULL},
    {.label = "vectors to f16", .in = {{.ndim = 4, .dim = {2, 3, 5, 24}}}, HALF},
    {.label = "vectors to f32", .in = {{.ndim = 4, .dim = {1, 3, 5, 24}}}, FULL},
    {.label = "threads to f16",
     .in = {{.ndim = 4, .dim = {1, 61, 59, 24}, .draw = GD_DRAW_INTEGERS, .lo = -99, .hi = 99}},
     HALF},
    {.label = "threads to f32",
     .in = {{.ndim = 4, .dim = {1, 61, 59, 23}, .draw = GD_DRAW_INTEGERS, .lo = -99, .hi = 99}},
     FULL,
     .flags = GD_CASE_NO_GRAD},
    {0}};
