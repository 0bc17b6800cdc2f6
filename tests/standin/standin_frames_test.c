/* standin_frames_test.c -- pictures that are on a GPU already, without one: what sessions,
 * crops and filters read is what lies there, frames come down once, calls fail in turn. */
#include "layers/session_impl.h"
#include "tests/standin/standin_world.h"
#include "tools/cli/painter.h"
#include "tools/media/video_gpu.h"

enum { W = 90, H = 70, BYTES = W * H * 3, APART = 3 * W + 14 };

static gd_status open_on_gpu(const gd_model *m, gd_session **s, gd_error *err) {
    gd_session_options o = gd_session_defaults();
    o.device = "cuda";
    o.threads = 1;
    return gd_session_open(m, &o, s, err);
}

static const uint8_t *pixels_of(const gd_session *s) {
    const int v = gd_graph_find_input(&s->last->graph, "pixels");
    return gd_exec_tensor(s->last->exec, v)->data;
}

/* Memory of the stand-in's GPU is the host's: a test may write there. */
static void write_rows(uint8_t *to, size_t step, const gd_image *p) {
    for (size_t y = 0; y < (size_t)p->height; y++)
        memcpy(to + y * step, p->rgb + y * 3 * (size_t)p->width, 3 * (size_t)p->width);
}

static gd_status frame_with(const standin_world *x, const gd_video_gpu *g, gd_video_frame *f,
                            gd_error *err) {
    GD_TRY(gd_video_frame_device(f, W, H, g, err));
    memcpy(f->device, x->p.rgb, BYTES);
    return GD_OK;
}

static gd_status run_pictures(const standin_world *x, const gd_video_gpu *g,
                              const gd_video_frame *f, bool look, gd_error *err) {
    gd_session    *s = NULL, *c = NULL;
    gd_result      r[3];
    void          *apart = NULL;
    const gd_crop  whole = {0, 0, W, H};
    const gd_image there = gd_video_frame_image(f);
    gd_image       rows = there;
    gd_status      st;
    GD_GO(g->take(g->ctx, (size_t)APART * H, &apart, err));
    write_rows(apart, APART, &x->p);
    rows.rgb = apart;
    rows.stride = APART;
    const gd_image many[3] = {there, x->p, rows};
    GD_GO(open_on_gpu(x->boxes, &s, err));
    for (int i = 0; i < 4; i++) { /* launched, recorded, replayed */
        GD_GO(gd_session_run(s, &there, 1, r, err));
        if (look) assert_memory_equal(pixels_of(s), x->p.rgb, BYTES);
    }
    GD_GO(gd_session_run(s, many, 3, r, err)); /* and beside the host's */
    for (int i = 0; i < 3 && look; i++)
        assert_memory_equal(pixels_of(s) + (size_t)i * (size_t)s->last->cap * 3, x->p.rgb,
                            BYTES);
    GD_GO(open_on_gpu(x->classes, &c, err));
    const gd_crops crops = {.image = rows, .crop = &whole, .n = 1};
    GD_GO(gd_session_run_crops(c, &crops, r, err));
    if (look) assert_memory_equal(c->frame, x->p.rgb, BYTES);
    rows.gpu = 2;
    if (look) {
        assert_int_equal(gd_session_run(s, &rows, 1, r, err), GD_ERR_ARG);
        assert_int_equal(err->code, 514);
    }
done:
    g->put(g->ctx, apart);
    gd_session_close(c);
    gd_session_close(s);
    return st;
}

/* Launched, recorded and replayed: one kernel for a frame and what is drawn on it. */
static gd_status paint(const gd_image *there, uint8_t *out, gd_error *err) {
    const gd_filter_drawing d = gd_painter_drawing();
    const gd_overlay_look   rate = {.style = gd_draw_defaults(), .fps = 12.5};
    gd_filter_options       o = gd_filter_defaults();
    gd_painter              p = {0};
    gd_filter              *f = NULL;
    gd_status               st;
    o.device = "cuda";
    GD_GO(gd_filter_open_drawing(NULL, &o, &d, &f, err));
    GD_GO(gd_painter_open(&p, f, err));
    for (int i = 0; i < 3; i++) {
        const long before = standin.launches();
        GD_GO(gd_painter_run(&p, &rate, there, out, err));
        if (i == 0) assert_int_equal(standin.launches(), before + 1);
        assert_true(p.ink[0].kind > 5); /* a panel, and the letters of "12.5 FPS" */
    }
done:
    gd_painter_close(&p);
    gd_filter_close(f);
    return st;
}

static gd_status live(const standin_world *x, bool look, gd_error *err) {
    static uint8_t    out[BYTES];
    gd_video_gpu     *g = NULL;
    gd_filter        *filter = NULL;
    gd_video_frame    f = {0};
    gd_filter_options o = gd_filter_defaults();
    gd_status         st;
    o.device = "cuda";
    GD_GO(gd_video_gpu_open("cuda:0", NULL, 0, &g, err));
    GD_GO(g->enter(g->ctx, err));
    GD_GO(frame_with(x, g, &f, err));
    GD_GO(run_pictures(x, g, &f, look, err));
    GD_GO(gd_filter_open("gaussian", &o, &filter, err));
    const gd_image there = gd_video_frame_image(&f);
    GD_GO(gd_filter_run(filter, &there, out, 0, err));
    GD_GO(paint(&there, out, err));
    const gd_video_planes planes = {f.device, f.device + W * H, W, W, W, H, 0, false};
    const long            before = standin.launches();
    GD_GO(g->convert(g->ctx, &planes, f.device, err));
    if (look) assert_int_equal(standin.launches(), before + 1);
    GD_GO(gd_video_frame_host(&f, err));
    if (look) assert_memory_equal(f.rgb, x->p.rgb, BYTES);
done:
    gd_filter_close(filter);
    gd_video_frame_free(&f);
    gd_video_gpu_close(g);
    return st;
}

static void pictures(void **state) {
    const long before = standin.live();
    gd_error   err = {0};
    standin.make_fail(0, 0, 0, "");
    gd_assert_ok(live(*state, true, &err), &err);
    assert_int_equal(standin.live(), before);
}

static void calls_that_fail(void **state) { standin_sweep(*state, live); }

int main(void) {
    standin_world           x = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(pictures, &x),
                                       cmocka_unit_test_prestate(calls_that_fail, &x)};
    return standin_run("frames", tests, sizeof tests / sizeof *tests, &x, W, H);
}
