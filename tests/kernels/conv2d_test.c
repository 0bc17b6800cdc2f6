/* conv2d_test.c -- what convolution, linear and pooling refuse; folding of an affine. */
#include "tests/gd_test.h"

#include <math.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "engine/graph.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/pool/pool.h"

/* Infers one node of f32 tensors; shapes end with a zero axis. */
static gd_status infer(const char *op, const void *attr, int n, int64_t shape[][GD_MAX_DIM],
                       gd_tensor *out, gd_error *err) {
    gd_tensor in[3];
    gd_launch l = {.n_in = n, .n_out = 1, .out = {out}, .attr = attr};
    for (int i = 0; i < n; i++) {
        int ndim = 0;
        while (ndim < GD_MAX_DIM && shape[i][ndim]) ndim++;
        in[i] = gd_tensor_make(GD_F32, ndim, shape[i]);
        l.in[i] = &in[i];
    }
    memset(err, 0, sizeof *err);
    return gd_op_find(op)->infer(&l, err);
}

static void refuses(const char *op, const void *attr, int n, int64_t shape[][GD_MAX_DIM],
                    gd_status wanted, const char *word) {
    gd_tensor out = {0};
    gd_error  err;
    assert_int_equal(infer(op, attr, n, shape, &out, &err), wanted);
    if (!strstr(err.msg, op) || !strstr(err.msg, word))
        fail_msg("'%s' names neither '%s' nor '%s'", err.msg, op, word);
}

static void conv_attributes(void **state) {
    (void)state;
    int64_t   good[][GD_MAX_DIM] = {{1, 5, 6, 4}, {8, 3, 3, 2}, {8}};
    int64_t   bad_bias[][GD_MAX_DIM] = {{1, 5, 6, 4}, {8, 3, 3, 2}, {7}};
    int64_t   flat[][GD_MAX_DIM] = {{5, 6, 4}, {8, 3, 3, 2}};
    gd_conv2d a = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 2};
    gd_tensor out = {0};
    gd_error  err;
    gd_assert_ok(infer("conv2d", &a, 3, good, &out, &err), &err);
    assert_int_equal(out.dim[1], 3);
    assert_int_equal(out.dim[2], 4);
    assert_int_equal(out.dim[3], 8);
    refuses("conv2d", &a, 3, bad_bias, GD_ERR_SHAPE, "input 2");
    refuses("conv2d", &a, 2, flat, GD_ERR_SHAPE, "input 0");
#define WITH(change, st, word)                    \
    do {                                          \
        gd_conv2d b = a;                          \
        b.change;                                 \
        refuses("conv2d", &b, 3, good, st, word); \
    } while (0)
    WITH(stride[1] = 0, GD_ERR_ARG, "stride 1,0");
    WITH(dilation[0] = -1, GD_ERR_ARG, "dilation -1,1");
    WITH(pad[3] = -2, GD_ERR_ARG, "pad 0,0,0,-2");
    WITH(groups = 0, GD_ERR_ARG, "0 groups");
    WITH(groups = 1, GD_ERR_SHAPE, "filters of 2 channels");
    WITH(groups = 3, GD_ERR_SHAPE, "3 groups");
    WITH(dilation[0] = 3, GD_ERR_SHAPE, "exceeds");
    WITH(dilation[0] = INT32_MAX, GD_ERR_SHAPE, "exceeds");
}

static void backward_attributes(void **state) {
    (void)state;
    int64_t              data[][GD_MAX_DIM] = {{1, 3, 4, 8}, {8, 3, 3, 4}};
    int64_t              weight[][GD_MAX_DIM] = {{1, 3, 4, 8}, {1, 5, 6, 4}};
    gd_conv2d            a = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};
    gd_conv2d_bwd_data   d = {a, {5, 6}};
    gd_conv2d_bwd_weight w = {a, {3, 3}};
    gd_tensor            out = {0};
    gd_error             err;
    gd_assert_ok(infer("conv2d_bwd_data", &d, 2, data, &out, &err), &err);
    gd_assert_ok(infer("conv2d_bwd_weight", &w, 2, weight, &out, &err), &err);
    d.plane[1] = 7;
    refuses("conv2d_bwd_data", &d, 2, data, GD_ERR_SHAPE, "input 0");
    d.plane[1] = -1;
    refuses("conv2d_bwd_data", &d, 2, data, GD_ERR_SHAPE, "exceeds");
    w.filter[0] = 2;
    refuses("conv2d_bwd_weight", &w, 2, weight, GD_ERR_SHAPE, "input 0");
    w.filter[0] = 0;
    refuses("conv2d_bwd_weight", &w, 2, weight, GD_ERR_SHAPE, "exceeds");
}

static void pool_attributes(void **state) {
    (void)state;
    int64_t                x[][GD_MAX_DIM] = {{1, 5, 6, 4}};
    gd_max_pool2d          m = {{2, 2}, {2, 0}, {0, 0}, 0};
    gd_avg_pool2d          v = {{3, 3}, {1, 1}, {0, 2}, 0, 1};
    gd_adaptive_avg_pool2d a = {0, 1};
    refuses("max_pool2d", &m, 1, x, GD_ERR_ARG, "stride 0");
    m = (gd_max_pool2d){{0, 2}, {1, 1}, {0, 0}, 0};
    refuses("max_pool2d", &m, 1, x, GD_ERR_ARG, "size 0");
    m = (gd_max_pool2d){{8, 2}, {1, 1}, {1, 0}, 0};
    refuses("max_pool2d", &m, 1, x, GD_ERR_SHAPE, "exceeds");
    refuses("avg_pool2d", &v, 1, x, GD_ERR_ARG, "pad 2");
    refuses("adaptive_avg_pool2d", &a, 1, x, GD_ERR_ARG, "0x1");
}

