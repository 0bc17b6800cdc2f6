/* report_test.c -- messages on stderr and the exit codes that go with errors. */
#include "tests/gd_test.h"

#include <fcntl.h>
#include <unistd.h>

#include "tools/cli/report.h"

static char seen[8192];
static int  saved = -1, tube = -1;

/* From here on stderr goes into a file ... */
static void listen(void) {
    char name[] = "/tmp/gd_report_XXXXXX";
    saved = dup(2);
    tube = mkstemp(name);
    assert_true(saved >= 0 && tube >= 0);
    unlink(name);
    dup2(tube, 2);
}

/* ... which this reads back. */
static const char *heard(void) {
    ssize_t n = pread(tube, seen, sizeof seen - 1, 0);
    assert_true(n >= 0);
    seen[n] = '\0';
    dup2(saved, 2);
    close(saved);
    close(tube);
    return seen;
}

static void configure(unsigned command, int argc, char **argv) {
    gd_flags f;
    gd_error err;
    gd_report_open("gdrun");
    gd_flags_init(&f, command);
    gd_assert_ok(gd_flags_parse(&f, argc, argv, &err), &err);
    gd_report_configure(&f);
    gd_flags_free(&f);
}

static void errors_have_four_lines(void **state) {
    (void)state;
    gd_error err = {0};
    int      code;
    configure(GD_CMD_DETECT, 0, NULL);
    gd_fail_code(&err, GD_ERR_SHAPE, 401, "weight 'w' has shape [21,1024]");
    gd_error_why(&err, "trained with 21 classes");
    gd_error_hint(&err, "gdconvert --num-classes 21");
    listen();
    code = (int)gd_report_error(&err, GD_EXIT_INPUT, "bad\n\x1b[31mname.pth");
    assert_string_equal(heard(), "gdrun: error[E401]: weight 'w' has shape [21,1024]\n"
                                 "  file: bad\\n\\x1b[31mname.pth\n"
                                 "  why:  trained with 21 classes\n"
                                 "  try:  gdconvert --num-classes 21\n");
    assert_int_equal(code, 4);
}

static void json_form(void **state) {
    (void)state;
    gd_error err = {0};
    char    *argv[] = {(char *)"--log-json"};
    configure(GD_CMD_DETECT, 1, argv);
    gd_fail_code(&err, GD_ERR_IO, 350, "a \"b\" \\ c");
    listen();
    gd_report_error(&err, GD_EXIT_INPUT, NULL);
    assert_string_equal(heard(), "{\"level\":\"error\",\"code\":\"E350\","
                                 "\"message\":\"a \\\"b\\\" \\\\ c\"}\n");
}

static void warnings_come_once(void **state) {
    (void)state;
    configure(GD_CMD_DETECT, 0, NULL);
    listen();
    for (int i = 0; i < 5; i++) gd_warn(250, "unknown %d", i);
    gd_report_close();
    gd_report_close();
    assert_string_equal(heard(), "gdrun: warning[W250]: unknown 0\n"
                                 "gdrun: warning[W250]: repeated 4 times more\n");
}

static void levels(void **state) {
    (void)state;
    char *quiet[] = {(char *)"-q"}, *loud[] = {(char *)"-v"};
    configure(GD_CMD_DETECT, 1, quiet);
    listen();
    gd_warn(250, "x");
    gd_say(GD_LEVEL_INFO, "y");
    gd_progress(1, 2);
    assert_string_equal(heard(), "");
    configure(GD_CMD_DETECT, 1, loud);
    listen();
    gd_say(GD_LEVEL_VERBOSE, "%s", "shown");
    gd_say(GD_LEVEL_DEBUG, "%s", "hidden");
    gd_progress(1, 2); /* not a terminal: silent */
    assert_string_equal(heard(), "gdrun: shown\n");
}

static void exit_codes(void **state) {
    (void)state;
    static const struct {
        gd_status status;
        int       code;
        gd_exit   subject, want;
    } row[] = {
        {GD_ERR_IO, 0, GD_EXIT_INPUT, GD_EXIT_INPUT},
        {GD_ERR_FORMAT, 0, GD_EXIT_MODEL, GD_EXIT_MODEL},
        {GD_ERR_IO, 0, GD_EXIT_OUTPUT, GD_EXIT_OUTPUT},
        {GD_ERR_NOMEM, 0, GD_EXIT_INPUT, GD_EXIT_MEMORY},
        {GD_ERR_DEVICE, 0, GD_EXIT_MODEL, GD_EXIT_DEVICE},
        {GD_ERR_CHECK, 0, GD_EXIT_INPUT, GD_EXIT_CHECK},
        {GD_ERR_FORMAT, 206, GD_EXIT_INPUT, GD_EXIT_USAGE},
        {GD_ERR_UNSUPPORTED, 501, GD_EXIT_MODEL, GD_EXIT_DEVICE},
        {GD_ERR_IO, 901, GD_EXIT_INPUT, GD_EXIT_OUTPUT},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        gd_error err = {.status = row[i].status, .code = row[i].code};
        assert_int_equal(gd_exit_of(&err, row[i].subject), row[i].want);
    }
}

static void codes_are_sorted(void **state) {
    (void)state;
    for (int i = 1; gd_code_at(i); i++) {
        if (gd_code_at(i)->number <= gd_code_at(i - 1)->number)
            fail_msg("codes.def: %d stands after %d", gd_code_at(i)->number,
                     gd_code_at(i - 1)->number);
        assert_true(strlen(gd_code_at(i)->text) > 20);
    }
    assert_null(gd_code_find(299));
    assert_string_equal(gd_code_find(201)->title, "unknown flag");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_four_lines),
        cmocka_unit_test(json_form),
        cmocka_unit_test(warnings_come_once),
        cmocka_unit_test(levels),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(codes_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
