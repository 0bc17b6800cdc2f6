/* session_crops_test.c -- crops of a picture give what pictures of their pixels alone give:
 * every rule and filter, any batch, rows with padding, memory that ends, contracts. */
#include "engine/mem.h"
#include "layers/session_impl.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

enum { W = 90, H = 70, CROPS = 11 };

/* The whole picture, its last pixel, its last column and row, and detections. */
static const gd_crop crops[CROPS] = {{0, 0, W, H},     {W - 1, H - 1, 1, 1}, {W - 1, 0, 1, H},
                                     {0, H - 1, W, 1}, {3, 5, 40, 60},       {30, 2, 33, 17},
                                     {50, 20, 32, 32}, {1, 1, 5, 5},         {60, 40, 29, 30},
                                     {10, 33, 64, 31}, {17, 9, 3, 50}};

static gd_session *open_with(const gd_model *m, int threads) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.device = "cpu";
    o.threads = threads;
    o.top_k = TINY_CLASSES;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    return s;
}

static void drop(const gd_image *p) { free((void *)(uintptr_t)p->rgb); }

/* The same picture with rows of `stride` bytes. */
static gd_image padded(const gd_image *p, size_t stride) {
    unsigned char *to = malloc(stride * (size_t)p->height);
    assert_non_null(to);
    memset(to, 0xee, stride * (size_t)p->height);
    for (int y = 0; y < p->height; y++)
        memcpy(to + stride * (size_t)y, p->rgb + (size_t)y * (size_t)p->width * 3,
               (size_t)p->width * 3);
    return (gd_image){to, p->width, p->height, stride, 0};
}

/* Crop i cut out by hand and run as a picture. */
static void alone(gd_session *s, const gd_image *p, int i, gd_class_score *out) {
    const gd_crop *c = &crops[i];
    gd_image part = {p->rgb + ((size_t)c->y * W + (size_t)c->x) * 3, c->width, c->height, W * 3,
                     0};
    gd_result r;
    gd_error  err;
    gd_assert_ok(gd_session_run(s, &part, 1, &r, &err), &err);
    assert_int_equal(r.n_classes, TINY_CLASSES);
    memcpy(out, r.classes, TINY_CLASSES * sizeof *out);
}

static void same(const gd_result *r, const gd_class_score *want) {
    assert_int_equal(r->n_classes, TINY_CLASSES);
    assert_int_equal(r->n_detections, 0);
    for (int k = 0; k < TINY_CLASSES; k++) {
        assert_int_equal(r->classes[k].class_id, want[k].class_id);
        assert_true(fabsf(r->classes[k].score - want[k].score) <= 2e-6f);
    }
}

static void check_model(const gd_meta_pair *meta) {
    const tiny     d = {.arch = "resnet20_cifar", .meta = meta};
    gd_model      *m = tiny_open(&d);
    const gd_image dense = tiny_picture(W, H, 9), wide = padded(&dense, W * 3 + 17);
    gd_session    *s = open_with(m, 2), *by_one = open_with(m, 1);
    gd_class_score want[CROPS][TINY_CLASSES];
    gd_result      r[CROPS];
    gd_error       err;
    for (int i = 0; i < CROPS; i++) alone(by_one, &dense, i, want[i]);
    for (int batch = 0; batch < 6; batch++)
        for (int k = 0; k < 2; k++) {
            const gd_crops c = {
                .image = k ? wide : dense, .crop = crops, .n = CROPS, .batch = batch};
            gd_session_stats st;
            gd_assert_ok(gd_session_run_crops(s, &c, r, &err), &err);
            for (int i = 0; i < CROPS; i++) same(&r[i], want[i]);
            gd_session_stats_get(s, &st);
            assert_true(st.batch <= (batch ? batch : 8) && st.bytes > 0);
        }
    drop(&dense);
    drop(&wide);
    gd_session_close(s);
    gd_session_close(by_one);
    gd_model_close(m);
}

