/* video_clock_test.c -- timestamps that repeat, go back, are missing or huge; arithmetic. */
#include "tools/media/video_clock.h"

#include "tests/gd_test.h"
#include "tools/media/video.h"

enum { NONE = -1000 };

/* What comes out for what goes in; NONE stands for a missing one. */
static void run(gd_video_clock c, size_t n, const int64_t *in, const int64_t *out,
                int64_t moved) {
    for (size_t i = 0; i < n; i++)
        assert_int_equal(gd_video_clock_next(&c, in[i] == NONE ? GD_VIDEO_NO_PTS : in[i], 0),
                         out[i]);
    assert_int_equal(c.moved, moved);
}

static void rising(void **state) {
    const int64_t in[] = {-40, 0, 1, 700, 701, 90000};
    (void)state;
    run((gd_video_clock){.step = 40, .jump = 500}, 6, in, in, 0);
}

static void repeated_and_missing(void **state) {
    const int64_t in[] = {NONE, 40, 40, 80, NONE, NONE, 160, 200};
    const int64_t out[] = {0, 40, 41, 80, 120, 160, 161, 200};
    (void)state;
    run((gd_video_clock){.step = 40, .jump = 500}, 8, in, out, 5);
}

static void back_a_little(void **state) {
    const int64_t in[] = {0, 40, 400, 120, 160, 440};
    const int64_t out[] = {0, 40, 400, 401, 402, 440};
    (void)state;
    run((gd_video_clock){.step = 40, .jump = 500}, 6, in, out, 2);
}

static void new_beginnings(void **state) {
    const int64_t in[] = {9000, 9040, 0, 40, 80, 0, 40, 9960, 10000};
    const int64_t out[] = {9000, 9040, 9080, 9120, 9160, 9161, 9162, 9960, 10000};
    (void)state;
    run((gd_video_clock){.step = 40, .jump = 500}, 9, in, out, 3);
    gd_video_clock c = {.step = 40, .jump = 500};
    assert_int_equal(gd_video_clock_next(&c, 5000, 0), 5000);
    gd_video_clock_shift(&c, 7000); /* connected again: its zero is our 7000 */
    assert_int_equal(gd_video_clock_next(&c, 0, 0), 7000);
    assert_int_equal(gd_video_clock_next(&c, 33, 0), 7033);
    assert_int_equal(c.moved, 0);
}

static void sums_saturate(void **state) {
    const int64_t half = INT64_MAX / 2;
    (void)state;
    assert_int_equal(gd_video_time_add(-7, 40), 33);
    assert_int_equal(gd_video_time_sub(-7, 40), -47);
    assert_int_equal(gd_video_time_add(INT64_MAX, INT64_MAX), half);
    assert_int_equal(gd_video_time_add(INT64_MIN, INT64_MIN), -half);
    assert_int_equal(gd_video_time_sub(INT64_MAX, INT64_MIN), half);
    assert_int_equal(gd_video_time_sub(0, INT64_MIN), half);
    assert_int_equal(gd_video_time_sub(INT64_MIN, INT64_MAX), -half);
    assert_int_equal(gd_video_time_add(INT64_MAX, 0), half);
}

static void extremes(void **state) {
    gd_video_clock c = {.step = 1, .jump = 10};
    int64_t        last = INT64_MIN;
    const int64_t  in[] = {INT64_MIN + 1, INT64_MAX, INT64_MIN + 1, INT64_MAX, 0, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        const int64_t at = gd_video_clock_next(&c, in[i], INT64_MAX);
        assert_true(at >= last); /* equal only where int64 ends */
        last = at;
    }
}

static void rescales(void **state) {
    const gd_rational us = {1, 1000000}, ms = {1, 1000}, ntsc = {1001, 30000}, bad = {1, 0};
    (void)state;
    assert_int_equal(gd_video_rescale(1, ntsc, us), 33367);
    assert_int_equal(gd_video_rescale(-1, ntsc, us), -33367);
    assert_int_equal(gd_video_rescale(1499, us, ms), 1);
    assert_int_equal(gd_video_rescale(1500, us, ms), 2);
    assert_int_equal(gd_video_rescale(-1500, us, ms), -2);
    assert_int_equal(gd_video_rescale(1000000000000000, ms, us), 1000000000000000000);
    assert_int_equal(gd_video_rescale(INT64_MAX / 2, ms, us), INT64_MAX);
    assert_int_equal(gd_video_rescale(-INT64_MAX, ms, us), INT64_MIN);
    assert_int_equal(gd_video_rescale(INT64_MAX, us, ms), INT64_MAX);
    assert_int_equal(gd_video_rescale(5, bad, us), 0);
    const gd_rational wide = {2147483647, 1}, thin = {1, 2147483647};
    assert_int_equal(gd_video_rescale(3, wide, thin), INT64_MAX);
    assert_int_equal(gd_video_rescale(INT64_MAX - 1, thin, wide), 2);
}

static void frames(void **state) {
    gd_video_frame f = {0};
    gd_error       err = {0};
    (void)state;
    gd_assert_ok(gd_video_frame_room(&f, 4, 3, NULL, &err), &err);
    uint8_t *own = f.own;
    gd_assert_ok(gd_video_frame_room(&f, 3, 4, NULL, &err), &err);
    assert_ptr_equal(f.own, own);
    assert_ptr_equal(f.rgb, own);
    assert_int_equal(gd_video_frame_room(&f, 0, 4, NULL, &err), GD_ERR_ARG);
    gd_video_frame_free(&f);
    assert_null(f.own);
    gd_video_frame_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rising),        cmocka_unit_test(repeated_and_missing),
        cmocka_unit_test(back_a_little), cmocka_unit_test(new_beginnings),
        cmocka_unit_test(sums_saturate), cmocka_unit_test(extremes),
        cmocka_unit_test(rescales),      cmocka_unit_test(frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
