/* mot_test.c -- MOTChallenge text: tracks that count, detections without tracks, one source. */
#include "tests/output/sample.h"

static void test_tracks(void **state) {
    static const int64_t      ids[] = {7, -1, 9, 12};
    static const char *const  states[] = {"confirmed", "untracked", "tentative", "new"};
    static const bool         sure[] = {true, false, true, false};
    static const gd_detection boxes[] = {{{10, 20, 40.5f, 60}, 0.5f, 0},
                                         {{1, 2, 3, 4}, 0.9f, 1},
                                         {{0, 0, 2, 4}, 0.25f, 1},
                                         {{99, 0, 100, 1}, 0.75f, 2}};
    static const char *const  want[] = {"413,7,11.0,21.0,30.5,40.0,0.5,-1,-1,-1\n"
                                         "413,12,100.0,1.0,1.0,1.0,0.75,-1,-1,-1\n",
                                        "413,7,11.0,21.0,30.5,40.0,0.5,-1,-1,-1\n"
                                         "413,9,1.0,1.0,2.0,4.0,0.25,-1,-1,-1\n"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        char       folder[64], path[96];
        gd_writer *w;
        gd_error   err, bad = {0};
        gd_record  r = gd_record_defaults();
        sample_folder(folder);
        snprintf(path, sizeof path, "%s/out", folder);
        gd_assert_ok(gd_writer_open("mot", path, &sample_info, NULL, &w, &err), &err);
        r.source = "a.mp4";
        r.frame = 412;
        r.pts = 13.5;
        r.detections = boxes;
        r.n_detections = 4;
        r.track_ids = ids;
        r.track_states = states;
        r.track_confirmed = k ? sure : NULL;
        gd_assert_ok(gd_writer_put(w, &r, &err), &err);
        r.error = &bad;
        r.source = "b.mp4";
        gd_assert_ok(gd_writer_put(w, &r, &err), &err); /* failed: nothing to write */
        r.error = NULL;
        assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_ARG);
        assert_int_equal(err.code, 959);
        gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
        gd_writer_close(w);
        char *text = sample_read(path);
        assert_string_equal(text, want[k]);
        gd_mem_put(text);
        sample_count(folder, true);
    }
}

static void test_detections(void **state) {
    char       folder[64], path[96];
    gd_writer *w;
    gd_error   err;
    gd_record  r = sample_record(0);
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/out", folder);
    gd_assert_ok(gd_writer_open("mot", path, &sample_info, NULL, &w, &err), &err);
    gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
    gd_writer_close(w);
    char *text = sample_read(path);
    assert_string_equal(text, "1,-1,101.2,151.0,200.50002,249.5,0.9213,-1,-1,-1\n"
                              "1,-1,-4.5,11.25,25.5,489.75,0.33333334,-1,-1,-1\n"
                              "1,-1,701.0,701.0,100.0,100.0,0.0000001,-1,-1,-1\n");
    gd_mem_put(text);
    sample_count(folder, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tracks),
        cmocka_unit_test(test_detections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
