/* stats.c -- counts over a data set; see stats.h. */
#include "tools/data/stats.h"

#include <stdlib.h>

#include "engine/mem.h"

static int compare(const void *a, const void *b) {
    const int p = *(const int *)a, q = *(const int *)b;
    return (p > q) - (p < q);
}

/* Least, middle and most of the sides that are told. */
static bool sides(const gd_data *d, bool width, int out[3]) {
    int   *v = gd_mem_array(d->n_images + 1, sizeof *v);
    size_t n = 0;
    if (!v) return false;
    for (size_t i = 0; i < d->n_images; i++) {
        const int side = width ? d->images[i].width : d->images[i].height;
        if (side) v[n++] = side;
    }
    qsort(v, n, sizeof *v, compare);
    out[0] = n ? v[0] : 0;
    out[1] = n ? v[n / 2] : 0;
    out[2] = n ? v[n - 1] : 0;
    gd_mem_put(v);
    return true;
}

static void count_box(gd_data_stats *s, const gd_data_box *x) {
    s->crowds += (x->flags & GD_DATA_CROWD) != 0;
    s->difficult += (x->flags & GD_DATA_DIFFICULT) != 0;
    s->masks += (x->flags & GD_DATA_MASK) != 0;
    *(x->area < 32 * 32 ? &s->small : x->area < 96 * 96 ? &s->medium : &s->large) += 1;
    s->classes[x->label].boxes++;
}

gd_status gd_data_stats_of(const gd_data *d, gd_data_stats *out, gd_error *err) {
    gd_data_stats *s = out;
    size_t        *last; /* picture in which a class was met last, + 1 */
    *s = (gd_data_stats){.pictures = d->n_images, .boxes = d->n_boxes};
    s->classes = gd_mem_array((size_t)d->n_classes + 1, sizeof *s->classes);
    last = gd_mem_array((size_t)d->n_classes + 1, sizeof *last);
    if (!s->classes || !last || !sides(d, true, s->width) || !sides(d, false, s->height)) {
        gd_mem_put(last);
        gd_data_stats_free(s);
        return gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory to count it", d->path);
    }
    for (size_t i = 0; i < d->n_images; i++) {
        const gd_data_image *im = &d->images[i];
        s->empty += im->n == 0;
        if ((uint64_t)im->n > s->most_boxes) s->most_boxes = (uint64_t)im->n;
        if (im->width) *(im->width >= im->height ? &s->wide : &s->tall) += 1;
        if (im->label >= 0) s->classes[im->label].pictures++;
        for (size_t k = im->first; k < im->first + (size_t)im->n; k++) {
            const gd_data_box *x = &d->boxes[k];
            count_box(s, x);
            if (last[x->label] == i + 1) continue;
            last[x->label] = i + 1;
            s->classes[x->label].pictures++;
        }
    }
    if (d->n_images) s->mean_boxes = (double)d->n_boxes / (double)d->n_images;
    gd_mem_put(last);
    return GD_OK;
}

void gd_data_stats_free(gd_data_stats *s) {
    gd_mem_put(s->classes);
    *s = (gd_data_stats){0};
}
