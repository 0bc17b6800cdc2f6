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

/* Ids of an annotation file; a picture that it does not list is refused. */
static void test_listed_ids(void **state) {
    static const char list[] = "{\"images\":[{\"id\":77,\"file_name\":\"000000000139.jpg\"}]}";
    char              folder[64], path[96];
    gd_writer_options opt = {.coco_instances = path};
    gd_writer        *w;
    gd_error          err;
    gd_out            o;
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/list.json", folder);
    gd_assert_ok(gd_out_open(&o, path, 0, &err), &err);
    gd_assert_ok(gd_out_write(&o, list, strlen(list), &err), &err);
    gd_assert_ok(gd_out_commit(&o, &err), &err);
    char out[96];
    snprintf(out, sizeof out, "%s/out.json", folder);
    gd_assert_ok(gd_writer_open("coco", out, &sample_info, &opt, &w, &err), &err);
    gd_record r = sample_record(0);
    gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    r = sample_record(1);
    assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_ARG);
    gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
    gd_writer_close(w);
    char *text = sample_read(out);
    assert_non_null(strstr(text, "{\"image_id\":77,"));
    gd_mem_put(text);
    opt.coco_instances = "/nonexistent.json";
    assert_int_equal(gd_writer_open("coco", out, &sample_info, &opt, &w, &err), GD_ERR_IO);
    assert_null(w);
    sample_count(folder, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_same_id),
        cmocka_unit_test(test_listed_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
