/* optim_cases.c -- shapes on which the optimiser's operators are checked and timed.
 *
 * Golden values of sgd and adam: torch.optim.SGD, Adam and AdamW in double precision, at step 3
 * with the moments given, and gradients multiplied by 0.5; of grad_factor:
 * torch.nn.utils.clip_grad_norm_ on gradients divided by 8 (scale) and 2 (micro-steps).
 * loss_scale is worked out from the documentation of torch.cuda.amp.GradScaler. */
#include <math.h>

#include "kernels/optim/optim.h"

extern const gd_case gd_cases_sgd[];
extern const gd_case gd_cases_adam[];
extern const gd_case gd_cases_sum_squares[];
extern const gd_case gd_cases_grad_factor[];
extern const gd_case gd_cases_loss_scale[];
extern const gd_case gd_cases_accumulate[];
extern const gd_case gd_cases_ema[];

#define NUMBERS static const double
#define GIVEN(n, values) \
    { .ndim = 1, .dim = {n}, .give = values }
#define WANT(n, ...) \
    { .ndim = 1, .dim = {n}, .want = __VA_ARGS__ }
#define COUNTS(values) \
    { .ndim = 1, .dim = {3}, .dtype = GD_I32, .give = values }
/* Second moments are not negative. */
#define SQUARES(n, ...) \
    { .ndim = n, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM, .lo = 0, .hi = 2 }
#define ANY(n, ...) \
    { .ndim = n, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM }

NUMBERS w[] = {2.625, -2.5, 3.5625, -3.8125, -0.5, 0.5};
NUMBERS m[] = {-2.0, -0.6875, 1.8125, -0.8125, -1.375, 0.6875};
NUMBERS v[] = {2.625, 2.625, 2.6875, 2.375, 2.5, 0.4375};
NUMBERS g[] = {6.0, 1.25, 2.75, -2.1875, 2.4375, 0.875};
NUMBERS broken[] = {6.0, NAN, 2.75, INFINITY, -INFINITY, 0.875};

/* momentum, first, apply, ema, rates of groups 0 and 1 */
NUMBERS hyper[] = {0.875, 1, 1, 0.75, 0.5, 0.25};
NUMBERS between[] = {0.875, 0, 0, 0.75, 0.5, 0.25};
NUMBERS half[] = {0.5}, zero[] = {0};
NUMBERS third[] = {2, 3, 1};

/* ---- sgd --------------------------------------------------------------------------------- */

NUMBERS sgd_w[] = {2.271484375,   -2.466796875, 2.7666015625,
                   -3.3017578125, -0.49609375,  0.232421875};
NUMBERS sgd_m[] = {1.4140625, -0.1328125, 3.18359375, -2.04296875, -0.015625, 1.0703125};
NUMBERS nesterov_w[] = {1.524658203125,   -2.588134765625, 2.4666748046875,
                        -3.0325927734375, -0.79345703125,  0.148681640625};

static const gd_sgd sgd_plain = {.weight_decay = 0.0625f, .group = 1};
static const gd_sgd sgd_nesterov = {.weight_decay = 0.0625f, .nesterov = 1, .group = 1};
static const gd_sgd sgd_first = {0};

#define SGD(text, a, grad, factor, want_w, want_m)                                           \
    {                                                                                        \
        .label = text, .attr = a,                                                            \
        .in = {GIVEN(6, w), GIVEN(6, m), GIVEN(6, grad), GIVEN(1, factor), GIVEN(6, hyper)}, \
        .out = {                                                                             \
            WANT(6, want_w),                                                                 \
            WANT(6, want_m)                                                                  \
        }                                                                                    \
    }
#define SGD_SHAPE(text, a, n, ...)        \
    {                                     \
        .label = text, .attr = a, .in = { \
            ANY(n, __VA_ARGS__),          \
            ANY(n, __VA_ARGS__),          \
            ANY(n, __VA_ARGS__),          \
            GIVEN(1, half),               \
            GIVEN(6, hyper)               \
        }                                 \
    }

const gd_case gd_cases_sgd[] = {
    SGD("torch", &sgd_plain, g, half, sgd_w, sgd_m),
    SGD("torch, nesterov", &sgd_nesterov, g, half, nesterov_w, sgd_m),
    SGD("skipped", &sgd_plain, broken, zero, w, m),
    SGD_SHAPE("one weight", &sgd_first, 1, 1),
    SGD_SHAPE("odd filter", &sgd_plain, 4, 5, 3, 3, 7),
    SGD_SHAPE("filter of three channels", &sgd_nesterov, 4, 4, 3, 3, 3),
    SGD_SHAPE("threads", &sgd_plain, 4, 67, 3, 3, 129),
    {0}};

/* ---- adam -------------------------------------------------------------------------------- */

