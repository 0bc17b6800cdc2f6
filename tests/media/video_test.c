/* video_test.c -- sources by their C interface: memory that fails, stops, buffers, plugin. */
#include "tools/media/video.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/gd_test.h"
#include "tools/media/av/av.h"

static char folder[] = "/tmp/gd_video_XXXXXX";
static char path[64];

/* ---- an allocator that counts, and fails on request -------------------------------------- */

static long live, asked, fail_at;

static void *count_get(void *ctx, size_t size) {
    (void)ctx;
    if (++asked == fail_at) return NULL;
    void *p = aligned_alloc(64, (size + 63) / 64 * 64);
    if (p) live++;
    return p;
}
static void count_put(void *ctx, void *p) {
    (void)ctx;
    if (p) live--;
    free(p);
}
static const gd_alloc counting = {NULL, count_get, count_put};

/* ---- sources ----------------------------------------------------------------------------- */

/* Reads all; the frames, or -1 after an error. */
static long read_all(const char *from, const gd_video_source_options *opt, gd_error *err) {
    gd_video_source *s;
    gd_video_frame   f = {0};
    long             n = 0;
    gd_status        st = gd_video_source_open(from, opt, &s, err);
    if (st != GD_OK) {
        assert_null(s);
        return -1;
    }
    while ((st = gd_video_source_read(s, &f, err)) == GD_OK && f.rgb) n++;
    for (int i = 0; i < 3 && st == GD_OK; i++) { /* the end stays the end */
        assert_int_equal(gd_video_source_read(s, &f, err), GD_OK);
        assert_null(f.rgb);
    }
    gd_video_frame_free(&f);
    gd_video_source_close(s);
    return st == GD_OK ? n : -1;
}

static void whole_file(void **state) {
    gd_error                      err = {0};
    const gd_video_source_options opt = {.pixels = &counting, .keep_packets = true};
    (void)state;
    asked = live = fail_at = 0;
    assert_int_equal(read_all(path, &opt, &err), 20);
    assert_int_equal(asked, 1); /* one buffer serves all frames */
    assert_int_equal(live, 0);
    gd_video_source_close(NULL);
}

/* Every request of ours fails once: an error of memory, and nothing is left. */
static void no_memory(void **state) {
    const gd_video_source_options opt = {.keep_packets = true, .threads = 1};
    gd_error                      err;
    long                          failed = 0;
    const gd_av                  *av;
    (void)state;
    gd_assert_ok(gd_av_load(&av, &err), &err);
    gd_mem_hook(&counting);
    for (fail_at = 1; fail_at < 1000; fail_at++) {
        asked = live = 0;
        err = (gd_error){0};
        const long n = read_all(path, &opt, &err);
        if (n < 0) assert_int_equal(err.status, GD_ERR_NOMEM);
        assert_int_equal(live, 0);
        failed += n < 0;
        if (asked < fail_at) break;
    }
    gd_mem_hook(NULL);
    assert_true(failed >= 3 && fail_at < 1000);
}

static void *stopper(void *source) {
    (void)usleep(100000);
    gd_video_source_stop(source);
    return NULL;
}

/* A pipe that nobody writes to is left at once. */
static void stop_pipe(void **state) {
    gd_error         err = {0};
    gd_video_source *s;
    gd_video_frame   f = {0};
    gd_video_counts  n;
    pthread_t        t;
    int              ends[2], in = dup(STDIN_FILENO);
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    gd_assert_ok(gd_video_source_open("raw:4x4:rgb24:-", NULL, &s, &err), &err);
    assert_int_equal(pthread_create(&t, NULL, stopper, s), 0);
    gd_assert_ok(gd_video_source_read(s, &f, &err), &err);
    assert_null(f.rgb);
    assert_int_equal(pthread_join(t, NULL), 0);
    gd_video_source_counts(s, &n);
    assert_false(gd_video_damaged(&n));
    uint8_t pixel = 0; /* of another source, on a GPU: it is over all the same */
    f.device = &pixel;
    gd_assert_ok(gd_video_source_read(s, &f, &err), &err);
    assert_false(gd_video_frame_given(&f));
    gd_video_source_close(s);
    gd_video_frame_free(&f);
    (void)close(ends[0]);
    (void)close(ends[1]);
    if (in >= 0) (void)dup2(in, STDIN_FILENO), (void)close(in);
}

