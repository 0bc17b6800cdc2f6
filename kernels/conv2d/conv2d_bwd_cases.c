/* conv2d_bwd_cases.c -- shapes on which the kernels of both gradients are checked and timed.
 *
 * Smaller ones, and the definition itself, are met in the gradient check of conv2d. */
#include "kernels/conv2d/conv2d.h"

extern const gd_case gd_cases_conv2d_bwd_data[];
extern const gd_case gd_cases_conv2d_bwd_weight[];

#define T(n, h, w, c) \
    { .ndim = 4, .dim = {n, h, w, c}, U }
#define U .draw = GD_DRAW_UNIFORM
#define CONV(...) \
    { __VA_ARGS__ }
/* One convolution: x [n, h, w, c], filters k x r x s, y [n, p, q, k]. */
#define DATA(text, conv, n, h, w, c, k, r, s, g, p, q, more)                        \
    {                                                                               \
        .label = text, .attr = &(const gd_conv2d_bwd_data){conv, {h, w}},           \
        .in = {T(n, p, q, k), T(k, r, s, (c) / (g))}, .flags = GD_CASE_NO_GRAD more \
    }
#define WEIGHT(text, conv, n, h, w, c, k, r, s, g, p, q, more)              \
    {                                                                       \
        .label = text, .attr = &(const gd_conv2d_bwd_weight){conv, {r, s}}, \
        .in = {T(n, p, q, k), T(n, h, w, c)}, .flags = GD_CASE_NO_GRAD more \
    }
#define PLAIN(s, p, g) CONV({s, s}, {p, p, p, p}, {1, 1}, g)

