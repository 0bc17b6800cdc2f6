/* yuv_rgb_cases.c -- planes on which every way to RGB is checked and timed.
 *
 * Golden values are libswscale's, of the corner of a larger picture. */
#include "kernels/yuv_rgb/yuv_rgb.h"

extern const gd_case gd_cases_yuv_rgb[];

static const double luma[15] = {223, 226, 7,  156, 26, 126, 5, 122,
                                61,  222, 16, 36,  85, 141, 10};
static const double chroma[12] = {110, 200, 181, 229, 158, 247, 157, 244, 179, 131, 25, 22};

static const double bt601_full[45] = {255, 177, 191, 255, 180, 194, 148, 0,   100, 255, 64, 249,
                                      192, 0,   79,  226, 80,  94,  105, 0,   0,   255, 30, 215,
                                      202, 0,   154, 255, 126, 255, 178, 0,   67,  198, 0,  87,
                                      89,  64,  175, 145, 120, 231, 0,   120, 0};
static const double bt709[45] = {255, 205, 202, 255, 208, 205, 170, 0,  100, 255, 97, 255,
                                 224, 0,   74,  255, 92,  89,  116, 0,  0,   255, 57, 234,
                                 233, 0,   163, 255, 168, 255, 207, 0,  61,  230, 0,  84,
                                 85,  67,  187, 150, 132, 252, 0,   70, 0};
static const double bt2020[45] = {255, 197, 202, 255, 200, 205, 158, 0,  102, 255, 87, 255,
                                  210, 0,   75,  248, 84,  89,  107, 0,  0,   255, 47, 236,
                                  221, 0,   165, 255, 155, 255, 194, 0,  62,  217, 0,  85,
                                  85,  68,  189, 150, 133, 254, 0,   80, 0};

static const double as601_full[6] = {8192, 11485, -2819, -5850, 14516, 0};
static const double as709[6] = {9539, 14686, -1747, -4366, 17305, 16};
static const double as2020[6] = {9539, 13752, -1535, -5328, 17545, 16};

/* clang-format off */
#define GAIN(values) {.ndim = 1, .dim = {6}, .give = values}
#define GIVEN(gain) {{.ndim = 2, .dim = {3, 5}, .dtype = GD_U8, .give = luma}, \
                     {.ndim = 2, .dim = {2, 6}, .dtype = GD_U8, .give = chroma}, GAIN(gain)}
#define WANT(values) {{.ndim = 3, .dim = {3, 5, 3}, .want = values}}
#define DRAWN(h, p, q, gain) \
    {{.ndim = 2, .dim = {h, p}, .dtype = GD_U8, .draw = GD_DRAW_INTEGERS, .hi = 255}, \
     {.ndim = 2, .dim = {((h) + 1) / 2, q}, .dtype = GD_U8, .draw = GD_DRAW_INTEGERS, \
      .hi = 255}, \
     GAIN(gain)}
/* clang-format on */

const gd_case gd_cases_yuv_rgb[] = {
    {.label = "BT.601, full range, odd sides",
     .attr = &(gd_yuv_rgb){5},
     .in = GIVEN(as601_full),
     .out = WANT(bt601_full)},
    {.label = "BT.709, odd sides",
     .attr = &(gd_yuv_rgb){5},
     .in = GIVEN(as709),
     .out = WANT(bt709)},
    {.label = "BT.2020, odd sides",
     .attr = &(gd_yuv_rgb){5},
     .in = GIVEN(as2020),
     .out = WANT(bt2020)},
    {.label = "one pixel", .attr = &(gd_yuv_rgb){1}, .in = DRAWN(1, 1, 2, as709)},
    {.label = "words, an odd row, room behind rows",
     .attr = &(gd_yuv_rgb){132},
     .in = DRAWN(17, 256, 160, as709)},
    {.label = "no words", .attr = &(gd_yuv_rgb){130}, .in = DRAWN(18, 131, 133, as2020)},
    {.label = "480x270",
     .attr = &(gd_yuv_rgb){480},
     .in = DRAWN(270, 512, 512, as709),
     .flags = GD_CASE_LARGE},
    {0}};
