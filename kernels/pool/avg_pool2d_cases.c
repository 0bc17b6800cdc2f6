/* avg_pool2d_cases.c -- shapes on which every average-pooling kernel is checked and timed.
 *
 * Golden values are PyTorch's (float64). */
#include "kernels/pool/pool.h"

extern const gd_case gd_cases_avg_pool2d[];
extern const gd_case gd_cases_avg_pool2d_bwd[];
extern const gd_case gd_cases_adaptive_avg_pool2d[];
extern const gd_case gd_cases_adaptive_avg_pool2d_bwd[];

static const double x[70] = {
    39,  -8,  5,  27, -37, 19,  -9,  -34, -20, -26, 7,  20, -9,  8,   29,  -27, 33,  -9,
    -39, -13, 12, -5, -17, 9,   -20, -31, -23, 39,  39, 16, -24, -24, -40, -40, -14, -13,
    -19, -19, -3, 0,  -15, 29,  40,  -14, -17, -15, 9,  -2, -38, 6,   13,  -19, -22, -7,
    -32, 2,   -2, 37, 35,  -40, 36,  3,   -32, -1,  5,  -1, 21,  0,   -17, 21};
static const double avg_all[18] = {34,
                                   -17.5,
                                   -18.25,
                                   -8.25,
                                   -11.25,
                                   9,
                                   36,
                                   -8.333333333333334,
                                   -18.333333333333332,
                                   -11.166666666666666,
                                   -19.166666666666668,
                                   5.333333333333333,
                                   19,
                                   11.5,
                                   -6.25,
                                   1.5,
                                   -12.5,
                                   4};
static const double avg_pad[18] = {11.333333333333334,
                                   -5.833333333333333,
                                   -12.166666666666666,
                                   -5.5,
                                   -7.5,
                                   6,
                                   18,
                                   -4.166666666666667,
                                   -18.333333333333332,
                                   -11.166666666666666,
                                   -19.166666666666668,
                                   5.333333333333333,
                                   6.333333333333333,
                                   3.8333333333333335,
                                   -4.166666666666667,
                                   1,
                                   -8.333333333333334,
                                   2.6666666666666665};
static const double avg_beyond[6] = {17.666666666666668,
                                     -2.8333333333333335,
                                     16.666666666666668,
                                     -12.166666666666666,
                                     5.75,
                                     -7.25};
static const double avg_floor[4] = {34, -17.5, -9.5, 6};
static const double adapt[12] = {0.5555555555555556,  -6.555555555555556,  -20.333333333333332,
                                 -13.555555555555555, -13.222222222222221, 3.222222222222222,
                                 8.444444444444445,   -8.777777777777777,  -8.88888888888889,
                                 -9.555555555555555,  -7.666666666666667,  0.6666666666666666};
static const double adapt_up[24] = {39,   -8,    22, 9.5, 5,   27,   34,    -17.5,
                                    26.5, -4.25, 19, 9,   34,  -5.5, 19.25, -11,
                                    4.5,  -16.5, 39, 16,  7.5, -4,   -24,   -24};
static const double global[2] = {-3.6, -3.2};
static const double x_4x2[16] = {39, -8, 5,   27,  29, -27, 33,  -9,
                                 39, 16, -24, -24, 40, -14, -17, -15};
static const double x_4x3[24] = {39, -8, 5,   27,  -37, 19,  29, -27, 33,  -9,  -39, -13,
                                 39, 16, -24, -24, -40, -40, 40, -14, -17, -15, 9,   -2};
static const double x_3x2[12] = {39, -8, 5, 27, 29, -27, 33, -9, 39, 16, -24, -24};

#define POOL(...) \
    &(const gd_avg_pool2d) { __VA_ARGS__ }
#define TO(h, w) \
    &(const gd_adaptive_avg_pool2d) { h, w }
#define X(n, h, w, c)                    \
    {                                    \
        .ndim = 4, .dim = { n, h, w, c } \
    }