static void every_recipe(void **state) {
    (void)state;
    check_model(NULL);
    check_model((const gd_meta_pair[]){{"input.rule", "center_crop"},
                                       {"input.short", "40"},
                                       {"input.size", "32x32"},
                                       {"input.filter", "pil_bicubic"},
                                       {0}});
    check_model((const gd_meta_pair[]){{"input.rule", "letterbox_center"},
                                       {"input.filter", "opencv"},
                                       {"input.order", "bgr"},
                                       {"input.pad", "0.5,0.25,0.125"},
                                       {0}});
    check_model(
        (const gd_meta_pair[]){{"input.rule", "letterbox"}, {"input.filter", "nearest"}, {0}});
    /* The network's input depends on the crop: only neighbours of one shape run together. */
    check_model((const gd_meta_pair[]){{"input.rule", "shortest_edge"},
                                       {"input.short", "24"},
                                       {"input.long", "64"},
                                       {"input.multiple", "32"},
                                       {"input.filter", "torch_bilinear"},
                                       {0}});
}

static void contracts(void **state) {
    (void)state;
    const tiny     classifier = {.arch = "resnet20_cifar"};
    gd_model      *m = tiny_open(&classifier), *boxes = tiny_open(&tiny_families[1]);
    const gd_image p = tiny_picture(W, H, 9);
    gd_session    *s = open_with(m, 1), *d = open_with(boxes, 1);
    const gd_crop  bad[] = {{-1, 0, 3, 3},
                            {0, -1, 3, 3},
                            {0, 0, 0, 3},
                            {0, 0, 3, 0},
                            {W - 2, 0, 3, 3},
                            {0, H - 2, 3, 3},
                            {0, 0, W + 1, 1},
                            {0, 0, 1, H + 1},
                            {1, 1, INT32_MAX, INT32_MAX},
                            {INT32_MAX, INT32_MAX, 1, 1}};
    gd_result      r[2];
    gd_error       err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const gd_crop  two[2] = {crops[4], bad[i]};
        const gd_crops c = {.image = p, .crop = two, .n = 2};
        assert_int_equal(gd_session_run_crops(s, &c, r, &err), GD_ERR_ARG);
        assert_non_null(strstr(err.msg, "crop 1"));
    }
    gd_crops c = {.image = p, .crop = crops, .n = 1};
    assert_int_equal(gd_session_run_crops(d, &c, r, &err), GD_ERR_UNSUPPORTED);
    c.n = -1;
    assert_int_equal(gd_session_run_crops(s, &c, r, &err), GD_ERR_ARG);
    c = (gd_crops){.image = p, .n = 1};
    assert_int_equal(gd_session_run_crops(s, &c, r, &err), GD_ERR_ARG);
    c = (gd_crops){.image = {.width = 4, .height = 4}, .crop = crops, .n = 1};
    assert_int_equal(gd_session_run_crops(s, &c, r, &err), GD_ERR_ARG);
    /* None is no error, and touches no result; a session that refused can be used. */
    c = (gd_crops){.image = p, .n = 0};
    gd_assert_ok(gd_session_run_crops(s, &c, NULL, &err), &err);
    c = (gd_crops){.image = p, .crop = crops, .n = 1};
    gd_assert_ok(gd_session_run_crops(s, &c, r, &err), &err);
    assert_int_equal(r[0].n_classes, TINY_CLASSES);
    drop(&p);
    gd_session_close(s);
    gd_session_close(d);
    gd_model_close(m);
    gd_model_close(boxes);
}

/* Crops in turn with whole pictures, then again: what is known asks for no memory. */
static void known_shapes(void **state) {
    (void)state;
    const tiny     d = {.arch = "resnet20_cifar"};
    gd_model      *m = tiny_open(&d);
    const gd_image p = tiny_picture(W, H, 9);
    gd_session    *s = open_with(m, 1);
    const gd_crops c = {.image = p, .crop = crops, .n = CROPS};
    meter          count = {0};
    const gd_alloc hook = {&count, meter_get, meter_put};
    gd_class_score want[CROPS][TINY_CLASSES];
    gd_result      r[CROPS];
    gd_error       err;
    for (int i = 0; i < CROPS; i++) alone(s, &p, i, want[i]);
    gd_assert_ok(gd_session_run_crops(s, &c, r, &err), &err);
    gd_mem_hook(&hook);
    for (int k = 0; k < 3; k++) {
        gd_assert_ok(gd_session_run(s, &p, 1, r, &err), &err);
        gd_assert_ok(gd_session_run_crops(s, &c, r, &err), &err);
        for (int i = 0; i < CROPS; i++) same(&r[i], want[i]);
    }
    gd_mem_hook(NULL);
    assert_int_equal(count.count, 0);
    drop(&p);
    gd_session_close(s);
    gd_model_close(m);
}

