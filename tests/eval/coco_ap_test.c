/* coco_ap_test.c -- average precision: by hand, sets with nothing in them, no memory. */
#include <math.h>

#include "tests/gd_test.h"
#include "tests/track/short_heap.h"
#include "tools/eval/eval.h"

/* Three objects and four detections of class 0 in two pictures, one object of class 1. */
static const gd_eval_truth truth[] = {
    {{10, 10, 40, 40}, 1600, 0, 0, false, false},
    {{100, 10, 40, 40}, 1600, 0, 0, false, false},
    {{10, 10, 40, 40}, 1600, 1, 0, false, false},
    {{200, 200, 200, 200}, 40000, 1, 1, false, false},
};
static const gd_eval_found found[] = {
    {{10, 10, 40, 40}, 0.9, 0, 0},    /* exact */
    {{10, 10, 40, 30}, 0.8, 1, 0},    /* IoU 0.75 */
    {{300, 10, 40, 40}, 0.7, 0, 0},   /* nothing there */
    {{100, 10, 40, 20}, 0.6, 0, 0},   /* IoU 0.5 */
    {{200, 200, 200, 200}, 0.5, 1, 2} /* a class that is not there */
};
static const gd_eval_set set = {2, 2, truth, found, 4, 5};

static void near(double got, double want) {
    if (fabs(got - want) > 1e-12) fail_msg("%.17g, not %.17g", got, want);
}

static void by_hand(void **state) {
    gd_eval_coco c;
    gd_error     err = {0};
    (void)state;
    gd_assert_ok(gd_eval_coco_run(&set, &c, &err), &err);
    /* Class 0 at 0.5: right, right, wrong, right: precision 1 to recall 2/3, 3/4 to 1. Recalls
     * 0 .. 0.66 are 67 of 101. */
    near(c.by_class[0].ap50, (67 + 34 * 0.75) / 101);
    /* At 0.75 the last one is wrong too: recall ends at 2/3. */
    near(c.by_class[0].ap75, 67.0 / 101);
    near(c.by_class[1].ap50, 0);
    near(c.stat[1], (67 + 34 * 0.75) / 101 / 2);
    /* AR: class 0 finds 3 of 3 at 0.5, 2 of 3 to 0.75, 1 of 3 above; class 1 none. */
    near(c.stat[8], (3 + 5 * 2 + 4 * 1) / 30.0 / 2);
    near(c.stat[6], (6 * 2 + 4 * 1) / 30.0 / 2); /* the best of a picture */
    near(c.stat[3], -1);                         /* nothing is small */
    assert_int_equal(c.by_class[0].n_truth, 3);
    assert_int_equal(c.by_class[0].n_found, 4);
    assert_int_equal(c.first[2], 4);
    assert_true(c.hit[0].hit && c.hit[1].hit && !c.hit[2].hit && c.hit[3].hit);
    assert_int_equal(c.hit[1].found, 1);
    gd_eval_coco_free(&c);
}

static void nothing(void **state) {
    const gd_eval_set none[] = {{0, 0, NULL, NULL, 0, 0},
                                {2, 3, NULL, NULL, 0, 0},
                                {2, 2, truth, NULL, 4, 0},
                                {2, 2, NULL, found, 0, 5}};
    gd_eval_coco      c;
    gd_eval_voc       v;
    gd_error          err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        gd_assert_ok(gd_eval_coco_run(&none[i], &c, &err), &err);
        gd_assert_ok(gd_eval_voc_run(&none[i], &v, &err), &err);
        near(c.stat[0], i == 2 ? 0 : -1);
        near(v.map, i == 2 ? 0 : -1);
        gd_eval_coco_free(&c);
        gd_eval_voc_free(&v);
    }
}

/* Every request fails in turn: a clean status and nothing left. */
static void no_memory(void **state) {
    (void)state;
    for (int n = 0;; n++) {
        gd_error     err = {0};
        gd_eval_coco c;
        gd_eval_voc  v = {0};
        gd_mem_hook(&hook);
        allow = n;
        live = 0;
        gd_status st = gd_eval_coco_run(&set, &c, &err);
        if (st == GD_OK) st = gd_eval_voc_run(&set, &v, &err);
        gd_eval_coco_free(&c);
        gd_eval_voc_free(&v);
        gd_mem_hook(NULL);
        assert_int_equal(live, 0);
        if (st == GD_OK) break;
        assert_int_equal(st, GD_ERR_NOMEM);
        assert_true(n < 200);
    }
}

static void ranking(void **state) {
    enum { N = 1000 };
    static double score[N];
    static int    place[N], spare[N];
    (void)state;
    for (int n = 0; n <= N; n += n < 70 ? 1 : 93) {
        for (int i = 0; i < n; i++) {
            score[i] = (double)(i * 7919 % 31);
            place[i] = i;
        }
        gd_eval_sort_scores(score, place, spare, n);
        for (int i = 1; i < n; i++) {
            assert_true(score[place[i - 1]] >= score[place[i]]);
            if (score[place[i - 1]] == score[place[i]]) assert_true(place[i - 1] < place[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand), cmocka_unit_test(nothing),
                                       cmocka_unit_test(no_memory), cmocka_unit_test(ranking)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
