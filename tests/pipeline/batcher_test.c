/* batcher_test.c -- what goes together, what goes first, how long it waits, and how it ends. */
#include "engine/pipeline/batcher.h"

#include <pthread.h>
#include <stdatomic.h>

#include "engine/pipeline/wait.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"

enum { MANY = 64 };
static gd_request  request[MANY];
static gd_request *out[MANY];

static gd_batcher *open_batcher(int least, int most, double wait_ms, double age_ms) {
    const gd_batcher_options o = {least, most, wait_ms, age_ms, 16};
    gd_batcher              *b;
    gd_error                 err;
    memset(request, 0, sizeof request);
    gd_assert_ok(gd_batcher_open(&o, &b, &err), &err);
    return b;
}

static void put(gd_batcher *b, int id, uint64_t key, int priority) {
    request[id].id = id;
    request[id].key = key;
    request[id].priority = priority;
    assert_int_equal(gd_batcher_put(b, &request[id], 0), GD_PASSED);
}

/* Takes at once; the ids as decimal digits. */
static long take(gd_batcher *b) {
    int  n;
    long digits = 0;
    if (gd_batcher_take(b, out, &n, 0) != GD_PASSED) return -1;
    for (int i = 0; i < n; i++) {
        assert_int_equal(out[i]->batch, n);
        digits = digits * 10 + (long)out[i]->id;
        gd_batcher_done(b, out[i]);
    }
    return digits;
}

static void most_and_order(void **state) {
    (void)state;
    gd_batcher *b = open_batcher(1, 3, 1000, 0);
    for (int i = 1; i <= 7; i++) put(b, i, 5, 0);
    assert_int_equal(take(b), 123);
    assert_int_equal(take(b), 456);
    assert_int_equal(take(b), 7);
    assert_int_equal(take(b), -1);
    gd_batcher_stats s;
    gd_batcher_stats_get(b, &s);
    assert_true(s.put == 7 && s.taken == 7 && s.done == 7 && s.batches == 3);
    assert_true(s.waiting == 0 && s.waiting_most == 7 && s.batch_mean > 2.3);
    assert_true(s.wait.n == 7 && s.whole.n == 7 && s.whole.most >= s.wait.least);
    gd_batcher_close(b);
}

static void keys_do_not_mix(void **state) {
    (void)state;
    gd_batcher *b = open_batcher(1, 4, 1000, 0);
    for (int i = 1; i <= 6; i++) put(b, i, i & 1, 0);
    assert_int_equal(take(b), 135);
    assert_int_equal(take(b), 246);
    gd_batcher_close(b);
}

static void critical_ones_first(void **state) {
    (void)state;
    gd_batcher *b = open_batcher(1, 2, 1000, 0);
    const int   priority[] = {0, 0, 5, 0, 5, 9, -1};
    for (int i = 1; i < 7; i++) put(b, i, 1, priority[i]);
    assert_int_equal(take(b), 52);
    assert_int_equal(take(b), 41);
    assert_int_equal(take(b), 36);
    gd_batcher_close(b);
    b = open_batcher(2, 2, 1000, 0); /* among keys too, with a minimum */
    put(b, 1, 7, 0);
    put(b, 2, 8, 0);
    put(b, 3, 7, 0);
    put(b, 4, 8, 3);
    put(b, 5, 9, 9); /* most urgent of all, but alone */
    assert_int_equal(take(b), 42);
    assert_int_equal(take(b), 13);
    assert_int_equal(take(b), -1);
    gd_batcher_close(b);
}

static void none_starves(void **state) {
    (void)state;
    gd_batcher *b = open_batcher(1, 1, 1000, 15);
    put(b, 1, 1, 0);
    put(b, 2, 1, 9);
    assert_int_equal(take(b), 2);
    assert_int_equal(gd_batcher_wait(b, &request[1], 20), GD_TIME_OUT); /* 1 ages */
    put(b, 3, 1, 9);
    assert_int_equal(take(b), 1);
    assert_int_equal(take(b), 3);
    gd_batcher_close(b);
}

static void waits_for_the_least(void **state) {
    (void)state;
    gd_batcher *b = open_batcher(3, 4, 40, 0);
    int         n;
    put(b, 1, 1, 0);
    put(b, 2, 1, 0);
    assert_int_equal(take(b), -1);
    const double start = request[1].put_ms;
    assert_int_equal(gd_batcher_take(b, out, &n, -1), GD_PASSED); /* the time-out lets go */
    const double after = gd_pipeline_now_ms() - start;
    assert_int_equal(n, 2);
    if (after < 40 || after > 4000) fail_msg("went after %g ms, not 40", after);
    for (int i = 3; i < 6; i++) put(b, i, 1, 0);
    assert_int_equal(take(b), 345); /* three are enough at once */
    put(b, 6, 1, 0);
    assert_int_equal(gd_batcher_take(b, out, &n, 5), GD_TIME_OUT); /* the taker's own limit */
    gd_batcher_drain(b);
    assert_int_equal(take(b), 6); /* and at the end nobody waits */
    assert_int_equal(gd_batcher_take(b, out, &n, -1), GD_ENDED);
    assert_int_equal(gd_batcher_put(b, &request[7], -1), GD_ENDED);
    gd_batcher_close(b);
}

