/* loss_l1_cases.c -- shapes on which smooth L1 is checked and timed.
 *
 * Golden values: torch.nn.functional.smooth_l1_loss and l1_loss in float64; gradients for a
 * d_out of 3/4. */
#include "kernels/loss_l1/loss_l1.h"

extern const gd_case gd_cases_smooth_l1[];
extern const gd_case gd_cases_smooth_l1_bwd[];

static const double x[] = {-3.5, 3,   -3,    2.5,  -2,   -1,   0,     2.75,
                           -1.5, 1.5, 0,     -3,   2.75, 0.25, 1.25,  0.25,
                           2,    -2,  -2.25, 3.25, -4,   0,    -1.75, -3.75};
static const double t[] = {-3.5, 3, -3,   2.5,   -1.9375, -0.9375, 0.0625, 2.8125,
                           0,    0, -1,   -3,    -1,      -1,      2.75,   0.75,
                           0,    2, -3.5, -2.25, -4.25,   -0.25,   -2,     -4};
static const double w[] = {1, 0.5, 2, 1, 0, 3};
static const double huber[] = {18.5078125};
static const double l1[] = {25};
static const double n[] = {1, 2, 0.5, 0.125, 0.25, 0};
static const double ninth[] = {40.84548608305132};
static const double d_ninth[] = {0,
                                 0,
                                 0,
                                 0,
                                 -0.12053571338765323,
                                 -0.12053571338765323,
                                 -0.12053571338765323,
                                 -0.12053571338765323,
                                 -0.8571428571428571,
                                 0.8571428571428571,
                                 0.8571428571428571,
                                 0,
                                 3,
                                 3,
                                 -3,
                                 -3,
                                 0,
                                 -0,
                                 0,
                                 0,
                                 9,
                                 9,
                                 9,
                                 9};
static const double pairs[] = {0.5,  1,    -3.75, 0.5,   3.75,  -3.5,  1.75,  -3.25, 1,     3.5,
                               0.25, 1.5,  3,     -1.25, -2.25, 2.25,  -3.75, -1.25, -4,    3,
                               3,    3,    0,     2.75,  1.25,  -1.25, -2,    1,     -2,    2,
                               -0.5, -1,   0.75,  -3,    -1.75, 2.5,   0.5,   3,     -2.75, 1,
                               1.75, 3.75, -1.75, -1.5,  0.25,  -1.75, -4,    -0.75};
static const double pick[] = {1, 0, -1, 1, 2, 0};
static const double picked[] = {19.281362004818455};
static const double d_picked[] = {0,
                                  0,
                                  0,
                                  0,
                                  0.19354838709677419,
                                  -0.19354838709677419,
                                  0.19354838709677419,
                                  -0.19354838709677419,
                                  0.096774193548387094,
                                  0.096774193548387094,
                                  0.096774193548387094,
                                  -0.096774193548387094,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  -0.19354838709677419,
                                  0.19354838709677419,
                                  -0.19354838709677419,
                                  -0.19354838709677419,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0.58064516129032251,
                                  0.58064516129032251,
                                  0.58064516129032251,
                                  0.58064516129032251,
                                  0,
                                  0,
                                  0,
                                  0};
static const double meant[] = {2.7106854838709675};
static const double one[] = {0.75};

static const double about_four[] = {3.875};
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
#define NINTH (1 / 9.0f)
#define ATTR(...) \
    .attr = &(const gd_smooth_l1) { __VA_ARGS__ }

