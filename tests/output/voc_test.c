/* voc_test.c -- Pascal VOC: pixels counted from 1, inside the picture, text escaped. */
#include "tests/output/sample.h"

static gd_error err;

static void test_annotation(void **state) {
    char folder[64], path[128];
    (void)state;
    sample_folder(folder);
    gd_assert_ok(sample_run("voc", folder, &sample_info, NULL, &err), &err);
    assert_int_equal(sample_count(folder, false), 3);
    snprintf(path, sizeof path, "%s/000000000139.xml", folder);
    char *text = sample_read(path);
    assert_non_null(
        strstr(text, "<size><width>640</width><height>480</height><depth>3</depth>"));
    assert_non_null(strstr(text, "<bndbox><xmin>101</xmin><ymin>151</ymin><xmax>301</xmax>"
                                 "<ymax>400</ymax></bndbox>"));
    assert_non_null(strstr(text,
                           "<name>traffic &quot;light&quot;, &lt;red&gt; &amp; co</name>\n"
                           "    <pose>Unspecified</pose>\n"
                           "    <truncated>1</truncated>"));
    assert_non_null(strstr(text, "<bndbox><xmin>1</xmin><ymin>11</ymin><xmax>20</xmax>"
                                 "<ymax>480</ymax></bndbox>"));
    assert_null(strstr(text, "<xmin>701"));
    gd_mem_put(text);
    sample_count(folder, true);
}

/* A sliver, at either edge, holds one pixel of the picture. */
static void test_thin_boxes(void **state) {
    const gd_detection thin[] = {{{0, 0, 0.1f, 0.1f}, 0.5f, 0},
                                 {{639.9f, 479.9f, 640, 480}, 0.5f, 0},
                                 {{0, 0, 640, 480}, 0.5f, 0}};
    char               folder[64], path[128];
    gd_writer         *w;
    gd_record          r = sample_record(1);
    (void)state;
    sample_folder(folder);
    r.detections = thin;
    r.n_detections = 3;
    gd_assert_ok(gd_writer_open("voc", folder, &sample_info, NULL, &w, &err), &err);
    gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
    gd_writer_close(w);
    snprintf(path, sizeof path, "%s/12.xml", folder);
    char *text = sample_read(path);
    assert_non_null(strstr(text, "<xmin>1</xmin><ymin>1</ymin><xmax>1</xmax><ymax>1</ymax>"));
    assert_non_null(
        strstr(text, "<xmin>640</xmin><ymin>480</ymin><xmax>640</xmax><ymax>480</ymax>"));
    assert_non_null(
        strstr(text, "<xmin>1</xmin><ymin>1</ymin><xmax>640</xmax><ymax>480</ymax>"));
    gd_mem_put(text);
    sample_count(folder, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_annotation),
        cmocka_unit_test(test_thin_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
