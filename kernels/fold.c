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
    return (v->variable || (v->kind == GD_VALUE_CONST && v->t.data)) &&
           gd_tensor_dense(&v->t) && (v->t.dtype == GD_F32 || v->t.dtype == GD_F64);
}

/* A constant where v is one, else nodes that compute it at every run: a variable. */
static gd_status fold_weight(gd_graph *g, int w, int s, const double *scale, int *out,
                             gd_error *err) {
    const gd_tensor t = g->value[w].t;
    if (g->value[w].kind != GD_VALUE_CONST)
        return gd_graph_add(g, "row_scale", NULL, 2, (const int[]){w, s}, out, err);
    GD_TRY(gd_graph_const_new(g, g->value[w].name, t.dtype, t.ndim, t.dim, out, err));
    const int64_t K = t.dim[0], inner = gd_tensor_count(&t) / (K ? K : 1);
    for (int64_t k = 0; k < K; k++)
        scale_row(&t, &g->value[*out].t, k * inner, inner, scale[k]);
    return GD_OK;
}

static gd_status fold_bias(gd_graph *g, int b, int s, const char *name, const double *scale,
                           const double *shift, int *out, gd_error *err) {
    const gd_tensor like = g->value[s].t;
    const bool      changes = b >= 0 && g->value[b].kind != GD_VALUE_CONST;
    int             at;
    GD_TRY(gd_graph_const_new(g, name, like.dtype, 1, like.dim, &at, err));
    for (int64_t k = 0; k < like.dim[0]; k++) {
        const double old = b >= 0 && !changes ? gd_tensor_get(&g->value[b].t, k) : 0;
        gd_tensor_set(&g->value[at].t, k, old * scale[k] + shift[k]);
    }
    *out = at;
    if (!changes) return GD_OK;
    return gd_graph_add(g, "affine", NULL, 3, (const int[]){b, s, at}, out, err);
}

gd_status gdk_fold_affine(gd_graph *g, gd_node *n, const double *scale, const double *shift,
                          gd_error *err) {
    const int w = n->in[1];
    const int b = n->n_in > 2 ? n->in[2] : -1;
    int       s, new_w, new_b;
    if (!is_ready(g, w) || (b >= 0 && !is_ready(g, b)))
        return gd_fail(err, GD_ERR_UNSUPPORTED, "%s '%s': weights are not constants",
                       n->op->name, n->name);
    GD_TRY(gd_graph_scope(g, n->name, err));
    GD_TRY(gd_graph_const_new(g, NULL, g->value[w].t.dtype, 1, g->value[w].t.dim, &s, err));
    for (int64_t k = 0; k < g->value[s].t.dim[0]; k++)
        gd_tensor_set(&g->value[s].t, k, scale[k]);
    GD_TRY(fold_weight(g, w, s, scale, &new_w, err));
    GD_TRY(fold_bias(g, b, s, g->value[b >= 0 ? b : w].name, scale, shift, &new_b, err));
    n->in[1] = new_w;
    n->in[2] = new_b;
    n->n_in = 3;
    return gd_graph_scope(g, NULL, err);
}
