/* tf32_test.c -- the pass that rounds weights to TF32: what is rounded, how, and when not. */
#include <math.h>
#include <string.h>

#include "engine/graph.h"
#include "tests/gd_test.h"

static float of_bits(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* A linear layer [2, 2] whose weights and bias are given, behind an input of one row; another
 * with the same weights when `twice`. */
static void build(gd_graph *g, float *w, float *bias, bool twice, int id[3]) {
    const int64_t two[] = {2, 2}, row[] = {1, 2}, k[] = {2};
    gd_tensor     weights = gd_tensor_make(GD_F32, 2, two), b = gd_tensor_make(GD_F32, 1, k);
    gd_error      err = {0};
    int           in, out;
    weights.data = w;
    b.data = bias;
    gd_assert_ok(gd_graph_input(g, "x", GD_F32, 2, row, &in, &err), &err);
    gd_assert_ok(gd_graph_const(g, "w", &weights, &id[0], &err), &err);
    gd_assert_ok(gd_graph_const(g, "b", &b, &id[1], &err), &err);
    gd_assert_ok(gd_graph_add(g, "linear", NULL, 3, (int[]){in, id[0], id[1]}, &out, &err),
                 &err);
    gd_assert_ok(gd_graph_output(g, "y", out, &err), &err);
    if (!twice) return;
    gd_assert_ok(gd_graph_const(g, "w2", &weights, &id[2], &err), &err);
    gd_assert_ok(gd_graph_add(g, "linear", NULL, 3, (int[]){in, id[2], id[1]}, &out, &err),
                 &err);
    gd_assert_ok(gd_graph_output(g, "y2", out, &err), &err);
}

static void weights_become_the_nearest(void **state) {
    (void)state;
    /* below, at and above the middle of two values; a carry into the exponent */
    float                w[4] = {of_bits(0x3f800fff), of_bits(0xbf801000), of_bits(0x3f80ffff),
                                 of_bits(0x3ffff800)};
    float                b[2] = {of_bits(0x3f800fff), 1};
    const uint32_t       want[4] = {0x3f800000, 0xbf802000, 0x3f810000, 0x40000000};
    const gd_device_caps dev = {.backend = GD_CUDA, .sm = 90, .tf32 = true};
    gd_arena             arena = {0};
    gd_graph             g;
    gd_error             err = {0};
    int                  id[3];
    gd_graph_init(&g, &arena);
    build(&g, w, b, true, id);
    gd_assert_ok(gd_pass_tf32(&g, &dev, &err), &err);
    const float *got = g.value[id[0]].t.data;
    assert_ptr_not_equal(got, w);
    for (int i = 0; i < 4; i++) assert_memory_equal(&got[i], &want[i], 4);
    assert_ptr_equal(g.value[id[1]].t.data, b); /* a bias is added in FP32 */
    assert_ptr_equal(g.value[id[2]].t.data, got);
    assert_true(w[0] == of_bits(0x3f800fff)); /* the file's own are left alone */
    gd_arena_free(&arena);
}

static void what_is_not_finite_stays(void **state) {
    (void)state;
    float                w[4] = {INFINITY, -INFINITY, NAN, of_bits(0x7f7fffff)}, b[2] = {0, 0};
    const gd_device_caps dev = {.backend = GD_CUDA, .sm = 90, .tf32 = true};
    gd_arena             arena = {0};
    gd_graph             g;
    gd_error             err = {0};
    int                  id[3];
    gd_graph_init(&g, &arena);
    build(&g, w, b, false, id);
    gd_assert_ok(gd_pass_tf32(&g, &dev, &err), &err);
    const float *got = g.value[id[0]].t.data;
    assert_true(got[0] == INFINITY && got[1] == -INFINITY && isnan(got[2]));
    assert_true(got[3] == w[3]);
    gd_arena_free(&arena);
}

static void other_precisions_keep_their_weights(void **state) {
    (void)state;
    float                w[4] = {of_bits(0x3f800fff), 0, 0, 0}, b[2] = {0, 0};
    const gd_device_caps dev = {.backend = GD_CUDA, .sm = 90};
    gd_arena             arena = {0};
    gd_graph             g;
    gd_error             err = {0};
    int                  id[3];
    gd_graph_init(&g, &arena);
    build(&g, w, b, false, id);
    gd_assert_ok(gd_pass_tf32(&g, &dev, &err), &err);
    assert_ptr_equal(g.value[id[0]].t.data, w);
    gd_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_become_the_nearest),
        cmocka_unit_test(what_is_not_finite_stays),
        cmocka_unit_test(other_precisions_keep_their_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
