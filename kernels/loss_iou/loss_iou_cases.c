/* loss_iou_cases.c -- shapes on which the overlap losses is checked and timed.
 *
 * Golden values: torchvision.ops.generalized_box_iou_loss and box_iou, and YOLOX's
 * formula in PyTorch, in float64; gradients for a d_out of 3/4. */
#include "kernels/loss_iou/loss_iou.h"

extern const gd_case gd_cases_iou_loss[];
extern const gd_case gd_cases_iou_loss_bwd[];

static const double a[] = {0, 0, 4, 4, 1, 1, 3, 2, 0,   0,    2, 2,
                           5, 5, 9, 9, 1, 2, 3, 5, 0.5, 0.25, 3, 7};
static const double b[] = {1, 1, 5, 3, 0, 0, 4, 4, 3, 3, 5, 4,
                           5, 5, 9, 9, 1, 0, 4, 5, 2, 1, 6, 2.5};
static const double w[] = {1, 0.5, 2, 1, 0.25, 3};
static const double giou[] = {5.2957336590479329};
static const double weighted[] = {2.2749330781166699};
static const double d_weighted[] = {
    -0.010316818350963212,  -0.018978371880235153,   -0.033521761286844254,
    0.018978371880235153,   0.0060015003750937728,   0.012003000750187546,
    -0.0060015003750937728, -0.012003000750187546,   0.015053182685355375,
    0.0091991671966060624,  -0.038469244640352632,   -0.038469244640352632,
    0.0001860930348866266,  0.0001860930348866266,   -0.0001860930348866266,
    -0.0001860930348866266, -0.00030405115109799832, 0.0063982937883231136,
    -0.00959744068248467,   -0.00033049038162826015, 0.031769674029172218,
    -0.01522439169903428,   -0.11245401486160519,    0.01522439169903428};
static const double pc[] = {2, 2, 4, 4, 2, 1.5, 2, 1, 1, 1, 2, 2, 7, 7, 4, 4, 2, 3.5, 2, 3};
static const double tc[] = {3, 2, 4, 2, 2, 2, 4, 4, 4, 3.5, 2, 1, 7, 7, 4, 4, 2.5, 2.5, 3, 5};
static const double squared[] = {6.1887731481481474};
static const double d_squared[] = {-0.12345679012345677,
                                   0,
                                   0,
                                   0.061728395061728385,
                                   0,
                                   0,
                                   -0.01953125,
                                   -0.0390625,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   -0.13999999999999999,
                                   0.093333333333333324,
                                   -0.12999999999999998,
                                   -0.08666666666666667};
static const double linear[] = {3.1416666666666666};
static const double d_linear[] = {-0.1111111111111111,
                                  0,
                                  0,
                                  0.055555555555555552,
                                  0,
                                  0,
                                  -0.046875,
                                  -0.09375,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  -0.10500000000000001,
                                  0.069999999999999993,
                                  -0.097500000000000003,
                                  -0.065000000000000002};
static const double floored[] = {0.58934162650937438};
static const double one[] = {0.75};

static const double near_eight[] = {7.75}, three[] = {3};
#define GIVE(n, v, ...) \
    { .ndim = n, .dim = {__VA_ARGS__}, .give = v }
#define LABELS(n, v, ...) \
    { .ndim = n, .dim = {__VA_ARGS__}, .dtype = GD_I32, .give = v }
#define DRAW(n, low, high, ...) \
    { .ndim = n, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM, .lo = low, .hi = high }
#define PICKS(n, low, high, ...)                                                               \
    {                                                                                          \
        .ndim = n, .dim = {__VA_ARGS__}, .dtype = GD_I32, .draw = GD_DRAW_INTEGERS, .lo = low, \
        .hi = high                                                                             \
    }
#define MASK(n, ...) \
    { .ndim = n, .dim = {__VA_ARGS__}, .draw = GD_DRAW_INTEGERS, .lo = 0, .hi = 1 }
#define ABSENT \
    { .absent = true }
#define NUMBER(v)                            \
    {                                        \
        { .ndim = 1, .dim = {1}, .want = v } \
    }
#define BOXES(n, high, ...) \
    { .ndim = n, .dim = {__VA_ARGS__}, .draw = GD_DRAW_BOXES, .hi = high }
#define ATTR(...) \
    .attr = &(const gd_iou_loss) { __VA_ARGS__ }

