/* standin_crops_test.c -- crops on a device, without one: a frame that a detector holds or that
 * is brought, runs launched, recorded and replayed, and every call failing in turn. */
#include <dlfcn.h>

#include "engine/plugin.h"
#include "layers/session_impl.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

enum { W = 90, H = 70, CROPS = 5 };

static struct {
    void (*make_fail)(long n, int on, int error, const char *call);
    long (*live)(void);
    const char *(*failed)(void);
} standin;

static bool find(void *so, const char *name, void *slot) {
    void *found = dlsym(so, name);
    memcpy(slot, &found, sizeof found);
    return found != NULL;
}

static const gd_crop crops[CROPS] = {
    {0, 0, W, H}, {W - 1, H - 1, 1, 1}, {3, 5, 40, 60}, {30, 2, 33, 17}, {50, 20, 32, 32}};

typedef struct pair {
    gd_model *boxes, *classes;
    gd_image  p;
} pair;

static gd_status open_on_gpu(const gd_model *m, gd_session **s, gd_error *err) {
    gd_session_options o = gd_session_defaults();
    o.device = "cuda";
    o.threads = 1;
    o.keep_pictures = m->arch->task == GD_TASK_DETECT;
    return gd_session_open(m, &o, s, err);
}

/* The address that the graph of `batch` crops reads; NULL: there is no such graph. */
static const void *reads(gd_session *s, int batch) {
    const gd_entry key = gd_session_key(s, batch, 32, 32, 0);
    gd_entry      *e = gd_session_find(s, &key);
    return e ? gd_exec_tensor(e->exec, gd_graph_find_input(&e->graph, "pixels"))->data : NULL;
}

static gd_status live(const pair *x, bool look, gd_error *err) {
    gd_session    *d = NULL, *s = NULL;
    gd_result      boxes[2], r[CROPS];
    const gd_image two[2] = {x->p, x->p};
    gd_status      st = open_on_gpu(x->boxes, &d, err);
    if (st == GD_OK) st = open_on_gpu(x->classes, &s, err);
    for (int i = 0; st == GD_OK && i < 10; i++) {
        gd_crops c = {.image = x->p, .crop = crops, .n = i % 2 ? 3 : CROPS};
        /* Held, held as the second of two, brought: four runs of each. */
        const int pictures = i < 4 ? 1 : 2;
        c.held = i < 8 ? d : NULL;
        c.picture = pictures - 1;
        st = gd_session_run(d, two, pictures, boxes, err);
        if (st == GD_OK) st = gd_session_run_crops(s, &c, r, err);
        if (st != GD_OK || !look) continue;
        const int        v = gd_graph_find_input(&d->last->graph, "pixels");
        const gd_tensor *t = gd_exec_tensor(d->last->exec, v);
        const char      *held = (const char *)t->data + c.picture * d->last->cap * 3;
        assert_ptr_equal(reads(s, i % 2 ? 4 : 8), i < 8 ? held : s->frame);
        assert_memory_equal(reads(s, i % 2 ? 4 : 8), x->p.rgb, W * H * 3);
        assert_true((s->frame != NULL) == (i >= 8));
        for (int k = 0; k < c.n; k++) assert_true(r[k].n_classes == TINY_CLASSES);
    }
    gd_session_close(s);
    gd_session_close(d);
    return st;
}

static void frames(void **state) {
    const pair *x = *state;
    const long  before = standin.live();
    gd_error    err;
    standin.make_fail(0, 0, 0, "");
    gd_assert_ok(live(x, true, &err), &err);
    assert_int_equal(standin.live(), before);
}

/* Memory that is not there, once, at the n-th call. */
static void calls_that_fail(void **state) {
    const pair *x = *state;
    for (long n = 1;; n += n < 40 ? 3 : 29) {
        meter          m = {0};
        const gd_alloc hook = {&m, meter_get, meter_put};
        const long     before = standin.live();
        gd_error       err = {0};
        standin.make_fail(n, 0, 2, "");
        gd_mem_hook(&hook);
        const gd_status st = live(x, false, &err);
        gd_mem_hook(NULL);
        const char *failed = standin.failed();
        const bool  stays = strstr(failed, "Free") || strstr(failed, "Destroy") ||
                           strstr(failed, "cudaSetDevice");
        if (m.live || (st != GD_OK && st != GD_ERR_NOMEM) ||
            (!stays && standin.live() > before))
            fail_msg("%s failed as call %ld: %s (%s), %ld blocks, %ld objects left", failed, n,
                     gd_status_name(st), err.msg, m.live, standin.live() - before);
        if (!*failed) {
            assert_int_equal(st, GD_OK);
            break;
        }
    }
    standin.make_fail(0, 0, 0, "");
}

int main(void) {
    const tiny              classifier = {.arch = "resnet20_cifar"};
    pair                    x = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(frames, &x),
                                       cmocka_unit_test_prestate(calls_that_fail, &x)};
    void                   *so = dlopen("libcudart.so.13", RTLD_NOW);
    const gd_plugin        *p;
    gd_error                e = {0};
    if (!so || !find(so, "standin_fail", &standin.make_fail) ||
        !find(so, "standin_live", &standin.live) ||
        !find(so, "standin_failed", &standin.failed)) {
        printf("skipped: needs the CUDA plugin with the shared runtime, and the stand-in\n");
        return 77;
    }
    if (gd_plugin_load("cuda", &p, &e) != GD_OK) {
        printf("%s: %s\n", e.msg, e.why);
        return 1;
    }
    x.boxes = tiny_open(&tiny_families[1]);
    x.classes = tiny_open(&classifier);
    x.p = tiny_picture(W, H, 9);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free((void *)(uintptr_t)x.p.rgb);
    gd_model_close(x.boxes);
    gd_model_close(x.classes);
    return failed;
}
