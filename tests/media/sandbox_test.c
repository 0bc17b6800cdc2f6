/* sandbox_test.c -- a decoder killed, hung or out of memory costs one picture. */
#include "tests/media/make.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/media/jail.h"
#include "tools/media/picture.h"
#include "tools/media/sandbox.h"

static made good;

static gd_status try_read(gd_decoder *d, gd_picture *pic, gd_error *err) {
    memset(err, 0, sizeof *err);
    return gd_decoder_read_memory(d, good.p, good.n, "x.jpg", NULL, pic, err);
}

static gd_decoder *start(int timeout_ms) {
    gd_decoder_options opt = {.timeout_ms = timeout_ms};
    gd_error           err = {0};
    gd_decoder        *d;
    gd_assert_ok(gd_decoder_open(&opt, &d, &err), &err);
    return d;
}

static int open_descriptors(void) {
    DIR *dir = opendir("/proc/self/fd");
    int  n = 0;
    assert_non_null(dir);
    while (readdir(dir)) n++;
    closedir(dir);
    return n;
}

static bool alive(pid_t pid) {
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    if (!fgets(text, sizeof text, f)) text[0] = '\0';
    fclose(f);
    const char *state = strrchr(text, ')');
    return state && state[1] && state[2] != 'Z' && state[2] != 'X';
}

static bool gone_soon(pid_t pid) {
    for (int i = 0; i < 200 && alive(pid); i++) usleep(10000);
    return !alive(pid);
}

static void starts_late_and_leaves_nothing(void **state) {
    (void)state;
    gd_error    err;
    gd_picture  pic = {0};
    int         before = open_descriptors();
    gd_decoder *d = start(0);
    assert_int_equal(gd_decoder_process(d), -1);
    gd_assert_ok(try_read(d, &pic, &err), &err);
    pid_t worker = gd_decoder_process(d);
    assert_true(worker > 0);
    gd_assert_ok(try_read(d, &pic, &err), &err);
    assert_int_equal(gd_decoder_process(d), worker); /* one for all pictures */
    gd_decoder_close(d);
    assert_true(gone_soon(worker));
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child of ours is left */
    gd_picture_free(&pic);
    gd_decoder_close(start(0)); /* closed without a picture */
    gd_decoder_close(NULL);
}

static void a_killed_worker_costs_one_picture(void **state) {
    (void)state;
    const int   signals[] = {SIGKILL, SIGSEGV, SIGBUS, SIGSYS, SIGABRT};
    gd_error    err;
    gd_picture  pic = {0};
    gd_decoder *d = start(0);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        gd_assert_ok(try_read(d, &pic, &err), &err);
        pid_t worker = gd_decoder_process(d);
        assert_int_equal(kill(worker, signals[i]), 0);
        assert_true(gone_soon(worker));
        assert_int_equal(try_read(d, &pic, &err), GD_ERR_FORMAT);
        assert_int_equal(err.code, 308);
        char want[32];
        snprintf(want, sizeof want, "signal %d", signals[i]);
        if (!gd_jail_has_asan() && !strstr(err.msg, want))
            fail_msg("%s lacks %s", err.msg, want);
        assert_int_equal(pic.width, 0);
        gd_assert_ok(try_read(d, &pic, &err), &err);
        assert_true(gd_decoder_process(d) != worker);
    }
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

static void *kill_later(void *arg) {
    usleep(100000);
    kill(*(pid_t *)arg, SIGKILL);
    return NULL;
}

