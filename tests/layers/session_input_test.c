/* session_input_test.c -- pictures of a GPU given to what computes on the CPU: code 514. */
#include "tests/layers/tiny.h"

typedef struct both {
    gd_model *boxes, *classes;
    gd_image  here, there;
} both;

static gd_session *open_on_cpu(const gd_model *m) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.device = "cpu";
    o.threads = 1;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    return s;
}

static void refused(gd_status st, const gd_error *err) {
    assert_int_equal(st, GD_ERR_ARG);
    assert_int_equal(err->code, 514);
    assert_non_null(strstr(err->msg, "GPU 0"));
}

/* Wherever it stands among the pictures; the session goes on with the host's. */
static void by_sessions(void **state) {
    const both    *x = *state;
    gd_session    *s = open_on_cpu(x->boxes);
    const gd_image images[2] = {x->here, x->there};
    gd_result      r[2];
    gd_error       err = {0};
    refused(gd_session_run(s, images, 2, r, &err), &err);
    assert_int_equal(r[0].n_detections, 0);
    gd_assert_ok(gd_session_run(s, images, 1, r, &err), &err);
    gd_session_close(s);
}

static void by_crops(void **state) {
    const both    *x = *state;
    gd_session    *s = open_on_cpu(x->classes);
    const gd_crop  all = {0, 0, 50, 30};
    const gd_crops c = {.image = x->there, .crop = &all, .n = 1};
    gd_result      r;
    gd_error       err = {0};
    refused(gd_session_run_crops(s, &c, &r, &err), &err);
    gd_session_close(s);
}

static void by_filters(void **state) {
    const both             *x = *state;
    static uint8_t          out[50 * 30 * 3];
    const gd_filter_options o = {.size = sizeof o, .device = "cpu", .threads = 1};
    gd_filter              *f;
    gd_error                err = {0};
    gd_assert_ok(gd_filter_open("gaussian", &o, &f, &err), &err);
    refused(gd_filter_run(f, &x->there, out, 0, &err), &err);
    gd_assert_ok(gd_filter_run(f, &x->here, out, 0, &err), &err);
    gd_filter_close(f);
}

static void by_pipelines(void **state) {
    const both         *x = *state;
    gd_pipeline_options o = gd_pipeline_defaults(GD_MODE_LATENCY);
    const gd_submission in = {.image = x->there};
    gd_pipeline        *p;
    gd_error            err = {0};
    int                 taken = 1;
    o.session.device = "cpu";
    o.session.threads = 1;
    gd_assert_ok(gd_pipeline_open(x->classes, &o, &p, &err), &err);
    refused(gd_pipeline_submit(p, &in, -1, &taken, &err), &err);
    assert_int_equal(taken, 0);
    gd_pipeline_close(p);
}

int main(void) {
    both                    x;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(by_sessions, &x), cmocka_unit_test_prestate(by_crops, &x),
        cmocka_unit_test_prestate(by_filters, &x), cmocka_unit_test_prestate(by_pipelines, &x)};
    x.boxes = tiny_open(&tiny_families[1]);
    x.classes = tiny_open(&tiny_families[0]);
    x.here = x.there = tiny_picture(50, 30, 3);
    x.there.gpu = 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free((void *)(uintptr_t)x.here.rgb);
    gd_model_close(x.boxes);
    gd_model_close(x.classes);
    return failed;
}
