/* standin_maps_test.c -- which shared libraries a run on a GPU maps into its process.
 *
 * cuDNN, cuBLASLt and NVRTC take a gigabyte and a fifth of a second, so a run maps them only
 * where vendor kernels were asked for. Runs on the stand-in runtime, or on a GPU. */
#include "engine/gdrun.h"
#include "tests/layers/tiny.h"

static const char *const vendors[] = {"libcudnn", "libcublas", "libnvrtc", "libnvJitLink",
                                      "libgdrun_vendor"};

/* The first mapped file whose name holds `part`, in a static buffer; NULL: there is none. */
static const char *mapped(const char *part) {
    static char line[4096];
    const char *found = NULL;
    FILE       *f = fopen("/proc/self/maps", "r");
    assert_non_null(f);
    while (!found && fgets(line, sizeof line, f)) {
        const char *slash = strrchr(line, '/');
        if (slash && strstr(slash, part)) found = line;
    }
    fclose(f);
    return found;
}

static void assert_no_vendor(void) {
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++) {
        const char *found = mapped(vendors[i]);
        if (found) fail_msg("a default run maps %s", found);
    }
}

static void default_runs_map_no_vendor_library(void **state) {
    (void)state;
    static const int precision[] = {GD_PRECISION_FP32, GD_PRECISION_TF32, GD_PRECISION_FP16};
    for (int i = 0; i < TINY_FAMILIES; i++) {
        gd_model *m = tiny_open(&tiny_families[i]);
        gd_image  p = tiny_picture(50, 30, 1);
        for (int k = 0; k < 3; k++) {
            gd_session_options o = gd_session_defaults();
            gd_session        *s;
            gd_result          r;
            gd_error           err;
            o.device = "cuda";
            o.precision = precision[k];
            const gd_status st = gd_session_open(m, &o, &s, &err);
            if (st == GD_ERR_DEVICE) {
                printf("skipped: %s: %s\n", err.msg, err.why);
                exit(77);
            }
            gd_assert_ok(st, &err);
            assert_non_null(mapped("libgdrun_cuda"));
            /* The stand-in computes nothing, so that results may be refused there. */
            const gd_status ran = gd_session_run(s, &p, 1, &r, &err);
            if (ran != GD_OK && ran != GD_ERR_CHECK) gd_assert_ok(ran, &err);
            assert_no_vendor();
            gd_session_close(s);
        }
        free((void *)p.rgb);
        gd_model_close(m);
    }
}

/* The test above would see them. */
static void vendor_kernels_map_them_when_asked_for(void **state) {
    (void)state;
    gd_model          *m = tiny_open(&tiny_families[0]);
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.device = "cuda";
    o.providers = 1;
    const gd_status st = gd_session_open(m, &o, &s, &err);
    if (st != GD_OK) {
        gd_model_close(m);
        assert_int_equal(st, GD_ERR_DEVICE);
        assert_int_equal(err.code, 502);
        printf("skipped: %s: %s\n", err.msg, err.why);
        skip();
    }
    assert_non_null(mapped("libgdrun_vendor"));
    assert_non_null(mapped("libcudnn"));
    assert_non_null(mapped("libcublasLt"));
    gd_session_close(s);
    gd_model_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_runs_map_no_vendor_library),
        cmocka_unit_test(vendor_kernels_map_them_when_asked_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
