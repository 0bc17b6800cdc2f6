/* exec.c -- opens a planned graph (rows, aliases, slab, prepared weights) and runs it. */
#include "engine/exec.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "engine/exec_impl.h"
#include "engine/mem.h"

double gd_exec_now_ms(void) {
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
        } else if (g->value[v].variable) {
            e->stats.variable_bytes += bytes;
            e->n_unbound++;
        } else if (g->value[v].kind == GD_VALUE_INPUT || g->value[v].producer >= 0) {
            /* A value whose maker was fused away or found dead has no bytes. */
            if (!g->value[e->alias[v].root].variable) e->stats.sum_bytes += bytes;
            if (e->alias[v].root == v) it.size = bytes ? bytes : 1;
        }
        if (g->value[v].kind == GD_VALUE_INPUT) it.first = 0;
        e->item[v] = it;
    }
    if (e->opt.device) gd_exec_place_outputs(e);
    GD_TRY(gd_plan_place(e->item, n, &e->arena, &e->stats.slab_bytes, err));
    e->stats.slab_bytes += e->result_bytes;
    return GD_OK;
}

/* Where v lives inside its root: nowhere while a variable is not bound. */
static void *inside_root(const gd_exec *e, int v) {
    char *root = e->t[e->alias[v].root].data;
    return root ? root + e->alias[v].offset : NULL;
}

/* Addresses of everything but variables, once the slab exists. */
static void set_addresses(gd_exec *e) {
    for (int v = 0; v < e->g->n_value; v++)
        if (e->g->value[v].kind != GD_VALUE_CONST && e->alias[v].root == v && e->item[v].size)
            e->t[v].data = e->slab + e->result_bytes + e->item[v].offset;
    for (int v = 0; v < e->g->n_value; v++)
        if (e->alias[v].root != v) e->t[v].data = inside_root(e, v);
}

gd_status gd_exec_get(gd_exec *e, size_t size, const char *what, unsigned char **out,
                      gd_error *err) {
    void *p = NULL;
    *out = NULL;
    if (e->opt.device)
        GD_TRY(gd_device_alloc(e->opt.device, size, &p, err));
    else if (!e->dev.mem_bytes || size <= e->dev.mem_bytes)
        p = gd_mem_get(size); /* more than the machine holds is not left to overcommitment */
    *out = p;
    return p ? GD_OK : gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of %s", size, what);
}

void gd_exec_put(gd_exec *e, unsigned char *p) {
    if (e->opt.device)
        gd_device_release(e->opt.device, p);
    else
        gd_mem_put(p);
}

/* NaN in every type. */
gd_status gd_exec_fill(gd_exec *e, unsigned char *p, size_t size, gd_error *err) {
    if (e->opt.device) return gd_device_fill(e->opt.device, GD_LANE_RUN, p, 0xff, size, err);
    memset(p, 0xff, size);
    return GD_OK;
}

static size_t most_scratch(gd_exec *e) {
    size_t most = 0;
    for (int k = 0; k < e->g->n_node; k++)
        for (int i = 0; i < e->node[k].n_part; i++) {
            gd_exec_part *p = &e->node[k].part[i];
            size_t        want = p->row->scratch ? p->row->scratch(&p->l, &e->dev) : 0;
            if (want > most) most = want;
        }
    return most;
}

static gd_status prepare_rows(gd_exec *e, gd_error *err) {
    gd_device   *d = e->opt.device;
    const size_t before = d ? d->held : 0;
    for (int k = 0; k < e->g->n_node; k++)
        for (int i = 0; i < e->node[k].n_part; i++) {
            gd_exec_part *p = &e->node[k].part[i];
            p->l.scratch = e->scratch;
            p->l.device = d;
            p->l.stream = d ? d->stream[GD_LANE_RUN] : NULL;
            if (p->row->prepare) GD_TRY(p->row->prepare(&p->l, &e->dev, &p->state, err));
            p->l.state = p->state;
            e->stats.n_launch++;
        }
    e->stats.packed_bytes = d ? d->held - before : 0;
    return GD_OK;
}

