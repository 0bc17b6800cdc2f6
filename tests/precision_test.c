/* precision_test.c -- graphs in FP16: types of nodes, places of casts, and what comes out.
 *
 * The device is pretended (pretend_rows.h); graphs run on the host by their definitions, which
 * round FP16 values as a device does. */
#include <math.h>

#include "engine/half.h"
#include "kernels/cast/cast.h"
#include "kernels/top_k/top_k.h"
#include "layers/model.h"
#include "tests/gd_meter.h"
#include "tests/graph_random.h"
#include "tests/layers/tiny.h"
#include "tests/pretend_rows.h"

enum { N_RANDOM = 400, N_NODE = 22 };

static void to_half(gd_graph *g) {
    const gd_device_caps dev = {.backend = GD_CUDA, .sm = 90, .n_sm = 132};
    gd_error             err = {0};
    gd_op_register(GD_CUDA, pretend_rows_of);
    gd_assert_ok(gd_pass_all(g, &dev, GD_F16, &err), &err);
    for (int o = 0; o < g->n_output; o++)
        assert_int_not_equal(g->value[g->output[o]].t.dtype, GD_F16);
}

static bool is(const gd_graph *g, int k, const char *op) {
    return !strcmp(g->node[k].op->name, op);
}

typedef struct cast_count {
    int nodes, steps, missed, halves;
} cast_count;

/* Casts that run on their own, that were absorbed, and of the former those that could be: the
 * only reader of a producer with room. */
static cast_count count_casts(const gd_graph *g) {
    cast_count c = {0};
    int        uses[4096];
    assert_true(g->n_value <= 4096);
    gd_graph_uses(g, uses);
    for (int k = 0; k < g->n_node; k++) {
        const gd_node *n = &g->node[k];
        c.halves += g->value[n->out[0]].t.dtype == GD_F16;
        if (n->n_step) c.steps += !strcmp(n->step[n->n_step - 1].op->name, "cast");
        if (!is(g, k, "cast")) continue;
        const int      maker = g->value[n->in[0]].producer;
        const gd_node *p = maker < 0 ? NULL : &g->node[maker];
        c.nodes++;
        c.missed += p && uses[n->in[0]] == 1 && p->n_step < GD_MAX_STEP &&
                    (p->op->flags & (GD_OP_HALF | GD_OP_HALF_FOLLOW));
    }
    return c;
}

/* ---- one rule at a time ------------------------------------------------------------------ */

typedef struct bench {
    gd_arena arena;
    gd_graph g;
    gd_error err;
} bench;

static int input(bench *b, const char *name, int64_t h, int64_t w, int64_t c) {
    int v;
    gd_assert_ok(gd_graph_input(&b->g, name, GD_F32, 4, (int64_t[]){1, h, w, c}, &v, &b->err),
                 &b->err);
    return v;
}

static int add(bench *b, const char *op, const void *attr, int n, const int *in) {
    int out[GD_MAX_OUT];
    gd_assert_ok(gd_graph_add(&b->g, op, attr, n, in, out, &b->err), &b->err);
    return out[0];
}

static int conv(bench *b, int x, int64_t k, double weight, const char *name) {
    const gd_conv2d a = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};
    const int64_t   w[4] = {k, 1, 1, gd_tensor_channels(&b->g.value[x].t)};
    int             in[3] = {x, -1, -1};
    gd_assert_ok(gd_graph_const_new(&b->g, name, GD_F32, 4, w, &in[1], &b->err), &b->err);
    gd_assert_ok(gd_graph_const_new(&b->g, "bias", GD_F32, 1, &k, &in[2], &b->err), &b->err);
    for (int64_t i = 0; i < gd_tensor_count(&b->g.value[in[1]].t); i++)
        gd_tensor_set(&b->g.value[in[1]].t, i, weight);
    return add(b, "conv2d", &a, 3, in);
}

static void output(bench *b, const char *name, int v) {
    gd_assert_ok(gd_graph_output(&b->g, name, v, &b->err), &b->err);
}

static void start(bench *b) {
    memset(b, 0, sizeof *b);
    gd_graph_init(&b->g, &b->arena);
}

