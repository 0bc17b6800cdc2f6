/* store_test.c -- variables of one graph kept for another, on the host and on a device. */
#include "engine/train/store.h"

#include "engine/backend.h"
#include "tests/gd_test.h"
#include "tests/pretend_rows.h"

typedef struct pair {
    gd_arena arena;
    gd_graph g;
    gd_exec *e;
    int      a, b, hyper, y;
} pair;

/* a' = a + x where x has `n` numbers; b is a count that nobody reads. */
static void make(pair *p, int64_t n, const char *name) {
    const int64_t n_hyper = 4, three = 3;
    gd_error      err = {0};
    int           x, next;
    memset(p, 0, sizeof *p);
    gd_graph_init(&p->g, &p->arena);
    gd_assert_ok(gd_graph_input(&p->g, "hyper", GD_F32, 1, &n_hyper, &p->hyper, &err), &err);
    gd_assert_ok(gd_graph_variable(&p->g, "b", GD_I32, 1, &three, &p->b, &err), &err);
    gd_assert_ok(gd_graph_variable(&p->g, name, GD_F32, 1, &n, &p->a, &err), &err);
    gd_assert_ok(gd_graph_const_new(&p->g, "x", GD_F32, 1, &n, &x, &err), &err);
    for (int64_t i = 0; i < n; i++) gd_tensor_set(&p->g.value[x].t, i, 2);
    gd_assert_ok(gd_graph_add(&p->g, "accumulate", NULL, 3, (const int[]){p->a, x, p->hyper},
                              &next, &err),
                 &err);
    gd_assert_ok(gd_graph_add(&p->g, "relu", NULL, 1, &next, &p->y, &err), &err);
    gd_assert_ok(gd_graph_output(&p->g, "y", p->y, &err), &err);
}

static void open(pair *p, gd_device *d) {
    const gd_device_caps  dev = d ? d->caps : gd_cpu_caps();
    const gd_exec_options opt = {.device = d};
    gd_error              err = {0};
    gd_assert_ok(gd_pass_all(&p->g, &dev, GD_F32, &err), &err);
    gd_assert_ok(gd_exec_open(&p->g, &dev, &opt, &p->e, &err), &err);
}

static void run(pair *p, double want) {
    const float hyper[4] = {0};
    gd_error    err = {0};
    gd_assert_ok(gd_exec_write(p->e, p->hyper, 0, hyper, sizeof hyper, &err), &err);
    gd_assert_ok(gd_exec_run(p->e, &err), &err);
    assert_true(gd_tensor_get(gd_exec_output(p->e, p->y), 2) == want);
}

static void close(pair *p) {
    gd_exec_close(p->e);
    gd_arena_free(&p->arena);
}

static void two_graphs(gd_device *d) {
    const float ten[5] = {10, 10, 10, 10, 10};
    const int   count[3] = {7, 8, 9};
    float       back[5] = {0};
    int         count_back[3] = {0};
    gd_error    err = {0};
    gd_store   *s;
    pair        p, q;
    make(&p, 5, "a");
    make(&q, 5, "a");
    gd_assert_ok(gd_store_open(&p.g, d, &s, &err), &err);
    assert_int_equal(gd_store_count(s), 2);
    assert_int_equal(gd_store_bytes(s), 2 * GD_DEVICE_ALIGN);
    assert_string_equal(gd_store_name(s, 0), "b");
    assert_int_equal(gd_store_find(s, "a"), 1);
    assert_int_equal(gd_store_find(s, "c"), -1);
    gd_assert_ok(gd_store_set(s, 1, ten, &err), &err);
    gd_assert_ok(gd_store_set(s, 0, count, &err), &err);
    open(&p, d);
    open(&q, d);
    gd_assert_ok(gd_store_bind(s, &p.g, p.e, &err), &err);
    gd_assert_ok(gd_store_bind(s, &q.g, q.e, &err), &err);
    run(&p, 12);
    run(&q, 14);
    run(&q, 16);
    run(&p, 18);
    gd_assert_ok(gd_store_get(s, 1, back, &err), &err);
    for (int i = 0; i < 5; i++) assert_true(back[i] == 18);
    gd_assert_ok(gd_store_get(s, 0, count_back, &err), &err);
    assert_memory_equal(count_back, count, sizeof count);
    close(&p);
    close(&q);
    gd_store_close(s);
}

static void graphs_share_variables(void **state) {
    gd_device *d = pretend_open();
    (void)state;
    two_graphs(NULL);
    two_graphs(d);
    assert_int_equal(d->held, 0);
    gd_device_close(d);
}

static void others_are_refused(void **state) {
    gd_error  err = {0};
    gd_store *s;
    pair      p, q;
    (void)state;
    make(&p, 5, "a");
    gd_assert_ok(gd_store_open(&p.g, NULL, &s, &err), &err);
    make(&q, 6, "a");
    open(&q, NULL);
    assert_int_equal(gd_store_bind(s, &q.g, q.e, &err), GD_ERR_SHAPE);
    assert_non_null(strstr(err.msg, "f32[6]"));
    close(&q);
    make(&q, 5, "other");
    open(&q, NULL);
    assert_int_equal(gd_store_bind(s, &q.g, q.e, &err), GD_ERR_ARG);
    assert_non_null(strstr(err.msg, "'other'"));
    close(&q);
    gd_store_close(s);
    make(&q, 5, "b"); /* two of one name */
    assert_int_equal(gd_store_open(&q.g, NULL, &s, &err), GD_ERR_ARG);
    assert_null(s);
    close(&q);
    close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(graphs_share_variables),
                                       cmocka_unit_test(others_are_refused)};
    gd_op_register(GD_CUDA, pretend_rows_of);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