const gd_case gd_cases_iou_loss[] = {
    {.label = "torchvision",
     ATTR({1, 1, 0}, GD_IOU_GENERAL, 0, 1e-7f),
     .in = {GIVE(2, a, 6, 4), GIVE(2, b, 6, 4)},
     .out = NUMBER(giou),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torchvision, least norm",
     ATTR({1, 9, 0}, GD_IOU_GENERAL, 0, 0.125f),
     .in = {GIVE(2, a, 6, 4), GIVE(2, b, 6, 4), ABSENT, GIVE(1, near_eight, 1)},
     .out = NUMBER(floored),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torchvision, weighted",
     ATTR({2, 1, 0}, GD_IOU_GENERAL, 0, 0.125f),
     .in = {GIVE(3, a, 2, 3, 4), GIVE(2, b, 6, 4), GIVE(1, w, 6), GIVE(1, near_eight, 1)},
     .out = NUMBER(weighted),
     .flags = GD_CASE_NO_GRAD},
    {.label = "yolox",
     ATTR({5, 1, 1}, GD_IOU_SQUARED, 1, 1e-16f),
     .in = {GIVE(2, pc, 5, 4), GIVE(2, tc, 5, 4), ABSENT, LABELS(1, three, 1)},
     .out = NUMBER(squared),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torchvision, linear",
     ATTR({1, 1, 0}, GD_IOU_LINEAR, 1, 0),
     .in = {GIVE(2, pc, 5, 4), GIVE(2, tc, 5, 4)},
     .out = NUMBER(linear),
     .flags = GD_CASE_NO_GRAD},
    {.label = "corners",
     ATTR({1, 1, 1}, GD_IOU_GENERAL, 0, 1e-7f),
     .in = {BOXES(3, 64, 2, 9, 4), BOXES(3, 64, 2, 9, 4), DRAW(2, 0, 1, 2, 9),
            DRAW(2, 0, 1, 2, 9)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "centres",
     ATTR({1, 1, 0}, GD_IOU_GENERAL, 1, 0),
     .in = {DRAW(2, 3, 4, 8, 4), DRAW(2, 6, 6.4, 8, 4)}},
    {.label = "squared",
     ATTR({1, 1, 0}, GD_IOU_SQUARED, 1, 1e-16f),
     .in = {DRAW(2, 3, 4, 8, 4), DRAW(2, 6, 6.4, 8, 4)}},
    {.label = "linear",
     ATTR({1, 1, 0}, GD_IOU_LINEAR, 1, 0),
     .in = {DRAW(2, 3, 4, 8, 4), DRAW(2, 6, 6.4, 8, 4)}},
    {.label = "one over the chunk",
     ATTR({1, 1, 0}, GD_IOU_GENERAL, 0, 0),
     .in = {BOXES(3, 64, 1, 257, 4), BOXES(3, 64, 1, 257, 4)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "yolox anchors",
     ATTR({5, 1, 1}, GD_IOU_SQUARED, 1, 1e-16f),
     .in = {DRAW(3, 20, 90, 4, 8400, 4), DRAW(3, 20, 90, 4, 8400, 4), MASK(2, 4, 8400),
            PICKS(1, 100, 200, 4)},
     .flags = GD_CASE_NO_GRAD},
    {0}};

const gd_case gd_cases_iou_loss_bwd[] = {
    {.label = "torchvision, weighted",
     ATTR({2, 1, 0}, GD_IOU_GENERAL, 0, 0.125f),
     .in = {GIVE(1, one, 1), GIVE(3, a, 2, 3, 4), GIVE(2, b, 6, 4), GIVE(1, w, 6),
            GIVE(1, near_eight, 1)},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = d_weighted}}},
    {.label = "yolox",
     ATTR({5, 1, 1}, GD_IOU_SQUARED, 1, 1e-16f),
     .in = {GIVE(1, one, 1), GIVE(2, pc, 5, 4), GIVE(2, tc, 5, 4), ABSENT, LABELS(1, three, 1)},
     .out = {{.ndim = 2, .dim = {5, 4}, .want = d_squared}}},
    {.label = "torchvision, linear",
     ATTR({1, 1, 0}, GD_IOU_LINEAR, 1, 0),
     .in = {GIVE(1, one, 1), GIVE(2, pc, 5, 4), GIVE(2, tc, 5, 4)},
     .out = {{.ndim = 2, .dim = {5, 4}, .want = d_linear}}},
    {.label = "corners",
     ATTR({1, 1, 1}, GD_IOU_GENERAL, 0, 1e-7f),
     .in = {GIVE(1, one, 1), BOXES(3, 64, 2, 9, 4), BOXES(3, 64, 2, 9, 4), DRAW(2, 0, 1, 2, 9),
            DRAW(2, 0, 1, 2, 9)}},
    {0}};
