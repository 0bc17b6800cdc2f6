/* map_colors_test.c -- colours of classes over pictures, legends, and soft edges of masks. */
#include "tools/draw/class_map.h"

#include "tests/gd_test.h"

enum { W = 9, H = 5, STRIDE = 3 * W + 4 };

/* The first entries, and the last, of the colour map of Pascal VOC's development kit. */
static void test_colors(void **state) {
    static const int want[][4] = {{0, 0, 0, 0},     {1, 128, 0, 0},      {2, 0, 128, 0},
                                  {3, 128, 128, 0}, {8, 64, 0, 0},       {15, 192, 128, 128},
                                  {20, 0, 64, 128}, {255, 224, 224, 192}};
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const gd_color c = gd_map_color(want[i][0]);
        assert_int_equal(c.r, want[i][1]);
        assert_int_equal(c.g, want[i][2]);
        assert_int_equal(c.b, want[i][3]);
    }
}

static void test_overlay(void **state) {
    uint8_t         rgb[STRIDE * H], map[W * H] = {0};
    const gd_canvas c = {rgb, W, H, STRIDE, NULL};
    (void)state;
    memset(rgb, 100, sizeof rgb);
    map[2 * W + 3] = 1;
    gd_draw_class_map(&c, map, 0, 255);
    for (int y = 0; y < H; y++)
        for (int i = 0; i < STRIDE; i++) {
            const int at = i - 9, want = y != 2 || at < 0 || at > 2 ? 100 : at ? 0 : 128;
            assert_int_equal(rgb[y * STRIDE + i], want);
        }
    gd_draw_class_map(&c, map, -1, 128); /* class 0 is black */
    assert_int_equal(rgb[0], 50);
    assert_int_equal(rgb[2 * STRIDE + 9], 128);
    assert_int_equal(rgb[3 * W], 100);
}

/* On a picture of any size; nothing is drawn outside it. */
static void test_legend(void **state) {
    const gd_legend_line line[2] = {{{255, 0, 0}, "person 34.1 %"}, {{0, 0, 255}, ""}};
    const gd_draw_style  style = gd_draw_defaults();
    uint8_t             *rgb = calloc(200 * 100, 3), tiny[3 + 8] = {0};
    gd_canvas            c = {rgb, 200, 100, 0, NULL};
    gd_error             err;
    int                  red = 0;
    (void)state;
    gd_assert_ok(gd_draw_legend(&c, line, 2, false, &style, &err), &err);
    for (int i = 0; i < 200 * 100; i++) red += rgb[3 * i] == 255 && rgb[3 * i + 1] == 0;
    assert_true(red > 16);
    c = (gd_canvas){tiny, 1, 1, 0, NULL};
    gd_assert_ok(gd_draw_legend(&c, line, 2, false, &style, &err), &err);
    for (int i = 3; i < 11; i++) assert_int_equal(tiny[i], 0);
    c.width = 0;
    assert_int_equal(gd_draw_legend(&c, line, 2, false, &style, &err), GD_ERR_ARG);
    free(rgb);
}

/* Below a caption of one line, whatever the size of the letters. */
static void test_legend_below_caption(void **state) {
    const gd_legend_line line = {{255, 0, 0}, "person 34.1 %"};
    uint8_t             *rgb = malloc(400 * 200 * 3);
    const gd_canvas      c = {rgb, 400, 200, 0, NULL};
    (void)state;
    for (int k = 1; k <= 3; k++) {
        gd_draw_style style = gd_draw_defaults();
        gd_error      err;
        int           low = 0, high = 200;
        style.font_scale = (float)k;
        memset(rgb, 255, 400 * 200 * 3);
        gd_assert_ok(gd_draw_caption(&c, "16.3 FPS", &style, &err), &err);
        for (int i = 0; i < 400 * 200; i++)
            if (rgb[3 * i] < 255) low = i / 400;
        memset(rgb, 255, 400 * 200 * 3);
        gd_assert_ok(gd_draw_legend(&c, &line, 1, true, &style, &err), &err);
        for (int i = 400 * 200 - 1; i >= 0; i--)
            if (rgb[3 * i] < 255) high = i / 400;
        assert_true(low > 0 && low < high && high < 150);
    }
    free(rgb);
}

static void test_soften(void **state) {
    uint8_t a[W * H] = {0}, line[W];
    (void)state;
    for (int y = 0; y < H; y++)
        for (int x = 4; x < W; x++) a[y * W + x] = 255;
    gd_soften(a, W, H, 1, line);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            assert_int_equal(a[y * W + x], x < 3 ? 0 : x == 3 ? 85 : x == 4 ? 170 : 255);
    memset(a, 77, sizeof a);
    gd_soften(a, W, H, 100, line); /* wider than the picture */
    for (int i = 0; i < W * H; i++) assert_int_equal(a[i], 77);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colors), cmocka_unit_test(test_overlay),
        cmocka_unit_test(test_legend), cmocka_unit_test(test_legend_below_caption),
        cmocka_unit_test(test_soften)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
