/* flags_test.c -- the flag table and its parser: forms, ranges, repetition, nearest names. */
#include "tests/gd_test.h"

#include "tools/cli/flags.h"

enum { MOST = 16 };

/* Parses the blank-separated words of `line` for `command`; '~' stands for an empty
 * argument. */
static gd_status parse(gd_flags *f, unsigned command, const char *line, gd_error *err) {
    static char words[1024];
    char       *argv[MOST], *save = NULL;
    int         argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        assert_true(argc < MOST);
        if (!strcmp(w, "~")) *w = '\0';
        argv[argc++] = w;
    }
    memset(err, 0, sizeof *err);
    gd_flags_init(f, command);
    return gd_flags_parse(f, argc, argv, err);
}

static void table_is_sound(void **state) {
    (void)state;
    gd_flags f;
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *a = &gd_flag_table[i];
        if (!a->name || !a->help || !a->group || !a->commands) fail_msg("row %d has holes", i);
        if (a->kind == GD_KIND_SWITCH || a->kind == GD_KIND_COUNT)
            assert_null(a->argument);
        else
            assert_non_null(a->argument);
        for (int j = 0; j < i; j++) {
            const gd_flag *b = &gd_flag_table[j];
            if (!(a->commands & b->commands)) continue;
            assert_string_not_equal(a->name, b->name);
            if (a->letter) assert_int_not_equal(a->letter, b->letter);
        }
    }
    for (int c = 0; c < GD_COMMAND_COUNT; c++) {
        gd_flags_init(&f, gd_command_table[c].bit); /* asserts that every default is valid */
        gd_flags_free(&f);
    }
}

static void forms(void **state) {
    (void)state;
    gd_flags f;
    gd_error err;
    gd_assert_ok(parse(&f, GD_CMD_DETECT,
                       "-m a.gdw --conf=0.25 --iou .7 -vv -i x.jpg y.jpg --classes a,b "
                       "--classes 0 -o- -- -z",
                       &err),
                 &err);
    assert_string_equal(gd_flag_text(&f, GD_OPT_MODEL), "a.gdw");
    assert_true(gd_flag_real(&f, GD_OPT_CONF) == 0.25 && gd_flag_real(&f, GD_OPT_IOU) == 0.7);
    assert_int_equal(gd_flag_int(&f, GD_OPT_VERBOSE), 2);
    assert_string_equal(gd_flag_text(&f, GD_OPT_OUTPUT), "-");
    assert_int_equal(gd_flag_get(&f, GD_OPT_CLASSES)->n_items, 3);
    assert_string_equal(gd_flag_get(&f, GD_OPT_CLASSES)->items[1], "b");
    assert_string_equal(gd_flag_get(&f, GD_OPT_CLASSES)->items[2], "0");
    assert_int_equal(gd_flag_get(&f, GD_OPT_SOURCE)->n_items, 1);
    assert_int_equal(f.n_args, 2);
    assert_string_equal(f.args[1], "-z");
    assert_false(gd_flag_given(&f, GD_OPT_BATCH));
    assert_int_equal(gd_flag_int(&f, GD_OPT_BATCH), 1);
    gd_flags_free(&f);

    gd_assert_ok(parse(&f, GD_CMD_DETECT, "--batch auto", &err), &err);
    assert_true(gd_flag_given(&f, GD_OPT_BATCH));
    assert_int_equal(gd_flag_int(&f, GD_OPT_BATCH), 0);
    gd_flags_free(&f);

    gd_assert_ok(parse(&f, GD_CMD_DETECT, "--confidence 0.1 --half --imgsz 640x480 -", &err),
                 &err);
    assert_true(gd_flag_given(&f, GD_OPT_CONF));
    assert_string_equal(gd_flag_text(&f, GD_OPT_PRECISION), "fp16");
    assert_int_equal(gd_flag_get(&f, GD_OPT_IMGSZ)->height, 480);
    assert_string_equal(f.args[0], "-");
    gd_flags_free(&f);

    gd_assert_ok(parse(&f, GD_CMD_DETECT, "--imgsz native", &err), &err);
    assert_int_equal(gd_flag_get(&f, GD_OPT_IMGSZ)->width, -1);
    assert_int_equal(gd_flag_get(&f, GD_OPT_IMGSZ)->height, -1);
    gd_flags_free(&f);
}

