/* glyphs_test.c -- the baked font: ink where letters are, at every size, and none elsewhere. */
#include <math.h>

#include "tests/gd_test.h"
#include "tools/draw/canvas.h"
#include "tools/draw/font/atlas.h"

/* Sum of the ink of white text on black, in whole pixels, and the rectangle that holds it. */
static double ink(const char *text, float size, float x, float y, int w, int h, int box[4]) {
    uint8_t  *p = calloc((size_t)w * (size_t)h, 3);
    gd_canvas c = {p, w, h, 0, NULL};
    double    sum = 0;
    gd_draw_text(&c, x, y, text, size, (gd_color){255, 255, 255});
    if (box) box[0] = w, box[1] = h, box[2] = box[3] = 0;
    for (int i = 0; i < w * h; i++) {
        sum += p[3 * i] / 255.0;
        if (!box || !p[3 * i]) continue;
        if (i % w < box[0]) box[0] = i % w;
        if (i / w < box[1]) box[1] = i / w;
        if (i % w >= box[2]) box[2] = i % w + 1;
        if (i / w >= box[3]) box[3] = i / w + 1;
    }
    free(p);
    return sum;
}

/* Every glyph but the two blanks has ink; none leaves the master's bounds. */
static void test_atlas(void **state) {
    int at = 0;
    (void)state;
    for (int m = 0; m < GD_FONT_MASTERS; m++)
        for (int g = 0; g < GD_GLYPHS; g++) {
            const gd_glyph *v = &gd_font_masters[m].glyph[g];
            bool            blank = g == 0 || g == GD_GLYPH_LATIN1;
            assert_int_equal(v->at, at);
            at += v->w * v->h;
            assert_int_equal(v->w > 0 && v->h > 0, !blank);
            assert_true(v->advance > 0.2f * gd_font_masters[m].size);
        }
    assert_int_equal(gd_font_bytes, at);
}

/* The area of ink is that of the outline: it grows with the square of the size, at any place.
 * */
static void test_ink_is_area(void **state) {
    const float sizes[] = {6, 10.3f, 14.6f, 28, 28.5f, 47, 72, 100, 150};
    double      unit = ink("Ag", 72, 10, 200, 400, 300, NULL) / (72.0 * 72.0);
    (void)state;
    assert_true(unit > 0.2 && unit < 1.0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int k = 0; k < 3; k++) {
            float  s = sizes[i];
            double a = ink("Ag", s, 10.37f + 0.31f * (float)k, 200.5f, 400, 300, NULL);
            if (fabs(a / (s * s) - unit) > 0.03 * unit)
                fail_msg("size %g: ink %g, expected %g", s, a, unit * s * s);
        }
}

static void test_metrics(void **state) {
    int box[4];
    (void)state;
    for (float size = 10; size < 120; size *= 1.7f) {
        ink("HgHgH", size, 20, 150, 700, 300, box);
        float right = 20 + gd_text_width("HgHgH", size);
        assert_true(box[0] >= 20 && (float)box[2] <= right + 1);
        assert_true((float)box[2] > right - 0.2f * size);
        assert_true(fabsf(150 - (float)box[1] - gd_text_ascent(size)) <= 1.6f);
        assert_true(fabsf((float)box[3] - 150 - gd_text_descent(size)) <= 1.3f);
    }
    assert_true(gd_text_width("", 20) == 0);
    assert_true(fabsf(gd_text_width("ab", 40) - 2 * gd_text_width("ab", 20)) < 1e-4f);
}

/* Inside a stem the ink is whole, at every size that has one. */
static void test_full_cover(void **state) {
    (void)state;
    for (float size = 20; size < 300; size *= 1.3f) {
        uint8_t   p[300 * 300 * 3] = {0};
        gd_canvas c = {p, 300, 300, 0, NULL};
        int       most = 0;
        gd_draw_text(&c, 10, 250, "I", size, (gd_color){255, 255, 255});
        for (int i = 0; i < 300 * 300; i++) most = p[3 * i] > most ? p[3 * i] : most;
        assert_int_equal(most, 255);
    }
}

/* Latin-1 and the ellipsis have their own shapes; what is missing or broken shows one sign. */
static void test_code_points(void **state) {
    double sign = ink("\xe2\x82\xac", 40, 10, 60, 100, 100, NULL); /* the euro is not baked */
    (void)state;
    assert_true(sign > 50);
    assert_true(ink("\xff", 40, 10, 60, 100, 100, NULL) == sign);
    assert_true(ink("\xf0\x9f\x90\x8d", 40, 10, 60, 100, 100, NULL) == sign);
    assert_true(ink("\n", 40, 10, 60, 100, 100, NULL) == sign);
    double e = ink("e", 40, 10, 60, 100, 100, NULL);
    double acute = ink("\xc3\xa9", 40, 10, 60, 100, 100, NULL);
    assert_true(acute > e + 10 && acute < e + 80);
    assert_true(ink("\xe2\x80\xa6", 40, 10, 60, 100, 100, NULL) < sign);
    assert_true(ink(" \xc2\xa0", 40, 10, 60, 100, 100, NULL) == 0);
}

/* Anywhere, at any size, also on one pixel; ASan watches the bounds. */
static void test_extremes(void **state) {
    const float odd[] = {-1e30f, -1000, -3.5f, 0, 7.25f, 99, 1e9f, 3e38f, NAN, INFINITY};
    (void)state;
    for (int i = 0; i < 10; i++)
        for (int k = 0; k < 10; k++) {
            ink("Wj\xc3\xbf", 30, odd[i], odd[k], 1, 1, NULL);
            ink("Wj", odd[i], odd[k], 5, 9, 4, NULL);
        }
    assert_true(ink("M", 1024, -150, 100, 3, 3, NULL) > 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_atlas),    cmocka_unit_test(test_ink_is_area),
        cmocka_unit_test(test_metrics),  cmocka_unit_test(test_code_points),
        cmocka_unit_test(test_extremes), cmocka_unit_test(test_full_cover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
