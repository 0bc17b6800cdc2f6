/* queue_test.c -- order by ticket, limits of room and time, three kinds of end, threads. */
#include "engine/pipeline/queue.h"

#include <pthread.h>
#include <stdatomic.h>

#include "engine/pipeline/wait.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"

static gd_queue *open_queue(int capacity) {
    gd_queue *q;
    gd_error  err;
    gd_assert_ok(gd_queue_open(capacity, &q, &err), &err);
    return q;
}

static int number[64];

static void first_in_first_out(void **state) {
    (void)state;
    gd_queue      *q = open_queue(3);
    gd_queue_stats s;
    void          *item;
    assert_int_equal(gd_queue_take(q, &item, 0), GD_TIME_OUT);
    for (int i = 0; i < 3; i++) assert_int_equal(gd_queue_put(q, &number[i], 0), GD_PASSED);
    assert_int_equal(gd_queue_put(q, &number[3], 0), GD_TIME_OUT);
    const double start = gd_pipeline_now_ms();
    assert_int_equal(gd_queue_put(q, &number[3], 20), GD_TIME_OUT);
    assert_true(gd_pipeline_now_ms() - start >= 20);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gd_queue_take(q, &item, 0), GD_PASSED);
        assert_ptr_equal(item, &number[i]);
    }
    gd_queue_stats_get(q, &s);
    assert_true(s.put == 3 && s.taken == 3 && s.length == 0 && s.most == 3 && s.mean > 0);
    assert_int_equal(gd_queue_put(q, &number[4], 0), GD_PASSED);
    gd_queue_end(q);
    assert_int_equal(gd_queue_put(q, &number[5], -1), GD_ENDED);
    assert_int_equal(gd_queue_take(q, &item, -1), GD_PASSED);
    assert_ptr_equal(item, &number[4]);
    assert_int_equal(gd_queue_take(q, &item, -1), GD_ENDED);
    gd_queue_close(q);
}

static void tickets_restore_order(void **state) {
    (void)state;
    gd_queue *q = open_queue(4);
    void     *item, *some[8];
    uint64_t  counter = 10, first = 0;
    int       n;
    assert_int_equal(gd_queue_put_at(q, 2, &number[2], 0), GD_PASSED);
    assert_int_equal(gd_queue_put_at(q, 4, &number[4], 0), GD_TIME_OUT); /* 4 ahead of 0 */
    assert_int_equal(gd_queue_take(q, &item, 5), GD_TIME_OUT);
    assert_int_equal(gd_queue_put_at(q, 1, NULL, 0), GD_PASSED);
    assert_int_equal(gd_queue_put_at(q, 0, &number[0], 0), GD_PASSED);
    assert_int_equal(gd_queue_take(q, &item, 0), GD_PASSED);
    assert_ptr_equal(item, &number[0]);
    assert_int_equal(gd_queue_put_at(q, 4, &number[4], 0), GD_PASSED); /* 1 was passed over */
    assert_int_equal(gd_queue_put_at(q, 3, &number[3], 0), GD_PASSED);
    assert_int_equal(gd_queue_take_some(q, some, 2, 0, &counter, &first, &n), GD_PASSED);
    assert_true(n == 2 && some[0] == &number[2] && some[1] == &number[3]);
    assert_true(first == 10 && counter == 12);
    const double start = gd_pipeline_now_ms();
    assert_int_equal(gd_queue_take_some(q, some, 2, 30, &counter, &first, &n), GD_PASSED);
    assert_true(n == 1 && some[0] == &number[4] && first == 12 && counter == 13);
    assert_true(gd_pipeline_now_ms() - start >= 30); /* it hoped for a second one */
    gd_queue_close(q);
}

static void a_cut_and_an_abort(void **state) {
    (void)state;
    gd_queue *q = open_queue(8);
    void     *item;
    for (uint64_t t = 0; t < 5; t++)
        if (t != 2) assert_int_equal(gd_queue_put_at(q, t, &number[t], 0), GD_PASSED);
    gd_queue_cut(q, 2);
    gd_queue_cut(q, 4); /* the smaller one counts */
    assert_int_equal(gd_queue_put_at(q, 2, &number[2], 0), GD_ENDED);
    assert_int_equal(gd_queue_put_at(q, 5, &number[5], -1), GD_ENDED);
    assert_int_equal(gd_queue_take(q, &item, -1), GD_PASSED);
    assert_int_equal(gd_queue_take(q, &item, -1), GD_PASSED);
    assert_int_equal(gd_queue_take(q, &item, -1), GD_ENDED);
    assert_non_null(gd_queue_rest(q));
    assert_non_null(gd_queue_rest(q));
    assert_null(gd_queue_rest(q));
    gd_queue_close(q);
    q = open_queue(2);
    assert_int_equal(gd_queue_put_at(q, 0, &number[0], 0), GD_PASSED);
    gd_queue_cut(q, 0); /* what is inside already is cut off too */
    assert_int_equal(gd_queue_take(q, &item, -1), GD_ENDED);
    gd_queue_close(q);
    q = open_queue(2);
    assert_int_equal(gd_queue_put(q, &number[0], 0), GD_PASSED);
    gd_queue_abort(q);
    assert_int_equal(gd_queue_take(q, &item, -1), GD_ENDED);
    assert_int_equal(gd_queue_put(q, &number[1], -1), GD_ENDED);
    assert_ptr_equal(gd_queue_rest(q), &number[0]);
    gd_queue_close(q);
    gd_queue_close(NULL);
}

