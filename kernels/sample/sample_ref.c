/* sample_ref.c -- the definition of the balanced draw: again and again the smallest key. */
#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/sample/sample.h"
#include "kernels/sample/sample_key.h"

#if !GD_REAL_IS_DOUBLE
/* The row whose key is the smallest one above `above`, among rows of the class; -1: none. */
static int64_t next_row(const gd_launch *l, int64_t b, bool positive, uint64_t above,
                        uint64_t *key) {
    const gd_sample *a = l->attr;
    const int32_t   *match = GD_AT(const int32_t, l->in[0], b);
    int64_t          at = -1;
    for (int64_t i = 0; i < l->in[0]->dim[1]; i++) {
        if (positive ? match[i] < 0 : match[i] != -1) continue;
        const uint64_t k = gdk_sample_key(l->in[1]->data, a->stream, (uint32_t)b, (uint32_t)i);
        if (k < above || (at >= 0 && k >= *key)) continue;
        at = i;
        *key = k;
    }
    return at;
}

gd_status gdk_sample_ref_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_sample *a = l->attr;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const int32_t *match = GD_AT(const int32_t, l->in[0], b);
        int32_t       *index = GD_AT(int32_t, l->out[0], b), n = 0;
        int32_t       *drawn = GD_AT(int32_t, l->out[1], b);
        for (int negative = 0; negative < 2; negative++) {
            const int64_t most = negative ? a->n : gdk_sample_positives(a);
            uint64_t      above = 0, key = 0;
            while (n < most) {
                const int64_t i = next_row(l, b, !negative, above, &key);
                if (i < 0) break;
                index[n] = (int32_t)i;
                drawn[n++] = match[i];
                above = key + 1;
            }
            ((int32_t *)l->out[negative ? 3 : 2]->data)[b] = n;
        }
        for (int64_t j = n; j < a->n; j++) {
            index[j] = -1;
            drawn[j] = -2;
        }
    }
    return GD_OK;
}
#endif
