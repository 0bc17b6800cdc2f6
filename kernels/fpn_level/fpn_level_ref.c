/* fpn_level_ref.c -- the definition of the choice of a pyramid level. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/fpn_level/fpn_level.h"
#include "kernels/ref.h"

gd_status GD_REF(fpn_level)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_fpn_level *a = l->attr;
    const int64_t       B = l->in[0]->dim[0], n = l->in[0]->dim[1];
    const gd_real       lo = GD_REAL(a->k_min), hi = GD_REAL(a->k_max);
    for (int64_t b = 0; b < B; b++)
        for (int64_t i = 0; i < n; i++) {
            const gd_real *p = GD_AT(const gd_real, l->in[0], b *n + i);
            const gd_real  side = sqrt((p[2] - p[0]) * (p[3] - p[1]));
            const gd_real  lg = log2(side / GD_REAL(a->canonical_scale));
            const gd_real  level = floor(GD_REAL(a->canonical_level) + lg + GD_REAL(a->eps));
            /* `!(level > lo)` also catches NaN. */
            const gd_real in = !(level > lo) ? lo : level > hi ? hi : level;
            GD_AT(int32_t, l->out[0], b)[i] = (int32_t)(in - lo);
        }
    return GD_OK;
}
