/* video_pace_test.c -- times of written frames: kept, resampled, held to a grid. */
#include "tools/media/video_pace.h"

#include "tests/gd_test.h"

static const gd_rational ticks = {1, 90000};

static gd_pace_step next(gd_pace *p, int64_t pts, int64_t duration) {
    gd_error     err = {0};
    gd_pace_step step;
    gd_assert_ok(gd_pace_frame(p, pts, duration, &step, &err), &err);
    return step;
}

static void check(gd_pace_step s, int64_t pts, int64_t duration, int64_t count) {
    assert_int_equal(s.count, count);
    if (count == 0) return;
    assert_int_equal(s.pts, pts);
    assert_int_equal(s.duration, duration);
}

static gd_pace_step end(gd_pace *p) {
    gd_pace_step s;
    gd_pace_end(p, &s);
    return s;
}

static void keeps_times(void **state) {
    (void)state;
    gd_pace p = {.mode = GD_PACE_KEEP, .base = ticks};
    check(end(&p), 0, 0, 0);
    check(next(&p, 126000, 3003), 0, 0, 0);
    /* What the source said of a duration gives way to the next frame's time ... */
    check(next(&p, 127000, 3003), 126000, 1000, 1);
    check(next(&p, 136009, 4504), 127000, 9009, 1);
    /* ... except at the end. */
    check(end(&p), 136009, 4504, 1);
    check(end(&p), 0, 0, 0);
    assert_int_equal(p.moved, 0);
    assert_int_equal(gd_pace_base(&p).den, 90000);
}

static void ends_without_duration(void **state) {
    (void)state;
    gd_pace p = {.mode = GD_PACE_KEEP, .base = ticks};
    (void)next(&p, 0, 0);
    (void)next(&p, 3600, 0);
    check(end(&p), 3600, 3600, 1);
    p = (gd_pace){.mode = GD_PACE_KEEP, .base = ticks, .rate = {30000, 1001}};
    (void)next(&p, 0, 0);
    check(end(&p), 0, 3003, 1);
    p = (gd_pace){.mode = GD_PACE_KEEP, .base = ticks};
    (void)next(&p, 0, -5);
    check(end(&p), 0, 1, 1);
}

static void mends_times(void **state) {
    (void)state;
    gd_pace p = {.mode = GD_PACE_KEEP, .base = ticks, .origin = 90000};
    check(next(&p, 90000, 3000), 0, 0, 0);
    check(next(&p, 90000, 3000), 0, 1, 1);
    check(next(&p, 80000, 3000), 1, 1, 1);
    check(next(&p, 96000, 3000), 2, 5998, 1);
    check(end(&p), 6000, 3000, 1);
    assert_int_equal(p.moved, 2);
    gd_error     err = {0};
    gd_pace_step s;
    assert_int_equal(gd_pace_frame(&p, INT64_MIN, 1, &s, &err), GD_ERR_FORMAT);
    assert_int_equal(gd_pace_frame(&p, INT64_MAX, 1, &s, &err), GD_ERR_FORMAT);
}

/* Slots written for frames at these ticks, a tick being 1/90000 s. */
static int64_t resample(gd_rational rate, int n, int64_t step, int64_t first) {
    gd_pace p = {.mode = GD_PACE_RATE, .base = ticks, .rate = rate};
    int64_t written = 0, expected = -1;
    for (int i = 0; i <= n; i++) {
        const gd_pace_step s = i < n ? next(&p, first + i * step, step) : end(&p);
        if (s.count == 0) continue;
        if (expected >= 0) assert_int_equal(s.pts, expected);
        assert_int_equal(s.duration, 1);
        expected = s.pts + s.count;
        written += s.count;
    }
    return written;
}

static void resamples(void **state) {
    (void)state;
    assert_int_equal(gd_pace_base(&(gd_pace){.mode = GD_PACE_RATE, .rate = {30000, 1001}}).num,
                     1001);
    assert_int_equal(resample((gd_rational){25, 1}, 100, 3600, 0), 100);
    assert_int_equal(resample((gd_rational){50, 1}, 100, 3600, 0), 200);
    assert_int_equal(resample((gd_rational){5, 1}, 100, 3600, 0), 20);
    /* 100 frames of 25 a second are 4 s: 119.88 frames of 30000/1001. */
    assert_int_equal(resample((gd_rational){30000, 1001}, 100, 3600, 0), 120);
    /* However short and whatever the phase, one frame is left. */
    assert_int_equal(resample((gd_rational){1, 1}, 1, 100, 0), 1);
    assert_int_equal(resample((gd_rational){1, 1}, 1, 100, 45000), 1);
    assert_int_equal(resample((gd_rational){1, 1}, 3, 100, 44900), 1);
}

