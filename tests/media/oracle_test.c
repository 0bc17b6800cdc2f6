/* oracle_test.c -- pictures of every kind have the pixels that PIL reads. */
#include "tests/gd_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/media/picture.h"

static char folder[256];

/* False, with a line about it, when the picture is not as expected. */
static bool check_one(gd_decoder *d, const char *line) {
    char           name[128], path[512], code[32];
    int            w, h, tolerance;
    gd_error       err = {0};
    gd_picture     pic = {0};
    unsigned char *want = NULL;
    size_t         n = 0;
    bool           good = true;
    if (sscanf(line, "%127s refused %31s", name, code) == 2) {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        gd_status st = gd_decoder_read(d, path, NULL, &pic, &err);
        good = st != GD_OK && err.code == atoi(code) && pic.width == 0;
        if (!good) print_error("%s: E%d %s, not E%s\n", name, err.code, err.msg, code);
        gd_picture_free(&pic);
        return good;
    }
    assert_int_equal(sscanf(line, "%127s %d %d %d", name, &w, &h, &tolerance), 4);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (gd_decoder_read(d, path, NULL, &pic, &err) != GD_OK) {
        print_error("%s\n", err.msg);
        return false;
    }
    strcat(path, ".rgb");
    gd_assert_ok(gd_file_slurp(path, 1 << 30, &want, &n, &err), &err);
    int worst = 0;
    if (pic.width != w || pic.height != h || n != 3 * (size_t)w * (size_t)h) {
        print_error("%s: %d x %d, PIL has %d x %d\n", name, pic.width, pic.height, w, h);
        good = false;
    }
    for (size_t i = 0; good && i < n; i++)
        if (abs(want[i] - pic.rgb[i]) > worst) worst = abs(want[i] - pic.rgb[i]);
    if (worst > tolerance) {
        print_error("%s: differs from PIL by up to %d\n", name, worst);
        good = false;
    }
    gd_mem_put(want);
    gd_picture_free(&pic);
    return good;
}

static int check_all(bool in_process) {
    char               path[512], line[256];
    gd_error           err = {0};
    gd_decoder        *d;
    gd_decoder_options opt = {.in_process = in_process};
    int                n = 0, bad = 0;
    gd_assert_ok(gd_decoder_open(&opt, &d, &err), &err);
    snprintf(path, sizeof path, "%s/list", folder);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    for (; fgets(line, sizeof line, list); n++) bad += !check_one(d, line);
    fclose(list);
    gd_decoder_close(d);
    assert_int_equal(bad, 0);
    return n;
}

static void equals_pil_in_the_sandbox(void **state) {
    (void)state;
    assert_true(check_all(false) > 250);
}

static void equals_pil_in_this_process(void **state) {
    (void)state;
    assert_true(check_all(true) > 250);
}

int main(void) {
    char cmd[768];
    if (system("/usr/bin/python3 -c 'import numpy, PIL' 2>/dev/null") != 0) {
        puts("skipped: no PIL for /usr/bin/python3");
        return 77;
    }
    snprintf(folder, sizeof folder, "/tmp/gdrun-pictures.XXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(cmd, sizeof cmd, "/usr/bin/python3 -W ignore tests/media/make_pictures.py %s",
             folder);
    if (system(cmd) != 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pil_in_the_sandbox),
        cmocka_unit_test(equals_pil_in_this_process),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(cmd, sizeof cmd, "rm -rf %s", folder);
    return system(cmd) != 0 || rc;
}
