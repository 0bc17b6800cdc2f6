/* session_cuda_test.c -- sessions on a GPU against the CPU and against themselves: launched,
 * recorded and replayed runs, batches, shapes in turn, two at once, memory that ends. Skipped
 * with its reason where no GPU can be used. */
#include <pthread.h>

#include "engine/plugin.h"
#include "layers/session_impl.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

enum { MOST = 4096, RUNS = 5 };

typedef struct kept {
    int            n_det, n_cls;
    gd_detection   det[MOST];
    gd_class_score cls[TINY_CLASSES];
} kept;

static void keep(const gd_result *r, kept *k) {
    memset(k, 0, sizeof *k);
    k->n_det = r->n_detections;
    k->n_cls = r->n_classes;
    assert_in_range(k->n_det, 0, MOST);
    assert_in_range(k->n_cls, 0, TINY_CLASSES);
    if (k->n_det) memcpy(k->det, r->detections, (size_t)k->n_det * sizeof *k->det);
    if (k->n_cls) memcpy(k->cls, r->classes, (size_t)k->n_cls * sizeof *k->cls);
}

static gd_session *open_on(const gd_model *m, const char *device, gd_precision precision) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.device = device;
    o.precision = (int)precision;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    return s;
}

static void run(gd_session *s, const gd_image *p, kept *k) {
    gd_result r;
    gd_error  err;
    gd_assert_ok(gd_session_run(s, p, 1, &r, &err), &err);
    keep(&r, k);
}

static void drop(const gd_image *p) { free((void *)(uintptr_t)p->rgb); }

/* Each detection of a, but for scores that graze the threshold, has its like in b. */
static int unmatched(const kept *a, const kept *b, float score, float corner) {
    int missing = 0;
    for (int i = 0; i < a->n_det; i++) {
        bool found = false;
        for (int k = 0; k < b->n_det && !found; k++) {
            const gd_detection *x = &a->det[i], *y = &b->det[k];
            found = x->class_id == y->class_id && fabsf(x->score - y->score) <= score;
            for (int c = 0; c < 4; c++) found &= fabsf(x->box[c] - y->box[c]) <= corner;
        }
        missing += !found;
    }
    return missing;
}

static void like_the_cpu(void **state) {
    (void)state;
    static kept cpu, gpu;
    for (int i = 0; i < TINY_FAMILIES; i++) {
        gd_model      *m = tiny_open(&tiny_families[i]);
        const gd_image p = tiny_picture(50, 30, 1);
        gd_session    *a = open_on(m, "cpu", GD_PRECISION_FP32);
        gd_session    *b = open_on(m, "cuda", GD_PRECISION_FP32);
        run(a, &p, &cpu);
        run(b, &p, &gpu);
        assert_int_equal(cpu.n_cls, gpu.n_cls);
        for (int c = 0; c < cpu.n_cls; c++) {
            assert_int_equal(cpu.cls[c].class_id, gpu.cls[c].class_id);
            assert_true(fabsf(cpu.cls[c].score - gpu.cls[c].score) < 1e-4f);
        }
        /* Made-up weights give boxes that score alike: rounding may swap a few at the cuts. */
        const int lost = unmatched(&cpu, &gpu, 1e-3f, 0.05f);
        if (lost > cpu.n_det / 50 + 1)
            fail_msg("%s: %d of %d detections of the CPU not found", tiny_families[i].arch,
                     lost, cpu.n_det);
        gd_session_close(a);
        gd_session_close(b);
        gd_model_close(m);
        drop(&p);
    }
}

/* The first run launches kernel by kernel, the second is recorded, the rest are replays. */
static void replays_equal_the_first_run(void **state) {
    (void)state;
    static kept first, now;
    for (int i = 0; i < TINY_FAMILIES; i++)
        for (int half = 0; half < 2; half++) {
            gd_model      *m = tiny_open(&tiny_families[i]);
            const gd_image p = tiny_picture(50, 30, 1), q = tiny_picture(50, 30, 2);
            gd_session    *s = open_on(m, "cuda", half ? GD_PRECISION_FP16 : GD_PRECISION_FP32);
            gd_exec_stats  stats;
            run(s, &p, &first);
            for (int k = 1; k < RUNS; k++) {
                run(s, &q, &now); /* another picture in between must leave nothing behind */
                run(s, &p, &now);
                assert_memory_equal(&now, &first, sizeof now);
            }
            gd_exec_stats_get(s->last->exec, &stats);
            assert_true(stats.replays);
            gd_session_close(s);
            gd_model_close(m);
            drop(&p);
            drop(&q);
        }
}

