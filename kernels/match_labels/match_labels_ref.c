/* match_labels_ref.c -- the definition of class targets of matched rows. */
#include "kernels/arg.h"
#include "kernels/match_labels/match_labels.h"
#include "kernels/ref.h"

#if !GD_REAL_IS_DOUBLE
gd_status gdk_match_labels_ref_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_match_labels *a = l->attr;
    const int64_t          n = l->in[0]->dim[1], G = l->in[1]->dim[1];
    int64_t                rows = 0, positives = 0;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const int32_t *match = GD_AT(const int32_t, l->in[0], b);
        const int32_t *label = GD_AT(const int32_t, l->in[1], b);
        int64_t        own = 0;
        for (int64_t i = 0; i < n; i++) {
            own += match[i] >= 0 && match[i] < G;
            rows += match[i] >= -1 && match[i] < G;
        }
        positives += own;
        const float one = a->per_picture && own ? 1 / (float)own : 1;
        for (int64_t i = 0; i < n; i++) {
            const bool hit = match[i] >= 0 && match[i] < G;
            GD_AT(int32_t, l->out[0], b)
            [i] =
                hit ? (int32_t)((uint32_t)label[match[i]] + (uint32_t)a->first) : a->background;
            GD_AT(float, l->out[1], b)
            [i] = hit ? one + a->extra * one : match[i] == -1 ? one : 0;
            GD_AT(float, l->out[2], b)[i] = hit ? one : 0;
        }
    }
    *(float *)l->out[3]->data = (float)rows;
    *(float *)l->out[4]->data = (float)positives;
    return GD_OK;
}
#endif
