/* sample.h -- a run of odd pictures for the tests of the result writers, and folders for them.
 * */
#ifndef GD_TESTS_OUTPUT_SAMPLE_H
#define GD_TESTS_OUTPUT_SAMPLE_H

#include <dirent.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/output/writer.h"

static const char *const sample_names[] = {"person", "traffic \"light\", <red> & co", "\xff\n"};
static const int         sample_categories[] = {1, 10, 90};
static const gd_run_info sample_info = {.task = GD_TASK_DETECT,
                                        .model = "m\xc3\xb6"
                                                 "del.gdw",
                                        .sha256 = "00ff",
                                        .precision = "fp32",
                                        .device = "cpu",
                                        .recipe_json = "{\"size\":\n [416, 416]}",
                                        .n_classes = 3,
                                        .names = sample_names,
                                        .category_ids = sample_categories};

static const gd_detection sample_boxes[] = {
    {{100.2f, 150.0f, 300.7f, 399.5f}, 0.9213f, 0},
    {{-5.5f, 10.25f, 20, 500}, 1.0f / 3, 1},
    {{700, 700, 800, 800}, 1e-7f, 2}, /* outside */
};
/* Of a map of 640 x 480: 3/4 of the second class, 1/4 of the first. */
static const int32_t        sample_counts[] = {76800, 230400, 0};
static const gd_class_score sample_classes[] = {{2, 0.75f}, {0, 0.125f}};

/* Picture 139 with three detections, 12 with none, one whose name is not UTF-8. */
static inline gd_record sample_record(int i) {
    static const char *const source[] = {"a/000000000139.jpg", "b/12.png",
                                         "x, \"y\" \xff\x1b[31m 7.jpg"};
    gd_record                r = gd_record_defaults();
    r.source = source[i];
    r.width = 640;
    r.height = 480;
    r.orientation = i == 1 ? 6 : 1;
    r.detections = sample_boxes;
    r.n_detections = i == 0 ? 3 : i == 1 ? 0 : 1;
    r.ms = (gd_timing){1.2345, 0.5, 20, 1, -1, -1};
    return r;
}

static inline gd_record sample_failure(gd_error *e) {
    gd_record r = gd_record_defaults();
    r.source = "broken.jpg";
    memset(e, 0, sizeof *e);
    e->status = GD_ERR_FORMAT;
    e->code = 301;
    strcpy(e->msg, "ends at byte 7");
    r.error = e;
    return r;
}

/* Puts the three pictures and a failed one, and finishes. */
static inline gd_status sample_run(const char *kind, const char *target,
                                   const gd_run_info *info, const gd_writer_options *opt,
                                   gd_error *err) {
    gd_writer *w = NULL;
    gd_summary sum;
    gd_error   bad;
    gd_status  st;
    uint8_t   *rgb = NULL;
    GD_TRY(gd_summary_init(&sum, info, err));
    GD_GO(gd_writer_open(kind, target, info, opt, &w, err));
    rgb = calloc(640 * 480, 3);
    for (int i = 0; i < 4; i++) {
        gd_record r = i < 3 ? sample_record(i) : sample_failure(&bad);
        r.rgb = rgb;
        if (info->task == GD_TASK_CLASSIFY && !r.error) {
            r.n_detections = 0;
            r.classes = sample_classes;
            r.n_classes = 2;
        }
        if (info->task == GD_TASK_SEGMENT && !r.error) {
            r.n_detections = 0;
            r.map = rgb;
            r.map_count = sample_counts;
            r.map_classes = 3;
        }
        GD_GO(gd_summary_add(&sum, &r, err));
        GD_GO(gd_writer_put(w, &r, err));
    }
    sum.wall_ms = 100;
    GD_GO(gd_writer_finish(w, &sum, err));
done:
    free(rgb);
    gd_writer_close(w);
    gd_summary_free(&sum);
    return st;
}

/* A new folder under TMPDIR, empty. */
static inline void sample_folder(char path[64]) {
    strcpy(path, "/tmp/gdrun-output-XXXXXX");
    assert_non_null(mkdtemp(path));
}

/* Number of entries; all of them removed when `clear`, the folder with them. */
static inline int sample_count(const char *folder, bool clear) {
    DIR           *d = opendir(folder);
    struct dirent *e;
    int            n = 0;
    char           path[5000];
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        n++;
        snprintf(path, sizeof path, "%.4000s/%s", folder, e->d_name);
        if (clear && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            sample_count(path, true);
        else if (clear)
            unlink(path);
    }
    closedir(d);
    if (clear) rmdir(folder);
    return n;
}

/* The file as a string; freed by the caller with gd_mem_put. */
static inline char *sample_read(const char *path) {
    unsigned char *p;
    size_t         n;
    gd_error       err;
    gd_assert_ok(gd_file_slurp(path, 1 << 24, &p, &n, &err), &err);
    char *s = gd_mem_get(n + 1);
    memcpy(s, p, n);
    s[n] = '\0';
    gd_mem_put(p);
    return s;
}

/* What a kind writes for the sample run. */
static inline char *sample_text(const char *kind, const gd_run_info *info,
                                const gd_writer_options *opt) {
    char     folder[64], path[96];
    gd_error err;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/out", folder);
    gd_assert_ok(sample_run(kind, path, info, opt, &err), &err);
    char *s = sample_read(path);
    assert_int_equal(sample_count(folder, true), 1); /* and no .part */
    return s;
}

#endif
