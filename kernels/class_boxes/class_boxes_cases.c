/* class_boxes_cases.c -- shapes on which every per-class selection kernel is checked and
 * timed. */
#include "kernels/class_boxes/class_boxes.h"

extern const gd_case gd_cases_class_boxes[];

/* Worked out by a few lines of Python from the text of class_boxes.h. */
static const double scores[] = {0.375, 0.625,  0.625, 0.5,    0.5,    0.625,  0.1875, 0.9375,
                                0.625, 0.3125, 0.25,  0.0625, 0.4375, 0.75,   0.6875, 0.1875,
                                0.125, 0.3125, 0.75,  0.5,    0.9375, 0.6875, 0.625,  0.75};

static const double boxes[] = {
    15,      6.875,  18.3125, 13.9375, 9.8125,  2.8125,  15.875,  9.75,    2.6875,  2.75,
    6.6875,  9.5625, 19.25,   0.5,     25.8125, 4.625,   9.5,     0.3125,  10.6875, 9,
    5.375,   15.875, 12.0625, 18.5,    8.125,   8.375,   15,      11.625,  18.5,    17.875,
    23.25,   25.75,  13.25,   12,      17.8125, 15.3125, 19.0625, 17.75,   19.5625, 19.375,
    0.625,   16.625, 3.375,   19.8125, 12.25,   13.3125, 14.625,  14.8125, 19.0625, 12.1875,
    23.8125, 14.875, 0.375,   14.5,    7.3125,  22.875,  17,      15.125,  20.1875, 20.6875,
    2.625,   3.6875, 7.6875,  5.3125,  18.5625, 5.5625,  20.5625, 13.625,  17.0625, 8.0625,
    21.875,  15.5,   4.9375,  2.875,   6.5,     8.625,   4.25,    5.375,   12.1875, 13.3125,
    14.0625, 2.5625, 15.125,  7.75,    10.3125, 0.6875,  14.25,   7.75,    1.6875,  5.5,
    3.25,    8.625,  6.25,    12.5625, 13.75,   17.3125};

static const double shared_boxes[] = {
    15,     6.875,   18.3125, 13.9375, 19.25,  0.5,     25.8125, 4.625,   8.125,  8.375, 15,
    11.625, 19.0625, 17.75,   19.5625, 19.375, 19.0625, 12.1875, 23.8125, 14.875, 2.625, 3.6875,
    7.6875, 5.3125,  4.9375,  2.875,   6.5,    8.625,   10.3125, 0.6875,  14.25,  7.75};

static const double counts[] = {4, 2};

static const double per_box[] = {2.6875,  2.75,    6.6875,  9.5625,  19.25,   0.5,    25.8125,
                                 4.625,   5.375,   15.875,  12.0625, 18.5,    13.25,  12,
                                 17.8125, 15.3125, 19.0625, 12.1875, 23.8125, 14.875, 17,
                                 15.125,  20.1875, 20.6875, 17.0625, 8.0625,  21.875, 15.5,
                                 0,       0,       0,       0};

static const double per_score[] = {0.625, 0.5, 0.625, 0.625, 0.4375, 0.6875, 0.3125, 0};

static const double per_label[] = {2, 0, 2, 2, 0, 2, 2, -1};

static const double per_count[] = {4, 3};

static const double per_dropped[] = {1, 0};

static const double per_top[] = {0.625, 0.6875};

static const double one_box[] = {
    15,      6.875,   18.3125, 13.9375, 15,      6.875,   18.3125, 13.9375, 19.25,
    0.5,     25.8125, 4.625,   8.125,   8.375,   15,      11.625,  8.125,   8.375,
    15,      11.625,  0,       0,       0,       0,       0,       0,       0,
    0,       0,       0,       0,       0,       0,       0,       0,       0,
    19.0625, 12.1875, 23.8125, 14.875,  19.0625, 12.1875, 23.8125, 14.875,  4.9375,
    2.875,   6.5,     8.625,   4.9375,  2.875,   6.5,     8.625,   10.3125, 0.6875,
    14.25,   7.75,    10.3125, 0.6875,  14.25,   7.75,    10.3125, 0.6875,  14.25,
    7.75,    0,       0,       0,       0,       0,       0,       0,       0};

static const double one_score[] = {0.625, 0.625,  0.625, 0.9375, 0.625,  0,     0,    0, 0,
                                   0.75,  0.6875, 0.75,  0.9375, 0.6875, 0.625, 0.75, 0, 0};

static const double one_label[] = {1, 2, 2, 1, 2, -1, -1, -1, -1, 1, 2, 0, 2, 0, 1, 2, -1, -1};

static const double one_count[] = {5, 7};

static const double one_dropped[] = {0, 0};

static const double one_top[] = {0.9375, 0.9375};

