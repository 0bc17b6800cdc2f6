/* class_best_ref.c -- the definition of the likeliest class. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/class_best/class_best.h"
#include "kernels/ref.h"

gd_status GD_REF(class_best)(const gd_launch *l, gd_error *err) {
    (void)err;
    int64_t first = 0;
    for (int lv = 0; lv < l->n_in; lv++) {
        const gd_tensor *x = l->in[lv];
        const int64_t    cells = x->dim[1] * x->dim[2];
        for (int64_t i = 0; i < x->dim[0] * cells; i++) {
            const gd_real *v = GD_AT(const gd_real, x, i);
            const int64_t  b = i / cells, at = first + i % cells;
            gd_real        most = -INFINITY;
            int32_t        label = 0;
            for (int64_t c = 0; c < x->dim[3]; c++)
                if (v[c] > most) most = v[c], label = (int32_t)c;
            GD_AT(gd_real, l->out[0], b)[at] = 1 / (1 + exp(-most));
            GD_AT(int32_t, l->out[1], b)[at] = label;
        }
        first += cells;
    }
    return GD_OK;
}
