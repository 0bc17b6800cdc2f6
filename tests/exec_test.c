/* exec_test.c -- a planned graph takes the memory it needs, and no more. */
#include "tests/gd_test.h"

#include "engine/backend.h"
#include "engine/exec.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/concat/concat.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/reshape/reshape.h"
#include "kernels/slice/slice.h"

enum { SIDE = 64, WIDTH = 16, DEPTH = 12 };

/* conv + relu, DEPTH times, each fused: two maps are alive at once, however deep it is. Values
 * that fusing left without a maker once kept room in the slab. */
static void chain_needs_two_maps(void **state) {
    gd_error             err = {0};
    gd_arena             arena = {0};
    gd_graph             g;
    gd_exec             *e;
    gd_exec_stats        s;
    const gd_device_caps dev = gd_cpu_caps();
    const int64_t        map[4] = {1, SIDE, SIDE, WIDTH}, filter[4] = {WIDTH, 3, 3, WIDTH};
    const gd_conv2d      attr = {
             .stride = {1, 1}, .pad = {1, 1, 1, 1}, .dilation = {1, 1}, .groups = 1};
    int x, w;
    (void)state;
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", GD_F32, 4, map, &x, &err), &err);
    for (int i = 0; i < DEPTH; i++) {
        gd_assert_ok(gd_graph_const_new(&g, "w", GD_F32, 4, filter, &w, &err), &err);
        gd_assert_ok(gd_graph_add(&g, "conv2d", &attr, 2, (const int[]){x, w}, &x, &err), &err);
        gd_assert_ok(gd_graph_add(&g, "relu", NULL, 1, &x, &x, &err), &err);
    }
    gd_assert_ok(gd_graph_output(&g, "y", x, &err), &err);
    gd_assert_ok(gd_pass_all(&g, &dev, GD_F32, &err), &err);
    assert_int_equal(g.n_node, DEPTH);
    gd_assert_ok(gd_exec_open(&g, &dev, NULL, &e, &err), &err);
    gd_exec_stats_get(e, &s);
    assert_int_equal(s.slab_bytes, 2 * SIDE * SIDE * WIDTH * sizeof(float));
    assert_int_equal(s.sum_bytes, (DEPTH + 1) * SIDE * SIDE * WIDTH * sizeof(float));
    gd_exec_close(e);
    gd_arena_free(&arena);
}

/* A window on wider pixels, reshaped to other pixels, which a concatenation takes in: neither
 * side of the reshape is dense then, and it must not be run so by a row that wants one. */
static void reshape_between_two_windows(void **state) {
    gd_error             err = {0};
    gd_arena             arena = {0};
    gd_graph             g;
    gd_exec             *e;
    const gd_device_caps dev = gd_cpu_caps();
    const int64_t        a_dim[4] = {1, 4, 4, 6}, b_dim[4] = {1, 4, 1, 3};
    const gd_slice       part = {.axis = 3, .start = 1, .stop = 5, .step = 1};
    const gd_reshape     flat = {.ndim = 4, .dim = {1, 4, 1, 16}};
    const gd_concat      last = {.axis = 3};
    int                  a, b, s, r, rest, y;
    (void)state;
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "a", GD_F32, 4, a_dim, &a, &err), &err);
    gd_assert_ok(gd_graph_input(&g, "b", GD_F32, 4, b_dim, &b, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "slice", &part, 1, &a, &s, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "reshape", &flat, 1, &s, &r, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "relu", NULL, 1, &b, &rest, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "concat", &last, 2, (const int[]){r, rest}, &y, &err), &err);
    gd_assert_ok(gd_graph_output(&g, "y", y, &err), &err);
    gd_assert_ok(gd_exec_open(&g, &dev, &(gd_exec_options){.poison = true}, &e, &err), &err);
    for (int i = 0; i < 96; i++) gd_tensor_set(gd_exec_tensor(e, a), i, i);
    for (int i = 0; i < 12; i++) gd_tensor_set(gd_exec_tensor(e, b), i, 1000 + i);
    gd_assert_ok(gd_exec_run(e, &err), &err);
    for (int h = 0; h < 4; h++)
        for (int c = 0; c < 19; c++) {
            const int want = c < 16 ? (h * 4 + c / 4) * 6 + 1 + c % 4 : 1000 + h * 3 + c - 16;
            assert_int_equal((int)gd_tensor_get(gd_exec_tensor(e, y), h * 19 + c), want);
        }
    gd_exec_close(e);
    gd_arena_free(&arena);
}