NUMBERS adam_w[] = {2.804135417840815,   -2.419536450907204,  3.310921955456791,
                    -3.6782144564231127, -0.3460620193720232, 0.26935662582757924};
NUMBERS adam_m[] = {-1.333984375, -0.5625, 1.8134765625, -0.9072265625, -1.05859375, 0.6640625};
NUMBERS adam_v[] = {2.8891067504882812, 2.5460205078125,   2.707063674926758,
                    2.377840042114258,  2.463653564453125, 0.431640625};
NUMBERS adamw_w[] = {2.7297207175708254, -2.3471334341792267, 3.2052885057510245,
                     -3.566831478927692, -0.3317167142728944, 0.25596030271493186};
NUMBERS adamw_m[] = {-1.375, -0.5234375, 1.7578125, -0.84765625, -1.05078125, 0.65625};
NUMBERS adamw_v[] = {2.82421875,        2.55517578125,     2.66259765625,
                     2.338165283203125, 2.468292236328125, 0.4298095703125};

#define ADAM_ATTR .beta2 = 0.96875f, .eps = 0x1p-10f, .weight_decay = 0.125f, .group = 1
static const gd_adam adam_plain = {ADAM_ATTR};
static const gd_adam adam_decoupled = {ADAM_ATTR, .decoupled = 1};
static const gd_adam adam_first = {.beta2 = 0.999f, .eps = 1e-8f};

#define ADAM(text, a, grad, factor, want_w, want_m, want_v)                     \
    {                                                                           \
        .label = text, .attr = a,                                               \
        .in = {GIVEN(6, w),      GIVEN(6, m),     GIVEN(6, v),  GIVEN(6, grad), \
               GIVEN(1, factor), GIVEN(6, hyper), COUNTS(third)},               \
        .out = {                                                                \
            WANT(6, want_w),                                                    \
            WANT(6, want_m),                                                    \
            WANT(6, want_v)                                                     \
        }                                                                       \
    }
#define ADAM_SHAPE(text, a, n, ...)       \
    {                                     \
        .label = text, .attr = a, .in = { \
            ANY(n, __VA_ARGS__),          \
            ANY(n, __VA_ARGS__),          \
            SQUARES(n, __VA_ARGS__),      \
            ANY(n, __VA_ARGS__),          \
            GIVEN(1, half),               \
            GIVEN(6, hyper),              \
            COUNTS(third)                 \
        }                                 \
    }

const gd_case gd_cases_adam[] = {
    ADAM("torch", &adam_plain, g, half, adam_w, adam_m, adam_v),
    ADAM("torch, decoupled", &adam_decoupled, g, half, adamw_w, adamw_m, adamw_v),
    ADAM("skipped", &adam_plain, broken, zero, w, m, v),
    ADAM_SHAPE("one weight", &adam_first, 1, 1),
    ADAM_SHAPE("odd filter", &adam_plain, 4, 5, 3, 3, 7),
    ADAM_SHAPE("filter of three channels", &adam_decoupled, 4, 4, 3, 3, 3),
    ADAM_SHAPE("threads", &adam_plain, 4, 67, 3, 3, 129),
    {0}};

/* ---- sum_squares, grad_factor, loss_scale ------------------------------------------------ */

NUMBERS a[] = {7.5, -6.375, -2.9375, 5.625};
NUMBERS b[] = {1.375, -3.875, -7.875};
NUMBERS total[] = {216.08203125}, large[] = {1e6};
NUMBERS not_finite[] = {INFINITY}, not_a_number[] = {NAN};
NUMBERS eight[] = {8}, four[] = {4}, sixteen[] = {16};

const gd_case gd_cases_sum_squares[] = {
    {.label = "by hand",
     .in = {GIVEN(1, zero), GIVEN(4, a), {.ndim = 2, .dim = {1, 3}, .give = b}},
     .out = {WANT(1, total)}},
    {.label = "one tensor", .in = {ANY(1, 1), ANY(4, 5, 3, 3, 7)}},
    {.label = "as many as can be",
     .in = {ANY(1, 1), ANY(1, 1), ANY(1, 2), ANY(1, 3), ANY(1, 4), ANY(1, 5), ANY(1, 6),
            ANY(1, 7), ANY(1, 8), ANY(2, 9, 2), ANY(1, 10), ANY(1, 11), ANY(1, 12), ANY(1, 13),
            ANY(1, 14), ANY(1, 15)}},
    {.label = "threads", .in = {ANY(1, 1), ANY(4, 67, 3, 3, 129), ANY(1, 67)}},
    {0}};

