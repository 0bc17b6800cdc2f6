/* conv2d_cases.c -- shapes on which every convolution kernel is checked and timed.
 *
 * Golden values are PyTorch's (float64): multiples of 1/16, so they are exact. */
#include "kernels/conv2d/conv2d.h"

extern const gd_case gd_cases_conv2d[];
extern const gd_case gd_cases_conv2d_bwd_data[];
extern const gd_case gd_cases_conv2d_bwd_weight[];

static const double all_x[120] = {
    1.75,  -1,    2.75,  -0.25, 2.5,   2.75,  2,     1,     -3,    0.5,   3,     -1.25,
    2,     -2.75, -1.75, -2.25, -0.25, 0.75,  -1.25, 0,     1.25,  -2.25, 1.5,   -1.25,
    -3,    2.75,  -1.5,  0.25,  -1,    -1.75, 3,     0,     -1.75, 3,     -2.5,  -2,
    1.75,  1.75,  0.5,   -2,    -2,    -3,    -3,    -1.5,  3,     -1.5,  -1.75, -1.75,
    -0.75, -0.5,  -1.5,  1.25,  2.25,  2,     -1.5,  -1.75, 2.5,   -1.5,  0,     -0.75,
    -3,    -0.25, 0.25,  -1.75, -2,    -1,    -2.5,  -0.5,  -0.75, 1.75,  1.5,   -3,
    1.75,  2.25,  2.5,   -0.5,  -2.5,  -0.75, -0.25, -0.75, 0.75,  2.5,   -0.5,  -1.75,
    0.75,  0.75,  2.5,   -1.75, -2.75, -1,    -3,    2.75,  -0.25, 0,     -3,    1.25,
    0.25,  -0.25, 0,     1.5,   -3,    0.5,   -2.75, 2.5,   -1.75, 1.75,  -1.5,  -2.25,
    3,     -1.25, 0.5,   -0.25, 1,     -0.25, 1,     -1,    3,     0.5,   -2.25, 1.5};
static const double all_w[48] = {
    2.75, 3,     -0.25, -0.75, -2.75, 0.25,  -2.5,  -1.5, -0.5,  1,     1.75,  -0.25,
    -2,   -0.5,  -1,    2.5,   1.25,  -2.5,  -0.75, 2.25, -0.5,  -0.75, -1.75, -2.5,
    2,    -2,    2.75,  2.5,   -0.75, 0.75,  -1.75, 2.75, -2.75, -2.5,  1.75,  1.25,
    0,    -2.75, -1.25, 2.75,  1.75,  -0.25, -1,    0.5,  2,     0.25,  -2,    -2.75};
static const double all_b[4] = {2, -2.75, 0.75, -0.5};
static const double all_y[56] = {
    -6.8125,  -7.9375, -7.0625, -1.0625,  -9.6875, 7.6875,  5.25,    -8,      4.125,    0.3125,
    -13.5625, 8.3125,  -3.6875, -19.8125, -13,     13.875,  11,      3.75,    4.5,      10.9375,
    2.5625,   -3.0625, -7.3125, 3.6875,   0.875,   -1.6875, 13.6875, -9.0625, 5.8125,   -2.125,
    7.0625,   0.5625,  -9.25,   2.9375,   5.4375,  -1.0625, 0.1875,  -3.9375, -23.3125, 3.8125,
    -3.9375,  0.875,   2.4375,  -10.8125, 5.75,    4.9375,  -5.875,  4.0625,  19.8125,  -13,
    -22,      7.375,   -6.875,  4.875,    0.625,   -5.9375};
static const double deep_x[120] = {
    -1.5,  -2,   2.75,  1.5,   -2,    2,     0.25,  -2.25, -1.75, 0.25,  -0.25, -2,
    -2.75, 0.25, -0.75, -2,    0.5,   1.75,  -1.75, 1,     0.5,   0.75,  2.5,   2.75,
    -0.5,  0.75, -1,    -0.75, 0.75,  0,     -2,    -2.25, 0,     1.25,  -1.75, 2,
    0.75,  -0.5, -1.75, -2.5,  0.75,  -1,    1,     1.25,  1,     -0.25, -2.5,  3,
    -0.25, 2.5,  1.5,   2.25,  -2.75, 3,     -0.75, -0.25, 1.25,  2.5,   2.25,  -1,
    0.75,  -1,   3,     2.5,   2.5,   -0.75, -0.5,  2,     -1.75, 1.5,   -3,    0.75,
    1.25,  3,    -1,    -0.5,  2.25,  -1,    0.5,   -0.75, 1,     2,     2.25,  -0.25,
    -0.25, -1,   2,     -0.25, 2.75,  0.25,  -0.25, -1.75, 2.5,   0.5,   -0.25, -0.5,
    1,     -2,   1,     -1.75, -1.5,  -0.25, 0.75,  -0.75, 2.5,   -2.5,  2.75,  2.25,
    2.75,  0.25, -1.75, 1.75,  3,     1.5,   1,     2.25,  0.25,  -0.75, 1.75,  1.25};
