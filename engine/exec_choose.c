/* exec_choose.c -- which kernel row runs each node: the cheapest that fits, never by name. On a
 * GPU also which values of three channels get room for four. */
#include <string.h>

#include "engine/exec_impl.h"

static bool all_dense(const gd_launch *l) {
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i] && !gd_tensor_dense(l->in[i])) return false;
    for (int i = 0; i < l->n_out; i++)
        if (!gd_tensor_dense(l->out[i])) return false;
    return true;
}

bool gd_kernel_allowed(const gd_kernel *row, const gd_device_caps *dev) {
    return row->min_sm <= dev->sm && (dev->tf32 || !(row->flags & GD_ROW_TF32)) &&
           (dev->providers || !(row->flags & GD_ROW_PROVIDER));
}

bool gd_kernel_absorbs(const gd_kernel *row, const gd_launch *l) {
    for (int i = 0; i < l->n_step; i++) {
        const char *const *p = row->absorbs;
        while (p && *p && strcmp(*p, l->step[i].op->name)) p++;
        if (!p || !*p) return false;
    }
    return true;
}

/* A row that cannot take the steps is asked again without them: they then run on their own. */
static bool row_fits(const gd_kernel *row, const gd_launch *l, const gd_device_caps *dev) {
    if (!row->fits) return true;
    if (gd_kernel_absorbs(row, l) && row->fits(l, dev)) return true;
    gd_launch bare = *l;
    bare.n_step = 0;
    return l->n_step > 0 && row->fits(&bare, dev);
}

/* A change of type cannot be run on its own behind the row: there is no value between them. */
static bool changes_type(const gd_launch *l) {
    return l->n_step && (l->step[l->n_step - 1].op->flags & GD_OP_CAST);
}

/* -1 where the row states none. */
static double row_cost(const gd_kernel *row, const gd_launch *l, const gd_device_caps *dev) {
    return row->cost_us ? row->cost_us(l, dev) : -1;
}

/* Rows of vendors take part where they were asked for, and then come first. */
static bool is_better(const gd_kernel *k, double cost, const gd_kernel *best,
                      double best_cost) {
    if (!best) return true;
    if ((k->flags ^ best->flags) & GD_ROW_PROVIDER) return k->flags & GD_ROW_PROVIDER;
    return cost >= 0 && best_cost >= 0 && cost < best_cost;
}

gd_status gd_kernel_choose(const gd_op *op, const gd_launch *l, const gd_device_caps *dev,
                           bool reference, const gd_kernel **out, gd_error *err) {
    const gd_dtype   t = gd_op_dtype(op, l);
    const bool       dense = all_dense(l);
    const gd_kernel *best = NULL, *ref = NULL;
    double           best_cost = -1;
    *out = NULL;
    const gd_kernel *k;
    for (int i = 0; (k = gd_op_row(op, dev->backend, i)) != NULL; i++) {
        if (k->dtype != t || !gd_kernel_allowed(k, dev)) continue;
        if (!dense && !(k->flags & GD_ROW_PITCH)) continue;
        if (!row_fits(k, l, dev)) continue;
        if (changes_type(l) && (!gd_kernel_absorbs(k, l) || (k->fits && !k->fits(l, dev))))
            continue;
        if (k->flags & GD_ROW_REFERENCE) {
            if (!ref) ref = k;
            continue;
        }
        double cost = row_cost(k, l, dev);
        if (is_better(k, cost, best, best_cost)) {
            best = k;
            best_cost = cost;
        }
    }
    *out = reference || !best ? ref : best;
    if (!*out && best) *out = best;
    if (*out) return GD_OK;
    const gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 513, "%s: no kernel for %s here",
                                      op->name, gd_dtype_name(t));
    gd_error_hint(err, "run on the CPU, which has one for every operator: --device cpu");
    return st;
}

static void build_launch(gd_exec *e, const gd_node *n, gd_launch *l) {
    memset(l, 0, sizeof *l);
    l->n_in = n->n_in;
    l->n_out = n->n_out;
    l->attr = n->attr;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] < 0) continue;
        l->in[i] = &e->t[n->in[i]];
        if (e->g->value[n->in[i]].kind == GD_VALUE_CONST) l->const_in |= 1u << i;
    }
    for (int i = 0; i < n->n_out; i++) l->out[i] = &e->t[n->out[i]];
    l->n_step = n->n_step;
    for (int i = 0; i < n->n_step; i++)
        l->step[i] = (gd_step){n->step[i].op, n->step[i].attr,
                               n->step[i].arg < 0 ? NULL : &e->t[n->step[i].arg]};
}

