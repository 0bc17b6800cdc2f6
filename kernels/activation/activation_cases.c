/* activation_cases.c -- shapes on which every activation kernel is checked and timed.
 *
 * Golden values: PyTorch in float64. */
#include "kernels/activation/activation.h"

#define CASES(op) extern const gd_case gd_cases_##op[];
CASES(relu)
CASES(relu_bwd)
CASES(leaky_relu)
CASES(leaky_relu_bwd)
CASES(sigmoid)
CASES(sigmoid_bwd)
CASES(silu)
CASES(silu_bwd)
CASES(relu6)
CASES(relu6_bwd)
CASES(hardsigmoid)
CASES(hardsigmoid_bwd)
CASES(hardswish)
CASES(hardswish_bwd)
CASES(mish)
CASES(mish_bwd)
CASES(gelu)
CASES(gelu_bwd)

static const double some_x[] = {-40, -3.5, -1.25, -0, 0, 0.125, 1, 2.75, 20, 33};
static const double leaky_y[] = {-10, -0.875, -0.3125, -0, 0, 0.125, 1, 2.75, 20, 33};
static const double sigmoid_y[] = {4.2483542552915889e-18,
                                   0.029312230751356319,
                                   0.22270013882530884,
                                   0.5,
                                   0.5,
                                   0.53120937337375629,
                                   0.7310585786300049,
                                   0.93991334982599239,
                                   0.99999999793884631,
                                   0.99999999999999534};
static const double silu_y[] = {-1.6993417021166355e-16,
                                -0.10259280762974712,
                                -0.27837517353163604,
                                -0,
                                0,
                                0.066401171671719536,
                                0.7310585786300049,
                                2.584761712021479,
                                19.999999958776925,
                                32.999999999999844};

static const double relu6_y[] = {0, 0, 0, -0, 0, 0.125, 1, 2.75, 6, 6};
static const double hardsigmoid_y[] = {0,
                                       0,
                                       0.29166666666666669,
                                       0.5,
                                       0.5,
                                       0.52083333333333337,
                                       0.66666666666666663,
                                       0.95833333333333337,
                                       1,
                                       1};
static const double hardswish_y[] = {-0,
                                     -0,
                                     -0.36458333333333331,
                                     -0,
                                     0,
                                     0.065104166666666671,
                                     0.66666666666666663,
                                     2.6354166666666665,
                                     20,
                                     33};
static const double mish_y[] = {
    -1.6993417021166355e-16, -0.10409575448637122, -0.30841396114152769, -0, 0,
    0.079957570847359813,    0.86509838826731034,  2.7302142043358297,   20, 33};
static const double gelu_y[] = {-0,
                                -0.00081420177662439031,
                                -0.13206221708356905,
                                -0,
                                0,
                                0.068717278103764115,
                                0.84134474606854304,
                                2.7418056511035998,
                                20,
                                33};
static const double gelu_tanh_y[] = {-0,
                                     -0.00061619765537374027,
                                     -0.13228579703028537,
                                     -0,
                                     0,
                                     0.068717198624223388,
                                     0.84119199060827676,
                                     2.7422768559263822,
                                     20,
                                     33};

/* Sizes around the vectors of each instruction set, a plane that does not divide, and one that
 * is shared between threads. */
#define SHAPES(...)                                                                            \
    {.label = "one element", .in = {{.ndim = 1, .dim = {1}}}, __VA_ARGS__},                    \
        {.label = "vector less one", .in = {{.ndim = 1, .dim = {15}}}, __VA_ARGS__},           \
        {.label = "odd plane", .in = {{.ndim = 4, .dim = {2, 3, 5, 7}}}, __VA_ARGS__},         \
        {.label = "whole vectors", .in = {{.ndim = 4, .dim = {1, 3, 5, 24}}}, __VA_ARGS__},    \
        {.label = "two vectors and one", .in = {{.ndim = 2, .dim = {3, 33}}}, __VA_ARGS__}, {  \
        .label = "threads",                                                                    \
        .in =                                                                                  \
            {{.ndim = 4, .dim = {1, 61, 59, 23}, .draw = GD_DRAW_UNIFORM, .lo = -9, .hi = 9}}, \
        .flags = GD_CASE_NO_GRAD, __VA_ARGS__                                                  \
    }
