/* box_restore_ref.c -- the definition of restoring boxes. */
#include "kernels/arg.h"
#include "kernels/box_restore/box_restore.h"
#include "kernels/ref.h"

gd_status GD_REF(box_restore)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_box_restore *a = l->attr;
    const int64_t         n = l->in[0]->dim[1];
    for (int64_t i = 0; i < l->in[0]->dim[0] * n; i++) {
        const gd_real *p = GD_AT(const gd_real, l->in[0], i);
        const gd_real *g = GD_AT(const gd_real, l->in[1], i / n);
        gd_real       *o = GD_AT(gd_real, l->out[0], i);
        for (int c = 0; c < 4; c++) {
            const int     x = c % 2 == 0;
            const gd_real src = g[x ? GD_GEOM_SRC_W : GD_GEOM_SRC_H];
            if (a->mode == GD_RESTORE_RATIO)
                o[c] = p[c] * (src / g[x ? GD_GEOM_NEW_W : GD_GEOM_NEW_H]);
            else if (a->mode == GD_RESTORE_RELATIVE)
                o[c] = p[c] * src;
            else if (a->mode == GD_RESTORE_DONE)
                o[c] = p[c];
            else
                o[c] = (p[c] - g[x ? GD_GEOM_LEFT : GD_GEOM_TOP]) /
                       g[x ? GD_GEOM_SCALE_X : GD_GEOM_SCALE_Y];
            if (a->clip) o[c] = o[c] < 0 ? 0 : o[c] > src ? src : o[c];
        }
    }
    return GD_OK;
}
