/* tracker_test.c -- lives of tracks: ids, states, buffers in frames and seconds, bad input. */
#include "tools/track/track.h"

#include <math.h>
#include <stdlib.h>

#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tests/track/short_heap.h"

static gd_error err;
static gd_track out[64];

static gd_tracker *open_kind(gd_tracker_options opt) {
    gd_tracker *t;
    gd_assert_ok(gd_tracker_open(&opt, &t, &err), &err);
    return t;
}

/* A square of 20 pixels at x. */
static gd_detection at(float x, float score) {
    return (gd_detection){{x, 100, x + 20, 120}, score, 0};
}

static int lost_count(const gd_tracker *t) {
    int n;
    gd_tracker_lost(t, &n);
    return n;
}

static void step(gd_tracker *t, double seconds, int n, const gd_detection *d) {
    gd_assert_ok(gd_tracker_update(t, d, n, seconds, out, &err), &err);
}

static void test_states(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        gd_tracker_options opt = gd_tracker_defaults((gd_tracker_kind)kind);
        gd_detection       d[2] = {at(10, 0.9f), at(300, 0.9f)};
        opt.min_hits = 3;
        opt.id_start = 7;
        gd_tracker *t = open_kind(opt);
        step(t, -1, 0, NULL); /* the exception for first frames is over after min_hits - 1 */
        step(t, -1, 0, NULL);
        step(t, -1, 1, d);
        assert_int_equal(out[0].id, 7);
        assert_int_equal(out[0].state, GD_TRACK_NEW);
        assert_false(out[0].confirmed);
        step(t, -1, 2, d);
        assert_int_equal(out[0].id, 7);
        assert_int_equal(out[0].state, GD_TRACK_TENTATIVE);
        assert_int_equal(out[1].id, 8);
        assert_int_equal(out[1].state, GD_TRACK_NEW);
        step(t, -1, 2, d);
        assert_int_equal(out[0].state, GD_TRACK_CONFIRMED);
        assert_int_equal(out[0].hits, 3);
        assert_int_equal(out[0].age, 3);
        assert_int_equal(out[1].state, GD_TRACK_TENTATIVE);
        assert_int_equal(lost_count(t), 0);
        step(t, -1, 0, NULL);
        /* ByteTrack gives up what it has not confirmed. */
        assert_int_equal(lost_count(t), kind == GD_TRACKER_BYTETRACK ? 1 : 2);
        const gd_track *lost = gd_tracker_lost(t, &(int){0});
        assert_int_equal(lost[0].id, 7);
        assert_int_equal(lost[0].state, GD_TRACK_LOST);
        assert_int_equal(lost[0].missed, 1);
        gd_tracker_reset(t);
        assert_int_equal(lost_count(t), 0);
        step(t, -1, 1, d);
        assert_int_equal(out[0].id, 7);
        gd_tracker_close(t);
    }
}

/* A track is found again after `gap` frames without it, or a new one begins. */
static bool found_after(gd_tracker_options opt, int gap, double rate) {
    const gd_detection d = at(10, 0.9f);
    gd_tracker        *t = open_kind(opt);
    int                frame = 0;
    for (; frame < 5; frame++) step(t, frame / rate, 1, &d);
    const int64_t id = out[0].id;
    for (int k = 0; k < gap; k++) step(t, frame++ / rate, 0, NULL);
    step(t, frame / rate, 1, &d);
    const bool same = out[0].id == id;
    gd_tracker_close(t);
    return same;
}

static void test_buffer(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        gd_tracker_options opt = gd_tracker_defaults((gd_tracker_kind)kind);
        opt.max_age = 5;
        assert_true(found_after(opt, 5, 25));
        assert_false(found_after(opt, 6, 25));
        opt.max_age = 0;
        assert_true(found_after(opt, 0, 25));
        assert_false(found_after(opt, 1, 25));
        opt.max_age_seconds = 1.5; /* from detection to detection: 45 frames at 30 a second */
        assert_true(found_after(opt, 44, 30));
        assert_false(found_after(opt, 45, 30));
        assert_true(found_after(opt, 14, 10));
        assert_false(found_after(opt, 15, 10));
    }
}

static void test_clock(void **state) {
    gd_tracker_options opt = gd_tracker_defaults(GD_TRACKER_IOU);
    const gd_detection d = at(10, 0.9f);
    (void)state;
    opt.max_age_seconds = 1;
    gd_tracker *t = open_kind(opt);
    assert_int_equal(gd_tracker_update(t, &d, 1, -1, out, &err), GD_ERR_ARG);
    step(t, 100, 1, &d);
    step(t, 0.2, 0, NULL); /* the source starts again: no time has passed */
    step(t, 1.2, 1, &d);
    assert_int_equal(out[0].id, 1);
    step(t, 2.3, 1, &d); /* variable rate: too late although it is the next frame */
    assert_int_equal(out[0].id, 2);
    step(t, 0.1, 0, NULL); /* and again; what was missing before still counts afterwards */
    step(t, 1.2, 1, &d);
    assert_int_equal(out[0].id, 3);
    gd_tracker_close(t);
    opt.frame_rate = 10;
    t = open_kind(opt);
    step(t, -1, 1, &d);
    for (int k = 0; k < 9; k++) step(t, -1, 0, NULL);
    step(t, -1, 1, &d);
    assert_int_equal(out[0].id, 1);
    gd_tracker_close(t);
}

