/* reference.c -- nodes and graphs by their definitions; FP16 as rounded FP32.
 *
 * No operator has a definition in FP16. A launch with FP16 tensors is run in FP32 on widened
 * copies, steps included, and its results are rounded once at the end: what a device row that
 * stores FP16 and computes in FP32 does, up to the order of its sums. So graphs in FP16 can be
 * checked on the host, and FP16 rows are compared with this. */
#include <string.h>

#include "engine/graph.h"
#include "engine/half.h"
#include "engine/mem.h"

/* Runs a row with scratch of its own for the time of the run. */
static gd_status run_alone(const gd_kernel *k, const gd_launch *l, gd_error *err) {
    const gd_device_caps dev = {.backend = GD_CPU, .n_sm = 1};
    gd_launch            mine = *l;
    if (!k->scratch) return k->run(l, err);
    const size_t size = k->scratch(l, &dev);
    mine.scratch = gd_mem_get(size);
    if (!mine.scratch)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of scratch", size);
    const gd_status st = k->run(&mine, err);
    gd_mem_put(mine.scratch);
    return st;
}

static gd_status run_reference_row(const gd_op *op, const gd_launch *l, gd_error *err) {
    const gd_dtype t = gd_launch_dtype(l);
    for (const gd_kernel *k = op->kernels; k->name; k++)
        if (k->backend == GD_CPU && k->dtype == t && (k->flags & GD_ROW_REFERENCE))
            return run_alone(k, l, err);
    return gd_fail(err, GD_ERR_UNSUPPORTED, "%s: no reference kernel for %s", op->name,
                   gd_dtype_name(t));
}

static gd_status run_chain(const gd_op *op, const gd_launch *l, gd_error *err) {
    GD_TRY(run_reference_row(op, l, err));
    for (int i = 0; i < l->n_step; i++) {
        gd_launch s = {.n_in = l->step[i].arg ? 2 : 1, .n_out = 1, .attr = l->step[i].attr};
        s.in[0] = l->out[0];
        s.in[1] = l->step[i].arg;
        s.out[0] = l->out[0];
        GD_TRY(run_reference_row(l->step[i].op, &s, err));
    }
    return GD_OK;
}

/* ---- FP16 -------------------------------------------------------------------------------- */

/* The tensors of a launch, those in FP16 replaced by dense copies in FP32. */
typedef struct wide_launch {
    gd_launch l;
    gd_tensor in[GD_MAX_IN], arg[GD_MAX_STEP], out[GD_MAX_OUT];
} wide_launch;

static bool has_half(const gd_launch *l) {
    bool half = false;
    for (int i = 0; i < l->n_in; i++) half |= l->in[i] && l->in[i]->dtype == GD_F16;
    for (int i = 0; i < l->n_out; i++) half |= l->out[i]->dtype == GD_F16;
    for (int i = 0; i < l->n_step; i++)
        half |= l->step[i].arg && l->step[i].arg->dtype == GD_F16;
    return half;
}

/* *wide: t itself, or its shape in FP32 with room of its own; with t's values if `read`. */
static gd_status widen(const gd_tensor *t, gd_tensor *wide, bool read, gd_error *err) {
    *wide = *t;
    if (t->dtype != GD_F16) return GD_OK;
    *wide = gd_tensor_make(GD_F32, t->ndim, t->dim);
    wide->data = gd_mem_get(gd_tensor_bytes(wide));
    if (!wide->data)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes in FP32",
                       gd_tensor_bytes(wide));
    const int64_t C = gd_tensor_channels(t);
    for (int64_t p = 0; read && p < gd_tensor_pixels(t); p++)
        gd_half_to_floats((const uint16_t *)t->data + p * t->pitch,
                          (float *)wide->data + p * wide->pitch, C);
    return GD_OK;
}

static void narrow(const gd_tensor *wide, gd_tensor *t) {
    const int64_t C = gd_tensor_channels(t);
    for (int64_t p = 0; t->dtype == GD_F16 && p < gd_tensor_pixels(t); p++)
        (void)gd_half_from_floats((const float *)wide->data + p * wide->pitch,
                                  (uint16_t *)t->data + p * t->pitch, C);
}

static gd_status widen_all(const gd_launch *l, wide_launch *w, gd_error *err) {
    w->l = *l;
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i]) {
            GD_TRY(widen(l->in[i], &w->in[i], true, err));
            w->l.in[i] = &w->in[i];
        }
    for (int i = 0; i < l->n_step; i++)
        if (l->step[i].arg) {
            GD_TRY(widen(l->step[i].arg, &w->arg[i], true, err));
            w->l.step[i].arg = &w->arg[i];
        }
    for (int i = 0; i < l->n_out; i++) {
        GD_TRY(widen(l->out[i], &w->out[i], false, err));
        w->l.out[i] = &w->out[i];
    }
    return GD_OK;
}

static void drop(const gd_tensor *t, const gd_tensor *wide) {
    if (t && t->dtype == GD_F16 && wide->dtype == GD_F32) gd_mem_put(wide->data);
}

static void drop_all(const gd_launch *l, const wide_launch *w) {
    for (int i = 0; i < l->n_in; i++) drop(l->in[i], &w->in[i]);
    for (int i = 0; i < l->n_step; i++) drop(l->step[i].arg, &w->arg[i]);
    for (int i = 0; i < l->n_out; i++) drop(l->out[i], &w->out[i]);
}

gd_status gd_node_run_reference(const gd_op *op, const gd_launch *l, gd_error *err) {
    if (!has_half(l)) return run_chain(op, l, err);
    wide_launch w;
    memset(&w, 0, sizeof w);
    gd_status st = widen_all(l, &w, err);
    if (st == GD_OK) st = run_chain(op, &w.l, err);
    for (int i = 0; i < l->n_out && st == GD_OK; i++) narrow(&w.out[i], l->out[i]);
    drop_all(l, &w);
    return st;
}

gd_status gd_graph_run_reference(gd_graph *g, int from, gd_error *err) {
    for (int i = from; i < g->n_node; i++) {
        gd_launch l;
        gd_graph_launch(g, i, &l);
        GD_TRY(gd_node_run_reference(g->node[i].op, &l, err));
    }
    return GD_OK;
}
