/* statistics_test.c -- the lines on stderr about a whole run. */
#include "tests/gd_test.h"

#include <unistd.h>

#include "tools/cli/statistics.h"

static char seen[8192];

static const char *say(const gd_summary *s, const gd_run_info *info) {
    char name[] = "/tmp/gd_statistics_XXXXXX";
    int  saved = dup(2), file = mkstemp(name);
    assert_true(saved >= 0 && file >= 0);
    unlink(name);
    dup2(file, 2);
    gd_summary_say(s, info, GD_LEVEL_INFO);
    const ssize_t n = pread(file, seen, sizeof seen - 1, 0);
    dup2(saved, 2);
    close(saved);
    close(file);
    assert_true(n >= 0);
    seen[n] = '\0';
    return seen;
}

static const char *const names[] = {"person", "car", "dog", "cat", "bus", "tram", "kite"};
static const gd_run_info info = {.task = GD_TASK_DETECT, .n_classes = 7, .names = names};

static void test_video(void **state) {
    static int64_t       count[7] = {0, 5, 60, 5, 25, 4, 1};
    const gd_chain_stats chain = {
        .n_stages = 2,
        .bottleneck = 1,
        .sentence = "infer sets the pace",
        .stage = {{.name = "decode", .items = 100, .busy_ms = 125, .utilisation = 0.04},
                  {.name = "infer", .items = 100, .busy_ms = 3900, .utilisation = 0.975}}};
    const gd_summary s = {.frames = 100,
                          .detections = 100,
                          .hit_frames = 98,
                          .wall_ms = 4000,
                          .tracked = true,
                          .tracks = 12,
                          .n_classes = 7,
                          .class_count = count,
                          .chain = &chain,
                          .video = {.promised = 120,
                                    .decoded = 101,
                                    .corrupt = 2,
                                    .dropped = 0,
                                    .skipped = -1,
                                    .written = -1,
                                    .reconnects = 3}};
    (void)state;
    gd_report_open("gdrun");
    assert_string_equal(
        say(&s, &info),
        "gdrun: 100 frames in 4.0 s, 25.0 a second; 12 tracks\n"
        "gdrun: 100 detections, 1.00 a frame, in 98.0 % of the frames: dog 60.0 %, "
        "bus 25.0 %, car 5.0 %, cat 5.0 %, tram 4.0 %\n"
        "gdrun: stages: decode 1.25 ms (4 % busy), infer 39.00 (98 % busy)\n"
        "gdrun: infer sets the pace\n"
        "gdrun: lost: 19 frames promised by the container, but not there, 2 frames damaged; "
        "3 reconnects\n");
}

static void test_pictures(void **state) {
    gd_summary s;
    gd_error   err;
    gd_record  r = gd_record_defaults();
    (void)state;
    gd_report_open("gdrun");
    gd_assert_ok(gd_summary_init(&s, &info, &err), &err);
    assert_string_equal(say(&s, &info),
                        "gdrun: 0 frames\n"
                        "gdrun: 0 detections, 0.00 a frame, in 0.0 % of the frames\n");
    r.ms = (gd_timing){2, -1, 20, -1, -1, -1};
    gd_assert_ok(gd_summary_add(&s, &r, &err), &err);
    const char *text = say(&s, &info);
    assert_non_null(strstr(text, "gdrun: 1 frame\n"));
    assert_non_null(strstr(text, "latency: mean 22.0 ms, p50 2"));
    assert_non_null(strstr(text, "stages: decode 2.00 ms, infer 20.00\n"));
    gd_summary_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_video),
                                       cmocka_unit_test(test_pictures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