static void room_drops_and_abort(void **state) {
    (void)state;
    gd_batcher *b = open_batcher(1, 4, 0, 0);
    int         n;
    for (int i = 0; i < 16; i++) {
        request[i].lane = i & 3;
        put(b, i, 1, 0);
    }
    assert_int_equal(gd_batcher_put(b, &request[20], 3), GD_TIME_OUT);
    assert_ptr_equal(gd_batcher_drop_oldest(b, 2), &request[2]);
    assert_ptr_equal(gd_batcher_drop_oldest(b, 2), &request[6]);
    assert_null(gd_batcher_drop_oldest(b, 9));
    assert_int_equal(gd_batcher_wait(b, &request[2], -1), GD_ENDED);
    assert_int_equal(gd_batcher_put(b, &request[20], 0), GD_PASSED);
    assert_int_equal(gd_batcher_take(b, out, &n, 0), GD_PASSED);
    assert_true(n == 4 && out[2]->id == 3 && out[3]->id == 4);
    assert_int_equal(gd_batcher_wait(b, out[0], 2), GD_TIME_OUT);
    gd_batcher_abort(b);
    gd_batcher_done(b, out[0]);
    assert_int_equal(gd_batcher_wait(b, out[0], -1), GD_PASSED);
    assert_true(out[0]->latency_ms >= 2 && out[0]->batch == 4);
    assert_int_equal(gd_batcher_take(b, out, &n, -1), GD_ENDED);
    int rest = 0;
    for (const gd_request *r; (r = gd_batcher_rest(b)) != NULL; rest++)
        assert_true(r == &request[20] || r->id > 4);
    assert_int_equal(rest, 11);
    gd_batcher_close(b);
    gd_batcher_close(NULL);
}

/* ---- clients and workers ----------------------------------------------------------------- */

enum { CLIENTS = 5, EACH = 600 };
static atomic_int answered, mixed;

static void *client(void *arg) {
    gd_batcher *b = arg;
    for (int i = 0; i < EACH; i++) {
        gd_request r = {.id = i, .key = (uint64_t)(i / 100), .priority = i % 3};
        int        answer = 0;
        r.user = &answer;
        assert_int_equal(gd_batcher_put(b, &r, -1), GD_PASSED);
        assert_int_equal(gd_batcher_wait(b, &r, -1), GD_PASSED);
        if (answer == i + 1 && r.batch >= 1 && r.latency_ms >= 0)
            atomic_fetch_add(&answered, 1);
    }
    return NULL;
}

static void *worker(void *arg) {
    gd_batcher *b = arg;
    gd_request *mine[4];
    int         n;
    while (gd_batcher_take(b, mine, &n, -1) == GD_PASSED)
        for (int i = 0; i < n; i++) {
            if (mine[i]->key != mine[0]->key) atomic_fetch_add(&mixed, 1);
            *(int *)mine[i]->user = (int)mine[i]->id + 1;
            if (i == n - 1)
                for (int k = 0; k < n; k++) gd_batcher_done(b, mine[k]);
        }
    return NULL;
}

static void clients_get_their_answers(void **state) {
    (void)state;
    gd_batcher *b = open_batcher(2, 4, 0.5, 5);
    pthread_t   c[CLIENTS], w[2];
    for (int i = 0; i < 2; i++) pthread_create(&w[i], NULL, worker, b);
    for (int i = 0; i < CLIENTS; i++) pthread_create(&c[i], NULL, client, b);
    for (int i = 0; i < CLIENTS; i++) pthread_join(c[i], NULL);
    gd_batcher_drain(b);
    for (int i = 0; i < 2; i++) pthread_join(w[i], NULL);
    assert_int_equal(atomic_load(&answered), CLIENTS * EACH);
    assert_int_equal(atomic_load(&mixed), 0);
    gd_batcher_close(b);
}

static void bad_limits_and_no_memory(void **state) {
    (void)state;
    const gd_batcher_options bad[] = {
        {0, 1, 0, 0, 4}, {2, 1, 0, 0, 4}, {1, 5, 0, 0, 4}, {1, 1, -1, 0, 4}, {1, 1, 0, -1, 4}};
    meter          m = {.fail_at = 1};
    const gd_alloc hook = {&m, meter_get, meter_put};
    gd_batcher    *b;
    gd_error       err;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(gd_batcher_open(&bad[i], &b, &err), GD_ERR_ARG);
        assert_null(b);
    }
    const gd_batcher_options good = {1, 1, 0, 0, 1};
    gd_mem_hook(&hook);
    assert_int_equal(gd_batcher_open(&good, &b, &err), GD_ERR_NOMEM);
    gd_mem_hook(NULL);
    assert_null(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(most_and_order),
                                       cmocka_unit_test(keys_do_not_mix),
                                       cmocka_unit_test(critical_ones_first),
                                       cmocka_unit_test(none_starves),
                                       cmocka_unit_test(waits_for_the_least),
                                       cmocka_unit_test(room_drops_and_abort),
                                       cmocka_unit_test(clients_get_their_answers),
                                       cmocka_unit_test(bad_limits_and_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
