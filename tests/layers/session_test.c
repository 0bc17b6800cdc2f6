/* session_test.c -- sessions in hard times: memory that ends at any request, other sessions and
 * other numbers of threads beside them, pictures and sizes at the edge, poisoned storage. */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "engine/mem.h"
#include "layers/model.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

/* ---- a heap that fails on demand and has fences ------------------------------------------ */

enum { FENCE = 64 };
static atomic_long requests, live, broken, fail_at = -1; /* fail_at: requests left; -1: never */

/* [size, 64 bytes] [block] [fence, 64 bytes] */
static void *fenced_get(void *ctx, size_t size) {
    (void)ctx;
    atomic_fetch_add(&requests, 1);
    if (atomic_load(&fail_at) >= 0 && atomic_fetch_sub(&fail_at, 1) == 0) return NULL;
    unsigned char *p = aligned_alloc(64, size + 64 + FENCE);
    if (!p) return NULL;
    memcpy(p, &size, sizeof size);
    memset(p + 64 + size, 0xa5, FENCE);
    atomic_fetch_add(&live, 1);
    return p + 64;
}

static void fenced_put(void *ctx, void *block) {
    (void)ctx;
    unsigned char *p = (unsigned char *)block - 64;
    size_t         size;
    memcpy(&size, p, sizeof size);
    for (int i = 0; i < FENCE; i++)
        if (p[64 + size + (size_t)i] != 0xa5) atomic_fetch_add(&broken, 1);
    atomic_fetch_sub(&live, 1);
    free(p);
}

/* ---- results that can be kept ------------------------------------------------------------ */

enum { MOST = 4096 };
typedef struct kept {
    int            n;
    gd_detection   det[MOST];
    gd_class_score cls[TINY_CLASSES];
} kept;

static void keep(const gd_result *r, kept *k) {
    memset(k, 0, sizeof *k);
    k->n = r->n_detections + r->n_classes;
    assert_in_range(k->n, 0, MOST);
    if (r->n_detections)
        memcpy(k->det, r->detections, (size_t)r->n_detections * sizeof *k->det);
    if (r->n_classes) memcpy(k->cls, r->classes, (size_t)r->n_classes * sizeof *k->cls);
}

static void assert_kept(const gd_result *r, const kept *want) {
    static _Thread_local kept now;
    keep(r, &now);
    if (now.n != want->n || memcmp(&now, want, sizeof now))
        fail_msg("%d results differ from %d", now.n, want->n);
}

static void assert_empty(const gd_result *r) {
    assert_null(r->detections);
    assert_null(r->classes);
    assert_int_equal(r->n_detections + r->n_classes + r->n_dropped, 0);
}

static gd_session *open_session(const gd_model *m, int threads) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.threads = threads;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    return s;
}

static void run_and_keep(const gd_model *m, int threads, const gd_image *p, kept *k) {
    gd_session *s = open_session(m, threads);
    gd_result   r;
    gd_error    err;
    gd_assert_ok(gd_session_run(s, p, 1, &r, &err), &err);
    keep(&r, k);
    gd_session_close(s);
}

/* ---- tests ------------------------------------------------------------------------------- */

/* Every request of the first run fails in turn; the session must work on the next run. */
static void starve(const tiny *d) {
    static kept    want[2];
    gd_model      *m = tiny_open(d);
    const gd_image p[2] = {tiny_picture(37, 23, 5), tiny_picture(19, 40, 6)};
    const long     before = atomic_load(&live);
    gd_result      r[2];
    gd_error       err = {0};
    bool           whole = false;
    run_and_keep(m, 2, &p[0], &want[0]);
    run_and_keep(m, 2, &p[1], &want[1]);
    assert_int_equal(atomic_load(&live), before);
    for (long n = 0; !whole; n += n < 20 ? 1 : 7) {
        gd_session *s = open_session(m, 2);
        atomic_store(&fail_at, n);
        const gd_status st = gd_session_run(s, p, 2, r, &err);
        whole = atomic_exchange(&fail_at, -1) >= 0;
        if (whole)
            gd_assert_ok(st, &err);
        else if (st != GD_OK) {
            assert_int_equal(st, GD_ERR_NOMEM);
            assert_empty(&r[0]);
            assert_empty(&r[1]);
        }
        gd_assert_ok(gd_session_run(s, p, 2, r, &err), &err);
        assert_kept(&r[0], &want[0]);
        assert_kept(&r[1], &want[1]);
        gd_session_close(s);
        assert_int_equal(atomic_load(&live), before);
    }
    gd_model_close(m);
    free((void *)(uintptr_t)p[0].rgb);
    free((void *)(uintptr_t)p[1].rgb);
}

