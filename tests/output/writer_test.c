/* writer_test.c -- what holds for every format: atomic files, full disks, no memory, odd
 * records.
 *
 * With GD_SAMPLES=FOLDER in the environment it only writes the sample run in every format
 * there, for formats_test.py. */
#include "tests/output/sample.h"

static gd_error err;

static const char *const file_kinds[] = {"json", "jsonl", "csv", "coco", "list"};
static const char *const folder_kinds[] = {"yolo", "voc", "crops"};

static void test_unknown_kind(void **state) {
    gd_writer *w;
    (void)state;
    assert_int_equal(gd_writer_open("bmp", "-", &sample_info, NULL, &w, &err), GD_ERR_ARG);
    assert_null(w);
    gd_writer_close(NULL);
}

static void test_nothing_left(void **state) {
    char       folder[64], path[96];
    gd_writer *w;
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/out", folder);
    for (int i = 0; i < 5; i++) {
        gd_record r = sample_record(0);
        gd_assert_ok(gd_writer_open(file_kinds[i], path, &sample_info, NULL, &w, &err), &err);
        gd_assert_ok(gd_writer_put(w, &r, &err), &err);
        assert_int_equal(access(path, F_OK), -1);
        gd_writer_close(w);
        assert_int_equal(sample_count(folder, false), 0);
    }
    sample_count(folder, true);
}

/* A second run refuses to overwrite, and with `replace` writes the same bytes. */
static void test_replace(void **state) {
    const gd_writer_options again = {.replace = true};
    char                    folder[64], path[96], inner[128];
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/out", folder);
    for (int i = 0; i < 8; i++) {
        const char *kind = i < 5 ? file_kinds[i] : folder_kinds[i - 5];
        gd_assert_ok(sample_run(kind, path, &sample_info, NULL, &err), &err);
        snprintf(inner, sizeof inner, "%s%s", path,
                 i < 5    ? ""
                 : i == 5 ? "/12.txt"
                 : i == 6 ? "/12.xml"
                          : "/000000000139-000-person.jpg");
        char *one = sample_read(inner);
        assert_int_equal(sample_run(kind, path, &sample_info, NULL, &err), GD_ERR_IO);
        assert_non_null(strstr(err.msg, "exists"));
        gd_assert_ok(sample_run(kind, path, &sample_info, &again, &err), &err);
        char *two = sample_read(inner);
        assert_string_equal(one, two);
        gd_mem_put(one);
        gd_mem_put(two);
        if (i < 5)
            unlink(path);
        else
            sample_count(path, true);
    }
    sample_count(folder, true);
}

static void test_full_disk(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(sample_run(file_kinds[i], "/dev/full", &sample_info, NULL, &err),
                         GD_ERR_IO);
        assert_non_null(strstr(err.msg, "/dev/full"));
        gd_assert_ok(sample_run(file_kinds[i], "/dev/null", &sample_info, NULL, &err), &err);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(sample_run(folder_kinds[i], "/dev/full", &sample_info, NULL, &err),
                         GD_ERR_IO);
}

/* Results that are not numbers are refused, and nothing of them is written. */
static void test_not_finite(void **state) {
    const float odd[] = {NAN, INFINITY, -INFINITY};
    gd_writer  *w;
    (void)state;
    gd_assert_ok(gd_writer_open("csv", "/dev/null", &sample_info, NULL, &w, &err), &err);
    for (int i = 0; i < 15; i++) {
        gd_detection d = sample_boxes[0];
        gd_record    r = sample_record(1);
        r.detections = &d;
        r.n_detections = 1;
        if (i % 5 < 4)
            d.box[i % 5] = odd[i / 5];
        else
            d.score = odd[i / 5];
        assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_CHECK);
        assert_int_equal(err.code, 955);
    }
    gd_class_score c = {0, NAN};
    gd_record      r = sample_record(1);
    r.classes = &c;
    r.n_classes = 1;
    assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_CHECK);
    r.n_classes = 0;
    r.source = NULL;
    assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_ARG);
    gd_writer_close(w);
}

static void test_boxes_only(void **state) {
    gd_run_info info = sample_info;
    gd_writer  *w;
    (void)state;
    info.task = GD_TASK_CLASSIFY;
    static const char *const none[] = {"coco", "yolo", "voc", "crops"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(gd_writer_open(none[i], "/dev/null", &info, NULL, &w, &err),
                         GD_ERR_ARG);
        assert_int_equal(err.code, 957);
    }
    for (int i = 0; i < 5; i++)
        if (i != 3)
            gd_assert_ok(sample_run(file_kinds[i], "/dev/null", &info, NULL, &err), &err);
}

/* ---- the n-th allocation fails, for every n ---- */

static int   n_live, countdown;
static void *scarce_get(void *ctx, size_t size) {
    (void)ctx;
    if (countdown-- <= 0) return NULL;
    n_live++;
    return aligned_alloc(64, (size + 64) / 64 * 64);
}
static void scarce_put(void *ctx, void *p) {
    (void)ctx;
    n_live -= p != NULL;
    free(p);
}

static void test_no_memory(void **state) {
    const gd_alloc          scarce = {NULL, scarce_get, scarce_put};
    const gd_writer_options opt = {.replace = true};
    char                    folder[64], path[96];
    (void)state;
    sample_folder(folder);
    for (int i = 0; i < 8; i++) {
        const char *kind = i < 5 ? file_kinds[i] : folder_kinds[i - 5];
        gd_status   st = GD_ERR_NOMEM;
        int         n = 0;
        snprintf(path, sizeof path, "%s/%s", folder, kind);
        for (; n < 500 && st != GD_OK; n++) {
            countdown = n;
            gd_mem_hook(&scarce);
            st = sample_run(kind, path, &sample_info, &opt, &err);
            gd_mem_hook(NULL);
            if (n_live != 0) fail_msg("%s: %d blocks leak at allocation %d", kind, n_live, n);
            if (st != GD_OK && st != GD_ERR_NOMEM) fail_msg("%s at %d: %s", kind, n, err.msg);
            if (st != GD_OK && i < 5 && access(path, F_OK) == 0)
                fail_msg("%s: a torn file at allocation %d", kind, n);
        }
        if (st != GD_OK || n < 4) fail_msg("%s: %d allocations", kind, n);
        if (i >= 5) sample_count(path, true);
    }
    sample_count(folder, true);
}

static int write_samples(const char *folder) {
    char path[4096];
    for (int i = 0; i < 8; i++) {
        const char *kind = i < 5 ? file_kinds[i] : folder_kinds[i - 5];
        snprintf(path, sizeof path, "%s/%s", folder, kind);
        if (sample_run(kind, path, &sample_info, NULL, &err) != GD_OK) {
            fprintf(stderr, "%s: %s\n", kind, err.msg);
            return 1;
        }
    }
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_kind), cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_replace),      cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_not_finite),   cmocka_unit_test(test_boxes_only),
        cmocka_unit_test(test_no_memory),
    };
    const char *samples = getenv("GD_SAMPLES");
    if (samples) return write_samples(samples);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
