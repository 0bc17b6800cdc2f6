/* session_info_test.c -- memory told before a run and held by it, and what it took. */
#include "layers/session_impl.h"
#include "tests/layers/tiny.h"

static gd_session *open_cpu(const gd_model *m) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.device = "cpu";
    o.threads = 2;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    return s;
}

/* The plan is what the run takes, for one picture and for a batch; a known shape takes no
 * more. */
static void plan_is_kept(void **state) {
    (void)state;
    for (int f = 0; f < TINY_FAMILIES; f++)
        for (int n = 1; n <= 3; n += 2) {
            gd_model        *m = tiny_open(&tiny_families[f]);
            gd_session      *s = open_cpu(m);
            const gd_image   p = tiny_picture(37, 23, 5);
            const gd_image   images[3] = {p, p, p};
            gd_result        r[3];
            gd_session_stats stats;
            gd_error         err;
            uint64_t         want, again;
            gd_assert_ok(gd_session_plan(s, 37, 23, n, &want, &err), &err);
            gd_session_stats_get(s, &stats);
            assert_int_equal(stats.bytes, 0);
            assert_int_equal(stats.peak_bytes, 0);
            gd_assert_ok(gd_session_run(s, images, n, r, &err), &err);
            gd_session_stats_get(s, &stats);
            assert_int_equal(stats.peak_bytes, stats.bytes);
            assert_int_equal(stats.bytes, want);
            assert_int_equal(stats.batch, n);
            gd_assert_ok(gd_session_plan(s, 37, 23, n, &again, &err), &err);
            assert_int_equal(again, 0);
            gd_session_close(s);
            gd_model_close(m);
            free((void *)(uintptr_t)p.rgb);
        }
}

static void refusals(void **state) {
    gd_model   *m = tiny_open(&tiny_families[1]);
    gd_session *s = open_cpu(m);
    gd_error    err = {0};
    uint64_t    bytes = 7;
    (void)state;
    static const int wrong[][3] = {{0, 5, 1}, {5, 0, 1}, {5, 5, 0}, {65536, 5, 1}, {5, -1, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(
            gd_session_plan(s, wrong[i][0], wrong[i][1], wrong[i][2], &bytes, &err),
            GD_ERR_ARG);
        assert_int_equal(bytes, 0);
    }
    gd_session_close(s);
    gd_model_close(m);
}

static void stats_of_the_cpu(void **state) {
    gd_model        *m = tiny_open(&tiny_families[1]);
    gd_session      *s = open_cpu(m);
    const gd_image   p = tiny_picture(37, 23, 5);
    gd_result        r;
    gd_error         err;
    gd_session_stats stats;
    uint64_t         room;
    void            *pinned;
    (void)state;
    gd_assert_ok(gd_session_pin(s, 37 * 23 * 3, &pinned, &err), &err);
    memcpy(pinned, p.rgb, 37 * 23 * 3);
    gd_assert_ok(gd_session_run(s, &(gd_image){pinned, 37, 23, 0, 0}, 1, &r, &err), &err);
    gd_session_unpin(s, pinned);
    gd_session_unpin(s, NULL);
    gd_session_stats_get(s, &stats);
    assert_string_equal(stats.device, "cpu");
    assert_string_equal(stats.precision, "fp32");
    assert_string_equal(stats.driver, "");
    assert_true(stats.no_gpu == 0 && stats.sm == 0 && stats.device_bytes == 0);
    assert_true(stats.device_ms > 0);
    assert_true(stats.stage_ms[GD_STAGE_PLAN] > 0 && stats.stage_ms[GD_STAGE_WEIGHTS] > 0);
    assert_true(stats.stage_ms[GD_STAGE_PLUGIN] == 0 && stats.stage_ms[GD_STAGE_CAPTURE] == 0);
    gd_assert_ok(gd_session_room(s, &room, &err), &err);
    assert_true(room > 1 << 20);
    /* A failed run took no time on the device. */
    assert_int_equal(gd_session_run(s, &p, 0, &r, &err), GD_ERR_ARG);
    gd_session_stats_get(s, &stats);
    assert_true(stats.device_ms == 0 && stats.batch == 0);
    gd_session_close(s);
    gd_model_close(m);
    free((void *)(uintptr_t)p.rgb);
}

/* "auto" never fails for want of a GPU, and says why; a GPU that is named does. */
static void automatic(void **state) {
    gd_model          *m = tiny_open(&tiny_families[0]);
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_session_stats   stats;
    gd_error           err = {0};
    (void)state;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    gd_session_stats_get(s, &stats);
    if (!strcmp(stats.device, "cpu")) {
        assert_in_range(stats.no_gpu, 500, 599);
        assert_true(stats.no_gpu_why[0] != '\0');
        const int why = stats.no_gpu;
        gd_session_close(s);
        o.device = "cuda";
        assert_int_equal(gd_session_open(m, &o, &s, &err), GD_ERR_DEVICE);
        assert_int_equal(err.code, why);
        assert_null(s);
    }
    gd_session_close(s);
    gd_model_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_is_kept), cmocka_unit_test(refusals),
        cmocka_unit_test(stats_of_the_cpu), cmocka_unit_test(automatic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
