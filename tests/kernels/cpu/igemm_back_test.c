/* igemm_back_test.c -- classes of pixels against a search; the same bits with any number of
 * threads. Values are op_check's business. */
#include "tests/gd_test.h"

#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "kernels/cpu/igemm_back.h"

/* Every pixel is in one class, and its taps and outputs are those that a search finds. */
static void check_axis(int64_t in, int64_t size, int64_t stride, int64_t before,
                       int64_t dilation) {
    int64_t seen = 0;
    for (int64_t which = 0; which < stride; which++) {
        const gdk_class c = gdk_class_of(which, in, size, stride, before, dilation);
        for (int64_t i = 0; i < c.count; i++, seen++) {
            const int64_t h = c.first + i * stride;
            int64_t       j = 0;
            assert_true(h >= 0 && h < in);
            for (int64_t r = 0; r < size; r++) {
                if ((h + before - r * dilation) % stride) continue;
                assert_true(j < c.taps);
                assert_int_equal(c.tap + j * c.tap_step, r);
                assert_int_equal(c.from + i - j * c.from_step,
                                 (h + before - r * dilation) / stride);
                j++;
            }
            assert_int_equal(j, c.taps);
        }
    }
    assert_int_equal(seen, in);
}

static void classes(void **state) {
    (void)state;
    for (int64_t stride = 1; stride <= 4; stride++)
        for (int64_t dilation = 1; dilation <= 4; dilation++)
            for (int64_t size = 1; size <= 5; size++)
                for (int64_t before = 0; before <= 6; before++)
                    for (int64_t in = 1; in <= 7; in++)
                        check_axis(in, size, stride, before, dilation);
}

static gd_tensor tensor(int ndim, const int64_t *dim, bool fill) {
    gd_tensor     t = gd_tensor_make(GD_F32, ndim, dim);
    const int64_t n = gd_tensor_count(&t);
    float        *v = t.data = malloc((size_t)n * sizeof *v);
    assert_non_null(v);
    for (int64_t i = 0; i < n; i++) v[i] = fill ? (float)(i * 37 % 101) / 50 - 1 : 0;
    return t;
}

typedef size_t (*scratch_fn)(const gdk_igemm_shape *s, const gd_device_caps *dev);
typedef void (*run_fn)(const gdk_igemm_shape *s, const gd_launch *l);

static void run_with(const gdk_igemm_shape *s, gd_launch *l, scratch_fn scratch, run_fn run,
                     int threads) {
    const gd_device_caps dev = {.n_sm = threads};
    gd_error             e;
    l->scratch = gd_mem_get(scratch(s, &dev) + 64);
    assert_non_null(l->scratch);
    assert_int_equal(gdk_igemm_back_prepare(l, &dev, &l->state, &e), GD_OK);
    run(s, l);
    gd_mem_put(l->state);
    gd_mem_put(l->scratch);
}

static void check_threads(const gdk_igemm_shape *s, const int64_t *other, const int64_t *result,
                          scratch_fn scratch, run_fn run) {
    const int64_t y[4] = {s->N, s->P, s->Q, s->K};
    gd_tensor     dy = tensor(4, y, true), in = tensor(4, other, true);
    gd_tensor     one = tensor(4, result, false), many = tensor(4, result, false);
    gd_launch     l = {.n_in = 2, .n_out = 1, .in = {&dy, &in}, .out = {&one}};
    run_with(s, &l, scratch, run, 1);
    l.out[0] = &many;
    for (int threads = 2; threads <= 5; threads++) {
        run_with(s, &l, scratch, run, threads);
        assert_memory_equal(one.data, many.data, gd_tensor_bytes(&one));
    }
    free(dy.data);
    free(in.data);
    free(one.data);
    free(many.data);
}

/* Threads share the filters and columns of dw, and the pixels of dx, otherwise each time. */
static void same_bits(void **state) {
    (void)state;
    const gdk_igemm_shape s = {.N = 2,
                               .H = 19,
                               .W = 17,
                               .C = 70,
                               .P = 10,
                               .Q = 9,
                               .K = 45,
                               .R = 3,
                               .S = 3,
                               .groups = 1,
                               .stride = {2, 2},
                               .pad = {1, 1},
                               .dilation = {1, 1}};
    const int64_t         x[4] = {s.N, s.H, s.W, s.C}, w[4] = {s.K, s.R, s.S, s.C};
    check_threads(&s, w, x, gdk_igemm_data_scratch, gdk_igemm_data_run);
    check_threads(&s, x, w, gdk_igemm_weight_scratch, gdk_igemm_weight_run);
    /* few filters and columns, many pixels */
    const gdk_igemm_shape few = {.N = 1,
                                 .H = 61,
                                 .W = 59,
                                 .C = 3,
                                 .P = 61,
                                 .Q = 59,
                                 .K = 9,
                                 .R = 3,
                                 .S = 3,
                                 .groups = 1,
                                 .stride = {1, 1},
                                 .pad = {1, 1},
                                 .dilation = {1, 1}};
    check_threads(&few, (int64_t[]){1, 61, 59, 3}, (int64_t[]){9, 3, 3, 3},
                  gdk_igemm_weight_scratch, gdk_igemm_weight_run);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(classes), cmocka_unit_test(same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
