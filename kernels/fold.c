/* fold.c -- folding y * scale[k] + shift[k] into the weights that made y. */
#include "kernels/fold.h"

/* `inner` elements starting at i: to = from * scale. Both are dense and f32 or f64. */
static void scale_row(const gd_tensor *from, gd_tensor *to, int64_t i, int64_t inner,
                      double scale) {
    if (from->dtype == GD_F64) {
        const double *a = (const double *)from->data + i;
        double       *b = (double *)to->data + i;
        for (int64_t j = 0; j < inner; j++) b[j] = a[j] * scale;
    } else {
        const float *a = (const float *)from->data + i;
        float       *b = (float *)to->data + i;
        for (int64_t j = 0; j < inner; j++) b[j] = (float)(a[j] * scale);
    }
}

static bool is_ready(const gd_graph *g, int value) {
    const gd_value *v = &g->value[value];
    return v->kind == GD_VALUE_CONST && v->t.data && gd_tensor_dense(&v->t) &&
           (v->t.dtype == GD_F32 || v->t.dtype == GD_F64);
}

gd_status gdk_fold_affine(gd_graph *g, gd_node *n, const double *scale, const double *shift,
                          gd_error *err) {
    const int w = n->in[1];
    const int b = n->n_in > 2 ? n->in[2] : -1;
    int       new_w, new_b;
    if (!is_ready(g, w) || (b >= 0 && !is_ready(g, b)))
        return gd_fail(err, GD_ERR_UNSUPPORTED, "%s '%s': weights are not constants",
                       n->op->name, n->name);
    gd_tensor     tw = g->value[w].t;
    const int64_t K = tw.dim[0];
    GD_TRY(gd_graph_const_new(g, g->value[w].name, tw.dtype, tw.ndim, tw.dim, &new_w, err));
    GD_TRY(gd_graph_const_new(g, b >= 0 ? g->value[b].name : g->value[w].name, tw.dtype, 1, &K,
                              &new_b, err));
    gd_tensor    *to_w = &g->value[new_w].t, *to_b = &g->value[new_b].t;
    const int64_t inner = gd_tensor_count(&tw) / (K ? K : 1);
    for (int64_t k = 0; k < K; k++) {
        const double old = b >= 0 ? gd_tensor_get(&g->value[b].t, k) : 0;
        scale_row(&tw, to_w, k * inner, inner, scale[k]);
        gd_tensor_set(to_b, k, old * scale[k] + shift[k]);
    }
    n->in[1] = new_w;
    n->in[2] = new_b;
    n->n_in = 3;
    return GD_OK;
}
