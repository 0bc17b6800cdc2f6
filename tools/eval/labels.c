/* labels.c -- see labels.h. */
#include "tools/eval/labels.h"

#include <stdlib.h>

#include "engine/mem.h"

enum { CLASSES_MOST = 8192 }; /* a table of 512 MiB */

gd_eval_tally gd_eval_tally_of(const int64_t *confusion, int n_classes, int c) {
    const size_t  n = (size_t)n_classes + 1, at = (size_t)c;
    gd_eval_tally t = {.precision = -1, .recall = -1, .f1 = -1, .iou = -1};
    for (size_t i = 0; i < n; i++) {
        t.truth += confusion[at * n + i];
        t.found += confusion[i * n + at];
    }
    t.right = confusion[at * n + at];
    if (t.found) t.precision = (double)t.right / (double)t.found;
    if (t.truth) t.recall = (double)t.right / (double)t.truth;
    if (t.truth + t.found) {
        t.f1 = 2 * (double)t.right / (double)(t.truth + t.found);
        t.iou = (double)t.right / (double)(t.truth + t.found - t.right);
    }
    return t;
}

/* ---- classification ---------------------------------------------------------------------- */

gd_status gd_eval_labels_open(int n_classes, gd_eval_labels *out, gd_error *err) {
    const size_t n = (size_t)n_classes + 1;
    *out = (gd_eval_labels){.n_classes = n_classes};
    if (n_classes < 1 || n_classes > CLASSES_MOST)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 830,
                            "%d classes; from 1 to %d can be judged", n_classes, CLASSES_MOST);
    out->confusion = gd_mem_array(n * n, sizeof *out->confusion);
    out->top5 = gd_mem_array(n, sizeof *out->top5);
    if (out->confusion && out->top5) return GD_OK;
    gd_eval_labels_free(out);
    return gd_fail(err, GD_ERR_NOMEM, "no memory for a table of %d classes", n_classes);
}

static gd_status add_slip(gd_eval_labels *l, const gd_eval_slip *s, gd_error *err) {
    if (l->n_slip == l->room) {
        const int     room = l->room ? 2 * l->room : 64;
        gd_eval_slip *more =
            gd_mem_grow(l->slip, (size_t)l->room * sizeof *more, (size_t)room * sizeof *more);
        if (!more) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d pictures", room);
        l->slip = more;
        l->room = room;
    }
    l->slip[l->n_slip++] = *s;
    return GD_OK;
}

gd_status gd_eval_labels_add(gd_eval_labels *l, int image, int truth, const int *best, int n,
                             float score, gd_error *err) {
    const int found = n > 0 ? best[0] : -1;
    if (truth < 0 || truth >= l->n_classes || found >= l->n_classes)
        return gd_fail(err, GD_ERR_ARG, "class %d taken for %d, of %d", truth, found,
                       l->n_classes);
    l->n++;
    for (int i = 0; i < n && i < GD_EVAL_TOP; i++)
        if (best[i] == truth) {
            l->n_top5++;
            l->top5[truth]++;
            break;
        }
    const size_t side = (size_t)l->n_classes + 1;
    l->confusion[(size_t)truth * side + (found < 0 ? side - 1 : (size_t)found)]++;
    if (found == truth) {
        l->n_top1++;
        return GD_OK;
    }
    return add_slip(l, &(gd_eval_slip){image, truth, found, score}, err);
}

static int compare(const void *a, const void *b) {
    const gd_eval_slip *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

void gd_eval_labels_end(gd_eval_labels *l) {
    if (l->n_slip) qsort(l->slip, (size_t)l->n_slip, sizeof *l->slip, compare);
}

void gd_eval_labels_free(gd_eval_labels *l) {
    gd_mem_put(l->confusion);
    gd_mem_put(l->top5);
    gd_mem_put(l->slip);
    *l = (gd_eval_labels){0};
}

/* ---- segmentation ------------------------------------------------------------------------ */

gd_status gd_eval_pixels_open(int n_classes, gd_eval_pixels *out, gd_error *err) {
    const size_t n = (size_t)n_classes + 1;
    *out = (gd_eval_pixels){.n_classes = n_classes, .accuracy = -1, .miou = -1};
    if (n_classes < 1 || n_classes > GD_EVAL_VOID)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 830,
                            "%d classes; maps of from 1 to %d can be judged", n_classes,
                            GD_EVAL_VOID);
    out->confusion = gd_mem_array(n * n, sizeof *out->confusion);
    if (out->confusion) return GD_OK;
    return gd_fail(err, GD_ERR_NOMEM, "no memory for a table of %d classes", n_classes);
}

gd_status gd_eval_pixels_add(gd_eval_pixels *p, const uint8_t *truth, const uint8_t *found,
                             size_t n, gd_error *err) {
    const size_t k = (size_t)p->n_classes;
    for (size_t i = 0; i < n; i++)
        if (truth[i] >= k && truth[i] != GD_EVAL_VOID)
            return gd_fail(err, GD_ERR_ARG, "a pixel has class %d, of %d", truth[i],
                           p->n_classes);
    for (size_t i = 0; i < n; i++) {
        if (truth[i] == GD_EVAL_VOID) {
            p->n_void++;
            continue;
        }
        p->n++;
        p->right += truth[i] == found[i];
        p->confusion[truth[i] * (k + 1) + (found[i] < k ? found[i] : k)]++;
    }
    return GD_OK;
}

void gd_eval_pixels_end(gd_eval_pixels *p) {
    double sum = 0;
    int    n = 0;
    for (int c = 0; c < p->n_classes; c++) {
        const gd_eval_tally t = gd_eval_tally_of(p->confusion, p->n_classes, c);
        if (t.iou < 0) continue;
        sum += t.iou;
        n++;
    }
    p->miou = n ? sum / n : -1;
    p->accuracy = p->n ? (double)p->right / (double)p->n : -1;
}

void gd_eval_pixels_free(gd_eval_pixels *p) {
    gd_mem_put(p->confusion);
    *p = (gd_eval_pixels){0};
}
