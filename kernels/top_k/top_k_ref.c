/* top_k_ref.c -- the definition of top-k: k times the best score that is left. */
#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/top_k/top_k.h"

/* NaN ranks below everything. */
static bool better(gd_real a, gd_real b) { return a > b || (!isnan(a) && isnan(b)); }

gd_status GD_REF(top_k)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *count = l->n_in > 1 ? l->in[1] : NULL;
    const int64_t    k = ((const gd_top_k *)l->attr)->k;
    int32_t         *n_out = l->out[2]->data;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const gd_real *s = GD_AT(const gd_real, l->in[0], b);
        gd_real       *value = GD_AT(gd_real, l->out[0], b);
        int32_t       *index = GD_AT(int32_t, l->out[1], b);
        const int64_t  n = gdk_count(count, b, l->in[0]->dim[1]);
        n_out[b] = (int32_t)(n < k ? n : k);
        for (int64_t j = 0; j < k; j++) {
            /* The best that comes after the one chosen last in the order (score, index). */
            const int64_t last = j ? index[j - 1] : -1;
            int64_t       at = -1;
            for (int64_t i = 0; i < n; i++) {
                if (last >= 0 &&
                    (better(s[i], s[last]) || (!better(s[last], s[i]) && i <= last)))
                    continue;
                if (at < 0 || better(s[i], s[at])) at = i;
            }
            index[j] = (int32_t)(j < n ? at : -1);
            value[j] = j < n ? s[at] : 0;
        }
    }
    return GD_OK;
}
