/* annotate_test.c -- labelled boxes: where the pixels land, and what odd input leaves alone. */
#include <math.h>

#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/draw/draw.h"

enum { W = 320, H = 240 };
static uint8_t   pixels[W * H * 3];
static gd_canvas canvas = {pixels, W, H, 0, NULL};
static gd_error  err;

static const char *const names[] = {"person", "bicycle", "caf\xc3\xa9"};

static void clear(void) { memset(pixels, 128, sizeof pixels); }
static bool is(int x, int y, gd_color c) {
    const uint8_t *p = pixels + 3 * (y * W + x);
    return p[0] == c.r && p[1] == c.g && p[2] == c.b;
}
static const gd_color grey = {128, 128, 128};

static int changed(int x1, int y1, int x2, int y2) {
    int n = 0;
    for (int y = y1; y < y2; y++)
        for (int x = x1; x < x2; x++) n += !is(x, y, grey);
    return n;
}

static void draw(const gd_detection *d, int n, const gd_draw_style *style) {
    clear();
    gd_assert_ok(gd_draw_detections(&canvas, d, n, names, 3, NULL, style, &err), &err);
}

static void test_box_and_label(void **state) {
    const gd_detection d = {{100, 80, 200, 180}, 0.92f, 0};
    gd_draw_style      style = gd_draw_defaults();
    const gd_color     red = gd_class_color(0);
    (void)state;
    draw(&d, 1, NULL);
    assert_true(is(100, 130, red) && is(199, 130, red));
    assert_true(is(150, 80, red) && is(150, 179, red));
    assert_int_equal(changed(110, 90, 190, 170), 0);
    assert_true(is(101, 79, red) || is(101, 78, red)); /* the label stands on the box */
    assert_true(changed(100, 60, 200, 79) > 500);
    assert_int_equal(changed(0, 0, W, 55), 0);
    style.no_labels = true;
    draw(&d, 1, &style);
    assert_int_equal(changed(0, 0, W, 79), 0);
    assert_true(is(100, 130, red));
    style.line_width = 7;
    draw(&d, 1, &style);
    assert_true(is(106, 130, red) && !is(107, 130, red));
}

/* How far right the label reaches tells its text. */
static int label_end(const gd_detection *d, const gd_draw_style *style, const int64_t *id) {
    clear();
    gd_assert_ok(gd_draw_detections(&canvas, d, 1, names, 3, id, style, &err), &err);
    int end = 0;
    for (int y = 50; y < 78; y++)
        for (int x = 20; x < W; x++)
            if (is(x, y, gd_class_color(d->class_id)) && x > end) end = x;
    return end;
}

static void test_label_text(void **state) {
    gd_detection  d = {{20, 78, 24, 180}, 0.92f, 0};
    gd_draw_style style = gd_draw_defaults();
    int64_t       id = 7, none = -1;
    (void)state;
    int full = label_end(&d, &style, NULL);
    int tracked = label_end(&d, &style, &id);
    assert_int_equal(label_end(&d, &style, &none), full);
    style.no_conf = true;
    int name = label_end(&d, &style, NULL);
    assert_true(name > 60 && name < full && full < tracked);
    d.class_id = 77; /* without a name: "class 77" */
    assert_true(label_end(&d, &style, NULL) > name);
    style.no_conf = false;
    d.class_id = 0;
    d.score = NAN;
    assert_int_equal(label_end(&d, &style, NULL), full);
}

/* At the top edge the label moves inside the box; at the right edge it moves left. */
static void test_label_stays_inside(void **state) {
    gd_detection   d = {{250, 0, 320, 120}, 0.5f, 1};
    const gd_color blue = gd_class_color(1);
    (void)state;
    draw(&d, 1, NULL);
    assert_true(is(240, 1, blue)); /* left of the box: shifted */
    assert_true(is(318, 1, blue));
    assert_int_equal(changed(0, 30, 249, H), 0);
    /* A full-picture box keeps its frame and its label. */
    d = (gd_detection){{-20, -9, 400, 300}, 0.5f, 1};
    draw(&d, 1, NULL);
    assert_true(is(0, 200, blue) && is(W - 1, 200, blue) && is(100, H - 1, blue));
    assert_true(is(1, 1, blue));
}

/* Two boxes at one place get two readable labels. */
static void test_labels_keep_apart(void **state) {
    const gd_detection d[2] = {{{60, 80, 160, 180}, 0.9f, 0}, {{60, 80, 160, 180}, 0.8f, 1}};
    int                red = 0, blue = 0;
    (void)state;
    draw(d, 2, NULL);
    for (int y = 0; y < 110; y++)
        for (int x = 62; x < 158; x++) {
            red += is(x, y, gd_class_color(0));
            blue += is(x, y, gd_class_color(1));
        }
    assert_true(red > 700 && blue > 700);
}