static void shapes_in_turn(void **state) {
    (void)state;
    static kept want[3], now;
    gd_model   *m = tiny_open(&tiny_families[2]);
    gd_image    p[3];
    gd_session *s = open_on(m, "cuda", GD_PRECISION_FP32);
    for (int i = 0; i < 3; i++) {
        p[i] = tiny_picture(40 + 30 * i, 70 - 20 * i, (uint32_t)i);
        run(s, &p[i], &want[i]);
    }
    for (int k = 0; k < 9; k++) {
        run(s, &p[k % 3], &now);
        assert_memory_equal(&now, &want[k % 3], sizeof now);
    }
    gd_session_close(s);
    gd_model_close(m);
    for (int i = 0; i < 3; i++) drop(&p[i]);
}

/* Pictures of one shape as a batch, from ordinary and from pinned memory. */
static void batches_equal_single_pictures(void **state) {
    (void)state;
    static kept one[3], now;
    gd_model   *m = tiny_open(&tiny_families[1]);
    gd_image    p[3];
    gd_result   r[3];
    gd_error    err;
    void       *pinned;
    gd_session *s = open_on(m, "cuda", GD_PRECISION_FP32);
    for (int i = 0; i < 3; i++) {
        p[i] = tiny_picture(50, 30, (uint32_t)i);
        run(s, &p[i], &one[i]);
    }
    const uint8_t *rgb = p[1].rgb;
    gd_assert_ok(gd_session_pin(s, 50 * 30 * 3, &pinned, &err), &err);
    memcpy(pinned, rgb, 50 * 30 * 3);
    p[1].rgb = pinned;
    gd_assert_ok(gd_session_run(s, p, 3, r, &err), &err);
    for (int i = 0; i < 3; i++) {
        keep(&r[i], &now);
        if (unmatched(&one[i], &now, 1e-3f, 0.05f) > one[i].n_det / 50 + 1)
            fail_msg("picture %d of the batch: %d detections, alone %d", i, now.n_det,
                     one[i].n_det);
    }
    run(s, &p[1], &now);
    assert_memory_equal(&now, &one[1], sizeof now);
    gd_session_unpin(s, pinned);
    gd_session_close(s);
    gd_model_close(m);
    p[1].rgb = rgb;
    for (int i = 0; i < 3; i++) drop(&p[i]);
}

typedef struct worker {
    const gd_model *m;
    gd_image        p;
    kept            want, now;
    int             wrong;
} worker;

static void *work(void *ctx) {
    worker            *w = ctx;
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_result          r;
    o.device = "cuda";
    o.precision = GD_PRECISION_FP16;
    if (gd_session_open(w->m, &o, &s, NULL) != GD_OK) {
        w->wrong = -1;
        return NULL;
    }
    for (int k = 0; k < 40; k++) {
        if (gd_session_run(s, &w->p, 1, &r, NULL) != GD_OK) {
            w->wrong++;
            continue;
        }
        keep(&r, &w->now);
        w->wrong += memcmp(&w->now, &w->want, sizeof w->now) != 0;
    }
    gd_session_close(s);
    return NULL;
}

static void two_sessions_at_once(void **state) {
    (void)state;
    static worker w[2];
    pthread_t     id[2];
    gd_model     *m = tiny_open(&tiny_families[2]);
    for (int i = 0; i < 2; i++) {
        gd_session *s = open_on(m, "cuda", GD_PRECISION_FP16);
        w[i].m = m;
        w[i].p = tiny_picture(50 + 20 * i, 30, (uint32_t)i);
        run(s, &w[i].p, &w[i].want);
        gd_session_close(s);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&id[i], NULL, work, &w[i]), 0);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_join(id[i], NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(w[i].wrong, 0);
        drop(&w[i].p);
    }
    gd_model_close(m);
}