/* The same for functions with bends at values that GD_DRAW_DISTINCT has. */
#define EIGHTS .draw = GD_DRAW_UNIFORM, .lo = -8, .hi = 8
#define BENDS(...)                                                                             \
    {.label = "one element", .in = {{.ndim = 1, .dim = {1}, EIGHTS}}, __VA_ARGS__},            \
        {.label = "odd plane", .in = {{.ndim = 4, .dim = {2, 3, 5, 7}, EIGHTS}}, __VA_ARGS__}, \
        {.label = "whole vectors",                                                             \
         .in = {{.ndim = 4, .dim = {1, 3, 5, 24}, EIGHTS}},                                    \
         __VA_ARGS__},                                                                         \
        {.label = "two vectors and one",                                                       \
         .in = {{.ndim = 2, .dim = {3, 33}, EIGHTS}},                                          \
         __VA_ARGS__},                                                                         \
    {                                                                                          \
        .label = "threads", .in = {{.ndim = 4, .dim = {1, 61, 59, 23}, EIGHTS}},               \
        .flags = GD_CASE_NO_GRAD, __VA_ARGS__                                                  \
    }
#define GOLDEN(y)                                                       \
    .label = "torch", .in = {{.ndim = 1, .dim = {10}, .give = some_x}}, \
    .out = {{.ndim = 1, .dim = {10}, .want = y}}, .flags = GD_CASE_NO_GRAD

const gd_case gd_cases_relu[] = {
    {.label = "by hand",
     .in = {{.ndim = 1, .dim = {5}, .give = (const double[]){-2, -0.0, 0, 0.5, 3}}},
     .out = {{.ndim = 1, .dim = {5}, .want = (const double[]){0, 0, 0, 0.5, 3}}},
     .flags = GD_CASE_NO_GRAD},
    SHAPES(.attr = NULL),
    {0}};
const gd_case gd_cases_leaky_relu[] = {{GOLDEN(leaky_y), .attr = &(const gd_leaky_relu){0.25f}},
                                       SHAPES(.attr = &(const gd_leaky_relu){0.01f}),
                                       {0}};
const gd_case gd_cases_sigmoid[] = {{GOLDEN(sigmoid_y)}, SHAPES(.attr = NULL), {0}};
const gd_case gd_cases_silu[] = {{GOLDEN(silu_y)}, SHAPES(.attr = NULL), {0}};
const gd_case gd_cases_relu6[] = {{GOLDEN(relu6_y)}, BENDS(.attr = NULL), {0}};
const gd_case gd_cases_hardsigmoid[] = {{GOLDEN(hardsigmoid_y)}, BENDS(.attr = NULL), {0}};
const gd_case gd_cases_hardswish[] = {{GOLDEN(hardswish_y)}, BENDS(.attr = NULL), {0}};
const gd_case gd_cases_mish[] = {{GOLDEN(mish_y)}, SHAPES(.attr = NULL), {0}};
const gd_case gd_cases_gelu[] = {{GOLDEN(gelu_y), .attr = &(const gd_gelu){0}},
                                 {GOLDEN(gelu_tanh_y), .attr = &(const gd_gelu){1}},
                                 SHAPES(.attr = &(const gd_gelu){0}),
                                 BENDS(.attr = &(const gd_gelu){1}),
                                 {0}};

/* More is covered through the gradient checks of the forward operators. */
#define BACK(...)                                                             \
    {                                                                         \
        {.label = "threads",                                                  \
         .in = {{.ndim = 4, .dim = {2, 61, 59, 23}, .draw = GD_DRAW_UNIFORM}, \
                {.ndim = 4, .dim = {2, 61, 59, 23}, EIGHTS}},                 \
         .flags = GD_CASE_NO_GRAD,                                            \
         __VA_ARGS__},                                                        \
        {                                                                     \
            0                                                                 \
        }                                                                     \
    }
const gd_case gd_cases_relu_bwd[] = BACK(.attr = NULL);
const gd_case gd_cases_leaky_relu_bwd[] = BACK(.attr = &(const gd_leaky_relu){0.25f});
const gd_case gd_cases_sigmoid_bwd[] = BACK(.attr = NULL);
const gd_case gd_cases_silu_bwd[] = BACK(.attr = NULL);
const gd_case gd_cases_relu6_bwd[] = BACK(.attr = NULL);
const gd_case gd_cases_hardsigmoid_bwd[] = BACK(.attr = NULL);
const gd_case gd_cases_hardswish_bwd[] = BACK(.attr = NULL);
const gd_case gd_cases_mish_bwd[] = BACK(.attr = NULL);
const gd_case gd_cases_gelu_bwd[] = BACK(.attr = &(const gd_gelu){1});
