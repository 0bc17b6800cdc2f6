/* segment_session_test.c -- sessions of segmenters: maps of pictures of any size, alone and in
 * batches, smoothed, counted, through pipelines, and when memory ends. */
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

/* No class is ahead of the others wherever one looks: the head's rows cancel out. */
static bool balance(void *ctx, gd_gdw_tensor *t) {
    float *v = (float *)(uintptr_t)t->data;
    (void)ctx;
    if (!strcmp(t->name, "classifier.4.bias")) memset(v, 0, t->size);
    if (strcmp(t->name, "classifier.4.weight") != 0) return true;
    const int64_t C = t->dim[3];
    for (int k = 0; k < TINY_CLASSES; k++) {
        float mean = 0;
        for (int64_t c = 0; c < C; c++) mean += v[k * C + c] / (float)C;
        for (int64_t c = 0; c < C; c++) v[k * C + c] -= mean;
    }
    return true;
}

static const tiny deeplab = {
    .change = balance,

    .arch = "deeplabv3_resnet50",
    .divide = 16,
    .meta = (const gd_meta_pair[]){{"input.short", "33"}, {"input.long", "99"}, {0}}};

enum { PICTURES = 5 };
static const int size[PICTURES][2] = {{50, 31}, {31, 50}, {50, 31}, {7, 9}, {120, 80}};

/* Noise whose left half is dark. */
static gd_image picture(int width, int height, uint32_t seed) {
    const gd_image p = tiny_picture(width, height, seed);
    uint8_t       *rgb = (uint8_t *)(uintptr_t)p.rgb;
    for (int i = 0; i < 3 * width * height; i++)
        if (i / 3 % width < width / 2) rgb[i] /= 16;
    return p;
}

static gd_session *open_session(const gd_model *m, int smooth) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s;
    gd_error           err;
    o.threads = 2;
    o.smooth = smooth;
    gd_assert_ok(gd_session_open(m, &o, &s, &err), &err);
    return s;
}

static void free_pictures(gd_image *p, int n) {
    for (int i = 0; i < n; i++) free((void *)(uintptr_t)p[i].rgb);
}

/* A map of the picture's size, and the counts of what is in it; its classes as bits. */
static unsigned check_map(const gd_image *p, const gd_result *r) {
    int32_t  count[TINY_CLASSES] = {0};
    unsigned seen = 0;
    assert_int_equal(r->map_width, p->width);
    assert_int_equal(r->map_height, p->height);
    assert_int_equal(r->map_classes, TINY_CLASSES);
    assert_int_equal(r->n_detections + r->n_classes, 0);
    for (int i = 0; i < p->width * p->height; i++) {
        assert_in_range(r->map[i], 0, TINY_CLASSES - 1);
        count[r->map[i]]++;
        seen |= 1u << r->map[i];
    }
    assert_memory_equal(count, r->map_count, sizeof count);
    return seen;
}

/* All at once, neighbours of one shape as a batch, is what each alone gives. */
static void alone_and_together(void **state) {
    gd_model   *m = tiny_open(&deeplab);
    gd_session *one = open_session(m, 0), *all = open_session(m, 0);
    gd_image    p[PICTURES];
    gd_result   r[PICTURES], each;
    gd_error    err;
    unsigned    seen = 0;
    (void)state;
    for (int i = 0; i < PICTURES; i++) p[i] = picture(size[i][0], size[i][1], (uint32_t)i);
    for (int round = 0; round < 2; round++) {
        gd_assert_ok(gd_session_run(all, p, PICTURES, r, &err), &err);
        for (int i = 0; i < PICTURES; i++) {
            gd_assert_ok(gd_session_run(one, &p[i], 1, &each, &err), &err);
            seen |= check_map(&p[i], &r[i]);
            assert_memory_equal(r[i].map, each.map, (size_t)p[i].width * (size_t)p[i].height);
            assert_memory_equal(r[i].map_count, each.map_count, TINY_CLASSES * 4);
        }
    }
    assert_true((seen & (seen - 1)) != 0); /* more than one class somewhere */
    free_pictures(p, PICTURES);
    gd_session_close(one);
    gd_session_close(all);
    gd_model_close(m);
}

/* The most frequent class of the square around each pixel; its own where it is one of them. */
static uint8_t mode(const gd_result *r, int x, int y, int radius) {
    int     count[TINY_CLASSES] = {0};
    uint8_t best = r->map[y * r->map_width + x];
    for (int j = y - radius; j <= y + radius; j++)
        for (int i = x - radius; i <= x + radius; i++)
            if (i >= 0 && i < r->map_width && j >= 0 && j < r->map_height)
                count[r->map[j * r->map_width + i]]++;
    for (uint8_t c = 0; c < TINY_CLASSES; c++)
        if (count[c] > count[best]) best = c;
    return best;
}

