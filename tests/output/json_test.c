/* json_test.c -- the schema of JSON Lines, key by key; flushed lines; the same as a document.
 * */
#include <fcntl.h>
#include <jansson.h>

#include "tests/output/sample.h"

static gd_error err;

static void test_lines(void **state) {
    char *text = sample_text("jsonl", &sample_info, NULL);
    (void)state;
    const char *line = strtok(text, "\n");
    assert_string_equal(line, "{\"v\":1,\"type\":\"header\",\"gdrun\":\"" GD_VERSION_STRING
                              "\",\"model\":\"m\xc3\xb6"
                              "del.gdw\",\"sha256\":\"00ff\",\"precision\":\"fp32\","
                              "\"device\":\"cpu\",\"recipe\":{\"size\":  [416, 416]}}");
    line = strtok(NULL, "\n");
    assert_string_equal(
        line, "{\"v\":1,\"source\":\"a/000000000139.jpg\",\"frame\":0,\"width\":640,"
              "\"height\":480,\"orientation\":1,\"detections\":["
              "{\"class_id\":0,\"category_id\":1,\"name\":\"person\",\"conf\":0.9213,"
              "\"box\":[100.2,150.0,300.7,399.5]},"
              "{\"class_id\":1,\"category_id\":10,"
              "\"name\":\"traffic \\\"light\\\", <red> & co\",\"conf\":0.33333334,"
              "\"box\":[-5.5,10.25,20.0,500.0]},"
              "{\"class_id\":2,\"category_id\":90,\"name\":\"\xef\xbf\xbd\\n\","
              "\"conf\":0.0000001,\"box\":[700.0,700.0,800.0,800.0]}],"
              "\"ms\":{\"decode\":1.235,\"pre\":0.500,\"infer\":20.000,\"post\":1.000}}");
    line = strtok(NULL, "\n");
    assert_non_null(strstr(line, "\"orientation\":6,\"detections\":[],"));
    line = strtok(NULL, "\n");
    assert_non_null(strstr(line, "\"source\":\"x, \\\"y\\\" \xef\xbf\xbd\\u001b[31m 7.jpg\""));
    line = strtok(NULL, "\n");
    assert_string_equal(line, "{\"v\":1,\"type\":\"error\",\"source\":\"broken.jpg\","
                              "\"frame\":0,\"code\":\"E301\",\"message\":\"ends at byte 7\"}");
    line = strtok(NULL, "\n");
    json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "type")), "summary");
    assert_int_equal(json_integer_value(json_object_get(j, "frames")), 3);
    assert_int_equal(json_integer_value(json_object_get(j, "detections")), 4);
    assert_int_equal(json_integer_value(json_object_get(j, "failed")), 1);
    double rate = json_real_value(json_object_get(j, "detection_rate"));
    double fps = json_real_value(json_object_get(j, "fps"));
    double p50 = json_real_value(json_object_get(json_object_get(j, "latency_ms"), "p50"));
    double max = json_real_value(json_object_get(json_object_get(j, "latency_ms"), "max"));
    assert_true(fabs(rate - 2.0 / 3) < 1e-6 && fabs(fps - 30) < 1e-6);
    assert_true(fabs(p50 - 22.7) < 0.3 && fabs(max - 22.735) < 1e-3);
    json_t *person = json_array_get(json_object_get(j, "classes"), 0);
    assert_true(json_real_value(json_object_get(person, "share")) == 0.5);
    json_t *e = json_array_get(json_object_get(j, "errors"), 0);
    assert_string_equal(json_string_value(json_object_get(e, "code")), "E301");
    json_decref(j);
    assert_null(strtok(NULL, "\n"));
    gd_mem_put(text);
}

