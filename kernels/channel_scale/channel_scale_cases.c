/* channel_scale_cases.c -- shapes on which every channel_scale kernel is checked and timed.
 *
 * Golden values: x * s in PyTorch, broadcast over the pixels of each picture. */
#include "kernels/channel_scale/channel_scale.h"

extern const gd_case gd_cases_channel_scale[];
extern const gd_case gd_cases_channel_scale_bwd[];

static const double x[] = {-1.25, 1.25,  -4.5, 3.5,  -2.75, -4.25, -1.75, -3.25, 4.25,
                           -4.5,  0.5,   0.75, 2.5,  4.25,  -1.25, -4.5,  3,     3.75,
                           -4,    -0.5,  -3,   3.75, 2,     -0.5,  -0.75, -4.5,  4,
                           -2.5,  -0.25, 1,    -1,   0.5,   -0.75, -0.75, 1.75,  3.75};
static const double s[] = {0.75, 0.5, -2, 0.25, -1.5, -0.25};
static const double y[] = {-0.9375, 0.625,   9,      2.625,  -1.375, 8.5,    -1.3125, -1.625,
                           -8.5,    -3.375,  0.25,   -1.5,   1.875,  2.125,  2.5,     -3.375,
                           1.5,     -7.5,    -1,     0.75,   0.75,   0.9375, -3,      0.125,
                           -0.1875, 6.75,    -1,     -0.625, 0.375,  -0.25,  -0.25,   -0.75,
                           0.1875,  -0.1875, -2.625, -0.9375};

#define SHAPE(text, extra, b, h, w, c)                                              \
    {                                                                               \
        .label = text,                                                              \
        .in = {{.ndim = 4, .dim = {b, h, w, c}}, {.ndim = 4, .dim = {b, 1, 1, c}}}, \
        .flags = extra                                                              \
    }

const gd_case gd_cases_channel_scale[] = {
    {.label = "torch",
     .in = {{.ndim = 4, .dim = {2, 3, 2, 3}, .give = x},
            {.ndim = 4, .dim = {2, 1, 1, 3}, .give = s}},
     .out = {{.ndim = 4, .dim = {2, 3, 2, 3}, .want = y}}},
    SHAPE("one value", 0, 1, 1, 1, 1),
    SHAPE("odd plane", 0, 1, 3, 5, 7),
    SHAPE("whole vectors", 0, 2, 3, 3, 8),
    SHAPE("vectors and one", 0, 2, 2, 3, 17),
    SHAPE("many pictures", 0, 5, 1, 2, 24),
    SHAPE("mobilenet", GD_CASE_NO_GRAD, 2, 28, 28, 72),
    {0}};
/* Covered through the gradient check, but for what is summed by many. */
#define BACK(text, b, h, w, c)                                         \
    {                                                                  \
        .label = text, .in = {                                         \
            {.ndim = 4, .dim = {b, h, w, c}, .draw = GD_DRAW_UNIFORM}, \
            {.ndim = 4, .dim = {b, h, w, c}, .draw = GD_DRAW_UNIFORM}, \
            {.ndim = 4, .dim = {b, 1, 1, c}, .draw = GD_DRAW_UNIFORM}  \
        }                                                              \
    }
const gd_case gd_cases_channel_scale_bwd[] = {BACK("many blocks", 2, 61, 59, 3),
                                              BACK("many blocks, whole vectors", 3, 40, 37, 16),
                                              BACK("several parts", 2, 61, 59, 23),
                                              {0}};
