/* step.c -- appends gradients, optimiser and averages to a graph; see step.h. */
#include "layers/train/step.h"

#include <stdio.h>
#include <string.h>

/* What is known of a variable while the step is built. */
typedef struct weight {
    int variable, d; /* d: its gradient, -1: none */
    int group;
} weight;

typedef struct builder {
    gd_graph                    *g;
    const gd_train_step_options *o;
    gd_train_step               *s;
    weight                      *w;
    int                          n;
    int                          scale, counts; /* as they are in front of the update of both */
    int                          total, factor;
} builder;

static const int64_t one = 1;

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for a step of training");
}

/* A variable "train/<kind>/<name of v>" in the shape of v. */
static gd_status state_of(builder *b, const char *kind, int v, int *out, gd_error *err) {
    char            name[512];
    const gd_tensor t = b->g->value[v].t;
    snprintf(name, sizeof name, "train/%s/%s", kind, b->g->value[v].name);
    return gd_graph_variable(b->g, name, GD_F32, t.ndim, t.dim, out, err);
}

/* ---- gradients --------------------------------------------------------------------------- */

static gd_status list_weights(builder *b, gd_error *err) {
    gd_graph *g = b->g;
    b->w = gd_arena_array(g->arena, (size_t)g->n_value + 1, sizeof *b->w);
    if (!b->w) return no_memory(err);
    for (int v = 0; v < g->n_value; v++)
        if (g->value[v].variable && g->value[v].t.dtype == GD_F32)
            b->w[b->n++] = (weight){.variable = v, .d = -1};
    return GD_OK;
}

static gd_status choose_groups(builder *b, gd_error *err) {
    for (int i = 0; i < b->n; i++) {
        const gd_value *v = &b->g->value[b->w[i].variable];
        if (!b->o->group_of) continue;
        b->w[i].group = b->o->group_of(b->o->ctx, v->name, v->t.ndim);
        if (b->w[i].group < 0 || b->w[i].group >= b->s->n_group)
            return gd_fail(err, GD_ERR_ARG, "weight '%s' is of group %d of %d", v->name,
                           b->w[i].group, b->s->n_group);
    }
    return GD_OK;
}

static gd_status differentiate(builder *b, int loss, gd_error *err) {
    int *wrt = gd_arena_array(b->g->arena, (size_t)b->n + 1, sizeof *wrt);
    int *d = gd_arena_array(b->g->arena, (size_t)b->n + 1, sizeof *d);
    if (!wrt || !d) return no_memory(err);
    for (int i = 0; i < b->n; i++) wrt[i] = b->w[i].variable;
    GD_TRY(gd_autodiff(b->g, 1, &loss, &b->scale, b->n, wrt, d, err));
    for (int i = 0; i < b->n; i++) {
        b->w[i].d = d[i];
        b->s->n_weight += d[i] >= 0;
    }
    if (b->s->n_weight) return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "the loss depends on none of %d variables", b->n);
}

static gd_status accumulate(builder *b, gd_error *err) {
    for (int i = 0; i < b->n && b->o->accumulate > 1; i++) {
        int in[3] = {-1, b->w[i].d, b->s->hyper};
        if (b->w[i].d < 0) continue;
        GD_TRY(state_of(b, "sum", b->w[i].variable, &in[0], err));
        GD_TRY(gd_graph_scope(b->g, b->g->value[b->w[i].variable].name, err));
        GD_TRY(gd_graph_add(b->g, "accumulate", NULL, 3, in, &b->w[i].d, err));
    }
    return GD_OK;
}

/* ---- one factor for all ------------------------------------------------------------------ */

static gd_status sum_squares(builder *b, gd_error *err) {
    int in[GD_MAX_IN], n = 1;
    GD_TRY(gd_graph_scope(b->g, "gradients", err));
    GD_TRY(gd_graph_const_new(b->g, "zero", GD_F32, 1, &one, &in[0], err));
    for (int i = 0; i < b->n; i++) {
        if (b->w[i].d >= 0) in[n++] = b->w[i].d;
        if (n < GD_MAX_IN && (i + 1 < b->n || n == 1)) continue;
        GD_TRY(gd_graph_add(b->g, "sum_squares", NULL, n, in, &in[0], err));
        n = 1;
    }
    b->total = in[0];
    return GD_OK;
}