static gd_status plan(gd_exec *e, gd_error *err) {
    GD_TRY(give_tables(e, err));
    GD_TRY(gd_exec_choose(e, err));
    gd_exec_alias(e);
    GD_TRY(place(e, err));
    e->stats.scratch_bytes = most_scratch(e);
    if (e->opt.plan_only) return GD_OK;
    GD_TRY(gd_exec_get(e, e->stats.slab_bytes, "activations", &e->slab, err));
    /* Poison shows reads of what was never written; otherwise pages stay untouched until
     * used. */
    if (e->opt.poison) GD_TRY(gd_exec_fill(e, e->slab, e->stats.slab_bytes, err));
    set_addresses(e);
    GD_TRY(gd_exec_get(e, e->stats.scratch_bytes, "scratch", &e->scratch, err));
    const double start = gd_exec_now_ms();
    GD_TRY(prepare_rows(e, err));
    if (e->opt.device) GD_TRY(gd_exec_send_constants(e, err));
    e->stats.prepare_ms = gd_exec_now_ms() - start;
    return e->opt.device ? gd_exec_device_ready(e, err) : GD_OK;
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
    if (e->opt.device) gd_exec_device_close(e);
    gd_exec_put(e, e->slab);
    gd_exec_put(e, e->scratch);
    gd_arena_free(&e->arena);
    gd_mem_put(e);
}

gd_tensor *gd_exec_tensor(gd_exec *e, int value) { return &e->t[value]; }

void gd_exec_bind(gd_exec *e, int value, void *data) {
    GD_ASSERT(e->g->value[value].kind == GD_VALUE_INPUT);
    if (e->opt.device) gd_exec_device_forget(e);
    if (e->g->value[value].variable) e->n_unbound += !data - !e->t[value].data;
    e->t[value].data = data;
    for (int v = 0; v < e->g->n_value; v++)
        if (v != value && e->alias[v].root == value) e->t[v].data = inside_root(e, v);
}

void gd_exec_stats_get(const gd_exec *e, gd_exec_stats *s) { *s = e->stats; }

/* ---- running ----------------------------------------------------------------------------- */

static bool all_finite(const gd_tensor *t) {
    const int64_t n = gd_tensor_count(t);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(gd_tensor_get(t, i))) return false;
    return true;
}

/* *ok: value v has no NaN and no Inf. A device's value is looked at in a copy. */
static gd_status look(gd_exec *e, int v, bool *ok, gd_error *err) {
    gd_tensor t = e->t[v];
    gd_status st = GD_OK;
    *ok = true;
    if (!gd_dtype_is_float(t.dtype)) return GD_OK;
    if (e->opt.device) {
        t.data = gd_mem_get(gd_tensor_bytes(&t));
        if (!t.data) return gd_fail(err, GD_ERR_NOMEM, "no memory to look at a value");
        st = gd_exec_read(e, v, t.data, err);
    }
    if (st == GD_OK) *ok = all_finite(&t);
    if (e->opt.device) gd_mem_put(t.data);
    return st;
}

static gd_status check_finite(gd_exec *e, int k, gd_error *err) {
    const gd_node *n = &e->g->node[k];
    bool           ok;
    for (int i = 0; i < n->n_out; i++) {
        GD_TRY(look(e, n->out[i], &ok, err));
        if (!ok) {
            char      text[GD_SHAPE_TEXT];
            gd_status st = gd_fail_code(err, GD_ERR_CHECK, 701,
                                        "layer '%s' (%s): NaN or Inf in output %d, %s", n->name,
                                        n->op->name, i, gd_tensor_text(&e->t[n->out[i]], text));
            gd_error_why(err, "it is the first such layer");
            return st;
        }
    }
    return GD_OK;
}

/* Bytes whose last reader is done must not be read again: NaN makes it visible. */
static gd_status poison_dead(gd_exec *e, int k, gd_error *err) {
    for (int v = 0; v < e->g->n_value; v++)
        if (e->item[v].size && e->item[v].last == k && e->g->value[v].kind == GD_VALUE_NODE)
            GD_TRY(gd_exec_fill(e, e->slab + e->result_bytes + e->item[v].offset,
                                e->item[v].size, err));
    return GD_OK;
}

gd_status gd_exec_parts(gd_exec *e, int k, gd_error *err) {
    gd_exec_node *x = &e->node[k];
    for (int i = 0; i < x->n_part; i++) {
        gd_device_note(e->opt.device, x->part[i].row->name);
        gd_status st = x->part[i].row->run(&x->part[i].l, err);
        if (st != GD_OK) {
            gd_error_why(err, "layer '%s', kernel %s", e->g->node[k].name,
                         x->part[i].row->name);
            return st;
        }
    }
    return GD_OK;
}

static gd_status run_node(gd_exec *e, int k, gd_error *err) {
    const double start = gd_exec_now_ms();
    GD_TRY(gd_exec_parts(e, k, err));
    e->node[k].ms = gd_exec_now_ms() - start;
    if (e->opt.check_numerics) GD_TRY(check_finite(e, k, err));
    if (e->opt.watch) GD_TRY(e->opt.watch(e->opt.watch_ctx, e, k, err));
    return e->opt.poison ? poison_dead(e, k, err) : GD_OK;
}

