/* pipeline_test.c -- submit and get: order, sources, waits, priorities, the latest picture, all
 * kinds of end, failing pictures, and results that equal those of a session. */
#include <pthread.h>
#include <stdatomic.h>

#include "engine/pipeline/wait.h"
#include "tests/pipeline/pipe_bench.h"
#include "tools/media/picture.h"

/* ---- equality ---------------------------------------------------------------------------- */

enum { PICTURES = 5 };

static gd_session *one_session(const gd_model *m, float conf) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.device = "cpu";
    o.threads = 1;
    o.conf = conf;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    return s;
}

static void equals_on(const gd_model *m, const gd_image *image, int n, float conf) {
    for (int batch = 1; batch <= 3; batch += 2) {
        gd_session         *s = one_session(m, conf);
        gd_pipeline_options o = bench_options(2, batch, 1);
        gd_error            err;
        o.session.conf = conf;
        gd_pipeline *p = bench_open(m, &o);
        for (int i = 0; i < n; i++) assert_int_equal(bench_submit(p, &image[i], i, 0, 0, 0), 1);
        gd_pipeline_drain(p);
        for (int i = 0; i < n; i++) {
            gd_result       want;
            const gd_frame *f = bench_get(p, 0, -1);
            assert_non_null(f);
            assert_int_equal(f->status, GD_OK);
            assert_int_equal(f->id, i);
            assert_int_equal(f->image.width, image[i].width);
            assert_true(f->batch >= 1 && f->batch <= batch);
            assert_true(f->wait_ms >= 0 && f->run_ms > 0);
            assert_true(f->latency_ms >= f->run_ms);
            gd_assert_ok(gd_session_run(s, &image[i], 1, &want, &err), &err);
            bench_assert_near(&f->result, &want);
            gd_pipeline_release(p, f);
        }
        assert_null(bench_get(p, 0, -1));
        gd_pipeline_close(p);
        gd_session_close(s);
    }
}

static void equals_a_session(void **state) {
    (void)state;
    for (int k = 0; k < TINY_FAMILIES; k++) {
        gd_model *m = tiny_open(&tiny_families[k]);
        gd_image  image[4];
        for (int i = 0; i < 4; i++)
            image[i] = tiny_picture(40 + 17 * (i & 1), 33, (uint32_t)i + 1);
        equals_on(m, image, 4, 0.05f);
        for (int i = 0; i < 4; i++) free((void *)(uintptr_t)image[i].rgb);
        gd_model_close(m);
    }
}

static void equals_a_session_on_real_pictures(void **state) {
    (void)state;
    static const char *const name[PICTURES] = {"dog", "eagle", "giraffe", "horses", "person"};
    const gd_decoder_options in_process = {.in_process = true};
    gd_picture               picture[PICTURES] = {0};
    gd_image                 image[PICTURES];
    gd_decoder              *d;
    gd_model                *m;
    gd_error                 err;
    gd_assert_ok(gd_model_load("weights/pretrained/pedestrian.gdw", &m, &err), &err);
    gd_assert_ok(gd_decoder_open(&in_process, &d, &err), &err);
    for (int i = 0; i < PICTURES; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/images/%s.jpg", GD_TEST_DATA, name[i]);
        if (gd_decoder_read(d, path, NULL, &picture[i], &err) == GD_ERR_IO) skip();
        assert_non_null(picture[i].rgb);
        image[i] = gd_picture_image(&picture[i]);
    }
    equals_on(m, image, PICTURES, 0.05f);
    for (int i = 0; i < PICTURES; i++) gd_picture_free(&picture[i]);
    gd_decoder_close(d);
    gd_model_close(m);
}

/* ---- two sources ------------------------------------------------------------------------- */

enum { EACH = 300 };

typedef struct feeder {
    gd_pipeline *p;
    gd_image     image;
    int          source;
} feeder;

static void *feed(void *arg) {
    const feeder *f = arg;
    for (int i = 0; i < EACH; i++)
        if (!bench_submit(f->p, &f->image, i * 2 + f->source, f->source, i % 3, -1)) break;
    return NULL;
}

