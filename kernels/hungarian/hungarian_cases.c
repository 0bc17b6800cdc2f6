/* hungarian_cases.c -- shapes on which every kernel of DETR's assignment is checked and timed.
 *
 * Golden values: softmax, cdist and generalized_box_iou in PyTorch, float64, and the best of
 * all permutations. */
#include "kernels/hungarian/hungarian.h"

extern const gd_case gd_cases_hungarian[];

static const double logits[] = {
    0,       0.5,    1,      0.1875,  0.3125,  -1.25,  1.125,   -0.9375, -1.5625, -1.5625,
    -2,      0.5,    1.3125, 1.375,   0.6875,  1.6875, -0.4375, -1,      -0.0625, 0.5,
    -0.25,   -0.25,  1.0625, 0.5625,  -1.5625, -0.5,   1.25,    0.75,    -1.75,   1.0625,
    -0.4375, -0.875, 1.25,   -0.9375, -1.5625, 2.25,   -0.3125, -0.5,    -0.5,    -0.6875};
static const double boxes[] = {
    0.53125,  0.203125, 0.53125, 0.375,    0.4375,  0.3125,   0.59375,  0.21875,
    0.65625,  0.5625,   0.5625,  0.65625,  0.21875, 0.515625, 0.328125, 0.515625,
    0.578125, 0.53125,  0.625,   0.34375,  0.5,     0.28125,  0.375,    0.65625,
    0.5,      0.375,    0.40625, 0.546875, 0.53125, 0.328125, 0.578125, 0.515625,
    0.359375, 0.46875,  0.4375,  0.640625, 0.21875, 0.265625, 0.515625, 0.53125};
static const double gt[] = {0.453125, 0.25,     0.546875, 0.5,      0.40625,  0.265625,
                            0.6875,   0.59375,  0.265625, 0.40625,  0.453125, 0.34375,
                            0.484375, 0.453125, 0.25,     0.6875,   0.6875,   0.21875,
                            0.359375, 0.3125,   0.265625, 0.390625, 0.484375, 0.234375};
static const double labels[] = {0, 2, 1, 2, 1, 0};
static const double gt_count[] = {3, 2};
static const double match[] = {0, 1, -1, 2, -1, -1, 0, 1, -1, -1};
static const double by_class[] = {2, 1, -1, 0, -1, -1, 0, 1, -1, -1};
static const double few_logits[] = {0,       0.5,     1,     0.1875, 0.3125, -1.25,
                                    1.125,   -0.9375, -0.25, -0.25,  1.0625, 0.5625,
                                    -1.5625, -0.5,    1.25,  0.75};
static const double few_boxes[] = {0.53125, 0.203125, 0.53125, 0.375,   0.4375, 0.3125,
                                   0.59375, 0.21875,  0.5,     0.28125, 0.375,  0.65625,
                                   0.5,     0.375,    0.40625, 0.546875};
static const double few[] = {0, 1, 1, 0};

static const double none[] = {0, -3};
static const double nobody[] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

#define SAID(Q, l, b) \
    {.ndim = 3, .dim = {2, Q, 4}, .give = l}, { .ndim = 3, .dim = {2, Q, 4}, .give = b }
#define GT(count)                                                      \
    {.ndim = 3, .dim = {2, 3, 4}, .give = gt},                         \
        {.ndim = 2, .dim = {2, 3}, .dtype = GD_I32, .give = labels}, { \
        .ndim = 1, .dim = {2}, .dtype = GD_I32, .give = count          \
    }
#define DRAWN(B, Q, C, G)                                                                  \
    {.ndim = 3, .dim = {B, Q, C}, .draw = GD_DRAW_UNIFORM, .lo = -3, .hi = 3},             \
        {.ndim = 3, .dim = {B, Q, 4}, .draw = GD_DRAW_UNIFORM, .lo = 0.1, .hi = 0.9},      \
        {.ndim = 3, .dim = {B, G, 4}, .draw = GD_DRAW_UNIFORM, .lo = 0.1, .hi = 0.9},      \
        {.ndim = 2,                                                                        \
         .dim = {B, G},                                                                    \
         .dtype = GD_I32,                                                                  \
         .draw = GD_DRAW_INTEGERS,                                                         \
         .lo = 0,                                                                          \
         .hi = C - 1},                                                                     \
    {                                                                                      \
        .ndim = 1, .dim = {B}, .dtype = GD_I32, .draw = GD_DRAW_INTEGERS, .lo = 1, .hi = G \
    }

const gd_case gd_cases_hungarian[] = {
    {.label = "torch",
     .attr = &(gd_hungarian){1, 5, 2},
     .in = {SAID(5, logits, boxes), GT(gt_count)},
     .out = {{.ndim = 2, .dim = {2, 5}, .want = match}}},
    {.label = "torch, other weights",
     .attr = &(gd_hungarian){30, 0.5f, 0.25f},
     .in = {SAID(5, logits, boxes), GT(gt_count)},
     .out = {{.ndim = 2, .dim = {2, 5}, .want = by_class}}},
    {.label = "torch, more boxes than queries",
     .attr = &(gd_hungarian){1, 5, 2},
     .in = {SAID(2, few_logits, few_boxes), GT(gt_count)},
     .out = {{.ndim = 2, .dim = {2, 2}, .want = few}}},
    {.label = "no ground truth",
     .attr = &(gd_hungarian){1, 5, 2},
     .in = {SAID(5, logits, boxes), GT(none)},
     .out = {{.ndim = 2, .dim = {2, 5}, .want = nobody}}},
    {.label = "detr", .attr = &(gd_hungarian){1, 5, 2}, .in = {DRAWN(2, 100, 92, 37)}},
    {.label = "a crowd", .attr = &(gd_hungarian){1, 5, 2}, .in = {DRAWN(3, 33, 11, 50)}},
    {0}};