static void test_nothing_to_show(void **state) {
    const float  n = NAN, i = INFINITY;
    const float  box[][4] = {{n, 1, 9, 9},     {1, n, 9, 9},     {1, 1, n, 9},  {1, 1, 9, n},
                             {50, 50, 50, 90}, {50, 50, 20, 90}, {-9, 1, 0, 9}, {W, 1, 400, 9},
                             {1, -50, 9, -1},  {1, 240, 9, 300}, {i, 1, i, 9},  {-i, 1, -i, 9}};
    gd_detection d[12];
    (void)state;
    for (int k = 0; k < 12; k++) {
        memcpy(d[k].box, box[k], sizeof d[k].box);
        d[k].score = 0.5f;
        d[k].class_id = k - 3;
    }
    draw(d, 12, NULL);
    assert_int_equal(changed(0, 0, W, H), 0);
    draw(NULL, 0, NULL);
    assert_int_equal(changed(0, 0, W, H), 0);
    /* An infinite box is the whole picture. */
    d[0] = (gd_detection){{-i, -i, i, i}, 0.5f, 0};
    draw(d, 1, NULL);
    assert_true(is(0, 100, gd_class_color(0)) && is(W - 1, 100, gd_class_color(0)));
}

static void test_arguments(void **state) {
    const gd_detection d = {{1, 1, 9, 9}, 0.5f, 0};
    (void)state;
    assert_int_equal(gd_draw_detections(NULL, &d, 1, NULL, 0, NULL, NULL, &err), GD_ERR_ARG);
    assert_int_equal(gd_draw_detections(&canvas, NULL, 1, NULL, 0, NULL, NULL, &err),
                     GD_ERR_ARG);
    assert_int_equal(gd_draw_detections(&canvas, &d, -1, NULL, 0, NULL, NULL, &err),
                     GD_ERR_ARG);
    assert_int_equal(gd_draw_caption(&canvas, NULL, NULL, &err), GD_ERR_ARG);
}

/* Pictures of every small size with boxes anywhere and fonts far too large. */
static void test_small_pictures(void **state) {
    const gd_detection d[] = {{{-5, -5, 50, 50}, 1, 0},
                              {{0, 0, 1, 1}, 0.5f, 1},
                              {{0.2f, 0.3f, 0.4f, 30}, 0.5f, 2},
                              {{2, 2, 2.01f, 2.01f}, 0.1f, 999}};
    gd_draw_style      style = gd_draw_defaults();
    (void)state;
    for (int w = 1; w < 20; w += 3)
        for (int h = 1; h < 20; h += 3) {
            /* Rows of exactly 3 w bytes on the heap: ASan sees every byte beyond. */
            uint8_t  *p = calloc((size_t)(w * h), 3);
            gd_canvas c = {p, w, h, 0, NULL};
            for (float scale = 0.1f; scale < 1e6f; scale *= 40) {
                style.font_scale = scale;
                style.line_width = scale;
                gd_assert_ok(gd_draw_detections(&c, d, 4, names, 3, NULL, &style, &err), &err);
                gd_assert_ok(gd_draw_caption(&c, "a\n\nbc", &style, &err), &err);
            }
            assert_true(p[0] != 0 || p[1] != 0);
            free(p);
        }
}

static void test_long_names(void **state) {
    static char        text[5000];
    const char *const  many[] = {text};
    const gd_detection d = {{10, 60, 300, 200}, 0.5f, 0};
    (void)state;
    for (size_t i = 0; i + 2 < sizeof text; i += 2) memcpy(text + i, "\xc3\xa9", 2);
    clear();
    gd_assert_ok(gd_draw_detections(&canvas, &d, 1, many, 1, NULL, NULL, &err), &err);
    assert_true(changed(0, 0, W, 59) > 1000);
}

static void test_caption(void **state) {
    (void)state;
    clear();
    gd_assert_ok(gd_draw_caption(&canvas, "tabby 0.71\ntiger cat 0.20", NULL, &err), &err);
    int one = changed(0, 0, W, H);
    assert_true(one > 2000);
    assert_int_equal(changed(0, 120, W, H), 0);
    clear();
    gd_assert_ok(gd_draw_caption(&canvas, "tabby 0.71\ntiger cat 0.20\nx", NULL, &err), &err);
    assert_true(changed(0, 0, W, H) > one);
}

static void *refuse(void *ctx, size_t size) { return (void)ctx, (void)size, NULL; }
static void  ignore(void *ctx, void *p) { (void)ctx, (void)p; }

static void test_no_memory(void **state) {
    const gd_detection d = {{10, 60, 300, 200}, 0.5f, 0};
    const gd_alloc     none = {NULL, refuse, ignore};
    (void)state;
    clear();
    gd_mem_hook(&none);
    gd_status st = gd_draw_detections(&canvas, &d, 1, names, 3, NULL, NULL, &err);
    gd_mem_hook(NULL);
    assert_int_equal(st, GD_ERR_NOMEM);
    assert_int_equal(changed(0, 0, W, H), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box_and_label),
        cmocka_unit_test(test_label_text),
        cmocka_unit_test(test_label_stays_inside),
        cmocka_unit_test(test_labels_keep_apart),
        cmocka_unit_test(test_nothing_to_show),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_small_pictures),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_caption),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