static void sources_keep_their_order(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(3, 4, 2);
    feeder              f[2];
    pthread_t           thread[2];
    gd_pipeline_stats   stats;
    int                 got[2] = {0}, most = 0;
    o.depth = 9;
    o.batch_min = 2;
    o.batch_wait_ms = 1;
    gd_pipeline *p = bench_open(m, &o);
    for (int i = 0; i < 2; i++) {
        f[i] = (feeder){p, tiny_picture(40 + 20 * i, 40, 3), i};
        pthread_create(&thread[i], NULL, feed, &f[i]);
    }
    for (int n = 0; n < 2 * EACH; n++) {
        const gd_frame *r = bench_get(p, -1, -1);
        assert_non_null(r);
        assert_int_equal(r->status, GD_OK);
        assert_int_equal(r->id, got[r->source]++ * 2 + r->source);
        assert_int_equal(r->image.width, 40 + 20 * r->source);
        if (r->batch > most) most = r->batch;
        gd_pipeline_release(p, r);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        free((void *)(uintptr_t)f[i].image.rgb);
    }
    gd_pipeline_stats_get(p, &stats);
    assert_true(most > 1 && most <= 4);
    assert_true(stats.submitted == 2 * EACH && stats.done == 2 * EACH && stats.failed == 0);
    assert_true(stats.dropped == 0 && stats.batch_mean > 1 && stats.busy > 0);
    assert_true(stats.latency.n == 2 * EACH && stats.run.n >= 2 * EACH / 4);
    assert_true(stats.fps > 0 && stats.bytes > 0 && stats.sessions == 3);
    assert_string_equal(stats.session.device, "cpu");
    gd_pipeline_close(p);
    gd_model_close(m);
}

static void batches_have_few_sizes(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 7, 1);
    const gd_image      image = tiny_picture(8, 8, 5);
    const int           size[] = {4, 4, 4, 4, 2, 2};
    o.batch_min = 6; /* so that six run once they are there, not sooner */
    o.batch_wait_ms = 60e3;
    gd_pipeline *p = bench_open(m, &o);
    for (int i = 0; i < 6; i++) assert_int_equal(bench_submit(p, &image, i, 0, 0, 0), 1);
    for (int i = 0; i < 6; i++) assert_int_equal(bench_get(p, 0, -1)->batch, size[i]);
    gd_pipeline_close(p);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

static void any_source_means_the_earliest(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 1, 3);
    const gd_image      image = tiny_picture(8, 8, 5);
    gd_pipeline        *p = bench_open(m, &o);
    const int           order[] = {1, 0, 2, 2, 0};
    for (int i = 0; i < 5; i++) assert_int_equal(bench_submit(p, &image, i, order[i], 0, 0), 1);
    for (gd_pipeline_stats stats = {0}; stats.done < 5; gd_pipeline_stats_get(p, &stats))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    for (int i = 0; i < 5; i++) {
        const gd_frame *f = bench_get(p, -1, 0);
        assert_non_null(f);
        assert_true(f->id == i && f->source == order[i]);
    }
    gd_pipeline_close(p);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

static void critical_pictures_overtake(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 1, 2);
    const gd_image      image = tiny_picture(8, 8, 5);
    gd_pipeline_stats   stats;
    o.depth = 30;
    o.session.imgsz_h = o.session.imgsz_w = 320; /* slow to run, quick to submit */
    gd_pipeline *p = bench_open(m, &o);
    for (int i = 0; i < 30; i++) assert_int_equal(bench_submit(p, &image, i, 0, 0, 0), 1);
    assert_int_equal(bench_submit(p, &image, 7, 1, 5, 0), 1);
    const gd_frame *f = bench_get(p, 1, -1);
    gd_pipeline_stats_get(p, &stats);
    assert_int_equal(f->id, 7);
    if (stats.done > 29) fail_msg("%d results came before the critical one", (int)stats.done);
    gd_pipeline_release(p, f);
    gd_pipeline_close(p);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

/* ---- waiting ----------------------------------------------------------------------------- */

static void waits_end(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 1, 1);
    const gd_image      image = tiny_picture(40, 40, 5);
    gd_submission       in = {.image = image};
    int                 taken;
    uint8_t            *rgb;
    gd_error            err;
    o.depth = 2;
    gd_pipeline *p = bench_open(m, &o);
    double       start = gd_pipeline_now_ms();
    assert_null(bench_get(p, -1, 0));
    assert_null(bench_get(p, 0, 20));
    assert_true(gd_pipeline_now_ms() - start >= 20);
    assert_int_equal(bench_submit(p, &image, 0, 0, 0, 0), 1);
    assert_int_equal(bench_submit(p, &image, 1, 0, 0, 0), 1);
    start = gd_pipeline_now_ms();
    assert_int_equal(bench_submit(p, &image, 2, 0, 0, 20), 0);
    gd_assert_ok(gd_pipeline_room(p, 0, 4, 4, 0, &rgb, &err), &err);
    assert_null(rgb);
    assert_true(gd_pipeline_now_ms() - start >= 20);
    const gd_frame *f = bench_get(p, 0, -1), *g = bench_get(p, 0, -1);
    assert_true(f->id == 0 && g->id == 1);
    assert_int_equal(bench_submit(p, &image, 2, 0, 0, 0), 0); /* both are held */
    gd_pipeline_release(p, f);
    gd_pipeline_release(p, f); /* twice does no harm */
    gd_pipeline_release(p, NULL);
    assert_int_equal(bench_submit(p, &image, 2, 0, 0, 0), 1);
    assert_int_equal(bench_submit(p, &image, 3, 0, 0, 0), 0);
    gd_pipeline_drain(p);
    assert_int_equal(gd_pipeline_submit(p, &in, -1, &taken, &err), GD_ERR_ARG);
    assert_int_equal(bench_get(p, -1, -1)->id, 2);
    assert_null(bench_get(p, -1, -1));
    gd_pipeline_close(p);
    gd_pipeline_close(NULL);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

