/* pairs_test.c -- one threshold: levels, pairs, confusion and the worst pictures, by hand. */
#include <math.h>

#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tests/track/short_heap.h"
#include "tools/eval/report.h"

/* Three pictures, classes cat 0 and dog 1. */
static const gd_eval_truth truth[] = {
    {{0, 0, 10, 10}, 100, 0, 0, false, false},     /* 0: found */
    {{20, 0, 10, 10}, 100, 0, 0, false, false},    /* 1: taken for a dog */
    {{40, 0, 10, 10}, 100, 0, 1, false, false},    /* 2: found, but unsure */
    {{60, 0, 10, 10}, 100, 0, 1, false, false},    /* 3: badly placed */
    {{80, 0, 10, 10}, 100, 0, 1, false, false},    /* 4: not seen */
    {{0, 50, 100, 100}, 10000, 1, 0, true, false}, /* 5: a crowd of cats */
    {{200, 0, 10, 10}, 100, 1, 1, false, true},    /* 6: a difficult dog */
    {{0, 0, 10, 10}, 100, 2, 1, false, false},     /* 7: found twice */
};
static const gd_eval_found found[] = {
    {{0, 0, 10, 10}, 0.9, 0, 0},   /* 0: of 0 */
    {{21, 0, 10, 10}, 0.8, 0, 1},  /* 1: of 1, another class */
    {{40, 0, 10, 10}, 0.2, 0, 1},  /* 2: below the threshold */
    {{66, 0, 10, 10}, 0.7, 0, 1},  /* 3: IoU 0.25 with 3 */
    {{10, 60, 10, 10}, 0.9, 1, 0}, /* 4: in the crowd */
    {{200, 0, 10, 10}, 0.9, 1, 1}, /* 5: of the difficult one */
    {{1, 0, 10, 10}, 0.6, 2, 1},   /* 6: a second one of 7 */
    {{0, 0, 10, 10}, 0.5, 2, 1},   /* 7: of 7: less sure, but nearer */
    {{0, 0, 10, 10}, 0.99, 9, 0},  /* 8: no such picture */
};
static const gd_eval_set set = {3, 2, truth, found, 8, 9};

static void pairs(void **state) {
    static const int     of_truth[] = {0, 1, -1, -1, -1, -2, -2, 7};
    static const int     of_found[] = {0, 1, -2, -1, -2, -2, -1, 7, -2};
    static const int64_t want[] = {1, 1, 0, /* cats: one found, one taken for a dog */
                                   0, 1, 3, /* dogs: one found, three not */
                                   0, 2, 0};
    gd_eval_pairs        p;
    int64_t             *count;
    gd_error             err = {0};
    (void)state;
    gd_assert_ok(gd_eval_pair(&set, 0.3, &p, &err), &err);
    for (int i = 0; i < 8; i++) assert_int_equal(p.of_truth[i], of_truth[i]);
    for (int i = 0; i < 9; i++) assert_int_equal(p.of_found[i], of_found[i]);
    gd_assert_ok(gd_eval_confusion(&set, &p, &count, &err), &err);
    for (int i = 0; i < 9; i++) assert_int_equal(count[i], want[i]);
    gd_mem_put(count);
    gd_eval_pairs_free(&p);
}

static void worst(void **state) {
    static const gd_eval_why why[] = {GD_EVAL_CALLED, GD_EVAL_UNSURE, GD_EVAL_POOR_BOX,
                                      GD_EVAL_UNSEEN, GD_EVAL_FALSE_ALARM};
    static const int         by[] = {1, 2, 3, -1, 3};
    gd_eval_pairs            p;
    gd_eval_misses           m;
    gd_error                 err = {0};
    (void)state;
    gd_assert_ok(gd_eval_pair(&set, 0.3, &p, &err), &err);
    gd_assert_ok(gd_eval_worst(&set, &p, 10, &m, &err), &err);
    assert_int_equal(m.n, 2); /* picture 1 has nothing that counts */
    assert_int_equal(m.picture[0].image, 0);
    assert_int_equal(m.picture[0].n_truth, 5);
    assert_int_equal(m.picture[0].missed, 4);
    assert_int_equal(m.picture[0].alarms, 1);
    assert_int_equal(m.picture[0].n, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(m.miss[i].why, why[i]);
        assert_int_equal(m.miss[i].found, by[i]);
    }
    assert_true(fabs(m.miss[2].iou - 0.25) < 1e-12);
    assert_int_equal(m.picture[1].image, 2);
    assert_int_equal(m.picture[1].alarms, 1);
    gd_eval_misses_free(&m);
    gd_assert_ok(gd_eval_worst(&set, &p, 1, &m, &err), &err);
    assert_int_equal(m.n, 1);
    gd_eval_misses_free(&m);
    gd_eval_pairs_free(&p);
}

/* Hits at 0.9, 0.8 and 0.4 of four objects; false ones at 0.8 and 0.1. */
static void levels(void **state) {
    const gd_eval_hit hit[] = {
        {0.9, 0, true}, {0.8, 1, true}, {0.8, 2, false}, {0.4, 3, true}, {0.1, 4, false}};
    (void)state;
    gd_eval_level l = gd_eval_level_at(hit, 5, 4, 0.8);
    assert_int_equal(l.hits, 2);
    assert_int_equal(l.misses, 1);
    assert_true(fabs(l.precision - 2 / 3.0) < 1e-12 && fabs(l.recall - 0.5) < 1e-12);
    assert_true(fabs(l.f1 - 4 / 7.0) < 1e-12);
    l = gd_eval_best_level(hit, 5, 4);
    assert_true(fabs(l.score - 0.4) < 1e-12 && fabs(l.f1 - 0.75) < 1e-12);
    l = gd_eval_best_level(hit, 0, 4);
    assert_true(l.f1 <= 0 && l.score >= 1);
    l = gd_eval_level_at(hit, 5, 0, 0); /* no objects: nothing is divided by zero */
    assert_true(isfinite(l.recall));
}

static void no_memory(void **state) {
    (void)state;
    for (int n = 0; n < 300; n++) {
        gd_error      err = {0};
        gd_eval_boxes b;
        gd_mem_hook(&hook);
        allow = n;
        live = 0;
        const gd_status st = gd_eval_boxes_run(&set, 5, &b, &err);
        gd_eval_boxes_free(&b);
        gd_mem_hook(NULL);
        assert_int_equal(live, 0);
        if (st == GD_OK) return;
        assert_int_equal(st, GD_ERR_NOMEM);
    }
    fail_msg("never enough memory");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairs), cmocka_unit_test(worst),
                                       cmocka_unit_test(levels), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