/* Runs conv2d with its constants on x and returns y[i]. */
static double run_conv(gd_graph *g, int y, int64_t i) {
    gd_error err;
    gd_assert_ok(gd_graph_run_reference(g, 0, &err), &err);
    return gd_tensor_get(&g->value[y].t, i);
}

static void fold(gd_dtype type, bool with_bias) {
    const gd_conv2d a = {{1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    const double    scale[3] = {2, -0.5, 0}, shift[3] = {1, 0.25, -3};
    gd_arena        arena = {0};
    gd_graph        g;
    gd_error        err;
    int             in[3] = {-1, -1, -1}, y;
    double          before[2 * 2 * 3];
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", type, 4, (int64_t[]){1, 2, 2, 2}, &in[0], &err), &err);
    gd_assert_ok(gd_graph_const_new(&g, "w", type, 4, (int64_t[]){3, 3, 3, 2}, &in[1], &err),
                 &err);
    if (with_bias)
        gd_assert_ok(gd_graph_const_new(&g, "b", type, 1, (int64_t[]){3}, &in[2], &err), &err);
    gd_assert_ok(gd_graph_add(&g, "conv2d", &a, with_bias ? 3 : 2, in, &y, &err), &err);
    gd_assert_ok(gd_graph_give_storage(&g, &err), &err);
    for (int k = 0; k < (with_bias ? 3 : 2); k++)
        for (int64_t i = 0; i < gd_tensor_count(&g.value[in[k]].t); i++)
            gd_tensor_set(&g.value[in[k]].t, i, (double)(i * 7 % 11) - 5);
    for (int64_t i = 0; i < 12; i++) before[i] = run_conv(&g, y, i);
    gd_assert_ok(g.node[0].op->fold_affine(&g, &g.node[0], scale, shift, &err), &err);
    assert_int_equal(g.node[0].n_in, 3);
    assert_int_not_equal(g.node[0].in[1], in[1]); /* others may read the old weights */
    gd_assert_ok(gd_graph_verify(&g, "fold", &err), &err);
    for (int64_t i = 0; i < 12; i++)
        assert_true(fabs(run_conv(&g, y, i) - (before[i] * scale[i % 3] + shift[i % 3])) <
                    1e-9);
    gd_arena_free(&arena);
}

static void folding(void **state) {
    (void)state;
    fold(GD_F32, false);
    fold(GD_F32, true);
    fold(GD_F64, true);
}

static void folding_needs_constants(void **state) {
    (void)state;
    const double scale = 1, shift = 0;
    gd_arena     arena = {0};
    gd_graph     g;
    gd_error     err;
    int          in[2], y;
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", GD_F32, 2, (int64_t[]){2, 3}, &in[0], &err), &err);
    gd_assert_ok(gd_graph_input(&g, "w", GD_F32, 2, (int64_t[]){1, 3}, &in[1], &err), &err);
    gd_assert_ok(gd_graph_add(&g, "linear", NULL, 2, in, &y, &err), &err);
    assert_int_equal(g.node[0].op->fold_affine(&g, &g.node[0], &scale, &shift, &err),
                     GD_ERR_UNSUPPORTED);
    assert_int_equal(g.node[0].in[1], in[1]);
    gd_arena_free(&arena);
}

/* A session that opens later may ask for more threads than an older one's scratch holds. */
static void threads_change(void **state) {
    (void)state;
    const gd_conv2d a = {{1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    const int64_t   filter[4][4] = {
          {32, 3, 3, 32}, {40, 3, 3, 32}, {32, 1, 1, 32}, {5, 3, 3, 32}};
    for (int k = 0; k < 4; k++) {
        gd_arena  arena = {0};
        gd_graph  g;
        gd_exec  *e = NULL;
        gd_error  err;
        int       in[2], y;
        gd_tensor want;
        gd_graph_init(&g, &arena);
        gd_assert_ok(
            gd_graph_input(&g, "x", GD_F32, 4, (int64_t[]){1, 50, 50, 32}, &in[0], &err), &err);
        gd_assert_ok(gd_graph_const_new(&g, "w", GD_F32, 4, filter[k], &in[1], &err), &err);
        gd_assert_ok(gd_graph_add(&g, "conv2d", &a, 2, in, &y, &err), &err);
        gd_assert_ok(gd_graph_give_storage(&g, &err), &err);
        for (int i = 0; i < 2; i++)
            for (int64_t j = 0; j < gd_tensor_count(&g.value[in[i]].t); j++)
                gd_tensor_set(&g.value[in[i]].t, j, (double)(j * 7 % 11) - 5);
        gd_assert_ok(gd_graph_run_reference(&g, 0, &err), &err);
        want = g.value[y].t;
        gd_cpu_set_threads(1);
        const gd_device_caps one = gd_cpu_caps();
        gd_assert_ok(gd_exec_open(&g, &one, NULL, &e, &err), &err);
        gd_cpu_set_threads(4);
        memcpy(gd_exec_tensor(e, in[0])->data, g.value[in[0]].t.data,
               gd_tensor_bytes(&g.value[in[0]].t));
        gd_assert_ok(gd_exec_run(e, &err), &err);
        for (int64_t i = 0; i < gd_tensor_count(&want); i++)
            assert_true(fabs(gd_tensor_get(gd_exec_tensor(e, y), i) - gd_tensor_get(&want, i)) <
                        1e-2);
        gd_exec_close(e);
        gd_arena_free(&arena);
        gd_cpu_set_threads(0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_attributes),         cmocka_unit_test(backward_attributes),
        cmocka_unit_test(pool_attributes),         cmocka_unit_test(folding),
        cmocka_unit_test(folding_needs_constants), cmocka_unit_test(threads_change)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