static void room_saves_the_copy(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 2, 2);
    gd_submission       in = {.source = 1, .user = &o};
    uint8_t            *rgb, *other;
    int                 taken;
    gd_error            err;
    o.depth = 2;
    gd_pipeline *p = bench_open(m, &o);
    gd_assert_ok(gd_pipeline_room(p, 1, 30, 20, 0, &rgb, &err), &err);
    gd_assert_ok(gd_pipeline_room(p, 1, 30, 20, 0, &other, &err), &err);
    assert_true(rgb && other && rgb != other);
    memset(rgb, 7, 30 * 20 * 3);
    in.image = (gd_image){rgb, 30, 21, 0, 0}; /* more than was asked for */
    assert_int_equal(gd_pipeline_submit(p, &in, 0, &taken, &err), GD_ERR_ARG);
    in.image.height = 20;
    gd_assert_ok(gd_pipeline_submit(p, &in, 0, &taken, &err), &err);
    assert_int_equal(taken, 1);
    const gd_frame *f = bench_get(p, 1, -1);
    assert_true(f->image.rgb == rgb && f->user == &o && f->source == 1);
    gd_pipeline_unroom(p, other);
    gd_pipeline_unroom(p, NULL);
    gd_assert_ok(gd_pipeline_room(p, 1, 30, 20, 0, &rgb, &err), &err);
    assert_ptr_equal(rgb, other);
    gd_pipeline_close(p);
    gd_model_close(m);
}

/* ---- live -------------------------------------------------------------------------------- */

static void the_latest_picture_counts(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 1, 1);
    const gd_image      image = tiny_picture(700, 700, 5);
    gd_pipeline_stats   stats;
    int64_t             last = -1;
    int                 n = 0;
    o.latest = 1;
    gd_pipeline *p = bench_open(m, &o);
    for (int i = 0; i < 80; i++) {
        (void)bench_submit(p, &image, i, 0, 0, -1); /* never waits */
        const gd_frame *f = i % 8 == 0 ? bench_get(p, 0, 0) : NULL;
        if (f) {
            assert_true(f->id > last);
            last = f->id;
            n++;
        }
        gd_pipeline_release(p, f);
    }
    gd_pipeline_drain(p);
    for (const gd_frame *f; (f = bench_get(p, 0, -1)) != NULL; n++) {
        assert_true(f->id > last);
        last = f->id;
        gd_pipeline_release(p, f);
    }
    gd_pipeline_stats_get(p, &stats);
    assert_int_equal(last, 79);
    assert_true(stats.dropped > 0 && stats.submitted == 80);
    assert_int_equal(stats.done, n);
    assert_int_equal(stats.done + stats.dropped, 80);
    gd_pipeline_close(p);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

static void one_picture_waits_at_most(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 1, 1);
    const gd_image      image = tiny_picture(8, 8, 5);
    gd_pipeline_stats   stats;
    o.latest = 1;
    o.depth = 12;
    o.session.imgsz_h = o.session.imgsz_w = 320; /* slow to run, quick to submit */
    gd_pipeline *p = bench_open(m, &o);
    for (int i = 0; i < 8; i++) assert_int_equal(bench_submit(p, &image, i, 0, 0, -1), 1);
    gd_pipeline_stats_get(p, &stats);
    assert_true(stats.dropped > 0); /* though slots are free */
    gd_pipeline_close(p);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

/* ---- ends -------------------------------------------------------------------------------- */

static atomic_int returned;

static void *feed_for_ever(void *arg) {
    const feeder *f = arg;
    while (bench_submit(f->p, &f->image, 0, f->source, 0, -1)) {}
    atomic_fetch_add(&returned, 1);
    return NULL;
}

static void *get_for_ever(void *arg) {
    feeder *f = arg;
    if (!bench_get(f->p, 1, -1)) atomic_fetch_add(&returned, 1); /* its source is silent */
    return NULL;
}