static const double deep_w[27] = {3,     2,    -1,    2.75,  -3,    -1.5, -1.75, 1.5,  0.5,
                                  1.75,  2,    -1.75, -1.25, 3,     2.25, -1.75, 2,    2.5,
                                  -2.75, 0.75, -1.25, -1.75, -2.75, -2,   -2.25, -0.5, -1.75};
static const double deep_b[3] = {0.75, -1.5, 1.25};
static const double deep_y[36] = {
    -0.875, -8.5,     -12.0625, 7.6875, -1.1875, 5.8125,  9.4375,   -0.25,  9.0625,
    2.125,  -11.6875, -6.1875,  5.875,  -4.1875, -0.5625, -7.0625,  9.0625, 0.6875,
    -5.75,  3.75,     -6.75,    8.875,  -2.0625, 0.25,    1.1875,   18.5,   -1.9375,
    -3.125, 4.625,    -4.6875,  5.8125, 5.5625,  -2.8125, -10.4375, 1.4375, -11.6875};
static const double twice_x[18] = {-2.75, 0.25,  0.5, -0.25, 0,  2.25,  1.75, -2.5, 1.5,
                                   -1.5,  -1.25, 2.5, -0.25, -3, -0.25, 0,    -1,   0.25};
static const double twice_w[16] = {-2.25, 2.5,   1.25, -0.25, -2.75, 1.25, 1.75,  -0.75,
                                   -2.25, -0.75, 1.25, 1,     -0.5,  1.5,  -0.75, -0.25};
static const double twice_y[16] = {9.25,    10.125,  -5, 1.75, 1.0625,  2.1875, -0.5, 4,
                                   -0.4375, -3.1875, 3,  1.25, -6.5625, -5.375, 1.75, 4.4375};
static const double wide_x[24] = {-2,   0.25,  0.25,  1.5,  2,   1.25, -0.25, 0.5,
                                  -2,   -1.75, 1.75,  0,    1.5, 0.75, -1.5,  -2,
                                  1.75, -2.5,  -0.25, 2.25, -3,  0,    -2.25, -0.5};
static const double wide_w[8] = {1.5, 1.75, 1.25, -2, -0.5, 2, 1.5, 0};
static const double wide_y[16] = {2.3125, 3.75, -1.5,    -2.375, 5.25,   1.125, -0.6875, -0.25,
                                  0.8125, 0,    -0.1875, -4.25,  -0.375, -3.75, -2.25,   0.75};
static const double point_x[18] = {0.25,  0.25, -1.25, 0.75, -0.75, 0.75,  2.5,  0,  0,
                                   -1.75, 1.75, 1.75,  -1,   2.75,  -0.75, 0.75, -1, 0.25};
static const double point_w[6] = {-3, -0.5, -0.75, 0.75, -0.75, -2};
static const double point_b[2] = {0.75, -3};
static const double point_y[12] = {0.8125, -0.5,   -1.6875, -3.375,  -6.75,   -1.125,
                                   3.8125, -9.125, 2.9375,  -4.3125, -1.1875, -2.1875};

/* Attributes and inputs, written as the model files write them. */
#define CONV(s, p, d, g) \
    &(const gd_conv2d) { {s, s}, {p, p, p, p}, {d, d}, g }
#define ATTR(...) \
    &(const gd_conv2d) { __VA_ARGS__ }
#define X(n, h, w, c)                    \
    {                                    \
        .ndim = 4, .dim = { n, h, w, c } \
    }
#define W(k, r, s, c) \
    { .ndim = 4, .dim = {k, r, s, c}, .constant = true }
#define B(k) \
    { .ndim = 1, .dim = {k}, .constant = true }
#define GIVE(v) .give = v

