/* loss_ref.h -- the sum over rows, and its gradient, for *_ref.c files: one loop each. */
#ifndef GD_KERNELS_LOSS_REF_H
#define GD_KERNELS_LOSS_REF_H

#include "kernels/loss/loss.h"
#include "kernels/ref.h"

typedef gd_real (*gd_loss_row)(const gdk_loss_in *in, int64_t r);
typedef void (*gd_loss_row_bwd)(const gdk_loss_in *in, int64_t r, gd_real scale, gd_real *d);

/* Entry of row r of a tensor of gd_real that has one a row. */
static inline gd_real gd_loss_value(const gd_tensor *t, int64_t r) {
    return ((const gd_real *)t->data)[gdk_loss_at(t, r)];
}

static inline gd_real gd_loss_weight(const gdk_loss_in *in, int64_t r) {
    if (!in->weight) return 1;
    if (in->weight->dtype == GD_I32) return gdk_loss_label(in->weight, r) >= 0;
    return gd_loss_value(in->weight, r);
}

/* factor / max(norm of group g, min_norm) */
static inline gd_real gd_loss_scale(const gdk_loss_in *in, int64_t g) {
    const gd_loss *a = (const gd_loss *)in->attr;
    gd_real        sum = 0;
    if (!in->norm) return (gd_real)a->factor;
    const int64_t n = gd_tensor_count(in->norm) / gdk_loss_groups(in);
    for (int64_t i = g * n; i < (g + 1) * n; i++)
        sum += in->norm->dtype == GD_I32 ? (gd_real)gdk_loss_label(in->norm, i)
                                         : gd_loss_value(in->norm, i);
    return (gd_real)a->factor / (sum > (gd_real)a->min_norm ? sum : (gd_real)a->min_norm);
}

static inline gd_status gd_loss_forward(const gd_launch *l, gd_loss_row row) {
    const gdk_loss_in in = gdk_loss_read(l, 0);
    const int64_t     groups = gdk_loss_groups(&in), n = in.rows / groups;
    gd_real           sum = 0;
    for (int64_t g = 0; g < groups; g++) {
        const gd_real scale = gd_loss_scale(&in, g);
        for (int64_t r = g * n; r < (g + 1) * n; r++) {
            const gd_real w = gd_loss_weight(&in, r);
            if (w != 0) sum += scale * w * row(&in, r);
        }
    }
    *(gd_real *)l->out[0]->data = sum;
    return GD_OK;
}

static inline gd_status gd_loss_backward(const gd_launch *l, gd_loss_row_bwd row) {
    const gdk_loss_in in = gdk_loss_read(l, 1);
    const int64_t     groups = gdk_loss_groups(&in), n = in.rows / groups;
    for (int64_t g = 0; g < groups; g++) {
        const gd_real scale = *(const gd_real *)l->in[0]->data * gd_loss_scale(&in, g);
        for (int64_t r = g * n; r < (g + 1) * n; r++) {
            const gd_real w = gd_loss_weight(&in, r);
            gd_real      *d = gd_pixel_out(l->out[0], r);
            if (w != 0)
                row(&in, r, scale * w, d);
            else
                for (int64_t c = 0; c < in.C; c++) d[c] = 0;
        }
    }
    return GD_OK;
}

#endif
