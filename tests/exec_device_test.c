/* exec_device_test.c -- graphs on a device of host memory: the same numbers as on the host.
 *
 * The first run, the recorded one and replays with new inputs; every lane late and early; every
 * call of the device failing in turn, once and from then on; constants shared by two graphs. */
#include <math.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"
#include "tests/graph_random.h"
#include "tests/pretend_rows.h"

enum { N_GRAPH = 100, N_NODE = 22, N_RUN = 4 };

static double input_value(uint64_t seed, int run, int v, int64_t k) {
    return random_input(seed + 1000u * (unsigned)run, v, k);
}

/* ---- one graph on one device ------------------------------------------------------------- */

static gd_dtype precision = GD_F32; /* of the device's graphs */

typedef struct work {
    gd_arena     arena;
    random_graph r;
    gd_exec     *e;
} work;

static gd_status work_open(work *w, uint64_t seed, gd_device *d, const gd_exec_options *opt,
                           gd_error *err) {
    const gd_device_caps dev = d ? d->caps : gd_cpu_caps();
    gd_exec_options      o = *opt;
    memset(w, 0, sizeof *w);
    o.device = d;
    GD_TRY(random_graph_make(&w->r, &w->arena, seed, GD_F32, false, N_NODE, err));
    GD_TRY(gd_pass_all(&w->r.g, &dev, d ? precision : GD_F32, err));
    return gd_exec_open(&w->r.g, &dev, &o, &w->e, err);
}

static void work_close(work *w) {
    gd_exec_close(w->e);
    gd_arena_free(&w->arena);
}

/* Writes every input and starts; the caller's copies are spoilt at once, as they may be. */
static gd_status work_start(work *w, uint64_t seed, int run, gd_error *err) {
    float x[512 + 3];
    for (int v = 0; v < w->r.g.n_value; v++) {
        if (w->r.g.value[v].kind != GD_VALUE_INPUT) continue;
        const int64_t n = gd_tensor_count(&w->r.g.value[v].t);
        assert_true(n <= 512);
        for (int64_t k = 0; k < n; k++) x[k] = (float)input_value(seed, run, v, k);
        if (run % 2 == 0 || n % 2 != 0) {
            GD_TRY(gd_exec_write(w->e, v, 0, x, (size_t)n * sizeof *x, err));
        } else { /* in two rows, with a gap between them */
            const size_t  half = (size_t)n / 2, gap = 3;
            const gd_rows rows = {.src = x,
                                  .dst_step = half * sizeof *x,
                                  .src_step = (half + gap) * sizeof *x,
                                  .bytes = half * sizeof *x,
                                  .n = 2};
            memmove(x + half + gap, x + half, half * sizeof *x);
            GD_TRY(gd_exec_write_rows(w->e, v, 0, &rows, err));
        }
        memset(x, 0xff, sizeof x);
    }
    return gd_exec_start(w->e, err);
}

static gd_status work_run(work *w, uint64_t seed, int run, gd_error *err) {
    GD_TRY(work_start(w, seed, run, err));
    return gd_exec_wait(w->e, err);
}

static void compare(work *here, work *there, uint64_t seed, int run, const char *how) {
    const double tol = precision == GD_F16 ? 0.03 : 1e-4;
    assert_int_equal(here->r.g.n_output, there->r.g.n_output);
    for (int i = 0; i < here->r.g.n_output; i++) {
        const gd_tensor *a = gd_exec_output(here->e, here->r.g.output[i]);
        const gd_tensor *b = gd_exec_output(there->e, there->r.g.output[i]);
        double           top = 1e-3, worst = 0;
        for (int64_t k = 0; k < gd_tensor_count(a); k++)
            top = fmax(top, fabs(gd_tensor_get(a, k)));
        for (int64_t k = 0; k < gd_tensor_count(a); k++) {
            const double d = fabs(gd_tensor_get(a, k) - gd_tensor_get(b, k));
            worst = d <= worst ? worst : isnan(d) ? INFINITY : d;
        }
        if (worst > tol * top)
            fail_msg("graph %llu, run %d, %s: output %d differs by %g of %g",
                     (unsigned long long)seed, run, how, i, worst, top);
    }
}

/* ---- the same numbers -------------------------------------------------------------------- */

