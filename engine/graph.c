/* graph.c -- building graphs; see graph.h. */
#include "engine/graph.h"

#include <string.h>

static gd_status no_memory(const gd_graph *g, gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for a graph of %d nodes", g->n_node);
}

/* Doubles an arena-backed array; the old one dies with the arena. */
static void *grown(gd_arena *a, const void *old, int n, int *cap, size_t size) {
    int   want = *cap ? 2 * *cap : 64;
    void *p = gd_arena_array(a, (size_t)want, size);
    if (!p) return NULL;
    if (n) memcpy(p, old, (size_t)n * size);
    *cap = want;
    return p;
}

static gd_status new_value(gd_graph *g, gd_value_kind kind, const char *name, int *out,
                           gd_error *err) {
    *out = -1;
    if (g->n_value == g->cap_value) {
        gd_value *v = grown(g->arena, g->value, g->n_value, &g->cap_value, sizeof *v);
        if (!v) return no_memory(g, err);
        g->value = v;
    }
    gd_value *v = &g->value[g->n_value];
    memset(v, 0, sizeof *v);
    v->kind = kind;
    v->producer = -1;
    if (name && !(v->name = gd_arena_string(g->arena, name))) return no_memory(g, err);
    *out = g->n_value++;
    return GD_OK;
}

void gd_graph_init(gd_graph *g, gd_arena *arena) {
    memset(g, 0, sizeof *g);
    g->arena = arena;
    g->scope = "";
}

gd_status gd_graph_scope(gd_graph *g, const char *path, gd_error *err) {
    const char *copy = path ? gd_arena_string(g->arena, path) : "";
    if (!copy) return no_memory(g, err);
    g->scope = copy;
    return GD_OK;
}

static gd_status check_shape(const char *name, int ndim, const int64_t *dim, gd_error *err) {
    int64_t n = 1;
    if (ndim < 0 || ndim > GD_MAX_DIM)
        return gd_fail(err, GD_ERR_SHAPE, "%s: %d axes, the limit is %d", name, ndim,
                       GD_MAX_DIM);
    for (int i = 0; i < ndim; i++)
        if (dim[i] < 0 || __builtin_mul_overflow(n, dim[i], &n) || n > INT64_MAX / 64)
            return gd_fail(err, GD_ERR_SHAPE, "%s: axis %d has extent %lld", name, i,
                           (long long)dim[i]);
    return GD_OK;
}

gd_status gd_graph_input(gd_graph *g, const char *name, gd_dtype dtype, int ndim,
                         const int64_t *dim, int *out, gd_error *err) {
    *out = -1;
    GD_TRY(check_shape(name, ndim, dim, err));
    GD_TRY(new_value(g, GD_VALUE_INPUT, name, out, err));
    g->value[*out].t = gd_tensor_make(dtype, ndim, dim);
    return GD_OK;
}

gd_status gd_graph_variable(gd_graph *g, const char *name, gd_dtype dtype, int ndim,
                            const int64_t *dim, int *out, gd_error *err) {
    GD_TRY(gd_graph_input(g, name, dtype, ndim, dim, out, err));
    g->value[*out].variable = true;
    return GD_OK;
}

/* An operator changes input i, if that is a variable. */
static bool may_update(const gd_op *op, int i) {
    return i < op->n_out && ((op->flags & GD_OP_UPDATE) || (op->update_out >> i & 1));
}

int gd_graph_variable_of(const gd_graph *g, int v) {
    while (v >= 0 && g->value[v].kind == GD_VALUE_NODE) {
        const int      k = g->value[v].producer;
        const gd_node *n = k < 0 ? NULL : &g->node[k];
        int            i = 0;
        while (n && i < n->n_out && n->out[i] != v) i++;
        v = n && i < n->n_out && i < n->n_in && may_update(n->op, i) ? n->in[i] : -1;
    }
    return v >= 0 && g->value[v].variable ? v : -1;
}

bool gd_graph_updates(const gd_graph *g, const gd_node *n, int i) {
    return i < n->n_in && may_update(n->op, i) && gd_graph_variable_of(g, n->in[i]) >= 0;
}

gd_status gd_graph_const(gd_graph *g, const char *name, const gd_tensor *t, int *out,
                         gd_error *err) {
    GD_TRY(new_value(g, GD_VALUE_CONST, name, out, err));
    g->value[*out].t = *t;
    return GD_OK;
}

gd_status gd_graph_const_new(gd_graph *g, const char *name, gd_dtype dtype, int ndim,
                             const int64_t *dim, int *out, gd_error *err) {
    *out = -1;
    GD_TRY(check_shape(name ? name : "constant", ndim, dim, err));
    gd_tensor t = gd_tensor_make(dtype, ndim, dim);
    t.data = gd_arena_get(g->arena, gd_tensor_bytes(&t));
    if (!t.data) return no_memory(g, err);
    return gd_graph_const(g, name, &t, out, err);
}