/* The sum of IoU decides: once for one pair alone, once for two. */
static void test_optimal(void **state) {
    const gd_detection first[2] = {at(100, 0.9f), at(112, 0.9f)};
    const gd_detection then[2] = {at(111, 0.9f), at(120, 0.9f)};
    (void)state;
    gd_tracker_options opt = gd_tracker_defaults(GD_TRACKER_IOU);
    opt.iou_threshold = 0.25;
    gd_tracker *t = open_kind(opt);
    step(t, -1, 2, first);
    step(t, -1, 2, then);
    /* 0.90 for one alone is more than 0.29 + 0.43 for both. */
    assert_int_equal(out[0].id, 2);
    assert_int_equal(out[1].id, 3);
    gd_tracker_close(t);
    const gd_detection near[2] = {at(106, 0.9f), at(117, 0.9f)};
    t = open_kind(opt);
    step(t, -1, 2, first); /* IoU 106: 0.54 and 0.54; 117: 0.08 and 0.6 */
    step(t, -1, 2, near);
    assert_int_equal(out[0].id, 1);
    assert_int_equal(out[1].id, 2);
    gd_tracker_close(t);
}

static void test_classes(void **state) {
    gd_tracker_options opt = gd_tracker_defaults(GD_TRACKER_SORT);
    gd_detection       d = at(10, 0.9f);
    (void)state;
    for (int per_class = 0; per_class < 2; per_class++) {
        opt.per_class = per_class;
        gd_tracker *t = open_kind(opt);
        d.class_id = 0;
        step(t, -1, 1, &d);
        d.class_id = 3;
        step(t, -1, 1, &d);
        assert_int_equal(out[0].id, per_class ? 2 : 1);
        assert_int_equal(out[0].class_id, 3);
        gd_tracker_close(t);
    }
}

/* ByteTrack: weak detections keep a track, but never begin one; all are answered. */
static void test_weak(void **state) {
    gd_tracker  *t = open_kind(gd_tracker_defaults(GD_TRACKER_BYTETRACK));
    gd_detection d[3] = {at(10, 0.9f), at(300, 0.2f), at(500, 0.05f)};
    (void)state;
    step(t, -1, 3, d);
    assert_int_equal(out[0].id, 1);
    assert_true(out[0].confirmed); /* the first frame */
    for (int k = 1; k < 3; k++) {
        assert_int_equal(out[k].id, -1);
        assert_int_equal(out[k].state, GD_TRACK_NONE);
        assert_memory_equal(out[k].box, d[k].box, sizeof d[k].box);
    }
    d[0].score = 0.15f;
    step(t, -1, 3, d);
    assert_int_equal(out[0].id, 1);
    d[0].score = 0.05f;
    step(t, -1, 3, d);
    assert_int_equal(out[0].id, -1);
    assert_int_equal(lost_count(t), 1);
    d[0].score = 0.15f;
    step(t, -1, 1, d); /* a lost track wants a good one */
    assert_int_equal(out[0].id, -1);
    d[0].score = 0.9f;
    step(t, -1, 1, d);
    assert_int_equal(out[0].id, 1);
    gd_tracker_close(t);
}

static void test_refused(void **state) {
    gd_tracker        *t;
    gd_detection       d = at(10, 0.9f);
    gd_tracker_options opt = gd_tracker_defaults(GD_TRACKER_IOU);
    (void)state;
    opt.low = 0.5;
    assert_int_equal(gd_tracker_open(&opt, &t, &err), GD_ERR_ARG);
    assert_null(t);
    opt = gd_tracker_defaults(GD_TRACKER_IOU);
    opt.iou_threshold = (double)NAN;
    assert_int_equal(gd_tracker_open(&opt, &t, &err), GD_ERR_ARG);
    opt = gd_tracker_defaults(GD_TRACKER_IOU);
    opt.id_start = GD_TRACK_MAX_ID;
    t = open_kind(opt);
    d.box[2] = NAN;
    assert_int_equal(gd_tracker_update(t, &d, 1, -1, out, &err), GD_ERR_CHECK);
    assert_int_equal(err.code, 955);
    assert_int_equal(gd_tracker_update(t, &d, GD_TRACK_MAX_DETECTIONS + 1, -1, out, &err),
                     GD_ERR_ARG);
    assert_int_equal(gd_tracker_update(t, &d, 1, (double)INFINITY, out, &err), GD_ERR_ARG);
    assert_int_equal(gd_tracker_frames(t), 0);
    d = at(10, 0.9f);
    step(t, -1, 1, &d);
    assert_true(out[0].id == GD_TRACK_MAX_ID);
    assert_int_equal(gd_tracker_update(t, &d, 1, -1, out, &err), GD_ERR_ARG);
    gd_tracker_close(t);
}

