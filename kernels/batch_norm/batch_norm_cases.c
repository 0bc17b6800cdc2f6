/* batch_norm_cases.c -- shapes on which every batch-norm kernel is checked and timed.
 *
 * Golden values: torch.nn.functional.batch_norm in float64, training off and on. */
#include "kernels/batch_norm/batch_norm.h"

extern const gd_case gd_cases_batch_norm[];
extern const gd_case gd_cases_batch_norm_bwd[];
extern const gd_case gd_cases_batch_norm_train[];
extern const gd_case gd_cases_batch_norm_train_bwd[];

static const double x[] = {0.75,  1.75,  1.5,  2,    0,     -1,    3.75,  -0.75, 0.25,
                           -2.75, -4.25, 2.5,  -3.5, 3,     -2.25, 4,     1.25,  2.75,
                           -2.5,  -4.5,  -2,   4.25, 3.5,   -1.25, -3.25, 0.5,   -0.25,
                           1,     -0.5,  -1.5, 3.25, -3.75, -4,    -3,    2.25,  -1.75};
static const double gamma[] = {1.5, -0.75, 2};
static const double beta[] = {0.25, 1, -3};
static const double mean[] = {0.5, -1.25, 3};
static const double var[] = {0.75, 2, 0.5};
static const double y_eval[] = {
    0.65089186286863665,  -0.54348726628257937, -6.7947331922020551, 2.6553511772118195,
    0.35688030571559193,  -13.119288512538814,  5.4615942172922756,  0.74275212228623677,
    -9.9570108523704342,  -4.9615942172922756,  2.5434872662825794,  -4.2649110640673511,
    -6.1642698058981855,  -1.1866069605669876,  -16.281566172707194, 5.8624860801609122,
    -0.28623938856881614, -3.6324555320336755,  -4.5607023544236389, 2.6721112051394611,
    -15.649110640673516,  6.2633779430295489,   -1.4438548382807506, -13.75174404457249,
    -5.7633779430295489,  0.099632428001828699, -11.221921916437786, 1.0517837257372733,
    0.61412818342935516,  -14.384199576606166,  4.6598104915550023,  2.2862393885688164,
    -20.708754896942924,  -5.3624860801609122,  -0.8007351439963426, -15.016655108639842};
static const double y_eps0[] = {
    0.68301270189221941,  -0.59099025766973179, -7.2426406871192848,  2.8480762113533165,
    0.33708739263761178,  -14.313708498984759,  5.8791651245988525,   0.73483495705504476,
    -10.778174593052022,  -5.3791651245988525,  2.5909902576697319,   -4.4142135623730949,
    -6.6782032302755105,  -1.25390286503212,    -17.849242404917497,  6.3121778264910713,
    -0.32582521472477644, -3.7071067811865475,  -4.9461524227066329,  2.7235727791422093,
    -17.142135623730951,  6.7451905283832909,   -1.5190679079770752,  -15.020815280171307,
    -6.2451905283832909,  0.071922349692656484, -12.192388155425117,  1.1160254037844388,
    0.60225243558256714,  -15.727922061357855,  5.0131397208144133,   2.3258252147247767,
    -22.798989873223327,  -5.8121778264910713,  -0.85615530061468703, -16.435028842544401};
static const double y_train[] = {
    0.45639162034009795, 0.47374719655938857, -0.88427890812954812, 1.0755664813603918,
    0.96491647977062589, -3.4231442183740906, 1.942411286788803,    1.1754176011468704,
    -2.1537115632518193, -1.2772979905167248, 2.1577561675693451,   0.13126721596826885,
    -1.648802907128901,  0.12291199426564758, -4.6925768734963622,  2.0662462589928619,
    0.6140812774768849,  0.38515374699272309, -1.153463018312666,   2.2279232080280935,
    -4.438690342471908,  2.1900812311969204,  -0.0174220866518488,  -3.6770307493985448,
    -1.5249679349248422, 0.82458239885312956, -2.6614846253007278,  0.58022659254415665,
    1.1052505606881222,  -3.930917280422999,  1.6947413423806854,   2.0174220866518486,
    -6.4697825906675419, -1.4011329627207834, 0.33341311564189213,  -4.1848038114474537};
static const double batch_mean[] = {0.33333333333333331, -0.125, -0.58333333333333337};
static const double invstd[] = {0.33022659254415671, 0.37422421577999038, 0.50777306204890849};
static const double new_mean[] = {0.45833333333333331, -0.96875, 2.1041666666666665};
static const double new_var[] = {3.0293560606060606, 3.4133522727272725, 1.3986742424242424};

#define VECTOR(values) \
    { .ndim = 1, .dim = {3}, .give = values, .constant = true }
#define GIVEN                                           \
    .in = {{.ndim = 4, .dim = {2, 3, 2, 3}, .give = x}, \
           VECTOR(gamma),                               \
           VECTOR(beta),                                \
           VECTOR(mean),                                \
           VECTOR(var)}
#define PARAM(c, is_const)                                                        \
    {.ndim = 1, .dim = {c}, .constant = is_const},                                \
        {.ndim = 1, .dim = {c}, .constant = is_const},                            \
        {.ndim = 1, .dim = {c}, .draw = GD_DRAW_UNIFORM, .constant = is_const}, { \
        .ndim = 1, .dim = {c}, .draw = GD_DRAW_UNIFORM, .lo = 0.5, .hi = 2,       \
        .constant = is_const                                                      \
    }
