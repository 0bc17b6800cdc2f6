/* exec_test.c -- a planned graph takes the memory it needs, and no more. */
#include "tests/gd_test.h"

#include "engine/backend.h"
#include "engine/exec.h"
#include "kernels/conv2d/conv2d.h"

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
    gd_assert_ok(gd_pass_all(&g, &dev, &err), &err);
    assert_int_equal(g.n_node, DEPTH);
    gd_assert_ok(gd_exec_open(&g, &dev, NULL, &e, &err), &err);
    gd_exec_stats_get(e, &s);
    assert_int_equal(s.slab_bytes, 2 * SIDE * SIDE * WIDTH * sizeof(float));
    assert_int_equal(s.sum_bytes, (DEPTH + 1) * SIDE * SIDE * WIDTH * sizeof(float));
    gd_exec_close(e);
    gd_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(chain_needs_two_maps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
