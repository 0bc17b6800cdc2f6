/* chain_test.c -- stages: order under random delays, ends of every kind at every stage, drops,
 * batches, the latest frame, what the statistics name, and memory that runs out. */
#include "engine/pipeline/chain.h"

#include <stdatomic.h>
#include <time.h>

#include "engine/pipeline/wait.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"

enum { STAGES = 4, ITEMS = 24 };

typedef struct item {
    int number, passed; /* number of the source; stages that had it */
} item;

/* One chain under test; stage k has its own view of it. */
typedef struct bench {
    item       items[ITEMS];
    void      *address[ITEMS];
    int        length;   /* the source's end; < 0: none */
    int        fail_at;  /* stage; -1: none */
    int        fail_on;  /* number of the item */
    int        drop_at;  /* stage that drops every third; -1: none */
    double     delay_ms; /* of each stage, at most; drawn from the number */
    double     slow_ms;  /* of stage 1 */
    int        produced;
    int        last; /* number that left last */
    int        in_order, left;
    atomic_int most_batch;
    atomic_int alive[STAGES], most_alive[STAGES];
    struct view {
        struct bench *b;
        int           k;
    } view[STAGES];
} bench;

static void nap(double ms) {
    const struct timespec t = {.tv_nsec = (long)(ms * 1e6)};
    if (ms > 0) nanosleep(&t, NULL);
}

static gd_status make(void *ctx, gd_chain_work *w, gd_error *err) {
    bench *b = ((struct view *)ctx)->b;
    item  *it = w->item[0];
    if (b->produced == b->length) {
        w->end = true;
        return GD_OK;
    }
    if (b->fail_at == 0 && b->produced == b->fail_on)
        return gd_fail(err, GD_ERR_IO, "source broke at %d", b->produced);
    *it = (item){.number = b->produced++};
    if (b->drop_at == 0) w->drop[0] = it->number % 3 == 2;
    return GD_OK;
}

static gd_status work(void *ctx, gd_chain_work *w, gd_error *err) {
    const struct view *v = ctx;
    bench             *b = v->b;
    const int          now = atomic_fetch_add(&b->alive[v->k], 1) + 1;
    if (now > atomic_load(&b->most_alive[v->k])) atomic_store(&b->most_alive[v->k], now);
    gd_status st = GD_OK;
    for (int i = 0; i < w->n && st == GD_OK; i++) {
        item          *it = w->item[i];
        const uint32_t r = (uint32_t)(it->number * 7 + v->k + 1) * 2654435761u;
        nap(b->delay_ms * (double)(r >> 16) / 65536);
        if (i) assert_true(it->number > ((item *)w->item[i - 1])->number);
        it->passed++;
        if (v->k == b->fail_at && it->number == b->fail_on)
            st = gd_fail(err, GD_ERR_CHECK, "stage %d does not like %d", v->k, it->number);
        if (v->k == b->drop_at) w->drop[i] = it->number % 3 == 2;
    }
    if (v->k == 1) nap(b->slow_ms);
    if (v->k == STAGES - 1) {
        for (int i = 0; i < w->n; i++) {
            const item *it = w->item[i];
            b->in_order &= it->number > b->last && it->passed == STAGES - 1;
            b->last = it->number;
            b->left++;
        }
    } else if (v->k == 2 && w->n > atomic_load(&b->most_batch)) {
        atomic_store(&b->most_batch, w->n);
    }
    atomic_fetch_sub(&b->alive[v->k], 1);
    return st;
}

static void prepare(bench *b, int length) {
    memset(b, 0, sizeof *b);
    b->length = length;
    b->fail_at = b->drop_at = -1;
    b->last = -1;
    b->in_order = 1;
    for (int i = 0; i < ITEMS; i++) b->address[i] = &b->items[i];
    for (int k = 0; k < STAGES; k++) b->view[k] = (struct view){b, k};
}

static void stages_of(bench *b, gd_chain_stage *s) {
    static const char *const name[STAGES] = {"decode", "infer", "draw", "encode"};
    for (int k = 0; k < STAGES; k++)
        s[k] = (gd_chain_stage){
            .name = name[k], .run = k ? work : make, .ctx = &b->view[k], .workers = 1};
}

static gd_chain *open_chain(bench *b, const gd_chain_stage *s) {
    const gd_chain_options o = {s, STAGES, b->address, ITEMS};
    gd_chain              *c;
    gd_error               err;
    gd_assert_ok(gd_chain_open(&o, &c, &err), &err);
    return c;
}

static gd_status finish(gd_chain *c, gd_error *err) {
    bool            ended;
    const gd_status st = gd_chain_wait(c, 20000, &ended, err);
    if (!ended) fail_msg("the chain does not end");
    return st;
}