/* Memory that ends is said with its sizes, and the session goes on when there is some again. */
static void memory_that_ends(void **state) {
    (void)state;
    static kept    want, now;
    gd_model      *m = tiny_open(&tiny_families[1]);
    const gd_image p = tiny_picture(50, 30, 1);
    gd_session    *s = open_on(m, "cuda", GD_PRECISION_FP32);
    gd_result      r;
    gd_error       err = {0};
    s->device->limit = 100000;
    assert_int_equal(gd_session_run(s, &p, 1, &r, &err), GD_ERR_NOMEM);
    assert_int_equal(err.code, 601);
    assert_non_null(strstr(err.msg, "bytes"));
    assert_int_equal(s->device->held, 0);
    s->device->limit = 0;
    run(s, &p, &want);
    run(s, &p, &now);
    assert_memory_equal(&now, &want, sizeof now);
    gd_session_close(s);
    gd_model_close(m);
    drop(&p);
}

/* Crops of a frame that a detector holds, of one that is brought, and on the CPU. */
static void crops(void **state) {
    (void)state;
    enum { CROPS = 5 };
    static const gd_crop crop[CROPS] = {
        {0, 0, 90, 70}, {89, 69, 1, 1}, {3, 5, 40, 60}, {30, 2, 33, 17}, {50, 20, 32, 32}};
    const tiny         d = {.arch = "resnet20_cifar"};
    gd_model          *m = tiny_open(&d), *boxes = tiny_open(&tiny_families[1]);
    gd_session_options keep_them = gd_session_defaults();
    gd_session        *cpu = open_on(m, "cpu", GD_PRECISION_FP32), *finder;
    gd_session        *gpu = open_on(m, "cuda", GD_PRECISION_FP32);
    const gd_image     two[2] = {tiny_picture(90, 70, 9), tiny_picture(90, 70, 10)};
    gd_result          found[2], r[CROPS];
    gd_error           err;
    keep_them.device = "cuda";
    keep_them.keep_pictures = 1;
    gd_assert_ok(gd_session_open(boxes, &keep_them, &finder, &err), &err);
    for (int i = 0; i < 4 * RUNS; i++) {
        gd_crops c = {.image = two[i % 2], .crop = crop, .n = CROPS - i % 3, .picture = i % 2};
        kept     want[CROPS];
        gd_assert_ok(gd_session_run_crops(cpu, &c, r, &err), &err);
        for (int k = 0; k < c.n; k++) keep(&r[k], &want[k]);
        if (i < 2 * RUNS) c.held = finder;
        gd_assert_ok(gd_session_run(finder, two, 2, found, &err), &err);
        gd_assert_ok(gd_session_run_crops(gpu, &c, r, &err), &err);
        for (int k = 0; k < c.n; k++) {
            assert_int_equal(r[k].n_classes, want[k].n_cls);
            for (int j = 0; j < want[k].n_cls; j++) {
                assert_int_equal(r[k].classes[j].class_id, want[k].cls[j].class_id);
                assert_true(fabsf(r[k].classes[j].score - want[k].cls[j].score) <= 1e-4f);
            }
        }
    }
    drop(&two[0]);
    drop(&two[1]);
    gd_session_close(finder);
    gd_session_close(gpu);
    gd_session_close(cpu);
    gd_model_close(m);
    gd_model_close(boxes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(crops),
                                       cmocka_unit_test(like_the_cpu),
                                       cmocka_unit_test(replays_equal_the_first_run),
                                       cmocka_unit_test(shapes_in_turn),
                                       cmocka_unit_test(batches_equal_single_pictures),
                                       cmocka_unit_test(two_sessions_at_once),
                                       cmocka_unit_test(memory_that_ends)};
    gd_device              *d;
    gd_error                err;
    if (gd_device_open("cuda", &d, &err) != GD_OK) {
        printf("skipped: %s\n", err.msg);
        return 77;
    }
    gd_device_close(d);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
