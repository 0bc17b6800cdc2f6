/* coco_read_test.c -- COCO JSON: what is read, every kind of bad annotation, memory. */
#include <math.h>

#include "engine/mem.h"
#include "tests/data/data_sample.h"

#define PICTURES                                                                           \
    "\"images\":[{\"id\":20,\"file_name\":\"b.jpg\",\"width\":100,\"height\":50},"         \
    "{\"id\":10,\"file_name\":\"sub/a.jpg\",\"width\":64,\"height\":48,\"license\":[1]}]," \
    "\"categories\":[{\"id\":7,\"name\":\"cat\",\"supercategory\":\"animal\"},{\"id\":3,"  \
    "\"name\":\"dog\"}]"

static const char plain[] =
    "{\"info\":{\"images\":[{\"id\":1}]},\"annotations\":["
    "{\"id\":5,\"image_id\":20,\"category_id\":7,\"bbox\":[1,2.5,3e1,4],\"area\":60.5,"
    "\"iscrowd\":0,\"segmentation\":[[1,2,3,4,5,6]]},"
    "{\"id\":6,\"image_id\":10,\"category_id\":3,\"bbox\":[0,0,64,48],\"iscrowd\":1,"
    "\"segmentation\":{\"counts\":[1,2,3],\"size\":[48,64]}},"
    "{\"id\":7,\"image_id\":20,\"category_id\":3,\"bbox\":[10,10,5,5]}]," PICTURES "}";

static gd_status open_text(gd_data **d, const char *text, double most_bad, bool keep) {
    gd_data_options o = gd_data_defaults();
    o.most_bad = most_bad;
    o.keep_degenerate = keep;
    text_make("x.json", text);
    return gd_data_open(in_folder("x.json"), &o, d, &err);
}

static void test_plain(void **state) {
    gd_data *d;
    char     path[200];
    (void)state;
    gd_assert_ok(open_text(&d, plain, 0.01, false), &err);
    assert_string_equal(d->format, "coco");
    assert_int_equal(d->n_images, 2);
    assert_int_equal(d->n_boxes, 3);
    assert_int_equal(d->n_classes, 2);
    assert_string_equal(d->classes[0].name, "dog"); /* by id */
    assert_int_equal(d->classes[1].id, 7);
    assert_int_equal(d->images[0].id, 10);
    assert_string_equal(d->images[0].name, "sub/a.jpg");
    snprintf(path, sizeof path, "%s/sub/a.jpg", folder);
    assert_string_equal(d->images[0].path, path);
    assert_int_equal(d->images[0].n, 1);
    assert_int_equal(d->images[1].n, 2);
    assert_int_equal(d->images[1].first, 1);
    assert_int_equal(d->images[1].width, 100);
    const gd_data_box *x = d->boxes;
    assert_true(x[0].flags == (GD_DATA_CROWD | GD_DATA_MASK) && x[0].id == 6);
    assert_true(x[0].area == 64 * 48 && x[0].label == 0 && x[0].image == 0);
    assert_true(x[1].id == 5 && x[1].w == 30 && x[1].y == 2.5 && x[1].area == 60.5);
    assert_true(x[1].label == 1 && x[1].flags == GD_DATA_MASK);
    assert_true(x[2].id == 7 && x[2].area == 25 && x[2].flags == 0);
    assert_int_equal(gd_data_find_id(d, 20), 1);
    assert_int_equal(gd_data_find_id(d, 15), -1);
    assert_int_equal(gd_data_find_class(d, "cat"), 1);
    assert_int_equal(gd_data_bad(&d->report, GD_DATA_LABEL), 0);
    assert_int_equal(d->report.labels, 3);
    gd_data_close(d);
}

/* One annotation whose text is given, before a good one. */
static void one(const char *annotation, gd_data_kind kind, const char *part) {
    char     text[2048];
    gd_data *d;
    snprintf(text, sizeof text,
             "{" PICTURES ",\"annotations\":[%s,{\"id\":2,\"image_id\":10,\"category_id\":3,"
             "\"bbox\":[1,1,2,2]}]}",
             annotation);
    gd_assert_ok(open_text(&d, text, -1, false), &err);
    expect_problem(d, kind, 1, part);
    assert_int_equal(gd_data_bad(&d->report, GD_DATA_LABEL), 1);
    assert_int_equal(d->report.labels, 2);
    assert_int_equal(d->n_boxes, 1);
    assert_int_equal(d->boxes[0].id, 2);
    gd_data_close(d);
    /* One of two is more than 1 %. */
    assert_int_equal(open_text(&d, text, 0.01, false), GD_ERR_FORMAT);
    assert_int_equal(err.code, 801);
    assert_null(d);
    assert_non_null(strstr(err.msg, gd_data_kind_table[kind].name));
}

