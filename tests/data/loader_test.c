/* loader_test.c -- batches: the same on any threads, resumable; pixels and boxes agree. */
#include "tools/data/loader.h"

#include <math.h>

#include "kernels/augment/augment.h"
#include "tests/data/data_sample.h"

enum { PICTURES = 21 };

/* Black pictures of different sizes, each with white rectangles where its boxes are. */
static void pictures_make(int boxes) {
    static unsigned char rgb[3 * 200 * 200 + 32];
    char                 json[20000];
    int                  at = snprintf(json, sizeof json, "{\"images\":[");
    for (int i = 0; i < PICTURES; i++) {
        const int w = 80 + 5 * i, h = 150 - 4 * i,
                  n = snprintf((char *)rgb, 32, "P6 %d %d 255\n", w, h);
        char name[32];
        memset(rgb + n, 0, sizeof rgb - (size_t)n);
        for (int y = 30; y < 60; y++)
            for (int x = 20 + i; x < 60 + i; x++) memset(rgb + n + 3 * (y * w + x), 255, 3);
        snprintf(name, sizeof name, "p/%02d.ppm", i);
        file_make(name, rgb, (size_t)(n + 3 * w * h));
        at += snprintf(json + at, sizeof json - (size_t)at,
                       "%s{\"id\":%d,\"file_name\":\"%02d.ppm\",\"width\":%d,\"height\":%d}",
                       i ? "," : "", i, i, w, h);
    }
    at += snprintf(json + at, sizeof json - (size_t)at,
                   "],\"categories\":[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}],"
                   "\"annotations\":[");
    for (int i = 0; i < PICTURES * boxes; i++)
        at +=
            snprintf(json + at, sizeof json - (size_t)at,
                     "%s{\"id\":%d,\"image_id\":%d,\"category_id\":%d,\"bbox\":[%d,30,40,30]}",
                     i ? "," : "", i, i / boxes, 1 + i / boxes % 2, 20 + i / boxes);
    snprintf(json + at, sizeof json - (size_t)at, "]}");
    text_make("p/x.json", json);
}

static gd_data *open_data(void) {
    gd_data *d;
    gd_assert_ok(gd_data_open(in_folder("p/x.json"), NULL, &d, &err), &err);
    return d;
}

static gd_loader_options options(void) {
    gd_loader_options o = gd_loader_defaults();
    o.canvas[0][0] = 96;
    o.canvas[0][1] = 128;
    o.truth = 8;
    o.threads = 1;
    o.seed = 11;
    o.augment = (gd_augment_options){.flip = 0.5,
                                     .brightness = 0.2,
                                     .contrast = 0.2,
                                     .saturation = 0.2,
                                     .scale_lo = 0.7,
                                     .scale_hi = 1.5,
                                     .crop = 0.3,
                                     .crop_area = 0.4,
                                     .mosaic = 0.5};
    return o;
}

/* A number for everything in a batch. */
static uint64_t hash(const gd_batch *b) {
    uint64_t h = 1469598103934665603U;
    const struct {
        const void *p;
        size_t      n;
    } part[] = {{b->pixels, b->n_pixels * 3},
                {b->layers, (size_t)b->room * (size_t)b->n_layers * GD_LAYER * 4},
                {b->geom, (size_t)b->room * GD_GEOM * 4},
                {b->gt_boxes, (size_t)b->room * (size_t)b->truth * 16},
                {b->gt_labels, (size_t)b->room * (size_t)b->truth * 4},
                {b->gt_count, (size_t)b->room * 4},
                {b->image, (size_t)b->room * 4},
                {&b->height, sizeof b->height},
                {&b->number, sizeof b->number}};
    for (size_t k = 0; k < sizeof part / sizeof *part; k++)
        for (size_t i = 0; i < part[k].n; i++)
            h = (h ^ ((const unsigned char *)part[k].p)[i]) * 1099511628211U;
    return h;
}

static void hashes(const gd_data *d, const gd_loader_options *o, uint64_t *out, int n) {
    gd_loader *l;
    gd_assert_ok(gd_loader_open(d, o, &l, &err), &err);
    for (int i = 0; i < n; i++) {
        gd_batch *b;
        gd_assert_ok(gd_loader_next(l, &b, &err), &err);
        assert_non_null(b);
        out[i] = hash(b);
        gd_loader_release(l, b);
    }
    gd_loader_close(l);
}

