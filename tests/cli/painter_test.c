/* painter_test.c -- frames filtered and annotated in one go: the same bytes as one by one, on
 * the CPU and, where there is one, on a GPU, which may hold the frame. */
#include "engine/device.h"
#include "engine/plugin.h"
#include "tests/gd_test.h"
#include "tools/cli/painter.h"

enum { W = 161, H = 93, BYTES = W * H * 3, MOST = 2400 };

static uint8_t      frame[BYTES], want[BYTES], got[BYTES];
static gd_detection found[MOST];
static gd_error     err;
static uint32_t     seed;
static const char  *device; /* of all filters */

static float any(float lo, float hi) {
    seed = seed * 1664525u + 1013904223u;
    return lo + (hi - lo) * (float)(seed >> 8) / 16777216.0f;
}

static gd_filter *open_filter(const char *text, const gd_filter_drawing *d) {
    gd_filter_options o = gd_filter_defaults();
    gd_filter        *f;
    o.device = device;
    o.threads = 2;
    gd_assert_ok(gd_filter_open_drawing(text, &o, d, &f, &err), &err);
    return f;
}

static void look_at(gd_overlay_look *look, int n) {
    const gd_overlay_options opt = {.style = gd_draw_defaults(), .show_fps = true};
    gd_overlay              *o;
    gd_assert_ok(gd_overlay_open(&opt, &o, &err), &err);
    for (int i = 0; i < n; i++) {
        const float x = any(-20, W), y = any(-20, H);
        found[i] = (gd_detection){{x, y, x + any(5, 60), y + any(5, 60)}, any(0, 1), i % 90};
    }
    for (int f = 0; f < 3; f++) {
        const gd_overlay_input in = {.detections = found, .n = n, .now = 0.04 * f};
        gd_assert_ok(gd_overlay_take(o, look, &in, &err), &err);
    }
    gd_overlay_close(o);
}

/* From a frame in the memory of the filter's GPU, if it has one. */
static void run_on_gpu(gd_painter *p, const gd_overlay_look *look, const gd_image *in) {
    const size_t bytes = 3 * (size_t)in->width * (size_t)in->height;
    gd_image     there = *in;
    gd_device   *d;
    void        *at;
    if (!strcmp(device, "cpu")) return;
    gd_assert_ok(gd_device_open(device, &d, &err), &err);
    gd_assert_ok(gd_device_alloc(d, bytes, &at, &err), &err);
    gd_assert_ok(gd_device_upload(d, GD_LANE_COPY, at, in->rgb, bytes, &err), &err);
    gd_assert_ok(gd_device_sync(d, GD_LANE_COPY, &err), &err);
    there.rgb = at;
    there.gpu = gd_filter_gpu(p->filter);
    assert_true(there.gpu > 0);
    memset(got, 0, bytes);
    gd_assert_ok(gd_painter_run(p, look, &there, got, &err), &err);
    assert_memory_equal(got, want, bytes);
    gd_device_release(d, at);
    gd_device_close(d);
}

/* Of two sizes, and a frame without anything on it between them. */
static void compare(const char *text, int n) {
    const gd_filter_drawing d = gd_painter_drawing();
    gd_filter              *plain = text ? open_filter(text, NULL) : NULL;
    gd_filter              *both = open_filter(text, &d);
    gd_overlay_look         look = {0}, none = {.style = gd_draw_defaults(), .fps = -1};
    gd_painter              p;
    gd_assert_ok(gd_painter_open(&p, both, &err), &err);
    look_at(&look, n);
    for (int k = 0; k < 4; k++) {
        const int              w = k == 2 ? W / 2 : W;
        const size_t           bytes = 3 * H * (size_t)w;
        const gd_image         in = {.rgb = frame, .width = w, .height = H};
        const gd_canvas        c = {.rgb = want, .width = w, .height = H};
        const gd_overlay_look *shown = k == 1 ? &none : &look;
        for (size_t i = 0; i < bytes; i++) frame[i] = want[i] = (uint8_t)any(0, 256);
        if (plain) gd_assert_ok(gd_filter_run(plain, &in, want, 0, &err), &err);
        gd_assert_ok(gd_overlay_draw(shown, &c, &err), &err);
        memcpy(got, frame, bytes);
        gd_assert_ok(gd_painter_run(&p, shown, &in, got, &err), &err);
        assert_memory_equal(got, want, bytes);
        run_on_gpu(&p, shown, &in);
        gd_assert_ok(gd_painter_run(&p, shown, &in, frame, &err), &err); /* in place */
        assert_memory_equal(frame, want, bytes);
    }
    gd_painter_close(&p);
    gd_overlay_look_free(&look);
    gd_filter_close(plain);
    gd_filter_close(both);
}

static void test_filters(void **state) {
    (void)state;
    compare("gaussian:sigma=1", 20);
    compare("sobel", 20);
}

/* A frame is not drawn on where it lies. */
static void test_alone(void **state) {
    const gd_filter_drawing d = gd_painter_drawing();
    gd_filter              *f = open_filter(NULL, &d);
    const gd_image          in = {.rgb = frame, .width = W, .height = H};
    gd_ink                  ink[2] = {{.kind = 1}, {.kind = GD_INK_FILL}};
    gd_filter_stats         stats;
    (void)state;
    compare(NULL, 20);
    ink[1].fill.x2 = W;
    ink[1].fill.y2 = H;
    ink[1].fill.alpha = 255;
    memset(frame, 9, sizeof frame);
    gd_filter_shapes(f, ink);
    gd_assert_ok(gd_filter_run(f, &in, got, 0, &err), &err);
    assert_int_equal(frame[0], 9);
    assert_int_equal(got[0], 0);
    gd_assert_ok(gd_filter_run(f, &in, got, 0, &err), &err); /* shapes are for one picture */
    assert_int_equal(got[0], 9);
    gd_filter_stats_get(f, &stats);
    assert_string_equal(stats.text, "");
    gd_filter_close(f);
}

/* More shapes than the list has room for are drawn all the same. */
static void test_too_many(void **state) {
    (void)state;
    compare("gaussian:sigma=1", MOST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_too_many),
    };
    gd_device *d;
    device = "cpu";
    int failed = cmocka_run_group_tests_name("on the CPU", tests, NULL, NULL);
    if (gd_device_open("cuda", &d, &err) != GD_OK) return failed;
    gd_device_close(d);
    device = "cuda:0";
    return failed + cmocka_run_group_tests_name("on a GPU", tests, NULL, NULL);
}
