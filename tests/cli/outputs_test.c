/* outputs_test.c -- contradictions between outputs, sources and model, seen before any work. */
#include "tests/gd_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/outputs.h"

static char root[64];

static void touch(const char *name) {
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    fclose(f);
}

static int make(void **state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/gd_outputs_XXXXXX");
    if (!mkdtemp(root) || chdir(root)) return -1;
    mkdir("in", 0700);
    mkdir("out", 0700);
    touch("in/a.jpg");
    touch("in/b.png");
    touch("m.gdw");
    return symlink("in", "link");
}

static int clear(void **state) {
    char line[160];
    (void)state;
    snprintf(line, sizeof line, "cd / && rm -r '%s'", root);
    return system(line);
}

/* The code of the check for one command line; 0: nothing to object. */
static int judge(const char *line) {
    char       words[512], *argv[16], *save = NULL;
    int        argc = 0;
    gd_flags   f;
    gd_sources s = {0};
    gd_error   err = {0};
    snprintf(words, sizeof words, "%s", line);
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    gd_flags_init(&f, GD_CMD_DETECT);
    gd_assert_ok(gd_flags_parse(&f, argc, argv, &err), &err);
    gd_assert_ok(gd_sources_gather(&s, &f, &err), &err);
    if (gd_outputs_check(&f, &s, "m.gdw", &err) == GD_OK) err.code = 0;
    gd_sources_free(&s);
    gd_flags_free(&f);
    return err.code;
}

static void checks(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int         code;
    } row[] = {
        {"in/a.jpg -o x.jpg", 0},
        {"in/a.jpg -o x.JPEG --csv y.csv --json -", 0},
        {"in -o out", 0},
        {"in -o new/", 0},
        {"in -o new", 0},
        {"in --voc in --yolo-txt in", 0},
        {"in -o x.jpg", 209},
        {"in/a.jpg -o x.mp4", 209},
        {"in/a.jpg -o null", 0},
        {"in/a.jpg -o x.gif", 204},
        {"in/a.jpg -o in/a.jpg", 208},
        {"in/a.jpg -o link/a.jpg", 208},
        {"in/a.jpg -o in", 208},
        {"in/a.jpg -o link", 208},
        {"in --save-crops in/", 208},
        {"in/a.jpg --csv in/a.jpg", 208},
        {"in/a.jpg --csv m.gdw", 208},
        {"in/a.jpg --csv x --json x", 209},
        {"in/a.jpg --csv - --json -", 209},
        {"in/a.jpg -o x.jpg --csv x.jpg", 209},
        {"in/a.jpg --csv /dev/null --json /dev/null", 209},
        {"missing.jpg -o x.jpg", 0},
        {"- -o x.jpg", 0},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        int code = judge(row[i].line);
        if (code != row[i].code)
            fail_msg("'%s' gives %d, not %d", row[i].line, code, row[i].code);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(checks)};
    return cmocka_run_group_tests(tests, make, clear);
}
