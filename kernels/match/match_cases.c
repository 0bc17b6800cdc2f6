/* match_cases.c -- shapes on which every matching kernel is checked and timed.
 *
 * Golden values: Matcher and SSDMatcher of torchvision 0.14.1 on box_iou in float64. Anchors
 * come twice, so that there are ties; one box overlaps nothing. */
#include "kernels/match/match.h"

extern const gd_case gd_cases_match[];

static const double anchors[] = {
    4,  4,  28, 28, 0,  8,  32, 24, 8,  0,  24, 32, 4,  4,  28, 28, 36, 4,  60, 28, 32, 8,
    64, 24, 40, 0,  56, 32, 36, 4,  60, 28, 4,  36, 28, 60, 0,  40, 32, 56, 8,  32, 24, 64,
    4,  36, 28, 60, 36, 36, 60, 60, 32, 40, 64, 56, 40, 32, 56, 64, 36, 36, 60, 60};
static const double gt[] = {37,    5,    61,    29,    34.75, 8.25,  46.25, 31,
                            30.25, 40,   46,    63.25, 0,     0,     0,     0,
                            38.75, 0.75, 61.25, 6.75,  16.5,  35.25, 47.25, 54.25,
                            30,    30,   33,    33,    100,   100,   120,   120};
static const double gt_count[] = {3, 4};
static const double rpn[] = {-1, -1, -1, -1, 0, -2, -2, 0, -1, -1, -1, -1, -1, 2, -1, -1,
                             0,  0,  0,  0,  0, 0,  0,  0, 1,  1,  1,  1,  1,  1, 1,  1};
static const double plain[] = {-1, -1, -1, -1, 0,  0,  0,  0,  -1, -1, -1, -1, -1, -1, -1, -1,
                               -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
static const double ssd[] = {-1, -1, -1, -1, 1,  0,  0, 0,  -1, -1, -1, -1, -1, 2,  -1, -1,
                             3,  -1, -1, -1, -1, -1, 0, -1, -1, 1,  -1, -1, -1, -1, -1, -1};
static const double proposals[] = {
    9.5,   14.75, 26,    39,    33.25, 24.75, 57.5,  33.5,  4,     10,    31.5,  14.25,
    2.5,   19.25, 30.75, 42,    37.25, 5.25,  61.25, 29.25, 35,    8.5,   46.5,  31.25,
    30.5,  40.25, 46.25, 63.5,  17,    30.25, 45.75, 35,    24.75, 27.25, 47.75, 54.25,
    36.75, 28.25, 53.25, 55.5,  6,     2.25,  14.25, 17.75, 39.75, 0.75,  63.25, 7.25,
    17.5,  35.25, 49.25, 54.75, 31,    30,    35,    33.5};
static const double count[] = {7, 5};
static const double roi[] = {-1, -1, -1, -1, 0, 1, 2, -1, 1, -1, -1, 0, -2, -2};

static const double none[] = {0, 0};
static const double nothing[] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                 -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                 -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

#define SHARED \
    { .ndim = 2, .dim = {16, 4}, .give = anchors }
#define GT(counts)                                             \
    {.ndim = 3, .dim = {2, 4, 4}, .give = gt}, {               \
        .ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts \
    }
#define DRAWN(B, G, size)                                                                  \
    {.ndim = 3, .dim = {B, G, 4}, .draw = GD_DRAW_BOXES, .hi = size}, {                    \
        .ndim = 1, .dim = {B}, .dtype = GD_I32, .draw = GD_DRAW_INTEGERS, .lo = 1, .hi = G \
    }

const gd_case gd_cases_match[] = {
    {.label = "torchvision, low quality",
     .attr = &(gd_match){0.7f, 0.3f, 1, 0},
     .in = {SHARED, GT(gt_count)},
     .out = {{.ndim = 2, .dim = {2, 16}, .want = rpn}}},
    {.label = "torchvision, thresholds",
     .attr = &(gd_match){0.5f, 0.4f, 0, 0},
     .in = {SHARED, GT(gt_count)},
     .out = {{.ndim = 2, .dim = {2, 16}, .want = plain}}},
    {.label = "torchvision, claim",
     .attr = &(gd_match){0.5f, 0.5f, 0, 1},
     .in = {SHARED, GT(gt_count)},
     .out = {{.ndim = 2, .dim = {2, 16}, .want = ssd}}},
    {.label = "torchvision, counted proposals",
     .attr = &(gd_match){0.5f, 0.5f, 0, 0},
     .in = {{.ndim = 3, .dim = {2, 7, 4}, .give = proposals},
            GT(gt_count),
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = count}},
     .out = {{.ndim = 2, .dim = {2, 7}, .want = roi}}},
    {.label = "no ground truth, low quality",
     .attr = &(gd_match){0.7f, 0.3f, 1, 0},
     .in = {SHARED, GT(none)},
     .out = {{.ndim = 2, .dim = {2, 16}, .want = nothing}}},
    {.label = "no ground truth, claim",
     .attr = &(gd_match){0.5f, 0.5f, 0, 1},
     .in = {SHARED, GT(none)},
     .out = {{.ndim = 2, .dim = {2, 16}, .want = nothing}}},
    {.label = "several blocks, low quality",
     .attr = &(gd_match){0.7f, 0.3f, 1, 0},
     .in = {{.ndim = 2, .dim = {1057, 4}, .draw = GD_DRAW_BOXES, .hi = 97}, DRAWN(2, 9, 97)}},
    {.label = "several blocks, claim",
     .attr = &(gd_match){0.5f, 0.5f, 0, 1},
     .in = {{.ndim = 2, .dim = {1025, 4}, .draw = GD_DRAW_BOXES, .hi = 97}, DRAWN(2, 9, 97)}},
    {.label = "more ground truth than a tile",
     .attr = &(gd_match){0.5f, 0.3f, 1, 0},
     .in = {{.ndim = 3, .dim = {2, 83, 4}, .draw = GD_DRAW_BOXES, .hi = 97},
            DRAWN(2, 150, 97),
            {.ndim = 1,
             .dim = {2},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 3,
             .hi = 83}}},
    {.label = "rpn, 800x1344",
     .attr = &(gd_match){0.7f, 0.3f, 1, 0},
     .in = {{.ndim = 2, .dim = {268569, 4}, .draw = GD_DRAW_BOXES, .hi = 1344},
            DRAWN(1, 128, 1344)},
     .flags = GD_CASE_LARGE},
    {0}};
