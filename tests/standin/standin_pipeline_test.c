/* standin_pipeline_test.c -- a pipeline on the stand-in GPU: page-locked slots, and the device
 * that is lost half way.
 *
 * The fault comes once pictures are under way: each picture that was submitted comes out, with
 * a result or with the reason; then get and submit say the reason, and nothing waits for ever.
 */
#include <dlfcn.h>

#include "engine/plugin.h"
#include "tests/pipeline/pipe_bench.h"

static struct {
    void (*make_fail)(long n, int on, int error, const char *call);
    long (*calls)(void);
    long (*live)(void);
} standin;

/* Function pointers out of dlsym. */
static bool find(void *so, const char *name, void *slot) {
    void *found = dlsym(so, name);
    memcpy(slot, &found, sizeof found);
    return found != NULL;
}

static bool is_here(void) {
    void *so = dlopen("libcudart.so.13", RTLD_NOW);
    return so && find(so, "standin_fail", &standin.make_fail) &&
           find(so, "standin_calls", &standin.calls) && find(so, "standin_live", &standin.live);
}

static gd_pipeline *open_on_gpu(const gd_model *m) {
    gd_pipeline_options o = bench_options(1, 4, 1);
    o.session.device = "cuda";
    o.session.precision = GD_PRECISION_FP32;
    o.width = o.height = 32;
    return bench_open(m, &o);
}

static void slots_are_page_locked(void **state) {
    (void)state;
    gd_model         *m = tiny_open(&bench_model);
    const gd_image    image = tiny_picture(24, 24, 5);
    const long        before = standin.live();
    gd_pipeline_stats stats;
    standin.make_fail(0, 0, 0, "");
    gd_pipeline *p = open_on_gpu(m);
    for (int i = 0; i < 8; i++) assert_int_equal(bench_submit(p, &image, i, 0, 0, -1), 1);
    gd_pipeline_drain(p);
    int n = 0;
    for (const gd_frame *f; (f = bench_get(p, 0, -1)) != NULL; n++) {
        assert_int_equal(f->status, GD_OK);
        assert_int_equal(f->id, n);
        gd_pipeline_release(p, f);
    }
    gd_pipeline_stats_get(p, &stats);
    assert_int_equal(n, 8);
    assert_string_equal(stats.session.device, "cuda:0");
    assert_true(stats.bytes > 0);
    gd_pipeline_close(p);
    assert_int_equal(standin.live(), before);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

static void a_lost_device_ends_it(void **state) {
    (void)state;
    gd_model       *m = tiny_open(&bench_model);
    const gd_image  image = tiny_picture(24, 24, 5);
    gd_submission   in = {.image = image};
    gd_pipeline    *p = open_on_gpu(m);
    const gd_frame *f;
    gd_status       st = GD_OK;
    gd_error        err = {0};
    int             taken = 1, submitted = 0, good = 0, bad = 0;
    standin.make_fail(40, 1, 700, ""); /* a kernel's bad address, some runs from here */
    while (st == GD_OK && taken) {
        st = gd_pipeline_submit(p, &in, 0, &taken, &err);
        submitted += st == GD_OK && taken;
        if (st != GD_OK || taken) continue;
        assert_non_null(f = bench_get(p, 0, -1));
        *(f->status == GD_OK ? &good : &bad) += 1;
        gd_pipeline_release(p, f);
        taken = 1;
    }
    assert_int_equal(st, GD_ERR_DEVICE);
    assert_true(strlen(err.msg) > 12);
    while ((st = gd_pipeline_get(p, 0, -1, &f, &err)) == GD_OK && f) {
        assert_true(f->status == GD_OK || f->status == GD_ERR_DEVICE);
        assert_true(f->status == GD_OK || strlen(f->error.msg) > 12);
        *(f->status == GD_OK ? &good : &bad) += 1;
        gd_pipeline_release(p, f);
    }
    assert_int_equal(st, GD_ERR_DEVICE);
    assert_true(bad > 0);
    assert_int_equal(good + bad, submitted);
    gd_pipeline_close(p);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

int main(void) {
    /* The fault comes last: after it the process has no GPU any more. */
    const struct CMUnitTest tests[] = {cmocka_unit_test(slots_are_page_locked),
                                       cmocka_unit_test(a_lost_device_ends_it)};
    const gd_plugin        *p;
    gd_error                e = {0};
    if (!is_here()) {
        printf("skipped: needs the CUDA plugin with the shared runtime, and the stand-in\n");
        return 77;
    }
    if (gd_plugin_load("cuda", &p, &e) != GD_OK) {
        printf("%s: %s\n", e.msg, e.why);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