static void test_bad_annotations(void **state) {
    (void)state;
#define A(rest) "{\"id\":1,\"image_id\":10,\"category_id\":3," rest "}"
    one(A("\"bbox\":[1,2,NaN,4]"), GD_DATA_BAD_NUMBER, "annotation 1: a value of its bbox");
    one(A("\"bbox\":[-Infinity,2,3,4]"), GD_DATA_BAD_NUMBER, "not finite");
    one(A("\"bbox\":[1,2,1e999,4]"), GD_DATA_BAD_NUMBER, "not finite");
    one(A("\"bbox\":[1,2,null,4]"), GD_DATA_BAD_NUMBER, "not finite");
    one(A("\"bbox\":[1,2,\"3\",4]"), GD_DATA_BAD_NUMBER, "no number");
    one(A("\"bbox\":[1,2,3]"), GD_DATA_BAD_NUMBER, "four numbers");
    one(A("\"bbox\":[1,2,3,4,5]"), GD_DATA_BAD_NUMBER, "four numbers");
    one(A("\"bbox\":[[1,2,3,4]]"), GD_DATA_BAD_NUMBER, "four numbers");
    one(A("\"bbox\":7"), GD_DATA_BAD_NUMBER, "four numbers");
    one(A("\"bbox\":{\"x\":1}"), GD_DATA_BAD_NUMBER, "belongs");
    one(A("\"bbox\":[1,2,3,4],\"bbox\":[1,2,3,4]"), GD_DATA_BAD_NUMBER, "twice");
    one(A("\"bbox\":[1,2,3,4],\"area\":-1"), GD_DATA_BAD_NUMBER, "area");
    one(A("\"bbox\":[1,2,3,4],\"iscrowd\":null"), GD_DATA_BAD_NUMBER, "iscrowd");
    one(A("\"bbox\":[10,10,-3,4]"), GD_DATA_NEGATIVE_SIZE, "sub/a.jpg: x 10, y 10, width -3");
    one(A("\"bbox\":[1,2,0,4]"), GD_DATA_ZERO_AREA, "width 0");
    one(A("\"bbox\":[64,2,3,4]"), GD_DATA_OUTSIDE, "picture of 64x48");
    one(A("\"bbox\":[-9,2,3,4]"), GD_DATA_OUTSIDE, "x -9");
    one(A("\"area\":3"), GD_DATA_MISSING_KEY, "no bbox");
    one("{\"id\":1,\"category_id\":3,\"bbox\":[1,2,3,4]}", GD_DATA_MISSING_KEY, "image_id");
    one("{\"id\":1,\"image_id\":10,\"bbox\":[1,2,3,4]}", GD_DATA_MISSING_KEY, "category_id");
    one("{\"id\":1,\"image_id\":11,\"category_id\":3,\"bbox\":[1,2,3,4]}",
        GD_DATA_UNKNOWN_IMAGE, "annotation 1");
    one("{\"id\":1,\"image_id\":10,\"category_id\":4,\"bbox\":[1,2,3,4]}",
        GD_DATA_UNKNOWN_CLASS, "annotation 1");
    one("{\"id\":1,\"image_id\":\"10\",\"category_id\":3,\"bbox\":[1,2,3,4]}",
        GD_DATA_BAD_NUMBER, "text stands");
    one("{\"id\":1,\"image_id\":10.5,\"category_id\":3,\"bbox\":[1,2,3,4]}", GD_DATA_BAD_NUMBER,
        "whole");
#undef A
}