static void test_video(void **state) {
    const int64_t     id[] = {7, -1, 9};
    const char *const states[] = {"confirmed", NULL, "new"};
    char              folder[64], path[96];
    gd_writer        *w;
    gd_record         r = sample_record(0);
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/v", folder);
    r.pts = 13.7471;
    r.frame = 412;
    r.track_ids = id;
    r.track_states = states;
    r.age_ms = 18;
    r.n_dropped = 4;
    r.ms.track = 0.1;
    gd_assert_ok(gd_writer_open("jsonl", path, &sample_info, NULL, &w, &err), &err);
    gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
    gd_writer_close(w);
    char *text = sample_read(path);
    assert_non_null(strstr(text, "\"frame\":412,\"pts\":13.747100,\"width\""));
    assert_non_null(strstr(text, "[{\"id\":7,\"state\":\"confirmed\",\"class_id\":0"));
    assert_non_null(strstr(text, ",{\"class_id\":1"));
    assert_non_null(strstr(text, "],\"dropped\":4,\"ms\":{"));
    assert_non_null(strstr(text, "\"track\":0.100},\"age_ms\":18.0}\n"));
    assert_null(strstr(text, "summary"));
    gd_mem_put(text);
    sample_count(folder, true);
}

/* A reader of a FIFO sees each line as soon as it is put. */
static void test_flushed(void **state) {
    char       folder[64], path[96], got[4096];
    gd_writer *w;
    gd_record  r = sample_record(1);
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    gd_assert_ok(gd_writer_open("jsonl", path, &sample_info, NULL, &w, &err), &err);
    assert_true(read(fd, got, sizeof got) > 50); /* the header */
    for (int i = 0; i < 3; i++) {
        gd_assert_ok(gd_writer_put(w, &r, &err), &err);
        ssize_t n = read(fd, got, sizeof got);
        assert_true(n > 50 && got[0] == '{' && got[n - 1] == '\n');
    }
    gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
    gd_writer_close(w);
    close(fd);
    sample_count(folder, true);
}

static void test_document(void **state) {
    char   *text = sample_text("json", &sample_info, NULL);
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    (void)state;
    assert_non_null(j);
    json_t *frames = json_object_get(j, "frames");
    assert_int_equal(json_array_size(frames), 4);
    json_t *d = json_array_get(json_object_get(json_array_get(frames, 0), "detections"), 1);
    float   conf = (float)json_real_value(json_object_get(d, "conf"));
    assert_true(conf == 1.0f / 3);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(j, "summary"), "frames")), 3);
    assert_string_equal(json_string_value(json_object_get(j, "type")), "results");
    json_decref(j);
    gd_mem_put(text);
}

static void test_classifier(void **state) {
    gd_run_info info = sample_info;
    (void)state;
    info.task = GD_TASK_CLASSIFY;
    char *text = sample_text("jsonl", &info, NULL);
    assert_non_null(strstr(text, "\"classes\":[{\"class_id\":2,\"category_id\":90,\"name\":"
                                 "\"\xef\xbf\xbd\\n\",\"conf\":0.75},{\"class_id\":0,"));
    assert_null(strstr(text, "\"detections\""));
    gd_mem_put(text);
}

static void test_segments(void **state) {
    gd_run_info info = sample_info;
    (void)state;
    info.task = GD_TASK_SEGMENT;
    char *text = sample_text("jsonl", &info, NULL);
    assert_non_null(strstr(text, "\"segments\":[{\"class_id\":1,\"category_id\":10,\"name\":"
                                 "\"traffic \\\"light\\\", <red> & co\",\"pixels\":230400,"
                                 "\"share\":0.750000},{\"class_id\":0,\"category_id\":1,"
                                 "\"name\":\"person\",\"pixels\":76800,\"share\":0.250000}]"));
    assert_null(strstr(text, "\"detections\""));
    assert_non_null(strstr(text, "\"count\":691200,\"share\":0.750000")); /* of the run */
    gd_mem_put(text);
}

/* Only a JSON object is let into the header. */
static void test_recipe(void **state) {
    static const char *const bad[] = {"",           "[1]",   "{\"a\":1",    "{} {}",
                                      "{\"a\":1}}", "\"x\"", "{\"a\":nan}", "{'a':1}"};
    gd_run_info              info = sample_info;
    gd_writer               *w;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        info.recipe_json = bad[i];
        if (gd_writer_open("jsonl", "/dev/null", &info, NULL, &w, &err) != GD_ERR_ARG)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.code, 956);
    }
    info.recipe_json = NULL;
    char *text = sample_text("jsonl", &info, NULL);
    assert_non_null(strstr(text, "\"recipe\":{}}\n"));
    gd_mem_put(text);
}

