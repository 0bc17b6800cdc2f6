/* exec.c -- opens a planned graph (rows, aliases, slab, prepared weights) and runs it. */
#include "engine/exec.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "engine/exec_impl.h"
#include "engine/mem.h"

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory to plan the graph");
}

static gd_status give_tables(gd_exec *e, gd_error *err) {
    const size_t nv = (size_t)e->g->n_value, nn = (size_t)e->g->n_node;
    e->t = gd_arena_array(&e->arena, nv + 1, sizeof *e->t);
    e->alias = gd_arena_array(&e->arena, nv + 1, sizeof *e->alias);
    e->first = gd_arena_array(&e->arena, nv + 1, sizeof *e->first);
    e->last = gd_arena_array(&e->arena, nv + 1, sizeof *e->last);
    e->item = gd_arena_array(&e->arena, nv + 1, sizeof *e->item);
    e->node = gd_arena_array(&e->arena, nn + 1, sizeof *e->node);
    if (!e->t || !e->alias || !e->first || !e->last || !e->item || !e->node)
        return no_memory(err);
    for (size_t v = 0; v < nv; v++) {
        e->t[v] = e->g->value[v].t;
        if (e->g->value[v].kind != GD_VALUE_CONST) e->t[v].data = NULL;
    }
    return GD_OK;
}

static gd_status place(gd_exec *e, gd_error *err) {
    const gd_graph *g = e->g;
    const int       n = g->n_value;
    for (int v = 0; v < n; v++) {
        const size_t bytes = gd_tensor_bytes(&e->t[v]);
        gd_plan_item it = {.first = e->first[v], .last = e->last[v]};
        if (g->value[v].kind == GD_VALUE_CONST) {
            e->stats.const_bytes += bytes;
        } else if (g->value[v].kind == GD_VALUE_INPUT || g->value[v].producer >= 0) {
            /* A value whose maker was fused away or found dead has no bytes. */
            e->stats.sum_bytes += bytes;
            if (e->alias[v].root == v) it.size = bytes ? bytes : 1;
        }
        if (g->value[v].kind == GD_VALUE_INPUT) it.first = 0;
        e->item[v] = it;
    }
    return gd_plan_place(e->item, n, &e->arena, &e->stats.slab_bytes, err);
}

/* Addresses of everything, once the slab exists; also after an input was bound elsewhere. */
static void set_addresses(gd_exec *e) {
    for (int v = 0; v < e->g->n_value; v++)
        if (e->g->value[v].kind != GD_VALUE_CONST && e->alias[v].root == v && e->item[v].size)
            e->t[v].data = e->slab + e->item[v].offset;
    for (int v = 0; v < e->g->n_value; v++)
        if (e->alias[v].root != v)
            e->t[v].data = (char *)e->t[e->alias[v].root].data + e->alias[v].offset;
}

static gd_status make_scratch(gd_exec *e, gd_error *err) {
    size_t most = 0;
    for (int k = 0; k < e->g->n_node; k++)
        for (int i = 0; i < e->node[k].n_part; i++) {
            gd_exec_part *p = &e->node[k].part[i];
            size_t        want = p->row->scratch ? p->row->scratch(&p->l, &e->dev) : 0;
            if (want > most) most = want;
        }
    e->stats.scratch_bytes = most;
    if (e->opt.plan_only) return GD_OK;
    e->scratch = gd_mem_get(most);
    return e->scratch ? GD_OK
                      : gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of scratch", most);
}

static gd_status prepare_rows(gd_exec *e, gd_error *err) {
    for (int k = 0; k < e->g->n_node; k++)
        for (int i = 0; i < e->node[k].n_part; i++) {
            gd_exec_part *p = &e->node[k].part[i];
            p->l.scratch = e->scratch;
            if (p->row->prepare) GD_TRY(p->row->prepare(&p->l, &e->dev, &p->state, err));
            p->l.state = p->state;
        }
    return GD_OK;
}

/* A slab that the machine cannot hold is refused, not left to the kernel's overcommitment. */
static gd_status make_slab(gd_exec *e, gd_error *err) {
    const size_t size = e->stats.slab_bytes;
    if (!e->dev.mem_bytes || size <= e->dev.mem_bytes) e->slab = gd_mem_get(size);
    return e->slab ? GD_OK
                   : gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of activations", size);
}

static gd_status plan(gd_exec *e, gd_error *err) {
    GD_TRY(give_tables(e, err));
    GD_TRY(gd_exec_choose(e, err));
    gd_exec_alias(e);
    GD_TRY(place(e, err));
    if (e->opt.plan_only) return make_scratch(e, err);
    GD_TRY(make_slab(e, err));
    /* Poison shows reads of what was never written; otherwise pages stay untouched until
     * used. */
    if (e->opt.poison) memset(e->slab, 0xff, e->stats.slab_bytes);
    set_addresses(e);
    GD_TRY(make_scratch(e, err));
    const double start = now_ms();
    GD_TRY(prepare_rows(e, err));
    e->stats.prepare_ms = now_ms() - start;
    return GD_OK;
}

/* On the CPU every planning and every run of an exec sees the same number of threads, whatever
 * others set meanwhile: rows have scratch for that many. Returns what leave() restores. */
static int enter(const gd_exec *e) {
    return gd_cpu_scope(e->dev.backend == GD_CPU ? e->dev.n_sm : 0);
}
static void leave(int before) { (void)gd_cpu_scope(before); }

