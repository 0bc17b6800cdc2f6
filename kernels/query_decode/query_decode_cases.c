/* query_decode_cases.c -- shapes on which every decoding of queries is checked and timed.
 *
 * Golden values: PyTorch in float64. */
#include "kernels/query_decode/query_decode.h"

extern const gd_case gd_cases_query_decode[];

static const double logits[] = {
    -2.9375, 0.625, 3.25,    -2.3125, -4.9375, 2.25,    -3.75,   0.3125,  3.9375,  2.625,
    -4.8125, 2.375, -3.125,  1.1875,  3,       -4.0625, -1.9375, 2.1875,  -3.125,  4.6875,
    -3.5625, -3.5,  -3.9375, 0.875,   -1.75,   -0.0625, 2,       -1.3125, -4.8125, 2.1875};
static const double raw[] = {1.4375,  -1.875, -0.625, 0.9375,  0.9375, -2.125,  -2.5,   0.625,
                             1.375,   1.375,  1.3125, -2.1875, 0.3125, 2.125,   -0.875, 1.125,
                             -2.0625, 0.4375, -2,     0.9375,  2.1875, -1.8125, -2,     2.1875};
static const double boxes[] = {
    0.63374464588579038, -0.22633295608759879, 0.98238978121973608, 0.49226143648325732,
    0.68066530256023439, -0.21898683838737593, 0.75652348258147784, 0.43236802627867826,
    0.40422117991817386, 0.747747466374593,    1.1921523755610686,  0.84862608910464943,
    0.43038787910431742, 0.51585191262053454,  0.72460285126730617, 1.2707668994881629,
    0.05319394527183445, 0.24836597354746365,  0.17239686729395198, 0.9669603661183197,
    0.83951991625888478, -0.30922443914488862, 0.95872283828100235, 0.58989693812505495};
static const double scores[] = {0.92711745253210076,  0.67511215362165422, 0.31465623353403038,
                                0.075725922914069557, 0.90499303479107074, 0.42178237381531219};
static const double labels[] = {2, 3, 1, 2, 3, 1};

#define Q(text, b, n, k)                                                               \
    {                                                                                  \
        .label = text, .in = {                                                         \
            {.ndim = 3, .dim = {b, n, k}, .draw = GD_DRAW_UNIFORM, .lo = -6, .hi = 6}, \
            {.ndim = 3, .dim = {b, n, 4}, .draw = GD_DRAW_UNIFORM, .lo = -4, .hi = 4}  \
        }                                                                              \
    }

/* Equal logits: the lower class. Then "no object" by far, and numbers whose exponentials are
 * infinite. */
static const double ties[] = {1, 2, 2, 0, -1, -1, -1, 60, 500, 480, 500, 499};

const gd_case gd_cases_query_decode[] = {
    {.label = "torch",
     .in = {{.ndim = 3, .dim = {2, 3, 5}, .give = logits},
            {.ndim = 3, .dim = {2, 3, 4}, .give = raw}},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = boxes},
             {.ndim = 2, .dim = {2, 3}, .want = scores},
             {.ndim = 2, .dim = {2, 3}, .want = labels}}},
    {.label = "ties and extremes",
     .in = {{.ndim = 3, .dim = {1, 3, 4}, .give = ties},
            {.ndim = 3, .dim = {1, 3, 4}, .draw = GD_DRAW_UNIFORM, .lo = -90, .hi = 90}}},
    Q("one class", 1, 1, 2),
    Q("warp - 1", 2, 3, 31),
    Q("warp + 1", 1, 9, 33),
    Q("COCO", 2, 100, 92),
    {0}};
