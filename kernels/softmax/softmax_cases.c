/* softmax_cases.c -- shapes on which every softmax kernel is checked and timed.
 *
 * Golden values: PyTorch in float64, with a row that overflows without the maximum. */
#include "kernels/softmax/softmax.h"

extern const gd_case gd_cases_softmax[];
extern const gd_case gd_cases_softmax_bwd[];

static const double x[] = {0,   900, 899, 2.75,  0.75,  -0.25, -0.5,  -3.25, 0.25, -3.5,
                           0.5, 3,   -2,  -0.75, -2.75, 2,     -2.25, 1.25,  -1.5, -1,
                           3.5, 1,   1.5, -3.75, -1.75, -900,  -900,  -900,  -900, -900};
static const double y[] = {0,
                           0.7310585786300049,
                           0.26894142136999516,
                           0,
                           0,
                           0.28440736642274456,
                           0.22149667968130943,
                           0.014159808996413316,
                           0.46890847456498436,
                           0.011027670334548212,
                           0.073584286358813714,
                           0.89644012416892294,
                           0.0060401660445037978,
                           0.021082251015333977,
                           0.0028531724124255895,
                           0.63831882613094704,
                           0.009105129044449654,
                           0.30152046344916655,
                           0.019275558338360466,
                           0.031780023037076117,
                           0.81740886359123022,
                           0.067097005443048821,
                           0.11062426007423685,
                           0.00058050284013538443,
                           0.0042893680513489268,
                           0.20000000000000001,
                           0.20000000000000001,
                           0.20000000000000001,
                           0.20000000000000001,
                           0.20000000000000001};

#define ROWS(text, n, ...)                                                                \
    {                                                                                     \
        .label = text, .in = {                                                            \
            {.ndim = n, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM, .lo = -4, .hi = 4} \
        }                                                                                 \
    }

const gd_case gd_cases_softmax[] = {
    {.label = "torch",
     .in = {{.ndim = 3, .dim = {2, 3, 5}, .give = x}},
     .out = {{.ndim = 3, .dim = {2, 3, 5}, .want = y}}},
    ROWS("one class", 2, 3, 1),
    ROWS("vector less one", 2, 3, 15),
    ROWS("one vector", 1, 16),
    ROWS("two vectors and one", 2, 2, 33),
    ROWS("91 classes", 2, 3, 91),
    ROWS("a block", 2, 2, 129),
    ROWS("beyond registers", 2, 1, 4100),
    {.label = "threads",
     .in = {{.ndim = 2, .dim = {1009, 91}, .draw = GD_DRAW_UNIFORM, .lo = -20, .hi = 20}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
const gd_case gd_cases_softmax_bwd[] = {
    {.label = "threads",
     .in = {{.ndim = 4, .dim = {2, 61, 59, 23}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 4, .dim = {2, 61, 59, 23}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
