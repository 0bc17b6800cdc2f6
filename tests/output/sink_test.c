/* sink_test.c -- text reaches files whole or not at all, and streams at once; full and gone. */
#include "tools/output/sink.h"

#include <fcntl.h>
#include <signal.h>

#include "tests/output/sample.h"

static gd_error err;

static void test_file(void **state) {
    char    folder[64], path[96];
    gd_sink s;
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/a.txt", folder);
    gd_assert_ok(gd_sink_open(&s, path, false, &err), &err);
    gd_put(&s.text, "one ");
    gd_assert_ok(gd_sink_flush(&s, &err), &err);
    assert_int_equal(access(path, F_OK), -1); /* not before it is complete */
    gd_put(&s.text, "two");
    gd_assert_ok(gd_sink_commit(&s, &err), &err);
    char *text = sample_read(path);
    assert_string_equal(text, "one two");
    gd_mem_put(text);
    assert_int_equal(gd_sink_open(&s, path, false, &err), GD_ERR_IO);
    gd_sink_abort(&s);
    /* A file that is replaced stays as it was until the end. */
    gd_assert_ok(gd_sink_open(&s, path, true, &err), &err);
    gd_put(&s.text, "three");
    gd_assert_ok(gd_sink_flush(&s, &err), &err);
    gd_sink_abort(&s);
    gd_sink_abort(&s);
    text = sample_read(path);
    assert_string_equal(text, "one two");
    gd_mem_put(text);
    assert_int_equal(sample_count(folder, true), 1);
}

static void test_full(void **state) {
    gd_sink s;
    (void)state;
    gd_assert_ok(gd_sink_open(&s, "/dev/full", false, &err), &err);
    gd_put(&s.text, "x");
    assert_int_equal(gd_sink_commit(&s, &err), GD_ERR_IO);
    assert_non_null(strstr(err.msg, "No space left"));
    struct stat st;
    assert_true(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
}

/* Standard output is a pipe here: text arrives with the flush, and the descriptor stays open.
 * */
static void test_stdout(void **state) {
    int     ends[2], keep = dup(STDOUT_FILENO);
    char    got[8] = {0};
    gd_sink s;
    (void)state;
    fflush(stdout);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    gd_status opened = gd_sink_open(&s, "-", false, &err);
    gd_put(&s.text, "line\n");
    gd_status flushed = gd_sink_flush(&s, &err);
    ssize_t   n = read(ends[0], got, sizeof got);
    gd_status committed = gd_sink_commit(&s, &err);
    int       alive = fcntl(STDOUT_FILENO, F_GETFD);
    /* The reader goes away. */
    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    gd_sink   t;
    gd_error  gone = {0};
    gd_status again = gd_sink_open(&t, "-", false, &err);
    gd_put(&t.text, "more\n");
    gd_status refused = gd_sink_flush(&t, &gone);
    gd_sink_abort(&t);
    dup2(keep, STDOUT_FILENO);
    close(keep);
    assert_true(opened == GD_OK && flushed == GD_OK && committed == GD_OK && again == GD_OK);
    assert_int_equal(n, 5);
    assert_string_equal(got, "line\n");
    assert_true(alive >= 0);
    assert_int_equal(refused, GD_ERR_IO);
    assert_int_equal(gone.code, 951);
}

static void test_closed_stdout(void **state) {
    int     keep = dup(STDOUT_FILENO);
    gd_sink s;
    (void)state;
    fflush(stdout);
    close(STDOUT_FILENO);
    gd_status st = gd_sink_open(&s, "-", false, &err);
    dup2(keep, STDOUT_FILENO);
    close(keep);
    assert_int_equal(st, GD_ERR_IO);
    assert_int_equal(err.code, 950);
}

static void test_lost_text(void **state) {
    gd_sink s;
    (void)state;
    gd_assert_ok(gd_sink_open(&s, "/dev/null", false, &err), &err);
    s.text.failed = true;
    assert_int_equal(gd_sink_commit(&s, &err), GD_ERR_NOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),      cmocka_unit_test(test_full),
        cmocka_unit_test(test_stdout),    cmocka_unit_test(test_closed_stdout),
        cmocka_unit_test(test_lost_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