static void smoothed(void **state) {
    gd_model      *m = tiny_open(&deeplab);
    gd_session    *plain = open_session(m, 0), *smooth = open_session(m, 3);
    const gd_image p = picture(120, 80, 4);
    gd_result      a, b;
    gd_error       err;
    (void)state;
    gd_assert_ok(gd_session_run(plain, &p, 1, &a, &err), &err);
    gd_assert_ok(gd_session_run(smooth, &p, 1, &b, &err), &err);
    check_map(&p, &b);
    for (int y = 0; y < p.height; y++)
        for (int x = 0; x < p.width; x++)
            assert_int_equal(b.map[y * p.width + x], mode(&a, x, y, 3));
    assert_memory_not_equal(a.map, b.map, (size_t)p.width * (size_t)p.height);
    free((void *)(uintptr_t)p.rgb);
    gd_session_close(plain);
    gd_session_close(smooth);
    gd_model_close(m);
}

/* ---- memory ------------------------------------------------------------------------------ */

static long requests, fail_at = -1;

static void *counted_get(void *ctx, size_t size_of) {
    (void)ctx;
    requests++;
    if (fail_at >= 0 && fail_at-- == 0) return NULL;
    return aligned_alloc(64, (size_of + 63) / 64 * 64);
}
static void counted_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

/* A known shape takes no memory; a request that fails leaves empty results and a session that
 * works on the next run. */
static void memory(void **state) {
    const gd_alloc hook = {NULL, counted_get, counted_put};
    (void)state;
    gd_mem_hook(&hook);
    gd_model *m = tiny_open(&deeplab);
    gd_image  p[2] = {tiny_picture(50, 31, 1), tiny_picture(50, 31, 2)};
    gd_result r[2];
    gd_error  err = {0};
    bool      whole = false;
    for (long n = 0; !whole; n = n < 10 ? n + 1 : n + 1 + n / 3) {
        gd_session *s = open_session(m, 1);
        fail_at = n;
        const gd_status st = gd_session_run(s, p, 2, r, &err);
        whole = fail_at >= 0;
        fail_at = -1;
        if (!whole && st != GD_OK) {
            assert_int_equal(st, GD_ERR_NOMEM);
            assert_null(r[0].map);
            assert_int_equal(r[1].map_width + r[1].map_classes, 0);
        }
        gd_assert_ok(gd_session_run(s, p, 2, r, &err), &err);
        const long before = requests;
        gd_assert_ok(gd_session_run(s, p, 2, r, &err), &err);
        assert_int_equal(requests, before);
        check_map(&p[1], &r[1]);
        gd_session_close(s);
    }
    gd_model_close(m);
    gd_mem_hook(NULL);
    free_pictures(p, 2);
}

/* ---- what belongs to others -------------------------------------------------------------- */

static void through_a_pipeline(void **state) {
    gd_pipeline_options o = gd_pipeline_defaults(GD_MODE_LATENCY);
    gd_model           *m = tiny_open(&deeplab);
    gd_session         *s = open_session(m, 0);
    gd_pipeline        *p;
    gd_error            err;
    int                 taken;
    (void)state;
    o.session.threads = 1;
    o.depth = PICTURES;
    gd_assert_ok(gd_pipeline_open(m, &o, &p, &err), &err);
    for (int i = 0; i < PICTURES; i++) {
        const gd_image one = picture(size[i][0], size[i][1], (uint32_t)i);
        gd_assert_ok(
            gd_pipeline_submit(p, &(gd_submission){.image = one, .id = i}, -1, &taken, &err),
            &err);
        assert_int_equal(taken, 1);
        free((void *)(uintptr_t)one.rgb);
    }
    gd_pipeline_drain(p);
    for (int i = 0; i < PICTURES; i++) {
        const gd_frame *f;
        gd_result       want;
        gd_assert_ok(gd_pipeline_get(p, 0, -1, &f, &err), &err);
        assert_non_null(f);
        gd_assert_ok(f->status, &f->error);
        gd_assert_ok(gd_session_run(s, &f->image, 1, &want, &err), &err);
        check_map(&f->image, &f->result);
        assert_memory_equal(f->result.map, want.map,
                            (size_t)f->image.width * (size_t)f->image.height);
        gd_pipeline_release(p, f);
    }
    gd_pipeline_close(p);
    gd_session_close(s);
    gd_model_close(m);
}

static void refused(void **state) {
    gd_model          *m = tiny_open(&deeplab);
    gd_session        *s = open_session(m, 0), *none;
    const gd_image     p = tiny_picture(20, 20, 1);
    const gd_crop      crop = {0, 0, 5, 5};
    const gd_crops     c = {.image = p, .crop = &crop, .n = 1};
    gd_session_options o = gd_session_defaults();
    gd_result          r;
    gd_error           err;
    (void)state;
    assert_int_equal(gd_model_task(m), GD_TASK_SEGMENT);
    assert_string_equal(gd_task_name(gd_model_task(m)), "segment");
    assert_int_equal(gd_session_run_crops(s, &c, &r, &err), GD_ERR_UNSUPPORTED);
    for (int i = 0; i < 2; i++) {
        o.smooth = i ? 16 : -1;
        assert_int_equal(gd_session_open(m, &o, &none, &err), GD_ERR_ARG);
    }
    free((void *)(uintptr_t)p.rgb);
    gd_session_close(s);
    gd_model_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(alone_and_together),
                                       cmocka_unit_test(smoothed), cmocka_unit_test(memory),
                                       cmocka_unit_test(through_a_pipeline),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