/* Each line: arguments, code, a part of the message, a part of the advice. */
static const struct {
    const char *line;
    int         code;
    const char *msg, *hint;
} refused[] = {
    {"--cnof 0.3", 201, "unknown flag '--cnof'", "did you mean --conf?"},
    {"--confidance=2", 201, "'--confidance'", "did you mean --conf?"},
    {"--zzzzzz", 201, "'--zzzzzz'", "lists the flags"},
    {"-Z", 201, "'-Z'", "./-NAME"},
    {"--top-k 3", 201, "'--top-k'", ""},
    {"--mod x", 201, "'--mod'", "--model"},
    {"--conf", 202, "--conf lacks its value: a number from 0 to 1", ""},
    {"--conf --iou", 202, "--conf lacks", ""},
    {"-m", 202, "--model lacks", ""},
    {"--conf 0.1 --conf 0.1", 203, "--conf is given more than once", ""},
    {"--conf 0.1 --confidence=0.1", 203, "--conf is given", ""},
    {"-q -q", 203, "--quiet", ""},
    {"--half --fp16 --fp16", 203, "--fp16", ""},
    {"--conf nan", 204, "--conf takes a number from 0 to 1, not 'nan'", ""},
    {"--conf -1", 204, "from 0 to 1, not '-1'", ""},
    {"--conf 2", 204, "from 0 to 1, not '2'", ""},
    {"--conf 1e400", 204, "not '1e400'", ""},
    {"--conf 0x", 204, "not '0x'", ""},
    {"--conf ~", 204, "not ''", ""},
    {"--conf=", 204, "not ''", ""},
    {"--conf 0,5", 204, "not '0,5'", ""},
    {"--batch 99999999999999999999", 204, "--batch takes a whole number from 1 to 1024", ""},
    {"--batch 0", 204, "--batch takes a whole number from 1 to 1024, or auto, not '0'", ""},
    {"--batch 1.5", 204, "not '1.5'", ""},
    {"--imgsz 0", 204, "a multiple of 32 from 32 to 8192, or native, not '0'", ""},
    {"--imgsz 7", 204, "not '7'", ""},
    {"--imgsz 33", 204, "not '33'", ""},
    {"--imgsz 1e9", 204, "not '1e9'", ""},
    {"--imgsz 640x33", 204, "not '640x33'", ""},
    {"--device gpu", 204, "one of auto|cpu|cuda|cuda:*, not 'gpu'", ""},
    {"--device cuda:", 204, "not 'cuda:'", ""},
    {"--classes a,,b", 204, "empty items", ""},
    {"--model ~", 204, "not empty", ""},
    {"--quiet=1", 204, "--quiet takes no value", ""},
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        gd_flags f;
        gd_error err;
        if (parse(&f, GD_CMD_DETECT, refused[i].line, &err) != GD_ERR_ARG)
            fail_msg("'%s' was accepted", refused[i].line);
        if (err.code != refused[i].code || !strstr(err.msg, refused[i].msg) ||
            !strstr(err.hint, refused[i].hint))
            fail_msg("'%s': E%d: %s (try: %s)", refused[i].line, err.code, err.msg, err.hint);
        gd_flags_free(&f);
    }
}

static void origins(void **state) {
    (void)state;
    gd_flags f;
    gd_error err;
    gd_assert_ok(parse(&f, GD_CMD_DETECT, "--conf 0.1", &err), &err);
    gd_assert_ok(gd_flags_set(&f, GD_OPT_CONF, "0.9", GD_FROM_CONFIG, &err), &err);
    assert_true(gd_flag_real(&f, GD_OPT_CONF) == 0.1);
    gd_assert_ok(gd_flags_set(&f, GD_OPT_IOU, "0.5", GD_FROM_MODEL, &err), &err);
    assert_false(gd_flag_given(&f, GD_OPT_IOU));
    gd_assert_ok(gd_flags_set(&f, GD_OPT_IOU, "0.6", GD_FROM_CONFIG, &err), &err);
    gd_assert_ok(gd_flags_set(&f, GD_OPT_IOU, "0.7", GD_FROM_ENVIRONMENT, &err), &err);
    gd_assert_ok(gd_flags_set(&f, GD_OPT_IOU, "0.8", GD_FROM_CONFIG, &err), &err);
    assert_true(gd_flag_real(&f, GD_OPT_IOU) == 0.7);
    assert_int_equal(gd_flags_set(&f, GD_OPT_IOU, "7", GD_FROM_CONFIG, &err), GD_ERR_ARG);
    gd_flags_free(&f);
}

static void globals_stop_at_the_command(void **state) {
    (void)state;
    gd_flags    f;
    gd_error    err;
    int         used = 0;
    char *const argv[] = {(char *)"-q", (char *)"--device", (char *)"cpu", (char *)"detect",
                          (char *)"--conf"};
    char *const own[] = {(char *)"--conf", (char *)"0.1", (char *)"detect"};
    gd_flags_init(&f, GD_CMD_GDRUN);
    gd_assert_ok(gd_flags_parse_globals(&f, 5, argv, &used, &err), &err);
    assert_int_equal(used, 3);
    gd_flags_free(&f);
    gd_flags_init(&f, GD_CMD_GDRUN);
    assert_int_equal(gd_flags_parse_globals(&f, 3, own, &used, &err), GD_ERR_ARG);
    assert_non_null(strstr(err.why, "--conf is no flag of 'gdrun'"));
    gd_flags_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(forms),
        cmocka_unit_test(refusals),
        cmocka_unit_test(origins),
        cmocka_unit_test(globals_stop_at_the_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
