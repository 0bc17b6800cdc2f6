/* yolo_read_test.c -- data.yaml and label files, good and bad; folders of classes. */
#include "tests/data/data_sample.h"
#include "tools/data/yolo_yaml.h"

/* 4x2 grey. */
static const char picture[] = "P5 4 2 255\n12345678";

static void picture_make(const char *name) { file_make(name, picture, sizeof picture - 1); }

static gd_status open_labels(gd_data **d, const char *labels, size_t n, double most_bad) {
    gd_data_options o = gd_data_defaults();
    o.most_bad = most_bad;
    text_make("y/data.yaml", "train: images/train\nval: images/train\nnames: [cat, dog]\n");
    picture_make("y/images/train/a.pgm");
    file_make("y/labels/train/a.txt", labels, n);
    return gd_data_open(in_folder("y"), &o, d, &err);
}

static void test_good_lines(void **state) {
    static const char text[] =
        "\xef\xbb\xbf"
        "0 0.5 0.5 1 1\r\n\r\n\t1\t0.25 0.75  0.5\t0.5 \r\n1 0 0 0.5 0 0.5 1 0 1\n"
        "0 0.5 0.5 0.1 0.1";
    gd_data *d;
    (void)state;
    gd_assert_ok(open_labels(&d, text, sizeof text - 1, 0.01), &err);
    assert_string_equal(d->format, "yolo");
    assert_string_equal(d->split, "train");
    assert_int_equal(d->n_images, 1);
    assert_string_equal(d->images[0].name, "a.pgm");
    assert_int_equal(d->images[0].width, 4);
    assert_int_equal(d->n_boxes, 4);
    const gd_data_box *x = d->boxes;
    assert_true(x[0].x == 0 && x[0].y == 0 && x[0].w == 4 && x[0].h == 2 && x[0].line == 1);
    assert_true(x[1].x == 0 && x[1].y == 1 && x[1].w == 2 && x[1].h == 1 && x[1].label == 1);
    assert_true(x[1].line == 3 && x[1].flags == 0);
    assert_true(x[2].w == 2 && x[2].h == 2 && x[2].flags == GD_DATA_MASK);
    gd_data_close(d);
    gd_assert_ok(open_labels(&d, "", 0, 0.01), &err); /* background */
    assert_int_equal(d->n_images, 1);
    assert_int_equal(d->n_boxes, 0);
    assert_int_equal(d->report.count[GD_DATA_NO_LABELS], 0);
    gd_data_close(d);
}

static void one(const char *line, gd_data_kind kind, const char *part) {
    char     text[512];
    gd_data *d;
    snprintf(text, sizeof text, "0 0.5 0.5 0.5 0.5\n%s\n", line);
    gd_assert_ok(open_labels(&d, text, strlen(text), -1), &err);
    expect_problem(d, kind, 1, part);
    assert_int_equal(gd_data_bad(&d->report, GD_DATA_LABEL), 1);
    assert_int_equal(d->report.labels, 2);
    assert_int_equal(d->n_boxes, 1);
    gd_data_close(d);
    assert_int_equal(open_labels(&d, text, strlen(text), 0.01), GD_ERR_FORMAT);
    assert_int_equal(err.code, 801);
}

