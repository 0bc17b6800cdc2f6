/* exec_device.c -- what an exec does on a device: outputs side by side, constants from a pool,
 * the first run launched, the second recorded, the rest replayed. */
#include <string.h>

#include "engine/exec_impl.h"
#include "engine/mem.h"

/* An output's bytes are its root's: several may share one. They leave the plan and come before
 * everything in it, so that one copy takes them all. */
void gd_exec_place_outputs(gd_exec *e) {
    for (int i = 0; i < e->g->n_output; i++) {
        const int     root = e->alias[e->g->output[i]].root;
        gd_plan_item *it = &e->item[root];
        if (e->g->value[root].kind == GD_VALUE_CONST || !it->size) continue;
        e->result_bytes += gd_device_round(it->size);
        it->size = 0;
    }
}

/* Constant `in` of a part is read while it runs, not by its prepare alone. */
static bool read_at_run(const gd_exec_part *p, int i) {
    return !(p->row->prepare && (p->row->packs >> i & 1));
}

static bool is_const(const gd_exec *e, const gd_tensor *t) {
    return t >= e->t && t < e->t + e->g->n_value &&
           e->g->value[t - e->t].kind == GD_VALUE_CONST;
}

/* Marks the constants that the device must hold; an output that is a constant is one. */
static void find_needed(const gd_exec *e, bool *needed) {
    for (int k = 0; k < e->g->n_node; k++)
        for (int i = 0; i < e->node[k].n_part; i++) {
            const gd_exec_part *p = &e->node[k].part[i];
            for (int j = 0; j < p->l.n_in; j++)
                if (p->l.in[j] && is_const(e, p->l.in[j]) && read_at_run(p, j))
                    needed[p->l.in[j] - e->t] = true;
            for (int j = 0; j < p->l.n_step; j++)
                if (p->l.step[j].arg && is_const(e, p->l.step[j].arg))
                    needed[p->l.step[j].arg - e->t] = true;
        }
}

gd_status gd_exec_send_constants(gd_exec *e, gd_error *err) {
    const int         n_value = e->g->n_value;
    bool             *needed = gd_arena_array(&e->arena, (size_t)n_value + 1, sizeof *needed);
    const gd_tensor **t = gd_arena_array(&e->arena, (size_t)n_value + 1, sizeof *t);
    void            **at = gd_arena_array(&e->arena, (size_t)n_value + 1, sizeof *at);
    int               n = 0;
    if (!needed || !t || !at) return gd_fail(err, GD_ERR_NOMEM, "no memory to plan the graph");
    if (!e->opt.pool) {
        GD_TRY(gd_const_pool_open(e->opt.device, &e->own_pool, err));
        e->opt.pool = e->own_pool;
    }
    find_needed(e, needed);
    e->stats.const_bytes = 0;
    for (int v = 0; v < n_value; v++)
        if (needed[v]) {
            e->stats.const_bytes += gd_tensor_bytes(&e->t[v]);
            t[n++] = &e->t[v];
        }
    GD_TRY(
        gd_const_pool_take(e->opt.pool, t, n, at, &e->stats.new_const_bytes, &e->consts, err));
    for (int v = 0, i = 0; v < n_value; v++)
        if (needed[v]) e->t[v].data = at[i++];
    return GD_OK;
}

gd_status gd_exec_device_ready(gd_exec *e, gd_error *err) {
    size_t at = 0;
    void  *result = NULL;
    e->output = gd_arena_array(&e->arena, (size_t)e->g->n_output + 1, sizeof *e->output);
    if (!e->output) return gd_fail(err, GD_ERR_NOMEM, "no memory to plan the graph");
    GD_TRY(gd_device_pin(e->opt.device, e->result_bytes, &result, err));
    e->result = result;
    memset(e->result, 0, e->result_bytes);
    for (int i = 0; i < e->g->n_output; i++) {
        const int  v = e->g->output[i], root = e->alias[v].root;
        bool       seen = e->g->value[root].kind == GD_VALUE_CONST;
        gd_tensor *r = &e->t[root];
        e->output[i] = e->t[v];
        for (int j = 0; j < i && !seen; j++) seen = e->alias[e->g->output[j]].root == root;
        if (!seen) {
            r->data = e->slab + at;
            at += gd_device_round(gd_tensor_bytes(r) ? gd_tensor_bytes(r) : 1);
        }
    }
    for (int v = 0; v < e->g->n_value; v++) /* what lives inside a moved root moves along */
        if (e->alias[v].root != v && e->t[e->alias[v].root].data)
            e->t[v].data = (char *)e->t[e->alias[v].root].data + e->alias[v].offset;
    for (int i = 0; i < e->g->n_output; i++) {
        const int v = e->g->output[i];
        if (e->g->value[e->alias[v].root].kind == GD_VALUE_CONST)
            e->output[i].data = e->g->value[v].t.data;
        else
            e->output[i].data = e->result + ((unsigned char *)e->t[v].data - e->slab);
    }
    return GD_OK;
}

/* What a run queues: every node, then one copy of all results. */
static gd_status queue(gd_exec *e, gd_error *err) {
    const bool looks = e->opt.check_numerics || e->opt.watch || e->opt.poison;
    GD_TRY(e->opt.trace && !looks ? gd_exec_trace_nodes(e, err) : gd_exec_nodes(e, err));
    return gd_device_download(e->opt.device, GD_LANE_RUN, e->result, e->slab, e->result_bytes,
                              err);
}

static gd_status record(gd_exec *e, gd_error *err) {
    gd_device *d = e->opt.device;
    GD_TRY(gd_device_capture(d, err));
    const gd_status st = queue(e, err);
    if (st != GD_OK) {
        gd_device_abandon(d);
        return st;
    }
    return gd_device_captured(d, &e->recorded, err);
}

gd_status gd_exec_device_start(gd_exec *e, gd_error *err) {
    gd_device *d = e->opt.device;
    const bool by_node = e->opt.trace || e->opt.check_numerics || e->opt.watch || e->opt.poison;
    GD_TRY(gd_device_use(d, err));
    if (e->written) GD_TRY(gd_device_order(d, GD_LANE_COPY, GD_LANE_RUN, err));
    e->written = false;
    if (e->ran && !e->recorded && !by_node && !e->opt.eager) {
        const double start = gd_exec_now_ms();
        GD_TRY(record(e, err));
        e->stats.record_ms = gd_exec_now_ms() - start;
        e->stats.replays = true;
    }
    GD_TRY(gd_device_mark(d, GD_LANE_RUN, GD_MARK_START, err));
    if (e->recorded) {
        gd_device_note(d, "one of a recorded graph");
        GD_TRY(gd_device_replay(d, e->recorded, err));
    } else {
        GD_TRY(queue(e, err));
    }
    e->ran = true;
    return gd_device_mark(d, GD_LANE_RUN, GD_MARK_END, err);
}

void gd_exec_device_forget(gd_exec *e) {
    gd_device_forget(e->opt.device, e->recorded);
    e->recorded = NULL;
    e->stats.replays = false;
}

void gd_exec_device_close(gd_exec *e) {
    gd_device *d = e->opt.device;
    gd_error   ignored;
    /* Nothing may still be running in what is released now; a fault was reported by its run. */
    if (gd_device_sync(d, GD_LANE_RUN, &ignored) != GD_OK) d->last = NULL;
    gd_device_forget(d, e->recorded);
    gd_device_unpin(d, e->result);
    gd_device_release(d, e->hold);
    gd_const_pool_drop(e->opt.pool, e->consts);
    gd_const_pool_close(e->own_pool);
}
