/* color_test.c -- class colours are stable and apart; label text can be read on each. */
#include <math.h>

#include "tests/gd_test.h"
#include "tools/draw/draw.h"

static double linear(int v) {
    double s = v / 255.0;
    return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}
static double luminance(gd_color c) {
    return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

static void test_contrast(void **state) {
    (void)state;
    for (int id = 0; id < 60; id++) {
        gd_color back = gd_class_color(id), text = gd_contrast_color(back);
        double   a = luminance(back) + 0.05, b = luminance(text) + 0.05;
        /* WCAG 2 asks 4.5 of small text. */
        if ((a > b ? a / b : b / a) < 4.5) fail_msg("class %d: contrast %g", id, a / b);
    }
    assert_int_equal(gd_contrast_color((gd_color){0, 0, 0}).r, 255);
    assert_int_equal(gd_contrast_color((gd_color){255, 255, 255}).r, 0);
    assert_int_equal(gd_contrast_color((gd_color){0, 0, 255}).g, 255);
    assert_int_equal(gd_contrast_color((gd_color){0, 255, 0}).g, 0);
}

static void test_apart(void **state) {
    (void)state;
    for (int a = 0; a < 60; a++)
        for (int b = a + 1; b < 60; b++) {
            gd_color p = gd_class_color(a), q = gd_class_color(b);
            int      d = abs(p.r - q.r) + abs(p.g - q.g) + abs(p.b - q.b);
            if (d < (b < 20 ? 60 : 8)) fail_msg("classes %d and %d: distance %d", a, b, d);
        }
    /* Colours are part of saved pictures: person stays red. Any id has one. */
    gd_color person = gd_class_color(0), odd = gd_class_color(-1), far = gd_class_color(60);
    assert_int_equal(person.r << 16 | person.g << 8 | person.b, 0xff4d4d);
    assert_int_equal(far.r << 16 | far.g << 8 | far.b, 0xff4d4d);
    (void)odd;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