static void same_numbers(uint64_t seed, int mode, const gd_exec_options *opt, const char *how) {
    const gd_exec_options plain = {.trace = false};
    gd_device            *d = pretend_open();
    gd_error              err = {0};
    work                  here, there;
    for (int i = 0; i < GD_N_LANE; i++) pretend_of(d)->eager[i] = (mode >> i & 1) != 0;
    gd_assert_ok(work_open(&here, seed, NULL, &plain, &err), &err);
    gd_assert_ok(work_open(&there, seed, d, opt, &err), &err);
    for (int run = 0; run < N_RUN; run++) {
        gd_assert_ok(work_run(&here, seed, run, &err), &err);
        const gd_status st = work_run(&there, seed, run, &err);
        if (st != GD_OK)
            fail_msg("graph %llu, run %d, %s: %s %s", (unsigned long long)seed, run, how,
                     err.msg, err.why);
        compare(&here, &there, seed, run, how);
    }
    gd_exec_stats s;
    gd_exec_stats_get(there.e, &s);
    assert_int_equal(s.replays,
                     !opt->poison && !opt->trace && !opt->eager && !opt->check_numerics);
    work_close(&here);
    work_close(&there);
    assert_int_equal(d->held, 0);
    gd_device_close(d);
}

static void graphs_equal_the_host(void **state) {
    static const char *const lanes[] = {"lanes late", "runs early", "copies early",
                                        "all early"};
    (void)state;
    for (uint64_t seed = 1; seed <= N_GRAPH; seed++)
        for (int mode = 0; mode < 4; mode++)
            same_numbers(seed, mode, &(gd_exec_options){.trace = false}, lanes[mode]);
}

static void graphs_in_halves(void **state) {
    (void)state;
    precision = GD_F16;
    for (uint64_t seed = 1; seed <= N_GRAPH; seed++) {
        same_numbers(seed, 0, &(gd_exec_options){.trace = false}, "halves");
        same_numbers(seed, 0, &(gd_exec_options){.poison = true}, "halves, poisoned");
    }
    precision = GD_F32;
}

static void graphs_by_node_equal_the_host(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= N_GRAPH / 2; seed++) {
        same_numbers(seed, 0, &(gd_exec_options){.poison = true}, "poisoned");
        same_numbers(seed, 0, &(gd_exec_options){.trace = true}, "traced");
        same_numbers(seed, 0, &(gd_exec_options){.eager = true}, "never recorded");
        same_numbers(seed, 0, &(gd_exec_options){.check_numerics = true}, "checked");
    }
}

/* The next inputs are written while the run before is only queued: they may not overtake it,
 * but its results may be overwritten, so the last run is what is looked at. */
static void runs_that_are_queued(void **state) {
    const gd_exec_options opt = {.trace = false};
    (void)state;
    for (uint64_t seed = 1; seed <= N_GRAPH / 2; seed++)
        for (int mode = 0; mode < 4; mode++) {
            gd_device *d = pretend_open();
            gd_error   err = {0};
            work       here, there;
            for (int i = 0; i < GD_N_LANE; i++) pretend_of(d)->eager[i] = (mode >> i & 1) != 0;
            gd_assert_ok(work_open(&here, seed, NULL, &opt, &err), &err);
            gd_assert_ok(work_open(&there, seed, d, &opt, &err), &err);
            for (int run = 0; run < N_RUN; run++)
                gd_assert_ok(work_start(&there, seed, run, &err), &err);
            gd_assert_ok(gd_exec_wait(there.e, &err), &err);
            gd_assert_ok(work_run(&here, seed, N_RUN - 1, &err), &err);
            compare(&here, &there, seed, N_RUN - 1, "queued");
            work_close(&here);
            work_close(&there);
            gd_device_close(d);
        }
}

/* ---- constants of two graphs ------------------------------------------------------------- */

static void constants_are_shared(void **state) {
    gd_device      *d = pretend_open();
    gd_error        err = {0};
    gd_exec_options opt = {.trace = false};
    const uint64_t  seed = 7;
    gd_const_pool  *pool;
    work            here, one, two;
    gd_exec_stats   a, b;
    (void)state;
    gd_assert_ok(gd_const_pool_open(d, &pool, &err), &err);
    opt.pool = pool;
    gd_assert_ok(work_open(&one, seed, d, &opt, &err), &err);
    gd_assert_ok(work_open(&two, seed, d, &opt, &err), &err);
    gd_exec_stats_get(one.e, &a);
    gd_exec_stats_get(two.e, &b);
    assert_true(a.const_bytes > 0);
    assert_int_equal(a.const_bytes, b.const_bytes);
    assert_true(a.new_const_bytes >= a.const_bytes);
    assert_int_equal(b.new_const_bytes, 0);
    work_close(&one); /* two still reads what one brought */
    opt.pool = NULL;
    gd_assert_ok(work_open(&here, seed, NULL, &opt, &err), &err);
    for (int run = 0; run < N_RUN; run++) {
        gd_assert_ok(work_run(&two, seed, run, &err), &err);
        gd_assert_ok(work_run(&here, seed, run, &err), &err);
        compare(&here, &two, seed, run, "shared constants");
    }
    work_close(&here);
    work_close(&two);
    gd_const_pool_close(pool);
    assert_int_equal(d->held, 0);
    gd_device_close(d);
}