/* The factor comes before the scale changes: gradients have the old one. */
static gd_status find_factor(builder *b, gd_error *err) {
    const gd_train_step_options *o = b->o;
    const gd_grad_factor         factor = {.max_norm = o->max_norm,
                                           .steps = o->accumulate > 1 ? o->accumulate : 1};
    const gd_loss_scale          scale = {.growth = o->scale > 0 ? 2 : 1,
                                          .backoff = o->scale > 0 ? 0.5f : 1,
                                          .interval = o->interval ? o->interval : 2000};
    const int                    in[3] = {b->total, b->scale, b->s->hyper};
    int                          made[2];
    GD_TRY(gd_graph_add(b->g, "grad_factor", &factor, 3, in, made, err));
    b->factor = made[0];
    b->s->stats = made[1];
    GD_TRY(gd_graph_output(b->g, "stats", made[1], err));
    const int update[4] = {b->scale, b->counts, b->total, b->s->hyper};
    GD_TRY(gd_graph_scope(b->g, "loss scale", err));
    GD_TRY(gd_graph_add(b->g, "loss_scale", &scale, 4, update, made, err));
    b->counts = made[1];
    return GD_OK;
}

/* ---- updates ----------------------------------------------------------------------------- */

static gd_status add_sgd(builder *b, const weight *w, gd_error *err) {
    const gd_sgd a = {.weight_decay = b->o->n_group ? b->o->group[w->group].weight_decay : 0,
                      .nesterov = b->o->nesterov,
                      .group = w->group};
    int          in[5] = {w->variable, -1, w->d, b->factor, b->s->hyper}, made[2];
    GD_TRY(state_of(b, "momentum", w->variable, &in[1], err));
    return gd_graph_add(b->g, "sgd", &a, 5, in, made, err);
}

static gd_status add_adam(builder *b, const weight *w, gd_error *err) {
    const gd_adam a = {.beta2 = b->o->beta2 > 0 ? b->o->beta2 : 0.999f,
                       .eps = b->o->eps > 0 ? b->o->eps : 1e-8f,
                       .weight_decay = b->o->n_group ? b->o->group[w->group].weight_decay : 0,
                       .decoupled = b->o->optim == GD_OPTIM_ADAMW,
                       .group = w->group};
    int in[7] = {w->variable, -1, -1, w->d, b->factor, b->s->hyper, b->counts}, made[3];
    GD_TRY(state_of(b, "momentum", w->variable, &in[1], err));
    GD_TRY(state_of(b, "square", w->variable, &in[2], err));
    return gd_graph_add(b->g, "adam", &a, 7, in, made, err);
}

static gd_status update_weights(builder *b, gd_error *err) {
    for (int i = 0; i < b->n; i++) {
        if (b->w[i].d < 0) continue;
        GD_TRY(gd_graph_scope(b->g, b->g->value[b->w[i].variable].name, err));
        if (b->o->optim == GD_OPTIM_SGD)
            GD_TRY(add_sgd(b, &b->w[i], err));
        else
            GD_TRY(add_adam(b, &b->w[i], err));
    }
    return GD_OK;
}

/* Variable v as the last node that updates it leaves it. */
static int latest(const gd_graph *g, int v) {
    for (int k = 0; k < g->n_node; k++)
        for (int i = 0; i < g->node[k].n_out; i++)
            if (g->node[k].in[i] == v && gd_graph_updates(g, &g->node[k], i))
                v = g->node[k].out[i];
    return v;
}

static gd_status average(builder *b, gd_error *err) {
    for (int i = 0; i < b->n && b->o->average; i++) {
        const int v = b->w[i].variable;
        int       in[4] = {-1, latest(b->g, v), b->factor, b->s->hyper};
        GD_TRY(state_of(b, "average", v, &in[0], err));
        GD_TRY(gd_graph_scope(b->g, b->g->value[v].name, err));
        GD_TRY(gd_graph_add(b->g, "ema", NULL, 4, in, &in[0], err));
    }
    return GD_OK;
}

/* ---- all of it --------------------------------------------------------------------------- */

