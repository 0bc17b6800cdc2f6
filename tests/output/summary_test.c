/* summary_test.c -- counts, percentiles within one per cent, errors kept up to a limit. */
#include <math.h>

#include "tests/output/sample.h"

static gd_error   err;
static gd_summary s;

static void test_counts(void **state) {
    gd_error bad;
    (void)state;
    gd_assert_ok(gd_summary_init(&s, &sample_info, &err), &err);
    assert_true(gd_summary_latency(&s, 0.5) == -1);
    for (int i = 0; i < 3; i++) {
        gd_record r = sample_record(i);
        r.n_dropped = i;
        gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    }
    gd_record r = sample_failure(&bad);
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    assert_int_equal(s.frames, 3);
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.detections, 4);
    assert_int_equal(s.hit_frames, 2);
    assert_int_equal(s.dropped, 3);
    assert_int_equal(s.class_count[0], 2);
    assert_int_equal(s.class_count[1], 1);
    assert_int_equal(s.n_errors, 1);
    assert_string_equal(s.errors[0].source, "broken.jpg");
    assert_int_equal(s.errors[0].code, 301);
    assert_true(fabs(s.latency_max - 22.7345) < 1e-9);
    gd_summary_free(&s);
}

static void test_percentiles(void **state) {
    gd_record r = gd_record_defaults();
    (void)state;
    r.source = "x";
    gd_assert_ok(gd_summary_init(&s, &sample_info, &err), &err);
    for (int i = 1; i <= 1000; i++) {
        r.ms.infer = i;
        gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    }
    const double q[] = {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 1};
    for (int i = 0; i < 7; i++) {
        double got = gd_summary_latency(&s, q[i]), want = 1000 * q[i];
        if (fabs(got - want) > 0.01 * want) fail_msg("%g: %g, expected %g", q[i], got, want);
    }
    assert_true(gd_summary_latency(&s, 0) <= 1.01);
    r.ms.infer = 1e12; /* beyond the last bin, and below the first */
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    r.ms.infer = 0;
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    r.ms.infer = NAN;
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    assert_int_equal(s.timed, 1002);
    assert_true(gd_summary_latency(&s, 1) > 1e6);
    gd_summary_free(&s);
}

static void test_many_errors(void **state) {
    gd_error  bad;
    gd_record r = sample_failure(&bad);
    (void)state;
    gd_assert_ok(gd_summary_init(&s, &sample_info, &err), &err);
    for (int i = 0; i < GD_ERRORS_KEPT + 50; i++)
        gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    assert_int_equal(s.failed, GD_ERRORS_KEPT + 50);
    assert_int_equal(s.n_errors, GD_ERRORS_KEPT);
    gd_summary_free(&s);
    assert_int_equal(gd_summary_init(&s, &(gd_run_info){.n_classes = -1}, &err), GD_ERR_ARG);
    gd_summary_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_many_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