gd_status gd_exec_open(gd_graph *g, const gd_device_caps *dev, const gd_exec_options *opt,
                       gd_exec **out, gd_error *err) {
    *out = NULL;
    gd_exec *e = gd_mem_get_zero(sizeof *e);
    if (!e) return no_memory(err);
    e->g = g;
    e->dev = *dev;
    if (e->dev.backend == GD_CPU && e->dev.n_sm < 1) e->dev.n_sm = gd_cpu_threads();
    if (opt) e->opt = *opt;
    e->stats.n_node = g->n_node;
    const int       before = enter(e);
    const gd_status st = plan(e, err);
    leave(before);
    if (st == GD_OK)
        *out = e;
    else
        gd_exec_close(e);
    return st;
}

void gd_exec_close(gd_exec *e) {
    if (!e) return;
    for (int k = 0; e->node && k < e->g->n_node; k++)
        for (int i = 0; i < e->node[k].n_part; i++) {
            gd_exec_part *p = &e->node[k].part[i];
            if (p->row && p->row->release && p->state) p->row->release(p->state);
        }
    gd_mem_put(e->slab);
    gd_mem_put(e->scratch);
    gd_arena_free(&e->arena);
    gd_mem_put(e);
}

gd_tensor *gd_exec_tensor(gd_exec *e, int value) { return &e->t[value]; }

void gd_exec_bind(gd_exec *e, int value, void *data) {
    GD_ASSERT(e->g->value[value].kind == GD_VALUE_INPUT);
    e->t[value].data = data;
    for (int v = 0; v < e->g->n_value; v++)
        if (v != value && e->alias[v].root == value)
            e->t[v].data = (char *)data + e->alias[v].offset;
}

void gd_exec_stats_get(const gd_exec *e, gd_exec_stats *s) { *s = e->stats; }

/* ---- running ----------------------------------------------------------------------------- */

static bool all_finite(const gd_tensor *t) {
    const int64_t n = gd_tensor_count(t);
    if (t->dtype != GD_F32 && t->dtype != GD_F64) return true;
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(gd_tensor_get(t, i))) return false;
    return true;
}

static gd_status check_finite(const gd_exec *e, int k, gd_error *err) {
    const gd_node *n = &e->g->node[k];
    for (int i = 0; i < n->n_out; i++)
        if (!all_finite(&e->t[n->out[i]])) {
            char      text[GD_SHAPE_TEXT];
            gd_status st = gd_fail_code(err, GD_ERR_CHECK, 701,
                                        "layer '%s' (%s): NaN or Inf in output %d, %s", n->name,
                                        n->op->name, i, gd_tensor_text(&e->t[n->out[i]], text));
            gd_error_why(err, "it is the first such layer");
            return st;
        }
    return GD_OK;
}

/* Bytes whose last reader is done must not be read again: NaN makes it visible. */
static void poison_dead(gd_exec *e, int k) {
    for (int v = 0; v < e->g->n_value; v++)
        if (e->item[v].size && e->item[v].last == k && e->g->value[v].kind == GD_VALUE_NODE)
            memset(e->slab + e->item[v].offset, 0xff, e->item[v].size);
}

static gd_status run_node(gd_exec *e, int k, gd_error *err) {
    gd_exec_node *x = &e->node[k];
    const double  start = e->opt.trace ? now_ms() : 0;
    for (int i = 0; i < x->n_part; i++) {
        gd_status st = x->part[i].row->run(&x->part[i].l, err);
        if (st != GD_OK) {
            gd_error_why(err, "layer '%s', kernel %s", e->g->node[k].name,
                         x->part[i].row->name);
            return st;
        }
    }
    if (e->opt.trace) x->ms = now_ms() - start;
    if (e->opt.check_numerics) GD_TRY(check_finite(e, k, err));
    if (e->opt.watch) GD_TRY(e->opt.watch(e->opt.watch_ctx, e, k, err));
    if (e->opt.poison) poison_dead(e, k);
    return GD_OK;
}

gd_status gd_exec_run(gd_exec *e, gd_error *err) {
    const int before = enter(e);
    gd_status st = GD_OK;
    for (int k = 0; k < e->g->n_node && st == GD_OK; k++)
        if (e->node[k].n_part) st = run_node(e, k, err);
    leave(before);
    return st;
}

void gd_launch_cost(const gd_op *op, const gd_launch *l, gd_cost *c) {
    *c = (gd_cost){0};
    if (op->cost) {
        op->cost(l, c);
        return;
    }
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i]) c->bytes += (double)gd_tensor_bytes(l->in[i]);
    for (int i = 0; i < l->n_out; i++) c->bytes += (double)gd_tensor_bytes(l->out[i]);
}

bool gd_exec_trace(const gd_exec *e, int i, gd_trace_row *row) {
    if (i < 0 || i >= e->g->n_node) return false;
    const gd_node      *n = &e->g->node[i];
    const gd_exec_node *x = &e->node[i];
    gd_cost             c;
    gd_launch_cost(n->op, &x->part[0].l, &c);
    *row = (gd_trace_row){
        .name = n->name,
        .op = n->op->name,
        .kernel = x->n_part ? x->part[0].row->name : "alias",
        .ms = x->ms,
        .gflop = c.flop * 1e-9,
        .mib = c.bytes / (1024.0 * 1024.0),
    };
    return true;
}