static void test_same_batches(void **state) {
    enum { BATCHES = 14 }; /* more than two epochs */
    gd_loader_options o = options();
    uint64_t          one[BATCHES], many[BATCHES], later[BATCHES];
    gd_data          *d = open_data();
    int               same = 0;
    (void)state;
    o.n_canvases = 2;
    o.canvas[1][0] = o.canvas[1][1] = 64;
    o.by_aspect = true;
    hashes(d, &o, one, BATCHES);
    o.threads = 4;
    o.ahead = 3;
    hashes(d, &o, many, BATCHES);
    assert_memory_equal(one, many, sizeof one);
    o.first = 5; /* a resumed run */
    hashes(d, &o, later, BATCHES - 5);
    assert_memory_equal(one + 5, later, (BATCHES - 5) * sizeof *one);
    o.first = 0;
    o.seed = 12;
    hashes(d, &o, later, BATCHES);
    for (int i = 0; i < BATCHES; i++) same += one[i] == later[i];
    assert_int_equal(same, 0);
    for (int i = 1; i < BATCHES; i++) assert_true(one[i] != one[i - 1]);
    gd_data_close(d);
}

/* `image` of the batch by the definition of the operator. */
static float *render(const gd_batch *b) {
    const gd_augment a = {
        .out_h = b->height, .out_w = b->width, .scale = 1 / 255.0f, .std = {1, 1, 1}};
    gd_tensor       pixels = {GD_U8, 2, {(int64_t)b->n_pixels, 3}, 3, b->pixels};
    gd_tensor       layers = {GD_F32, 3, {b->n, b->n_layers, GD_LAYER}, GD_LAYER, b->layers};
    float          *out = calloc((size_t)(b->n * b->height * b->width) * 3, sizeof *out);
    gd_tensor       image = {GD_F32, 4, {b->n, b->height, b->width, 3}, 3, out};
    const gd_launch l = {
        .n_in = 2, .n_out = 1, .in = {&pixels, &layers}, .out = {&image}, .attr = &a};
    gd_assert_ok(gdk_augment_ref_f32(&l, &err), &err);
    return out;
}

/* White is where boxes are, and nowhere else. Boxes that were left out are few pixels. */
static void compare(const gd_batch *b, int *boxes, int *wrong, int *pixels) {
    float *image = render(b);
    for (int i = 0; i < b->n; i++) {
        *boxes += b->gt_count[i];
        for (int y = 0; y < b->height; y++)
            for (int x = 0; x < b->width; x++) {
                bool in = false, edge = false;
                for (int k = 0; k < b->gt_count[i]; k++) {
                    const float *g = b->gt_boxes + 4 * (i * b->truth + k);
                    const float  mx = (float)x + 0.5f, my = (float)y + 0.5f;
                    in |= mx >= g[0] && mx < g[2] && my >= g[1] && my < g[3];
                    edge |=
                        mx >= g[0] - 2 && mx < g[2] + 2 && my >= g[1] - 2 && my < g[3] + 2 &&
                        !(mx >= g[0] + 2 && mx < g[2] - 2 && my >= g[1] + 2 && my < g[3] - 2);
                }
                if (edge) continue;
                (*pixels)++;
                *wrong += in != (image[3 * ((i * b->height + y) * b->width + x)] > 0.4f);
            }
    }
    free(image);
}

static void agree(gd_augment_options a, gd_rule_kind rule, int least, double most) {
    gd_loader_options o = options();
    gd_data          *d = open_data();
    gd_loader        *l;
    int               boxes = 0, wrong = 0, pixels = 0;
    o.augment = a;
    o.rule =
        (gd_geometry_rule){.kind = rule, .short_side = 90, .long_side = 120, .multiple = 1};
    gd_assert_ok(gd_loader_open(d, &o, &l, &err), &err);
    for (int i = 0; i < 6; i++) {
        gd_batch *b;
        gd_assert_ok(gd_loader_next(l, &b, &err), &err);
        compare(b, &boxes, &wrong, &pixels);
        gd_loader_release(l, b);
    }
    gd_loader_close(l);
    gd_data_close(d);
    if (boxes < least || wrong > most * pixels)
        fail_msg("%d boxes, %d of %d pixels differ", boxes, wrong, pixels);
}