const gd_case gd_cases_conv2d[] = {
    {.label = "all attributes",
     .attr = ATTR({2, 1}, {1, 2, 0, 1}, {1, 2}, 2),
     .in = {{.ndim = 4, .dim = {1, 5, 6, 4}, GIVE(all_x)},
            {.ndim = 4, .dim = {4, 3, 2, 2}, GIVE(all_w), .constant = true},
            {.ndim = 1, .dim = {4}, GIVE(all_b), .constant = true}},
     .out = {{.ndim = 4, .dim = {1, 2, 7, 4}, .want = all_y}}},
    {.label = "depthwise stride 2",
     .attr = CONV(2, 1, 1, 3),
     .in = {{.ndim = 4, .dim = {2, 4, 5, 3}, GIVE(deep_x)},
            {.ndim = 4, .dim = {3, 3, 3, 1}, GIVE(deep_w), .constant = true},
            {.ndim = 1, .dim = {3}, GIVE(deep_b), .constant = true}},
     .out = {{.ndim = 4, .dim = {2, 2, 3, 3}, .want = deep_y}}},
    {.label = "two filters a channel",
     .attr = CONV(1, 0, 1, 2),
     .in = {{.ndim = 4, .dim = {1, 3, 3, 2}, GIVE(twice_x)},
            {.ndim = 4, .dim = {4, 2, 2, 1}, GIVE(twice_w), .constant = true}},
     .out = {{.ndim = 4, .dim = {1, 2, 2, 4}, .want = twice_y}}},
    {.label = "one-sided pad, dilated",
     .attr = ATTR({1, 2}, {0, 0, 1, 2}, {3, 2}, 1),
     .in = {{.ndim = 4, .dim = {1, 6, 4, 1}, GIVE(wide_x)},
            {.ndim = 4, .dim = {2, 2, 2, 1}, GIVE(wide_w), .constant = true}},
     .out = {{.ndim = 4, .dim = {1, 4, 2, 2}, .want = wide_y}}},
    {.label = "1x1 with bias",
     .attr = CONV(1, 0, 1, 1),
     .in = {{.ndim = 4, .dim = {1, 2, 3, 3}, GIVE(point_x)},
            {.ndim = 4, .dim = {2, 1, 1, 3}, GIVE(point_w), .constant = true},
            {.ndim = 1, .dim = {2}, GIVE(point_b), .constant = true}},
     .out = {{.ndim = 4, .dim = {1, 2, 3, 2}, .want = point_y}}},
    /* every input differentiable: no constants */
    {.label = "trained, grouped",
     .attr = ATTR({2, 1}, {1, 0, 0, 2}, {1, 2}, 2),
     .in = {{.ndim = 4, .dim = {2, 4, 3, 4}},
            {.ndim = 4, .dim = {6, 2, 2, 2}},
            {.ndim = 1, .dim = {6}}}},
    {.label = "trained, plain",
     .attr = CONV(1, 1, 1, 1),
     .in = {{.ndim = 4, .dim = {1, 4, 3, 5}}, {.ndim = 4, .dim = {3, 3, 3, 5}}}},
    {.label = "one pixel", .attr = CONV(1, 0, 1, 1), .in = {X(1, 1, 1, 1), W(1, 1, 1, 1)}},
    {.label = "filter is the padded plane",
     .attr = CONV(3, 2, 1, 1),
     .in = {X(1, 3, 1, 2), W(3, 7, 5, 2), B(3)}},
    {.label = "taps all on padding",
     .attr = ATTR({1, 1}, {5, 0, 0, 5}, {2, 2}, 1),
     .in = {X(1, 3, 3, 3), W(2, 2, 2, 3), B(2)}},
    /* around the vector and tile widths of the kernels */
    {.label = "tile - 1",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 7, 5, 15), W(15, 3, 3, 15), B(15)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "tile",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 6, 8, 16), W(16, 3, 3, 16), B(16)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "tile + 1",
     .attr = CONV(2, 1, 1, 1),
     .in = {X(2, 7, 9, 17), W(33, 3, 3, 17), B(33)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "1x1 rows + 1",
     .attr = CONV(1, 0, 1, 1),
     .in = {X(1, 13, 5, 65), W(49, 1, 1, 65), B(49)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "1x1 stride 2",
     .attr = CONV(2, 0, 1, 1),
     .in = {X(1, 9, 7, 32), W(64, 1, 1, 32)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "3x3, 4 does not divide",
     .attr = ATTR({1, 1}, {1, 0, 2, 1}, {1, 1}, 1),
     .in = {X(2, 13, 18, 32), W(48, 3, 3, 32), B(48)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "3x3, many patches",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 46, 49, 32), W(32, 3, 3, 32)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "dilated 3x3",
     .attr = CONV(1, 2, 2, 1),
     .in = {X(1, 9, 8, 16), W(19, 3, 3, 16), B(19)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "groups of 16",
     .attr = CONV(1, 1, 1, 3),
     .in = {X(1, 5, 6, 48), W(48, 3, 3, 16), B(48)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "groups of 5",
     .attr = CONV(1, 1, 1, 2),
     .in = {X(1, 5, 6, 10), W(14, 3, 3, 5), B(14)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "stem 7x7, small",
     .attr = CONV(2, 3, 1, 1),
     .in = {X(1, 19, 22, 3), W(64, 7, 7, 3), B(64)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "stem 6x6, small",
     .attr = CONV(2, 2, 1, 1),
     .in = {X(2, 21, 37, 3), W(40, 6, 6, 3), B(40)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "stem 3x3, stride 2",
     .attr = ATTR({2, 2}, {0, 1, 1, 0}, {1, 1}, 1),
     .in = {X(1, 35, 18, 3), W(16, 3, 3, 3), B(16)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "stem 3x3, two blocks of filters",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 17, 34, 3), W(96, 3, 3, 3)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "quads of channels",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 13, 11, 20), W(36, 3, 3, 20), B(36)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "depthwise 3x3",
     .attr = CONV(1, 1, 1, 33),
     .in = {X(1, 9, 11, 33), W(33, 3, 3, 1), B(33)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "depthwise 5x5 stride 2",
     .attr = CONV(2, 2, 1, 64),
     .in = {X(1, 13, 10, 64), W(64, 5, 5, 1), B(64)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "depthwise 5x5, channels in eights",
     .attr = CONV(1, 2, 1, 72),
     .in = {X(1, 7, 9, 72), W(72, 5, 5, 1), B(72)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "depthwise, channels in fours",
     .attr = CONV(2, 1, 1, 20),
     .in = {X(1, 5, 15, 20), W(20, 3, 3, 1), B(20)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "depthwise dilated, no bias",
     .attr = ATTR({1, 2}, {2, 0, 1, 3}, {2, 3}, 16),
     .in = {X(2, 7, 9, 16), W(16, 3, 3, 1)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "depthwise one pixel",
     .attr = CONV(1, 2, 1, 7),
     .in = {X(1, 1, 1, 7), W(7, 5, 5, 1), B(7)},
     .flags = GD_CASE_NO_GRAD},
    /* around the tiles of the tensor-core kernels: channels in eights */
    {.label = "8 channels, 3 filters",
     .attr = CONV(1, 0, 1, 1),
     .in = {X(1, 9, 7, 8), W(3, 1, 1, 8), B(3)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "63 pixels, 63 filters",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 7, 9, 24), W(63, 3, 3, 24), B(63)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "64 pixels, 64 filters",
     .attr = CONV(1, 0, 1, 1),
     .in = {X(1, 8, 8, 64), W(64, 1, 1, 64), B(64)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "65 pixels, 136 filters",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 5, 13, 72), W(136, 3, 3, 72)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "uneven everything, 40 channels",
     .attr = ATTR({2, 1}, {1, 0, 2, 1}, {1, 2}, 1),
     .in = {X(2, 17, 9, 40), W(20, 3, 3, 40), B(20)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "uneven everything, 48 channels",
     .attr = ATTR({2, 1}, {1, 0, 2, 1}, {1, 2}, 1),
     .in = {X(2, 17, 9, 48), W(72, 3, 3, 48), B(72)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "143 pixels, 136 filters of 128",
     .attr = CONV(1, 0, 1, 1),
     .in = {X(1, 13, 11, 128), W(136, 1, 1, 128), B(136)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "divided reduction",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 7, 7, 256), W(64, 3, 3, 256), B(64)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    /* layers of the models */
    {.label = "resnet stem 224",
     .attr = CONV(2, 3, 1, 1),
     .in = {X(1, 224, 224, 3), W(64, 7, 7, 3), B(64)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "resnet 3x3 56",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 56, 56, 64), W(64, 3, 3, 64), B(64)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "resnet 1x1 14",
     .attr = CONV(1, 0, 1, 1),
     .in = {X(1, 14, 14, 1024), W(256, 1, 1, 1024), B(256)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "fpn 3x3 25x42",
     .attr = CONV(1, 1, 1, 1),
     .in = {X(1, 25, 42, 256), W(256, 3, 3, 256), B(256)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "depthwise 3x3, windows",
     .attr = CONV(1, 1, 1, 256),
     .in = {X(2, 101, 99, 256), W(256, 3, 3, 1), B(256)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "depthwise 3x3 stride 2, windows",
     .attr = CONV(2, 1, 1, 256),
     .in = {X(2, 131, 129, 256), W(256, 3, 3, 1), B(256)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "depthwise 5x5, windows",
     .attr = CONV(1, 2, 1, 256),
     .in = {X(1, 101, 99, 256), W(256, 5, 5, 1), B(256)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "depthwise 5x5 stride 2, windows",
     .attr = CONV(2, 2, 1, 256),
     .in = {X(1, 131, 129, 256), W(256, 5, 5, 1), B(256)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "yolox depthwise 52",
     .attr = CONV(1, 1, 1, 64),
     .in = {X(1, 52, 52, 64), W(64, 3, 3, 1), B(64)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {0}};

/* Covered through the gradient check of conv2d. */
const gd_case gd_cases_conv2d_bwd_data[] = {{0}};
const gd_case gd_cases_conv2d_bwd_weight[] = {{0}};