/* "conv2d:f16>f32+relu+cast reshape:f32": operator, type in and, if it differs, out, steps. */
static void expect(const bench *b, const char *want) {
    char text[1024] = "";
    for (int k = 0; k < b->g.n_node; k++) {
        const gd_node *n = &b->g.node[k];
        const gd_dtype x = b->g.value[n->in[0]].t.dtype, y = b->g.value[n->out[0]].t.dtype;
        size_t         at = strlen(text);
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s:%s", k ? " " : "",
                               n->op->name, gd_dtype_name(x));
        if (x != y)
            at += (size_t)snprintf(text + at, sizeof text - at, ">%s", gd_dtype_name(y));
        for (int i = 0; i < n->n_step; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "+%s", n->step[i].op->name);
    }
    assert_string_equal(text, want);
}

/* A cast goes before what only FP32 reads, to where a producer absorbs it. */
static void casts_go_to_the_producer(void **state) {
    (void)state;
    const gd_reshape flat = {2, {1, -1}};
    const gd_top_k   k = {.k = 3};
    bench            b;
    start(&b);
    const int y = conv(&b, input(&b, "x", 4, 4, 8), 8, 0.5, "w");
    const int r = add(&b, "reshape", &flat, 1, &y);
    output(&b, "best", add(&b, "top_k", &k, 1, &r));
    to_half(&b.g);
    expect(&b, "cast:f32>f16 conv2d:f16>f32+cast reshape:f32 top_k:f32");
    assert_int_equal(b.g.value[b.g.node[1].in[1]].t.dtype, GD_F16);
    assert_int_equal(b.g.value[b.g.node[1].in[2]].t.dtype, GD_F32);
    assert_string_equal(b.g.value[b.g.node[1].in[1]].name, "w");
    gd_arena_free(&b.arena);
}

/* Followers between FP16 values run in FP16; one that only FP32 reads does not, unless the
 * producer before it takes it. */
static void followers_follow(void **state) {
    (void)state;
    const gd_concat     last = {-1};
    const gd_max_pool2d pool = {{2, 2}, {2, 2}, {0, 0}, 0};
    bench               b;
    start(&b);
    int a = conv(&b, input(&b, "x", 4, 4, 8), 8, 0.5, "w");
    a = add(&b, "max_pool2d", &pool, 1, &a);
    const int two[2] = {a, conv(&b, a, 8, 0.5, "v")};
    const int c = conv(&b, add(&b, "concat", &last, 2, two), 8, 0.5, "u");
    output(&b, "relu", add(&b, "relu", NULL, 1, &c));
    output(&b, "pool", add(&b, "max_pool2d", &pool, 1, &two[1]));
    to_half(&b.g);
    expect(&b, "cast:f32>f16 conv2d:f16 max_pool2d:f16 conv2d:f16 cast:f16>f32 concat:f16 "
               "conv2d:f16>f32+relu+cast max_pool2d:f32");
    gd_arena_free(&b.arena);
}

/* What is made in FP32 is cast where it is made if nobody wants it wider. */
static void sources_are_cast_early(void **state) {
    (void)state;
    const gd_slice half = {-1, 0, 8, 1};
    bench          b;
    start(&b);
    const int x = input(&b, "x", 4, 4, 16);
    const int s = add(&b, "sigmoid", NULL, 1, &x);
    output(&b, "y", conv(&b, add(&b, "slice", &half, 1, &s), 8, 0.5, "w"));
    to_half(&b.g);
    expect(&b, "sigmoid:f32 cast:f32>f16 slice:f16 conv2d:f16>f32+cast");
    gd_arena_free(&b.arena);
    /* ... and behind the follower if somebody does. */
    start(&b);
    const int z = input(&b, "x", 4, 4, 16);
    const int t = add(&b, "sigmoid", NULL, 1, &z);
    output(&b, "t", t);
    output(&b, "y", conv(&b, add(&b, "slice", &half, 1, &t), 8, 0.5, "w"));
    to_half(&b.g);
    expect(&b, "sigmoid:f32 slice:f32>f16+cast conv2d:f16>f32+cast");
    gd_arena_free(&b.arena);
}

/* Values and nodes without FP32 floats are left alone; so is everything where FP32 is asked. */
static void nothing_to_do(void **state) {
    (void)state;
    gd_arena     arena = {0};
    random_graph r;
    gd_error     err = {0};
    gd_assert_ok(random_graph_make(&r, &arena, 3, GD_F64, false, N_NODE, &err), &err);
    const int n = r.g.n_node;
    gd_assert_ok(gd_pass_precision(&r.g, GD_F16, &err), &err);
    assert_int_equal(r.g.n_node, n);
    gd_assert_ok(random_graph_make(&r, &arena, 3, GD_F32, false, N_NODE, &err), &err);
    gd_assert_ok(gd_pass_precision(&r.g, GD_F32, &err), &err);
    for (int v = 0; v < r.g.n_value; v++) assert_int_not_equal(r.g.value[v].t.dtype, GD_F16);
    assert_int_equal(gd_pass_precision(&r.g, GD_I8, &err), GD_ERR_ARG);
    gd_arena_free(&arena);
}

