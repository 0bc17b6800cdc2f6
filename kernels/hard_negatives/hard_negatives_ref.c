/* hard_negatives_ref.c -- the definition of the mining of negatives. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/hard_negatives/hard_negatives.h"
#include "kernels/ref.h"

static gd_real loss_of(const gd_launch *l, int64_t row) {
    const gd_hard_negatives *a = l->attr;
    const gd_real           *x = GD_AT(const gd_real, l->in[0], row);
    const int64_t            C = l->in[0]->dim[2];
    gd_real                  top = x[0], sum = 0;
    for (int64_t c = 1; c < C; c++) top = x[c] > top ? x[c] : top;
    for (int64_t c = 0; c < C; c++) sum += exp(x[c] - top);
    return top + log(sum) - x[a->background];
}

/* How many negatives of the picture are worse than row i, or as bad and before it. */
static int64_t worse(const gd_launch *l, const int32_t *match, int64_t b, int64_t i) {
    const int64_t A = l->in[0]->dim[1];
    const gd_real own = loss_of(l, b * A + i);
    int64_t       n = 0;
    for (int64_t j = 0; j < A; j++) {
        if (match[j] != -1) continue;
        const gd_real q = loss_of(l, b * A + j);
        if (isnan(own))
            n += !isnan(q) || j < i;
        else
            n += q > own || (q == own && j < i);
    }
    return n;
}

gd_status GD_REF(hard_negatives)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_hard_negatives *a = l->attr;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const int32_t *match = GD_AT(const int32_t, l->in[1], b);
        gd_real       *weight = GD_AT(gd_real, l->out[0], b);
        const int64_t  A = l->in[0]->dim[1];
        int64_t        positives = 0;
        for (int64_t i = 0; i < A; i++) positives += match[i] >= 0;
        const double most = (double)a->ratio * (double)positives;
        for (int64_t i = 0; i < A; i++)
            weight[i] =
                match[i] >= 0 || (match[i] == -1 && (double)worse(l, match, b, i) < most);
    }
    return GD_OK;
}
