/* standin_limits_test.c -- launches of more than 2^31 elements, or 65,535 of anything (G8).
 *
 * The stand-in runtime refuses what a GPU refuses: empty grids, too many blocks along y and z,
 * more shared memory than was asked for. Kernels do nothing there, so tensors need no memory:
 * their addresses are made up. Whether indices inside a kernel are wide enough is not seen. */
#include <dlfcn.h>

#include "engine/exec_impl.h"
#include "engine/plugin.h"
#include "kernels/cast/cast.h"
#include "kernels/concat/concat.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/pool/pool.h"
#include "kernels/resize/resize.h"
#include "kernels/slice/slice.h"
#include "tests/gd_test.h"

typedef struct large {
    const char *op;
    const void *attr;
    int         n_in;
    int         ndim[3];
    int64_t     dim[3][4];
} large;

#define MAP(n, h, w, c) \
    { n, h, w, c }
#define POINTWISE(name, attr)                                                                  \
    {name, attr, 1, {4}, {MAP(70000, 3, 5, 8)}}, {name, attr, 1, {4}, {MAP(1, 70000, 70, 8)}}, \
        {name, attr, 1, {4}, {MAP(1, 3, 70000, 7)}},                                           \
        {name, attr, 1, {4}, {MAP(1, 1, 2, 140000)}}, {                                        \
        name, attr, 1, {4}, { MAP(1, 50000, 50000, 3) }                                        \
    }

static const large all[] = {
    POINTWISE("relu", NULL),
    POINTWISE("sigmoid", NULL),
    POINTWISE("silu", NULL),
    POINTWISE("cast", &(const gd_cast){GD_F16}),
    POINTWISE("max_pool2d", (&(const gd_max_pool2d){{2, 2}, {2, 2}, {1, 1}, 0})),
    POINTWISE("avg_pool2d", (&(const gd_avg_pool2d){{2, 2}, {2, 2}, {1, 1}, 0, 1})),
    POINTWISE("slice", (&(const gd_slice){3, 0, 2, 1})),
    {"add", NULL, 2, {4, 4}, {MAP(70000, 9, 70, 64), MAP(70000, 9, 70, 64)}},
    {"mul", NULL, 2, {4, 4}, {MAP(1, 70000, 700, 64), MAP(1, 70000, 700, 64)}},
    {"softmax", NULL, 1, {2}, {{70000000, 81}}},
    {"softmax", NULL, 1, {2}, {{70000, 50000}}},
    {"concat",
     &(const gd_concat){3},
     2,
     {4, 4},
     {MAP(70000, 9, 70, 64), MAP(70000, 9, 70, 32)}},
    {"conv2d",
     &(const gd_conv2d){{1, 1}, {1, 1, 1, 1}, {1, 1}, 1},
     2,
     {4, 4},
     {MAP(1, 70000, 700, 64), MAP(64, 3, 3, 64)}},
    {"conv2d",
     &(const gd_conv2d){{1, 1}, {0, 0, 0, 0}, {1, 1}, 1},
     2,
     {4, 4},
     {MAP(70000, 30, 30, 64), MAP(64, 1, 1, 64)}},
    {"conv2d",
     &(const gd_conv2d){{1, 1}, {1, 1, 1, 1}, {1, 1}, 64},
     2,
     {4, 4},
     {MAP(70000, 30, 30, 64), MAP(64, 3, 3, 1)}},
    {"conv2d",
     &(const gd_conv2d){{1, 1}, {0, 0, 0, 0}, {1, 1}, 1},
     2,
     {4, 4},
     {MAP(1, 8, 8, 16), MAP(9000000, 1, 1, 16)}},
    {"linear", NULL, 2, {2, 2}, {{9000000, 256}, {91, 256}}},
    {"linear", NULL, 2, {2, 2}, {{8, 256}, {9000000, 256}}},
};

static void *made_up(int i) { return (void *)((uintptr_t)(i + 1) << 44); }

static long n_run, n_refused;

/* One row on one launch: whatever it takes on it must be able to start. */
static void try_row(const large *c, const gd_kernel *row, gd_device *d, gd_dtype type) {
    gd_tensor in[3], out = {0};
    gd_launch l = {.n_in = c->n_in, .n_out = 1, .attr = c->attr, .device = d};
    gd_error  err = {0};
    void     *scratch = NULL, *state = NULL;
    for (int i = 0; i < c->n_in; i++) {
        in[i] = gd_tensor_make(type, c->ndim[i], c->dim[i]);
        in[i].data = made_up(i);
        l.in[i] = &in[i];
    }
    l.out[0] = &out;
    l.stream = d->stream[GD_LANE_RUN];
    if (gd_op_find(c->op)->infer(&l, &err) != GD_OK) fail_msg("%s: %s", c->op, err.msg);
    out.data = made_up(3);
    if (row->dtype != type || !gd_kernel_allowed(row, &d->caps)) return;
    if (row->fits && !row->fits(&l, &d->caps)) {
        n_refused++;
        return;
    }
    const size_t size = row->scratch ? row->scratch(&l, &d->caps) : 0;
    if (gd_device_alloc(d, size, &scratch, &err) != GD_OK) return; /* as a plan would say */
    l.scratch = scratch;
    gd_status st = row->prepare ? row->prepare(&l, &d->caps, &state, &err) : GD_OK;
    l.state = state;
    if (st == GD_OK) st = row->run(&l, &err);
    char text[GD_SHAPE_TEXT];
    if (st != GD_OK && st != GD_ERR_UNSUPPORTED)
        fail_msg("%s on %s: %s", row->name, gd_tensor_text(&in[0], text), err.msg);
    n_run++;
    if (row->release && state) row->release(state);
    gd_device_release(d, scratch);
}

static void large_launches(void **state) {
    gd_device *d;
    gd_error   err = {0};
    (void)state;
    gd_assert_ok(gd_device_open("cuda", &d, &err), &err);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const gd_kernel *row;
        const gd_op     *op = gd_op_find(all[i].op);
        assert_non_null(op);
        for (int k = 0; (row = gd_op_row(op, GD_CUDA, k)) != NULL; k++) {
            try_row(&all[i], row, d, GD_F32);
            try_row(&all[i], row, d, GD_F16);
        }
    }
    gd_device_close(d);
    printf("%ld launches, %ld refused beforehand\n", n_run, n_refused);
    assert_true(n_run > (long)(sizeof all / sizeof *all));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(large_launches)};
    void                   *so = dlopen("libcudart.so.13", RTLD_NOW);
    const gd_plugin        *p;
    gd_error                e;
    if (!so || !dlsym(so, "standin_fail") || gd_plugin_load("cuda", &p, &e) != GD_OK) {
        printf("skipped: needs the CUDA plugin with the shared runtime, and the stand-in\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