static void weights_beyond_fp16_are_named(void **state) {
    (void)state;
    const double right[] = {65519, -65519, 65504, INFINITY, NAN}, wrong[] = {65520, -1e9};
    for (int i = 0; i < 7; i++) {
        bench b;
        start(&b);
        output(&b, "y",
               conv(&b, input(&b, "x", 1, 1, 3), 3, i < 5 ? right[i] : wrong[i - 5],
                    "head.weight"));
        const gd_status st = gd_pass_precision(&b.g, GD_F16, &b.err);
        assert_int_equal(st, i < 5 ? GD_OK : GD_ERR_UNSUPPORTED);
        if (i >= 5) {
            assert_int_equal(b.err.code, 466);
            assert_non_null(strstr(b.err.msg, "head.weight"));
        }
        gd_arena_free(&b.arena);
    }
}

/* A weight that several nodes read is converted once. */
static void shared_weights_stay_shared(void **state) {
    (void)state;
    bench b;
    start(&b);
    const int       x = input(&b, "x", 2, 2, 8), y = conv(&b, x, 8, 0.5, "w");
    const gd_conv2d a = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};
    gd_tensor       w = b.g.value[b.g.node[0].in[1]].t;
    int             in[2] = {y, -1};
    gd_assert_ok(gd_graph_const(&b.g, "w again", &w, &in[1], &b.err), &b.err);
    output(&b, "y", add(&b, "conv2d", &a, 2, in));
    to_half(&b.g);
    expect(&b, "cast:f32>f16 conv2d:f16 conv2d:f16>f32+cast");
    assert_int_equal(b.g.node[1].in[1], b.g.node[2].in[1]);
    gd_arena_free(&b.arena);
}

/* Large enough for requests of the pass alone to reach the heap. */
static void memory_that_fails(void **state) {
    (void)state;
    long refused = 0;
    for (long n = 1;; n++) {
        meter          m = {.fail_at = -1};
        const gd_alloc hook = {&m, meter_get, meter_put};
        bench          b;
        gd_mem_hook(&hook);
        start(&b);
        int x = input(&b, "x", 2, 2, 256);
        for (int i = 0; i < 150; i++) x = conv(&b, x, 256, 0.001, "w");
        output(&b, "y", x);
        m.count = 0;
        m.fail_at = n;
        const gd_status st = gd_pass_precision(&b.g, GD_F16, &b.err);
        gd_arena_free(&b.arena);
        gd_mem_hook(NULL);
        assert_int_equal(m.live, 0);
        if (m.count < n) {
            gd_assert_ok(st, &b.err);
            break;
        }
        assert_int_equal(st, GD_ERR_NOMEM);
        refused++;
    }
    assert_true(refused >= 2);
}

/* ---- verifier and fuse ------------------------------------------------------------------- */

static void a_step_after_a_cast_is_refused(void **state) {
    (void)state;
    const gd_cast full = {GD_F32};
    bench         b;
    start(&b);
    const int y = conv(&b, input(&b, "x", 2, 2, 8), 8, 0.5, "w");
    output(&b, "y", y);
    to_half(&b.g);
    gd_node *n = &b.g.node[1];
    assert_int_equal(n->n_step, 1);
    n->step[n->n_step++] = (gd_node_step){gd_op_find("relu"), NULL, -1};
    assert_int_equal(gd_graph_verify(&b.g, "test", &b.err), GD_ERR_SHAPE);
    assert_non_null(strstr(b.err.msg, "changes the type"));
    n->n_step = 0; /* then the output's type is not what the node makes */
    assert_int_equal(gd_graph_verify(&b.g, "test", &b.err), GD_ERR_SHAPE);
    n->step[n->n_step++] = (gd_node_step){gd_op_find("cast"), &full, -1};
    gd_assert_ok(gd_graph_verify(&b.g, "test", &b.err), &b.err);
    gd_arena_free(&b.arena);
}

