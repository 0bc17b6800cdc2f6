/* csv_test.c -- rows of detections, tracks and classes, with fields that need quoting. */
#include "tests/output/sample.h"

static void test_detections(void **state) {
    char *text = sample_text("csv", &sample_info, NULL);
    (void)state;
    assert_string_equal(
        text,
        "source,frame,pts,width,height,id,state,class_id,category_id,name,conf,x1,y1,x2,y2\n"
        "a/000000000139.jpg,0,,640,480,,,0,1,person,0.9213,100.2,150.0,300.7,399.5\n"
        "a/000000000139.jpg,0,,640,480,,,1,10,\"traffic \"\"light\"\", <red> & co\","
        "0.33333334,-5.5,10.25,20.0,500.0\n"
        "a/000000000139.jpg,0,,640,480,,,2,90,\"\xef\xbf\xbd\n\",0.0000001,700.0,700.0,"
        "800.0,800.0\n"
        "\"x, \"\"y\"\" \xef\xbf\xbd\xef\xbf\xbd[31m 7.jpg\",0,,640,480,,,0,1,person,0.9213,"
        "100.2,150.0,300.7,399.5\n");
    gd_mem_put(text);
}

static void test_tracks(void **state) {
    static const int64_t     ids[] = {7, -1, 12};
    static const char *const states[] = {"confirmed", "untracked", "new"};
    char                     folder[64], path[96];
    gd_writer               *w;
    gd_error                 err;
    gd_record                r = sample_record(0);
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/out", folder);
    r.frame = 5;
    r.pts = 0.5;
    r.track_ids = ids;
    r.track_states = states;
    gd_assert_ok(gd_writer_open("csv", path, &sample_info, NULL, &w, &err), &err);
    gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
    gd_writer_close(w);
    char *text = sample_read(path);
    assert_non_null(strstr(text, ".jpg,5,0.500000,640,480,7,confirmed,0,1,person,"));
    assert_non_null(strstr(text, ".jpg,5,0.500000,640,480,,untracked,1,10,"));
    assert_non_null(strstr(text, ".jpg,5,0.500000,640,480,12,new,2,90,"));
    gd_mem_put(text);
    sample_count(folder, true);
}

static void test_classes(void **state) {
    gd_run_info info = sample_info;
    (void)state;
    info.task = GD_TASK_CLASSIFY;
    char *text = sample_text("csv", &info, NULL);
    assert_non_null(strstr(text,
                           "height,place,class_id,category_id,name,conf\n"
                           "a/000000000139.jpg,0,,640,480,1,2,90,\"\xef\xbf\xbd\n\",0.75\n"
                           "a/000000000139.jpg,0,,640,480,2,0,1,person,0.125\n"));
    gd_mem_put(text);
}

static void test_segments(void **state) {
    gd_run_info info = sample_info;
    (void)state;
    info.task = GD_TASK_SEGMENT;
    char *text = sample_text("csv", &info, NULL);
    assert_non_null(strstr(text,
                           "height,place,class_id,category_id,name,pixels,share\n"
                           "a/000000000139.jpg,0,,640,480,1,1,10,"
                           "\"traffic \"\"light\"\", <red> & co\",230400,0.750000\n"
                           "a/000000000139.jpg,0,,640,480,2,0,1,person,76800,0.250000\n"));
    gd_mem_put(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detections),
        cmocka_unit_test(test_tracks),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
