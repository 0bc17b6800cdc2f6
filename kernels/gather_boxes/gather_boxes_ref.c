/* gather_boxes_ref.c -- the definition of picking boxes by index. */
#include "kernels/arg.h"
#include "kernels/gather_boxes/gather_boxes.h"
#include "kernels/ref.h"

gd_status GD_REF(gather_boxes)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t B = l->in[0]->dim[0], n = l->in[0]->dim[1], m = l->out[0]->dim[1];
    for (int64_t b = 0; b < B; b++) {
        const int32_t *index = GD_AT(const int32_t, l->in[3], b);
        const int64_t  count = gdk_count(l->n_in > 4 ? l->in[4] : NULL, b, m);
        for (int64_t j = 0; j < m; j++) {
            const int64_t i = j < count && index[j] < n ? index[j] : -1;
            gd_real      *o = GD_AT(gd_real, l->out[0], b * m + j);
            for (int c = 0; c < 4; c++)
                o[c] = i < 0 ? 0 : GD_AT(const gd_real, l->in[0], b *n + i)[c];
            GD_AT(gd_real, l->out[1], b)[j] = i < 0 ? 0 : GD_AT(const gd_real, l->in[1], b)[i];
            GD_AT(int32_t, l->out[2], b)
            [j] = i < 0 ? -1 : l->in[2] ? GD_AT(const int32_t, l->in[2], b)[i] : 0;
        }
    }
    return GD_OK;
}
