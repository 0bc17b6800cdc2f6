/* voc_read_test.c -- Pascal VOC: boxes counted from 1, splits, every kind of bad object. */
#include "tools/data/voc_read.h"

#include "tests/data/data_sample.h"

#define OBJECT(name, more, a, b, c, d)                                          \
    "<object><name>" name "</name>" more "<bndbox><xmin>" #a "</xmin><ymin>" #b \
    "</ymin><xmax>" #c "</xmax><ymax>" #d "</ymax></bndbox></object>\n"
#define PAGE(objects)                                                 \
    "<?xml version=\"1.0\"?>\n<annotation><filename>x.jpg</filename>" \
    "<size><width>100</width><height>50</height></size>\n" objects "</annotation>"

static gd_status open_page(gd_data **d, const char *page, double most_bad) {
    gd_data_options o = gd_data_defaults();
    o.most_bad = most_bad;
    text_make("v/Annotations/x.xml", page);
    text_make("v/JPEGImages/x.jpg", "");
    return gd_data_open(in_folder("v"), &o, d, &err);
}

static void test_boxes(void **state) {
    gd_data *d;
    (void)state;
    gd_assert_ok(open_page(&d,
                           PAGE(OBJECT("dog", "<difficult>1</difficult>", 1, 1, 100, 50)
                                    OBJECT(" cat\n",
                                           "<truncated>1</truncated><part><name>tail</name>"
                                           "<bndbox><xmin>9</xmin></bndbox></part>",
                                           11.5, 21, 20, 30)),
                           0.01),
                 &err);
    assert_string_equal(d->format, "voc");
    assert_int_equal(d->n_images, 1);
    assert_int_equal(d->n_classes, 2);
    assert_string_equal(d->classes[0].name, "cat"); /* by name */
    const gd_data_box *x = d->boxes;
    assert_true(x[0].x == 0 && x[0].y == 0 && x[0].w == 100 && x[0].h == 50);
    assert_true(x[0].label == 1 && x[0].flags == GD_DATA_DIFFICULT && x[0].line == 3);
    assert_true(x[1].x == 10.5 && x[1].y == 20 && x[1].w == 9.5 && x[1].h == 10);
    assert_true(x[1].label == 0 && x[1].flags == GD_DATA_TRUNCATED && x[1].line == 4);
    assert_true(x[1].area == 95);
    gd_data_close(d);
}

static void one(const char *object, gd_data_kind kind, const char *part) {
    char     page[2048];
    gd_data *d;
    snprintf(page, sizeof page, PAGE("%s" OBJECT("dog", "", 1, 1, 9, 9)), object);
    gd_assert_ok(open_page(&d, page, -1), &err);
    expect_problem(d, kind, 1, part);
    assert_int_equal(gd_data_bad(&d->report, GD_DATA_LABEL), 1);
    assert_int_equal(d->n_boxes, 1);
    gd_data_close(d);
    assert_int_equal(open_page(&d, page, 0.01), GD_ERR_FORMAT);
    assert_int_equal(err.code, 801);
}

static void test_bad_objects(void **state) {
    gd_data *d;
    (void)state;
    one(OBJECT("dog", "", 5, 5, 5, 5), GD_DATA_ZERO_AREA, "x.xml: line 3: x 4, y 4, width 0");
    one(OBJECT("dog", "", 5, 5, 3, 9), GD_DATA_NEGATIVE_SIZE, "width -2");
    one(OBJECT("dog", "", 101, 5, 110, 9), GD_DATA_OUTSIDE, "x 100");
    one(OBJECT("dog", "", nan, 5, 110, 9), GD_DATA_BAD_NUMBER, "side of the box");
    one(OBJECT("", "", 1, 5, 10, 9), GD_DATA_MISSING_KEY, "no name");
    one("<object><name>dog</name></object>\n", GD_DATA_MISSING_KEY, "bndbox");
    one("<object><name>dog</name><bndbox><xmin>1</xmin><xmax>2</xmax><ymin>1</ymin></bndbox>"
        "</object>",
        GD_DATA_MISSING_KEY, "four sides");
    gd_assert_ok(open_page(&d, PAGE(OBJECT("dog", "", 90, 5, 110, 9)), 0.01), &err);
    expect_problem(d, GD_DATA_STICKS_OUT, 1, "x 89");
    gd_data_close(d);
}

