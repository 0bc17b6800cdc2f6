/* class_top_ref.c -- the definition of the selection of a dense head's best classes. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/class_top/class_top.h"
#include "kernels/ref.h"

static gd_real sigmoid(gd_real x) { return 1 / (1 + exp(-x)); }

/* What is known of the best of one level and picture; value holds logits until the end. */
typedef struct list {
    gd_real *value;
    int32_t *row, *label;
    int64_t  held, most;
} list;

/* Behind all that are as good; the last falls out where there are enough. */
static void insert(list *s, gd_real v, int32_t row, int32_t label) {
    int64_t at = s->held;
    if (at == s->most) {
        if (!(v > s->value[at - 1])) return;
        at--;
    } else {
        s->held++;
    }
    for (; at > 0 && v > s->value[at - 1]; at--) {
        s->value[at] = s->value[at - 1];
        s->row[at] = s->row[at - 1];
        s->label[at] = s->label[at - 1];
    }
    s->value[at] = v;
    s->row[at] = row;
    s->label[at] = label;
}

static void one_level(const gd_launch *l, int64_t b, int level, int32_t row, list *s,
                      gd_real *top) {
    const gd_class_top *a = l->attr;
    const gd_tensor    *t = l->in[level];
    const int64_t       cells = t->dim[1] * t->dim[2];
    for (int64_t cell = 0; cell < cells; cell++)
        for (int64_t c = 0; c < t->dim[3]; c++) {
            const gd_real v = GD_AT(const gd_real, t, b *cells + cell)[c], p = sigmoid(v);
            const int32_t label = (int32_t)(c % a->classes);
            if (label == a->background) continue;
            if (p > *top) *top = p;
            if (p > GD_REAL(a->min_score))
                insert(s, v, row + (int32_t)((cell * t->dim[3] + c) / a->classes), label);
        }
    for (int64_t j = 0; j < s->held; j++) s->value[j] = sigmoid(s->value[j]);
    for (int64_t j = s->held; j < s->most; j++) {
        s->value[j] = 0;
        s->row[j] = s->label[j] = -1;
    }
}

gd_status GD_REF(class_top)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_class_top *a = l->attr;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        gd_real *top = (gd_real *)l->out[3]->data + b;
        int64_t  at = 0, row = 0;
        *top = -1;
        for (int i = 0; i < l->n_in; i++) {
            list s = {.value = GD_AT(gd_real, l->out[0], b) + at,
                      .row = GD_AT(int32_t, l->out[1], b) + at,
                      .label = GD_AT(int32_t, l->out[2], b) + at,
                      .most = gdk_class_top_share(l->in[i], a->k)};
            one_level(l, b, i, (int32_t)row, &s, top);
            at += s.most;
            row += gdk_class_top_size(l->in[i]) / a->classes;
        }
    }
    return GD_OK;
}
