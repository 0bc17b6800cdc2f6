/* overlay_test.c -- trails, frame rate and snapshots: golden pixels, bounds, failing memory. */
#include "tests/gd_test.h"

#include <math.h>

#include "engine/mem.h"
#include "tools/draw/canvas.h"
#include "tools/draw/overlay.h"

enum { W = 320, H = 240 };

static uint8_t           rgb[W * H * 3];
static const gd_canvas   canvas = {rgb, W, H, 0, NULL};
static const char *const names[] = {"person", "car"};
static gd_error          err;

static gd_overlay *open_overlay(int trails, int max_age, bool fps) {
    gd_overlay_options opt = {.names = names,
                              .n_names = 2,
                              .style = gd_draw_defaults(),
                              .trails = trails,
                              .max_age = max_age,
                              .show_fps = fps};
    gd_overlay        *o;
    opt.style.no_labels = true;
    gd_assert_ok(gd_overlay_open(&opt, &o, &err), &err);
    return o;
}

/* One 10x10 box around (x, y) with a track id. */
static void take_one(gd_overlay *o, gd_overlay_look *look, int64_t id, float x, float y) {
    const gd_detection d = {{x - 5, y - 5, x + 5, y + 5}, 0.9f, 0};
    gd_overlay_input   in = {&d, 1, &id, NULL, (double)NAN};
    gd_assert_ok(gd_overlay_take(o, look, &in, &err), &err);
}

static void take_none(gd_overlay *o, gd_overlay_look *look) {
    const gd_overlay_input in = {NULL, 0, NULL, NULL, (double)NAN};
    gd_assert_ok(gd_overlay_take(o, look, &in, &err), &err);
}

static const uint8_t *pixel(int x, int y) { return rgb + 3 * (y * W + x); }

static bool is_color(int x, int y, gd_color c) {
    const uint8_t *p = pixel(x, y);
    return p[0] == c.r && p[1] == c.g && p[2] == c.b;
}

static int changed(int x1, int y1, int x2, int y2) {
    int n = 0;
    for (int y = y1; y < y2; y++)
        for (int x = x1; x < x2; x++) n += pixel(x, y)[0] || pixel(x, y)[1] || pixel(x, y)[2];
    return n;
}

