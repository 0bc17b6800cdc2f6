/* place_test.c -- random places: rules, boxes that move with their picture, layers. */
#include "tools/data/place.h"

#include <math.h>

#include "kernels/augment/augment.h"
#include "tests/gd_test.h"

static const gd_augment_options none;

static bool near(double a, double b) { return fabs(a - b) < 1e-3; }

static void test_draws(void **state) {
    gd_draws a = gd_draws_of(7, 1, 2, 3), b = gd_draws_of(7, 1, 2, 3),
             c = gd_draws_of(7, 1, 3, 3);
    int same = 0, low = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        const double x = gd_draws_next(&a);
        assert_true(x > 0 && x < 1);
        assert_true(x == gd_draws_next(&b));
        same += x == gd_draws_next(&c);
        low += x < 0.25;
    }
    assert_true(same < 3);
    assert_true(low > 200 && low < 300);
    for (int i = 0; i < 100; i++) assert_true(gd_draws_below(&a, 3) < 3);
}

/* Nothing drawn: the rule's own place, where the engine puts a picture too. */
static void test_rules(void **state) {
    const gd_geometry_rule top = {.kind = GD_RULE_LETTERBOX},
                           middle = {.kind = GD_RULE_LETTERBOX_CENTER, .multiple = 1},
                           stretch = {.kind = GD_RULE_STRETCH},
                           edge = {.kind = GD_RULE_SHORTEST_EDGE,
                                   .short_side = 800,
                                   .long_side = 1333,
                                   .multiple = 32},
                           center = {.kind = GD_RULE_CENTER_CROP, .short_side = 256};
    gd_draws d = gd_draws_of(0, 0, 0, 0);
    gd_place p;
    (void)state;
    p = gd_place_alone(&none, &top, 640, 480, 416, 416, &d);
    assert_true(near(p.sx, 0.65) && near(p.sy, 0.65) && p.ox == 0 && p.oy == 0);
    assert_true(p.rect[2] == 416 && p.rect[3] == 312 && p.weight == 1 && p.brightness == 1);
    p = gd_place_alone(&none, &middle, 640, 480, 416, 416, &d);
    assert_true(p.ox == 0 && p.oy == 52 && p.rect[1] == 52 && p.rect[3] == 364);
    p = gd_place_alone(&none, &stretch, 640, 480, 300, 300, &d);
    assert_true(near(p.sx, 300.0 / 640) && near(p.sy, 300.0 / 480) && p.rect[3] == 300);
    p = gd_place_alone(&none, &edge, 640, 480, 1344, 800, &d);
    assert_true(p.rect[2] == 1066 && p.rect[3] == 800 && p.ox == 0);
    /* A tall picture on a wide canvas is shrunk until it fits. */
    p = gd_place_alone(&none, &edge, 480, 640, 1344, 800, &d);
    assert_true(p.rect[3] <= 800 && p.rect[3] > 798 && near(p.sx, p.sy));
    p = gd_place_alone(&none, &center, 640, 480, 224, 224, &d);
    assert_true(p.ox < 0 && p.oy < 0 && p.rect[0] == 0 && p.rect[2] == 224 && p.rect[3] == 224);
}

static void test_boxes(void **state) {
    const gd_geometry_rule   top = {.kind = GD_RULE_LETTERBOX};
    const gd_augment_options flip = {.flip = 1};
    const double             box[4] = {64, 48, 128, 96};
    gd_draws                 d = gd_draws_of(0, 0, 0, 0);
    gd_place                 p = gd_place_alone(&none, &top, 640, 480, 320, 320, &d);
    float                    at[4];
    (void)state;
    assert_true(gd_place_box(&p, box, at));
    assert_true(near(at[0], 32) && near(at[1], 24) && near(at[2], 96) && near(at[3], 72));
    p = gd_place_alone(&flip, &top, 640, 480, 320, 320, &d); /* boxes flip too */
    assert_true(gd_place_box(&p, box, at));
    assert_true(near(at[0], 224) && near(at[1], 24) && near(at[2], 288) && near(at[3], 72));
    assert_false(gd_place_box(&p, (double[]){1, 1, 1, 1}, at)); /* half a pixel */
    p.rect[0] = 276; /* 12 of 64 columns are seen: less than a fifth */
    assert_false(gd_place_box(&p, box, at));
    p.rect[0] = 270;
    assert_true(gd_place_box(&p, box, at));
    assert_true(near(at[0], 270) && near(at[2], 288));
}