/* A day of a thousand million ticks a second, and a rate at the edge of what is written. */
static void long_and_fine(void **state) {
    (void)state;
    const int64_t day = 86400000000000;
    gd_pace       p = {.mode = GD_PACE_KEEP, .base = {1, 1000000000}};
    (void)next(&p, day, 1);
    check(next(&p, 2 * day, 1), day, day, 1);
    check(end(&p), 2 * day, 1, 1);
    p = (gd_pace){.mode = GD_PACE_RATE, .base = {1, 1000000000}, .rate = {1000, 1}};
    (void)next(&p, 0, 1000000);
    check(next(&p, day, 1000000), 0, 1, day / 1000000);
    check(end(&p), day / 1000000, 1, 1);
    p = (gd_pace){.mode = GD_PACE_GRID, .base = {1, 1}, .rate = {1, 1000000}};
    (void)next(&p, 0, 1000000);
    check(next(&p, 1000000, 1000000), 0, 1, 1);
    check(end(&p), 1, 1, 1);
}

/* One timestamp, or the last duration, must not fill a disk. */
static void fills_a_day_at_most(void **state) {
    (void)state;
    const int64_t day = (int64_t)86400 * 90000;
    gd_error      err = {0};
    gd_pace_step  s;
    gd_pace       p = {.mode = GD_PACE_RATE, .base = ticks, .rate = {25, 1}};
    /* Where a video begins is its own affair. */
    check(next(&p, 900 * day, 3600), 0, 0, 0);
    assert_int_equal(gd_pace_frame(&p, 901 * day + 3600, 3600, &s, &err), GD_ERR_FORMAT);
    assert_int_equal(s.count, 0);
    assert_int_equal(gd_pace_frame(&p, INT64_MAX / 4, 3600, &s, &err), GD_ERR_FORMAT);
    check(next(&p, 901 * day, 3600), 900 * 86400 * 25, 1, 86400 * 25);
    check(end(&p), 901 * 86400 * 25, 1, 1);
    p = (gd_pace){.mode = GD_PACE_RATE, .base = ticks, .rate = {25, 1}};
    (void)next(&p, 0, 900 * day);
    check(end(&p), 0, 1, 1);
}

static void holds_to_the_grid(void **state) {
    (void)state;
    gd_error     err = {0};
    gd_pace_step s;
    /* 29.97 in milliseconds: 0, 33, 67, 100, 133, ... */
    gd_pace p = {.mode = GD_PACE_GRID, .base = {1, 1000}, .rate = {30000, 1001}};
    for (int i = 0; i < 1000; i++) {
        const int64_t at = gd_video_rescale(i, (gd_rational){1001, 30000}, p.base);
        s = next(&p, at + 1700, 33);
        check(s, i - 1, 1, i > 0);
    }
    /* A slot may stay empty ... */
    const int64_t gap = gd_video_rescale(1003, (gd_rational){1001, 30000}, p.base);
    check(next(&p, gap + 1700, 33), 999, 1, 1);
    /* ... but a frame between two slots is refused, and the one held stays. */
    assert_int_equal(gd_pace_frame(&p, gap + 1700 + 50, 33, &s, &err), GD_ERR_UNSUPPORTED);
    assert_int_equal(err.code, 965);
    assert_int_equal(gd_pace_frame(&p, gap + 1700 + 1, 33, &s, &err), GD_ERR_UNSUPPORTED);
    check(end(&p), 1003, 1, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_times),         cmocka_unit_test(ends_without_duration),
        cmocka_unit_test(mends_times),         cmocka_unit_test(long_and_fine),
        cmocka_unit_test(fills_a_day_at_most), cmocka_unit_test(resamples),
        cmocka_unit_test(holds_to_the_grid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
