/* draw_cases.c -- lists on which every kernel of drawing is checked and timed.
 *
 * Golden values are NumPy's in double precision: distances of pixels' centres to a segment, and
 * means of a bitmap over the areas of pixels, rounded to even and blended in whole numbers.
 * Coordinates of lines and glyphs are the bits of floats. */
#include "kernels/draw/draw.h"

extern const gd_case gd_cases_draw[];

static const double before[] = {
    207, 21,  45,  60,  46,  205, 222, 149, 10,  24,  85,  110, 159, 122, 67,  40,  177, 188,
    8,   29,  115, 100, 227, 132, 107, 110, 170, 150, 44,  188, 193, 244, 201, 72,  81,  166,
    166, 178, 222, 74,  240, 0,   19,  249, 241, 76,  35,  80,  11,  228, 169, 149, 62,  120,
    48,  197, 121, 7,   65,  180, 133, 95,  64,  23,  155, 169, 133, 238, 237, 53,  155, 161,
    63,  76,  124, 189, 74,  184, 167, 55,  99,  212, 215, 168, 1,   174, 57,  209, 233, 109,
    244, 194, 83,  224, 98,  26,  151, 217, 168, 100, 230, 122, 98,  37,  54,  178, 204, 74,
    160, 223, 37,  70,  134, 143, 101, 102, 33,  156, 238, 50,  204, 46,  11,  191, 46,  192,
    84,  145, 240, 235, 121, 52,  64,  217, 150, 43,  226, 246, 248, 159, 249, 155, 128, 248,
    154, 201, 86,  202, 249, 13,  137, 94,  13,  21,  68,  49,  183, 54,  160, 219, 126, 32,
    17,  75,  105, 126, 78,  217, 145, 247, 239, 181, 7,   54,  191, 139, 241, 180, 209, 13,
    75,  174, 162, 94,  40,  150, 22,  171, 205};
static const double bitmaps[] = {171, 16,  133, 77, 142, 174, 50,
                                 40,  126, 158, 40, 236, 123, 247};
static const double shapes[] = {
    6, 0,        0,          0,          0,          0,          0,          0,
    1, 1968840,  -3,         4,          4,          100,        255,        0,
    1, 0,        2,          1,          7,          6,          70,         0,
    2, 5962250,  1066443735, 1085506847, 1090036695, 1059145646, 1068624773, 0,
    2, 16777215, 1088652575, 1083954954, 1088652575, 1083954954, 1076803666, 0,
    3, 20735,    1062165545, 1066947052, 1060152279, 2,          4,          3,
    3, 16732180, 1083053179, 1076384236, 1068960317, 2,          4,          3,
    1, 0,        0,          0,          9,          9,          255,        0};
static const double after[] = {
    207, 21,  45,  60,  46,  205, 222, 149, 10,  24,  85,  110, 159, 122, 67,  40,  177, 188,
    9,   102, 107, 16,  248, 93,  63,  174, 134, 158, 47,  174, 212, 194, 140, 136, 68,  70,
    162, 114, 111, 54,  174, 0,   12,  218, 130, 10,  250, 90,  10,  243, 117, 141, 73,  118,
    55,  193, 117, 90,  70,  120, 179, 75,  22,  121, 108, 67,  32,  212, 128, 12,  217, 122,
    28,  137, 111, 157, 75,  198, 131, 61,  138, 212, 214, 167, 37,  161, 49,  129, 177, 70,
    56,  218, 75,  28,  187, 126, 56,  137, 176, 104, 164, 181, 100, 109, 193, 84,  131, 181,
    200, 10,  30,  99,  137, 62,  10,  250, 90,  56,  168, 67,  122, 52,  47,  130, 80,  186,
    211, 222, 255, 163, 186, 255, 77,  149, 228, 94,  144, 63,  10,  250, 90,  83,  119, 53,
    145, 7,   22,  135, 171, 32,  93,  90,  100, 130, 162, 254, 135, 166, 255, 106, 117, 195,
    180, 35,  36,  156, 66,  44,  200, 10,  30,  200, 10,  30,  180, 135, 242, 137, 174, 78,
    44,  111, 231, 71,  80,  213, 21,  124, 231};