static void test_duplicates(void **state) {
    gd_data *d;
    (void)state;
    gd_assert_ok(open_text(&d,
                           "{" PICTURES ",\"annotations\":["
                           "{\"id\":1,\"image_id\":10,\"category_id\":3,\"bbox\":[1,1,2,2]},"
                           "{\"id\":1,\"image_id\":10,\"category_id\":3,\"bbox\":[9,1,2,2]},"
                           "{\"id\":1,\"image_id\":10,\"category_id\":3,\"bbox\":[8,1,2,2]},"
                           "{\"image_id\":10,\"category_id\":3,\"bbox\":[2,1,2,2]},"
                           "{\"image_id\":10,\"category_id\":3,\"bbox\":[1,1,2,2]}]}",
                           -1, false),
                 &err);
    expect_problem(d, GD_DATA_DUPLICATE_ID, 2, "annotation 1");
    expect_problem(d, GD_DATA_TWICE, 1, "sub/a.jpg");
    expect_problem(d, GD_DATA_CLASS_UNUSED, 1, "'cat'");
    assert_int_equal(d->n_boxes, 3);
    assert_true(d->boxes[0].x == 1 && d->boxes[1].id == -1);
    gd_data_close(d);
    gd_assert_ok(
        open_text(&d,
                  "{\"images\":[{\"id\":1,\"file_name\":\"a\"},{\"id\":1,\"file_name\":"
                  "\"b\"},{\"id\":2},{\"file_name\":\"c\"},{\"id\":3,\"file_name\":"
                  "\"../c\"},{\"id\":4,\"file_name\":\"/etc/x\"},{\"id\":5,"
                  "\"file_name\":\"a\\u0000\"},{\"id\":6,\"file_name\":\"d\",\"width\":"
                  "-4,\"height\":2}],\"annotations\":[],\"categories\":[{\"id\":1,"
                  "\"name\":\"x\"},{\"id\":1,\"name\":\"y\"}]}",
                  -1, false),
        &err);
    assert_int_equal(d->n_images, 1);
    expect_problem(d, GD_DATA_BAD_ENTRY, 4, "entry 3 of images: it lacks");
    expect_problem(d, GD_DATA_BAD_PATH, 3, NULL);
    expect_problem(d, GD_DATA_DUPLICATE_ID, 1, "another category");
    assert_int_equal(d->report.pictures, 8);
    gd_data_close(d);
}

static void test_kept(void **state) {
    gd_data *d;
    (void)state;
    gd_assert_ok(open_text(&d,
                           "{" PICTURES ",\"annotations\":["
                           "{\"id\":1,\"image_id\":10,\"category_id\":3,\"bbox\":[1,1,0,2]},"
                           "{\"id\":2,\"image_id\":10,\"category_id\":3,\"bbox\":[60,1,6,2]},"
                           "{\"id\":3,\"image_id\":10,\"category_id\":3,\"bbox\":[60,1,4.5,2]},"
                           "{\"id\":4,\"image_id\":10,\"category_id\":3,\"bbox\":[99,1,6,2]}]}",
                           -1, true),
                 &err);
    assert_int_equal(d->n_boxes, 4);
    assert_int_equal(d->boxes[0].flags, GD_DATA_DEGENERATE);
    assert_int_equal(d->boxes[1].flags, 0);
    assert_int_equal(d->boxes[3].flags, GD_DATA_DEGENERATE);
    expect_problem(d, GD_DATA_STICKS_OUT, 1, "annotation 2");
    gd_data_close(d);
}

static void test_names(void **state) {
    static const char *const names[] = {"bird", "cat", "dog"}, *const other[] = {"cat"};
    gd_data_options o = gd_data_defaults();
    gd_data        *d;
    (void)state;
    text_make("x.json", plain);
    o.names = names;
    o.n_names = 3;
    gd_assert_ok(gd_data_open(in_folder("x.json"), &o, &d, &err), &err);
    assert_int_equal(d->n_classes, 3);
    assert_int_equal(d->boxes[0].label, 2);
    assert_int_equal(d->boxes[1].label, 1);
    assert_int_equal(d->classes[2].id, 3);
    gd_data_close(d);
    o.names = other;
    o.n_names = 1;
    assert_int_equal(gd_data_open(in_folder("x.json"), &o, &d, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 803);
    assert_non_null(strstr(err.msg, "'dog'"));
}

static void test_no_coco(void **state) {
    static const char *const bad[] = {"",
                                      "[",
                                      "[]",
                                      "{}",
                                      "7",
                                      "{\"images\":[]}",
                                      "{\"images\":{}}",
                                      "{\"images\":[7]}",
                                      "{\"images\":[\"a\"]}",
                                      "{\"images\":[[]]}",
                                      "{" PICTURES "}",
                                      "{\"annotations\":[],\"annotations\":[]}",
                                      "{\"categories\":[{\"id\":1}]}",
                                      "{\"images\":[],\"annotations\":[],\"categories\":[]}",
                                      "{\"images\":[],\"annotations\":[],\"categories\":[]} x",
                                      "{\"images\":\"\xff\"}",
                                      "{\"a\":NaNN}"};
    gd_data                 *d;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (open_text(&d, bad[i], 0.01, false) != GD_ERR_FORMAT) fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.code, 802);
        assert_null(d);
    }
    for (size_t n = 0; n + 1 < sizeof plain; n++) {
        file_make("x.json", plain, n);
        assert_int_equal(gd_data_open(in_folder("x.json"), NULL, &d, &err), GD_ERR_FORMAT);
    }
    assert_int_equal(gd_data_open(in_folder("none.json"), NULL, &d, &err), GD_ERR_IO);
}

