/* config_test.c -- values from files and variables: what is taken, refused, ignored, and from
 * where. */
#include "tests/gd_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/config.h"
#include "tools/cli/report.h"

static char path[] = "/tmp/gd_config_XXXXXX";

static int make(void **state) {
    (void)state;
    int fd = mkstemp(path);
    if (fd < 0) return -1;
    close(fd);
    gd_report_open("gdrun");
    return 0;
}

static int clear(void **state) {
    (void)state;
    return unlink(path);
}

static void write_config(const char *text, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static gd_status read_config(gd_flags *f, const char *text, gd_error *err) {
    write_config(text, strlen(text));
    gd_flags_init(f, GD_CMD_DETECT);
    memset(err, 0, sizeof *err);
    return gd_config_read(f, path, err);
}

static void accepted(void **state) {
    (void)state;
    gd_flags f;
    gd_error err;
    gd_assert_ok(read_config(&f,
                             "# comment\nconf: 0.25\nclasses: [a, 'b c', 3]\ntop-k: 3\n"
                             "agnostic-nms: true\nverbose: 1\n"
                             "detect:\n  iou: .6\n  conf: 0.3\nclassify:\n  top-k: 2\n",
                             &err),
                 &err);
    assert_true(gd_flag_real(&f, GD_OPT_CONF) == 0.3 && gd_flag_real(&f, GD_OPT_IOU) == 0.6);
    assert_int_equal(gd_flag_get(&f, GD_OPT_CLASSES)->n_items, 3);
    assert_string_equal(gd_flag_get(&f, GD_OPT_CLASSES)->items[1], "b c");
    assert_true(gd_flag_on(&f, GD_OPT_AGNOSTIC_NMS));
    assert_int_equal(gd_flag_get(&f, GD_OPT_CONF)->origin, GD_FROM_CONFIG_SECTION);
    gd_flags_free(&f);
    gd_assert_ok(read_config(&f, "detect:\n  conf: 0.3\nconf: 0.25\n", &err), &err);
    assert_true(gd_flag_real(&f, GD_OPT_CONF) == 0.3);
    gd_flags_free(&f);
    gd_assert_ok(read_config(&f, "", &err), &err);
    gd_flags_free(&f);
    gd_assert_ok(read_config(&f, "# only this\n", &err), &err);
    gd_flags_free(&f);
    gd_assert_ok(read_config(&f, "---\nconf: 0.1\n...\n", &err), &err);
    gd_flags_free(&f);
}

static const struct {
    const char *text, *msg;
} refused[] = {
    {"conf: &a 0.3\n", "line 1: anchors"},
    {"conf: 0.3\niou: *a\n", "line 2: aliases"},
    {"conf: !!float 0.3\n", "tags"},
    {"conf: !x 0.3\n", "tags"},
    {"{conf: 0.3, conf: 0.3}\n", "a value already"},
    {"conf: nan\n", "line 1: --conf takes a number from 0 to 1, not 'nan'"},
    {"conf: [0.3]\n", "single value"},
    {"conf: {a: b}\n", "single value"},
    {"classes: [[a]]\n", "single values"},
    {"cnof: 0.3\n", "unknown flag 'cnof'"},
    {"source: a.jpg\n", "makes no sense"},
    {"config: a.yaml\n", "makes no sense"},
    {"detect: 3\n", "flags of the command"},
    {"detect: {cnof: 1}\n", "unknown flag"},
    {"detect: {detect: {conf: 0.1}}\n", "unknown flag 'detect'"},
    {"- conf\n", "a mapping"},
    {"conf\n", "a mapping"},
    {"[conf]: 1\n", "name is needed"},
    {"conf: 0.1\n---\nconf: 0.2\n", "second document"},
    {"conf: 'open\n", "line"},
    {"\t- x: [\n", "line"},
    {"agnostic-nms: yes\n", "takes true or false, not 'yes'"},
    {"classes: \"a\\0b\"\n", "NUL"},
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        gd_flags f;
        gd_error err;
        if (read_config(&f, refused[i].text, &err) == GD_OK)
            fail_msg("accepted: %s", refused[i].text);
        if (err.code != 206 || !strstr(err.msg, refused[i].msg))
            fail_msg("'%s' gives E%d %s", refused[i].text, err.code, err.msg);
        gd_flags_free(&f);
    }
}

static void deep_and_large(void **state) {
    (void)state;
    gd_flags f;
    gd_error err;
    size_t   n = (1 << 20) + 1;
    char    *text = malloc(n + 1);
    assert_non_null(text);
    memset(text, '[', n);
    text[n] = '\0';
    assert_int_not_equal(read_config(&f, text, &err), GD_OK);
    gd_flags_free(&f);
    text[500000] = '\0';
    assert_int_not_equal(read_config(&f, text, &err), GD_OK);
    gd_flags_free(&f);
    free(text);
    gd_flags_init(&f, GD_CMD_DETECT);
    assert_int_not_equal(gd_config_read(&f, "/dev/zero", &err), GD_OK);
    assert_int_equal(err.code, 206);
    gd_flags_free(&f);
}

static void order_of_origins(void **state) {
    (void)state;
    gd_flags f;
    gd_error err;
    write_config("threads: 3\nlog-level: error\n", 28);
    setenv("GDRUN_CONFIG", path, 1);
    setenv("GDRUN_THREADS", "5", 1);
    gd_flags_init(&f, GD_CMD_DETECT);
    gd_assert_ok(gd_config_gather(&f, &err), &err);
    assert_int_equal(gd_flag_int(&f, GD_OPT_THREADS), 5);
    assert_string_equal(gd_flag_text(&f, GD_OPT_LOG_LEVEL), "error");
    gd_flags_free(&f);
    setenv("GDRUN_THREADS", "-5", 1); /* junk: ignored, so the file counts */
    gd_flags_init(&f, GD_CMD_DETECT);
    gd_assert_ok(gd_config_gather(&f, &err), &err);
    assert_int_equal(gd_flag_int(&f, GD_OPT_THREADS), 3);
    gd_flags_free(&f);
    chmod(path, 0666); /* everybody may write: ignored too */
    gd_flags_init(&f, GD_CMD_DETECT);
    gd_assert_ok(gd_config_gather(&f, &err), &err);
    assert_int_equal(gd_flag_int(&f, GD_OPT_THREADS), 0);
    gd_flags_free(&f);
    unsetenv("GDRUN_CONFIG");
    unsetenv("GDRUN_THREADS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refusals),
        cmocka_unit_test(deep_and_large),
        cmocka_unit_test(order_of_origins),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