/* ---- failures ---------------------------------------------------------------------------- */

static gd_status live(gd_device *d, uint64_t seed, gd_error *err) {
    const gd_exec_options opt = {.trace = false};
    work                  w;
    gd_status             st = work_open(&w, seed, d, &opt, err);
    for (int run = 0; st == GD_OK && run < N_RUN; run++) st = work_run(&w, seed, run, err);
    work_close(&w);
    return st;
}

static void each_call_fails(uint64_t seed, gd_status with, bool on) {
    for (long n = 1;; n++) {
        meter          m = {0};
        const gd_alloc hook = {&m, meter_get, meter_put};
        gd_device     *d = pretend_open();
        pretend       *p = pretend_of(d);
        gd_error       err = {0};
        p->fail_at = n;
        p->fail_on = on;
        p->fail_with = with;
        gd_mem_hook(&hook);
        const gd_status st = live(d, seed, &err);
        gd_mem_hook(NULL);
        const bool met = p->n_call >= n;
        if (m.live || d->held)
            fail_msg(
                "graph %llu, call %ld: %ld blocks of the host, %zu bytes of the device left",
                (unsigned long long)seed, n, m.live, d->held);
        p->fail_at = 0;
        p->lost = false;
        gd_device_close(d);
        if (!met) {
            assert_int_equal(st, GD_OK);
            assert_true(n > 20);
            return;
        }
        /* What fails while things are put away fails unseen, so a run can pass. */
        if (st != GD_OK && st != with)
            fail_msg("graph %llu, call %ld: %s (%s)", (unsigned long long)seed, n,
                     gd_status_name(st), err.msg);
    }
}

static void calls_that_fail(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        for (int on = 0; on < 2; on++) {
            each_call_fails(seed, GD_ERR_NOMEM, on);
            each_call_fails(seed, GD_ERR_DEVICE, on);
        }
}

static void memory_that_fails(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        for (long n = 1;; n++) {
            meter          m = {.fail_at = n};
            const gd_alloc hook = {&m, meter_get, meter_put};
            gd_device     *d = pretend_open();
            gd_error       err = {0};
            gd_mem_hook(&hook);
            const gd_status st = live(d, seed, &err);
            gd_mem_hook(NULL);
            const size_t held = d->held;
            gd_device_close(d);
            assert_int_equal(m.live, 0);
            assert_int_equal(held, 0);
            if (m.count < n) {
                assert_int_equal(st, GD_OK);
                break;
            }
            assert_int_equal(st, GD_ERR_NOMEM);
        }
}

/* A device that is too small says so before anything ran, with the numbers. */
static void a_small_device(void **state) {
    (void)state;
    for (size_t limit = 256; limit < 1 << 20; limit *= 2) {
        gd_device *d = pretend_open();
        gd_error   err = {0};
        d->limit = limit;
        const gd_status st = live(d, 3, &err);
        assert_true(st == GD_OK || (st == GD_ERR_NOMEM && err.code == 601));
        assert_int_equal(d->held, 0);
        gd_device_close(d);
        if (limit == 256) assert_int_equal(st, GD_ERR_NOMEM);
        if (limit == 1 << 19) assert_int_equal(st, GD_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(graphs_equal_the_host),
                                       cmocka_unit_test(graphs_by_node_equal_the_host),
                                       cmocka_unit_test(graphs_in_halves),
                                       cmocka_unit_test(runs_that_are_queued),
                                       cmocka_unit_test(constants_are_shared),
                                       cmocka_unit_test(calls_that_fail),
                                       cmocka_unit_test(memory_that_fails),
                                       cmocka_unit_test(a_small_device)};
    gd_op_register(GD_CUDA, pretend_rows_of);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