/* What follows a cast reads a value that is stored. */
static void a_cast_ends_the_chain(void **state) {
    (void)state;
    bench b;
    start(&b);
    const int x = input(&b, "x", 2, 2, 8), s = add(&b, "sigmoid", NULL, 1, &x);
    const int both[2] = {conv(&b, x, 8, 0.5, "w"), s};
    output(&b, "s", s);
    output(&b, "y", add(&b, "add", NULL, 2, both));
    to_half(&b.g);
    expect(&b, "cast:f32>f16 sigmoid:f32 conv2d:f16>f32+cast add:f32");
    gd_arena_free(&b.arena);
}

/* The lateral of a pyramid is made before what is added to it. */
static void a_producer_moves_behind_the_other(void **state) {
    (void)state;
    const gd_device_caps dev = {.backend = GD_CUDA, .sm = 90};
    bench                b;
    start(&b);
    gd_op_register(GD_CUDA, pretend_rows_of);
    const int x = input(&b, "x", 2, 2, 8), y = conv(&b, x, 8, 0.5, "w");
    const int s = add(&b, "sigmoid", NULL, 1, &x), both[2] = {y, s};
    const int sum = add(&b, "add", NULL, 2, both);
    output(&b, "y", add(&b, "softmax", NULL, 1, &sum));
    gd_assert_ok(gd_pass_all(&b.g, &dev, GD_F32, &b.err), &b.err);
    expect(&b, "sigmoid:f32 conv2d:f32+add softmax:f32");
    gd_arena_free(&b.arena);
}

/* ---- random graphs ----------------------------------------------------------------------- */

static double difference(const gd_graph *ref, const gd_graph *g, int o) {
    const gd_tensor *x = &ref->value[ref->output[o]].t, *y = &g->value[g->output[o]].t;
    double           worst = 0, top = 1;
    assert_true(gd_tensor_same_shape(x, y) && x->dtype == y->dtype);
    for (int64_t k = 0; k < gd_tensor_count(x); k++) {
        const double u = gd_tensor_get(x, k), d = fabs(u - gd_tensor_get(y, k));
        top = fmax(top, fabs(u));
        worst = d <= worst ? worst : isnan(d) ? INFINITY : d;
    }
    return worst / top;
}

static void run(random_graph *r, uint64_t seed) {
    gd_assert_ok(gd_graph_give_storage(&r->g, r->err), r->err);
    for (int i = 0; i < r->n_input; i++) {
        gd_tensor *t = &r->g.value[r->input[i]].t;
        for (int64_t k = 0; k < gd_tensor_count(t); k++)
            gd_tensor_set(t, k, random_input(seed, i, k));
    }
    gd_assert_ok(gd_graph_run_reference(&r->g, 0, r->err), r->err);
}

static void random_graphs(void **state) {
    (void)state;
    cast_count sum = {0};
    double     worst = 0;
    for (uint64_t seed = 1; seed <= N_RANDOM; seed++) {
        gd_arena     plain = {0}, half = {0};
        random_graph ref, r;
        gd_error     err = {0};
        gd_assert_ok(random_graph_make(&ref, &plain, seed, GD_F32, false, N_NODE, &err), &err);
        gd_assert_ok(random_graph_make(&r, &half, seed, GD_F32, false, N_NODE, &err), &err);
        to_half(&r.g);
        const cast_count c = count_casts(&r.g);
        if (c.missed)
            fail_msg("seed %llu: %d casts could have been absorbed", (unsigned long long)seed,
                     c.missed);
        sum.nodes += c.nodes, sum.steps += c.steps, sum.halves += c.halves;
        run(&ref, seed);
        run(&r, seed);
        for (int o = 0; o < ref.g.n_output; o++) {
            const double d = difference(&ref.g, &r.g, o);
            worst = fmax(worst, d);
            if (!(d <= 0.02))
                fail_msg("seed %llu: output %d differs by %g", (unsigned long long)seed, o, d);
        }
        gd_arena_free(&plain);
        gd_arena_free(&half);
    }
    print_message("%d nodes in FP16, %d casts absorbed, %d on their own; worst %g\n",
                  sum.halves, sum.steps, sum.nodes, worst);
    assert_true(sum.halves > 500 && sum.steps > 100);
}

/* ---- models ------------------------------------------------------------------------------ */

typedef struct model_graph {
    gd_arena    arena;
    gd_graph    g;
    gd_geometry at;
} model_graph;

