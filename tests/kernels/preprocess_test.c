/* preprocess_test.c -- geometry that does not fit is refused; every thread count gives one
 * result. */
#include "tests/gd_test.h"

#include <math.h>

#include "engine/backend.h"
#include "engine/mem.h"
#include "kernels/preprocess/preprocess.h"

enum { CAP = 120, OUT_H = 13, OUT_W = 17 };

typedef struct setup {
    gd_preprocess a;
    uint8_t       pixels[CAP * 3];
    float         geom[8], out[OUT_H * OUT_W * 3];
    gd_tensor     in[2], y;
    gd_launch     l;
} setup;

static void prepare(setup *s, int filter) {
    memset(s, 0, sizeof *s);
    s->a = (gd_preprocess){OUT_H, OUT_W, filter, 1, 1, {0, 0, 0}, {1, 1, 1}, {-1, -2, -3}};
    for (int i = 0; i < CAP * 3; i++) s->pixels[i] = (uint8_t)(i * 37);
    memcpy(s->geom, (float[]){10, 12, 11, 15, 1, -2, 1.1f, 1.25f}, sizeof s->geom);
    s->in[0] = gd_tensor_make(GD_U8, 3, (int64_t[]){1, CAP, 3});
    s->in[1] = gd_tensor_make(GD_F32, 2, (int64_t[]){1, 8});
    s->in[0].data = s->pixels;
    s->in[1].data = s->geom;
    s->l = (gd_launch){
        .n_in = 2, .n_out = 1, .in = {&s->in[0], &s->in[1]}, .out = {&s->y}, .attr = &s->a};
    s->y.data = s->out;
}

static gd_status run(setup *s, gd_error *err) {
    const gd_op *op = gd_op_find("preprocess");
    GD_TRY(op->infer(&s->l, err));
    s->l.scratch = gd_mem_get(gdk_preprocess_cpu_scratch(&s->l, NULL));
    const gd_status st = gdk_preprocess_cpu_f32(&s->l, err);
    gd_mem_put(s->l.scratch);
    return st;
}

static void refuses(void **state) {
    (void)state;
    const struct {
        int   at;
        float value;
    } bad[] = {{0, 0},        {0, 11},    {1, 13},    {1, -12},   {0, NAN},
               {0, 9.5f},     {1, 65536}, {2, 0},     {3, -1},    {3, 2e7f},
               {2, INFINITY}, {4, NAN},   {5, 1e30f}, {4, -2e7f}, {5, 0.5f}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setup    s;
        gd_error err = {0};
        prepare(&s, GD_FILTER_TORCH);
        s.geom[bad[i].at] = bad[i].value;
        assert_int_equal(run(&s, &err), GD_ERR_ARG);
        assert_non_null(strstr(err.msg, "room for 120 pixels"));
    }
}

static void outside(void **state) {
    (void)state;
    for (int filter = 0; filter < GD_N_FILTER; filter++)
        for (int axis = 4; axis < 6; axis++)
            for (int sign = -1; sign < 2; sign += 2) {
                setup    s;
                gd_error err = {0};
                prepare(&s, filter);
                s.geom[axis] = (float)(sign * 100);
                gd_assert_ok(run(&s, &err), &err);
                for (int i = 0; i < OUT_H * OUT_W * 3; i++)
                    assert_true(s.out[i] == -1.0f - (float)(i % 3));
            }
}

static void threads(void **state) {
    (void)state;
    for (int filter = 0; filter < GD_N_FILTER; filter++) {
        setup    s;
        float    one[OUT_H * OUT_W * 3];
        gd_error err = {0};
        prepare(&s, filter);
        gd_cpu_set_threads(1);
        gd_assert_ok(run(&s, &err), &err);
        memcpy(one, s.out, sizeof one);
        for (int n = 2; n < 100; n = n * 3 + 1) {
            memset(s.out, 0xff, sizeof s.out);
            gd_cpu_set_threads(n);
            gd_assert_ok(run(&s, &err), &err);
            assert_memory_equal(one, s.out, sizeof one);
        }
        gd_cpu_set_threads(0);
    }
}

static void divisors(void **state) {
    (void)state;
    assert_int_equal(gdk_preprocess_divisor(1 / 255.0f), 255);
    assert_int_equal(gdk_preprocess_divisor(1), 1);
    assert_int_equal(gdk_preprocess_divisor(0.0039f), 0);
    assert_int_equal(gdk_preprocess_divisor(2), 0);
    assert_int_equal(gdk_preprocess_divisor(0), 0);
    assert_int_equal(gdk_preprocess_divisor(-1), 0);
}

/* A session asks before it knows the picture, with room for one pixel. */
static void scratch_serves_any_picture(void **state) {
    (void)state;
    for (int filter = 0; filter < GD_N_FILTER; filter++) {
        setup  s;
        size_t small;
        prepare(&s, filter);
        s.in[0].dim[1] = 1;
        small = gdk_preprocess_cpu_scratch(&s.l, NULL);
        s.in[0].dim[1] = (int64_t)1 << 28;
        assert_int_equal(gdk_preprocess_cpu_scratch(&s.l, NULL), small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scratch_serves_any_picture),
                                       cmocka_unit_test(refuses), cmocka_unit_test(outside),
                                       cmocka_unit_test(threads), cmocka_unit_test(divisors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
