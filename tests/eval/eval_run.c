/* eval_run.c -- the judges of tools/eval on arrays, for tests and benches in Python.
 *
 * eval_run reads from standard input, as often as there is one:
 *     int32 images, classes, n_truth, n_found
 *     n_truth x  double x, y, width, height, area;  int32 image, class, crowd, difficult
 *     n_found x  double x, y, width, height, score; int32 image, class
 * and writes a line of JSON for each: the 12 numbers, AP of the classes, both VOC APs of the
 * classes and in the mean, and milliseconds. An error ends it with status 1. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/mem.h"
#include "tools/eval/eval.h"

enum { TRUTH_BYTES = 5 * 8 + 4 * 4, FOUND_BYTES = 5 * 8 + 2 * 4 };

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static bool take(void *to, size_t n) { return fread(to, 1, n, stdin) == n; }

static bool take_truth(gd_eval_truth *t) {
    unsigned char raw[TRUTH_BYTES];
    int32_t       whole[4];
    if (!take(raw, sizeof raw)) return false;
    memcpy(t->box, raw, sizeof t->box);
    memcpy(&t->area, raw + 32, 8);
    memcpy(whole, raw + 40, sizeof whole);
    t->image = whole[0];
    t->class_id = whole[1];
    t->crowd = whole[2] != 0;
    t->difficult = whole[3] != 0;
    return true;
}

static bool take_found(gd_eval_found *f) {
    unsigned char raw[FOUND_BYTES];
    if (!take(raw, sizeof raw)) return false;
    memcpy(f->box, raw, sizeof f->box);
    memcpy(&f->score, raw + 32, 8);
    memcpy(&f->image, raw + 40, 4);
    memcpy(&f->class_id, raw + 44, 4);
    return true;
}

static void list(const char *name, const double *v, int n) {
    printf("\"%s\":[", name);
    for (int i = 0; i < n; i++) printf("%s%.17g", i ? "," : "", v[i]);
    printf("],");
}

static gd_status judge(const gd_eval_set *set, gd_error *err) {
    gd_eval_coco coco = {0};
    gd_eval_voc  voc = {0};
    gd_status    st;
    const double start = now_ms();
    GD_GO(gd_eval_coco_run(set, &coco, err));
    const double coco_ms = now_ms() - start;
    GD_GO(gd_eval_voc_run(set, &voc, err));
    printf("{");
    list("stats", coco.stat, GD_EVAL_STATS);
    printf("\"classes\":[");
    for (int i = 0; i < set->n_classes; i++)
        printf("%s%.17g", i ? "," : "", coco.by_class[i].ap);
    printf("],");
    list("voc07", voc.ap07, set->n_classes);
    list("voc", voc.ap, set->n_classes);
    printf("\"map07\":%.17g,\"map\":%.17g,\"coco_ms\":%.3f}\n", voc.map07, voc.map, coco_ms);
    fflush(stdout);
done:
    gd_eval_coco_free(&coco);
    gd_eval_voc_free(&voc);
    return st;
}

int main(void) {
    int32_t  head[4];
    gd_error err = {0};
    while (take(head, sizeof head)) {
        gd_eval_truth *truth = gd_mem_array((size_t)head[2], sizeof *truth);
        gd_eval_found *found = gd_mem_array((size_t)head[3], sizeof *found);
        gd_eval_set    set = {head[0], head[1], truth, found, head[2], head[3]};
        bool           good = truth && found;
        for (int i = 0; good && i < head[2]; i++) good = take_truth(&truth[i]);
        for (int i = 0; good && i < head[3]; i++) good = take_found(&found[i]);
        if (!good || judge(&set, &err) != GD_OK) {
            fprintf(stderr, "eval_run: %s\n", good ? err.msg : "the input ends early");
            return 1;
        }
        gd_mem_put(truth);
        gd_mem_put(found);
    }
    return 0;
}
