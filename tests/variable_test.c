/* variable_test.c -- inputs that keep their bytes, and the nodes that change them.
 *
 *     sum' = accumulate(sum, one, hyper)     a counter: one more at every run
 *     y    = add(sum', x)                    reads it as it is afterwards */
#include <math.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "kernels/optim/optim.h"
#include "kernels/reshape/reshape.h"
#include "tests/gd_test.h"
#include "tests/pretend_rows.h"

enum { N = 8, N_RUN = 5 };

typedef struct counter {
    gd_arena arena;
    gd_graph g;
    gd_exec *e;
    int      sum, x, hyper, next, y;
} counter;

static const int64_t n = N, n_hyper = GD_N_HYPER;

static void counter_make(counter *c) {
    gd_error err = {0};
    int      one;
    memset(c, 0, sizeof *c);
    gd_graph_init(&c->g, &c->arena);
    gd_assert_ok(gd_graph_variable(&c->g, "sum", GD_F32, 1, &n, &c->sum, &err), &err);
    gd_assert_ok(gd_graph_input(&c->g, "x", GD_F32, 1, &n, &c->x, &err), &err);
    gd_assert_ok(gd_graph_input(&c->g, "hyper", GD_F32, 1, &n_hyper, &c->hyper, &err), &err);
    gd_assert_ok(gd_graph_const_new(&c->g, "one", GD_F32, 1, &n, &one, &err), &err);
    for (int i = 0; i < N; i++) gd_tensor_set(&c->g.value[one].t, i, 1);
    gd_assert_ok(gd_graph_add(&c->g, "accumulate", NULL, 3,
                              (const int[]){c->sum, one, c->hyper}, &c->next, &err),
                 &err);
    gd_assert_ok(gd_graph_add(&c->g, "add", NULL, 2, (const int[]){c->next, c->x}, &c->y, &err),
                 &err);
    gd_assert_ok(gd_graph_output(&c->g, "y", c->y, &err), &err);
}

static void counter_close(counter *c) {
    gd_exec_close(c->e);
    gd_arena_free(&c->arena);
}

static void counter_open(counter *c, gd_device *d, gd_exec_options opt) {
    gd_error             err = {0};
    const gd_device_caps dev = d ? d->caps : gd_cpu_caps();
    opt.device = d;
    gd_assert_ok(gd_pass_all(&c->g, &dev, GD_F32, &err), &err);
    gd_assert_ok(gd_exec_open(&c->g, &dev, &opt, &c->e, &err), &err);
}

/* Run number k (from 0) with x = 10 k: y is k + 1 + start + 10 k. */
static void counter_run(counter *c, int k, float start) {
    gd_error err = {0};
    float    x[N], hyper[GD_N_HYPER] = {0};
    for (int i = 0; i < N; i++) x[i] = 10 * (float)k;
    gd_assert_ok(gd_exec_write(c->e, c->x, 0, x, sizeof x, &err), &err);
    gd_assert_ok(gd_exec_write(c->e, c->hyper, 0, hyper, sizeof hyper, &err), &err);
    gd_assert_ok(gd_exec_run(c->e, &err), &err);
    for (int i = 0; i < N; i++)
        assert_true(gd_tensor_get(gd_exec_output(c->e, c->y), i) ==
                    (double)start + k + 1 + 10 * k);
}

static void counts_runs(gd_device *d, gd_exec_options opt) {
    counter       c;
    gd_error      err = {0};
    gd_exec_stats s;
    void         *mine = NULL;
    float         here[N];
    counter_make(&c);
    counter_open(&c, d, opt);
    for (int i = 0; i < N; i++) here[i] = 100;
    if (d) {
        gd_assert_ok(gd_device_alloc(d, sizeof here, &mine, &err), &err);
        gd_assert_ok(gd_device_upload(d, GD_LANE_RUN, mine, here, sizeof here, &err), &err);
        gd_assert_ok(gd_device_sync(d, GD_LANE_RUN, &err), &err);
    }
    gd_exec_bind(c.e, c.sum, d ? mine : here);
    for (int k = 0; k < N_RUN; k++) counter_run(&c, k, 100);
    gd_exec_stats_get(c.e, &s);
    assert_int_equal(s.variable_bytes, sizeof here);
    assert_int_equal(s.replays, d && !opt.poison && !opt.trace);
    if (d) {
        memset(here, 0, sizeof here);
        gd_assert_ok(gd_exec_read(c.e, c.next, here, &err), &err);
    }
    for (int i = 0; i < N; i++) assert_true(here[i] == 100 + N_RUN);
    counter_close(&c);
    gd_device_release(d, mine);
}

static void on_the_host(void **state) {
    (void)state;
    counts_runs(NULL, (gd_exec_options){.trace = false});
    counts_runs(NULL, (gd_exec_options){.poison = true});
    counts_runs(NULL, (gd_exec_options){.reference = true, .poison = true});
}

static void on_a_device(void **state) {
    (void)state;
    for (int mode = 0; mode < 4; mode++) {
        gd_device *d = pretend_open();
        for (int i = 0; i < GD_N_LANE; i++) pretend_of(d)->eager[i] = (mode >> i & 1) != 0;
        counts_runs(d, (gd_exec_options){.trace = false});
        counts_runs(d, (gd_exec_options){.poison = true});
        counts_runs(d, (gd_exec_options){.trace = true});
        gd_device_close(d);
    }
}

