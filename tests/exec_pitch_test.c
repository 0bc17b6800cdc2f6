/* exec_pitch_test.c -- where values of a GPU lie: pixels of three channels, windows, joins.
 *
 * Only plans are made, on rows that exist for this: some take any pitch, some none, and the
 * first of convolution wants pixels of four channels. */
#include "engine/exec_impl.h"
#include "kernels/concat/concat.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/reshape/reshape.h"
#include "kernels/slice/slice.h"
#include "tests/gd_test.h"

static bool whole_pixels(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->pitch % 4 == 0;
}

static const char *const absorbs[] = {"relu", "cast", NULL};

static const gd_kernel *rows_of(const char *op) {
    static const gd_kernel conv[] = {
        {.name = "fast",
         .backend = GD_CUDA,
         .dtype = GD_F32,
         .flags = GD_ROW_PITCH,
         .fits = whole_pixels},
        {.name = "fast",
         .backend = GD_CUDA,
         .dtype = GD_F16,
         .flags = GD_ROW_PITCH,
         .fits = whole_pixels,
         .absorbs = absorbs},
        {.name = "slow", .backend = GD_CUDA, .dtype = GD_F32},
        {.name = "slow", .backend = GD_CUDA, .dtype = GD_F16, .absorbs = absorbs},
        {0}};
    static const gd_kernel any[] = {
        {.name = "any",
         .backend = GD_CUDA,
         .dtype = GD_F32,
         .flags = GD_ROW_PITCH,
         .absorbs = absorbs},
        {.name = "any", .backend = GD_CUDA, .dtype = GD_F16, .flags = GD_ROW_PITCH},
        {0}};
    static const gd_kernel dense[] = {{.name = "dense", .backend = GD_CUDA, .dtype = GD_F32},
                                      {0}};
    return !strcmp(op, "conv2d") ? conv : !strcmp(op, "sigmoid") ? dense : any;
}

typedef struct planned {
    gd_arena arena;
    gd_graph g;
    gd_exec *e;
    gd_error err;
} planned;

static int start(planned *p, int64_t channels) {
    int x;
    memset(p, 0, sizeof *p);
    gd_graph_init(&p->g, &p->arena);
    gd_assert_ok(
        gd_graph_input(&p->g, "x", GD_F32, 4, (int64_t[]){1, 6, 6, channels}, &x, &p->err),
        &p->err);
    return x;
}

static int add(planned *p, const char *op, const void *attr, int n, const int *in) {
    int y;
    gd_assert_ok(gd_graph_add(&p->g, op, attr, n, in, &y, &p->err), &p->err);
    return y;
}

static int one(planned *p, const char *op, int x) { return add(p, op, NULL, 1, &x); }

static int conv(planned *p, int x) {
    const gd_conv2d a = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};
    const int64_t   w[4] = {8, 1, 1, gd_tensor_channels(&p->g.value[x].t)};
    int             in[2] = {x, -1};
    gd_assert_ok(gd_graph_const_new(&p->g, "w", GD_F32, 4, w, &in[1], &p->err), &p->err);
    return add(p, "conv2d", &a, 2, in);
}

static void output(planned *p, const char *name, int v) {
    gd_assert_ok(gd_graph_output(&p->g, name, v, &p->err), &p->err);
}

static void plan(planned *p) {
    const gd_device_caps  dev = {.backend = GD_CUDA, .sm = 90};
    const gd_exec_options opt = {.plan_only = true};
    gd_op_register(GD_CUDA, rows_of);
    gd_assert_ok(gd_exec_open(&p->g, &dev, &opt, &p->e, &p->err), &p->err);
}

static void end(planned *p) {
    gd_exec_close(p->e);
    gd_arena_free(&p->arena);
}

static int64_t pitch(const planned *p, int v) { return p->e->t[v].pitch; }

static const char *row(const planned *p, int v) {
    const gd_exec_node *x = &p->e->node[p->g.value[v].producer];
    return x->n_part ? x->part[0].row->name : "alias";
}

/* Three channels get room for four before rows are chosen, where everybody takes it. */
static void pictures_have_pixels_of_four(void **state) {
    (void)state;
    planned p;
    int     x = start(&p, 3), r = one(&p, "relu", x), s = one(&p, "relu", r), y = conv(&p, s);
    output(&p, "y", y);
    plan(&p);
    assert_int_equal(pitch(&p, x), 3);
    assert_int_equal(pitch(&p, r), 4);
    assert_int_equal(pitch(&p, s), 4);
    assert_int_equal(pitch(&p, y), 8);
    assert_string_equal(row(&p, y), "fast");
    end(&p);
}

static void one_dense_reader_keeps_it_dense(void **state) {
    (void)state;
    planned p;
    int     x = start(&p, 3), r = one(&p, "relu", x), y = conv(&p, r);
    output(&p, "y", y);
    output(&p, "z", conv(&p, one(&p, "relu", one(&p, "sigmoid", r))));
    plan(&p);
    assert_int_equal(pitch(&p, r), 3);
    assert_string_equal(row(&p, y), "slow");
    end(&p);
}

