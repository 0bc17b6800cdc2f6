/* coco_test.c -- COCO results as pycocotools loads them; one picture an id. */
#include <jansson.h>

#include "tests/output/sample.h"

static void test_results(void **state) {
    char   *text = sample_text("coco", &sample_info, NULL);
    json_t *j = json_loads(text, 0, NULL);
    (void)state;
    assert_int_equal(json_array_size(j), 4);
    json_t *d = json_array_get(j, 1);
    assert_int_equal(json_integer_value(json_object_get(d, "image_id")), 139);
    assert_int_equal(json_integer_value(json_object_get(d, "category_id")), 10);
    const double want[] = {-5.5, 10.25, 25.5, 489.75}; /* x, y, width, height: not cut */
    for (size_t k = 0; k < 4; k++)
        assert_true(json_real_value(json_array_get(json_object_get(d, "bbox"), k)) == want[k]);
    assert_true((float)json_real_value(json_object_get(d, "score")) == 1.0f / 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(j, 3), "image_id")), 7);
    json_decref(j);
    gd_mem_put(text);
}

/* Two pictures of one id would be scored as one. */
static void test_same_id(void **state) {
    gd_writer *w;
    gd_error   err;
    gd_record  r = sample_record(0);
    (void)state;
    gd_assert_ok(gd_writer_open("coco", "/dev/null", &sample_info, NULL, &w, &err), &err);
    gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    r.source = "other/139.png";
    assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_ARG);
    assert_int_equal(err.code, 953);
    r.source = "dog.jpg";
    assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_ARG);
    for (int frame = 0; frame < 3; frame++) { /* a video: its frames */
        r.pts = frame;
        r.frame = frame;
        gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    }
    gd_writer_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_same_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
