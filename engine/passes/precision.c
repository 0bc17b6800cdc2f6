/* precision.c -- the pass that decides what runs in FP16, and puts casts between the types.
 *
 * Operators with GD_OP_HALF run in FP16. Those that follow (GD_OP_HALF_FOLLOW) do so where they
 * stand between FP16 values: what they read comes in FP16, or may be cast where it is made,
 * since nobody wants it wider, and somebody reads their result in FP16. A pointwise one also
 * stays with the FP16 producer that may absorb it. Everything else, the graph's inputs and
 * outputs included, is FP32. So casts lie as early as they can towards FP32, next to a producer
 * that absorbs them: conv -> reshape -> top_k becomes conv, cast -> reshape -> top_k.
 *
 * A value is cast once, right behind its producer; constants are converted here. */
#include <string.h>

#include "engine/backend.h"
#include "engine/graph.h"
#include "engine/half.h"

typedef struct precision {
    gd_graph *g;
    int       n_node, n_value;   /* of the graph as it came */
    bool     *half;              /* by node: it runs in FP16 */
    bool     *narrows;           /* by value: it is FP16 where its node is */
    bool     *full;              /* by value: it came in FP32 */
    bool     *as_half, *as_full; /* by value: somebody reads it in FP16, in FP32 */
    int      *reads;             /* by value */
    int      *other; /* by value: itself in the type that it is not made in, or -1 */
} precision;

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory to choose precisions");
}

/* Input i is a value that node n reads in its own type. */
static bool follows(const precision *p, const gd_node *n, int i) {
    return n->in[i] >= 0 && !(n->op->wide_in >> i & 1) && p->full[n->in[i]];
}

static bool made_half(const precision *p, int v) {
    const int k = p->g->value[v].producer;
    return p->narrows[v] && k >= 0 && p->half[k];
}

/* ---- what runs in FP16 ------------------------------------------------------------------- */

/* Node k takes FP16; which of its outputs are FP16 then is what its operator infers. A batch
 * norm keeps its statistics in FP32. */
static bool could_run(precision *p, int k) {
    const gd_node *n = &p->g->node[k];
    gd_tensor      in[GD_MAX_IN], out[GD_MAX_OUT];
    gd_launch      l;
    gd_error       ignored;
    gd_graph_launch(p->g, k, &l);
    if (!(n->op->flags & (GD_OP_HALF | GD_OP_HALF_FOLLOW)) || gd_op_dtype(n->op, &l) != GD_F32)
        return false;
    memset(out, 0, sizeof out);
    for (int i = 0; i < n->n_in; i++) {
        if (!follows(p, n, i)) continue;
        in[i] = *l.in[i];
        in[i].dtype = GD_F16;
        l.in[i] = &in[i];
    }
    for (int i = 0; i < n->n_out; i++) l.out[i] = &out[i];
    if (n->op->infer(&l, &ignored) != GD_OK) return false;
    for (int i = 0; i < n->n_out; i++)
        p->narrows[n->out[i]] = p->full[n->out[i]] && out[i].dtype == GD_F16;
    return true;
}

static void find_candidates(precision *p) {
    for (int k = 0; k < p->n_node; k++) p->half[k] = could_run(p, k);
}

static void find_readers(precision *p) {
    const gd_graph *g = p->g;
    for (int v = 0; v < p->n_value; v++) p->as_half[v] = p->as_full[v] = false;
    for (int k = 0; k < p->n_node; k++)
        for (int i = 0; i < g->node[k].n_in; i++) {
            const int v = g->node[k].in[i];
            if (v < 0) continue;
            const bool half = p->half[k] && follows(p, &g->node[k], i);
            *(half ? &p->as_half[v] : &p->as_full[v]) = true;
        }
    for (int i = 0; i < g->n_output; i++) p->as_full[g->output[i]] = true;
}

/* A follower that runs in FP16 now: may it? */
static bool may_follow(const precision *p, const gd_node *n) {
    const gd_graph *g = p->g;
    for (int i = 0; i < n->n_in; i++) {
        const int v = n->in[i];
        if (!follows(p, n, i) || g->value[v].kind == GD_VALUE_CONST) continue;
        if (!made_half(p, v) && p->as_full[v]) return false;
    }
    if (p->as_half[n->out[0]]) return true;
    return (n->op->flags & GD_OP_EPILOGUE) && made_half(p, n->in[0]) && p->reads[n->in[0]] == 1;
}

