/* loss_softmax_cases.c -- shapes on which softmax cross-entropy is checked and timed.
 *
 * Golden values: torch.nn.functional.cross_entropy in float64; gradients for a d_out of 3/4. */
#include "kernels/loss_softmax/loss_softmax.h"

extern const gd_case gd_cases_softmax_cross_entropy[];
extern const gd_case gd_cases_softmax_cross_entropy_bwd[];

static const double x[] = {0,    900,   899,   2,     1,    -2,   -4,    1.25, 3.25, 0.75,
                           -1.5, -1.25, 2.25,  -1.75, -1.5, 1.25, 1.75,  -2.5, -4,   1,
                           -1,   3.25,  -2.25, -0.5,  2,    2.5,  0.25,  2.5,  1.5,  -3.5,
                           -3.5, 3.75,  3,     -3.75, 0.75, 2.5,  -2.75, -2,   -0.5, -3.75};
static const double labels[] = {2, 4, 255, 0, 4, 1, 1, 3};
static const double w[] = {1, 0.5, 2, 0.25, 1, 0, 3, 1};
static const double plain[] = {13.432387030482468};
static const double smoothed[] = {16.776795735677329};
static const double d_smoothed[] = {-0.0031250000000000002,
                                    0.088257322328750623,
                                    -0.078882322328750601,
                                    -0.0031250000000000002,
                                    -0.0031250000000000002,
                                    -0.0012944144967906922,
                                    -0.0015262185724915383,
                                    0.0053515162546398046,
                                    0.049525553974451894,
                                    -0.052056437159809441,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    -0.019083506303277646,
                                    0.014125652976687272,
                                    -0.0005686144490817754,
                                    -0.00073380459547036704,
                                    0.0062602723711425376,
                                    -0.0071309402465172958,
                                    0.36390014793191106,
                                    -0.010961738625998215,
                                    -0.0036479169807730801,
                                    -0.34215955207862231,
                                    0,
                                    -0,
                                    0,
                                    0,
                                    0,
                                    -0.036800741906341347,
                                    -0.36537128817287357,
                                    0.42760567033560559,
                                    -0.036955417249089628,
                                    0.011521776992698945,
                                    0.45563234145987613,
                                    -0.010043466924937437,
                                    -0.0072995194392829702,
                                    -0.4266930631105289,
                                    -0.011596291985126819};
static const double meant[] = {1.0099197717326267};
static const double one[] = {0.75};

static const double norm[] = {3, 0.5};
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
#define ABSENT \
    { .absent = true }
#define NUMBER(v)                            \
    {                                        \
        { .ndim = 1, .dim = {1}, .want = v } \
    }
#define ATTR(...) \
    .attr = &(const gd_softmax_cross_entropy) { __VA_ARGS__ }

const gd_case gd_cases_softmax_cross_entropy[] = {
    {.label = "torch",
     ATTR({1, 1, 0}, 0),
     .in = {GIVE(3, x, 2, 4, 5), LABELS(2, labels, 2, 4)},
     .out = NUMBER(plain),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torch, weighted mean",
     ATTR({1, 1, 1}, 0),
     .in = {GIVE(3, x, 2, 4, 5), LABELS(2, labels, 2, 4), GIVE(2, w, 2, 4), GIVE(2, w, 2, 4)},
     .out = NUMBER(meant),
     .flags = GD_CASE_NO_GRAD},
    {.label = "torch, smoothed, weighted, a norm each",
     ATTR({0.5f, 0.75f, 0}, 0.125f),
     .in = {GIVE(3, x, 2, 4, 5), LABELS(1, labels, 8), GIVE(2, w, 2, 4), GIVE(1, norm, 2)},
     .out = NUMBER(smoothed),
     .flags = GD_CASE_NO_GRAD},
    {.label = "one class", ATTR({1, 1, 0}, 0), .in = {DRAW(2, -2, 2, 3, 1), PICKS(1, 0, 0, 3)}},
    {.label = "a vector and one, counted",
     ATTR({2, 1, 1}, 0.1f),
     .in = {DRAW(3, -3, 3, 2, 5, 17), PICKS(2, -1, 17, 2, 5), ABSENT, PICKS(1, 0, 4, 2)}},
    {.label = "far from zero",
     ATTR({1, 1, 0}, 0),
     .in = {DRAW(2, 300, 312, 9, 40), PICKS(1, 0, 39, 9), DRAW(1, 0, 2, 9)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "91 classes, weights as norm",
     ATTR({1, 0.5f, 1}, 0),
     .in = {DRAW(3, -4, 4, 2, 3, 91), PICKS(2, 0, 90, 2, 3), DRAW(2, 0, 1, 2, 3),
            DRAW(2, 0, 1, 2, 3)}},
    {.label = "one over the chunk",
     ATTR({1, 1, 0}, 0),
     .in = {DRAW(3, -4, 4, 1, 257, 5), PICKS(1, 0, 4, 257)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "roi head",
     ATTR({1, 1, 1}, 0),
     .in = {DRAW(3, -4, 4, 2, 512, 91), PICKS(2, -1, 90, 2, 512), DRAW(2, 0, 1, 2, 512),
            PICKS(1, 500, 512, 2)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "imagenet",
     ATTR({1, 1, 0}, 0.1f),
     .in = {DRAW(2, -4, 4, 64, 1000), PICKS(1, 0, 999, 64), ABSENT, PICKS(1, 64, 64, 1)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "pixels",
     ATTR({1, 1, 0}, 0),
     .in = {DRAW(4, -4, 4, 2, 260, 260, 21), PICKS(3, 0, 40, 2, 260, 260)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {0}};

const gd_case gd_cases_softmax_cross_entropy_bwd[] = {
    {.label = "torch, smoothed, weighted, a norm each",
     ATTR({0.5f, 0.75f, 0}, 0.125f),
     .in = {GIVE(1, one, 1), GIVE(3, x, 2, 4, 5), LABELS(1, labels, 8), GIVE(2, w, 2, 4),
            GIVE(1, norm, 2)},
     .out = {{.ndim = 3, .dim = {2, 4, 5}, .want = d_smoothed}}},
    {.label = "roi head",
     ATTR({1, 1, 1}, 0),
     .in = {GIVE(1, one, 1), DRAW(3, -4, 4, 2, 512, 91), PICKS(2, -1, 90, 2, 512),
            DRAW(2, 0, 1, 2, 512), PICKS(1, 500, 512, 2)}},
    {.label = "imagenet",
     ATTR({1, 1, 0}, 0.1f),
     .in = {GIVE(1, one, 1), DRAW(2, -4, 4, 64, 1000), PICKS(1, 0, 999, 64)}},
    {.label = "pixels",
     ATTR({1, 1, 0}, 0),
     .in = {GIVE(1, one, 1), DRAW(4, -4, 4, 2, 260, 260, 21), PICKS(3, 0, 40, 2, 260, 260)},
     .flags = GD_CASE_LARGE},
    {0}};
