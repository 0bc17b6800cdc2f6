/* box_center_ref.c -- the definition of boxes as centre and size. */
#include "kernels/arg.h"
#include "kernels/box_center/box_center.h"
#include "kernels/ref.h"

gd_status GD_REF(box_center)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t n = l->in[0]->dim[1];
    for (int64_t i = 0; i < l->in[0]->dim[0] * n; i++) {
        const gd_real *x = GD_AT(const gd_real, l->in[0], i);
        const gd_real *g = GD_AT(const gd_real, l->in[1], i / n);
        gd_real       *o = GD_AT(gd_real, l->out[0], i);
        const gd_real  size[2] = {g[GD_GEOM_NEW_W], g[GD_GEOM_NEW_H]};
        const gd_real  at[2] = {g[GD_GEOM_LEFT], g[GD_GEOM_TOP]};
        for (int c = 0; c < 2; c++) {
            o[c] = ((x[c] + x[c + 2]) / 2 - at[c]) / size[c];
            o[c + 2] = (x[c + 2] - x[c]) / size[c];
        }
    }
    return GD_OK;
}