static void starved_classifier(void **state) {
    (void)state;
    starve(&tiny_families[0]);
}
static void starved_yolox(void **state) {
    (void)state;
    starve(&tiny_families[1]);
}
static void starved_faster_rcnn(void **state) {
    (void)state;
    starve(&tiny_families[2]);
}

/* Results must be something to compare. */
static void families_find_something(void **state) {
    (void)state;
    static kept k;
    for (int i = 0; i < TINY_FAMILIES; i++) {
        gd_model      *m = tiny_open(&tiny_families[i]);
        const gd_image p = tiny_picture(50, 30, 1);
        run_and_keep(m, 1, &p, &k);
        if (k.n < 3) fail_msg("%s: %d results", tiny_families[i].arch, k.n);
        gd_model_close(m);
        free((void *)(uintptr_t)p.rgb);
    }
}

typedef struct worker {
    const gd_model *m;
    gd_image        p[3];
    kept            want[3];
    int             threads;
    bool            wrong;
} worker;

static void *work(void *ctx) {
    static _Thread_local kept now;
    worker                   *w = ctx;
    gd_session_options        o = gd_session_defaults();
    gd_session               *s;
    gd_result                 r;
    o.threads = w->threads;
    for (int round = 0; round < 3; round++) {
        if (gd_session_open(w->m, &o, &s, NULL) != GD_OK) {
            w->wrong = true;
            return NULL;
        }
        for (int k = 0; k < 12; k++) {
            const int i = k % 3;
            if (gd_session_run(s, &w->p[i], 1, &r, NULL) != GD_OK) w->wrong = true;
            keep(&r, &now);
            w->wrong |= memcmp(&now, &w->want[i], sizeof now) != 0;
        }
        gd_session_close(s);
    }
    return NULL;
}

/* Two of each model at once, each with its own number of threads. */
static void sessions_side_by_side(void **state) {
    (void)state;
    static worker w[4];
    pthread_t     id[4];
    gd_model     *m[2] = {tiny_open(&tiny_families[0]), tiny_open(&tiny_families[1])};
    for (int i = 0; i < 4; i++) {
        w[i].m = m[i / 2];
        w[i].threads = 1 + i % 2 * 2;
        for (int k = 0; k < 3; k++) {
            w[i].p[k] = tiny_picture(20 + 17 * k, 33 - 8 * k, (uint32_t)(i * 3 + k));
            run_and_keep(w[i].m, w[i].threads, &w[i].p[k], &w[i].want[k]);
        }
    }
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&id[i], NULL, work, &w[i]), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(id[i], NULL), 0);
    for (int i = 0; i < 4; i++) {
        assert_false(w[i].wrong);
        for (int k = 0; k < 3; k++) free((void *)(uintptr_t)w[i].p[k].rgb);
    }
    gd_model_close(m[0]);
    gd_model_close(m[1]);
}

/* Scratch is sized when a shape is planned: more threads later must not write beyond it. */
static void threads_of_others(void **state) {
    (void)state;
    static kept want;
    for (int i = 0; i < TINY_FAMILIES; i++) {
        gd_model      *m = tiny_open(&tiny_families[i]);
        const gd_image p = tiny_picture(45, 31, 3);
        gd_result      r;
        gd_error       err;
        run_and_keep(m, 1, &p, &want);
        gd_session *s = open_session(m, 1);
        gd_assert_ok(gd_session_run(s, &p, 1, &r, &err), &err);
        gd_session *other = open_session(m, 8);
        gd_cpu_set_threads(8);
        gd_assert_ok(gd_session_run(s, &p, 1, &r, &err), &err);
        assert_kept(&r, &want);
        gd_cpu_set_threads(0);
        gd_session_close(other);
        gd_session_close(s);
        assert_int_equal(atomic_load(&broken), 0);
        gd_model_close(m);
        free((void *)(uintptr_t)p.rgb);
    }
}

