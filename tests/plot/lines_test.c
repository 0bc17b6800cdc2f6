/* lines_test.c -- charts: marks of axes, lines where their values are, shades, no memory. */
#include <math.h>

#include "tests/gd_test.h"
#include "tests/track/short_heap.h"
#include "tools/media/encode.h"
#include "tools/plot/plot.h"

static const uint8_t *pixel(const gd_plot_picture *p, int x, int y) {
    return p->pixels + 3 * ((size_t)y * (size_t)p->image.width + (size_t)x);
}

static bool is(const uint8_t *p, gd_color c) {
    return p[0] == c.r && p[1] == c.g && p[2] == c.b;
}

static void marks(void **state) {
    const struct {
        double low, high;
        int    most, n;
        double first, step;
    } want[] = {{0, 1, 11, 11, 0, 0.1},      {0, 1, 6, 6, 0, 0.2},
                {0, 7, 11, 8, 0, 1},         {-3, 4.5, 5, 4, -2, 2},
                {990, 1010, 11, 11, 990, 2}, {0.001, 0.0021, 11, 6, 0.001, 0.0002},
                {5, 5, 9, 0, 0, 0},          {0, (double)INFINITY, 9, 0, 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        double    first = 0, step = 0;
        const int n = gd_plot_marks(want[i].low, want[i].high, want[i].most, &first, &step);
        if (n != want[i].n || fabs(first - want[i].first) > 1e-9 ||
            fabs(step - want[i].step) > 1e-9)
            fail_msg("range %zu: %d marks from %g by %g", i, n, first, step);
    }
}

/* A line at half the height runs through the middle of the area between the axes. */
static void lines(void **state) {
    const double    x[] = {0, 1}, y[] = {0.5, 0.5}, odd[] = {NAN, 3};
    const gd_color  red = {255, 0, 0}, green = {0, 255, 0};
    gd_plot_line    line[] = {{"half", x, y, 2, red, 3}, {NULL, x, odd, 2, green, 3}};
    gd_plot         p = {.title = "Title",
                         .x_label = "across",
                         .y_label = "up",
                         .line = line,
                         .n_lines = 2,
                         .x = {0, 1},
                         .y = {0, 1},
                         .width = 480,
                         .height = 320};
    gd_plot_picture out;
    gd_error        err = {0};
    int             n_red = 0, n_dark = 0;
    (void)state;
    gd_assert_ok(gd_plot_lines(&p, &out, &err), &err);
    const int middle = (48 + 320 - 62) / 2;
    for (int i = 0; i < 480; i++) {
        n_red += is(pixel(&out, i, middle), red);
        for (int k = 0; k < 320; k++) assert_false(is(pixel(&out, i, k), green));
    }
    assert_true(n_red > 250);
    for (int k = 100; k < 220; k++) /* the label of the axis, which runs upwards */
        for (int i = 8; i < 28; i++) n_dark += pixel(&out, i, k)[0] < 128;
    assert_true(n_dark > 10);
    gd_plot_free(&out);
    p.y[1] = p.x[1] = 0; /* ranges from the values */
    p.n_lines = 1;
    gd_assert_ok(gd_plot_lines(&p, &out, &err), &err);
    gd_plot_free(&out);
    p.n_lines = 0;
    gd_assert_ok(gd_plot_lines(&p, &out, &err), &err);
    gd_plot_free(&out);
    p.width = 20;
    assert_int_equal(gd_plot_lines(&p, &out, &err), GD_ERR_ARG);
}

/* Shades of shares: all of a row is darkest, none of it white; the number is in the cell. */
static void counts(void **state) {
    const char *const names[] = {"red blood cell", "platelet", "background"};
    const int64_t     count[] = {9, 0, 0, 3, 1, 0, 0, 0, 0};
    gd_plot_table     t = {"Confusion", "true", "found", names, 3, count};
    gd_plot_picture   out;
    gd_error          err = {0};
    (void)state;
    gd_assert_ok(gd_plot_counts(&t, &out, &err), &err);
    const int x = out.image.width - 16 - 3 * 40, y = 48;
    assert_true(is(pixel(&out, x + 3, y + 3), (gd_color){8, 64, 129}));
    assert_true(is(pixel(&out, x + 43, y + 3), (gd_color){255, 255, 255}));
    assert_true(pixel(&out, x + 3, y + 43)[0] < pixel(&out, x + 43, y + 43)[0]);
    assert_true(is(pixel(&out, x + 43, y + 83), (gd_color){255, 255, 255}));
    int n_white = 0;
    for (int i = 0; i < 40; i++)
        for (int k = 0; k < 40; k++) n_white += pixel(&out, x + i, y + k)[0] > 200;
    assert_true(n_white > 20); /* the 9 */
    gd_plot_free(&out);
    t.n = 0;
    assert_int_equal(gd_plot_counts(&t, &out, &err), GD_ERR_ARG);
}

static void no_memory(void **state) {
    const double      x[] = {0, 1}, y[] = {0, 1};
    gd_plot_line      line = {"a", x, y, 2, {0, 0, 0}, 2};
    gd_plot           p = {.y_label = "up", .line = &line, .n_lines = 1};
    const char *const names[] = {"a", "b"};
    const int64_t     count[] = {1, 2, 3, 4};
    gd_plot_table     t = {"T", "true", "found", names, 2, count};
    (void)state;
    for (int n = 0; n < 50; n++) {
        gd_plot_picture out = {0};
        gd_error        err = {0};
        gd_mem_hook(&hook);
        allow = n;
        live = 0;
        gd_status st = gd_plot_lines(&p, &out, &err);
        gd_plot_free(&out);
        if (st == GD_OK) st = gd_plot_counts(&t, &out, &err);
        gd_plot_free(&out);
        gd_mem_hook(NULL);
        assert_int_equal(live, 0);
        if (st == GD_OK) return;
        assert_int_equal(st, GD_ERR_NOMEM);
    }
    fail_msg("never enough memory");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(marks), cmocka_unit_test(lines),
                                       cmocka_unit_test(counts), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