static void test_pixels_and_boxes(void **state) {
    (void)state;
    agree((gd_augment_options){0}, GD_RULE_LETTERBOX, 24, 0);
    agree((gd_augment_options){0}, GD_RULE_SHORTEST_EDGE, 24, 0);
    agree((gd_augment_options){.flip = 0.5}, GD_RULE_LETTERBOX_CENTER, 24, 0);
    agree((gd_augment_options){.flip = 0.5, .brightness = 0.3, .saturation = 0.5},
          GD_RULE_STRETCH, 24, 0);
    agree((gd_augment_options){.flip = 0.5, .scale_lo = 0.5, .scale_hi = 2}, GD_RULE_LETTERBOX,
          18, 0.01);
    agree((gd_augment_options){.flip = 0.5, .crop = 1, .crop_area = 0.3}, GD_RULE_LETTERBOX, 15,
          0.02);
    agree((gd_augment_options){.flip = 0.5, .mosaic = 1}, GD_RULE_LETTERBOX, 40, 0.02);
    agree((gd_augment_options){.flip = 0.5, .mixup = 1}, GD_RULE_LETTERBOX, 48, 0.01);
}

/* Images, counts and boxes of eight batches, one loader after the other: each wants to be
 * opened while the program has one thread. */
typedef struct seen {
    int32_t image[8][4], count[8][4];
    float   boxes[8][4 * 8 * 4];
} seen;

static void collect(const gd_data *d, const gd_loader_options *o, int from, seen *out) {
    const size_t n = (size_t)o->batch;
    gd_loader   *l;
    gd_assert_ok(gd_loader_open(d, o, &l, &err), &err);
    for (int i = 0; i < 8; i++) {
        gd_batch *b;
        gd_assert_ok(gd_loader_next(l, &b, &err), &err);
        memcpy(out->image[i] + from, b->image, n * 4);
        memcpy(out->count[i] + from, b->gt_count, n * 4);
        memcpy(out->boxes[i] + from * 8 * 4, b->gt_boxes, n * 8 * 16);
        gd_loader_release(l, b);
    }
    gd_loader_close(l);
}

static void test_shards(void **state) {
    gd_loader_options o = options();
    gd_data          *d = open_data();
    seen              whole = {0}, halves = {0};
    (void)state;
    collect(d, &o, 0, &whole);
    o.batch = 2;
    o.n_shards = 2;
    for (o.shard = 0; o.shard < 2; o.shard++) collect(d, &o, 2 * o.shard, &halves);
    assert_memory_equal(&whole, &halves, sizeof whole);
    gd_data_close(d);
}

static void test_in_order(void **state) {
    gd_loader_options o = options();
    gd_data          *d = open_data();
    gd_loader        *l;
    gd_loader_stats   stats;
    gd_batch         *b;
    int               next = 0;
    (void)state;
    o.in_order = o.once = true;
    o.threads = 3;
    gd_assert_ok(gd_loader_open(d, &o, &l, &err), &err);
    assert_int_equal(gd_loader_batches(l), 6);
    for (;;) {
        gd_assert_ok(gd_loader_next(l, &b, &err), &err);
        if (!b) break;
        for (int k = 0; k < b->n; k++) assert_int_equal(b->image[k], next++);
        for (int k = b->n; k < b->room; k++) assert_int_equal(b->gt_count[k], 0);
        gd_loader_release(l, b);
    }
    assert_int_equal(next, PICTURES);
    gd_assert_ok(gd_loader_next(l, &b, &err), &err);
    assert_null(b);
    gd_loader_stats_get(l, &stats);
    assert_int_equal(stats.pictures, PICTURES);
    assert_int_equal(stats.batches, 6);
    assert_int_equal(stats.replaced, 0);
    assert_true(stats.stall_ms >= 0 && stats.decode_ms > 0);
    gd_loader_close(l);
    gd_data_close(d);
}

/* A picture that vanished and one that is damaged: replaced by the same ones each time, counted
 * once each; more than most_bad end the run. */
