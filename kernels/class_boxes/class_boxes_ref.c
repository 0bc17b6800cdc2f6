/* class_boxes_ref.c -- the definition of per-class selection. */
#include "kernels/arg.h"
#include "kernels/class_boxes/class_boxes.h"
#include "kernels/ref.h"

/* The box of class k in row `row` of all pictures. */
static const gd_real *box_of(const gd_launch *l, int64_t row, int64_t k) {
    const gd_real *p = GD_AT(const gd_real, l->in[1], row);
    return l->in[1]->dim[2] == 4 ? p : p + 4 * k;
}

/* Marks the candidates of picture b; returns their number. */
static int64_t mark(const gd_launch *l, int64_t b, bool *is, gd_real *top) {
    const gd_class_boxes *a = l->attr;
    const int64_t         n = l->in[0]->dim[1], K = l->in[0]->dim[2];
    const int64_t         rows = gdk_count(l->n_in > 2 ? l->in[2] : NULL, b, n);
    int64_t               count = 0;
    *top = -1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < K; k++) {
            const gd_real  s = GD_AT(const gd_real, l->in[0], b *n + i)[k];
            const gd_real *p = box_of(l, b * n + i, k);
            const bool     counts = i < rows && k != a->background;
            if (counts && s > *top) *top = s;
            is[i * K + k] = counts && s > GD_REAL(a->min_score) &&
                            p[2] - p[0] >= GD_REAL(a->min_size) &&
                            p[3] - p[1] >= GD_REAL(a->min_size);
            count += is[i * K + k];
        }
    return count;
}

/* Leaves the best `most` candidates of class k; returns how many went. */
static int64_t cut_class(const gd_launch *l, int64_t b, int64_t k, int64_t most, bool *is) {
    const int64_t n = l->in[0]->dim[1], K = l->in[0]->dim[2];
    int64_t       count = 0, gone = 0;
    for (int64_t i = 0; i < n; i++) count += is[i * K + k];
    for (; count - gone > most; gone++) { /* the worst goes, among equals the last */
        int64_t worst = -1;
        gd_real least = INFINITY;
        for (int64_t i = 0; i < n; i++) {
            const gd_real s = GD_AT(const gd_real, l->in[0], b *n + i)[k];
            if (is[i * K + k] && s <= least) worst = i, least = s;
        }
        is[worst * K + k] = false;
    }
    return gone;
}

gd_status GD_REF(class_boxes)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_class_boxes *a = l->attr;
    const int64_t         n = l->in[0]->dim[1], K = l->in[0]->dim[2], cap = a->capacity;
    bool                 *is = l->scratch;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        int64_t count = mark(l, b, is, (gd_real *)l->out[5]->data + b);
        for (int64_t k = 0; a->per_class > 0 && k < K; k++)
            count -= cut_class(l, b, k, a->per_class, is);
        ((int32_t *)l->out[4]->data)[b] = (int32_t)(count > cap ? count - cap : 0);
        for (; count > cap; count--) { /* the worst goes, among equals the last */
            int64_t worst = -1;
            gd_real least = INFINITY;
            for (int64_t j = 0; j < n * K; j++) {
                const gd_real s = GD_AT(const gd_real, l->in[0], b *n + j / K)[j % K];
                if (is[j] && s <= least) worst = j, least = s;
            }
            is[worst] = false;
        }
        ((int32_t *)l->out[3]->data)[b] = (int32_t)count;
        int64_t row = 0;
        for (int64_t j = 0; row < cap; j++) {
            const bool given = j < n * K;
            if (given && !is[j]) continue;
            gd_real *o = GD_AT(gd_real, l->out[0], b * cap + row);
            for (int c = 0; c < 4; c++) o[c] = given ? box_of(l, b * n + j / K, j % K)[c] : 0;
            GD_AT(gd_real, l->out[1], b)
            [row] = given ? GD_AT(const gd_real, l->in[0], b *n + j / K)[j % K] : 0;
            GD_AT(int32_t, l->out[2], b)[row] = given ? (int32_t)(j % K) : -1;
            row++;
        }
    }
    return GD_OK;
}
