/* binary_cases.c -- shapes on which every kernel of add and mul is checked and timed. */
#include "kernels/binary/binary.h"

extern const gd_case gd_cases_add[];
extern const gd_case gd_cases_mul[];

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
#define SHAPES                                                                         \
    PAIR("one element", 0, 1, 1), PAIR("vector less one", 0, 1, 15),                   \
        PAIR("odd plane", 0, 4, 2, 3, 5, 7), PAIR("whole vectors", 0, 4, 1, 3, 5, 24), \
        PAIR("two vectors and one", 0, 2, 3, 33),                                      \
        PAIR("threads", GD_CASE_NO_GRAD, 4, 1, 61, 59, 23)

const gd_case gd_cases_add[] = {GOLDEN(2, 0.75, 0, 1000000001, -8.25, 7), SHAPES, {0}};
const gd_case gd_cases_mul[] = {GOLDEN(-8, 0.125, -9, 1e9, 2, 0), SHAPES, {0}};
