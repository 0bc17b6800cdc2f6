/* autodiff_test.c -- what a graph that trains becomes in its passes: frozen norms folded into
 * variables, no gradient that nobody needs, one change of type a weight and step.
 *
 *     x -> conv a -> batch norm -> relu -> conv b -> batch norm -> y
 */
#include <math.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/conv2d/conv2d.h"
#include "tests/gd_test.h"

enum { C = 4, SIDE = 5 };

typedef struct net {
    gd_arena arena;
    gd_graph g;
    int      x, w[2], bias, y, d_y;
    int      n_back; /* nodes that autodiff appended */
} net;

static double value(int seed, int64_t i) { return sin(1 + 3.7 * (double)i + 11 * seed); }

static void fill(gd_tensor *t, int seed, double low) {
    for (int64_t i = 0; i < gd_tensor_count(t); i++) {
        const double v = value(seed, i);
        gd_tensor_set(t, i, low > 0 ? low + fabs(v) : v);
    }
}

static int add_vector(net *n, int seed, double low) {
    const int64_t c = C;
    gd_error      err = {0};
    int           v;
    gd_assert_ok(gd_graph_const_new(&n->g, "v", GD_F32, 1, &c, &v, &err), &err);
    fill(&n->g.value[v].t, seed, low);
    return v;
}

static const int64_t filter[4] = {C, 3, 3, C};

/* Weight k is a variable where bit k of `trains` says so. */
static int add_layer(net *n, int x, int k, unsigned trains, bool bias) {
    static const char *const name[2] = {"a", "b"};
    const gd_conv2d          conv = {{1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    const gd_batch_norm      norm = {1e-5f};
    gd_error                 err = {0};
    gd_assert_ok(gd_graph_scope(&n->g, name[k], &err), &err);
    if (trains >> k & 1) {
        gd_assert_ok(gd_graph_variable(&n->g, name[k], GD_F32, 4, filter, &n->w[k], &err),
                     &err);
    } else {
        gd_assert_ok(gd_graph_const_new(&n->g, name[k], GD_F32, 4, filter, &n->w[k], &err),
                     &err);
        fill(&n->g.value[n->w[k]].t, k, 0);
    }
    int in[5] = {x, n->w[k], n->bias};
    gd_assert_ok(gd_graph_add(&n->g, "conv2d", &conv, bias ? 3 : 2, in, &in[0], &err), &err);
    for (int i = 1; i < 5; i++) in[i] = add_vector(n, 10 * k + i, i == 4 ? 0.5 : 0);
    gd_assert_ok(gd_graph_add(&n->g, "batch_norm", &norm, 5, in, &x, &err), &err);
    return x;
}

static void make(net *n, unsigned trains) {
    const int64_t map[4] = {1, SIDE, SIDE, C}, c = C;
    gd_error      err = {0};
    int           x;
    memset(n, 0, sizeof *n);
    gd_graph_init(&n->g, &n->arena);
    gd_assert_ok(gd_graph_input(&n->g, "x", GD_F32, 4, map, &n->x, &err), &err);
    gd_assert_ok(gd_graph_variable(&n->g, "bias", GD_F32, 1, &c, &n->bias, &err), &err);
    x = add_layer(n, n->x, 0, trains, false);
    gd_assert_ok(gd_graph_add(&n->g, "relu", NULL, 1, &x, &x, &err), &err);
    n->y = add_layer(n, x, 1, trains, true);
    gd_assert_ok(gd_graph_output(&n->g, "y", n->y, &err), &err);
    gd_assert_ok(gd_graph_input(&n->g, "d_y", GD_F32, 4, map, &n->d_y, &err), &err);
}

static int count(const gd_graph *g, const char *op) {
    int n = 0;
    for (int k = 0; k < g->n_node; k++) n += !strcmp(g->node[k].op->name, op);
    return n;
}

/* y and the gradient of weight b, by reference rows; the passes as given. */
static void run(net *n, bool fold, float *y, float *d_w, float *d_b) {
    const gd_device_caps dev = gd_cpu_caps();
    gd_error             err = {0};
    gd_exec             *e;
    const int            wrt[2] = {n->w[1], n->bias};
    int                  d[2];
    float                w[2][C * 9 * C], bias[C];
    if (fold) gd_assert_ok(gd_pass_fold(&n->g, &err), &err);
    gd_assert_ok(gd_graph_verify(&n->g, "fold", &err), &err);
    n->y = n->g.output[0];
    n->n_back = -n->g.n_node;
    gd_assert_ok(gd_autodiff(&n->g, 1, &n->y, &n->d_y, 2, wrt, d, &err), &err);
    n->n_back += n->g.n_node;
    gd_assert_ok(gd_graph_output(&n->g, "d_w", d[0], &err), &err);
    gd_assert_ok(gd_graph_output(&n->g, "d_b", d[1], &err), &err);
    gd_assert_ok(gd_pass_dead(&n->g, &err), &err);
    gd_assert_ok(gd_graph_verify(&n->g, "autodiff", &err), &err);
    gd_assert_ok(gd_exec_open(&n->g, &dev, &(gd_exec_options){.poison = true}, &e, &err), &err);
    for (int k = 0; k < 2; k++) {
        gd_tensor t = gd_tensor_make(GD_F32, 4, filter);
        t.data = w[k];
        fill(&t, k, 0);
        if (n->g.value[n->w[k]].variable) gd_exec_bind(e, n->w[k], w[k]);
    }
    for (int i = 0; i < C; i++) bias[i] = (float)value(7, i);
    gd_exec_bind(e, n->bias, bias);
    fill(gd_exec_tensor(e, n->x), 5, 0);
    fill(gd_exec_tensor(e, n->d_y), 6, 0);
    gd_assert_ok(gd_exec_run(e, &err), &err);
    gd_assert_ok(gd_exec_read(e, n->y, y, &err), &err);
    gd_assert_ok(gd_exec_read(e, d[0], d_w, &err), &err);
    gd_assert_ok(gd_exec_read(e, d[1], d_b, &err), &err);
    gd_exec_close(e);
}

static void near(const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-4f * (1 + fabsf(a[i]))))
            fail_msg("element %d: %g, wanted %g", i, (double)a[i], (double)b[i]);
}