const gd_case gd_cases_avg_pool2d[] = {
    {.label = "all attributes",
     .attr = POOL({3, 2}, {2, 3}, {1, 1}, 1, 0),
     .in = {{.ndim = 4, .dim = {1, 5, 7, 2}, .give = x}},
     .out = {{.ndim = 4, .dim = {1, 3, 3, 2}, .want = avg_all}}},
    {.label = "padding counts",
     .attr = POOL({3, 2}, {2, 3}, {1, 1}, 1, 1),
     .in = {{.ndim = 4, .dim = {1, 5, 7, 2}, .give = x}},
     .out = {{.ndim = 4, .dim = {1, 3, 3, 2}, .want = avg_pad}}},
    {.label = "beyond the padding",
     .attr = POOL({3, 2}, {2, 2}, {1, 0}, 1, 1),
     .in = {{.ndim = 4, .dim = {1, 4, 2, 2}, .give = x_4x2}},
     .out = {{.ndim = 4, .dim = {1, 3, 1, 2}, .want = avg_beyond}}},
    {.label = "rounded down",
     .attr = POOL({2, 2}, {3, 2}, {0, 1}, 0, 0),
     .in = {{.ndim = 4, .dim = {1, 4, 3, 2}, .give = x_4x3}},
     .out = {{.ndim = 4, .dim = {1, 1, 2, 2}, .want = avg_floor}}},
    {.label = "1x1 window", .attr = POOL({1, 1}, {2, 2}, {0, 0}, 0, 1), .in = {X(1, 3, 4, 3)}},
    {.label = "3x3 padded", .attr = POOL({3, 3}, {1, 1}, {1, 1}, 0, 1), .in = {X(2, 5, 4, 5)}},
    {.label = "3x3 padded, whole vectors",
     .attr = POOL({3, 3}, {2, 2}, {1, 1}, 0, 0),
     .in = {X(1, 6, 5, 16)}},
    {.label = "large window",
     .attr = POOL({5, 6}, {3, 5}, {2, 0}, 1, 1),
     .in = {X(1, 8, 9, 3)}},
    {.label = "large window, whole vectors",
     .attr = POOL({5, 6}, {3, 5}, {2, 0}, 1, 0),
     .in = {X(1, 7, 8, 8)}},
    {.label = "tile + 1",
     .attr = POOL({3, 2}, {2, 2}, {1, 0}, 1, 0),
     .in = {X(2, 9, 8, 65)},
     .flags = GD_CASE_NO_GRAD},
    {0}};
const gd_case gd_cases_avg_pool2d_bwd[] = {
    {.label = "threads",
     .attr = &(const gd_avg_pool2d_bwd){{{3, 2}, {2, 3}, {1, 0}, 1, 0}, {61, 59}},
     .in = {{.ndim = 4, .dim = {2, 31, 20, 40}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {0}};

const gd_case gd_cases_adaptive_avg_pool2d[] = {
    {.label = "2x3",
     .attr = TO(2, 3),
     .in = {{.ndim = 4, .dim = {1, 5, 7, 2}, .give = x}},
     .out = {{.ndim = 4, .dim = {1, 2, 3, 2}, .want = adapt}}},
    {.label = "more windows than rows",
     .attr = TO(4, 3),
     .in = {{.ndim = 4, .dim = {1, 3, 2, 2}, .give = x_3x2}},
     .out = {{.ndim = 4, .dim = {1, 4, 3, 2}, .want = adapt_up}}},
    {.label = "global",
     .attr = TO(1, 1),
     .in = {{.ndim = 4, .dim = {1, 5, 7, 2}, .give = x}},
     .out = {{.ndim = 4, .dim = {1, 1, 1, 2}, .want = global}}},
    {.label = "2x3, whole vectors", .attr = TO(2, 3), .in = {X(1, 5, 5, 16)}},
    {.label = "global, whole vectors", .attr = TO(1, 1), .in = {X(2, 5, 5, 8)}},
    {.label = "whole map", .attr = TO(1, 1), .in = {X(2, 24, 25, 3)}},
    {.label = "whole map, whole vectors", .attr = TO(1, 1), .in = {X(1, 24, 25, 72)}},
    {.label = "of one pixel", .attr = TO(1, 1), .in = {X(2, 1, 1, 24)}},
    {.label = "same plane", .attr = TO(3, 4), .in = {X(2, 3, 4, 3)}},
    {.label = "resnet50 tail",
     .attr = TO(1, 1),
     .in = {X(1, 7, 7, 2048)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {0}};
const gd_case gd_cases_adaptive_avg_pool2d_bwd[] = {
    {.label = "threads",
     .attr = &(const gd_adaptive_avg_pool2d_bwd){{61, 59}},
     .in = {{.ndim = 4, .dim = {2, 6, 7, 40}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