static void order_is_kept(void **state) {
    (void)state;
    gd_error err;
    for (int round = 0; round < 4; round++) {
        bench          b;
        gd_chain_stage s[STAGES];
        gd_chain_stats stats;
        prepare(&b, 300);
        stages_of(&b, s);
        b.delay_ms = 0.6;
        s[1].workers = 4;
        s[2].workers = round & 1 ? 3 : 1;
        s[2].batch = round & 2 ? 5 : 1;
        s[2].batch_ms = 1;
        gd_chain *c = open_chain(&b, s);
        gd_assert_ok(finish(c, &err), &err);
        gd_chain_stats_get(c, &stats);
        gd_chain_close(c);
        assert_true(b.in_order && b.left == 300);
        assert_true(atomic_load(&b.most_alive[1]) > 1);
        assert_true(atomic_load(&b.most_alive[1]) <= 4);
        assert_true(atomic_load(&b.most_alive[3]) == 1);
        assert_int_equal(stats.finished, 300);
        assert_int_equal(stats.stage[2].items, 300);
        if (round & 2) assert_in_range(atomic_load(&b.most_batch), 2, 5);
    }
}

static void drops_leave_no_hole(void **state) {
    (void)state;
    gd_error err;
    for (int at = 0; at < STAGES; at++) {
        bench          b;
        gd_chain_stage s[STAGES];
        gd_chain_stats stats;
        prepare(&b, 200);
        stages_of(&b, s);
        b.drop_at = at;
        b.delay_ms = 0.2;
        s[1].workers = s[2].workers = 3;
        s[2].batch = 4;
        gd_chain *c = open_chain(&b, s);
        gd_assert_ok(finish(c, &err), &err);
        gd_chain_stats_get(c, &stats);
        gd_chain_close(c);
        assert_true(b.in_order);
        assert_int_equal(b.left, at == STAGES - 1 ? 200 : 134);
        assert_int_equal(stats.finished, 134);
        assert_int_equal(stats.stage[at].dropped, 66);
    }
}

static void a_failure_ends_it(void **state) {
    (void)state;
    for (int at = 0; at < STAGES; at++)
        for (int on = 0; on < 60; on += 29) {
            bench          b;
            gd_chain_stage s[STAGES];
            gd_error       err = {0};
            prepare(&b, -1);
            stages_of(&b, s);
            b.fail_at = at;
            b.fail_on = on;
            b.delay_ms = 0.3;
            s[1].workers = 3;
            s[2].workers = 4;
            s[2].queue = s[3].queue = 1; /* workers behind the failed one wait for room */
            gd_chain *c = open_chain(&b, s);
            assert_int_equal(finish(c, &err), at ? GD_ERR_CHECK : GD_ERR_IO);
            assert_int_equal(err.status, at ? GD_ERR_CHECK : GD_ERR_IO);
            assert_non_null(strstr(err.why, s[at].name));
            gd_chain_close(c);
            /* What was ahead of it has left, it and the rest have not. */
            assert_true(b.in_order);
            assert_int_equal(b.left, at == STAGES - 1 ? on + 1 : on);
        }
}

static void stop_lets_it_drain(void **state) {
    (void)state;
    bench          b;
    gd_chain_stage s[STAGES];
    gd_error       err;
    bool           ended;
    prepare(&b, -1);
    stages_of(&b, s);
    b.delay_ms = 0.5;
    s[1].workers = 2;
    gd_chain *c = open_chain(&b, s);
    gd_assert_ok(gd_chain_wait(c, 30, &ended, &err), &err);
    assert_false(ended);
    const double start = gd_pipeline_now_ms();
    gd_chain_stop(c);
    gd_assert_ok(finish(c, &err), &err);
    assert_true(gd_pipeline_now_ms() - start < 2000);
    gd_chain_close(c);
    assert_true(b.in_order && b.left == b.produced && b.left > 0);
}

static void abort_is_prompt(void **state) {
    (void)state;
    bench          b;
    gd_chain_stage s[STAGES];
    gd_error       err;
    bool           ended;
    prepare(&b, -1);
    stages_of(&b, s);
    b.slow_ms = 10;
    gd_chain *c = open_chain(&b, s);
    gd_assert_ok(gd_chain_wait(c, 35, &ended, &err), &err);
    const double start = gd_pipeline_now_ms();
    gd_chain_abort(c);
    gd_assert_ok(finish(c, &err), &err);
    assert_true(gd_pipeline_now_ms() - start < 500);
    assert_true(b.left < b.produced);
    gd_chain_close(c);
    prepare(&b, -1); /* and close alone is enough */
    stages_of(&b, s);
    gd_chain_close(open_chain(&b, s));
    gd_chain_close(NULL);
}