static void options_out_of_range(void **state) {
    (void)state;
    gd_model *m = tiny_open(&tiny_families[1]);
    for (int i = 0; i < 9; i++) {
        gd_session_options o = gd_session_defaults();
        gd_session        *s = (gd_session *)(void *)&o;
        gd_error           err;
        if (i == 0) o.threads = -1;
        if (i == 1) o.threads = 1025;
        if (i == 2) o.conf = (float)NAN;
        if (i == 3) o.iou = 1.5f;
        if (i == 4) o.imgsz_h = 64;
        if (i == 5) o.imgsz_h = o.imgsz_w = 16385;
        if (i == 6) o.imgsz_h = o.imgsz_w = -2;
        if (i == 7) o.device = "cuda";
        if (i == 8) o.size--;
        assert_int_equal(gd_session_open(m, &o, &s, &err), i == 7 ? GD_ERR_DEVICE : GD_ERR_ARG);
        assert_null(s);
    }
    gd_model_close(m);
}

static void pictures_out_of_range(void **state) {
    (void)state;
    gd_model      *m = tiny_open(&tiny_families[0]);
    gd_session    *s = open_session(m, 1);
    const gd_image good = tiny_picture(8, 8, 1);
    gd_result      r[2];
    gd_error       err;
    assert_int_equal(gd_session_run(s, &good, 0, r, &err), GD_ERR_ARG);
    for (int i = 0; i < 6; i++) {
        gd_image p[2] = {good, good};
        if (i == 0) p[1].rgb = NULL;
        if (i == 1) p[1].width = 0;
        if (i == 2) p[1].height = -1;
        if (i == 3) p[1].width = 65536;
        if (i == 4) p[1].height = INT_MAX;
        if (i == 5) p[1].stride = 23;
        memset(r, 0xff, sizeof r);
        assert_int_equal(gd_session_run(s, p, 2, r, &err), GD_ERR_ARG);
        assert_empty(&r[0]);
        assert_empty(&r[1]);
    }
    gd_assert_ok(gd_session_run(s, &good, 1, r, &err), &err);
    assert_int_equal(r[0].n_classes, TINY_CLASSES);
    gd_session_close(s);
    gd_model_close(m);
    free((void *)(uintptr_t)good.rgb);
}

/* Slivers, single pixels, and inputs that no stride divides: an answer or a clean refusal. */
static void pictures_at_the_edge(void **state) {
    (void)state;
    static const int size[][2] = {{1, 1}, {65535, 1}, {1, 65535}, {2, 3}, {641, 2}};
    static const int input[][2] = {{0, 0}, {1, 1}, {1, 33}, {100, 36}, {7, 300}};
    int              good = 0;
    for (int f = 0; f < TINY_FAMILIES; f++) {
        gd_model *m = tiny_open(&tiny_families[f]);
        for (int k = 0; k < 5; k++) {
            gd_session_options o = gd_session_defaults();
            gd_session        *s;
            gd_result          r;
            gd_error           err;
            o.imgsz_h = input[k][0];
            o.imgsz_w = input[k][1];
            o.max_det = INT_MAX;
            gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
            for (int i = 0; i < 5; i++) {
                const gd_image  p = tiny_picture(size[i][0], size[i][1], 9);
                const gd_status st = gd_session_run(s, &p, 1, &r, &err);
                good += st == GD_OK;
                if (k == 0) gd_assert_ok(st, &err);
                if (st != GD_OK && st != GD_ERR_SHAPE && st != GD_ERR_ARG)
                    fail_msg("%s, input %dx%d: %s", tiny_families[f].arch, o.imgsz_h, o.imgsz_w,
                             err.msg);
                for (int j = 0; st == GD_OK && j < r.n_detections; j++)
                    for (int c = 0; c < 4; c++) assert_true(isfinite(r.detections[j].box[c]));
                free((void *)(uintptr_t)p.rgb);
            }
            gd_session_close(s);
        }
        gd_model_close(m);
    }
    print_message("%d of 75 runs gave an answer\n", good);
    assert_true(good > 50);
}

/* ---- storage ----------------------------------------------------------------------------- */

typedef struct planned {
    gd_arena    arena;
    gd_graph    g;
    gd_exec    *e;
    gd_geometry at;
} planned;