/* Each request fails in turn: smaller batches are tried, and nothing is left behind. */
static void memory_ends(void **state) {
    (void)state;
    const tiny     d = {.arch = "resnet20_cifar"};
    gd_model      *m = tiny_open(&d);
    const gd_image dense = tiny_picture(W, H, 9), p = padded(&dense, W * 3 + 1);
    gd_class_score want[CROPS][TINY_CLASSES];
    gd_session    *s = open_with(m, 1);
    int            failed = 0, smaller = 0;
    for (int i = 0; i < CROPS; i++) alone(s, &dense, i, want[i]);
    gd_session_close(s);
    for (long n = 1;; n += n < 40 ? 1 : 23) {
        const gd_crops c = {.image = p, .crop = crops, .n = CROPS};
        meter          fail = {.fail_at = n};
        const gd_alloc hook = {&fail, meter_get, meter_put};
        gd_result      r[CROPS];
        gd_error       err;
        gd_mem_hook(&hook);
        const gd_session_options o = {.size = sizeof o,
                                      .device = "cpu",
                                      .threads = 1,
                                      .conf = -1,
                                      .iou = -1,
                                      .max_det = -1,
                                      .top_k = TINY_CLASSES};
        gd_status                st = gd_session_open(m, &o, &s, &err);
        if (st == GD_OK) st = gd_session_run_crops(s, &c, r, &err);
        if (st == GD_OK)
            for (int i = 0; i < CROPS; i++) same(&r[i], want[i]);
        smaller += st == GD_OK && fail.count >= n;
        failed += st != GD_OK;
        if (st != GD_OK) assert_int_equal(st, GD_ERR_NOMEM);
        gd_session_close(s);
        gd_mem_hook(NULL);
        assert_int_equal(fail.live, 0);
        if (st == GD_OK && fail.count < n) break;
    }
    assert_true(failed > 0 && smaller > 0);
    drop(&p);
    drop(&dense);
    gd_model_close(m);
}

static void boxes_to_crops(void **state) {
    (void)state;
    static const struct {
        float   box[4];
        gd_crop want;
    } of[] = {{{10, 20, 30, 50}, {10, 20, 20, 30}},
              {{10.2f, 20.9f, 30.1f, 50.5f}, {10, 20, 21, 31}},
              {{-5, -7.5f, 3.5f, 2}, {0, 0, 4, 2}},
              {{80, 60, 95, 90}, {80, 60, 10, 10}},
              {{-10, -10, 200, 200}, {0, 0, W, H}},
              {{89.5f, 69.5f, 89.75f, 69.75f}, {89, 69, 1, 1}},
              {{90, 0, 95, 5}, {0, 0, 0, 0}},
              {{-3, 0, 0, 5}, {0, 0, 0, 0}},
              {{5, 5, 5, 9}, {0, 0, 0, 0}},
              {{9, 5, 5, 9}, {0, 0, 0, 0}},
              {{NAN, 5, 7, 9}, {0, 0, 0, 0}},
              {{1, 5, 7, NAN}, {0, 0, 0, 0}},
              {{-INFINITY, -INFINITY, INFINITY, INFINITY}, {0, 0, W, H}}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        gd_crop c = {7, 7, 7, 7};
        assert_int_equal(gd_crop_of(W, H, of[i].box, &c), of[i].want.width > 0);
        assert_memory_equal(&c, &of[i].want, sizeof c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipe), cmocka_unit_test(contracts),
        cmocka_unit_test(known_shapes), cmocka_unit_test(memory_ends),
        cmocka_unit_test(boxes_to_crops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
