/* yolo_depth_test.c -- depths of YOLOv5 and YOLOv8 come from the file: less, more, missing;
 * the scores of every class; a fourth level. */
#include "layers/model.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

static const char *const archs[] = {"yolov5n", "yolov8n"};

typedef struct without {
    const char *prefix; /* tensors that begin so are left out */
    float       anchor; /* every side of every anchor */
} without;

static bool leave_out(void *ctx, gd_gdw_tensor *t) {
    const without *w = ctx;
    static float   anchors[24];
    if (!strcmp(t->name, "model.24.anchors") || !strcmp(t->name, "model.33.anchors")) {
        for (int i = 0; i < 24; i++) anchors[i] = w->anchor;
        t->data = anchors;
    }
    return strncmp(t->name, w->prefix, strlen(w->prefix)) != 0;
}

static gd_status load(const char *arch, const char *prefix, gd_model **m, gd_error *err) {
    static const gd_meta_pair meta[] = {{"input.size", "64x96"}, {0}};
    without                   w = {prefix, 2};
    const tiny t = {.arch = arch, .divide = 4, .meta = meta, .change = leave_out, .ctx = &w};
    return tiny_load(&t, m, err);
}

/* One convolution of a bottleneck, wherever it stands, is missed by its name. */
static void one_missing(void **state) {
    (void)state;
    static const char *const weights[] = {
        "model.2.m.0.cv1.conv.weight", "model.2.m.0.cv2.conv.weight",
        "model.4.m.0.cv1.conv.weight", "model.4.m.0.cv2.conv.weight",
        "model.4.m.1.cv1.conv.weight", "model.4.m.1.cv2.conv.weight",
        "model.9.cv1.bn.bias"};
    for (int a = 0; a < 2; a++)
        for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
            gd_model *m;
            gd_error  err;
            assert_int_equal(load(archs[a], weights[i], &m, &err), GD_ERR_FORMAT);
            if (!strstr(err.msg, weights[i]))
                fail_msg("'%s' is not in: %s", weights[i], err.msg);
        }
}

static int nodes(const gd_model *m) {
    gd_arena       arena = {0};
    gd_graph       g;
    gd_error       err;
    gd_net_options opt = {.batch = 1, .net_h = 64, .net_w = 64, .conf = 0.5f, .iou = 0.5f};
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_model_graph(m, &m->recipe, &opt, 0, &g, &err), &err);
    const int n = g.n_node;
    gd_arena_free(&arena);
    return n;
}

/* A file without the second bottleneck is a shallower network; where its width shows in the
 * next convolution, that one disagrees. */
static void shallower(void **state) {
    (void)state;
    gd_model *whole, *less;
    gd_error  err;
    gd_assert_ok(load("yolov5n", "nothing", &whole, &err), &err);
    gd_assert_ok(load("yolov5n", "model.4.m.1.", &less, &err), &err);
    assert_int_equal(nodes(whole) - nodes(less), 7); /* two of three nodes, and the sum */
    gd_model_close(whole);
    gd_model_close(less);
    assert_int_equal(load("yolov8n", "model.4.m.1.", &less, &err), GD_ERR_SHAPE);
    assert_true(strstr(err.msg, "model.4.cv2.conv.weight") != NULL);
}

/* Anchors are lengths. */
static void bad_anchors(void **state) {
    (void)state;
    static const float bad[] = {0, -1, NAN, INFINITY, 1e7f};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        without    w = {"nothing", bad[i]};
        const tiny t = {.arch = "yolov5n", .divide = 4, .change = leave_out, .ctx = &w};
        gd_model  *m;
        gd_error   err;
        assert_int_equal(tiny_load(&t, &m, &err), GD_ERR_FORMAT);
        assert_true(strstr(err.msg, "anchors: number 0 is") != NULL);
    }
}

/* The same picture with and without post.multi_label. */
static void every_class(void **state) {
    (void)state;
    const gd_image p = tiny_picture(50, 70, 1);
    for (int a = 0; a < 2; a++) {
        int found[2];
        for (int multi = 0; multi < 2; multi++) {
            const gd_meta_pair meta[] = {
                {"input.size", "64x96"}, {"post.multi_label", multi ? "1" : "0"},
                {"post.conf", "0.01"},   {"post.iou", "1"},
                {"post.max_det", "0"},   {0}};
            without     w = {"nothing", 2};
            const tiny  t = {.arch = archs[a],
                             .divide = a ? 0 : 4,
                             .meta = meta,
                             .change = leave_out,
                             .ctx = &w};
            gd_model   *m = tiny_open(&t);
            gd_session *s;
            gd_result   r;
            gd_error    err;
            gd_assert_ok(gd_session_open(m, NULL, &s, &err), &err);
            gd_assert_ok(gd_session_run(s, &p, 1, &r, &err), &err);
            found[multi] = r.n_detections;
            gd_session_close(s);
            gd_model_close(m);
        }
        print_message("%s: %d boxes, %d of every class\n", archs[a], found[0], found[1]);
        assert_true(found[0] > 0); /* all cells, and nothing is suppressed */
        assert_int_equal(found[1], TINY_CLASSES * found[0]);
    }
    free((void *)(uintptr_t)p.rgb);
}

/* Sides are of whole strides of the deepest level, resized or not. */
static void fourth_level(void **state) {
    (void)state;
    static const struct {
        const char *arch;
        int         multiple, cells; /* of a picture of 100 by 70 pixels in its own size */
    } want[] = {{"yolov5n", 32, 3 * (16 * 12 + 8 * 6 + 4 * 3)},
                {"yolov5n6", 64, 3 * (16 * 16 + 8 * 8 + 4 * 4 + 2 * 2)}};
    static const gd_meta_pair meta[] = {
        {"post.conf", "0.01"}, {"post.iou", "1"}, {"post.max_det", "0"}, {0}};
    const gd_image p = tiny_picture(100, 70, 1);
    for (int i = 0; i < 2; i++) {
        without    w = {"nothing", 2};
        const tiny t = {
            .arch = want[i].arch, .divide = 4, .meta = meta, .change = leave_out, .ctx = &w};
        gd_model          *m = tiny_open(&t);
        gd_session_options opt = gd_session_defaults();
        gd_session        *s;
        gd_result          r;
        gd_recipe          plain, native;
        gd_error           err;
        gd_model_recipe(m, &opt, &plain);
        opt.imgsz_h = opt.imgsz_w = GD_IMGSZ_NATIVE;
        gd_model_recipe(m, &opt, &native);
        assert_int_equal(plain.rule.multiple, want[i].multiple);
        assert_int_equal(native.rule.multiple, want[i].multiple);
        gd_assert_ok(gd_session_open(m, &opt, &s, &err), &err);
        gd_assert_ok(gd_session_run(s, &p, 1, &r, &err), &err);
        print_message("%s: %d boxes\n", want[i].arch, r.n_detections);
        assert_int_equal(r.n_detections, want[i].cells);
        gd_session_close(s);
        gd_model_close(m);
    }
    free((void *)(uintptr_t)p.rgb);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_missing), cmocka_unit_test(shallower),
        cmocka_unit_test(bad_anchors), cmocka_unit_test(every_class),
        cmocka_unit_test(fourth_level)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
