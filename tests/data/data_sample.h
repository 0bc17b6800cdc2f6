/* data_sample.h -- files for the tests of data sets, in a folder that is removed. */
#ifndef GD_TESTS_DATA_SAMPLE_H
#define GD_TESTS_DATA_SAMPLE_H

#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "tests/gd_test.h"
#include "tools/data/dataset.h"

static gd_error err;
static char     folder[64];

static inline void folder_make(void) {
    snprintf(folder, sizeof folder, "/tmp/gd_data.XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static inline void folder_remove(void) {
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* "folder/name"; valid until the fourth call after it. */
static inline const char *in_folder(const char *name) {
    static char path[4][400];
    static int  turn;
    char       *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

/* Writes a file, and the folders it is in. */
static inline void file_make(const char *name, const void *text, size_t n) {
    gd_out o;
    char   path[400];
    snprintf(path, sizeof path, "%s", in_folder(name));
    for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        mkdir(path, 0777);
        *p = '/';
    }
    gd_assert_ok(gd_out_open(&o, path, GD_OUT_REPLACE, &err), &err);
    gd_assert_ok(gd_out_write(&o, text, n, &err), &err);
    gd_assert_ok(gd_out_commit(&o, &err), &err);
}
static inline void text_make(const char *name, const char *text) {
    file_make(name, text, strlen(text));
}

/* The one case of a kind, whose words must hold `part`. */
static inline void expect_problem(const gd_data *d, gd_data_kind kind, uint64_t count,
                                  const char *part) {
    char text[1024];
    if (d->report.count[kind] != count)
        fail_msg("%s: %d cases, not %d", gd_data_kind_table[kind].name,
                 (int)d->report.count[kind], (int)count);
    for (size_t i = 0; part && i < d->report.n; i++)
        if (d->report.list[i].kind == kind &&
            strstr(gd_data_problem_text(&d->report.list[i], text, sizeof text), part))
            return;
    if (part) fail_msg("no case of %s says '%s'", gd_data_kind_table[kind].name, part);
}

#endif