/* Batch norm behind a convolution whose bias is an input: left alone, not refused. */
static void fold_leaves_a_bias_that_changes(void **state) {
    gd_error             err = {0};
    gd_arena             arena = {0};
    gd_graph             g;
    const gd_device_caps dev = gd_cpu_caps();
    const int64_t        map[4] = {1, 4, 4, 2}, filter[4] = {2, 1, 1, 2}, two = 2;
    const gd_conv2d      attr = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    const gd_batch_norm  bn = {1e-5f};
    int                  x, b, in[5], y;
    (void)state;
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", GD_F32, 4, map, &x, &err), &err);
    gd_assert_ok(gd_graph_input(&g, "b", GD_F32, 1, &two, &b, &err), &err);
    gd_assert_ok(gd_graph_const_new(&g, "w", GD_F32, 4, filter, &y, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "conv2d", &attr, 3, (const int[]){x, y, b}, &in[0], &err),
                 &err);
    for (int i = 1; i < 5; i++)
        gd_assert_ok(gd_graph_const_new(&g, "v", GD_F32, 1, &two, &in[i], &err), &err);
    gd_assert_ok(gd_graph_add(&g, "batch_norm", &bn, 5, in, &y, &err), &err);
    gd_assert_ok(gd_graph_output(&g, "y", y, &err), &err);
    gd_assert_ok(gd_pass_all(&g, &dev, GD_F32, &err), &err);
    assert_int_equal(g.n_node, 2);
    gd_arena_free(&arena);
}

static gd_status note_threads(void *ctx, gd_exec *e, int node, gd_error *err) {
    (void)e;
    (void)node;
    (void)err;
    *(int *)ctx = gd_cpu_threads();
    return GD_OK;
}

/* Scratch is measured for the threads of the opening: a run must not see more, whatever the
 * process was told meanwhile, and must leave the caller's number alone. */
static void runs_with_the_threads_of_the_opening(void **state) {
    gd_error              err = {0};
    gd_arena              arena = {0};
    gd_graph              g;
    gd_exec              *e;
    gd_device_caps        dev = gd_cpu_caps();
    const int64_t         dim[2] = {4, 8};
    int                   x, y, seen = 0;
    const gd_exec_options opt = {.watch = note_threads, .watch_ctx = &seen};
    (void)state;
    dev.n_sm = 3;
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", GD_F32, 2, dim, &x, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "sigmoid", NULL, 1, &x, &y, &err), &err);
    gd_assert_ok(gd_graph_output(&g, "y", y, &err), &err);
    gd_assert_ok(gd_exec_open(&g, &dev, &opt, &e, &err), &err);
    gd_cpu_set_threads(8);
    memset(gd_exec_tensor(e, x)->data, 0, gd_tensor_bytes(gd_exec_tensor(e, x)));
    gd_assert_ok(gd_exec_run(e, &err), &err);
    assert_int_equal(seen, 3);
    assert_int_equal(gd_cpu_threads(), 8);
    gd_cpu_set_threads(0);
    gd_exec_close(e);
    gd_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(chain_needs_two_maps),
                                       cmocka_unit_test(reshape_between_two_windows),
                                       cmocka_unit_test(fold_leaves_a_bias_that_changes),
                                       cmocka_unit_test(runs_with_the_threads_of_the_opening)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
