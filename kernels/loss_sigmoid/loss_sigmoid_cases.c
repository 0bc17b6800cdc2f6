/* loss_sigmoid_cases.c -- shapes on which sigmoid cross-entropy is checked and timed.
 *
 * Golden values: torch.nn.functional.binary_cross_entropy_with_logits and
 * torchvision.ops.sigmoid_focal_loss in float64; gradients for a d_out of 3/4. */
#include "kernels/loss_sigmoid/loss_sigmoid.h"

extern const gd_case gd_cases_sigmoid_focal[];
extern const gd_case gd_cases_sigmoid_focal_bwd[];

static const double x[] = {60,    -60, 0,    -2.75, 1,     3.5,  0.25,  1.25,  3.75, -0.5,
                           1,     3,   1.75, 1.5,   -4,    -200, -1.75, 0.5,   1,    3.75,
                           -2.75, 2,   2,    -2.25, -2.75, 3.25, -0.5,  -3.75, 0.25, -3.75};
static const double t[] = {0, 1,    1,   0.75, 0.75, 0.5, 0,    1,    0.25, 0.5,
                           0, 0.75, 0,   0,    0,    0,   0.75, 0.25, 0.5,  0,
                           1, 0.75, 0.5, 0.5,  0.75, 0,   0.25, 0.25, 0.5,  0};
static const double labels[] = {0, -1, 4, 5, 2, 3};
static const double w[] = {1, 0.5, 2, 1, 0, 3};
static const double value[] = {0.5, 1, 0.25, 0.75, 1, 0.875};
static const double bce[] = {155.93580897057089};
static const double focal[] = {71.46688901373868};
static const double labelled[] = {5.9860437161664333};
static const double d_labelled[] = {0,
                                    0,
                                    0.02796438704437372,
                                    5.976630737493787e-05,
                                    0.072022005299936021,
                                    0.052012130286478095,
                                    0.01904265998447003,
                                    0.040960446584156013,
                                    0.051476306959921239,
                                    0.0064657967508241123,
                                    0.14404401059987204,
                                    0.21126560261904154,
                                    0.19291839064961117,
                                    0.18026712890069255,
                                    -0.067899740817802201,
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
                                    0.94468701815468814,
                                    0.11638434151483401,
                                    3.0469890713837657e-05,
                                    -0.058515856628868095,
                                    3.0469890713837657e-05};
static const double soft[] = {97.645022922060051};
static const double d_soft[] = {0.53571428571428559,
                                9.3819758171748425e-27,
                                0.53571428571428559,
                                0.064378553757865303,
                                0.78327704853214808,
                                0.52001130495463044,
                                0.3011659826173918,
                                0.41641063991501298,
                                0.52340498040534333,
                                0.20225392971329215,
                                1.5665540970642962,
                                2.0412302717623567,
                                1.825613147074951,
                                1.7519453061292363,
                                -0.49717240722408951,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                -0,
                                0,
                                0,
                                3.0943064335367261,
                                1.2135235782797529,
                                0.073855831853653742,
                                -1.0055041042956487,
                                0.073855831853653742};
static const double sharp[] = {141.99480123944372};
static const double d_sharp[] = {0.75,
                                 -0.75,
                                 -0.27043132289774213,
                                 -0.3733586591948525,
                                 -0.042012148952764207,
                                 0.12480994254648181,
                                 0.34920089376655605,
                                 -0.040706070031336389,
                                 0.37682808108034227,
                                 -0.032471933817150279,
                                 0.59108641919851512,
                                 0.011139339453138953,
                                 0.75264286100181144,
                                 0.7114238537230958,
                                 8.0907061111900442e-05,
                                 0,
                                 -0.33681813586735687,
                                 0.20153371192910091,
                                 0.061268657925225581,
                                 0.80185136831240844,
                                 -0.81557326708893296,
                                 -0.003702657868709768,
                                 0.10097407353531865,
                                 -0.10729917651772676,
                                 -0.3733586591948525,
                                 0.81237485019858235,
                                 0.080257750689268492,
                                 -0.016563343629297771,
                                 0.016487034527549696,
                                 0.00014901317045875251};
static const double floored[] = {17.86672225343467};
static const double one[] = {0.75};

static const double counts[] = {3, 0}, seven[] = {3.5};
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
#define ATTR(...) \
    .attr = &(const gd_sigmoid_focal) { __VA_ARGS__ }

