/* pipe_bench.h -- what the tests of the pipeline share: a tiny model, results that compare. */
#ifndef GD_TESTS_PIPE_BENCH_H
#define GD_TESTS_PIPE_BENCH_H

#include <math.h>
#include <time.h>

#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

/* Under ThreadSanitizer: libgomp and oneDNN are not built with it, so what orders their threads
 * (futexes of the pool, a cache of their own) is invisible. */
#if defined(__SANITIZE_THREAD__)
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) {
    return "race:libdnnl.so\nmutex:libdnnl.so\ncalled_from_lib:libdnnl.so\n"
           "called_from_lib:libgomp.so\n";
}
#endif

/* Small pictures go through it in well under a millisecond; one thread each, since ten
 * sessions of a test would fight for two cores. */
static const tiny bench_model = {
    .arch = "yolox_nano",
    .divide = 4,
    .meta = (const gd_meta_pair[]){{"input.size", "32x32"}, {"post.conf", "0.001"}, {0}}};

static inline gd_pipeline_options bench_options(int sessions, int batch, int sources) {
    gd_pipeline_options o = gd_pipeline_defaults(GD_MODE_THROUGHPUT);
    o.sessions = sessions;
    o.batch_max = batch;
    o.sources = sources;
    o.session.threads = 1;
    o.session.device = "cpu";
    return o;
}

static inline gd_pipeline *bench_open(const gd_model *m, const gd_pipeline_options *o) {
    gd_pipeline *p;
    gd_error     err;
    gd_assert_ok(gd_pipeline_open(m, o, &p, &err), &err);
    return p;
}

/* Submits; whether it was taken. */
static inline int bench_submit(gd_pipeline *p, const gd_image *image, int64_t id, int source,
                               int priority, double wait_ms) {
    const gd_submission in = {*image, id, source, priority, NULL};
    int                 taken;
    gd_error            err;
    gd_assert_ok(gd_pipeline_submit(p, &in, wait_ms, &taken, &err), &err);
    return taken;
}

static inline const gd_frame *bench_get(gd_pipeline *p, int source, double wait_ms) {
    const gd_frame *f;
    gd_error        err;
    gd_assert_ok(gd_pipeline_get(p, source, wait_ms, &f, &err), &err);
    return f;
}

/* Batches may take other kernels than single pictures, which round in another order. */
static inline void bench_assert_near(const gd_result *got, const gd_result *want) {
    if (got->n_detections != want->n_detections || got->n_classes != want->n_classes)
        fail_msg("%d detections and %d classes, not %d and %d", got->n_detections,
                 got->n_classes, want->n_detections, want->n_classes);
    for (int i = 0; i < got->n_detections; i++) {
        const gd_detection *a = &got->detections[i], *b = &want->detections[i];
        assert_int_equal(a->class_id, b->class_id);
        assert_true(fabsf(a->score - b->score) < 1e-4f);
        for (int k = 0; k < 4; k++) assert_true(fabsf(a->box[k] - b->box[k]) < 0.05f);
    }
    for (int i = 0; i < got->n_classes; i++) {
        assert_int_equal(got->classes[i].class_id, want->classes[i].class_id);
        assert_true(fabsf(got->classes[i].score - want->classes[i].score) < 1e-4f);
    }
}

#endif
