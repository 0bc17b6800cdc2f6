/* log_test.c -- the log of a training run: its lines, what a resumed run cuts, full disks. */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/train/log.h"

static char folder[] = "/tmp/gdrun-log-XXXXXX", path[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gdrun-log-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/log.jsonl", folder);
    return 0;
}

static int remove_folder(void **state) {
    DIR *d = opendir(folder);
    (void)state;
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') unlinkat(dirfd(d), e->d_name, 0);
    if (d) closedir(d);
    return rmdir(folder);
}

/* Line i of the log as JSON. */
static json_t *line(int i) {
    unsigned char *text;
    size_t         size;
    gd_error       err = {0};
    gd_assert_ok(gd_file_slurp(path, 1 << 20, &text, &size, &err), &err);
    const char *p = (const char *)text, *end = p + size;
    for (; i > 0 && p < end; i--) p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
    const char *stop = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    json_t     *o = stop ? json_loadb(p, (size_t)(stop - p), 0, NULL) : NULL;
    gd_mem_put(text);
    return o;
}

static double number(const json_t *o, const char *key) {
    return json_number_value(json_object_get(o, key));
}

static void put_steps(gd_train_log *l, int from, int to) {
    for (int i = from; i <= to; i++) {
        const gd_figure f[] = {{"loss", 1.0 / i}, {"loss.\"box\"", (double)NAN}, {"lr", 0.005}};
        gd_log_step s = {.step = i, .epoch = 1, .batch = i, .batches = 9, .figure = f, .n = 3};
        s.images = 4;
        s.seconds = 0.5;
        s.stall = 0.125;
        s.bytes = 3 << 19;
        gd_train_log_step(l, &s);
    }
}

static void lines(void **state) {
    const gd_train_log_options opt = {.folder = folder, .steps = 9, .epochs = 2};
    const gd_log_word          word[] = {{"model", "nano.gdw"}, {"data", NULL}};
    const gd_figure            ap[] = {{"AP", 0.25}};
    gd_train_log               l;
    gd_error                   err = {0};
    (void)state;
    gd_assert_ok(gd_train_log_open(&l, &opt, &err), &err);
    gd_train_log_start(&l, word, 2);
    put_steps(&l, 1, 2);
    gd_train_log_event(&l, 2, "skipped", "loss\nis inf");
    gd_train_log_epoch(&l, 2, 1, ap, 1);
    json_t *o = line(0); /* at once, while the run goes on */
    assert_string_equal(json_string_value(json_object_get(o, "type")), "start");
    assert_string_equal(json_string_value(json_object_get(o, "model")), "nano.gdw");
    assert_null(json_object_get(o, "data"));
    json_decref(o);
    o = line(2);
    assert_string_equal(json_string_value(json_object_get(o, "type")), "step");
    assert_true(fabs(number(o, "loss") - 0.5) < 1e-9 && fabs(number(o, "lr") - 0.005) < 1e-9);
    assert_true(json_is_null(json_object_get(o, "loss.\"box\"")));
    assert_true(fabs(number(o, "img_per_s") - 8) < 1e-9 &&
                fabs(number(o, "stall") - 0.25) < 1e-9);
    assert_true(fabs(number(o, "mib") - 1.5) < 1e-9 && fabs(number(o, "step") - 2) < 1e-9);
    assert_true(number(o, "time") > 1.6e9);
    json_decref(o);
    o = line(3);
    assert_string_equal(json_string_value(json_object_get(o, "text")), "loss\nis inf");
    json_decref(o);
    o = line(4);
    assert_true(fabs(number(o, "AP") - 0.25) < 1e-9);
    json_decref(o);
    gd_train_log_close(&l);
}

/* Steps after the checkpoint, and half a line, are cut; what is before them stays. */
static void resumed(void **state) {
    gd_train_log_options opt = {.folder = folder, .steps = 9, .epochs = 1, .no_events = true};
    gd_train_log         l;
    gd_error             err = {0};
    int                  n = 0;
    (void)state;
    gd_assert_ok(gd_train_log_open(&l, &opt, &err), &err);
    put_steps(&l, 1, 7);
    gd_train_log_close(&l);
    FILE *f = fopen(path, "a");
    fputs("{\"type\":\"step\",\"st", f);
    fclose(f);
    opt.from_step = 4;
    gd_assert_ok(gd_train_log_open(&l, &opt, &err), &err);
    put_steps(&l, 5, 9);
    gd_train_log_close(&l);
    for (; n < 9; n++) {
        json_t *o = line(n);
        assert_true(fabs(number(o, "step") - (n + 1)) < 1e-9);
        json_decref(o);
    }
    assert_null(line(9));
    opt.from_step = 0; /* a new run in the same folder begins anew */
    gd_assert_ok(gd_train_log_open(&l, &opt, &err), &err);
    gd_train_log_close(&l);
    assert_null(line(0));
}

/* A log that cannot be made is an error, one that cannot be written any more is none. */
static void failures(void **state) {
    gd_train_log_options opt = {.folder = "/no/such/folder", .steps = 9, .epochs = 1};
    gd_train_log         l;
    gd_error             err = {0};
    (void)state;
    assert_int_equal(gd_train_log_open(&l, &opt, &err), GD_ERR_IO);
    gd_train_log_close(&l);
    opt.folder = folder;
    gd_assert_ok(gd_train_log_open(&l, &opt, &err), &err);
    close(l.fd);
    close(l.events.fd);
    put_steps(&l, 1, 3);
    assert_int_equal(l.fd, -1);
    assert_int_equal(l.events.fd, -1);
    gd_train_log_close(&l);
    assert_int_equal(symlink("/dev/null", path), -1); /* it is there */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(gd_train_log_open(&l, &opt, &err), GD_ERR_IO);
    gd_train_log_close(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(resumed, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(failures, make_folder, remove_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
