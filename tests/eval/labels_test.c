/* labels_test.c -- classifiers and segmenters against the truth, counted by hand. */
#include <math.h>

#include "tests/gd_test.h"
#include "tests/track/short_heap.h"
#include "tools/eval/labels.h"

static void near(double got, double want) {
    if (fabs(got - want) > 1e-12) fail_msg("%.17g, not %.17g", got, want);
}

static void labels(void **state) {
    const int      right[] = {1, 0, 2, -1, -1}, second[] = {0, 1, 2, -1, -1};
    const int      sixth[] = {2, 2, 2, 2, 2, 1}, other[] = {-1, 1};
    gd_eval_labels l;
    gd_error       err = {0};
    (void)state;
    gd_assert_ok(gd_eval_labels_open(3, &l, &err), &err);
    gd_assert_ok(gd_eval_labels_add(&l, 0, 1, right, 5, 0.9f, &err), &err);
    gd_assert_ok(gd_eval_labels_add(&l, 1, 1, second, 5, 0.4f, &err), &err);
    gd_assert_ok(gd_eval_labels_add(&l, 2, 1, sixth, 6, 0.8f, &err), &err);
    gd_assert_ok(gd_eval_labels_add(&l, 3, 1, other, 2, 0.6f, &err), &err);
    gd_assert_ok(gd_eval_labels_add(&l, 4, 0, NULL, 0, 0, &err), &err);
    assert_int_equal(gd_eval_labels_add(&l, 5, 3, right, 5, 1, &err), GD_ERR_ARG);
    assert_int_equal(gd_eval_labels_add(&l, 5, -1, right, 5, 1, &err), GD_ERR_ARG);
    gd_eval_labels_end(&l);
    assert_int_equal(l.n, 5);
    assert_int_equal(l.n_top1, 1);
    assert_int_equal(l.n_top5, 3);
    assert_int_equal(l.top5[1], 3);
    assert_int_equal(l.n_slip, 4);
    assert_int_equal(l.slip[0].image, 2); /* the surest */
    assert_int_equal(l.slip[1].found, -1);
    const gd_eval_tally t = gd_eval_tally_of(l.confusion, 3, 1);
    assert_int_equal(t.truth, 4);
    assert_int_equal(t.found, 1);
    near(t.recall, 0.25);
    near(t.precision, 1);
    near(t.f1, 0.4);
    near(gd_eval_tally_of(l.confusion, 3, 2).recall, -1);
    near(gd_eval_tally_of(l.confusion, 3, 2).precision, 0);
    gd_eval_labels_free(&l);
    assert_int_equal(gd_eval_labels_open(0, &l, &err), GD_ERR_UNSUPPORTED);
    assert_int_equal(gd_eval_labels_open(1 << 20, &l, &err), GD_ERR_UNSUPPORTED);
}

static void pixels(void **state) {
    const uint8_t  truth[] = {0, 0, 0, 1, 1, 255, 255}, found[] = {0, 0, 1, 1, 9, 0, 1};
    const uint8_t  bad[] = {2};
    gd_eval_pixels p;
    gd_error       err = {0};
    (void)state;
    gd_assert_ok(gd_eval_pixels_open(2, &p, &err), &err);
    gd_assert_ok(gd_eval_pixels_add(&p, truth, found, 7, &err), &err);
    assert_int_equal(gd_eval_pixels_add(&p, bad, found, 1, &err), GD_ERR_ARG);
    gd_eval_pixels_end(&p);
    assert_int_equal(p.n, 5);
    assert_int_equal(p.n_void, 2);
    near(p.accuracy, 3 / 5.0);
    near(p.miou, (2 / 3.0 + 1 / 3.0) / 2); /* 0: 2 of 3; 1: 1 of 3, for one is elsewhere */
    gd_eval_pixels_free(&p);
    gd_assert_ok(gd_eval_pixels_open(2, &p, &err), &err);
    gd_eval_pixels_end(&p);
    near(p.miou, -1);
    near(p.accuracy, -1);
    gd_eval_pixels_free(&p);
    assert_int_equal(gd_eval_pixels_open(256, &p, &err), GD_ERR_UNSUPPORTED);
}

static void no_memory(void **state) {
    const int best[] = {0};
    (void)state;
    for (int n = 0; n < 9; n++) {
        gd_error       err = {0};
        gd_eval_labels l;
        gd_eval_pixels p = {0};
        gd_mem_hook(&hook);
        allow = n;
        live = 0;
        gd_status st = gd_eval_labels_open(2, &l, &err);
        if (st == GD_OK) st = gd_eval_labels_add(&l, 0, 1, best, 1, 1, &err);
        if (st == GD_OK) st = gd_eval_pixels_open(2, &p, &err);
        gd_eval_labels_free(&l);
        gd_eval_pixels_free(&p);
        gd_mem_hook(NULL);
        assert_int_equal(live, 0);
        if (n < 4) assert_int_equal(st, GD_ERR_NOMEM);
        if (n >= 4) assert_int_equal(st, GD_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels), cmocka_unit_test(pixels),
                                       cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