/* Logits of three anchors are read flat: dense they are a view. */
static void views_are_not_lost(void **state) {
    (void)state;
    const gd_reshape flat = {2, {1, -1}};
    planned          p;
    int              x = start(&p, 3), r = one(&p, "relu", x);
    const int        v = add(&p, "reshape", &flat, 1, &r);
    output(&p, "y", one(&p, "relu", v));
    plan(&p);
    assert_int_equal(pitch(&p, r), 3);
    assert_string_equal(row(&p, v), "alias");
    end(&p);
}

/* A result of another pitch does not overwrite what it reads. */
static void other_pitches_are_not_in_place(void **state) {
    (void)state;
    planned p;
    int     x = start(&p, 3), s = one(&p, "sigmoid", x), r = one(&p, "relu", s);
    output(&p, "y", conv(&p, r));
    plan(&p);
    assert_int_equal(pitch(&p, s), 3);
    assert_int_equal(pitch(&p, r), 4);
    assert_int_equal(p.e->alias[r].root, r);
    end(&p);
}

static void results_are_dense(void **state) {
    (void)state;
    planned p;
    int     x = start(&p, 3), r = one(&p, "relu", x), y = conv(&p, r);
    output(&p, "y", y);
    output(&p, "r", r);
    plan(&p);
    assert_int_equal(pitch(&p, r), 3);
    end(&p);
}

/* The value in FP16 that an absorbed cast makes has the pitch; its producer reads FP32. */
static void pictures_in_halves(void **state) {
    (void)state;
    const gd_device_caps dev = {.backend = GD_CUDA, .sm = 90};
    planned              p;
    int                  x = start(&p, 3), r = one(&p, "softmax", x);
    output(&p, "y", conv(&p, r));
    gd_op_register(GD_CUDA, rows_of);
    gd_assert_ok(gd_pass_all(&p.g, &dev, GD_F16, &p.err), &p.err);
    plan(&p);
    assert_int_equal(p.g.n_node, 2);
    const int image = p.g.node[0].out[0];
    assert_int_equal(p.e->t[image].dtype, GD_F16);
    assert_int_equal(pitch(&p, image), 4);
    assert_string_equal(row(&p, p.g.node[1].out[0]), "fast");
    end(&p);
}

/* Windows begin at multiples of 16 bytes and step by them, or are copies. */
static void windows_are_aligned(void **state) {
    (void)state;
    static const struct {
        int64_t channels;
        int     from, to;
        bool    window;
    } part[] = {{16, 4, 8, true},  {16, 3, 8, false}, {16, 0, 3, true},
                {18, 4, 8, false}, {18, 0, 18, true}, {16, 12, 16, true}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        const gd_slice a = {-1, part[i].from, part[i].to, 1};
        planned        p;
        int            x = start(&p, part[i].channels), r = one(&p, "relu", x);
        const int      s = add(&p, "slice", &a, 1, &r);
        output(&p, "y", one(&p, "relu", s));
        plan(&p);
        assert_string_equal(row(&p, s), part[i].window ? "alias" : "any");
        assert_int_equal(p.e->alias[s].root == r, part[i].window);
        assert_int_equal(p.e->alias[s].offset % 16, 0);
        end(&p);
    }
}

static void joins_are_aligned(void **state) {
    (void)state;
    static const struct {
        int64_t channels;
        int     cut; /* the second starts there */
        bool    join;
    } part[] = {{16, 8, true}, {16, 4, true}, {16, 6, false}, {18, 8, false}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        const gd_slice  a = {-1, 0, part[i].cut, 1}, b = {-1, part[i].cut, INT32_MAX, 1};
        const gd_concat last = {-1};
        planned         p;
        int             x = start(&p, part[i].channels), in[2];
        in[0] = one(&p, "relu", add(&p, "slice", &a, 1, &x));
        in[1] = one(&p, "relu", add(&p, "slice", &b, 1, &x));
        const int c = add(&p, "concat", &last, 2, in);
        output(&p, "y", one(&p, "relu", c));
        plan(&p);
        assert_string_equal(row(&p, c), part[i].join ? "alias" : "any");
        assert_int_equal(p.e->alias[in[1]].root == p.e->alias[c].root, part[i].join);
        end(&p);
    }
}

/* A sum that is joined next does not overwrite its operand: the join saves the copy. */
static void joins_go_before_in_place(void **state) {
    (void)state;
    const gd_concat last = {-1};
    planned         p;
    int             x = start(&p, 8), a = one(&p, "relu", x), in[2];
    in[0] = one(&p, "relu", a); /* could lie on a */
    in[1] = one(&p, "relu", x);
    const int c = add(&p, "concat", &last, 2, in);
    output(&p, "y", one(&p, "softmax", c));
    plan(&p);
    assert_string_equal(row(&p, c), "alias");
    assert_int_equal(p.e->alias[a].root, a);
    end(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_have_pixels_of_four),
        cmocka_unit_test(one_dense_reader_keeps_it_dense),
        cmocka_unit_test(views_are_not_lost),
        cmocka_unit_test(other_pitches_are_not_in_place),
        cmocka_unit_test(results_are_dense),
        cmocka_unit_test(pictures_in_halves),
        cmocka_unit_test(windows_are_aligned),
        cmocka_unit_test(joins_are_aligned),
        cmocka_unit_test(joins_go_before_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