#define FACTOR(text, a, sum, scale, h, ...)                                            \
    {                                                                                  \
        .label = text, .attr = a, .in = {GIVEN(1, sum), GIVEN(1, scale), GIVEN(6, h)}, \
        .out = {                                                                       \
            WANT(1, (const double[]){__VA_ARGS__} + 3),                                \
            WANT(4, ((const double[]){__VA_ARGS__}))                                   \
        }                                                                              \
    }
static const gd_grad_factor clipped = {.max_norm = 0.5f, .steps = 2};
static const gd_grad_factor not_clipped = {.max_norm = 1000, .steps = 2};
static const gd_grad_factor not_asked = {.steps = 1};

const gd_case gd_cases_grad_factor[] = {
    FACTOR("torch", &clipped, total, eight, hyper, 0.9187330594739216, 8, 0,
           0.03401419559637762),
    FACTOR("small enough", &not_clipped, total, eight, hyper, 0.9187330594739216, 8, 0, 0.0625),
    FACTOR("no clipping", &not_asked, large, eight, hyper, 125, 8, 0, 0.125),
    FACTOR("not yet", &not_asked, large, eight, between, 125, 8, 0, 0),
    FACTOR("infinite", &clipped, not_finite, eight, hyper, INFINITY, 8, 1, 0),
    FACTOR("not a number", &clipped, not_a_number, eight, hyper, NAN, 8, 1, 0),
    FACTOR("infinite, not yet", &not_asked, not_finite, eight, between, INFINITY, 8, 0, 0),
    {0}};

#define SCALE(text, a, scale, n, sum, h, next, ...)                              \
    {                                                                            \
        .label = text, .attr = a,                                                \
        .in = {GIVEN(1, scale), COUNTS(n), GIVEN(1, sum), GIVEN(6, h)}, .out = { \
            WANT(1, next),                                                       \
            WANT(3, ((const double[]){__VA_ARGS__}))                             \
        }                                                                        \
    }
static const gd_loss_scale quick = {.growth = 4, .backoff = 0.25f, .interval = 3};
static const gd_loss_scale usual = {.growth = 2, .backoff = 0.5f, .interval = 2000};

const gd_case gd_cases_loss_scale[] = {
    SCALE("grows", &quick, four, third, total, hyper, sixteen, 0, 4, 1),
    SCALE("as it was", &usual, four, third, total, hyper, four, 3, 4, 1),
    SCALE("backs off", &usual, eight, third, not_finite, hyper, four, 0, 3, 2),
    SCALE("backs off by more", &quick, sixteen, third, not_a_number, hyper, four, 0, 3, 2),
    SCALE("not yet", &quick, four, third, not_finite, between, four, 2, 3, 1),
    {0}};

/* ---- accumulate, ema --------------------------------------------------------------------- */

NUMBERS w_and_g[] = {8.625, -1.25, 6.3125, -6.0, 1.9375, 1.375};
NUMBERS mean[] = {3.46875, -1.5625, 3.359375, -3.40625, 0.234375, 0.59375};

#define SUM(text, h, ...)                                                        \
    {                                                                            \
        .label = text, .in = { ANY(__VA_ARGS__), ANY(__VA_ARGS__), GIVEN(6, h) } \
    }
#define MEAN(text, ...)        \
    {                          \
        .label = text, .in = { \
            ANY(__VA_ARGS__),  \
            ANY(__VA_ARGS__),  \
            GIVEN(1, half),    \
            GIVEN(6, hyper)    \
        }                      \
    }

const gd_case gd_cases_accumulate[] = {
    {.label = "by hand",
     .in = {GIVEN(6, w), GIVEN(6, g), GIVEN(6, between)},
     .out = {WANT(6, w_and_g)}},
    {.label = "first", .in = {GIVEN(6, w), GIVEN(6, g), GIVEN(6, hyper)}, .out = {WANT(6, g)}},
    {.label = "first after NaN",
     .in = {GIVEN(6, broken), GIVEN(6, g), GIVEN(6, hyper)},
     .out = {WANT(6, g)}},
    SUM("one weight", between, 1, 1),
    SUM("odd filter", between, 4, 5, 3, 3, 7),
    SUM("first, threads", hyper, 4, 67, 3, 3, 129),
    SUM("threads", between, 4, 67, 3, 3, 129),
    {0}};

const gd_case gd_cases_ema[] = {
    {.label = "by hand",
     .in = {GIVEN(6, w), GIVEN(6, g), GIVEN(1, half), GIVEN(6, hyper)},
     .out = {WANT(6, mean)}},
    {.label = "skipped",
     .in = {GIVEN(6, w), GIVEN(6, broken), GIVEN(1, zero), GIVEN(6, hyper)},
     .out = {WANT(6, w)}},
    MEAN("one weight", 1, 1),
    MEAN("odd filter", 4, 5, 3, 3, 7),
    MEAN("threads", 4, 67, 3, 3, 129),
    {0}};
