/* video_test.c -- sources through the plugin: what is opened, told, counted and refused. */
#include "tools/media/video.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/gd_test.h"
#include "tools/media/av/av.h"

static void opens_file(void **state) {
    (void)state;
    gd_error         err = {0};
    gd_video_source *s;
    gd_video_frame   f = {0};
    gd_video_counts  n;
    const char      *data = getenv("GD_DATA");
    char             path[4096];
    (void)snprintf(path, sizeof path, "%s/videos/car-detection.mp4", data);
    if (access(path, R_OK) != 0) skip();
    gd_status st = gd_video_source_open(path, NULL, &s, &err);
    if (st != GD_OK) fail_msg("%s %s", err.msg, err.why);
    int64_t last = -1;
    while ((st = gd_video_source_read(s, &f, &err)) == GD_OK && f.rgb) {
        assert_true(f.pts > last);
        last = f.pts;
    }
    assert_int_equal(st, GD_OK);
    gd_video_source_counts(s, &n);
    print_message("%lld of %lld\n", (long long)n.decoded, (long long)n.promised);
    assert_int_equal(n.decoded, n.promised);
    gd_video_frame_free(&f);
    gd_video_source_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(opens_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