static void test_replaced(void **state) {
    gd_loader_options o = options();
    gd_data          *d = open_data();
    gd_data_report    report;
    gd_loader        *l;
    gd_loader_stats   stats;
    gd_batch         *b;
    uint64_t          one[12], many[12];
    gd_status         st = GD_OK;
    (void)state;
    assert_int_equal(unlink(in_folder("p/03.ppm")), 0);
    text_make("p/07.ppm", "P6 9");
    text_make("p/09.ppm", "P6 1 1 255\n123"); /* not the size its labels were made for */
    o.most_bad = 0.2;
    hashes(d, &o, one, 12);
    o.threads = 3;
    hashes(d, &o, many, 12);
    assert_memory_equal(one, many, sizeof one);
    gd_assert_ok(gd_loader_open(d, &o, &l, &err), &err);
    for (int i = 0; i < 12; i++) {
        gd_assert_ok(gd_loader_next(l, &b, &err), &err);
        for (int k = 0; k < b->n; k++)
            assert_true(b->image[k] != 3 && b->image[k] != 7 && b->image[k] != 9);
        gd_loader_release(l, b);
    }
    gd_loader_stats_get(l, &stats);
    assert_int_equal(stats.bad, 3);
    assert_true(stats.replaced >= 6);
    gd_assert_ok(gd_loader_problems(l, &report, &err), &err);
    assert_int_equal(report.count[GD_DATA_NO_PICTURE], 1);
    assert_int_equal(report.count[GD_DATA_BAD_PICTURE], 1);
    assert_int_equal(report.count[GD_DATA_OTHER_SIZE], 1);
    gd_data_report_free(&report);
    gd_loader_close(l);
    o.most_bad = 0.05;
    gd_assert_ok(gd_loader_open(d, &o, &l, &err), &err);
    for (int i = 0; i < 12 && st == GD_OK; i++) {
        st = gd_loader_next(l, &b, &err);
        if (st == GD_OK) gd_loader_release(l, b);
    }
    assert_int_equal(st, GD_ERR_FORMAT);
    assert_int_equal(err.code, 805);
    gd_loader_close(l);
    gd_data_close(d);
    pictures_make(1);
}

static void test_crowded(void **state) {
    gd_loader_options o = options();
    gd_data          *d;
    gd_loader        *l;
    gd_loader_stats   stats;
    gd_batch         *b;
    (void)state;
    pictures_make(5);
    d = open_data();
    o.augment = (gd_augment_options){0};
    o.truth = 3; /* room for three of five boxes */
    o.once = true;
    gd_assert_ok(gd_loader_open(d, &o, &l, &err), &err);
    for (int i = 0; i < 6; i++) {
        gd_assert_ok(gd_loader_next(l, &b, &err), &err);
        for (int k = 0; k < b->n; k++) assert_int_equal(b->gt_count[k], 3);
        gd_loader_release(l, b);
    }
    gd_loader_stats_get(l, &stats);
    assert_int_equal(stats.boxes_dropped, 24 * 2);
    gd_loader_close(l);
    const uint64_t five = gd_data_fingerprint(d);
    assert_true(five == gd_data_fingerprint(d));
    d->boxes[3].x += 1;
    assert_true(five != gd_data_fingerprint(d));
    gd_data_close(d);
    pictures_make(1);
}

static void test_bad_options(void **state) {
    gd_loader_options o = options();
    gd_data          *d = open_data();
    gd_loader        *l;
    (void)state;
    o.batch = 0;
    assert_int_equal(gd_loader_open(d, &o, &l, &err), GD_ERR_ARG);
    assert_null(l);
    o = options();
    o.shard = 1;
    assert_int_equal(gd_loader_open(d, &o, &l, &err), GD_ERR_ARG);
    o = options();
    o.canvas[0][0] = o.canvas[0][1] = 65535; /* places in it are beyond what a float counts */
    assert_int_equal(gd_loader_open(d, &o, &l, &err), GD_ERR_NOMEM);
    gd_data_close(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_batches), cmocka_unit_test(test_pixels_and_boxes),
        cmocka_unit_test(test_shards),       cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_replaced),     cmocka_unit_test(test_crowded),
        cmocka_unit_test(test_bad_options)};
    folder_make();
    pictures_make(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    folder_remove();
    return failed;
}