const gd_case gd_cases_sigmoid_focal[] = {
    {.label = "torch",
     ATTR({1, 1, 0}, -1, 0),
     .in = {GIVE(3, x, 2, 3, 5), GIVE(3, t, 2, 3, 5)},
     .out = NUMBER(bce),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torchvision, least norm",
     ATTR({1, 4, 0}, 0.25f, 2),
     .in = {GIVE(3, x, 2, 3, 5), GIVE(3, t, 2, 3, 5), ABSENT, GIVE(1, seven, 1)},
     .out = NUMBER(floored),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torchvision, focal",
     ATTR({1, 1, 0}, 0.25f, 2),
     .in = {GIVE(3, x, 2, 3, 5), GIVE(3, t, 2, 3, 5)},
     .out = NUMBER(focal),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torchvision, no alpha, gamma 1.5",
     ATTR({1, 1, 0}, -1, 1.5f),
     .in = {GIVE(3, x, 2, 3, 5), GIVE(3, t, 2, 3, 5)},
     .out = NUMBER(sharp),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torchvision, labels, a norm each",
     ATTR({0.5f, 1, 0}, 0.25f, 2),
     .in = {GIVE(3, x, 2, 3, 5), LABELS(2, labels, 2, 3), GIVE(2, w, 2, 3),
            LABELS(1, counts, 2)},
     .out = NUMBER(labelled),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torch, labels of some value",
     ATTR({5, 1, 1}, -1, 0),
     .in = {GIVE(3, x, 2, 3, 5), LABELS(2, labels, 2, 3), GIVE(2, w, 2, 3), GIVE(1, seven, 1),
            GIVE(2, value, 2, 3)},
     .out = NUMBER(soft),
     .flags = GD_CASE_NO_GRAD},
    {.label = "objectness",
     ATTR({1, 1, 1}, -1, 0),
     .in = {DRAW(3, -3, 3, 2, 20, 1), DRAW(3, 0, 1, 2, 20, 1), DRAW(2, 0, 1, 2, 20),
            DRAW(2, 0, 1, 2, 20)}},
    {.label = "a vector and one",
     ATTR({2, 1, 0}, 0.25f, 2),
     .in = {DRAW(3, -3, 3, 2, 5, 17), PICKS(2, -1, 18, 2, 5), DRAW(2, 0, 2, 2, 5),
            PICKS(1, 0, 4, 2)}},
    {.label = "gamma 1",
     ATTR({1, 1, 0}, 0.5f, 1),
     .in = {DRAW(2, -3, 3, 4, 16), DRAW(2, 0, 1, 4, 16)}},
    {.label = "gamma 2.5, values",
     ATTR({1, 1, 1}, 0.75f, 2.5f),
     .in = {DRAW(2, -3, 3, 4, 9), PICKS(1, -1, 8, 4), ABSENT, PICKS(1, 1, 5, 3),
            DRAW(1, 0, 1, 4)}},
    {.label = "far from zero",
     ATTR({1, 1, 0}, 0.25f, 2),
     .in = {DRAW(2, -120, 120, 9, 33), PICKS(1, -1, 32, 9)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "one over the chunk",
     ATTR({1, 1, 0}, -1, 0),
     .in = {DRAW(3, -4, 4, 1, 257, 1), DRAW(3, 0, 1, 1, 257, 1)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "rpn",
     ATTR({1, 1, 1}, -1, 0),
     .in = {DRAW(3, -4, 4, 2, 1021, 1), DRAW(2, 0, 1, 2042, 1), MASK(2, 2, 1021)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "retinanet",
     ATTR({0.5f, 1, 0}, 0.25f, 2),
     .in = {DRAW(3, -6, 1, 2, 9000, 91), PICKS(2, -3, 90, 2, 9000), PICKS(2, -1, 4, 2, 9000),
            PICKS(1, 0, 60, 2)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {0}};

const gd_case gd_cases_sigmoid_focal_bwd[] = {
    {.label = "torchvision, labels, a norm each",
     ATTR({0.5f, 1, 0}, 0.25f, 2),
     .in = {GIVE(1, one, 1), GIVE(3, x, 2, 3, 5), LABELS(2, labels, 2, 3), GIVE(2, w, 2, 3),
            LABELS(1, counts, 2)},
     .out = {{.ndim = 3, .dim = {2, 3, 5}, .want = d_labelled}}},
    {.label = "torch, labels of some value",
     ATTR({5, 1, 1}, -1, 0),
     .in = {GIVE(1, one, 1), GIVE(3, x, 2, 3, 5), LABELS(2, labels, 2, 3), GIVE(2, w, 2, 3),
            GIVE(1, seven, 1), GIVE(2, value, 2, 3)},
     .out = {{.ndim = 3, .dim = {2, 3, 5}, .want = d_soft}}},
    {.label = "torchvision, no alpha, gamma 1.5",
     ATTR({1, 1, 0}, -1, 1.5f),
     .in = {GIVE(1, one, 1), GIVE(3, x, 2, 3, 5), GIVE(3, t, 2, 3, 5)},
     .out = {{.ndim = 3, .dim = {2, 3, 5}, .want = d_sharp}}},
    {.label = "far from zero",
     ATTR({1, 1, 0}, 0.25f, 2),
     .in = {GIVE(1, one, 1), DRAW(2, -120, 120, 9, 33), PICKS(1, -1, 32, 9)}},
    {.label = "retinanet",
     ATTR({0.5f, 1, 0}, 0.25f, 2),
     .in = {GIVE(1, one, 1), DRAW(3, -6, 1, 2, 9000, 91), PICKS(2, -3, 90, 2, 9000),
            PICKS(2, -1, 4, 2, 9000), PICKS(1, 0, 60, 2)},
     .flags = GD_CASE_LARGE},
    {0}};