/* The same numbers whether the norms stand there or were folded into weights that train. */
static void norms_fold_into_variables(void **state) {
    float y[2][SIDE * SIDE * C], d_w[2][C * 9 * C], d_b[2][C];
    net   n;
    (void)state;
    for (unsigned trains = 2; trains < 4; trains++) {
        for (int fold = 0; fold < 2; fold++) {
            make(&n, trains);
            run(&n, fold, y[fold], d_w[fold], d_b[fold]);
            assert_int_equal(count(&n.g, "batch_norm"), fold ? 0 : 2);
            if (fold) { /* each weight that trains, b's on the way back too; b's bias: affine */
                assert_int_equal(count(&n.g, "row_scale"), trains == 3 ? 3 : 2);
                assert_int_equal(count(&n.g, "affine"), 1);
            }
            gd_arena_free(&n.arena);
        }
        near(y[1], y[0], SIDE * SIDE * C);
        near(d_w[1], d_w[0], C * 9 * C);
        near(d_b[1], d_b[0], C);
    }
}

static void gradients_stop_where_nobody_needs_them(void **state) {
    float y[SIDE * SIDE * C], d_w[C * 9 * C], d_b[C];
    net   n;
    (void)state;
    make(&n, 2);
    run(&n, true, y, d_w, d_b);
    /* Three of the convolution, one of its scaled weight, one of its bias. */
    assert_int_equal(n.n_back, 5);
    assert_int_equal(count(&n.g, "conv2d_bwd_weight"), 1);
    assert_int_equal(count(&n.g, "conv2d_bwd_data"), 0);
    assert_int_equal(count(&n.g, "relu_bwd"), 0);
    gd_arena_free(&n.arena);
}