static void test_bad_lines(void **state) {
    (void)state;
    one("2 0.5 0.5 0.5 0.5", GD_DATA_UNKNOWN_CLASS,
        "labels/train/a.txt: line 2, column 1: class 2");
    one("-1 0.5 0.5 0.5 0.5", GD_DATA_UNKNOWN_CLASS, "class -1 of 2");
    one("1.0 0.5 0.5 0.5 0.5", GD_DATA_BAD_NUMBER, "class '1.0'");
    one("0 0.5 0.5 0.5", GD_DATA_BAD_COLUMNS, "line 2: 4 columns");
    one("0 0.5 0.5 0.5 0.5 0.9", GD_DATA_BAD_COLUMNS, "6 columns");
    one("0", GD_DATA_BAD_COLUMNS, "1 column,");
    one("0 0.5 nan 0.5 0.5", GD_DATA_BAD_NUMBER, "column 3: 'nan'");
    one("0 0,5 0.5 0.5 0.5", GD_DATA_BAD_NUMBER, "column 2: '0,5'");
    one("0 0.5 0.5 1.5 0.5", GD_DATA_OUTSIDE, "column 4: 1.5");
    one("0 -0.5 0.5 0.5 0.5", GD_DATA_OUTSIDE, "column 2: -0.5");
    one("0 0.5 0.5 0 0.5", GD_DATA_ZERO_AREA, "width 0");
    one("0 0.5 0.5 -0.1 0.5", GD_DATA_NEGATIVE_SIZE, "width -0.4");
    one("0 0.5 0.5 0x1p-1 0.5", GD_DATA_BAD_NUMBER, "0x1p-1");
    one("0 0 0 1 0 1 1e999 0 1", GD_DATA_BAD_NUMBER, "1e999");
}

static gd_status read_yaml(gd_yolo_yaml *y, gd_arena *arena, const char *text) {
    return gd_yolo_yaml_text("d/data.yaml", text, strlen(text), arena, y, &err);
}

static void test_yaml(void **state) {
    static const char *const bad[][2] = {
        {"", "empty"},
        {"[]", "keys"},
        {"train: a\n", "no names"},
        {"names: [a]\n", "no train"},
        {"train: a\nnames: []\n", "no names"},
        {"train: a\nnc: 2\nnames: [a]\n", "nc is 2"},
        {"train: a\nnc: x\nnames: [a]\n", "line 2: nc"},
        {"train: a\nnames: {0: a, 2: b}\n", "class 1 has no name"},
        {"train: a\nnames: {0: a, 0: b}\n", "already"},
        {"train: a\nnames: {x: b}\n", "number of a class"},
        {"train: a\nnames: {70000: b}\n", "65535"},
        {"train: a\nnames: [[a]]\n", "name of a class"},
        {"train: {a: b}\nnames: [a]\n", "folder or a list"},
        {"train: a\ntrain: b\nnames: [a]\n", "twice"},
        {"train: a\nnames: [a]\nnames: [b]\n", "twice"},
        {"a: &x [1]\nb: *x\n", "anchors"},
        {"train: !!python/object/apply:os.system [ls]\n", "tags"},
        {"\ttrain: a\nnames: [a]\n", "line 1"},
        {"train: a\nnames: [a]\n---\ntrain: b\n", "second"},
        {"train: a\nnames: \"\\0\"\n", "names must"}};
    gd_arena     arena = {0};
    gd_yolo_yaml y;
    (void)state;
    gd_assert_ok(
        read_yaml(&y, &arena,
                  "# c\npath: ../sets/x\ntrain: [images/a, images/b]\nval: \nvalid: v\n"
                  "test: ~\nnc: 2\nnames:\n  1: two\n  0: 'one'\ndownload: {a: [b, {c: "
                  "d}]}\n"),
        &err);
    assert_string_equal(y.base, "d/../sets/x");
    assert_int_equal(y.n_places[0], 2);
    assert_string_equal(y.place[0][1], "images/b");
    assert_int_equal(y.n_places[1], 1);
    assert_int_equal(y.n_places[2], 0);
    assert_int_equal(y.n_names, 2);
    assert_string_equal(y.names[0], "one");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_yaml(&y, &arena, bad[i][0]), GD_ERR_FORMAT);
        assert_int_equal(err.code, 802);
        if (!strstr(err.msg, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.msg);
    }
    gd_arena_free(&arena);
}