/* Starts from all that could and takes back until nothing changes. */
static void choose(precision *p) {
    bool changed = true;
    find_candidates(p);
    while (changed) {
        changed = false;
        find_readers(p);
        for (int k = 0; k < p->n_node; k++) {
            const gd_node *n = &p->g->node[k];
            if (!p->half[k] || (n->op->flags & GD_OP_HALF) || may_follow(p, n)) continue;
            p->half[k] = false;
            changed = true;
        }
    }
}

/* ---- constants --------------------------------------------------------------------------- */

enum { CHUNK = 1 << 16 };

/* A part of one constant; all parts of all constants are dealt out together. */
typedef struct part {
    const float *x;
    uint16_t    *y;
    int64_t      n, beyond; /* of x; the first that FP16 cannot hold, or -1 */
    int          value;
} part;

typedef struct part_list {
    part   *at;
    int64_t n, cap;
} part_list;

static size_t  half_bytes(const gd_tensor *t) { return (size_t)gd_tensor_count(t) * 2 + 63; }
static int64_t parts_of(const gd_tensor *t) { return gd_tensor_count(t) / CHUNK + 1; }

static gd_status too_large(const gd_value *v, double number, gd_error *err) {
    gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 466, "%s: a value is %g",
                                v->name ? v->name : "a constant", number);
    gd_error_why(err, "the largest number of fp16 is 65504");
    gd_error_hint(err, "run with --precision fp32");
    return st;
}

static gd_status convert(const precision *p, part_list *l, gd_error *err) {
    /* Dealt out as threads come: one may be held up by others on a busy machine. */
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic) if (l->n > 4)
    for (int64_t i = 0; i < l->n; i++)
        l->at[i].beyond = gd_half_from_floats(l->at[i].x, l->at[i].y, l->at[i].n);
    for (int64_t i = 0; i < l->n; i++)
        if (l->at[i].beyond >= 0)
            return too_large(&p->g->value[l->at[i].value], (double)l->at[i].x[l->at[i].beyond],
                             err);
    return GD_OK;
}

/* A constant of the same numbers that is converted already (a head shared by several maps), or
 * -1. */
static int twin(const precision *p, const gd_tensor *t) {
    for (int v = 0; v < p->n_value; v++) {
        const gd_value *w = &p->g->value[v];
        if (p->other[v] >= 0 && w->kind == GD_VALUE_CONST && w->t.data == t->data &&
            gd_tensor_same_shape(&w->t, t))
            return p->other[v];
    }
    return -1;
}

/* Gives constant v a twin in FP16 at *room, and lists what is to be converted. */
static gd_status add_half(precision *p, int v, char **room, part_list *l, gd_error *err) {
    const gd_tensor t = p->g->value[v].t;
    gd_tensor       to = gd_tensor_make(GD_F16, t.ndim, t.dim);
    const int64_t   n = gd_tensor_count(&t);
    int             half = twin(p, &t);
    if (half < 0) {
        to.data = *room;
        *room += half_bytes(&t) / 64 * 64;
        for (int64_t at = 0; at < n; at += CHUNK)
            l->at[l->n++] = (part){(const float *)t.data + at, (uint16_t *)to.data + at,
                                   n - at < CHUNK ? n - at : CHUNK, -1, v};
        GD_TRY(gd_graph_const(p->g, p->g->value[v].name, &to, &half, err));
    }
    p->other[v] = half;
    return GD_OK;
}

/* Every constant that is read in FP16. */
static gd_status convert_constants(precision *p, gd_error *err) {
    gd_graph *g = p->g;
    part_list l = {0};
    size_t    size = 0;
    for (int v = 0; v < p->n_value; v++) {
        const gd_tensor *t = &g->value[v].t;
        if (g->value[v].kind != GD_VALUE_CONST || !p->as_half[v]) continue;
        if (!t->data || !gd_tensor_dense(t))
            return gd_fail(err, GD_ERR_UNSUPPORTED, "constant %d has no dense data", v);
        size += half_bytes(t);
        l.cap += parts_of(t);
    }
    char *room = gd_arena_raw(g->arena, size);
    l.at = gd_arena_array(g->arena, (size_t)l.cap, sizeof *l.at);
    if (!room || !l.at) return no_memory(err);
    for (int v = 0; v < p->n_value; v++)
        if (g->value[v].kind == GD_VALUE_CONST && p->as_half[v])
            GD_TRY(add_half(p, v, &room, &l, err));
    return convert(p, &l, err);
}

/* ---- rewriting --------------------------------------------------------------------------- */

static const gd_op *cast_op(void) {
    for (const gd_op *const *op = gd_ops; *op; op++)
        if ((*op)->flags & GD_OP_CAST) return *op;
    return NULL;
}

