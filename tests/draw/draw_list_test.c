/* draw_list_test.c -- what an annotation is made of, as a list: the operator draws it byte for
 * byte as the canvas does. */
#include "kernels/draw/draw.h"
#include "tests/gd_test.h"
#include "tools/draw/font/atlas.h"
#include "tools/draw/overlay.h"

enum { W = 331, H = 243, BYTES = W * H * 3, ROOM = 4000, TRACKS = 12 };

static uint8_t  drawn[BYTES], listed[BYTES], bits[1 << 19];
static gd_ink   ink[1 + ROOM];
static gd_error err;
static uint32_t seed;

static float any(float lo, float hi) {
    seed = seed * 1664525u + 1013904223u;
    return lo + (hi - lo) * (float)(seed >> 8) / 16777216.0f;
}

static void paint(uint8_t *rgb) {
    for (int i = 0; i < BYTES; i++) rgb[i] = (uint8_t)((unsigned)i * 2654435761u >> 24);
}

/* Boxes that leave the picture, labels, trails and a rate, of six frames. */
static void take(gd_overlay *o, gd_overlay_look *look) {
    static const char *const subs[TRACKS] = {"caf\xc3\xa9 0.41", NULL, "gown"};
    gd_detection             d[TRACKS];
    int64_t                  ids[TRACKS];
    for (int f = 0; f < 6; f++) {
        for (int i = 0; i < TRACKS; i++) {
            const float x = any(-40, W), y = any(-40, H);
            d[i] = (gd_detection){
                {x, y, x + any(-3, 150), y + any(-3, 150)}, any(0, 1), (int)any(0, 5)};
            ids[i] = (int64_t)any(-2, 15);
        }
        const gd_overlay_input in = {d, TRACKS, ids, subs, 0.04 * f};
        gd_assert_ok(gd_overlay_take(o, look, &in, &err), &err);
    }
}

static void run_operator(uint8_t *rgb, gd_ink *list, int room) {
    const gd_op *op = gd_op_find("draw");
    gd_tensor    x = gd_tensor_make(GD_U8, 4, (int64_t[]){1, H, W, 3}), y = x;
    gd_tensor    t = gd_tensor_make(GD_I32, 2, (int64_t[]){1 + room, GD_INK_WORDS});
    gd_tensor    atlas = gd_tensor_make(GD_U8, 1, (int64_t[]){gd_font_bytes});
    gd_launch    l = {.n_in = 3, .n_out = 1, .in = {&x, &t, &atlas}, .out = {&y}};
    assert_true((size_t)gd_font_bytes <= sizeof bits);
    memcpy(bits, gd_font_bits, (size_t)gd_font_bytes);
    x.data = y.data = rgb;
    t.data = list;
    atlas.data = bits;
    gd_assert_ok(op->infer(&l, &err), &err);
    gd_assert_ok(gd_op_row(op, GD_CPU, 0)->run(&l, &err), &err);
}

static void same(const gd_overlay_options *opt) {
    gd_draw_list    list = {.ink = ink, .room = ROOM};
    const gd_canvas to_list = {.width = W, .height = H, .list = &list};
    const gd_canvas to_rgb = {.rgb = drawn, .width = W, .height = H};
    gd_overlay_look look = {0};
    gd_overlay     *o;
    gd_assert_ok(gd_overlay_open(opt, &o, &err), &err);
    take(o, &look);
    paint(drawn);
    paint(listed);
    gd_assert_ok(gd_overlay_draw(&look, &to_rgb, &err), &err);
    ink[0].kind = 0;
    gd_assert_ok(gd_overlay_draw(&look, &to_list, &err), &err);
    assert_false(list.full);
    assert_true(ink[0].kind > 9 * TRACKS / 2);
    run_operator(listed, ink, ROOM);
    assert_memory_equal(drawn, listed, BYTES);
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

static void test_overlays(void **state) {
    static const char *const names[] = {"person", "W\xe4\xb8\xad!", "a rather long name"};
    (void)state;
    for (int i = 0; i < 8; i++) {
        gd_overlay_options opt = {.names = names,
                                  .n_names = 3,
                                  .style = gd_draw_defaults(),
                                  .trails = i % 3 * 5,
                                  .show_fps = i % 2};
        opt.style.track_color = i & 1;
        opt.style.font_scale = i == 3 ? 0.2f : i == 4 ? 7 : 1;
        opt.style.line_width = i == 5 ? 9 : 0;
        same(&opt);
    }
}

/* Shapes that cannot be seen take no room; one too many is told of. */
static void test_room(void **state) {
    gd_draw_list    list = {.ink = ink, .room = 2};
    const gd_canvas c = {.width = W, .height = H, .list = &list};
    const gd_color  red = {200, 0, 0};
    (void)state;
    memset(ink, 0, sizeof ink);
    gd_fill_rect(&c, -9, 0, 0, 9, red, 255);
    gd_draw_disc(&c, -40, 4, 3, red);
    gd_draw_text(&c, 4, H + 100, "below", 14, red);
    gd_draw_text(&c, 4, 40, " ", 14, red);
    assert_int_equal(ink[0].kind, 0);
    gd_fill_rect(&c, 0, 0, 9, 9, red, 255);
    gd_draw_disc(&c, 40, 4, 3, red);
    assert_int_equal(ink[0].kind, 2);
    assert_false(list.full);
    gd_draw_text(&c, 4, 40, "x", 14, red);
    assert_int_equal(ink[0].kind, 2);
    assert_true(list.full);
    assert_int_equal(ink[3].kind, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlays),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