static void plan_model(planned *x, const gd_model *m, bool poison) {
    const gd_session_options o = gd_session_defaults();
    const gd_device_caps     dev = gd_cpu_caps();
    const gd_exec_options    run = {.poison = poison};
    gd_recipe                recipe;
    gd_error                 err;
    memset(x, 0, sizeof *x);
    gd_model_recipe(m, &o, &recipe);
    gd_geometry_of(&recipe.rule, 31, 45, &x->at);
    const gd_net_options net = {.batch = 2,
                                .net_h = x->at.net_h,
                                .net_w = x->at.net_w,
                                .conf = recipe.conf,
                                .iou = recipe.iou,
                                .max_det = recipe.max_det};
    gd_graph_init(&x->g, &x->arena);
    gd_assert_ok(gd_model_graph(m, &recipe, &net, 45 * 31, &x->g, &err), &err);
    gd_assert_ok(gd_pass_all(&x->g, &dev, GD_F32, &err), &err);
    gd_assert_ok(gd_exec_open(&x->g, &dev, &run, &x->e, &err), &err);
}

/* Inputs are the caller's to write before each run: their bytes serve others behind it. */
static void run_planned(planned *x, const gd_image *p) {
    float   *geom = gd_exec_tensor(x->e, gd_graph_find_input(&x->g, "geom"))->data;
    gd_error err;
    for (int i = 0; i < 2; i++) gd_geometry_pack(&x->at, geom + 8 * i);
    gd_exec_bind(x->e, gd_graph_find_input(&x->g, "pixels"), (void *)(uintptr_t)p->rgb);
    gd_assert_ok(gd_exec_run(x->e, &err), &err);
}

static void close_planned(planned *x) {
    gd_exec_close(x->e);
    gd_arena_free(&x->arena);
}

/* Bytes that nobody should read are NaN in one of the two; each runs twice. */
static void poison_changes_nothing(void **state) {
    (void)state;
    for (int f = 0; f < TINY_FAMILIES; f++) {
        gd_model      *m = tiny_open(&tiny_families[f]);
        const gd_image p = tiny_picture(45, 62, 4);
        planned        x[2];
        for (int i = 0; i < 2; i++) {
            plan_model(&x[i], m, i == 1);
            for (int run = 0; run < 2; run++) run_planned(&x[i], &p);
        }
        for (int k = 0; k < x[0].g.n_output; k++) {
            const gd_tensor *a = gd_exec_tensor(x[0].e, x[0].g.output[k]);
            const gd_tensor *b = gd_exec_tensor(x[1].e, x[1].g.output[k]);
            assert_memory_equal(a->data, b->data, gd_tensor_bytes(a));
        }
        for (int i = 0; i < 2; i++) close_planned(&x[i]);
        gd_model_close(m);
        free((void *)(uintptr_t)p.rgb);
    }
}

/* Values that passes left without a maker take no room: a slab of the largest few is enough. */
static void slab_holds_living_values_only(void **state) {
    (void)state;
    for (int f = 0; f < TINY_FAMILIES; f++) {
        gd_model     *m = tiny_open(&tiny_families[f]);
        planned       x;
        gd_exec_stats stats;
        size_t        sum = 0;
        plan_model(&x, m, false);
        gd_exec_stats_get(x.e, &stats);
        for (int k = 0; k < x.g.n_node; k++)
            for (int i = 0; i < x.g.node[k].n_out; i++)
                sum += gd_tensor_bytes(gd_exec_tensor(x.e, x.g.node[k].out[i]));
        for (int v = 0; v < x.g.n_value; v++)
            if (x.g.value[v].kind == GD_VALUE_INPUT) sum += gd_tensor_bytes(&x.g.value[v].t);
        assert_int_equal(stats.sum_bytes, sum);
        print_message("%s: slab %zu of %zu bytes\n", tiny_families[f].arch, stats.slab_bytes,
                      sum);
        assert_true(stats.slab_bytes < sum * 3 / 4);
        close_planned(&x);
        gd_model_close(m);
    }
}

int main(void) {
    const gd_alloc          hook = {NULL, fenced_get, fenced_put};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_find_something),
        cmocka_unit_test(starved_classifier),
        cmocka_unit_test(starved_yolox),
        cmocka_unit_test(starved_faster_rcnn),
        cmocka_unit_test(sessions_side_by_side),
        cmocka_unit_test(threads_of_others),
        cmocka_unit_test(options_out_of_range),
        cmocka_unit_test(pictures_out_of_range),
        cmocka_unit_test(pictures_at_the_edge),
        cmocka_unit_test(poison_changes_nothing),
        cmocka_unit_test(slab_holds_living_values_only),
    };
    gd_mem_hook(&hook);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed || atomic_load(&broken) || atomic_load(&live);
}