/* ---- memory ------------------------------------------------------------------------------ */

static size_t live, peak;
static long   left; /* requests that succeed; < 0: all */

static void *counted_get(void *ctx, size_t size) {
    size_t *p;
    (void)ctx;
    if (left >= 0 && left-- == 0) return NULL;
    p = aligned_alloc(64, (size + 127) / 64 * 64);
    if (!p) return NULL;
    p[0] = size;
    live += size;
    if (live > peak) peak = live;
    return (char *)p + 64;
}

static void counted_put(void *ctx, void *p) {
    (void)ctx;
    live -= *(size_t *)(void *)((char *)p - 64);
    free((char *)p - 64);
}

static const gd_alloc counted = {.get = counted_get, .put = counted_put};

static void test_failing_memory(void **state) {
    gd_data *d;
    (void)state;
    text_make("x.json", plain);
    for (long n = 0;; n++) {
        gd_status st;
        left = n;
        gd_mem_hook(&counted);
        st = gd_data_open(in_folder("x.json"), NULL, &d, &err);
        gd_data_close(d);
        gd_mem_hook(NULL);
        assert_int_equal(live, 0);
        if (st == GD_OK) break;
        assert_int_equal(st, GD_ERR_NOMEM);
    }
    left = -1;
}

/* 200,000 annotations with outlines: 40 MB of text, no more memory than twice the arrays. */
static void test_memory(void **state) {
    enum { N_IMAGES = 5000, N_BOXES = 200000 };
    FILE    *f = fopen(in_folder("large.json"), "w");
    gd_data *d;
    size_t   arrays;
    (void)state;
    assert_non_null(f);
    fputs("{\"images\":[", f);
    for (int i = 0; i < N_IMAGES; i++)
        fprintf(f, "%s{\"id\":%d,\"file_name\":\"%012d.jpg\",\"width\":640,\"height\":480}",
                i ? "," : "", i * 7, i);
    fputs("],\"annotations\":[", f);
    for (int i = 0; i < N_BOXES; i++) {
        fprintf(f,
                "%s{\"id\":%d,\"image_id\":%d,\"category_id\":%d,\"bbox\":[%d.25,3,9,7.5],"
                "\"area\":60.125,\"iscrowd\":0,\"segmentation\":[[",
                i ? "," : "", i, i * 31 % N_IMAGES * 7, i % 2 + 1, i % 600);
        for (int k = 0; k < 20; k++) fprintf(f, "%s%d.3%d", k ? "," : "", i % 600, k);
        fputs("]]}", f);
    }
    fputs("],\"categories\":[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]}", f);
    assert_int_equal(fclose(f), 0);
    peak = 0;
    left = -1;
    gd_mem_hook(&counted);
    gd_assert_ok(gd_data_open(in_folder("large.json"), NULL, &d, &err), &err);
    arrays = d->n_images * sizeof *d->images + d->n_boxes * sizeof *d->boxes + d->arena.used;
    assert_int_equal(d->n_boxes, N_BOXES);
    assert_int_equal(d->images[3].id, 21);
    if (peak > 2 * arrays) fail_msg("peak of %zu bytes, the arrays have %zu", peak, arrays);
    gd_data_close(d);
    gd_mem_hook(NULL);
    assert_int_equal(live, 0);
}

static void test_coco_mini(void **state) {
    char            path[400];
    gd_data        *d;
    gd_data_options o = gd_data_defaults();
    int             crowd = 0;
    (void)state;
    snprintf(path, sizeof path, "%s/coco-mini/dev/instances.json", GD_TEST_DATA);
    if (access(path, R_OK)) skip();
    o.keep_degenerate = true;
    gd_assert_ok(gd_data_open(path, &o, &d, &err), &err);
    assert_int_equal(d->n_images, 40);
    assert_int_equal(d->n_boxes, 292);
    assert_int_equal(d->n_classes, 80);
    assert_string_equal(d->classes[0].name, "person");
    assert_int_equal(d->classes[79].id, 90);
    for (size_t i = 0; i < d->n_boxes; i++) crowd += (d->boxes[i].flags & GD_DATA_CROWD) != 0;
    assert_int_equal(crowd, 2);
    assert_int_equal(access(d->images[39].path, R_OK), 0);
    gd_data_close(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),      cmocka_unit_test(test_bad_annotations),
        cmocka_unit_test(test_duplicates), cmocka_unit_test(test_kept),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_no_coco),
        cmocka_unit_test(test_memory),     cmocka_unit_test(test_failing_memory),
        cmocka_unit_test(test_coco_mini)};
    folder_make();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    folder_remove();
    return failed;
}
