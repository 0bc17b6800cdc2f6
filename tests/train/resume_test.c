/* resume_test.c -- checkpoints: a run's place and set-up come back, damage falls back. */
#include <math.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/train/checkpoint.h"

static char folder[256];

static const gd_train_pair meta[] = {{"arch", "resnet18"}, {"converter", "test"}};
static const gd_train_pair with[] = {{"batch", "4"}, {"optimizer", "sgd"}};

static float                number[3] = {1.5f, -2, 3};
static gd_gdw_tensor        tensor[2];
static gd_checkpoint        point = {.meta = meta, .n_meta = 2, .with = with, .n_with = 2};
static const gd_train_place place = {.seed = UINT64_MAX,
                                     .epoch = 7,
                                     .batch = 12,
                                     .step = 1234567890123,
                                     .best = 0.1,
                                     .best_epoch = 5};

static int setup(void **state) {
    gd_error err = {0};
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gd_checkpoint_%d", (int)getpid());
    tensor[0] = (gd_gdw_tensor){.name = "fc.weight",
                                .type = GD_GDW_F32,
                                .ndim = 1,
                                .dim = {3},
                                .data = number,
                                .size = 12};
    tensor[1] = tensor[0];
    tensor[1].name = "train/momentum/fc.weight";
    point.tensor = tensor;
    point.n_tensor = 2;
    point.place = place;
    gd_run_folder f;
    gd_assert_ok(gd_run_folder_open(&f, folder, &err), &err);
    for (int i = 0; i < 2; i++) {
        point.place.batch = 11 + i;
        gd_assert_ok(gd_run_folder_save(&f, gd_checkpoint_write, &point, &err), &err);
    }
    gd_run_folder_close(&f);
    return 0;
}

static int teardown(void **state) {
    static const char *const names[] = {"last.gdw", "previous.gdw", "lock"};
    char                     path[512];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static void comes_back(void **state) {
    gd_gdw        *file;
    gd_error       err = {0}, fallback;
    gd_train_place p;
    (void)state;
    gd_assert_ok(gd_checkpoint_open(folder, &file, &fallback, &err), &err);
    assert_int_equal(fallback.msg[0], 0);
    gd_assert_ok(gd_checkpoint_place(file, &p, &err), &err);
    assert_true(p.seed == place.seed && p.epoch == 7 && p.batch == 12 && p.step == place.step);
    assert_true(p.best == 0.1 && p.best_epoch == 5);
    assert_memory_equal(gd_gdw_find(file, "train/momentum/fc.weight")->data, number, 12);
    assert_string_equal(gd_gdw_meta(file, "arch"), "resnet18");
    gd_assert_ok(gd_checkpoint_match(file, with, 2, &err), &err);
    gd_gdw_close(file);
}

static void other_set_up(void **state) {
    static const gd_train_pair other[] = {{"batch", "8"}, {"optimizer", "adam"}};
    static const gd_train_pair more[] = {{"batch", "4"}, {"optimizer", "sgd"}, {"clip", "1"}};
    gd_gdw                    *file;
    gd_error                   err = {0}, fallback;
    (void)state;
    gd_assert_ok(gd_checkpoint_open(folder, &file, &fallback, &err), &err);
    assert_int_equal(gd_checkpoint_match(file, other, 2, &err), GD_ERR_ARG);
    assert_int_equal(err.code, 481);
    assert_non_null(strstr(err.msg, "batch: the checkpoint has 4, this run 8"));
    assert_int_equal(gd_checkpoint_match(file, more, 3, &err), GD_ERR_ARG);
    assert_non_null(strstr(err.msg, "clip: the checkpoint has none, this run 1"));
    assert_int_equal(gd_checkpoint_match(file, more, 1, &err), GD_ERR_ARG);
    assert_non_null(strstr(err.msg, "optimizer: the checkpoint has sgd, this run none"));
    gd_gdw_close(file);
}

/* Any byte of last.gdw flipped: the one before is taken, and said. */
static void damaged(void **state) {
    char           path[512];
    unsigned char *data;
    size_t         size;
    gd_error       err = {0}, fallback;
    (void)state;
    snprintf(path, sizeof path, "%s/last.gdw", folder);
    gd_assert_ok(gd_file_slurp(path, 1 << 20, &data, &size, &err), &err);
    for (size_t at = 0; at <= size; at += size / 16) {
        gd_out         o;
        gd_gdw        *file;
        gd_train_place p;
        if (at < size) data[at] ^= 4;
        gd_assert_ok(gd_out_open(&o, path, GD_OUT_REPLACE, &err), &err);
        gd_assert_ok(gd_out_write(&o, data, at < size ? size : size - 1, &err), &err);
        gd_assert_ok(gd_out_commit(&o, &err), &err);
        if (at < size) data[at] ^= 4;
        gd_assert_ok(gd_checkpoint_open(folder, &file, &fallback, &err), &err);
        assert_true(fallback.msg[0]);
        gd_assert_ok(gd_checkpoint_place(file, &p, &err), &err);
        assert_int_equal(p.batch, 11);
        gd_gdw_close(file);
    }
    gd_mem_put(data);
}

static void none(void **state) {
    static const gd_train_pair only[] = {{"arch", "resnet18"}, {"converter", "test"}};
    gd_checkpoint              c = {.meta = only, .n_meta = 2, .tensor = tensor, .n_tensor = 1};
    gd_gdw                    *file;
    gd_error                   err = {0}, fallback;
    gd_train_place             p;
    (void)state;
    assert_int_equal(gd_checkpoint_open("/tmp", &file, &fallback, &err), GD_ERR_IO);
    assert_null(file);
    /* A model of somebody else's. */
    char           path[512];
    gd_gdw_writer *w;
    snprintf(path, sizeof path, "%s/last.gdw", folder);
    gd_assert_ok(gd_gdw_writer_open(&w, &err), &err);
    gd_assert_ok(gd_gdw_writer_meta(w, "arch", "resnet18", &err), &err);
    gd_assert_ok(gd_gdw_writer_tensor(w, &tensor[0], NULL, NULL, &err), &err);
    gd_assert_ok(gd_gdw_writer_commit(w, path, GD_OUT_REPLACE, &err), &err);
    gd_gdw_writer_close(w);
    gd_assert_ok(gd_checkpoint_open(path, &file, &fallback, &err), &err);
    assert_int_equal(gd_checkpoint_place(file, &p, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 480);
    gd_gdw_close(file);
    /* Never a best figure. */
    c.place.best = NAN;
    gd_assert_ok(gd_checkpoint_write(&c, path, &err), &err);
    gd_assert_ok(gd_checkpoint_open(path, &file, &fallback, &err), &err);
    gd_assert_ok(gd_checkpoint_place(file, &p, &err), &err);
    assert_true(isnan(p.best));
    gd_gdw_close(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(other_set_up, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(none, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
