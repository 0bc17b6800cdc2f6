/* video_frames_test.c -- a sink that is fed by hand: frames of other sizes, times that go back,
 * no frames, no memory. */
#include <unistd.h>

#include "tests/gd_test.h"
#include "tools/media/video.h"

static char                path[256], part[300];
static const gd_video_info like = {
    .width = 48, .height = 32, .time_base = {1, 90000}, .frame_rate = {25, 1}};
static const gd_video_sink_options fast = {.codec = "mjpeg", .replace = true};

static gd_video_sink *open_sink(void) {
    gd_error       err = {0};
    gd_video_sink *k;
    gd_assert_ok(gd_video_sink_open(path, &fast, &like, NULL, &k, &err), &err);
    assert_int_equal(access(part, F_OK), 0);
    return k;
}

static gd_status feed(gd_video_sink *k, int width, int height, int64_t pts, gd_error *err) {
    static uint8_t rgb[3 * 96 * 64];
    gd_video_frame f = {
        .rgb = rgb, .width = width, .height = height, .pts = pts, .duration = 3600};
    memset(rgb, (int)(pts / 100 % 256), sizeof rgb);
    return gd_video_sink_write(k, &f, err);
}

static void expect_note(gd_video_sink *k, int code) {
    gd_video_note n = {0};
    assert_true(gd_video_sink_note(k, &n));
    assert_int_equal(n.code, code);
    assert_true(n.text[0] != '\0');
}

static void mends_what_it_is_given(void **state) {
    (void)state;
    gd_error           err = {0};
    gd_video_note      n;
    gd_video_sink_info info;
    gd_video_sink     *k = open_sink();
    gd_assert_ok(feed(k, 48, 32, 0, &err), &err);
    assert_false(gd_video_sink_note(k, &n));
    gd_assert_ok(feed(k, 96, 64, 3600, &err), &err);
    expect_note(k, 973);
    gd_assert_ok(feed(k, 47, 31, 7200, &err), &err);
    gd_assert_ok(feed(k, 48, 32, 7200, &err), &err);
    expect_note(k, 974);
    gd_assert_ok(feed(k, 48, 32, 1000, &err), &err);
    assert_false(gd_video_sink_note(k, &n));
    assert_int_equal(feed(k, 0, 32, 9000, &err), GD_ERR_ARG);
    gd_assert_ok(gd_video_sink_finish(k, &info, &err), &err);
    assert_int_equal(info.frames, 5);
    assert_int_equal(info.duration_us, 120022); /* 7202 + 3600 ticks */
    assert_string_equal(info.codec, "mjpeg");
    assert_int_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
}

static void writes_nothing_of_nothing(void **state) {
    (void)state;
    gd_error           err = {0};
    gd_video_sink_info info;
    (void)unlink(path);
    assert_int_equal(gd_video_sink_finish(open_sink(), &info, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 968);
    gd_video_sink *k = open_sink();
    gd_assert_ok(feed(k, 48, 32, 0, &err), &err);
    gd_video_sink_abort(k);
    gd_video_sink_abort(NULL);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
}

static void refuses_what_is_no_video(void **state) {
    (void)state;
    gd_error       err = {0};
    gd_video_sink *k = (gd_video_sink *)&err;
    gd_video_info  odd = like;
    odd.width = 0;
    assert_int_equal(gd_video_sink_open(path, &fast, &odd, NULL, &k, &err), GD_ERR_ARG);
    assert_null(k);
    odd = like;
    odd.time_base.den = 0;
    assert_int_equal(gd_video_sink_open(path, NULL, &odd, NULL, &k, &err), GD_ERR_ARG);
    odd = like;
    odd.frame_rate = (gd_rational){0, 0};
    char avi[256];
    snprintf(avi, sizeof avi, "%.*s.avi", (int)(strlen(path) - 4), path);
    assert_int_equal(gd_video_sink_open(avi, &fast, &odd, NULL, &k, &err), GD_ERR_UNSUPPORTED);
    assert_int_equal(err.code, 965);
}

static int left; /* requests that are granted yet; -1: all */

static void *get(void *ctx, size_t size) {
    (void)ctx;
    if (left == 0) return NULL;
    if (left > 0) left--;
    return aligned_alloc(64, (size + 64) / 64 * 64);
}

static void put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

/* Opens, writes, finishes; *finishing tells how far it came. */
static gd_status whole(bool *finishing, gd_error *err) {
    gd_video_sink *k;
    gd_status      st = gd_video_sink_open(path, &fast, &like, NULL, &k, err);
    for (int i = 0; st == GD_OK && i < 3; i++) {
        st = feed(k, 47, 32, i * 3600, err);
        if (st != GD_OK) gd_video_sink_abort(k);
    }
    *finishing = st == GD_OK;
    return st == GD_OK ? gd_video_sink_finish(k, NULL, err) : st;
}

static void survives_the_end_of_memory(void **state) {
    (void)state;
    static const gd_alloc hook = {.get = get, .put = put};
    int                   failed = 0;
    gd_mem_hook(&hook);
    for (int n = 0;; n++) {
        gd_error err = {0};
        left = n;
        bool            finishing;
        const gd_status st = whole(&finishing, &err);
        if (st == GD_OK) break;
        assert_int_equal(st, GD_ERR_NOMEM);
        /* All frames are in it once only the end is missing. */
        assert_int_equal(access(part, F_OK) == 0, finishing);
        (void)unlink(part);
        failed++;
    }
    gd_mem_hook(NULL);
    assert_true(failed > 2);
}

int main(void) {
    char        folder[] = "/tmp/video_frames_XXXXXX";
    const char *build = GD_TEST_BUILD;
    char        plugin[512];
    snprintf(plugin, sizeof plugin, "%s/libgdrun_av.so", build);
    if (access(plugin, R_OK) != 0) {
        printf("skipped: no %s\n", plugin);
        return 77;
    }
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/out.mp4", folder);
    snprintf(part, sizeof part, "%s.part", path);
    const struct CMUnitTest tests[] = {cmocka_unit_test(mends_what_it_is_given),
                                       cmocka_unit_test(writes_nothing_of_nothing),
                                       cmocka_unit_test(refuses_what_is_no_video),
                                       cmocka_unit_test(survives_the_end_of_memory)};
    const int               code = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    (void)rmdir(folder);
    return code;
}
