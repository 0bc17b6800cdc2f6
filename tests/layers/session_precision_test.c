/* session_precision_test.c -- what sessions compute in: asked for, told by a file, refused. */
#include "layers/session_impl.h"
#include "tests/layers/tiny.h"

static const char *chosen(const gd_model *m, gd_precision asked, gd_backend_id on, int sm,
                          bool *tf32) {
    gd_device_caps  dev = {.backend = on, .sm = sm};
    gd_precision    p;
    gd_error        err;
    const gd_status st = gd_session_precision(m, asked, &dev, &p, &err);
    *tf32 = dev.tf32;
    if (st == GD_OK) return gd_precision_name(p);
    assert_int_equal(st, GD_ERR_UNSUPPORTED);
    assert_int_equal(err.code, 210);
    assert_true(err.why[0] && err.hint[0]);
    return "refused";
}

static gd_model *model(const char *parity) {
    const gd_meta_pair meta[] = {{"input.size", "64x96"}, {"parity.fp16", parity}, {0}};
    tiny               d = tiny_families[1];
    d.meta = meta;
    return tiny_open(&d);
}

static void choices(void **state) {
    (void)state;
    static const struct {
        const char   *parity;
        gd_precision  asked;
        gd_backend_id on;
        int           sm;
        const char   *want;
    } row[] = {
        {"passed", GD_PRECISION_AUTO, GD_CPU, 0, "fp32"},
        {"passed", GD_PRECISION_AUTO, GD_CUDA, 75, "fp16"},
        {"failed", GD_PRECISION_AUTO, GD_CUDA, 90, "fp32"},
        {NULL, GD_PRECISION_AUTO, GD_CUDA, 90, "fp32"},
        {NULL, GD_PRECISION_FP16, GD_CUDA, 90, "fp16"},
        {"passed", GD_PRECISION_FP32, GD_CUDA, 90, "fp32"},
        {"passed", GD_PRECISION_TF32, GD_CUDA, 80, "tf32"},
        {"passed", GD_PRECISION_TF32, GD_CUDA, 75, "refused"},
        {"passed", GD_PRECISION_TF32, GD_CPU, 0, "refused"},
        {"passed", GD_PRECISION_FP16, GD_CPU, 0, "refused"},
        {NULL, GD_PRECISION_FP32, GD_CPU, 0, "fp32"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        gd_model *m = model(row[i].parity);
        bool      tf32;
        assert_string_equal(chosen(m, row[i].asked, row[i].on, row[i].sm, &tf32), row[i].want);
        if (strcmp(row[i].want, "refused") != 0)
            assert_int_equal(tf32, !strcmp(row[i].want, "tf32"));
        gd_model_close(m);
    }
}

static void sessions_on_the_cpu(void **state) {
    (void)state;
    gd_model *m = model("passed");
    for (int p = -1; p <= GD_N_PRECISION; p++) {
        gd_session_options o = gd_session_defaults();
        gd_session_stats   stats;
        gd_session        *s;
        gd_error           err;
        assert_int_equal(o.precision, GD_PRECISION_AUTO);
        o.device = "cpu";
        o.precision = p;
        const gd_status st = gd_session_open(m, &o, &s, &err);
        if (p < 0 || p == GD_N_PRECISION) {
            assert_int_equal(st, GD_ERR_ARG);
        } else if (p > GD_PRECISION_FP32) {
            assert_int_equal(st, GD_ERR_UNSUPPORTED);
            assert_int_equal(err.code, 210);
        } else {
            gd_assert_ok(st, &err);
            gd_session_stats_get(s, &stats);
            assert_string_equal(stats.precision, "fp32");
            gd_session_close(s);
            continue;
        }
        assert_null(s);
    }
    gd_model_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices),
        cmocka_unit_test(sessions_on_the_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