static void killed_while_it_decodes(void **state) {
    (void)state;
    gd_error    err;
    gd_picture  pic = {0};
    gd_decoder *d = start(5000);
    pthread_t   t;
    gd_assert_ok(try_read(d, &pic, &err), &err);
    pid_t worker = gd_decoder_process(d);
    assert_int_equal(kill(worker, SIGSTOP), 0); /* holds it in the middle of the request */
    assert_int_equal(pthread_create(&t, NULL, kill_later, &worker), 0);
    assert_int_equal(try_read(d, &pic, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 308);
    pthread_join(t, NULL);
    gd_assert_ok(try_read(d, &pic, &err), &err);
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

static void a_hung_worker_is_stopped(void **state) {
    (void)state;
    struct timespec a, b;
    gd_error        err;
    gd_picture      pic = {0};
    gd_decoder     *d = start(200);
    gd_assert_ok(try_read(d, &pic, &err), &err);
    pid_t worker = gd_decoder_process(d);
    assert_int_equal(kill(worker, SIGSTOP), 0);
    clock_gettime(CLOCK_MONOTONIC, &a);
    assert_int_equal(try_read(d, &pic, &err), GD_ERR_FORMAT);
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_int_equal(err.code, 309);
    assert_non_null(strstr(err.msg, "200 ms"));
    long ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
    assert_in_range(ms, 199, 3000);
    assert_true(gone_soon(worker));
    gd_assert_ok(try_read(d, &pic, &err), &err);
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

static void a_lost_caller_takes_all_along(void **state) {
    (void)state;
    int   pipe_fd[2];
    pid_t worker = -1, pid;
    assert_int_equal(pipe(pipe_fd), 0);
    pid = fork();
    if (pid == 0) {
        gd_error    err;
        gd_picture  pic = {0};
        gd_decoder *d, *other;
        if (gd_decoder_open(NULL, &other, &err) != GD_OK) _exit(1);
        if (gd_decoder_open(NULL, &d, &err) != GD_OK) _exit(1);
        if (try_read(other, &pic, &err) != GD_OK || try_read(d, &pic, &err) != GD_OK) _exit(2);
        worker = gd_decoder_process(other);
        if (write(pipe_fd[1], &worker, sizeof worker) < 0) _exit(3);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(read(pipe_fd[0], &worker, sizeof worker), (ssize_t)sizeof worker);
    assert_true(gone_soon(worker));
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}

/* The front door's estimate is the limit: with none for the decoder's work, a large progressive
 * picture cannot be decoded, and that is a lack of memory, not a crash. */
static void the_limit_on_memory_holds(void **state) {
    (void)state;
    gd_sandbox    *b;
    gd_source      s;
    gd_error       err = {0};
    const uint8_t *px;
    if (gd_jail_has_asan()) skip();
    made m = make_jpeg(6400, 4800, TJSAMP_444, TJFLAG_PROGRESSIVE);
    gd_assert_ok(gd_sandbox_open(10000, &b, &err), &err);
    gd_assert_ok(door(&m, false, &s, &err), &err);
    gd_assert_ok(gd_sandbox_decode(b, &s, m.p, "big.jpg", &px, &err), &err);
    s.work = 0;
    assert_int_equal(gd_sandbox_decode(b, &s, m.p, "big.jpg", &px, &err), GD_ERR_NOMEM);
    assert_int_equal(err.code, 600);
    assert_null(px);
    gd_assert_ok(door(&m, false, &s, &err), &err);
    gd_assert_ok(gd_sandbox_decode(b, &s, m.p, "big.jpg", &px, &err), &err);
    gd_sandbox_close(b);
    made_free(&m);
}

/* Sizes up and down again: the shared memory follows. */
static void pictures_of_all_sizes(void **state) {
    (void)state;
    const int   sides[] = {16, 1500, 40, 4000, 8, 8, 2000};
    gd_error    err;
    gd_picture  pic = {0};
    gd_decoder *d = start(0);
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        made     m = make_encoded(GD_ENCODE_BMP, sides[i], sides[i] / 2);
        uint8_t *want = make_pixels(sides[i], sides[i] / 2);
        gd_assert_ok(gd_decoder_read_memory(d, m.p, m.n, "x", NULL, &pic, &err), &err);
        assert_memory_equal(pic.rgb, want, 3 * (size_t)pic.width * (size_t)pic.height);
        free(want);
        made_free(&m);
    }
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

static int make_good(void **state) {
    (void)state;
    good = make_jpeg(64, 48, TJSAMP_420, 0);
    return 0;
}

static int drop_good(void **state) {
    (void)state;
    made_free(&good);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_late_and_leaves_nothing),
        cmocka_unit_test(a_killed_worker_costs_one_picture),
        cmocka_unit_test(killed_while_it_decodes),
        cmocka_unit_test(a_hung_worker_is_stopped),
        cmocka_unit_test(a_lost_caller_takes_all_along),
        cmocka_unit_test(the_limit_on_memory_holds),
        cmocka_unit_test(pictures_of_all_sizes),
    };
    return cmocka_run_group_tests(tests, make_good, drop_good);
}