static void test_trail_pixels(void **state) {
    gd_overlay_look look = {0};
    gd_overlay     *o = open_overlay(4, 5, false);
    (void)state;
    for (int i = 0; i < 6; i++) take_one(o, &look, 7, 20.5f + 20.0f * (float)i, 100.5f);
    /* Of six positions the last four are kept: x = 60, 80, 100, 120. */
    assert_int_equal(look.n_pieces, 4);
    assert_true(look.pieces[0].first && !look.pieces[1].first);
    assert_float_equal(look.pieces[0].x, 60.5f, 0);
    assert_float_equal(look.pieces[3].x, 120.5f, 0);
    assert_float_equal(look.pieces[0].width, 0.55f, 1e-6f);
    assert_float_equal(look.pieces[3].width, 1, 0);
    memset(rgb, 0, sizeof rgb);
    gd_assert_ok(gd_overlay_draw(&look, &canvas, &err), &err);
    const gd_color red = {255, 77, 77}; /* class 0 */
    for (int x = 60; x <= 112; x++) assert_true(is_color(x, 100, red));
    assert_int_equal(changed(0, 0, 59, H), 0);
    assert_int_equal(changed(62, 103, 110, H), 0); /* a narrow line */
    assert_true(is_color(116, 96, red));           /* and the box itself */
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

static void test_track_colors(void **state) {
    gd_overlay_options opt = {.trails = 3, .style = gd_draw_defaults()};
    gd_overlay_look    look = {0};
    gd_overlay        *o;
    (void)state;
    opt.style.track_color = true;
    gd_assert_ok(gd_overlay_open(&opt, &o, &err), &err);
    take_one(o, &look, 1, 50, 50);
    gd_color one = look.pieces[0].color, want = gd_class_color(1);
    assert_memory_equal(&one, &want, sizeof one);
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

static void test_trails_end(void **state) {
    gd_overlay_look look = {0};
    gd_overlay     *o = open_overlay(10, 2, false);
    (void)state;
    take_one(o, &look, 1, 50, 50);
    take_one(o, &look, 2, 60, 60);
    assert_int_equal(look.n_pieces, 2);
    take_one(o, &look, 2, 61, 60); /* 1 unseen for two frames: still there */
    assert_int_equal(look.n_pieces, 3);
    take_one(o, &look, 2, 62, 60);
    assert_int_equal(look.n_pieces, 3); /* 1 has ended */
    gd_overlay_forget(o, 2);
    gd_overlay_forget(o, 99);
    take_none(o, &look);
    assert_int_equal(look.n_pieces, 0);
    take_one(o, &look, 3, 9, 9);
    gd_overlay_reset(o);
    take_none(o, &look);
    assert_int_equal(look.n_pieces, 0);
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

/* Against a plain list of (id, last frame), over many ids that come and go. */
static void test_many_tracks(void **state) {
    enum { IDS = 3000, AGE = 3 };
    static int64_t  last[IDS];
    gd_overlay_look look = {0};
    gd_overlay     *o = open_overlay(2, AGE, false);
    uint32_t        seed = 1;
    (void)state;
    for (int i = 0; i < IDS; i++) last[i] = -1000;
    for (int frame = 0; frame < 300; frame++) {
        gd_detection d[200];
        int64_t      ids[200];
        int          n = 0, live = 0;
        for (int k = 0; k < 200; k++) {
            seed = seed * 1664525u + 1013904223u;
            const int id = (int)(seed >> 8) % IDS;
            if (last[id] == frame) continue;
            last[id] = frame;
            ids[n] = id;
            d[n++] = (gd_detection){{(float)id, 0, (float)id + 2, 2}, 0.5f, 0};
        }
        const gd_overlay_input in = {d, n, ids, NULL, (double)NAN};
        gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
        for (int i = 0; i < IDS; i++) live += frame - last[i] <= AGE;
        int shown = 0;
        for (int i = 0; i < look.n_pieces; i++) {
            shown += look.pieces[i].first;
            /* Both points of a trail are of one id. */
            if (!look.pieces[i].first)
                assert_float_equal(look.pieces[i].x, look.pieces[i - 1].x, 0);
        }
        assert_int_equal(shown, live);
    }
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

/* More tracks than there is room for: the longest unseen goes; of one frame the first stay. */
static void test_bound(void **state) {
    enum { N = GD_TRAIL_TRACKS + 100 };
    static gd_detection d[N];
    static int64_t      ids[N];
    gd_overlay_look     look = {0};
    gd_overlay         *o = open_overlay(1, 1000, false);
    (void)state;
    for (int i = 0; i < N; i++) {
        d[i] = (gd_detection){{(float)i, 0, (float)i + 2, 2}, 0.5f, 0};
        ids[i] = (int64_t)i << 33; /* wide ids */
    }
    gd_overlay_input in = {d, N, ids, NULL, (double)NAN};
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    assert_int_equal(look.n_pieces, GD_TRAIL_TRACKS);
    in.n = 1;
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    in = (gd_overlay_input){d + N - 1, 1, ids + N - 1, NULL, (double)NAN};
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    assert_int_equal(look.n_pieces, GD_TRAIL_TRACKS);
    bool first = false, newest = false;
    for (int i = 0; i < look.n_pieces; i++) {
        first = first || fabsf(look.pieces[i].x - 1) < 0.5f;
        newest = newest || fabsf(look.pieces[i].x - (float)N) < 0.5f;
    }
    assert_true(first && newest);
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

static void assert_rate(const gd_overlay_look *look, double want) {
    assert_true(fabs(look->fps - want) < 1e-6);
}

static void test_rate(void **state) {
    gd_overlay_look  look = {0};
    gd_overlay_input in = {NULL, 0, NULL, NULL, 100};
    gd_overlay      *o = open_overlay(0, 0, true);
    (void)state;
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    assert_rate(&look, -1); /* one frame makes no rate */
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    assert_rate(&look, -1); /* nor does a clock that stands still */
    gd_overlay_reset(o);
    for (int i = 0; i < 50; i++) { /* 10 a second, then 50 a second */
        in.now += 0.1;
        gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    }
    assert_rate(&look, 10);
    for (int i = 0; i < 15; i++) {
        in.now += 0.02;
        gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    }
    assert_rate(&look, 30 / (15 * 0.1 + 15 * 0.02)); /* 30 intervals */
    for (int i = 0; i < 15; i++) {
        in.now += 0.02;
        gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    }
    assert_rate(&look, 50);
    in.now = (double)NAN;
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    assert_rate(&look, 50);
    memset(rgb, 0, sizeof rgb);
    static uint8_t by_hand[sizeof rgb];
    look.fps = 29.96; /* rounded to tenths */
    gd_assert_ok(gd_overlay_draw(&look, &canvas, &err), &err);
    memcpy(by_hand, rgb, sizeof rgb);
    memset(rgb, 0, sizeof rgb);
    gd_assert_ok(gd_draw_caption(&canvas, "30.0 FPS", &look.style, &err), &err);
    assert_memory_equal(by_hand, rgb, sizeof rgb);
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

/* A look shows its own frame, however far the overlay has gone on. */
static void test_snapshot(void **state) {
    gd_overlay_look early = {0}, late = {0};
    gd_overlay     *o = open_overlay(8, 5, false);
    static uint8_t  before[sizeof rgb];
    (void)state;
    take_one(o, &early, 1, 50, 50);
    memset(rgb, 0, sizeof rgb);
    gd_assert_ok(gd_overlay_draw(&early, &canvas, &err), &err);
    memcpy(before, rgb, sizeof rgb);
    for (int i = 0; i < 20; i++) take_one(o, &late, 1, 60 + (float)i, 50);
    memset(rgb, 0, sizeof rgb);
    gd_assert_ok(gd_overlay_draw(&early, &canvas, &err), &err);
    assert_memory_equal(before, rgb, sizeof rgb);
    gd_overlay_look_free(&early);
    gd_overlay_look_free(&late);
    gd_overlay_close(o);
}

static void test_labels(void **state) {
    const gd_detection d = {{40, 60, 200, 200}, 0.916f, 1};
    const char *const  subs[] = {"academic gown 0.41"};
    const int64_t      id = 12;
    gd_overlay_options opt = {.names = names, .n_names = 2, .style = gd_draw_defaults()};
    gd_overlay_look    look = {0};
    gd_overlay        *o;
    (void)state;
    gd_assert_ok(gd_overlay_open(&opt, &o, &err), &err);
    gd_overlay_input in = {&d, 1, &id, subs, (double)NAN};
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    memset(rgb, 0, sizeof rgb);
    gd_assert_ok(gd_overlay_draw(&look, &canvas, &err), &err);
    assert_string_equal(look.marks[0].text, "ID:12 car 0.92 \xc2\xbb academic gown 0.41");
    in.subs = NULL;
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    gd_assert_ok(gd_overlay_draw(&look, &canvas, &err), &err);
    assert_string_equal(look.marks[0].text, "ID:12 car 0.92");
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
}

/* ---- memory: counted, and failing at the n-th request ------------------------------------ */

static int   requests, fail_at;
static void *count_get(void *ctx, size_t size) {
    (void)ctx;
    if (++requests == fail_at) return NULL;
    return aligned_alloc(64, (size + 63) / 64 * 64 + 64);
}
static void count_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}
static const gd_alloc counting = {NULL, count_get, count_put};

static gd_status run(int frames) {
    const gd_overlay_options opt = {.trails = 5, .show_fps = true};
    gd_overlay_look          look = {0};
    gd_overlay              *o = NULL;
    gd_status                st = gd_overlay_open(&opt, &o, &err);
    if (st != GD_OK) {
        assert_null(o);
        return st;
    }
    for (int i = 0; i < frames && st == GD_OK; i++) {
        gd_detection d[40];
        int64_t      ids[40];
        for (int k = 0; k < 40; k++) {
            ids[k] = k + i / 10;
            d[k] = (gd_detection){{(float)k, 3, (float)k + 20, 30}, 0.5f, k};
        }
        const gd_overlay_input in = {d, i % 7 ? 40 : 20, ids, NULL, 0.1 * i};
        st = gd_overlay_take(o, &look, &in, &err);
        if (st != GD_OK) {
            assert_int_equal(look.n_items, 0);
            assert_int_equal(look.n_pieces, 0);
            gd_assert_ok(gd_overlay_draw(&look, &canvas, &err), &err); /* shows nothing */
            gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);  /* and goes on */
        }
        gd_assert_ok(gd_overlay_draw(&look, &canvas, &err), &err);
    }
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
    return st;
}

static void test_memory(void **state) {
    int few, n = 0;
    (void)state;
    gd_mem_hook(&counting);
    fail_at = -1;
    requests = 0;
    gd_assert_ok(run(100), &err);
    few = requests;
    requests = 0;
    gd_assert_ok(run(1000), &err);
    assert_int_equal(requests, few); /* nothing is allocated once the largest frame was seen */
    do {
        requests = 0;
        fail_at = ++n;
    } while (run(30) == GD_ERR_NOMEM);
    gd_mem_hook(NULL);
    assert_int_equal(n, few + 1);
}

static void test_arguments(void **state) {
    gd_overlay_options opt = {.trails = -1};
    gd_overlay_look    look = {0};
    gd_overlay_input   in = {NULL, 3, NULL, NULL, 0};
    gd_overlay        *o;
    (void)state;
    assert_int_equal(gd_overlay_open(&opt, &o, &err), GD_ERR_ARG);
    assert_null(o);
    opt.trails = GD_TRAIL_MOST + 1;
    assert_int_equal(gd_overlay_open(&opt, &o, &err), GD_ERR_ARG);
    o = open_overlay(3, 0, false);
    assert_int_equal(gd_overlay_take(o, &look, &in, &err), GD_ERR_ARG);
    take_one(o, &look, 1, (float)NAN, 4); /* no position, no trail */
    assert_int_equal(look.n_pieces, 0);
    const gd_detection twice[] = {{{0, 0, 2, 2}, 0.9f, 0}, {{6, 6, 8, 8}, 0.5f, 0}};
    const int64_t      same[] = {5, 5};
    in = (gd_overlay_input){twice, 2, same, NULL, (double)NAN};
    gd_assert_ok(gd_overlay_take(o, &look, &in, &err), &err);
    assert_int_equal(look.n_pieces, 1); /* one position a frame, of the better detection */
    assert_float_equal(look.pieces[0].x, 1, 0);
    gd_overlay_forget(o, 5);
    take_one(o, &look, -1, 4, 4); /* not tracked */
    assert_int_equal(look.n_pieces, 0);
    gd_overlay_look_free(&look);
    gd_overlay_close(o);
    gd_overlay_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trail_pixels), cmocka_unit_test(test_track_colors),
        cmocka_unit_test(test_trails_end),   cmocka_unit_test(test_many_tracks),
        cmocka_unit_test(test_bound),        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_snapshot),     cmocka_unit_test(test_labels),
        cmocka_unit_test(test_memory),       cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