/* Boxes without area, turned inside out, far away: no crash, nothing that is not finite. */
static void test_odd_boxes(void **state) {
    const gd_detection d[] = {{{5, 5, 5, 5}, 1, 0},
                              {{9, 9, 1, 1}, 1, 0},
                              {{-3e38f, 0, 3e38f, 1}, 1, 0},
                              {{3e38f, 0, 3e38f, 0}, 1, 0},
                              {{0, 0, 1e-30f, 1e30f}, 1, 0}};
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        gd_tracker *t = open_kind(gd_tracker_defaults((gd_tracker_kind)kind));
        for (int k = 0; k < 200; k++) {
            int n;
            step(t, -1, k % 3 ? 5 : 0, d);
            const gd_track *lost = gd_tracker_lost(t, &n);
            for (int i = 0; i < n; i++)
                for (int e = 0; e < 4; e++) assert_true(isfinite(lost[i].box[e]));
            for (int i = 0; k % 3 && i < 5; i++)
                for (int e = 0; e < 4; e++) assert_true(isfinite(out[i].box[e]));
        }
        gd_tracker_close(t);
    }
}

/* More lost tracks than are kept: those missing for longest go. */
static void test_limit(void **state) {
    enum { N = 16384 };
    gd_tracker_options opt = gd_tracker_defaults(GD_TRACKER_IOU);
    gd_detection      *d = calloc(N, sizeof *d);
    gd_track          *a = calloc(N, sizeof *a);
    (void)state;
    opt.max_age = 1000000;
    gd_tracker *t = open_kind(opt);
    for (int k = 0; k < 6; k++) {
        for (int i = 0; i < N; i++) {
            const float x = (float)(i * 4), y = (float)(k * 100);
            d[i] = (gd_detection){{x, y, x + 2, y + 2}, 1, 0};
        }
        gd_assert_ok(gd_tracker_update(t, d, N, -1, a, &err), &err);
    }
    int             n;
    const gd_track *lost = gd_tracker_lost(t, &n);
    assert_int_equal(n, GD_TRACK_MAX_LOST);
    assert_int_equal(lost[0].id, N + 1);
    gd_tracker_close(t);
    free(d);
    free(a);
}

/* ---- memory that ends -------------------------------------------------------------------- */

/* With the n-th request failing, a frame is either done or not at all: repeated with memory, it
 * gives what it would have given. */
static void test_no_memory(void **state) {
    gd_detection d[48];
    gd_track     want[48];
    (void)state;
    for (int i = 0; i < 48; i++) d[i] = at((float)(i * 7), i % 5 ? 0.9f : 0.15f);
    for (int kind = 0; kind < 3; kind++)
        for (int refused = 1, n = 0; refused; n++) {
            gd_tracker_options opt = gd_tracker_defaults((gd_tracker_kind)kind);
            gd_tracker        *t = NULL, *calm = NULL;
            refused = 0;
            gd_mem_hook(&hook);
            allow = 1 << 20;
            gd_assert_ok(gd_tracker_open(&opt, &calm, &err), &err);
            allow = n;
            while (gd_tracker_open(&opt, &t, &err) != GD_OK) {
                assert_int_equal(err.status, GD_ERR_NOMEM);
                refused = allow = 1 << 20;
            }
            for (int f = 0; f < 4; f++) {
                const int m = f == 2 ? 0 : 12 << (f == 3 ? 2 : 0), keep = allow;
                allow = 1 << 20;
                gd_assert_ok(gd_tracker_update(calm, d, m, -1, want, &err), &err);
                allow = keep;
                while (gd_tracker_update(t, d, m, -1, out, &err) != GD_OK) {
                    assert_int_equal(err.status, GD_ERR_NOMEM);
                    refused = allow = 1 << 20;
                }
                assert_memory_equal(out, want, (size_t)m * sizeof *out);
            }
            gd_tracker_close(t);
            gd_tracker_close(calm);
            assert_int_equal(live, 0);
            gd_mem_hook(NULL);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),  cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_clock),   cmocka_unit_test(test_optimal),
        cmocka_unit_test(test_classes), cmocka_unit_test(test_weak),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_odd_boxes),
        cmocka_unit_test(test_limit),   cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
