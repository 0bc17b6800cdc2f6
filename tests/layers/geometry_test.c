/* geometry_test.c -- known sizes of every rule; pictures_test.py compares hundreds with
 * torchvision. */
#include "tests/gd_test.h"

#include "layers/geometry.h"

static void expect(gd_geometry_rule r, int h, int w, const int want[6]) {
    gd_geometry g;
    gd_geometry_of(&r, h, w, &g);
    const int got[6] = {g.new_h, g.new_w, g.top, g.left, g.net_h, g.net_w};
    for (int i = 0; i < 6; i++) assert_int_equal(got[i], want[i]);
    assert_int_equal(g.src_h, h);
    assert_int_equal(g.src_w, w);
}

static void rules(void **state) {
    (void)state;
    const gd_geometry_rule edge = {GD_RULE_SHORTEST_EDGE, 800, 1333, 32, 0, 0};
    expect(edge, 427, 640, (int[]){799, 1199, 0, 0, 800, 1216});
    expect(edge, 640, 427, (int[]){1199, 799, 0, 0, 1216, 800});
    expect(edge, 480, 640, (int[]){800, 1066, 0, 0, 800, 1088});
    expect(edge, 100, 1000, (int[]){133, 1333, 0, 0, 160, 1344});
    expect(edge, 1, 65535, (int[]){1, 1333, 0, 0, 32, 1344});
    const gd_geometry_rule exact = {GD_RULE_EXACT_EDGE, 800, 1333, 1, 0, 0};
    expect(exact, 427, 640, (int[]){800, 1199, 0, 0, 800, 1199});
    expect(exact, 640, 427, (int[]){1199, 800, 0, 0, 1199, 800});
    expect(exact, 375, 500, (int[]){800, 1066, 0, 0, 800, 1066});
    expect(exact, 100, 1000, (int[]){133, 1330, 0, 0, 133, 1330});
    expect(exact, 1, 65535, (int[]){1, 1, 0, 0, 1, 1});
    const gd_geometry_rule native = {.kind = GD_RULE_NATIVE, .multiple = 32};
    expect(native, 427, 640, (int[]){427, 640, 0, 0, 448, 640});
    const gd_geometry_rule box = {.kind = GD_RULE_LETTERBOX, .size_h = 416, .size_w = 416};
    expect(box, 426, 640, (int[]){276, 416, 0, 0, 416, 416});
    expect(box, 500, 333, (int[]){416, 277, 0, 0, 416, 416});
    expect(box, 1, 9999, (int[]){1, 416, 0, 0, 416, 416});
    const gd_geometry_rule middle = {
        .kind = GD_RULE_LETTERBOX_CENTER, .size_h = 416, .size_w = 416};
    expect(middle, 500, 333, (int[]){416, 277, 0, 69, 416, 416});
    expect(middle, 426, 640, (int[]){277, 416, 69, 0, 416, 416});
    const gd_geometry_rule close = {GD_RULE_LETTERBOX_CENTER, 0, 0, 32, 640, 640};
    expect(close, 480, 640, (int[]){480, 640, 0, 0, 480, 640});
    expect(close, 427, 640, (int[]){427, 640, 10, 0, 448, 640});
    expect(close, 1080, 810, (int[]){640, 480, 0, 0, 640, 480});
    expect(close, 1, 9999, (int[]){1, 640, 15, 0, 32, 640});
    const gd_geometry_rule crop = {GD_RULE_CENTER_CROP, 256, 0, 0, 224, 224};
    expect(crop, 480, 640, (int[]){256, 341, -16, -58, 224, 224});
    expect(crop, 640, 480, (int[]){341, 256, -58, -16, 224, 224});
    const gd_geometry_rule tight = {GD_RULE_CENTER_CROP, 100, 0, 0, 120, 90};
    expect(tight, 200, 220, (int[]){100, 110, 10, -10, 120, 90});
    const gd_geometry_rule stretch = {.kind = GD_RULE_STRETCH, .size_h = 20, .size_w = 30};
    expect(stretch, 7, 9, (int[]){20, 30, 0, 0, 20, 30});
}

static void packed(void **state) {
    (void)state;
    const gd_geometry_rule r = {.kind = GD_RULE_LETTERBOX_CENTER, .size_h = 64, .size_w = 96};
    gd_geometry            g;
    float                  v[8];
    gd_geometry_of(&r, 128, 64, &g);
    gd_geometry_pack(&g, v);
    const float want[8] = {128, 64, 64, 32, 0, 32, 0.5f, 0.5f};
    for (int i = 0; i < 8; i++) assert_true(v[i] == want[i]);
}

static void names(void **state) {
    (void)state;
    const gd_rule_kind all[] = {
        GD_RULE_SHORTEST_EDGE,    GD_RULE_EXACT_EDGE, GD_RULE_NATIVE,     GD_RULE_LETTERBOX,
        GD_RULE_LETTERBOX_CENTER, GD_RULE_STRETCH,    GD_RULE_CENTER_CROP};
    for (int i = 0; i < 7; i++) {
        gd_rule_kind k;
        assert_true(gd_rule_parse(gd_rule_name(all[i]), &k));
        assert_int_equal(k, all[i]);
    }
    gd_rule_kind k;
    assert_string_equal(gd_rule_name(GD_RULE_LETTERBOX_CENTER), "letterbox_center");
    assert_false(gd_rule_parse("squash", &k));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rules), cmocka_unit_test(packed),
                                       cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