/* Variables are cast once, gradients of weights come out in FP32, convolutions run in FP16. */
static void half_precision(void **state) {
    gd_error err = {0};
    net      n;
    int      d[3];
    (void)state;
    make(&n, 3);
    gd_assert_ok(gd_pass_fold(&n.g, &err), &err);
    n.y = n.g.output[0];
    const int wrt[3] = {n.w[0], n.w[1], n.bias};
    gd_assert_ok(gd_autodiff(&n.g, 1, &n.y, &n.d_y, 3, wrt, d, &err), &err);
    for (int i = 0; i < 3; i++) gd_assert_ok(gd_graph_output(&n.g, "d", d[i], &err), &err);
    gd_assert_ok(gd_pass_dead(&n.g, &err), &err);
    gd_assert_ok(gd_pass_precision(&n.g, GD_F16, &err), &err);
    gd_assert_ok(gd_graph_verify(&n.g, "precision", &err), &err);
    int weights = 0;
    for (int k = 0; k < n.g.n_node; k++) {
        const gd_node *node = &n.g.node[k];
        const gd_dtype out = n.g.value[node->out[0]].t.dtype;
        if (!strcmp(node->op->name, "cast") && n.g.value[node->in[0]].t.dim[0] == C &&
            n.g.value[node->in[0]].t.ndim == 4 && out == GD_F16)
            weights++;
        if (!strcmp(node->op->name, "row_scale")) assert_int_equal(out, GD_F32);
        if (!strncmp(node->op->name, "conv2d", 6)) assert_int_equal(out, GD_F16);
        if (!strcmp(node->op->name, "relu_bwd")) assert_int_equal(out, GD_F16);
        if (!strcmp(node->op->name, "sum_pixels")) assert_int_equal(out, GD_F16);
    }
    assert_int_equal(weights, 2); /* b's serves forward and backward */
    for (int i = 0; i < 3; i++) assert_int_equal(n.g.value[n.g.output[i]].t.dtype, GD_F32);
    gd_arena_free(&n.arena);
}

/* A batch norm in FP16 keeps its vectors in FP32: nothing is cast to the type it has. */
static void statistics_stay_wide(void **state) {
    static const char *const  vector[4] = {"gamma", "beta", "mean", "var"};
    const gd_batch_norm_train norm = {1e-5f, 0.1f};
    const int64_t             c = C;
    gd_error                  err = {0};
    net                       n;
    int                       v[5], out[5], wrt[4], d[4], w;
    (void)state;
    make(&n, 3);
    n.g.n_output = 0;
    v[0] = n.y;
    for (int i = 1; i < 5; i++)
        gd_assert_ok(gd_graph_variable(&n.g, vector[i - 1], GD_F32, 1, &c, &v[i], &err), &err);
    gd_assert_ok(gd_graph_add(&n.g, "batch_norm_train", &norm, 5, v, out, &err), &err);
    gd_assert_ok(gd_graph_variable(&n.g, "w", GD_F32, 2, (const int64_t[]){3, C}, &w, &err),
                 &err);
    gd_assert_ok(gd_graph_add(&n.g, "linear", NULL, 2, (const int[]){out[0], w}, &n.y, &err),
                 &err);
    gd_assert_ok(gd_graph_output(&n.g, "y", n.y, &err), &err);
    gd_assert_ok(gd_pass_fold(&n.g, &err), &err);
    gd_assert_ok(gd_graph_input(&n.g, "d", GD_F32, 4, n.g.value[n.y].t.dim, &n.d_y, &err),
                 &err);
    memcpy(wrt, (const int[]){n.w[0], v[1], v[2], w}, sizeof wrt);
    gd_assert_ok(gd_autodiff(&n.g, 1, &n.y, &n.d_y, 4, wrt, d, &err), &err);
    for (int i = 0; i < 4; i++) gd_assert_ok(gd_graph_output(&n.g, "d", d[i], &err), &err);
    gd_assert_ok(gd_pass_dead(&n.g, &err), &err);
    gd_assert_ok(gd_pass_precision(&n.g, GD_F16, &err), &err);
    gd_assert_ok(gd_graph_verify(&n.g, "precision", &err), &err);
    for (int k = 0; k < n.g.n_node; k++) {
        const gd_node *node = &n.g.node[k];
        const gd_dtype from = n.g.value[node->in[0]].t.dtype;
        const gd_dtype to = n.g.value[node->out[0]].t.dtype;
        if (!strcmp(node->op->name, "cast")) assert_int_not_equal(from, to);
        if (strncmp(node->op->name, "batch_norm_train", 16) != 0) continue;
        assert_int_equal(to, GD_F16);
        for (int i = 1; i < node->n_out; i++)
            assert_int_equal(n.g.value[node->out[i]].t.dtype, GD_F32);
    }
    assert_int_equal(count(&n.g, "batch_norm_train_bwd"), 1);
    gd_arena_free(&n.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(norms_fold_into_variables),
                                       cmocka_unit_test(gradients_stop_where_nobody_needs_them),
                                       cmocka_unit_test(half_precision),
                                       cmocka_unit_test(statistics_stay_wide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