static void the_latest_stays(void **state) {
    (void)state;
    gd_queue      *q = open_queue(2);
    gd_queue_stats s;
    void          *item, *dropped;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(gd_queue_put_latest(q, &number[i], &dropped), GD_PASSED);
        assert_ptr_equal(dropped, i < 2 ? NULL : &number[i - 2]);
    }
    assert_int_equal(gd_queue_take(q, &item, 0), GD_PASSED);
    assert_ptr_equal(item, &number[3]);
    gd_queue_stats_get(q, &s);
    assert_true(s.put == 5 && s.dropped == 3 && s.length == 1 && s.most == 2);
    gd_queue_end(q);
    assert_int_equal(gd_queue_put_latest(q, &number[5], &dropped), GD_ENDED);
    gd_queue_close(q);
}

/* ---- many threads ------------------------------------------------------------------------ */

enum { EACH = 4000, THREADS = 4 };
static int         token[EACH * THREADS];
static atomic_int  seen[EACH * THREADS];
static atomic_uint next_token;

static void *put_many(void *arg) {
    for (int i = 0; i < EACH; i++) {
        const unsigned t = atomic_fetch_add(&next_token, 1);
        assert_int_equal(gd_queue_put_at(arg, t, t % 7 ? &token[t] : NULL, -1), GD_PASSED);
    }
    return NULL;
}

static void *take_many(void *arg) {
    void           *some[5];
    uint64_t        first;
    static uint64_t counter;
    int             n, last = -1;
    while (gd_queue_take_some(arg, some, 5, 0.01, &counter, &first, &n) == GD_PASSED)
        for (int i = 0; i < n; i++) {
            const int t = (int)((int *)some[i] - token);
            assert_true(t > last);
            last = t;
            atomic_fetch_add(&seen[t], 1);
        }
    return NULL;
}

static void every_item_once_and_in_order(void **state) {
    (void)state;
    gd_queue *q = open_queue(16);
    pthread_t put[THREADS], take[2];
    for (int i = 0; i < 2; i++) pthread_create(&take[i], NULL, take_many, q);
    for (int i = 0; i < THREADS; i++) pthread_create(&put[i], NULL, put_many, q);
    for (int i = 0; i < THREADS; i++) pthread_join(put[i], NULL);
    gd_queue_end(q);
    for (int i = 0; i < 2; i++) pthread_join(take[i], NULL);
    for (int t = 0; t < EACH * THREADS; t++)
        assert_int_equal(atomic_load(&seen[t]), t % 7 ? 1 : 0);
    gd_queue_close(q);
}

static void *wait_for_one(void *arg) {
    void *item;
    return gd_queue_take(arg, &item, -1) == GD_ENDED ? arg : NULL;
}

static void an_abort_wakes(void **state) {
    (void)state;
    gd_queue *q = open_queue(1);
    pthread_t t;
    void     *got;
    pthread_create(&t, NULL, wait_for_one, q);
    gd_queue_abort(q);
    pthread_join(t, &got);
    assert_ptr_equal(got, q);
    gd_queue_close(q);
}

static void bad_sizes_and_no_memory(void **state) {
    (void)state;
    gd_queue      *q = (gd_queue *)number;
    gd_error       err;
    meter          m = {.fail_at = 1};
    const gd_alloc hook = {&m, meter_get, meter_put};
    assert_int_equal(gd_queue_open(0, &q, &err), GD_ERR_ARG);
    assert_null(q);
    assert_int_equal(gd_queue_open((1 << 20) + 1, &q, &err), GD_ERR_ARG);
    gd_mem_hook(&hook);
    assert_int_equal(gd_queue_open(5, &q, &err), GD_ERR_NOMEM);
    gd_mem_hook(NULL);
    assert_null(q);
    assert_int_equal(m.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),           cmocka_unit_test(tickets_restore_order),
        cmocka_unit_test(a_cut_and_an_abort),           cmocka_unit_test(the_latest_stays),
        cmocka_unit_test(every_item_once_and_in_order), cmocka_unit_test(an_abort_wakes),
        cmocka_unit_test(bad_sizes_and_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