static const double two_box[] = {
    15,      6.875,   18.3125, 13.9375, 15,      6.875, 18.3125, 13.9375, 19.25,  0.5,
    25.8125, 4.625,   19.25,   0.5,     25.8125, 4.625, 8.125,   8.375,   15,     11.625,
    19.0625, 12.1875, 23.8125, 14.875,  4.9375,  2.875, 6.5,     8.625,   4.9375, 2.875,
    6.5,     8.625,   10.3125, 0.6875,  14.25,   7.75,  10.3125, 0.6875,  14.25,  7.75};

static const double two_score[] = {0.625, 0.625, 0.5,    0.625,  0.9375,
                                   0.75,  0.75,  0.9375, 0.6875, 0.75};

static const double two_label[] = {1, 2, 0, 2, 1, 1, 0, 2, 0, 2};

static const double two_count[] = {5, 5};

static const double two_dropped[] = {1, 1};

static const double two_top[] = {0.9375, 0.9375};

const gd_case gd_cases_class_boxes[] = {
    {.label = "a box a class, full",
     .attr = &(gd_class_boxes){0.25f, 1, 1, 4, 0},
     .in = {{.ndim = 3, .dim = {2, 4, 3}, .give = scores},
            {.ndim = 3, .dim = {2, 4, 12}, .give = boxes},
            {.ndim = 1, .dim = {2}, .dtype = GD_I32, .give = counts}},
     .out = {{.ndim = 3, .dim = {2, 4, 4}, .want = per_box},
             {.ndim = 2, .dim = {2, 4}, .want = per_score},
             {.ndim = 2, .dim = {2, 4}, .want = per_label},
             {.ndim = 1, .dim = {2}, .want = per_count},
             {.ndim = 1, .dim = {2}, .want = per_dropped},
             {.ndim = 1, .dim = {2}, .want = per_top}}},
    {.label = "a box a row, no background",
     .attr = &(gd_class_boxes){0.5f, 0.75f, -1, 9, 0},
     .in = {{.ndim = 3, .dim = {2, 4, 3}, .give = scores},
            {.ndim = 3, .dim = {2, 4, 4}, .give = shared_boxes}},
     .out = {{.ndim = 3, .dim = {2, 9, 4}, .want = one_box},
             {.ndim = 2, .dim = {2, 9}, .want = one_score},
             {.ndim = 2, .dim = {2, 9}, .want = one_label},
             {.ndim = 1, .dim = {2}, .want = one_count},
             {.ndim = 1, .dim = {2}, .want = one_dropped},
             {.ndim = 1, .dim = {2}, .want = one_top}}},
    {.label = "two a class, full",
     .attr = &(gd_class_boxes){0.25f, 0.75f, -1, 5, 2},
     .in = {{.ndim = 3, .dim = {2, 4, 3}, .give = scores},
            {.ndim = 3, .dim = {2, 4, 4}, .give = shared_boxes}},
     .out = {{.ndim = 3, .dim = {2, 5, 4}, .want = two_box},
             {.ndim = 2, .dim = {2, 5}, .want = two_score},
             {.ndim = 2, .dim = {2, 5}, .want = two_label},
             {.ndim = 1, .dim = {2}, .want = two_count},
             {.ndim = 1, .dim = {2}, .want = two_dropped},
             {.ndim = 1, .dim = {2}, .want = two_top}}},
    {.label = "equals of a class",
     .attr = &(gd_class_boxes){0.5f, 0, 0, 60, 7},
     .in = {{.ndim = 3, .dim = {2, 40, 7}, .draw = GD_DRAW_INTEGERS, .lo = 0, .hi = 3},
            {.ndim = 3, .dim = {2, 40, 28}, .draw = GD_DRAW_UNIFORM, .lo = 0, .hi = 50},
            {.ndim = 1,
             .dim = {2},
             .dtype = GD_I32,
             .draw = GD_DRAW_INTEGERS,
             .lo = 5,
             .hi = 40}}},
    {.label = "one class, cut",
     .attr = &(gd_class_boxes){0.1f, 0, -1, 128, 100},
     .in = {{.ndim = 3, .dim = {1, 300, 1}, .draw = GD_DRAW_UNIFORM, .lo = 0, .hi = 1},
            {.ndim = 3, .dim = {1, 300, 4}, .draw = GD_DRAW_BOXES, .hi = 50}}},
    {.label = "overflow of equals",
     .attr = &(gd_class_boxes){0.5f, 0, 0, 37, 0},
     .in = {{.ndim = 3, .dim = {1, 40, 7}, .draw = GD_DRAW_INTEGERS, .lo = 0, .hi = 2},
            {.ndim = 3, .dim = {1, 40, 4}, .draw = GD_DRAW_BOXES, .hi = 50}}},
    {.label = "coco head",
     .attr = &(gd_class_boxes){0.6f, 0.01f, 0, 2000, 0},
     .in = {{.ndim = 3, .dim = {1, 1000, 91}, .draw = GD_DRAW_UNIFORM, .lo = -9, .hi = 1},
            {.ndim = 3, .dim = {1, 1000, 364}, .draw = GD_DRAW_UNIFORM, .lo = 0, .hi = 800}},
     .flags = GD_CASE_LARGE},
    {0}};
