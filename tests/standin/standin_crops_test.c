/* standin_crops_test.c -- crops on a device, without one: a frame that a detector holds or that
 * is brought, runs launched, recorded and replayed, and every call failing in turn. */
#include "layers/session_impl.h"
#include "tests/standin/standin_world.h"

enum { W = 90, H = 70, CROPS = 5 };

static const gd_crop crops[CROPS] = {
    {0, 0, W, H}, {W - 1, H - 1, 1, 1}, {3, 5, 40, 60}, {30, 2, 33, 17}, {50, 20, 32, 32}};

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

static gd_status live(const standin_world *x, bool look, gd_error *err) {
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
    const standin_world *x = *state;
    const long           before = standin.live();
    gd_error             err;
    standin.make_fail(0, 0, 0, "");
    gd_assert_ok(live(x, true, &err), &err);
    assert_int_equal(standin.live(), before);
}

static void calls_that_fail(void **state) { standin_sweep(*state, live); }

int main(void) {
    standin_world           x = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(frames, &x),
                                       cmocka_unit_test_prestate(calls_that_fail, &x)};
    return standin_run("crops", tests, sizeof tests / sizeof *tests, &x, W, H);
}