/* Appends the cast of v if somebody reads it in the type that it is not made in. */
static gd_status cast_value(precision *p, int v, const char *name, gd_error *err) {
    const bool    half = made_half(p, v);
    const int32_t to = half ? GD_F32 : GD_F16;
    const gd_op  *op = cast_op();
    if (!(half ? p->as_full[v] : p->as_half[v])) return GD_OK;
    if (!op) return gd_fail(err, GD_ERR_UNSUPPORTED, "no operator changes types");
    GD_TRY(gd_graph_scope(p->g, name, err));
    return gd_graph_add(p->g, op->name, &to, 1, &v, &p->other[v], err);
}

/* Node k reads its inputs in its type, and makes its output in it. */
static gd_status retype(precision *p, int k, gd_error *err) {
    gd_node *n = &p->g->node[k];
    for (int i = 0; i < n->n_in; i++) {
        const int v = n->in[i];
        if (v < 0) continue;
        const bool half = p->half[k] && follows(p, n, i);
        if (half != made_half(p, v)) n->in[i] = p->other[v];
    }
    if (!p->half[k]) return GD_OK;
    gd_launch l;
    gd_graph_launch(p->g, k, &l);
    return n->op->infer(&l, err);
}

/* Every cast stands behind the maker of what it reads; those of inputs come first. They were
 * appended in the order of their makers. */
static gd_status order(precision *p, gd_error *err) {
    gd_graph *g = p->g;
    gd_node  *list = gd_arena_array(g->arena, (size_t)g->n_node + 1, sizeof *list);
    int       n = 0, c = p->n_node;
    if (!list) return no_memory(err);
    for (int k = -1; k < p->n_node; k++) {
        if (k >= 0) list[n++] = g->node[k];
        while (c < g->n_node && g->value[g->node[c].in[0]].producer == k)
            list[n++] = g->node[c++];
    }
    memcpy(g->node, list, (size_t)n * sizeof *list);
    for (int k = 0; k < n; k++)
        for (int i = 0; i < g->node[k].n_out; i++) g->value[g->node[k].out[i]].producer = k;
    return GD_OK;
}

static gd_status rewrite(precision *p, gd_error *err) {
    gd_graph *g = p->g;
    GD_TRY(convert_constants(p, err));
    for (int v = 0; v < p->n_value; v++)
        if (g->value[v].kind == GD_VALUE_INPUT) GD_TRY(cast_value(p, v, g->value[v].name, err));
    for (int k = 0; k < p->n_node; k++) {
        GD_TRY(retype(p, k, err));
        for (int i = 0; i < g->node[k].n_out; i++)
            GD_TRY(cast_value(p, g->node[k].out[i], g->node[k].name, err));
    }
    for (int i = 0; i < g->n_output; i++)
        if (made_half(p, g->output[i])) g->output[i] = p->other[g->output[i]];
    GD_TRY(order(p, err));
    return gd_graph_scope(g, NULL, err);
}

gd_status gd_pass_precision(gd_graph *g, gd_dtype to, gd_error *err) {
    const size_t nn = (size_t)g->n_node + 1, nv = (size_t)g->n_value + 1;
    precision    p = {.g = g, .n_node = g->n_node, .n_value = g->n_value};
    if (to == GD_F32) return GD_OK;
    if (to != GD_F16)
        return gd_fail(err, GD_ERR_ARG, "precision %s, wanted f32 or f16", gd_dtype_name(to));
    p.half = gd_arena_array(g->arena, nn, sizeof *p.half);
    p.full = gd_arena_array(g->arena, nv, sizeof *p.full);
    p.narrows = gd_arena_array(g->arena, nv, sizeof *p.narrows);
    p.as_half = gd_arena_array(g->arena, nv, sizeof *p.as_half);
    p.as_full = gd_arena_array(g->arena, nv, sizeof *p.as_full);
    p.reads = gd_arena_array(g->arena, nv, sizeof *p.reads);
    p.other = gd_arena_array(g->arena, nv, sizeof *p.other);
    if (!p.half || !p.full || !p.narrows || !p.as_half || !p.as_full || !p.reads || !p.other)
        return no_memory(err);
    gd_graph_uses(g, p.reads);
    for (int v = 0; v < p.n_value; v++) {
        p.full[v] = g->value[v].t.dtype == GD_F32;
        p.other[v] = -1;
    }
    for (int k = 0; k < p.n_node; k++)
        if (g->node[k].n_step)
            return gd_fail(err, GD_ERR_ARG, "'%s': choose precisions before fusing",
                           g->node[k].name);
    choose(&p);
    return rewrite(&p, err);
}
