/* progress_test.c -- pace and line from times that are given; a terminal of the test's own. */
#include "tests/gd_test.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/cli/progress.h"
#include "tools/cli/report.h"

static void near(double got, double want) {
    if (!(fabs(got - want) <= 1e-6 * fabs(want))) fail_msg("%.9g, expected %.9g", got, want);
}

static void test_pace(void **state) {
    gd_pace p = {0};
    (void)state;
    assert_true(gd_pace_rate(&p) == 0 && gd_pace_left(&p, 10) == -1);
    gd_pace_take(&p, 100, 0);
    assert_true(gd_pace_rate(&p) == 0);
    gd_pace_take(&p, 100, 5); /* no time has passed */
    assert_true(gd_pace_rate(&p) == 0);
    for (int i = 1; i <= 100; i++) gd_pace_take(&p, 100 + 0.1 * i, i); /* ten a second */
    near(gd_pace_rate(&p), 10);
    near(gd_pace_left(&p, 150), 5);
    assert_true(gd_pace_left(&p, 100) == 0 && gd_pace_left(&p, 50) == 0);
    assert_true(gd_pace_left(&p, 0) == -1);
    /* A burst counts for what it is, not for the pace: samples are a second apart. */
    for (int i = 1; i <= 32; i++) gd_pace_take(&p, 110 + 0.001 * i, 100 + i);
    near(gd_pace_rate(&p), 131 / 9.932); /* since the count fell from 5 to 1 */
    gd_pace_take(&p, 110.032, 100);      /* and back to 100, anew */
    /* Faster from here: after the length of the ring the old pace is forgotten. */
    for (int i = 1; i <= 2000; i++) gd_pace_take(&p, 110 + 0.01 * i, 100 + i);
    near(gd_pace_rate(&p), 100);
    gd_pace_take(&p, 130, 3); /* another count begins */
    assert_true(gd_pace_rate(&p) == 0);
    gd_pace_take(&p, 132, 5);
    near(gd_pace_rate(&p), 1);
    gd_pace_take(&p, 10, 6); /* a clock that jumps back */
    assert_true(gd_pace_rate(&p) == 0);
}

/* An item in more time than the ring holds. */
static void test_slow(void **state) {
    gd_pace p = {0};
    (void)state;
    gd_pace_take(&p, 0, 0);
    gd_pace_take(&p, 40, 1);
    for (int i = 0; i < 30; i++) gd_pace_take(&p, 41 + i, 1);
    near(gd_pace_rate(&p), 1.0 / 70);
    near(gd_pace_left(&p, 2), 70);
}

static const char *line(const gd_pace *p, long total, int columns, bool color) {
    static char out[400];
    size_t      n = gd_progress_line(out, sizeof out, p, total, "frames", columns, color);
    assert_int_equal(n, strlen(out));
    if (!color) assert_true((int)n <= columns);
    return out;
}

static void test_line(void **state) {
    gd_pace p = {0};
    (void)state;
    gd_pace_take(&p, 0, 0);
    gd_pace_take(&p, 16, 400);
    assert_string_equal(line(&p, 800, 79, false),
                        "[###############...............] 400/800 frames  0:16 left  25.0/s");
    assert_string_equal(line(&p, 800, 44, false),
                        "[####....] 400/800 frames  0:16 left  25.0/s");
    assert_string_equal(line(&p, 800, 43, false), "400/800 frames  0:16 left  25.0/s");
    assert_string_equal(line(&p, 800, 30, false), "400/800 frames  0:16 left");
    assert_string_equal(line(&p, 800, 20, false), "400/800 frames");
    assert_string_equal(line(&p, 800, 3, false), "");
    assert_string_equal(line(&p, 0, 79, false), "400 frames  0:16  25.0/s");
    assert_string_equal(
        line(&p, 100000, 79, false),
        "[..............................] 400/100000 frames  1:06:24 left  25.0/s");
    /* More than there was to be: containers err. */
    assert_string_equal(line(&p, 399, 79, false),
                        "[##############################] 400/399 frames  0:00 left  25.0/s");
    assert_string_equal(
        line(&p, 800, 79, true),
        "[\x1b[32m###############\x1b[0m...............] 400/800 frames  0:16 left  25.0/s");
    for (int columns = 0; columns < 100; columns++) (void)line(&p, 800, columns, false);
    char tiny[8];
    assert_true(gd_progress_line(tiny, sizeof tiny, &p, 800, NULL, 79, false) < sizeof tiny);
    p = (gd_pace){0};
    gd_pace_take(&p, 0, 0);
    assert_string_equal(line(&p, 10, 30, false), "[................] 0/10 frames");
    gd_pace_take(&p, 50, 2);
    assert_string_equal(line(&p, 0, 60, false), "2 frames  0:50  25.0 s each");
}

