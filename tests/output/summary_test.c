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

/* Against a plain table of flags: ids that come back, two sources, wide ids. */
static void test_tracks(void **state) {
    enum { IDS = 20000 };
    static bool  seen[2][IDS];
    gd_record    r = gd_record_defaults();
    gd_detection d[8] = {{{0, 0, 1, 1}, 0.5f, 0}};
    int64_t      ids[8], want = 0;
    uint32_t     seed = 7;
    (void)state;
    gd_assert_ok(gd_summary_init(&s, &sample_info, &err), &err);
    r.detections = d;
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    assert_false(s.tracked);
    r.track_ids = ids;
    r.n_detections = 8;
    for (int frame = 0; frame < 6000; frame++) {
        r.source = frame % 2 ? "b.mp4" : "a.mp4";
        for (int k = 0; k < 8; k++) {
            seed = seed * 1664525u + 1013904223u;
            const int id = (int)(seed >> 8) % IDS;
            ids[k] = k == 3 ? -1 : id + ((int64_t)1 << 40);
            if (k == 3 || seen[frame % 2][id]) continue;
            seen[frame % 2][id] = true;
            want++;
        }
        gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    }
    assert_true(s.tracked && want > 10000);
    assert_int_equal(s.tracks, want);
    gd_summary_free(&s);
}

static void test_parts(void **state) {
    gd_record r = gd_record_defaults();
    (void)state;
    gd_assert_ok(gd_summary_init(&s, &sample_info, &err), &err);
    assert_true(s.video.promised == -1 && s.video.reconnects == -1);
    r.ms = (gd_timing){2, -1, 30, -1, NAN, -1};
    r.age_ms = 50;
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    assert_true(s.latency_max == 32); /* the sum of the parts */
    r.ms = (gd_timing){4, -1, 10, -1, -1, -1};
    r.age_ms = -1;
    r.latency_ms = 77; /* a pipeline's own */
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    assert_true(s.latency_max == 77 && s.latency_sum == 109);
    assert_true(s.part[0].n == 2 && s.part[0].sum == 6 && s.part[0].max == 4);
    assert_true(s.part[1].n == 0 && s.part[2].max == 30 && s.part[4].n == 0);
    assert_true(s.age.n == 1 && s.age.sum == 50);
    gd_summary_free(&s);
}

/* ---- the n-th request for memory fails --------------------------------------------------- */

static int   requests, fail_at;
static void *count_get(void *ctx, size_t size) {
    (void)ctx;
    return ++requests == fail_at ? NULL : aligned_alloc(64, (size + 127) / 64 * 64);
}
static void count_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

static gd_status fill(void) {
    gd_record          r = gd_record_defaults();
    gd_error           bad;
    const gd_detection d = {{0, 0, 1, 1}, 0.5f, 0};
    int64_t            id = 0;
    gd_status          st = gd_summary_init(&s, &sample_info, &err);
    r.detections = &d;
    r.n_detections = 1;
    r.track_ids = &id;
    for (; id < 64 * 200 && st == GD_OK; id += 64) st = gd_summary_add(&s, &r, &err);
    if (st == GD_OK) assert_int_equal(s.tracks, 200);
    r = sample_failure(&bad);
    if (st == GD_OK) st = gd_summary_add(&s, &r, &err);
    gd_summary_free(&s);
    return st;
}

static void test_no_memory(void **state) {
    const gd_alloc counting = {NULL, count_get, count_put};
    gd_status      st;
    int            n = 0;
    (void)state;
    gd_mem_hook(&counting);
    do {
        requests = 0;
        fail_at = ++n;
        st = fill();
        assert_true(st == GD_OK || st == GD_ERR_NOMEM);
    } while (st != GD_OK);
    gd_mem_hook(NULL);
    assert_int_equal(n, requests + 1);
    assert_true(n > 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),      cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_many_errors), cmocka_unit_test(test_tracks),
        cmocka_unit_test(test_parts),       cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
