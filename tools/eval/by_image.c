/* by_image.c -- see by_image.h. */
#include "tools/eval/by_image.h"

#include "engine/mem.h"

void gd_by_image_close(gd_by_image *b) {
    gd_mem_put(b->truth);
    gd_mem_put(b->truth_first);
    gd_mem_put(b->found);
    gd_mem_put(b->found_first);
    *b = (gd_by_image){0};
}

/* Counting sort of the pictures that n places have; `first` has room for n_images + 2. */
static void group(int32_t (*image)(const gd_eval_set *, int), const gd_eval_set *set, int n,
                  int *first, int *place) {
    for (int i = 0; i < n; i++) {
        const int32_t k = image(set, i);
        if (k >= 0 && k < set->n_images) first[k + 2]++;
    }
    for (int i = 0; i < set->n_images; i++) first[i + 1] += first[i];
    for (int i = 0; i < n; i++) {
        const int32_t k = image(set, i);
        if (k >= 0 && k < set->n_images) place[first[k + 1]++] = i;
    }
}

static int32_t truth_image(const gd_eval_set *set, int i) { return set->truth[i].image; }
static int32_t found_image(const gd_eval_set *set, int i) { return set->found[i].image; }

gd_status gd_by_image_open(const gd_eval_set *set, gd_by_image *b, gd_error *err) {
    const size_t n = (size_t)set->n_images + 2;
    *b = (gd_by_image){0};
    b->truth = gd_mem_array((size_t)set->n_truth, sizeof *b->truth);
    b->found = gd_mem_array((size_t)set->n_found, sizeof *b->found);
    b->truth_first = gd_mem_array(n, sizeof *b->truth_first);
    b->found_first = gd_mem_array(n, sizeof *b->found_first);
    if (!b->truth || !b->found || !b->truth_first || !b->found_first) {
        gd_by_image_close(b);
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d pictures", set->n_images);
    }
    group(truth_image, set, set->n_truth, b->truth_first, b->truth);
    group(found_image, set, set->n_found, b->found_first, b->found);
    return GD_OK;
}