static void the_latest_goes_on(void **state) {
    (void)state;
    bench          b;
    gd_chain_stage s[STAGES];
    gd_chain_stats stats;
    gd_error       err;
    prepare(&b, 400);
    stages_of(&b, s);
    s[1].latest = true;
    s[1].queue = 2;
    b.slow_ms = 2;
    gd_chain *c = open_chain(&b, s);
    gd_assert_ok(finish(c, &err), &err);
    gd_chain_stats_get(c, &stats);
    gd_chain_close(c);
    assert_true(b.in_order && b.last == 399); /* the newest always arrives */
    assert_true(b.left < 400);
    assert_int_equal(b.left + (int)stats.stage[1].dropped, 400);
}

static void the_bottleneck_is_named(void **state) {
    (void)state;
    bench          b;
    gd_chain_stage s[STAGES];
    gd_chain_stats stats;
    gd_error       err;
    prepare(&b, 60);
    stages_of(&b, s);
    b.slow_ms = 3;
    gd_chain *c = open_chain(&b, s);
    gd_chain_stats_get(c, &stats); /* while it runs */
    gd_assert_ok(finish(c, &err), &err);
    gd_chain_stats_get(c, &stats);
    gd_chain_close(c);
    assert_int_equal(stats.bottleneck, 1);
    if (strncmp(stats.sentence, "infer sets the pace: busy ", 26) != 0 ||
        !strstr(stats.sentence, "decode waits for room") ||
        !strstr(stats.sentence, "encode waits for work"))
        fail_msg("%s", stats.sentence);
    assert_true(stats.stage[1].utilisation > 0.8 && stats.stage[3].utilisation < 0.5);
    assert_true(stats.stage[1].mean_ms >= 3 && stats.stage[1].max_ms >= 3);
    assert_true(stats.stage[1].queue_most == 2 && stats.stage[1].queue_mean > 1);
    assert_true(stats.fps > 5 && stats.fps < 334);
    assert_int_equal(stats.stage[0].items, 60);
}

static void bad_chains_are_refused(void **state) {
    (void)state;
    bench            b;
    gd_chain_stage   s[STAGES];
    gd_chain_options o = {s, STAGES, NULL, ITEMS};
    gd_chain        *c;
    gd_error         err;
    prepare(&b, 1);
    o.items = b.address;
    for (int bad = 0; bad < 9; bad++) {
        stages_of(&b, s);
        gd_chain_options p = o;
        if (bad == 0) p.n_stages = 0;
        if (bad == 1) p.n_stages = GD_CHAIN_STAGES + 1;
        if (bad == 2) s[2].workers = GD_CHAIN_WORKERS + 1;
        if (bad == 3) s[0].workers = 2;
        if (bad == 4) s[2].batch = GD_CHAIN_BATCH + 1;
        if (bad == 5) p.n_items = 8, s[2].batch = 8;
        if (bad == 6) s[1].run = NULL;
        if (bad == 7) s[2].latest = true, s[1].workers = 2;
        if (bad == 8) b.address[3] = NULL;
        assert_int_equal(gd_chain_open(&p, &c, &err), GD_ERR_ARG);
        assert_null(c);
    }
}

static void memory_ends_at_any_request(void **state) {
    (void)state;
    for (long n = 1;; n++) {
        bench          b;
        gd_chain_stage s[STAGES];
        gd_chain      *c;
        gd_error       err;
        meter          m = {.fail_at = n};
        const gd_alloc hook = {&m, meter_get, meter_put};
        prepare(&b, 20);
        stages_of(&b, s);
        const gd_chain_options o = {s, STAGES, b.address, ITEMS};
        gd_mem_hook(&hook);
        const gd_status st = gd_chain_open(&o, &c, &err);
        if (st == GD_OK) {
            gd_assert_ok(finish(c, &err), &err);
            gd_chain_close(c);
        }
        gd_mem_hook(NULL);
        assert_int_equal(m.live, 0);
        if (m.count < n) {
            assert_int_equal(b.left, 20);
            assert_true(n > 4);
            break;
        }
        assert_int_equal(st, GD_ERR_NOMEM);
        assert_int_equal(b.produced, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(order_is_kept),
                                       cmocka_unit_test(drops_leave_no_hole),
                                       cmocka_unit_test(a_failure_ends_it),
                                       cmocka_unit_test(stop_lets_it_drain),
                                       cmocka_unit_test(abort_is_prompt),
                                       cmocka_unit_test(the_latest_goes_on),
                                       cmocka_unit_test(the_bottleneck_is_named),
                                       cmocka_unit_test(bad_chains_are_refused),
                                       cmocka_unit_test(memory_ends_at_any_request)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