/* The reader of one annotation refuses these. */
static void test_bad_pages(void **state) {
    static const char *const bad[][2] = {
        {"", "no element"},
        {"<annotation>", "line 1"},
        {"<html></html>", "no <annotation>"},
        {"<annotation><size><width>x</width></size></annotation>", "no number"},
        {"<!DOCTYPE a [<!ENTITY b \"cc\">]><annotation>&b;</annotation>", "DOCTYPE"},
        {"<annotation>&b;</annotation>", "line 1"},
        {"<annotation></annotation><annotation/>", "junk"},
        {"<annotation>\xff</annotation>", "line 1"}};
    char        deep[1000] = "<annotation>";
    gd_voc_page p;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(gd_voc_text("x.xml", bad[i][0], strlen(bad[i][0]), &p, &err),
                         GD_ERR_FORMAT);
        assert_int_equal(err.code, 802);
        assert_non_null(strstr(err.msg, bad[i][1]));
        assert_null(p.objects);
    }
    for (int k = 0; k < 40; k++) strcat(deep, "<a>");
    assert_int_equal(gd_voc_text("x.xml", deep, strlen(deep), &p, &err), GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "32 deep"));
}

static void test_splits(void **state) {
    gd_data_options    o = gd_data_defaults();
    gd_data           *d;
    gd_arena           arena = {0};
    const char *const *names;
    int                n;
    (void)state;
    text_make("s/Annotations/a.xml", PAGE(OBJECT("dog", "", 1, 1, 9, 9)));
    text_make("s/Annotations/b.xml", PAGE(OBJECT("ape", "", 1, 1, 9, 9)));
    text_make("s/Annotations/c.xml", "<annotation>");
    text_make("s/JPEGImages/a.png", "");
    text_make("s/JPEGImages/b.jpg", "");
    text_make("s/ImageSets/Main/val.txt", "a  1\r\n");
    text_make("s/ImageSets/Main/train.txt", "b\nc\nd");
    text_make("s/ImageSets/Main/dog_train.txt", "b -1");
    gd_assert_ok(gd_data_splits(in_folder("s"), NULL, &arena, &names, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "train");
    assert_string_equal(names[1], "val");
    gd_arena_free(&arena);
    o.split = "val";
    gd_assert_ok(gd_data_open(in_folder("s"), &o, &d, &err), &err);
    assert_int_equal(d->n_images, 1);
    assert_string_equal(d->images[0].name, "a.png");
    assert_int_equal(d->n_classes, 2); /* also of the other split */
    expect_problem(d, GD_DATA_CLASS_UNUSED, 1, "'ape'");
    gd_data_close(d);
    o.split = "train";
    assert_int_equal(gd_data_open(in_folder("s"), &o, &d, &err), GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "2 of 3 pictures"));
    o.most_bad = -1;
    gd_assert_ok(gd_data_open(in_folder("s"), &o, &d, &err), &err);
    expect_problem(d, GD_DATA_BAD_ENTRY, 2, "c.xml: line 1");
    expect_problem(d, GD_DATA_BAD_ENTRY, 2, "d.xml is not there");
    gd_data_close(d);
    o.split = "test";
    assert_int_equal(gd_data_open(in_folder("s"), &o, &d, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 804);
    assert_non_null(strstr(err.hint, "train, val"));
}

/* The real case: boxes counted from 1 in 640x480, two of them clicks without area. */
static void test_bccd(void **state) {
    static const char *const split[] = {"train", "val", "test"};
    static const int images[] = {205, 87, 72}, labels[] = {2805, 1138, 945}, zero[] = {1, 1, 0};
    gd_data_options  o = gd_data_defaults();
    gd_data         *d;
    char             path[400];
    (void)state;
    snprintf(path, sizeof path, "%s/bccd", GD_TEST_DATA);
    if (access(path, R_OK)) skip();
    for (int k = 0; k < 3; k++) {
        o.split = split[k];
        gd_assert_ok(gd_data_open(path, &o, &d, &err), &err);
        assert_int_equal(d->n_images, images[k]);
        assert_int_equal(d->report.labels, labels[k]);
        assert_int_equal(d->n_boxes, labels[k] - zero[k]);
        assert_int_equal(d->report.count[GD_DATA_ZERO_AREA], zero[k]);
        assert_int_equal(d->n_classes, 3);
        assert_string_equal(d->classes[0].name, "Platelets");
        assert_int_equal(gd_data_bad(&d->report, GD_DATA_PICTURE), 0);
        assert_int_equal(d->report.count[GD_DATA_STICKS_OUT], 0);
        for (size_t i = 0; i < d->n_boxes; i++) {
            const gd_data_box *x = &d->boxes[i];
            assert_true(x->x >= 0 && x->x + x->w <= 640 && x->y >= 0 && x->y + x->h <= 480);
        }
        gd_data_close(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boxes), cmocka_unit_test(test_bad_objects),
        cmocka_unit_test(test_bad_pages), cmocka_unit_test(test_splits),
        cmocka_unit_test(test_bccd)};
    folder_make();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    folder_remove();
    return failed;
}