static void a_run_needs_the_binding(void **state) {
    counter  c;
    gd_error err = {0};
    float    a[N] = {0}, b[N] = {0};
    (void)state;
    counter_make(&c);
    counter_open(&c, NULL, (gd_exec_options){.poison = true});
    assert_int_equal(gd_exec_run(c.e, &err), GD_ERR_ARG);
    assert_non_null(strstr(err.msg, "'sum'"));
    gd_exec_bind(c.e, c.sum, a);
    counter_run(&c, 0, 0);
    gd_exec_bind(c.e, c.sum, b); /* another's bytes: the count begins there */
    counter_run(&c, 0, 0);
    assert_true(a[0] == 1 && b[0] == 1);
    gd_exec_bind(c.e, c.sum, NULL);
    assert_int_equal(gd_exec_run(c.e, &err), GD_ERR_ARG);
    counter_close(&c);
}

/* What stands behind an update and reads the value from before it is a mistake of a builder. */
static void order_is_checked(void **state) {
    counter  c;
    gd_error err = {0};
    int      y;
    (void)state;
    counter_make(&c);
    gd_assert_ok(gd_graph_verify(&c.g, "building", &err), &err);
    gd_assert_ok(gd_graph_add(&c.g, "add", NULL, 2, (const int[]){c.sum, c.x}, &y, &err), &err);
    assert_int_equal(gd_graph_verify(&c.g, "building", &err), GD_ERR_SHAPE);
    assert_non_null(strstr(err.msg, "as it was before node"));
    counter_close(&c);

    counter_make(&c); /* updated twice */
    gd_assert_ok(
        gd_graph_add(&c.g, "accumulate", NULL, 3, (const int[]){c.sum, c.x, c.hyper}, &y, &err),
        &err);
    assert_int_equal(gd_graph_verify(&c.g, "building", &err), GD_ERR_SHAPE);
    counter_close(&c);

    counter_make(&c); /* an update of an update is in order */
    gd_assert_ok(
        gd_graph_add(&c.g, "accumulate", NULL, 3, (const int[]){c.y, c.x, c.hyper}, &y, &err),
        &err);
    assert_int_equal(gd_graph_verify(&c.g, "building", &err), GD_ERR_SHAPE);
    assert_non_null(strstr(err.msg, "no variable"));
    c.g.node[c.g.n_node - 1].in[0] = c.next;
    c.g.node[c.g.n_node - 2].in[0] = c.x;
    gd_assert_ok(gd_graph_verify(&c.g, "building", &err), &err);
    assert_int_equal(gd_graph_variable_of(&c.g, y), c.sum);
    assert_int_equal(gd_graph_variable_of(&c.g, c.y), -1);
    counter_close(&c);

    counter_make(&c);
    gd_assert_ok(gd_graph_output(&c.g, "sum", c.next, &err), &err);
    assert_int_equal(gd_graph_verify(&c.g, "building", &err), GD_ERR_SHAPE);
    assert_non_null(strstr(err.msg, "is a variable"));
    counter_close(&c);

    counter_make(&c); /* sum + sum, into itself */
    c.g.node[0].in[1] = c.sum;
    assert_int_equal(gd_graph_verify(&c.g, "building", &err), GD_ERR_SHAPE);
    assert_non_null(strstr(err.msg, "also reads"));
    counter_close(&c);
}

/* A window on a variable that is read after the update shows what was before: it is a copy. */
static void windows_show_what_was(void **state) {
    counter          c;
    gd_error         err = {0};
    const gd_reshape flat = {.ndim = 2, .dim = {2, N / 2}};
    const gd_reshape back = {.ndim = 1, .dim = {N}};
    float            sum[N] = {0};
    int              old, again, both;
    (void)state;
    for (int late = 0; late < 2; late++) {
        memset(sum, 0, sizeof sum);
        counter_make(&c);
        /* The two come first, the update after them. */
        const gd_node update = c.g.node[0];
        c.g.n_node = 0;
        gd_assert_ok(gd_graph_add(&c.g, "reshape", &flat, 1, &c.sum, &old, &err), &err);
        gd_assert_ok(gd_graph_add(&c.g, "reshape", &back, 1, &old, &again, &err), &err);
        if (!late)
            gd_assert_ok(gd_graph_add(&c.g, "relu", NULL, 1, &again, &again, &err), &err);
        c.g.node[c.g.n_node] = update;
        c.g.value[c.next].producer = c.g.n_node++;
        gd_assert_ok(
            gd_graph_add(&c.g, "add", NULL, 2, (const int[]){c.next, again}, &both, &err),
            &err);
        c.g.output[0] = both;
        counter_open(&c, NULL, (gd_exec_options){.poison = true});
        gd_exec_bind(c.e, c.sum, sum);
        for (int k = 0; k < N_RUN; k++) {
            memset(gd_exec_tensor(c.e, c.hyper)->data, 0, GD_N_HYPER * sizeof(float));
            gd_assert_ok(gd_exec_run(c.e, &err), &err);
            for (int i = 0; i < N; i++)
                assert_true(gd_tensor_get(gd_exec_tensor(c.e, both), i) == 2 * k + 1);
        }
        counter_close(&c);
    }
}

/* Nobody reads what it makes, and it stays. */
static void updates_are_not_dead(void **state) {
    counter  c;
    gd_error err = {0};
    (void)state;
    counter_make(&c);
    c.g.output[0] = c.x;
    gd_assert_ok(gd_pass_dead(&c.g, &err), &err);
    assert_int_equal(c.g.n_node, 1);
    counter_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_the_host),
                                       cmocka_unit_test(on_a_device),
                                       cmocka_unit_test(a_run_needs_the_binding),
                                       cmocka_unit_test(order_is_checked),
                                       cmocka_unit_test(windows_show_what_was),
                                       cmocka_unit_test(updates_are_not_dead)};
    gd_op_register(GD_CUDA, pretend_rows_of);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