static gd_status check_arity(const gd_graph *g, const gd_op *op, int n_in, const int *in,
                             gd_error *err) {
    if (n_in < op->min_in || n_in > op->max_in)
        return gd_fail(err, GD_ERR_ARG, "%s: %d inputs, wanted %d to %d", op->name, n_in,
                       op->min_in, op->max_in);
    for (int i = 0; i < n_in; i++)
        if (in[i] >= g->n_value || (in[i] < 0 && i < op->min_in))
            return gd_fail(err, GD_ERR_ARG, "%s: input %d is value %d of %d", op->name, i,
                           in[i], g->n_value);
    return GD_OK;
}

gd_status gd_graph_add(gd_graph *g, const char *name, const void *attr, int n_in, const int *in,
                       int *out, gd_error *err) {
    const gd_op *op = gd_op_find(name);
    if (!op) return gd_fail(err, GD_ERR_ARG, "no operator is named '%s'", name);
    int read[GD_MAX_IN]; /* `out` may be the caller's `in` */
    for (int i = 0; i < n_in && i < GD_MAX_IN; i++) read[i] = in[i];
    for (int i = 0; i < op->n_out; i++) out[i] = -1;
    GD_TRY(check_arity(g, op, n_in, read, err));
    if (g->n_node == g->cap_node) {
        gd_node *n = grown(g->arena, g->node, g->n_node, &g->cap_node, sizeof *n);
        if (!n) return no_memory(g, err);
        g->node = n;
    }
    gd_node *n = &g->node[g->n_node];
    memset(n, 0, sizeof *n);
    n->op = op;
    n->n_in = n_in;
    n->n_out = op->n_out;
    n->name = g->scope;
    if (op->attr_size) {
        void *copy = gd_arena_small(g->arena, op->attr_size);
        if (!copy) return no_memory(g, err);
        n->attr = memcpy(copy, attr, op->attr_size);
    }
    for (int i = 0; i < n_in; i++) n->in[i] = read[i];
    for (int i = 0; i < op->n_out; i++) {
        GD_TRY(new_value(g, GD_VALUE_NODE, NULL, &n->out[i], err));
        g->value[n->out[i]].producer = g->n_node;
    }
    gd_launch l;
    gd_graph_launch(g, g->n_node, &l);
    GD_TRY(op->infer(&l, err));
    for (int i = 0; i < op->n_out; i++) {
        GD_TRY(check_shape(name, l.out[i]->ndim, l.out[i]->dim, err));
        out[i] = n->out[i];
    }
    g->n_node++;
    return GD_OK;
}

gd_status gd_graph_output(gd_graph *g, const char *name, int value, gd_error *err) {
    if (g->n_output == (int)(sizeof g->output / sizeof *g->output))
        return gd_fail(err, GD_ERR_ARG, "more than %d outputs", g->n_output);
    if (value < 0 || value >= g->n_value)
        return gd_fail(err, GD_ERR_ARG, "output '%s' is value %d of %d", name, value,
                       g->n_value);
    const char *copy = gd_arena_string(g->arena, name);
    if (!copy) return no_memory(g, err);
    g->output_name[g->n_output] = copy;
    g->output[g->n_output++] = value;
    return GD_OK;
}

int gd_graph_find_output(const gd_graph *g, const char *name) {
    for (int i = 0; i < g->n_output; i++)
        if (!strcmp(g->output_name[i], name)) return g->output[i];
    return -1;
}

int gd_graph_find_input(const gd_graph *g, const char *name) {
    for (int i = 0; i < g->n_value; i++)
        if (g->value[i].kind == GD_VALUE_INPUT && g->value[i].name &&
            !strcmp(g->value[i].name, name))
            return i;
    return -1;
}

void gd_graph_launch(gd_graph *g, int node, gd_launch *l) {
    const gd_node *n = &g->node[node];
    memset(l, 0, sizeof *l);
    l->n_in = n->n_in;
    l->n_out = n->n_out;
    l->attr = n->attr;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] < 0) continue;
        l->in[i] = &g->value[n->in[i]].t;
        if (g->value[n->in[i]].kind == GD_VALUE_CONST) l->const_in |= 1u << i;
    }
    for (int i = 0; i < n->n_out; i++) l->out[i] = &g->value[n->out[i]].t;
    l->n_step = n->n_step;
    for (int i = 0; i < n->n_step; i++)
        l->step[i] = (gd_step){n->step[i].op, n->step[i].attr,
                               n->step[i].arg < 0 ? NULL : &g->value[n->step[i].arg].t};
}

void gd_graph_uses(const gd_graph *g, int *uses) {
    memset(uses, 0, (size_t)g->n_value * sizeof *uses);
    for (int k = 0; k < g->n_node; k++) {
        const gd_node *n = &g->node[k];
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] >= 0) uses[n->in[i]]++;
        for (int i = 0; i < n->n_step; i++)
            if (n->step[i].arg >= 0) uses[n->step[i].arg]++;
    }
    for (int i = 0; i < g->n_output; i++) uses[g->output[i]]++;
}

gd_status gd_graph_give_storage(gd_graph *g, gd_error *err) {
    for (int i = 0; i < g->n_value; i++) {
        gd_tensor *t = &g->value[i].t;
        if (!t->data && !(t->data = gd_arena_get(g->arena, gd_tensor_bytes(t))))
            return no_memory(g, err);
    }
    return GD_OK;
}