static void a_stop_wakes_everybody(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(2, 2, 2);
    gd_pipeline        *p = bench_open(m, &o);
    feeder              f = {p, tiny_picture(300, 300, 2), 0};
    pthread_t           a, b;
    atomic_store(&returned, 0);
    pthread_create(&a, NULL, feed_for_ever, &f);
    pthread_create(&b, NULL, get_for_ever, &f);
    assert_null(bench_get(p, 1, 60));
    const double start = gd_pipeline_now_ms();
    gd_pipeline_stop(p);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert_int_equal(atomic_load(&returned), 2);
    assert_null(bench_get(p, -1, -1));
    gd_pipeline_close(p);
    assert_true(gd_pipeline_now_ms() - start < 1000);
    gd_model_close(m);
    free((void *)(uintptr_t)f.image.rgb);
}

static bool spoil(void *ctx, gd_gdw_tensor *t) {
    (void)ctx;
    if (tiny_ends(t->name, "stem.conv.conv.weight")) ((float *)(uintptr_t)t->data)[0] = NAN;
    return true;
}

static void a_failing_picture_says_so(void **state) {
    (void)state;
    tiny sick = bench_model;
    sick.change = spoil;
    gd_model           *m = tiny_open(&sick);
    gd_pipeline_options o = bench_options(1, 4, 1);
    const gd_image      image = tiny_picture(40, 40, 5);
    gd_pipeline_stats   stats;
    o.session.check_numerics = 1;
    gd_pipeline *p = bench_open(m, &o);
    for (int i = 0; i < 6; i++) assert_int_equal(bench_submit(p, &image, i, 0, 0, 0), 1);
    gd_pipeline_drain(p);
    for (int i = 0; i < 6; i++) {
        const gd_frame *f = bench_get(p, 0, -1);
        assert_int_equal(f->id, i);
        assert_int_equal(f->status, GD_ERR_CHECK);
        assert_int_equal(f->error.code, 701);
        assert_int_equal(f->result.n_detections, 0);
        gd_pipeline_release(p, f);
    }
    gd_pipeline_stats_get(p, &stats);
    assert_true(stats.failed == 6 && stats.done == 6);
    gd_pipeline_close(p);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

static void bad_options_are_refused(void **state) {
    (void)state;
    gd_model       *m = tiny_open(&bench_model);
    gd_pipeline    *p;
    gd_error        err;
    int             taken;
    const uint8_t   pixels[12] = {0};
    const gd_frame *f;
    for (int bad = 0; bad < 13; bad++) {
        gd_pipeline_options o = bench_options(1, 1, 1);
        if (bad == 0) o.size--;
        if (bad == 1) o.mode = 2;
        if (bad == 2) o.sessions = 65;
        if (bad == 3) o.sources = -1;
        if (bad == 4) o.batch_min = 3;
        if (bad == 5) o.batch_max = 65;
        if (bad == 6) o.depth = 1 << 17;
        if (bad == 7) o.width = 3;
        if (bad == 8) o.width = 65536, o.height = 1;
        if (bad == 9) o.batch_wait_ms = 1e9;
        if (bad == 10) o.batch_wait_ms = (double)NAN;
        if (bad == 11) o.sources = 1024, o.depth = 100;
        if (bad == 12) o.session.conf = 7;
        if (gd_pipeline_open(m, &o, &p, &err) != GD_ERR_ARG || p) fail_msg("case %d", bad);
    }
    const gd_pipeline_options o = bench_options(1, 1, 1);
    p = bench_open(m, &o);
    gd_submission in = {.image = {pixels, 2, 2, 0, 0}, .source = 1};
    assert_int_equal(gd_pipeline_submit(p, &in, 0, &taken, &err), GD_ERR_ARG);
    in.source = 0;
    in.image.stride = 5;
    assert_int_equal(gd_pipeline_submit(p, &in, 0, &taken, &err), GD_ERR_ARG);
    in.image = (gd_image){pixels, 0, 2, 0, 0};
    assert_int_equal(gd_pipeline_submit(p, &in, 0, &taken, &err), GD_ERR_ARG);
    in.image = (gd_image){NULL, 2, 2, 0, 0};
    assert_int_equal(gd_pipeline_submit(p, &in, 0, &taken, &err), GD_ERR_ARG);
    assert_int_equal(gd_pipeline_get(p, 1, 0, &f, &err), GD_ERR_ARG);
    gd_pipeline_close(p);
    gd_model_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_a_session),
                                       cmocka_unit_test(equals_a_session_on_real_pictures),
                                       cmocka_unit_test(sources_keep_their_order),
                                       cmocka_unit_test(batches_have_few_sizes),
                                       cmocka_unit_test(any_source_means_the_earliest),
                                       cmocka_unit_test(critical_pictures_overtake),
                                       cmocka_unit_test(one_picture_waits_at_most),
                                       cmocka_unit_test(waits_end),
                                       cmocka_unit_test(room_saves_the_copy),
                                       cmocka_unit_test(the_latest_picture_counts),
                                       cmocka_unit_test(a_stop_wakes_everybody),
                                       cmocka_unit_test(a_failing_picture_says_so),
                                       cmocka_unit_test(bad_options_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