static void build(model_graph *x, const gd_model *m, bool watch_convs) {
    const gd_session_options o = gd_session_defaults();
    gd_recipe                recipe;
    gd_error                 err;
    memset(x, 0, sizeof *x);
    gd_model_recipe(m, &o, &recipe);
    gd_geometry_of(&recipe.rule, 31, 45, &x->at);
    const gd_net_options net = {.batch = 1,
                                .net_h = x->at.net_h,
                                .net_w = x->at.net_w,
                                .conf = recipe.conf,
                                .iou = recipe.iou,
                                .max_det = recipe.max_det};
    gd_graph_init(&x->g, &x->arena);
    gd_assert_ok(gd_model_graph(m, &recipe, &net, 45 * 31, &x->g, &err), &err);
    /* The last convolutions, as results: nothing has been chosen by score before them. */
    for (int k = x->g.n_node - 1, n = 0; watch_convs && k >= 0 && n < 9; k--)
        if (is(&x->g, k, "conv2d")) {
            char name[16];
            snprintf(name, sizeof name, "conv%d", n++);
            gd_assert_ok(gd_graph_output(&x->g, name, x->g.node[k].out[0], &err), &err);
        }
}

/* Crops and everything behind them hang on which proposals were kept. */
static void run_until_crops(model_graph *x, const gd_image *p) {
    gd_error err;
    int      k = 0;
    gd_assert_ok(gd_graph_give_storage(&x->g, &err), &err);
    gd_tensor *geom = &x->g.value[gd_graph_find_input(&x->g, "geom")].t;
    gd_tensor *pixels = &x->g.value[gd_graph_find_input(&x->g, "pixels")].t;
    gd_geometry_pack(&x->at, geom->data);
    memcpy(pixels->data, p->rgb, (size_t)p->width * (size_t)p->height * 3);
    while (k < x->g.n_node && !is(&x->g, k, "roi_align")) k++;
    x->g.n_node = k;
    gd_assert_ok(gd_graph_run_reference(&x->g, 0, &err), &err);
}

static void models_lose_no_cast(void **state) {
    (void)state;
    /* The picture, positions on it, and what makes raw boxes and scores. */
    static const int absorbed[TINY_FAMILIES] = {2, 10, 13, 4};
    for (int f = 0; f < TINY_FAMILIES; f++) {
        gd_model   *m = tiny_open(&tiny_families[f]);
        model_graph x;
        build(&x, m, false);
        to_half(&x.g);
        const cast_count c = count_casts(&x.g);
        print_message("%s: %d of %d nodes in FP16, %d casts absorbed, %d on their own\n",
                      tiny_families[f].arch, c.halves, x.g.n_node, c.steps, c.nodes);
        assert_int_equal(c.nodes, 0);
        assert_int_equal(c.steps, absorbed[f]);
        gd_arena_free(&x.arena);
        gd_model_close(m);
    }
}

static void models_stay_near(void **state) {
    (void)state;
    for (int f = 0; f < TINY_FAMILIES; f++) {
        gd_model      *m = tiny_open(&tiny_families[f]);
        const gd_image p = tiny_picture(45, 31, 4);
        model_graph    full, half;
        double         worst = 0;
        build(&full, m, true);
        build(&half, m, true);
        to_half(&half.g);
        run_until_crops(&full, &p);
        run_until_crops(&half, &p);
        for (int o = 0; o < full.g.n_output; o++)
            if (!strncmp(full.g.output_name[o], "conv", 4))
                worst = fmax(worst, difference(&full.g, &half.g, o));
        print_message("%s: differs by %g\n", tiny_families[f].arch, worst);
        assert_true(worst > 0 && worst < 0.01);
        gd_arena_free(&full.arena);
        gd_arena_free(&half.arena);
        gd_model_close(m);
        free((void *)(uintptr_t)p.rgb);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(casts_go_to_the_producer),
        cmocka_unit_test(followers_follow),
        cmocka_unit_test(sources_are_cast_early),
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(weights_beyond_fp16_are_named),
        cmocka_unit_test(shared_weights_stay_shared),
        cmocka_unit_test(memory_that_fails),
        cmocka_unit_test(a_step_after_a_cast_is_refused),
        cmocka_unit_test(a_cast_ends_the_chain),
        cmocka_unit_test(a_producer_moves_behind_the_other),
        cmocka_unit_test(random_graphs),
        cmocka_unit_test(models_lose_no_cast),
        cmocka_unit_test(models_stay_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