#define OUT(values) \
    { .ndim = 1, .dim = {3}, .want = values }

const gd_case gd_cases_batch_norm[] = {
    {.label = "torch",
     .attr = &(const gd_batch_norm){0.125f},
     GIVEN,
     .out = {{.ndim = 4, .dim = {2, 3, 2, 3}, .want = y_eval}}},
    {.label = "torch, eps 0",
     .attr = &(const gd_batch_norm){0},
     GIVEN,
     .out = {{.ndim = 4, .dim = {2, 3, 2, 3}, .want = y_eps0}}},
    {.label = "one value",
     .attr = &(const gd_batch_norm){1e-5f},
     .in = {{.ndim = 2, .dim = {1, 1}}, PARAM(1, false)}},
    {.label = "odd plane",
     .attr = &(const gd_batch_norm){1e-5f},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 7}}, PARAM(7, false)}},
    {.label = "vector and one",
     .attr = &(const gd_batch_norm){1e-3f},
     .in = {{.ndim = 2, .dim = {3, 17}}, PARAM(17, true)}},
    {.label = "whole vectors",
     .attr = &(const gd_batch_norm){1e-3f},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 24}}, PARAM(24, true)}},
    {.label = "threads",
     .attr = &(const gd_batch_norm){1e-5f},
     .in = {{.ndim = 4, .dim = {1, 61, 59, 23}, .draw = GD_DRAW_UNIFORM}, PARAM(23, true)},
     .flags = GD_CASE_NO_GRAD},
    {0}};

const gd_case gd_cases_batch_norm_train[] = {
    {.label = "torch",
     .attr = &(const gd_batch_norm_train){0.125f, 0.25f},
     GIVEN,
     .out = {{.ndim = 4, .dim = {2, 3, 2, 3}, .want = y_train},
             OUT(batch_mean),
             OUT(invstd),
             OUT(new_mean),
             OUT(new_var)}},
    {.label = "two values",
     .attr = &(const gd_batch_norm_train){1e-5f, 0.1f},
     .in = {{.ndim = 2, .dim = {2, 1}}, PARAM(1, false)}},
    {.label = "odd plane",
     .attr = &(const gd_batch_norm_train){1e-5f, 0.1f},
     .in = {{.ndim = 4, .dim = {2, 3, 5, 3}, .draw = GD_DRAW_UNIFORM}, PARAM(3, false)}},
    {.label = "whole vectors",
     .attr = &(const gd_batch_norm_train){1e-3f, 0.1f},
     .in = {{.ndim = 4, .dim = {1, 3, 5, 24}, .draw = GD_DRAW_UNIFORM}, PARAM(24, false)}},
    {.label = "far from zero, several parts",
     .attr = &(const gd_batch_norm_train){1e-5f, 0.1f},
     .in = {{.ndim = 4, .dim = {2, 61, 59, 23}, .draw = GD_DRAW_UNIFORM, .lo = 7, .hi = 9},
            PARAM(23, false)},
     .flags = GD_CASE_NO_GRAD},
    {.label = "far from zero, many blocks",
     .attr = &(const gd_batch_norm_train){1e-5f, 0.1f},
     .in = {{.ndim = 4, .dim = {2, 40, 37, 16}, .draw = GD_DRAW_UNIFORM, .lo = 60, .hi = 64},
            PARAM(16, false)},
     .flags = GD_CASE_NO_GRAD},
    {0}};

/* Covered through the gradient checks, but for what is summed by many. */
#define VALUES(...) \
    { .ndim = 4, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM, .lo = -2, .hi = 2 }
#define POSITIVE(c) \
    { .ndim = 1, .dim = {c}, .draw = GD_DRAW_UNIFORM, .lo = 0.5, .hi = 2 }
#define BACK(text, a, c, ...)                                                          \
    {                                                                                  \
        .label = text, .attr = a, .in = {                                              \
            VALUES(__VA_ARGS__),                                                       \
            VALUES(__VA_ARGS__),                                                       \
            POSITIVE(c),                                                               \
            {.ndim = 1, .dim = {c}, .draw = GD_DRAW_UNIFORM, .lo = -0.25, .hi = 0.25}, \
            POSITIVE(c)                                                                \
        }                                                                              \
    }

const gd_case gd_cases_batch_norm_bwd[] = {
    BACK("many blocks", &(const gd_batch_norm){1e-5f}, 3, 1, 61, 59, 3),
    BACK("many blocks, whole vectors", &(const gd_batch_norm){1e-5f}, 16, 2, 40, 37, 16),
    BACK("several parts", &(const gd_batch_norm){1e-5f}, 23, 2, 61, 59, 23),
    {0}};
const gd_case gd_cases_batch_norm_train_bwd[] = {
    BACK("many blocks", (&(const gd_batch_norm_train){1e-5f, 0.1f}), 3, 1, 61, 59, 3),
    BACK("many blocks, whole vectors", (&(const gd_batch_norm_train){1e-5f, 0.1f}), 16, 2, 40,
         37, 16),
    BACK("more than a tile", (&(const gd_batch_norm_train){1e-5f, 0.1f}), 264, 1, 5, 7, 264),
    BACK("several parts", (&(const gd_batch_norm_train){1e-5f, 0.1f}), 23, 2, 61, 59, 23),
    {0}};
