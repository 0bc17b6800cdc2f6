/* box_restore_cases.c -- shapes on which every box-restoring kernel is checked and timed. */
#include "kernels/box_restore/box_restore.h"

extern const gd_case gd_cases_box_restore[];

/* torchvision 0.14.1, resize_boxes; the letterbox on paper. */
static const double boxes[] = {25.1875, 2.0625,  -4.1875, 50.5625, 35.625,  44.0625,
                               54.375,  9.1875,  9.4375,  12.9375, 15,      51.125,
                               20.5625, 16.5625, 41.25,   5.75,    -0.5625, 46.0625,
                               50.75,   14.4375, 41.25,   -6.3125, 22.9375, 36.6875};

static const double geometry[] = {100, 80, 80, 64, 0, 0, 0.8, 0.8,
                                  30,  60, 40, 48, 4, 6, 0.5, 0.25};

/* clang-format off */
static const double multiplied[] = {
    31.484375, 2.578125, -5.234375, 63.203125, 44.53125, 55.078125, 67.96875, 11.484375,
    11.796875, 16.171875, 18.75, 63.90625, 25.703125, 12.421875, 51.5625, 4.3125, -0.703125,
    34.546875, 63.4375, 10.828125, 51.5625, -4.734375, 28.671875, 27.515625};
/* clang-format on */

/* clang-format off */
static const double letterboxed[] = {
    31.484375, 2.578125, 0, 63.203125, 44.53125, 55.078125, 67.96875, 11.484375, 11.796875,
    16.171875, 18.75, 63.90625, 58.25, 25.125, 60, 3.5, 0, 30, 60, 20.875, 60, 0, 60, 30};
/* clang-format on */

static const double relative[] = {0.109375, 0.515625, 0.265625, 0.5,      0.75,     0.71875,
                                  0.4375,   0.5625,   0.640625, 0.109375, 0.328125, 0.515625,
                                  0.21875,  0.28125,  0.671875, 0.78125,  0.5,      0.3125,
                                  0.78125,  0.21875,  0.375,    0.96875,  0.59375,  0.53125};
static const double whole[] = {8.75,   51.5625, 21.25,   50,      60,     71.875,
                               35,     56.25,   51.25,   10.9375, 26.25,  51.5625,
                               13.125, 8.4375,  40.3125, 23.4375, 30,     9.375,
                               46.875, 6.5625,  22.5,    29.0625, 35.625, 15.9375};

static const double clipped[] = {25.1875, 2.0625,  0,      50.5625, 35.625,  44.0625,
                                 54.375,  9.1875,  9.4375, 12.9375, 15,      51.125,
                                 20.5625, 16.5625, 41.25,  5.75,    0,       30,
                                 50.75,   14.4375, 41.25,  0,       22.9375, 30};

const gd_case gd_cases_box_restore[] = {
    {.label = "torchvision",
     .attr = &(gd_box_restore){GD_RESTORE_RATIO, 0},
     .in = {{.ndim = 3, .dim = {2, 3, 4}, .give = boxes},
            {.ndim = 2, .dim = {2, 8}, .give = geometry}},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = multiplied}}},
    {.label = "letterbox, clipped",
     .attr = &(gd_box_restore){GD_RESTORE_LETTERBOX, 1},
     .in = {{.ndim = 3, .dim = {2, 3, 4}, .give = boxes},
            {.ndim = 2, .dim = {2, 8}, .give = geometry}},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = letterboxed}}},
    {.label = "parts of the picture",
     .attr = &(gd_box_restore){GD_RESTORE_RELATIVE, 0},
     .in = {{.ndim = 3, .dim = {2, 3, 4}, .give = relative},
            {.ndim = 2, .dim = {2, 8}, .give = geometry}},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = whole}}},
    {.label = "clipped alone",
     .attr = &(gd_box_restore){GD_RESTORE_DONE, 1},
     .in = {{.ndim = 3, .dim = {2, 3, 4}, .give = boxes},
            {.ndim = 2, .dim = {2, 8}, .give = geometry}},
     .out = {{.ndim = 3, .dim = {2, 3, 4}, .want = clipped}}},
    {0}};
