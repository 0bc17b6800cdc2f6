/* results_fuzz.c -- any bytes as a file of detections: refused, or finite boxes of the set. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/eval/report.h"
#include "tools/eval/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int32_t by_id(void *ctx, int64_t id) {
    (void)ctx;
    return id >= 0 && id < 4 ? (int32_t)id : -1;
}
static int32_t by_name(void *ctx, const char *name) {
    (void)ctx;
    return name[0] == 'a' ? 0 : -1;
}

/* What was read can be judged: every figure is a share or -1. */
static void judge(const gd_results *r) {
    static const gd_eval_truth truth[] = {{{1, 2, 3, 4}, 12, 0, 0, false, false},
                                          {{0, 0, 90, 90}, 8100, 0, 1, true, false}};
    const gd_eval_set          set = {4, 4, truth, r->found, 2, r->n};
    gd_eval_boxes              b;
    gd_error                   err;
    if (gd_eval_boxes_run(&set, 3, &b, &err) != GD_OK) return;
    for (int i = 0; i < GD_EVAL_STATS; i++)
        if (!(b.coco.stat[i] >= -1 && b.coco.stat[i] <= 1 + 1e-9)) abort();
    if (!(b.voc.map >= -1 && b.voc.map <= 1 + 1e-9)) abort();
    gd_eval_boxes_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const gd_results_names names = {NULL, by_id, by_name, by_id, by_name};
    char                   path[64];
    int                    fd = memfd_create("results", MFD_CLOEXEC);
    if (fd < 0) return 0;
    if (write(fd, data, size) == (ssize_t)size) {
        gd_results r;
        gd_error   err;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (gd_results_read(path, &names, &r, &err) == GD_OK) {
            for (int i = 0; i < r.n; i++) {
                const gd_eval_found *f = &r.found[i];
                if (!isfinite(f->score) || f->image < 0 || f->class_id < 0) abort();
                for (int k = 0; k < 4; k++)
                    if (!isfinite(f->box[k])) abort();
            }
            judge(&r);
        }
        gd_results_free(&r);
    }
    close(fd);
    return 0;
}
