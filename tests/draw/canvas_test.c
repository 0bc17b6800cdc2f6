/* canvas_test.c -- rectangles, lines and discs: exact pixels, and nothing outside the picture.
 * */
#include <math.h>

#include "tests/gd_test.h"
#include "tools/draw/canvas.h"

enum { W = 20, H = 12, STRIDE = 3 * W + 5, GUARD = 64 };

typedef struct sheet {
    uint8_t   bytes[GUARD + STRIDE * H + GUARD];
    gd_canvas c;
} sheet;

static void sheet_init(sheet *s) {
    memset(s->bytes, 7, sizeof s->bytes);
    s->c = (gd_canvas){s->bytes + GUARD, W, H, STRIDE, NULL};
}

/* Guard bytes and the padding behind every row are untouched. */
static void check_guards(const sheet *s) {
    for (int i = 0; i < GUARD; i++) {
        assert_int_equal(s->bytes[i], 7);
        assert_int_equal(s->bytes[GUARD + STRIDE * H + i], 7);
    }
    for (int y = 0; y < H; y++)
        for (int i = 3 * W; i < STRIDE; i++)
            assert_int_equal(s->bytes[GUARD + y * STRIDE + i], 7);
}

static int red_at(const sheet *s, int x, int y) { return s->bytes[GUARD + y * STRIDE + 3 * x]; }

static const gd_color red = {200, 0, 0};

static void test_rect_pixels(void **state) {
    sheet s;
    (void)state;
    sheet_init(&s);
    gd_draw_rect(&s.c, 3, 2, 13, 10, 2, red);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            bool in = x >= 3 && x < 13 && y >= 2 && y < 10;
            bool hole = x >= 5 && x < 11 && y >= 4 && y < 8;
            assert_int_equal(red_at(&s, x, y), in && !hole ? 200 : 7);
        }
    check_guards(&s);
}

static void test_fill_alpha(void **state) {
    sheet s;
    (void)state;
    sheet_init(&s);
    gd_fill_rect(&s.c, 0, 0, W, H, (gd_color){107, 7, 7}, 128);
    assert_int_equal(red_at(&s, 0, 0), 57);
    gd_fill_rect(&s.c, 0, 0, W, H, red, 999);
    assert_int_equal(red_at(&s, W - 1, H - 1), 200);
    check_guards(&s);
}

static void test_clipping(void **state) {
    static const int at[] = {-2147483647, -100, -1, 0, 5, W - 1, W, 100, 2147483647};
    const int        n = sizeof at / sizeof *at;
    sheet            s;
    (void)state;
    sheet_init(&s);
    for (int i = 0; i < n * n * n * n; i++) {
        int x1 = at[i % n], y1 = at[i / n % n], x2 = at[i / n / n % n], y2 = at[i / n / n / n];
        gd_fill_rect(&s.c, x1, y1, x2, y2, red, 255);
    }
    check_guards(&s);
    for (int width = 1; width < 40; width += 6) gd_draw_rect(&s.c, -3, -3, 30, 5, width, red);
    check_guards(&s);
}

/* A rectangle thinner than two lines is filled, once. */
static void test_thick_rect(void **state) {
    sheet s;
    (void)state;
    sheet_init(&s);
    gd_draw_rect(&s.c, 4, 4, 7, 9, 50, red);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            assert_int_equal(red_at(&s, x, y), x >= 4 && x < 7 && y >= 4 && y < 9 ? 200 : 7);
}

static void test_line_and_disc(void **state) {
    sheet s;
    (void)state;
    sheet_init(&s);
    gd_draw_line(&s.c, 2, 5, 18, 5, 2, red); /* covers the rows 4 and 5 */
    assert_int_equal(red_at(&s, 10, 4), 200);
    assert_int_equal(red_at(&s, 10, 5), 200);
    assert_int_equal(red_at(&s, 10, 2), 7);
    assert_int_equal(red_at(&s, 10, 7), 7);
    sheet_init(&s);
    gd_draw_disc(&s.c, 10, 6, 3, red);
    assert_int_equal(red_at(&s, 10, 6), 200);
    assert_int_equal(red_at(&s, 8, 6), 200);
    assert_int_equal(red_at(&s, 5, 6), 7);
    int edge = red_at(&s, 8, 3); /* on the rim: neither nor */
    assert_true(edge > 7 && edge < 200);
    const float odd[] = {-1e30f, -50, 0, 3.3f, 1e9f, 1e30f, INFINITY, NAN};
    for (int i = 0; i < 8 * 8 * 8; i++) {
        gd_draw_line(&s.c, odd[i % 8], 2, odd[i / 8 % 8], odd[i / 64], 3, red);
        gd_draw_disc(&s.c, odd[i % 8], odd[i / 8 % 8], odd[i / 64], red);
    }
    check_guards(&s);
}

static void test_bad_canvas(void **state) {
    uint8_t   one[3] = {0};
    gd_error  err;
    gd_canvas good = {one, 1, 1, 0, NULL};
    (void)state;
    gd_assert_ok(gd_canvas_check(&good, &err), &err);
    const gd_canvas bad[] = {{NULL, 1, 1, 0, NULL},
                             {one, 0, 1, 0, NULL},
                             {one, 1, -1, 0, NULL},
                             {one, 65536, 1, 0, NULL},
                             {one, 1, 1, 2, NULL}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gd_canvas_check(&bad[i], &err), GD_ERR_ARG);
    assert_int_equal(gd_canvas_check(NULL, &err), GD_ERR_ARG);
}

/* Larger pictures get larger letters and wider lines; a style's own width is kept. */
static void test_sizes(void **state) {
    gd_draw_style style = gd_draw_defaults();
    gd_canvas     small = {NULL, 640, 480, 0, NULL}, large = {NULL, 3840, 2160, 0, NULL};
    (void)state;
    assert_true(gd_style_font_size(&large, &style) > 2 * gd_style_font_size(&small, &style));
    assert_int_equal(gd_style_line_width(&small, &style), 2);
    assert_int_equal(gd_style_line_width(&large, &style), 7);
    style.line_width = 5;
    assert_int_equal(gd_style_line_width(&small, &style), 5);
    style.font_scale = 2;
    float twice = gd_style_font_size(&small, &style);
    style.font_scale = NAN;
    assert_true(twice > 1.8f * gd_style_font_size(&small, &style));
    style.font_scale = INFINITY;
    style.line_width = INFINITY;
    assert_true(gd_style_font_size(&small, &style) < 1100);
    assert_int_equal(gd_style_line_width(&small, &style), 4096);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rect_pixels),   cmocka_unit_test(test_fill_alpha),
        cmocka_unit_test(test_clipping),      cmocka_unit_test(test_thick_rect),
        cmocka_unit_test(test_line_and_disc), cmocka_unit_test(test_bad_canvas),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
