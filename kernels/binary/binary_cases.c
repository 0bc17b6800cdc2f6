/* binary_cases.c -- shapes on which every kernel of add and mul is checked and timed. */
#include "kernels/binary/binary.h"

extern const gd_case gd_cases_add[];
extern const gd_case gd_cases_mul[];
extern const gd_case gd_cases_mul_bwd[];

static const double a[] = {-2, 0.5, 3, 1e9, -0.25, 7};
static const double b[] = {4, 0.25, -3, 1, -8, 0};

#define GOLDEN(...)                                                                           \
    {                                                                                         \
        .label = "by hand",                                                                   \
        .in = {{.ndim = 2, .dim = {2, 3}, .give = a}, {.ndim = 2, .dim = {2, 3}, .give = b}}, \
        .out = {{.ndim = 2, .dim = {2, 3}, .want = (const double[]){__VA_ARGS__}}},           \
        .flags = GD_CASE_NO_GRAD                                                              \
    }
#define PAIR(text, extra, n, ...)                                                     \
    {                                                                                 \
        .label = text,                                                                \
        .in = {{.ndim = n, .dim = {__VA_ARGS__}}, {.ndim = n, .dim = {__VA_ARGS__}}}, \
        .flags = extra                                                                \
    }
#define DIMS(...) \
    { __VA_ARGS__ }
#define GATE(text, extra, n, x, s)                                                     \
    {                                                                                  \
        .label = text, .in = {{.ndim = n, .dim = DIMS x}, {.ndim = n, .dim = DIMS s}}, \
        .flags = extra                                                                 \
    }
#define SHAPES                                                                         \
    PAIR("one element", 0, 1, 1), PAIR("vector less one", 0, 1, 15),                   \
        PAIR("odd plane", 0, 4, 2, 3, 5, 7), PAIR("whole vectors", 0, 4, 1, 3, 5, 24), \
        PAIR("two vectors and one", 0, 2, 3, 33),                                      \
        PAIR("threads", GD_CASE_NO_GRAD, 4, 1, 61, 59, 23)

const gd_case gd_cases_add[] = {GOLDEN(2, 0.75, 0, 1000000001, -8.25, 7), SHAPES, {0}};
const gd_case gd_cases_mul[] = {
    GOLDEN(-8, 0.125, -9, 1e9, 2, 0),
    SHAPES,
    {.label = "gate by hand",
     .in = {{.ndim = 4, .dim = {2, 1, 2, 2}, .give = (const double[]){1, 2, 3, 4, 5, 6, 7, 8}},
            {.ndim = 4, .dim = {2, 1, 1, 2}, .give = (const double[]){10, -1, 0.5, 2}}},
     .out = {{.ndim = 4,
              .dim = {2, 1, 2, 2},
              .want = (const double[]){10, -2, 30, -4, 2.5, 12, 3.5, 16}}},
     .flags = GD_CASE_NO_GRAD},
    GATE("gate of one pixel", 0, 4, (3, 1, 1, 7), (3, 1, 1, 7)),
    GATE("gate", 0, 4, (2, 3, 5, 7), (2, 1, 1, 7)),
    GATE("gate of whole vectors", 0, 4, (3, 2, 5, 24), (3, 1, 1, 24)),
    GATE("gate of rows", 0, 3, (2, 9, 17), (2, 1, 17)),
    GATE("gate, threads", GD_CASE_NO_GRAD, 4, (2, 61, 59, 23), (2, 1, 1, 23)),
    {0}};
const gd_case gd_cases_mul_bwd[] = {{0}}; /* covered through the gradient check */