static atomic_int questions;

static bool stopped(void) { return atomic_fetch_add(&questions, 1) > 1; }

static double seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A server that takes the connection and never answers: open itself can be stopped. */
static void stop_while_connecting(void **state) {
    gd_error                      err = {0};
    const gd_video_source_options opt = {.stopped = stopped, .timeout_ms = 8000};
    struct sockaddr_in            at = {.sin_family = AF_INET};
    socklen_t                     size = sizeof at;
    gd_video_source              *s;
    (void)state;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    static const char *const schemes[] = {"http", "rtsp"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        char         url[64];
        const double begun = seconds();
        (void)snprintf(url, sizeof url, "%s://127.0.0.1:%d/a", schemes[i], ntohs(at.sin_port));
        atomic_store(&questions, 0);
        assert_int_equal(gd_video_source_open(url, &opt, &s, &err), GD_ERR_IO);
        assert_null(s);
        assert_true(seconds() - begun < 4);
    }
    (void)close(listener);
}

static void plugin(void **state) {
    gd_error     err = {0};
    const gd_av *a, *b;
    (void)state;
    gd_assert_ok(gd_av_load(&a, &err), &err);
    gd_assert_ok(gd_av_load(&b, &err), &err);
    assert_ptr_equal(a, b);
    assert_non_null(strstr(a->built_on, "libavcodec "));
}

static void bad_arguments(void **state) {
    gd_error                      err = {0};
    gd_video_source              *s;
    const gd_video_source_options udp = {.rtsp_transport = "pigeon"};
    char                          name[5000];
    (void)state;
    assert_int_equal(gd_video_source_open(path, &udp, &s, &err), GD_ERR_ARG);
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(gd_video_source_open(name, NULL, &s, &err), GD_ERR_ARG);
    assert_null(s);
}

/* MPEG program streams are not read, so their names are none of ours. */
static void source_names(void **state) {
    static const char *const yes[] = {"a.mp4", "a.m4v", "a.ts", "a.m2ts", "a.3gp", "b/A.WebM"};
    static const char *const no[] = {"a.mpg", "a.mpeg", "a.jpg", "mp4", "a.mp4/b", ""};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(gd_is_video_name(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(gd_is_video_name(no[i]));
}

/* What the sink has a container for can be asked for by name. */
static void output_names(void **state) {
    static const char *const yes[] = {"a.mp4", "a.m4v", "a.mov", "a.mkv", "a.webm", "b/A.AVI"};
    static const char *const no[] = {"a.mpg", "a.ts", "a.jpg", "m4v", "a.m4v/b", ""};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(gd_is_video_output(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(gd_is_video_output(no[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(plugin),
                                       cmocka_unit_test(whole_file),
                                       cmocka_unit_test(no_memory),
                                       cmocka_unit_test(stop_pipe),
                                       cmocka_unit_test(stop_while_connecting),
                                       cmocka_unit_test(bad_arguments),
                                       cmocka_unit_test(output_names),
                                       cmocka_unit_test(source_names)};
    char                    command[256];
    gd_error                err = {0};
    const gd_av            *av;
    if (gd_av_load(&av, &err) != GD_OK) {
        (void)printf("skipped: %s\n", err.why);
        return 77;
    }
    if (!mkdtemp(folder)) return 1;
    (void)snprintf(path, sizeof path, "%s/a.mp4", folder);
    (void)snprintf(command, sizeof command,
                   "ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=70x50:r=10:d=2 -f lavfi -i "
                   "sine=d=2 -c:v libx264 -c:a aac %s",
                   path);
    int rc = 77;
    if (system(command) == 0)
        rc = cmocka_run_group_tests(tests, NULL, NULL);
    else
        (void)printf("skipped: no ffmpeg program\n");
    (void)unlink(path);
    (void)rmdir(folder);
    return rc;
}