static void build_step_launch(const gd_launch *l, int i, gd_launch *s) {
    memset(s, 0, sizeof *s);
    s->n_in = l->step[i].arg ? 2 : 1;
    s->n_out = 1;
    s->attr = l->step[i].attr;
    s->in[0] = l->out[0];
    s->in[1] = l->step[i].arg;
    s->out[0] = l->out[0];
}

/* ---- pixels of three channels ------------------------------------------------------------ */

/* Some row runs node k whole, with the pitches that its tensors have now. */
static bool runs_whole(gd_exec *e, int k) {
    const gd_kernel *row;
    gd_launch        l;
    gd_error         ignored;
    build_launch(e, &e->g->node[k], &l);
    return gd_kernel_choose(e->g->node[k].op, &l, &e->dev, false, &row, &ignored) == GD_OK &&
           gd_kernel_absorbs(row, &l) && (!row->fits || row->fits(&l, &e->dev));
}

static bool reads(const gd_node *n, int v) {
    bool r = false;
    for (int i = 0; i < n->n_in; i++) r |= n->in[i] == v;
    for (int i = 0; i < n->n_step; i++) r |= n->step[i].arg == v;
    return r;
}

static bool may_widen(const gd_exec *e, int v) {
    const gd_value  *x = &e->g->value[v];
    const gd_tensor *t = &e->t[v];
    if (x->kind != GD_VALUE_NODE || x->producer < 0 || !gd_dtype_is_float(t->dtype))
        return false;
    if (gd_graph_variable_of(e->g, v) >= 0) return false;
    for (int i = 0; i < e->g->n_output; i++) /* callers expect results dense */
        if (e->g->output[i] == v) return false;
    return t->ndim > 1 && gd_tensor_channels(t) == 3 && gd_tensor_pixels(t) > 1;
}

/* What costs nothing on dense values: a view of them, or their place in a join. */
static bool is_free(const gd_node *n) { return n->op->view || n->op->join; }

/* A picture's three channels at a distance of four: rows of a GPU then load whole pixels. This
 * comes before rows are chosen, since it changes which is best; only where the maker and all
 * readers can, and none would have to copy for it. */
static void widen_pixels(gd_exec *e) {
    for (int v = 0; v < e->g->n_value; v++) {
        if (!may_widen(e, v)) continue;
        bool ok;
        e->t[v].pitch = 4;
        ok = !is_free(&e->g->node[e->g->value[v].producer]) &&
             runs_whole(e, e->g->value[v].producer);
        for (int k = 0; k < e->g->n_node && ok; k++)
            ok = !reads(&e->g->node[k], v) || (!is_free(&e->g->node[k]) && runs_whole(e, k));
        if (!ok) e->t[v].pitch = 3;
    }
}

gd_status gd_exec_choose(gd_exec *e, gd_error *err) {
    if (e->dev.backend == GD_CUDA) widen_pixels(e);
    for (int k = 0; k < e->g->n_node; k++) {
        const gd_node *n = &e->g->node[k];
        gd_exec_node  *x = &e->node[k];
        gd_exec_part  *main_part = &x->part[0];
        build_launch(e, n, &main_part->l);
        gd_status st = gd_kernel_choose(n->op, &main_part->l, &e->dev, e->opt.reference,
                                        &main_part->row, err);
        if (st != GD_OK) {
            gd_error_why(err, "layer '%s'", n->name);
            return st;
        }
        x->n_part = 1;
        if (n->n_step == 0) continue;
        const gd_kernel *row = main_part->row;
        if (gd_kernel_absorbs(row, &main_part->l) &&
            (!row->fits || row->fits(&main_part->l, &e->dev)))
            continue;
        gd_launch whole = main_part->l;
        main_part->l.n_step = 0;
        for (int i = 0; i < n->n_step; i++) {
            gd_exec_part *p = &x->part[x->n_part++];
            build_step_launch(&whole, i, &p->l);
            GD_TRY(gd_kernel_choose(n->step[i].op, &p->l, &e->dev, e->opt.reference, &p->row,
                                    err));
        }
    }
    return GD_OK;
}