/* ---- on a terminal ----------------------------------------------------------------------- */

static int saved, master;

static void open_terminal(unsigned short columns) {
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0 && ioctl(slave, TIOCSWINSZ, &size) == 0);
    assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    saved = dup(2);
    dup2(slave, 2);
    close(slave);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
}

static const char *close_terminal(void) {
    static char seen[65536];
    size_t      n = 0;
    ssize_t     got;
    while ((got = read(master, seen + n, sizeof seen - 1 - n)) > 0) n += (size_t)got;
    dup2(saved, 2);
    close(saved);
    close(master);
    seen[n] = '\0';
    return seen;
}

static void configure(int argc, const char *flag) {
    gd_flags f;
    gd_error err;
    char    *argv[] = {(char *)flag};
    gd_report_open("gdrun");
    gd_flags_init(&f, GD_CMD_DETECT);
    gd_assert_ok(gd_flags_parse(&f, argc, argv, &err), &err);
    gd_report_configure(&f);
    gd_flags_free(&f);
}

static void test_terminal(void **state) {
    (void)state;
    open_terminal(50);
    configure(0, NULL);
    gd_progress_begin("frames");
    gd_progress(1, 4);
    gd_progress(2, 4); /* too soon to be drawn */
    gd_warn(250, "odd");
    gd_progress_clear(); /* nothing is there any more */
    usleep(110000);
    gd_progress(3, 4);
    gd_progress_clear();
    const char *seen = close_terminal();
    /* Drawn, taken away in one go with the message, drawn again, taken away. */
    assert_int_equal(strncmp(seen, "\r[\x1b[32m", 7), 0);
    assert_null(strstr(seen, "2/4"));
    const char *warning =
        strstr(seen, "\r\x1b[Kgdrun: \x1b[1;33mwarning[W250]:\x1b[0m odd\r\n");
    assert_non_null(warning);
    assert_non_null(strstr(warning, "3/4 frames"));
    assert_string_equal(seen + strlen(seen) - 4, "\r\x1b[K");
    int clears = 0;
    for (const char *at = seen; (at = strstr(at, "\r\x1b[K")); at++) clears++;
    assert_int_equal(clears, 2);
    gd_report_close();
}

static void test_silence(void **state) {
    static const char *const flag[] = {"--quiet", "--log-json", NULL, "--no-color"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        open_terminal(80);
        if (i == 2) setenv("TERM", "dumb", 1);
        configure(flag[i] != NULL, flag[i]);
        gd_progress_begin(NULL);
        gd_progress(1, 2);
        gd_progress(1, 0);
        gd_progress_clear();
        const char *seen = close_terminal();
        if (i < 3)
            assert_string_equal(seen, "");
        else
            assert_non_null(strstr(seen, "\r[###############...............] 1/2"));
        assert_null(strstr(seen, "\x1b[32m"));
    }
    open_terminal(80);
    setenv("NO_COLOR", "1", 1);
    configure(0, NULL);
    gd_progress_begin(NULL);
    gd_progress(1, 2);
    const char *seen = close_terminal();
    assert_non_null(strstr(seen, "1/2"));
    assert_null(strstr(seen, "\x1b[32m"));
    unsetenv("NO_COLOR");
    configure(0, NULL);
}

static void *chatter(void *ctx) {
    (void)ctx;
    for (int i = 0; i < 200; i++) {
        gd_progress(i, 200);
        gd_warn(251, "odd");
        gd_say(GD_LEVEL_INFO, "line %d", i);
    }
    return NULL;
}

/* Lines of several threads stay whole. */
static void test_threads(void **state) {
    pthread_t t[4];
    char      name[] = "/tmp/gd_progress_XXXXXX";
    int       file = mkstemp(name), whole = 0;
    (void)state;
    assert_true(file >= 0);
    unlink(name);
    saved = dup(2);
    dup2(file, 2);
    configure(0, NULL);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&t[i], NULL, chatter, NULL), 0);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    gd_report_close();
    dup2(saved, 2);
    close(saved);
    static char seen[65536];
    ssize_t     n = pread(file, seen, sizeof seen - 1, 0);
    close(file);
    assert_true(n > 0);
    for (const char *at = strtok(seen, "\n"); at; at = strtok(NULL, "\n"))
        whole += strncmp(at, "gdrun: line ", 12) == 0;
    assert_int_equal(whole, 800);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace),    cmocka_unit_test(test_slow),
        cmocka_unit_test(test_line),    cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_silence), cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