/* A picture or a run without anything: still valid. */
static void test_empty(void **state) {
    const gd_run_info none = {.task = GD_TASK_DETECT};
    char              folder[64], path[96];
    gd_writer        *w;
    gd_summary        sum;
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/j", folder);
    gd_assert_ok(gd_summary_init(&sum, &none, &err), &err);
    sum.interrupted = "SIGINT";
    gd_assert_ok(gd_writer_open("json", path, &none, NULL, &w, &err), &err);
    gd_assert_ok(gd_writer_finish(w, &sum, &err), &err);
    gd_writer_close(w);
    gd_summary_free(&sum);
    char   *text = sample_read(path);
    json_t *j = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(j, "frames")), 0);
    assert_non_null(strstr(text, "\"interrupted\":\"SIGINT\""));
    assert_null(strstr(text, "nan"));
    json_decref(j);
    gd_mem_put(text);
    sample_count(folder, true);
}

static double real(const json_t *j, const char *key) {
    return json_number_value(json_object_get(j, key));
}

/* --stats: the summary of a video alone, with tracks, stages and what was lost. */
static void test_stats(void **state) {
    const int64_t        id[] = {7, 9, 7};
    const gd_chain_stats chain = {.n_stages = 2,
                                  .bottleneck = 1,
                                  .sentence = "infer sets the pace",
                                  .stage = {{.name = "decode", .workers = 1, .items = 2},
                                            {.name = "infer",
                                             .workers = 2,
                                             .items = 2,
                                             .busy_ms = 40,
                                             .mean_ms = 20,
                                             .utilisation = 0.975}}};
    char                 folder[64], path[96];
    gd_writer           *w;
    gd_summary           sum;
    gd_record            r = sample_record(0);
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/stats.json", folder);
    gd_assert_ok(gd_summary_init(&sum, &sample_info, &err), &err);
    gd_assert_ok(gd_writer_open("stats", path, &sample_info, NULL, &w, &err), &err);
    r.track_ids = id;
    r.age_ms = 12.5;
    for (r.frame = 0; r.frame < 2; r.frame++) {
        r.n_detections = r.frame ? 1 : 3;
        gd_assert_ok(gd_summary_add(&sum, &r, &err), &err);
        gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    }
    sum.chain = &chain;
    sum.wall_ms = 50;
    sum.video = (gd_summary_video){100, 38, 1, 0, -1, 2, -1};
    gd_assert_ok(gd_writer_finish(w, &sum, &err), &err);
    gd_writer_close(w);
    gd_summary_free(&sum);
    char   *text = sample_read(path);
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *m, *infer;
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "type")), "statistics");
    assert_string_equal(json_string_value(json_object_get(j, "device")), "cpu");
    m = json_object_get(j, "summary");
    assert_true(real(m, "frames") == 2 && real(m, "fps") == 40);
    assert_true(real(m, "detections_per_frame") == 2 && real(m, "detection_rate") == 1);
    assert_true(real(m, "tracks") == 2);
    assert_true(real(json_object_get(json_object_get(m, "times_ms"), "infer"), "mean") == 20);
    assert_null(json_object_get(json_object_get(m, "times_ms"), "track"));
    assert_true(real(json_object_get(m, "age_ms"), "max") == 12.5);
    assert_int_equal(json_object_size(json_object_get(m, "video")), 5);
    assert_true(real(json_object_get(m, "video"), "promised") == 100);
    assert_true(real(json_object_get(m, "video"), "written") == 2);
    infer = json_array_get(json_object_get(m, "stages"), 1);
    assert_true(real(infer, "busy_ms") == 40 && real(infer, "utilisation") == 0.975);
    assert_string_equal(json_string_value(json_object_get(m, "bottleneck")), "infer");
    json_decref(j);
    gd_mem_put(text);
    sample_count(folder, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_video),
        cmocka_unit_test(test_flushed),    cmocka_unit_test(test_document),
        cmocka_unit_test(test_classifier), cmocka_unit_test(test_segments),
        cmocka_unit_test(test_recipe),     cmocka_unit_test(test_empty),
        cmocka_unit_test(test_stats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
