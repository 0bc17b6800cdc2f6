/* layer_norm_cases.c -- shapes on which every layer-norm kernel is checked and timed.
 *
 * Golden values: torch.nn.functional.layer_norm in float64. */
#include "kernels/layer_norm/layer_norm.h"

extern const gd_case gd_cases_layer_norm[];
extern const gd_case gd_cases_layer_norm_bwd[];

static const double x[] = {-3.5,  -1.75, 0,    1,    -3,   0.5,   4,     -0.25, -2.25, -1.25,
                           -3.75, 0.25,  -0.5, 3.25, 1.5,  3,     -3.75, -2.75, 4.25,  0.5,
                           -0.75, 2.75,  4,    2.5,  2.25, -1.75, -1.75, -0.75, -0.75, 3.5};
static const double gamma[] = {4, 1.25, -1, 3, -4.25};
static const double beta[] = {2.5, -2.25, 1.5, -3, 0};
static const double y[] = {
    -2.266145137582753,   -2.467963954462626,   0.65720604274451322,   1.2720935074674675,
    3.8289001333934616,   3.155250210392516,    0.0024225982242729316, 1.687214345826433,
    -6.3698582248757951,  2.7848133941681921,   -4.2038604743786969,   -2.1962831692758118,
    1.7793275197657792,   0.996532205879608,    -2.465602530240242,    6.0273427093284653,
    -3.8533375951493021,  2.4620025570895816,   0.84801022835832551,   -0.34070923896922672,
    -4.8883701749258899,  -1.7723036524832396,  0.32168234279199148,   -2.3312251134765356,
    -0.27069459692616465, -0.47142611404896906, -3.178570660640303,    1.7305416812624199,
    -3.6916250437872602,  -8.2738847830846289};
static const double y_eps[] = {
    -2.1685957269384906,  -2.4635028533660894,  0.6744556336511206,    1.1846559259753542,
    3.7505334574643054,   3.1464599351554545,   -0.027793972903126185, 1.684702838615844,
    -6.3246510950851924,  2.7474547244106797,   -4.1278049031285624,   -2.196892588917239,
    1.7761585376303568,   0.95119138455741181,  -2.4376301686987261,   6.0048914333244143,
    -3.8431324696929154,  2.4558794818157494,   0.82351792726299733,   -0.33854064980974458,
    -4.707889285613919,   -1.7839726754990999,  0.35046593289777994,   -2.3475617456987399,
    -0.26408215055051043, -0.42385361281547063, -3.1637042540048346,   1.7268507113391314,
    -3.6805521340173941,  -8.1414199736154913};

#define VECTOR(n) \
    { .ndim = 1, .dim = {n}, .draw = GD_DRAW_UNIFORM, .lo = -2, .hi = 2, .constant = true }
#define ATTR \
    .attr = &(const gd_layer_norm) { 1e-5f }
#define GOLDEN(text, want_y, eps)                                        \
    {                                                                    \
        .label = text, .attr = &(const gd_layer_norm){eps},              \
        .in = {{.ndim = 3, .dim = {2, 3, 5}, .give = x},                 \
               {.ndim = 1, .dim = {5}, .give = gamma, .constant = true}, \
               {.ndim = 1, .dim = {5}, .give = beta, .constant = true}}, \
        .out = {                                                         \
            {.ndim = 3, .dim = {2, 3, 5}, .want = want_y}                \
        }                                                                \
    }
#define ROWS(text, extra, n, ...)                                                             \
    {                                                                                         \
        .label = text, ATTR,                                                                  \
        .in = {{.ndim = 2, .dim = {__VA_ARGS__}, .draw = GD_DRAW_UNIFORM, .lo = -1, .hi = 3}, \
               VECTOR(n),                                                                     \
               VECTOR(n)},                                                                    \
        .flags = extra                                                                        \
    }

const gd_case gd_cases_layer_norm[] = {
    GOLDEN("torch", y, 1e-5f),
    GOLDEN("torch, eps 1/8", y_eps, 0.125f),
    ROWS("vector less one", 0, 15, 3, 15),
    ROWS("two vectors and one", 0, 33, 5, 33),
    ROWS("a row", 0, 64, 1, 64),
    ROWS("256 channels", 0, 256, 9, 256),
    ROWS("a warp's most", GD_CASE_NO_GRAD, 1024, 3, 1024),
    ROWS("beyond a warp", GD_CASE_NO_GRAD, 1028, 2, 1028),
    ROWS("beyond a warp, odd", GD_CASE_NO_GRAD, 1531, 2, 1531),
    {.label = "far from zero",
     ATTR,
     .in = {{.ndim = 2, .dim = {7, 96}, .draw = GD_DRAW_UNIFORM, .lo = 60, .hi = 64},
            VECTOR(96),
            VECTOR(96)},
     .flags = GD_CASE_NO_GRAD},
    ROWS("threads", GD_CASE_NO_GRAD, 256, 997, 256),
    {.label = "detr encoder",
     ATTR,
     .in = {{.ndim = 3, .dim = {2, 850, 256}, .draw = GD_DRAW_UNIFORM, .lo = -2, .hi = 2},
            VECTOR(256),
            VECTOR(256)},
     .flags = GD_CASE_NO_GRAD | GD_CASE_LARGE},
    {0}};
#define BACK(text, rows, n)                                         \
    {                                                               \
        .label = text, ATTR, .in = {                                \
            {.ndim = 2, .dim = {rows, n}, .draw = GD_DRAW_UNIFORM}, \
            {.ndim = 2, .dim = {rows, n}, .draw = GD_DRAW_UNIFORM}, \
            {.ndim = 1, .dim = {n}, .draw = GD_DRAW_UNIFORM}        \
        }                                                           \
    }
const gd_case gd_cases_layer_norm_bwd[] = {
    BACK("256 channels", 37, 256),
    BACK("beyond 256", 9, 260),
    BACK("a warp's most", 11, 1024),
    BACK("beyond a warp, odd", 5, 1531),
    {.label = "threads",
     .attr = &(const gd_layer_norm){1e-5f},
     .in = {{.ndim = 4, .dim = {2, 61, 59, 23}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 4, .dim = {2, 61, 59, 23}, .draw = GD_DRAW_UNIFORM},
            {.ndim = 1, .dim = {23}, .draw = GD_DRAW_UNIFORM}},
     .flags = GD_CASE_NO_GRAD},
    {0}};