/* Both gradients are checked on the same convolutions. */
#define SHAPES(X)                                                                              \
    X("one pixel", PLAIN(1, 0, 1), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ),                            \
        X("1x1, rows + 1", PLAIN(1, 0, 1), 1, 13, 5, 65, 49, 1, 1, 1, 13, 5, ),                \
        X("1x1, filters a multiple of a page", PLAIN(1, 0, 1), 2, 5, 7, 33, 256, 1, 1, 1, 5,   \
          7, ),                                                                                \
        X("1x1 stride 2", PLAIN(2, 0, 1), 1, 9, 7, 32, 64, 1, 1, 1, 5, 4, ),                   \
        X("3x3, two blocks of pixels", PLAIN(1, 1, 1), 2, 17, 13, 17, 33, 3, 3, 1, 17, 13, ),  \
        X("3x3, many filters", PLAIN(1, 1, 1), 1, 5, 6, 40, 150, 3, 3, 1, 5, 6, ),             \
        X("3x3, many channels", PLAIN(1, 1, 1), 1, 5, 4, 150, 20, 3, 3, 1, 5, 4, ),            \
        X("3x3 stride 2", PLAIN(2, 1, 1), 2, 9, 8, 16, 32, 3, 3, 1, 5, 4, ),                   \
        X("stem 7x7", PLAIN(2, 3, 1), 1, 19, 22, 3, 64, 7, 7, 1, 10, 11, ),                    \
        X("stem 6x6", PLAIN(2, 2, 1), 2, 21, 37, 3, 40, 6, 6, 1, 10, 18, ),                    \
        X("windows apart", PLAIN(3, 0, 1), 1, 8, 9, 5, 6, 2, 2, 1, 3, 3, ),                    \
        X("uneven everything", CONV({2, 3}, {1, 0, 2, 1}, {2, 3}, 1), 2, 11, 13, 20, 36, 3, 2, \
          1, 5, 4, ),                                                                          \
        X("taps all on padding", CONV({1, 1}, {5, 0, 0, 5}, {2, 2}, 1), 1, 3, 3, 3, 2, 2, 2,   \
          1, 6, 6, ),                                                                          \
        X("dilated by the stride", CONV({2, 2}, {2, 2, 2, 2}, {2, 2}, 1), 1, 8, 9, 7, 9, 3, 3, \
          1, 4, 5, ),                                                                          \
        X("groups of 16", PLAIN(1, 1, 3), 1, 5, 6, 48, 48, 3, 3, 3, 5, 6, ),                   \
        X("groups of 5 and 7", PLAIN(2, 1, 2), 1, 5, 6, 10, 14, 3, 3, 2, 3, 3, ),              \
        X("two filters a channel", PLAIN(1, 1, 6), 1, 5, 4, 6, 12, 3, 3, 6, 5, 4, ),           \
        X("depthwise 3x3", PLAIN(1, 1, 33), 1, 9, 11, 33, 33, 3, 3, 33, 9, 11, ),              \
        X("depthwise 5x5 stride 2", PLAIN(2, 2, 64), 2, 13, 10, 64, 64, 5, 5, 64, 7, 5, ),     \
        X("depthwise 5x5, channels in eights", PLAIN(1, 2, 72), 1, 7, 9, 72, 72, 5, 5, 72, 7,  \
          9, ),                                                                                \
        X("depthwise, channels in fours", PLAIN(2, 1, 20), 1, 5, 15, 20, 20, 3, 3, 20, 3,      \
          8, ),                                                                                \
        X("depthwise dilated", CONV({1, 2}, {2, 0, 1, 3}, {2, 3}, 16), 2, 7, 9, 16, 16, 3, 3,  \
          16, 6, 3, ),                                                                         \
        X("depthwise one pixel", PLAIN(1, 2, 8), 1, 1, 1, 8, 8, 5, 5, 8, 1, 1, ),              \
        X("depthwise, one filter on padding", PLAIN(1, 3, 16), 1, 2, 3, 16, 16, 2, 2, 16, 7,   \
          8, ),                                                                                \
        X("stem 3x3, pixels in parts", PLAIN(2, 1, 1), 1, 93, 71, 3, 20, 3, 3, 1, 47, 36, ),   \
        X("96 channels, 120 filters", PLAIN(1, 1, 1), 1, 9, 11, 96, 120, 3, 3, 1, 9, 11, ),    \
        X("64 channels, stride 2", PLAIN(2, 1, 1), 2, 9, 8, 64, 96, 3, 3, 1, 5, 4, ),          \
        X("64 channels, 1x1 stride 2", PLAIN(2, 0, 1), 1, 9, 8, 64, 64, 1, 1, 1, 5, 4, ),      \
        X("64 channels, uneven", CONV({2, 3}, {1, 0, 2, 1}, {2, 3}, 1), 2, 11, 13, 64, 64, 3,  \
          2, 1, 5, 4, ),                                                                       \
        X("3x3, 4 does not divide", CONV({1, 1}, {1, 0, 2, 1}, {1, 1}, 1), 3, 17, 18, 32, 48,  \
          3, 3, 1, 18, 17, ),                                                                  \
        X("3x3, no padding", PLAIN(1, 0, 1), 4, 18, 15, 48, 32, 3, 3, 1, 16, 13, ),            \
        X("3x3, two pixels of padding", PLAIN(1, 2, 1), 4, 16, 13, 32, 32, 3, 3, 1, 18, 15, ), \
        X("resnet 3x3 40", PLAIN(1, 1, 1), 2, 40, 40, 64, 64, 3, 3, 1, 40, 40,                 \
          | GD_CASE_LARGE),                                                                    \
        X("resnet 3x3 stride 2", PLAIN(2, 1, 1), 2, 40, 40, 128, 128, 3, 3, 1, 20, 20,         \
          | GD_CASE_LARGE),                                                                    \
        X("yolox depthwise 52", PLAIN(1, 1, 64), 2, 52, 52, 64, 64, 3, 3, 64, 52, 52,          \
          | GD_CASE_LARGE)

const gd_case gd_cases_conv2d_bwd_data[] = {SHAPES(DATA), {0}};
const gd_case gd_cases_conv2d_bwd_weight[] = {SHAPES(WEIGHT), {0}};