const gd_case gd_cases_smooth_l1[] = {
    {.label = "torch",
     ATTR({1, 1, 0}, 1),
     .in = {GIVE(3, x, 2, 3, 4), GIVE(3, t, 2, 3, 4)},
     .out = NUMBER(huber),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torch, one norm",
     ATTR({1, 0.5f, 1}, 1),
     .in = {GIVE(3, x, 2, 3, 4), GIVE(3, t, 2, 3, 4), GIVE(2, w, 2, 3), GIVE(2, n, 2, 3)},
     .out = NUMBER(meant),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torch, l1",
     ATTR({1, 1, 0}, 0),
     .in = {GIVE(3, x, 2, 3, 4), GIVE(3, t, 2, 3, 4)},
     .out = NUMBER(l1),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torch, beta 1/9, a norm each",
     ATTR({2, 0.5f, 0}, NINTH),
     .in = {GIVE(3, x, 2, 3, 4), GIVE(3, t, 2, 3, 4), GIVE(2, w, 2, 3), GIVE(2, n, 2, 3)},
     .out = NUMBER(ninth),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torch, picked",
     ATTR({1, 1, 0}, NINTH),
     .in = {GIVE(2, pairs, 6, 8), GIVE(3, t, 2, 3, 4), GIVE(2, w, 2, 3), GIVE(1, about_four, 1),
            LABELS(1, pick, 6)},
     .out = NUMBER(picked),
     .flags = GD_CASE_NO_GRAD},
    {.label = "straight",
     ATTR({1, 1, 1}, 0),
     .in = {DRAW(3, 0, 1, 2, 7, 4), DRAW(3, 2, 3, 2, 7, 4), DRAW(2, 0, 1, 2, 7),
            DRAW(2, 0, 1, 2, 7)}},
    {.label = "bent", ATTR({1, 1, 0}, 8), .in = {DRAW(2, -1, 1, 9, 5), DRAW(2, -2, 2, 9, 5)}},
    {.label = "picked",
     ATTR({3, 1, 1}, 8),
     .in = {DRAW(2, -1, 1, 9, 12), DRAW(2, -2, 2, 9, 4), ABSENT, PICKS(1, 0, 9, 1),
            PICKS(1, -1, 3, 9)}},
    {.label = "one over the chunk",
     ATTR({1, 1, 0}, NINTH),
     .in = {DRAW(3, -1, 1, 1, 257, 4), DRAW(2, -1, 1, 257, 4)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "rpn",
     ATTR({1, 1, 1}, NINTH),
     .in = {DRAW(3, -1, 1, 2, 20000, 4), DRAW(3, -1, 1, 2, 20000, 4), MASK(2, 2, 20000),
            PICKS(1, 200, 256, 2)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {.label = "roi head",
     ATTR({1, 1, 1}, NINTH),
     .in = {DRAW(3, -1, 1, 2, 512, 364), DRAW(3, -1, 1, 2, 512, 4), PICKS(2, -2, 3, 2, 512),
            PICKS(1, 500, 512, 2), PICKS(2, -1, 90, 2, 512)},
     .flags = GD_CASE_NO_GRAD},
    {0}};

const gd_case gd_cases_smooth_l1_bwd[] = {
    {.label = "torch, beta 1/9, a norm each",
     ATTR({2, 0.5f, 0}, NINTH),
     .in = {GIVE(1, one, 1), GIVE(3, x, 2, 3, 4), GIVE(3, t, 2, 3, 4), GIVE(2, w, 2, 3),
            GIVE(2, n, 2, 3)},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = d_ninth}}},
    {.label = "torch, picked",
     ATTR({1, 1, 0}, NINTH),
     .in = {GIVE(1, one, 1), GIVE(2, pairs, 6, 8), GIVE(3, t, 2, 3, 4), GIVE(2, w, 2, 3),
            GIVE(1, about_four, 1), LABELS(1, pick, 6)},
     .out = {{.ndim = 2, .dim = {6, 8}, .want = d_picked}}},
    {.label = "roi head",
     ATTR({1, 1, 1}, NINTH),
     .in = {GIVE(1, one, 1), DRAW(3, -1, 1, 2, 512, 364), DRAW(3, -1, 1, 2, 512, 4),
            PICKS(2, -2, 3, 2, 512), PICKS(1, 500, 512, 2), PICKS(2, -1, 90, 2, 512)}},
    {0}};