static gd_status check_options(const gd_train_step_options *o, gd_error *err) {
    if (o->n_group < 0 || o->n_group > GD_MAX_GROUP)
        return gd_fail(err, GD_ERR_ARG, "%d groups of weights, at most %d", o->n_group,
                       GD_MAX_GROUP);
    if (!(o->scale >= 0) || !(o->max_norm >= 0) || o->accumulate < 0 || o->interval < 0)
        return gd_fail(
            err, GD_ERR_ARG,
            "loss scale %g, interval %d, norm %g, %d micro-steps: none may be negative",
            (double)o->scale, o->interval, (double)o->max_norm, o->accumulate);
    return GD_OK;
}

static gd_status add_common(builder *b, gd_error *err) {
    const int64_t n_count = GD_N_COUNT, n_hyper = GD_N_HYPER + b->s->n_group;
    GD_TRY(gd_graph_input(b->g, "hyper", GD_F32, 1, &n_hyper, &b->s->hyper, err));
    GD_TRY(gd_graph_variable(b->g, "train/scale", GD_F32, 1, &one, &b->scale, err));
    return gd_graph_variable(b->g, "train/counts", GD_I32, 1, &n_count, &b->counts, err);
}

gd_status gd_train_step_build(gd_graph *g, const gd_train_step_options *o, gd_train_step *out,
                              gd_error *err) {
    builder b = {.g = g, .o = o, .s = out};
    memset(out, 0, sizeof *out);
    GD_TRY(check_options(o, err));
    out->n_group = o->n_group ? o->n_group : 1;
    out->scale = o->scale > 0 ? o->scale : 1;
    out->average = o->average;
    for (int i = 0; i < out->n_group; i++) out->rate[i] = o->n_group ? o->group[i].rate : 1;
    GD_TRY(gd_graph_verify(g, "building", err));
    GD_TRY(gd_pass_fold(g, err));
    GD_TRY(gd_graph_verify(g, "fold", err));
    const int loss = gd_graph_find_output(g, "loss");
    if (loss < 0) return gd_fail(err, GD_ERR_ARG, "the graph has no output 'loss'");
    GD_TRY(list_weights(&b, err));
    GD_TRY(choose_groups(&b, err));
    GD_TRY(add_common(&b, err));
    GD_TRY(differentiate(&b, loss, err));
    GD_TRY(accumulate(&b, err));
    GD_TRY(sum_squares(&b, err));
    GD_TRY(find_factor(&b, err));
    GD_TRY(update_weights(&b, err));
    GD_TRY(average(&b, err));
    GD_TRY(gd_graph_scope(g, NULL, err));
    return gd_graph_verify(g, "building a step", err);
}

/* ---- running it -------------------------------------------------------------------------- */

gd_status gd_train_step_start(const gd_train_step *s, gd_store *store,
                              const gd_weight_source *source, gd_error *err) {
    static const char averages[] = "train/average/";
    for (int i = 0; i < gd_store_count(store); i++) {
        const char *name = gd_store_name(store, i);
        gd_tensor   t;
        if (!strcmp(name, "train/scale")) {
            GD_TRY(gd_store_set(store, i, &s->scale, err));
            continue;
        }
        if (!strncmp(name, averages, strlen(averages))) name += strlen(averages);
        if (!strncmp(name, "train/", 6)) continue;
        if (!source->find(source->ctx, name, &t))
            return gd_fail(err, GD_ERR_FORMAT, "weight '%s' is missing", name);
        if (t.dtype != GD_F32 || !gd_tensor_dense(&t) ||
            !gd_tensor_same_shape(&t, gd_store_tensor(store, i)))
            return gd_fail(err, GD_ERR_SHAPE, "weight '%s' has another shape or type", name);
        GD_TRY(gd_store_set(store, i, t.data, err));
    }
    return GD_OK;
}

int gd_train_step_hyper(const gd_train_step *s, const gd_train_rates *r, float *out) {
    out[GD_HYPER_MOMENTUM] = r->momentum;
    out[GD_HYPER_FIRST] = r->first;
    out[GD_HYPER_APPLY] = r->apply;
    out[GD_HYPER_EMA] = r->average;
    for (int i = 0; i < s->n_group; i++) out[GD_N_HYPER + i] = r->rate * s->rate[i];
    return GD_N_HYPER + s->n_group;
}