static void test_layer(void **state) {
    const gd_place p = {.sx = -0.5,
                        .sy = 0.25,
                        .ox = 100,
                        .oy = 10,
                        .rect = {1, 2, 3, 4},
                        .weight = 0.5,
                        .brightness = 1.5,
                        .contrast = 1,
                        .saturation = 1};
    float          row[GD_LAYER];
    (void)state;
    gd_place_layer(&p, 200, 100, 4800, 99, true, row);
    assert_true(row[GD_LAYER_ORIGIN] == 300 && row[GD_LAYER_W] == 200 &&
                row[GD_LAYER_H] == 100);
    /* X = 100 is u = 0, X = 0 is u = 200; Y = 35 is v = 100. */
    assert_true(near((double)row[GD_LAYER_M] * 100 + (double)row[GD_LAYER_M + 2], 0));
    assert_true(near((double)row[GD_LAYER_M + 2], 200));
    assert_true(near((double)row[GD_LAYER_M + 4] * 35 + (double)row[GD_LAYER_M + 5], 100));
    assert_true(row[GD_LAYER_RECT + 3] == 4 && row[GD_LAYER_WEIGHT] == 0.5f);
    assert_true(row[GD_LAYER_BRIGHTNESS] == 1.5f && row[GD_LAYER_GREY] == 99);
    assert_true(row[GD_LAYER_SUB] == 4);
    gd_place_layer(&p, 200, 100, 0, 0, false, row);
    assert_true(row[GD_LAYER_SUB] == 1);
}

/* Whatever is drawn: the rectangle lies on the canvas, and on the picture. */
static void test_many(void **state) {
    static const gd_rule_kind kinds[] = {GD_RULE_LETTERBOX, GD_RULE_LETTERBOX_CENTER,
                                         GD_RULE_STRETCH, GD_RULE_SHORTEST_EDGE,
                                         GD_RULE_CENTER_CROP};
    const gd_augment_options  all = {.flip = 0.5,
                                     .brightness = 0.4,
                                     .contrast = 0.4,
                                     .saturation = 2,
                                     .scale_lo = 0.3,
                                     .scale_hi = 1.8,
                                     .crop = 0.5,
                                     .crop_area = 0.1};
    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        gd_geometry_rule rule = {
            .kind = kinds[i % 5], .short_side = 300, .long_side = 500, .multiple = 1};
        const int    corner = (int)i / 2 % 4;
        gd_draws     d = gd_draws_of(3, 0, i, 0);
        const int    w = 1 + (int)gd_draws_below(&d, 900), h = 1 + (int)gd_draws_below(&d, 900);
        gd_place     p = i % 2 ? gd_place_alone(&all, &rule, w, h, 320, 256, &d)
                               : gd_place_mosaic(&all, w, h, 320, 256, 9, 9, corner, &d);
        const double left = fmin(p.ox, p.ox + p.sx * w), right = fmax(p.ox, p.ox + p.sx * w);
        assert_true(p.rect[0] >= 0 && p.rect[1] >= 0 && p.rect[2] <= 320 && p.rect[3] <= 256);
        assert_true(p.rect[0] <= p.rect[2] && p.rect[1] <= p.rect[3]);
        if (p.rect[0] < p.rect[2] && p.rect[1] < p.rect[3]) {
            assert_true(p.rect[0] > left - 1e-6 && p.rect[2] < right + 1e-6);
            assert_true(p.rect[1] > p.oy - 1e-6 && p.rect[3] < p.oy + p.sy * h + 1e-6);
        }
        assert_true(p.brightness >= 0.6 && p.brightness <= 1.4 && p.saturation >= 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws), cmocka_unit_test(test_rules),
        cmocka_unit_test(test_boxes), cmocka_unit_test(test_layer),
        cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
