/* ahead_test.c -- pictures read in advance: in order, by any number of threads. */
#include <pthread.h>

#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/eval/ahead.h"

enum { N = 200, BAD = 7 };

/* Decoders are told apart by their addresses; nothing looks into them here. */
static char        decoder[GD_AHEAD_THREADS];
static gd_decoder *decoders[GD_AHEAD_THREADS];
static int         busy[GD_AHEAD_THREADS]; /* reads under way with each */

static gd_status pretend(void *ctx, int i, gd_decoder *d, gd_picture *out, gd_error *err) {
    const long k = (char *)d - decoder;
    (void)ctx;
    if (__atomic_fetch_add(&busy[k], 1, __ATOMIC_SEQ_CST)) abort(); /* one at a time */
    if (!out->rgb) out->rgb = gd_mem_array(16, 1);
    out->width = i;
    for (volatile int spin = i * 7919 % 20000; spin > 0;) spin = spin - 1;
    __atomic_fetch_sub(&busy[k], 1, __ATOMIC_SEQ_CST);
    return i % BAD == 3 ? gd_fail(err, GD_ERR_FORMAT, "picture %d", i) : GD_OK;
}

static void in_order(void **state) {
    static const int shape[][2] = {{1, 1}, {1, 5}, {2, 3}, {8, 9}, {16, 80}};
    (void)state;
    for (int i = 0; i < GD_AHEAD_THREADS; i++) decoders[i] = (gd_decoder *)(void *)&decoder[i];
    for (size_t k = 0; k < sizeof shape / sizeof *shape; k++) {
        gd_ahead  *a;
        gd_picture p = {0};
        gd_error   err = {0};
        double     ms;
        gd_assert_ok(
            gd_ahead_open(decoders, shape[k][0], shape[k][1], N, pretend, NULL, &a, &err),
            &err);
        for (int i = 0; i < N; i++) {
            const gd_status st = gd_ahead_next(a, &p, &ms, &err);
            assert_int_equal(st, i % BAD == 3 ? GD_ERR_FORMAT : GD_OK);
            assert_int_equal(p.width, i);
            assert_true(ms >= 0);
        }
        assert_int_equal(gd_ahead_next(a, &p, &ms, &err), GD_ERR_ARG);
        gd_ahead_close(a);
        gd_picture_free(&p);
    }
}

/* Given up in the middle: threads end, what they had read is freed. */
static void given_up(void **state) {
    (void)state;
    for (int stop = 0; stop < 20; stop++) {
        gd_ahead  *a;
        gd_picture p = {0};
        gd_error   err = {0};
        double     ms;
        gd_assert_ok(gd_ahead_open(decoders, 4, 6, N, pretend, NULL, &a, &err), &err);
        for (int i = 0; i < stop; i++) (void)!gd_ahead_next(a, &p, &ms, &err);
        gd_ahead_close(a);
        gd_picture_free(&p);
    }
    gd_ahead *a;
    gd_error  err = {0};
    assert_int_equal(gd_ahead_open(decoders, 0, 6, N, pretend, NULL, &a, &err), GD_ERR_ARG);
    assert_int_equal(gd_ahead_open(decoders, 99, 6, N, pretend, NULL, &a, &err), GD_ERR_ARG);
    gd_ahead_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order), cmocka_unit_test(given_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