/* What a list should not hold: no number, infinite, outside, of no kind. */
#define INFINITE 0x7f800000
#define NO_NUMBER 0x7fc00000
#define HUGE_FLOAT 0x7f000000
#define LEAST (-2147483647 - 1)
#define MOST 2147483647
/* clang-format off */
static const double wild[] = {
    MOST, 0, 0, 0, 0, 0, 0, 0,
    GD_INK_FILL, MOST, LEAST, LEAST, MOST, MOST, MOST, 0,
    GD_INK_FILL, LEAST, 5, 5, 2, 2, 255, 0,
    GD_INK_FILL, -1, 1, 1, 3, 3, -9, 0,
    GD_INK_LINE, 1, NO_NUMBER, 0, 0, 0, 0x40000000, 0,
    GD_INK_LINE, 2, 0, INFINITE, 0, 0, 0x40000000, 0,
    GD_INK_LINE, 3, HUGE_FLOAT, 0, 0, 0, 0x40000000, 0,
    GD_INK_LINE, 4, 0x5f000000, 0, LEAST, 0, 0x40000000, 0,
    GD_INK_LINE, 5, 0, 0, 0x41000000, 0x41000000, INFINITE, 0,
    GD_INK_LINE, 6, 0x40800000, 0x40800000, 0x41000000, 0x41000000, HUGE_FLOAT, 0,
    GD_INK_GLYPH, 7, 0, 0, 0x3f800000, 13, 2, 2,
    GD_INK_GLYPH, 8, 0, 0, 0x3f800000, -1, 2, 2,
    GD_INK_GLYPH, 9, 0, 0, 0x3f800000, 0, MOST, MOST,
    GD_INK_GLYPH, 10, 0, 0, 0x3f800000, MOST, 1, 1,
    GD_INK_GLYPH, 11, 0, 0, 1, 0, 2, 3,
    GD_INK_GLYPH, 12, 0, 0, 0x3c800000, 0, 2, 3,
    GD_INK_GLYPH, 13, 0x5f000000, 0, HUGE_FLOAT, 0, 2, 3,
    GD_INK_GLYPH, 14, 0xc0000000 - 0x100000000, 0, HUGE_FLOAT, 0, 2, 3,
    GD_INK_GLYPH, 15, NO_NUMBER, 0, INFINITE, 0, 2, 3,
    4, 16, 0, 0, 9, 9, 255, 0,
    LEAST, 17, 0, 0, 9, 9, 255, 0};

/* A box, a line and two letters at place k of many. Fractional positions are spread over 8 to
 * 1024 by the bits of floats. */
#define AT(k) (0x41000000 + (k) % 896 * 0x10000)
#define BOX(k)                                                                               \
    GD_INK_FILL, (k) * 7919, (k) * 61 % 900 - 9, (k) * 37 % 500 - 9, (k) * 61 % 900 + 40,    \
        (k) * 37 % 500 + 3, 70 + (k) % 2 * 185, 0,                                           \
    GD_INK_LINE, (k) * 104729, AT((k) * 97), AT((k) * 13), AT((k) * 97 + 30), AT((k) * 57),  \
        0x40200000, 0,                                                                       \
    GD_INK_GLYPH, 0xffffff, AT((k) * 31), AT((k) * 77), 0x3f19999a, (k) % 50, 18, 20,        \
    GD_INK_GLYPH, 0, AT((k) * 29), AT((k) * 79), 0x3fa00000, (k) % 50, 18, 20
#define BOX4(k) BOX(k), BOX((k) + 1), BOX((k) + 2), BOX((k) + 3)
#define BOX16(k) BOX4(k), BOX4((k) + 4), BOX4((k) + 8), BOX4((k) + 12)
#define BOX64(k) BOX16(k), BOX16((k) + 16), BOX16((k) + 32), BOX16((k) + 48)
#define BOX256(k) BOX64(k), BOX64((k) + 64), BOX64((k) + 128), BOX64((k) + 192)
static const double many[] = {1024, 0, 0, 0, 0, 0, 0, 0, BOX256(1)};
/* clang-format on */

#define PICTURE(h, w) \
    { .ndim = 4, .dim = {1, h, w, 3}, .dtype = GD_U8, .draw = GD_DRAW_INTEGERS, .hi = 255 }
#define LIST(n, values) \
    { .ndim = 2, .dim = {n, GD_INK_WORDS}, .dtype = GD_I32, .give = values }
#define ANY_LIST(n, least, most)                                                        \
    {                                                                                   \
        .ndim = 2, .dim = {n, GD_INK_WORDS}, .dtype = GD_I32, .draw = GD_DRAW_INTEGERS, \
        .lo = least, .hi = most                                                         \
    }
#define ATLAS(n) \
    { .ndim = 1, .dim = {n}, .dtype = GD_U8, .draw = GD_DRAW_INTEGERS, .hi = 255 }

const gd_case gd_cases_draw[] = {
    {.label = "one of each, and one beyond the count",
     .in = {{.ndim = 4, .dim = {1, 7, 9, 3}, .dtype = GD_U8, .give = before},
            LIST(8, shapes),
            {.ndim = 1, .dim = {14}, .dtype = GD_U8, .give = bitmaps}},
     .out = {{.ndim = 4, .dim = {1, 7, 9, 3}, .want = after}}},
    {.label = "what no list should hold", .in = {PICTURE(37, 35), LIST(21, wild), ATLAS(14)}},
    {.label = "small numbers", .in = {PICTURE(31, 32), ANY_LIST(99, -3, 99), ATLAS(1)}},
    {.label = "count below 0", .in = {PICTURE(5, 7), ANY_LIST(9, -9, -1), ATLAS(9)}},
    {.label = "no room", .in = {PICTURE(32, 33), ANY_LIST(1, 1, 9), ATLAS(9)}},
    {.label = "one pixel, many shapes", .in = {PICTURE(1, 1), LIST(1025, many), ATLAS(410)}},
    {.label = "many shapes", .in = {PICTURE(66, 97), LIST(1025, many), ATLAS(410)}},
    {.label = "1280x720, 1024 shapes",
     .in = {PICTURE(720, 1280), LIST(1025, many), ATLAS(410)},
     .flags = GD_CASE_LARGE},
    {.label = "1920x1080, nothing drawn",
     .in = {PICTURE(1080, 1920), ANY_LIST(1025, 0, 0), ATLAS(410)},
     .flags = GD_CASE_LARGE},
    {0}};