static void test_places(void **state) {
    gd_data_options o = gd_data_defaults();
    gd_data        *d;
    (void)state;
    text_make("p/data.yaml", "path: .\ntrain: list.txt\nval: images/none\nnames: [x]\n");
    picture_make("p/images/t/b c.pgm");
    picture_make("p/images/t/sub/d.pgm");
    picture_make("p/else/e.pgm");
    text_make("p/labels/t/b c.txt", "0 0.5 0.5 0.5 0.5\n");
    text_make("p/else/e.txt", "0 0.5 0.5 0.5 0.5\n0 0.5 0.5 0.5 0.5\n");
    text_make("p/list.txt", "./images/t/b c.pgm\r\nimages/t/sub/d.pgm\n\nelse/e.pgm\nno.pgm");
    o.most_bad = -1;
    gd_assert_ok(gd_data_open(in_folder("p/data.yaml"), &o, &d, &err), &err);
    assert_int_equal(d->n_images, 3);
    assert_string_equal(d->images[0].name, "else/e.pgm");
    assert_string_equal(d->images[1].name, "images/t/b c.pgm");
    assert_int_equal(d->images[0].n, 2);
    assert_int_equal(d->images[1].n, 1);
    assert_int_equal(d->images[2].n, 0);
    expect_problem(d, GD_DATA_TWICE, 1, "else/e.txt: line 2");
    expect_problem(d, GD_DATA_NO_LABELS, 1, "sub/d.pgm");
    expect_problem(d, GD_DATA_NO_PICTURE, 1, "no.pgm");
    gd_data_close(d);
    text_make("p/data.yaml", "train: images\nnames: [x]\n");
    gd_assert_ok(gd_data_open(in_folder("p/data.yaml"), &o, &d, &err), &err);
    assert_int_equal(d->n_images, 2);
    assert_string_equal(d->images[1].name, "t/sub/d.pgm");
    assert_int_equal(d->images[0].n, 1);
    gd_data_close(d);
    o.split = "val";
    assert_int_equal(gd_data_open(in_folder("p/data.yaml"), &o, &d, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 804);
    text_make("p/data.yaml", "val: images/none\nnames: [x]\n");
    assert_int_equal(gd_data_open(in_folder("p/data.yaml"), &o, &d, &err), GD_ERR_IO);
    assert_int_equal(err.code, 802);
    /* A folder that leads into itself is not followed for ever. */
    assert_int_equal(symlink(".", in_folder("p/images/t/loop")), 0);
    text_make("p/data.yaml", "train: images\nnames: [x]\n");
    o.split = NULL;
    gd_assert_ok(gd_data_open(in_folder("p/data.yaml"), &o, &d, &err), &err);
    assert_true(d->n_images >= 2 && d->n_images < 100);
    gd_data_close(d);
}

static void test_folders(void **state) {
    gd_data_options o = gd_data_defaults();
    gd_data        *d;
    (void)state;
    text_make("f/train/dog/2.jpg", "");
    text_make("f/train/dog/1.jpg", "");
    text_make("f/train/cat/3.png", "");
    text_make("f/train/cat/notes.txt", "");
    text_make("f/val/dog/9.jpg", "");
    gd_assert_ok(gd_data_open(in_folder("f"), NULL, &d, &err), &err);
    assert_string_equal(d->format, "folders");
    assert_string_equal(d->split, "train");
    assert_int_equal(d->n_images, 3);
    assert_int_equal(d->n_classes, 2);
    assert_string_equal(d->images[0].name, "cat/3.png");
    assert_int_equal(d->images[0].label, 0);
    assert_int_equal(d->images[2].label, 1);
    assert_int_equal(d->n_boxes, 0);
    gd_data_close(d);
    static const char *const names[] = {"cat", "dog"};
    o.split = "val";
    o.names = names;
    o.n_names = 2;
    gd_assert_ok(gd_data_open(in_folder("f"), &o, &d, &err), &err);
    assert_int_equal(d->n_images, 1);
    assert_int_equal(d->images[0].label, 1);
    gd_data_close(d);
    assert_int_equal(gd_data_open(in_folder("f/val/dog"), NULL, &d, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 802);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_lines), cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_yaml), cmocka_unit_test(test_places),
        cmocka_unit_test(test_folders)};
    folder_make();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    folder_remove();
    return failed;
}
