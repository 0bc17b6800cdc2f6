/* order.c -- detections and objects in the order in which they are judged; see eval.h. */
#include <string.h>

#include "engine/mem.h"
#include "tools/eval/eval.h"

static bool inside(const gd_eval_set *set, int32_t image, int32_t class_id) {
    return image >= 0 && image < set->n_images && class_id >= 0 && class_id < set->n_classes;
}

/* Counting sort: `to` gets the places of `from` by key, equal ones in their order. */
static void by_key(const int *from, int n, const int32_t *key, int *count, int n_keys,
                   int *to) {
    memset(count, 0, ((size_t)n_keys + 1) * sizeof *count);
    for (int i = 0; i < n; i++) count[key[from[i]] + 1]++;
    for (int k = 0; k < n_keys; k++) count[k + 1] += count[k];
    for (int i = 0; i < n; i++) to[count[key[from[i]]]++] = from[i];
}

/* By class, then by picture: the last key is sorted first. */
static void by_class(const gd_eval_set *set, const int32_t *image, const int32_t *class_id,
                     int *place, int n, int *spare, int *count) {
    by_key(place, n, image, count, set->n_images, spare);
    by_key(spare, n, class_id, count, set->n_classes, place);
}

void gd_eval_sort_scores(const double *score, int *place, int *spare, int n) {
    enum { RUN = 8 };
    for (int from = 0; from < n; from += RUN) /* short runs by insertion */
        for (int i = from + 1; i < n && i < from + RUN; i++) {
            const int p = place[i];
            int       k = i;
            for (; k > from && score[place[k - 1]] < score[p]; k--) place[k] = place[k - 1];
            place[k] = p;
        }
    int *in = place, *out = spare;
    for (int width = RUN; width<n; width = width> n / 2 ? n : 2 * width) {
        for (int from = 0; from < n; from += 2 * width) {
            const int middle = n - from < width ? n : from + width;
            const int end = n - from < 2 * width ? n : from + 2 * width;
            int       a = from, b = middle;
            for (int k = from; k < end; k++)
                out[k] = a < middle && (b == end || score[in[a]] >= score[in[b]]) ? in[a++]
                                                                                  : in[b++];
            if (end == n) break;
        }
        int *t = in;
        in = out;
        out = t;
    }
    if (in != place) memcpy(place, in, (size_t)n * sizeof *place);
}

int gd_eval_truth_end(const gd_eval_set *set, const gd_eval_order *o, int i, bool picture) {
    const gd_eval_truth *t = &set->truth[o->truth[i]];
    for (; i < o->n_truth; i++) {
        const gd_eval_truth *u = &set->truth[o->truth[i]];
        if (u->class_id != t->class_id || (picture && u->image != t->image)) break;
    }
    return i;
}

int gd_eval_found_end(const gd_eval_set *set, const gd_eval_order *o, int i, bool picture) {
    const gd_eval_found *t = &set->found[o->found[i]];
    for (; i < o->n_found; i++) {
        const gd_eval_found *u = &set->found[o->found[i]];
        if (u->class_id != t->class_id || (picture && u->image != t->image)) break;
    }
    return i;
}

/* The keys and scores stand side by side while they are sorted: the records are large. */
typedef struct keys {
    int32_t *image, *class_id;
    double  *score;
    int     *spare, *count;
} keys;

static bool keys_open(keys *k, size_t n, size_t n_keys) {
    k->image = gd_mem_array(n, sizeof *k->image);
    k->class_id = gd_mem_array(n, sizeof *k->class_id);
    k->score = gd_mem_array(n, sizeof *k->score);
    k->spare = gd_mem_array(n, sizeof *k->spare);
    k->count = gd_mem_array(n_keys + 1, sizeof *k->count);
    return k->image && k->class_id && k->score && k->spare && k->count;
}

static void keys_close(keys *k) {
    gd_mem_put(k->image);
    gd_mem_put(k->class_id);
    gd_mem_put(k->score);
    gd_mem_put(k->spare);
    gd_mem_put(k->count);
}

static void sort_found(const gd_eval_set *set, gd_eval_order *o, keys *k) {
    for (int i = 0; i < set->n_found; i++) {
        const gd_eval_found *d = &set->found[i];
        k->image[i] = d->image;
        k->class_id[i] = d->class_id;
        k->score[i] = d->score;
        if (inside(set, d->image, d->class_id)) o->found[o->n_found++] = i;
    }
    by_class(set, k->image, k->class_id, o->found, o->n_found, k->spare, k->count);
    for (int i = 0, end; i < o->n_found; i = end) {
        end = gd_eval_found_end(set, o, i, true);
        gd_eval_sort_scores(k->score, o->found + i, k->spare, end - i);
    }
}

gd_status gd_eval_sort(const gd_eval_set *set, gd_eval_order *out, gd_error *err) {
    const int n = set->n_truth > set->n_found ? set->n_truth : set->n_found;
    const int n_keys = set->n_images > set->n_classes ? set->n_images : set->n_classes;
    keys      k = {0};
    gd_status st = GD_OK;
    *out = (gd_eval_order){0};
    out->truth = gd_mem_array((size_t)set->n_truth, sizeof *out->truth);
    out->found = gd_mem_array((size_t)set->n_found, sizeof *out->found);
    if (!out->truth || !out->found || !keys_open(&k, (size_t)n, (size_t)n_keys)) {
        gd_eval_order_free(out);
        st = gd_fail(err, GD_ERR_NOMEM, "no memory to sort %d detections", n);
        goto done;
    }
    for (int i = 0; i < set->n_truth; i++) {
        k.image[i] = set->truth[i].image;
        k.class_id[i] = set->truth[i].class_id;
        if (inside(set, k.image[i], k.class_id[i])) out->truth[out->n_truth++] = i;
    }
    by_class(set, k.image, k.class_id, out->truth, out->n_truth, k.spare, k.count);
    sort_found(set, out, &k);
done:
    keys_close(&k);
    return st;
}

void gd_eval_order_free(gd_eval_order *o) {
    gd_mem_put(o->truth);
    gd_mem_put(o->found);
    *o = (gd_eval_order){0};
}