gd_status gd_exec_nodes(gd_exec *e, gd_error *err) {
    for (int k = 0; k < e->g->n_node; k++)
        if (e->node[k].n_part) GD_TRY(run_node(e, k, err));
    return GD_OK;
}

static gd_status check_bound(const gd_exec *e, gd_error *err) {
    int v = 0;
    if (!e->n_unbound) return GD_OK;
    while (!e->g->value[v].variable || e->t[v].data) v++;
    return gd_fail(err, GD_ERR_ARG, "%d variables are not bound, the first is '%s'",
                   e->n_unbound, e->g->value[v].name);
}

gd_status gd_exec_start(gd_exec *e, gd_error *err) {
    GD_TRY(check_bound(e, err));
    if (e->opt.device) return gd_exec_device_start(e, err);
    const double    start = gd_exec_now_ms();
    const int       before = enter(e);
    const gd_status st = gd_exec_nodes(e, err);
    leave(before);
    e->run_ms = gd_exec_now_ms() - start;
    return st;
}

gd_status gd_exec_ms(gd_exec *e, double *ms, gd_error *err) {
    *ms = e->run_ms;
    return e->opt.device ? gd_device_elapsed(e->opt.device, GD_MARK_START, GD_MARK_END, ms, err)
                         : GD_OK;
}

gd_status gd_exec_wait(gd_exec *e, gd_error *err) {
    return e->opt.device ? gd_device_sync(e->opt.device, GD_LANE_RUN, err) : GD_OK;
}

gd_status gd_exec_run(gd_exec *e, gd_error *err) {
    GD_TRY(gd_exec_start(e, err));
    return gd_exec_wait(e, err);
}

/* ---- values in and out ------------------------------------------------------------------- */

/* On a device: the run before may still read the inputs. */
static gd_status wait_to_write(gd_exec *e, gd_error *err) {
    if (!e->written) GD_TRY(gd_device_order(e->opt.device, GD_LANE_RUN, GD_LANE_COPY, err));
    e->written = true;
    return GD_OK;
}

gd_status gd_exec_write_rows(gd_exec *e, int value, size_t offset, const gd_rows *r,
                             gd_error *err) {
    gd_tensor   *t = &e->t[value];
    const size_t room = gd_tensor_bytes(t);
    if (r->n == 0) return GD_OK;
    GD_ASSERT(e->g->value[value].kind == GD_VALUE_INPUT);
    GD_ASSERT(offset <= room && r->bytes <= room - offset &&
              (r->n == 1 || (room - offset - r->bytes) / r->dst_step >= r->n - 1));
    gd_rows to = *r;
    to.dst = (char *)t->data + offset;
    if (!e->opt.device) {
        for (size_t i = 0; i < r->n; i++)
            memcpy((char *)to.dst + i * r->dst_step, (const char *)r->src + i * r->src_step,
                   r->bytes);
        return GD_OK;
    }
    GD_TRY(wait_to_write(e, err));
    return gd_device_upload_rows(e->opt.device, GD_LANE_COPY, &to, err);
}

gd_status gd_exec_write(gd_exec *e, int value, size_t offset, const void *data, size_t bytes,
                        gd_error *err) {
    return gd_exec_write_rows(e, value, offset, &(gd_rows){.src = data, .bytes = bytes, .n = 1},
                              err);
}

gd_status gd_exec_copy(gd_exec *e, int value, size_t offset, const void *data, size_t bytes,
                       gd_error *err) {
    gd_tensor *t = &e->t[value];
    GD_ASSERT(e->opt.device && e->g->value[value].kind == GD_VALUE_INPUT);
    GD_ASSERT(offset <= gd_tensor_bytes(t) && bytes <= gd_tensor_bytes(t) - offset);
    GD_TRY(wait_to_write(e, err));
    return gd_device_copy(e->opt.device, GD_LANE_COPY, (char *)t->data + offset, data, bytes,
                          err);
}

gd_status gd_exec_read(gd_exec *e, int value, void *data, gd_error *err) {
    const gd_tensor *t = &e->t[value];
    if (!e->opt.device) {
        memcpy(data, t->data, gd_tensor_bytes(t));
        return GD_OK;
    }
    GD_TRY(
        gd_device_download(e->opt.device, GD_LANE_RUN, data, t->data, gd_tensor_bytes(t), err));
    return gd_device_sync(e->opt.device, GD_LANE_RUN, err);
}

const gd_tensor *gd_exec_output(const gd_exec *e, int value) {
    for (int i = 0; e->opt.device && i < e->g->n_output; i++)
        if (e->g->output[i] == value) return &e->output[i];
    return &e->t[value];
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
