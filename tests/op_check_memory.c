/* op_check_memory.c -- the n-th allocation fails, for every n.
 *
 * From building a graph to running it: a clean GD_ERR_NOMEM each time, and nothing is left
 * behind. An arena takes memory in large chunks, so its own limit is moved on too, until every
 * request met it. Also: shapes that make no sense get an error from infer, never a crash. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/exec.h"
#include "engine/mem.h"
#include "tests/op_check.h"

typedef struct meter {
    long fail_at, count, live;
} meter;

static void *meter_get(void *ctx, size_t size) {
    meter *m = ctx;
    if (++m->count == m->fail_at) return NULL;
    void *p = aligned_alloc(64, (size + 63) / 64 * 64 + 64);
    if (p) m->live++;
    return p;
}

static void meter_put(void *ctx, void *p) {
    if (!p) return;
    ((meter *)ctx)->live--;
    free(p);
}

static gd_status add_inputs(gd_graph *g, const oc_problem *p, const gd_tensor *weights, int *in,
                            gd_error *err) {
    static const char *const names[GD_MAX_IN] = {"i0",  "i1",  "i2",  "i3", "i4",  "i5",
                                                 "i6",  "i7",  "i8",  "i9", "i10", "i11",
                                                 "i12", "i13", "i14", "i15"};
    for (int i = 0; i < p->n_in; i++) {
        const oc_input  *x = &p->in[i];
        const gd_tensor *t = &x->shape;
        in[i] = -1;
        if (x->absent) continue;
        if (!x->constant) {
            GD_TRY(gd_graph_input(g, names[i], t->dtype, t->ndim, t->dim, &in[i], err));
            continue;
        }
        if (gd_tensor_count(t) > 256) { /* the tester's memory: the arena's is for the graph */
            GD_TRY(gd_graph_const(g, names[i], &weights[i], &in[i], err));
            continue;
        }
        GD_TRY(gd_graph_const_new(g, names[i], t->dtype, t->ndim, t->dim, &in[i], err));
        for (int64_t k = 0; k < gd_tensor_count(t); k++)
            gd_tensor_set(&g->value[in[i]].t, k, x->v[k]);
    }
    return GD_OK;
}

static gd_status add_gradient(gd_graph *g, const oc_problem *p, const int *in, const int *out,
                              gd_error *err) {
    int             d[GD_MAX_IN], d_out, n = 0, wrt[GD_MAX_IN];
    const gd_tensor y = g->value[out[0]].t;
    if (!p->op->grad || y.dtype != GD_F32) return GD_OK;
    GD_TRY(gd_graph_input(g, "w", y.dtype, y.ndim, y.dim, &d_out, err));
    for (int i = 0; i < p->n_in; i++)
        if (in[i] >= 0) wrt[n++] = in[i];
    return gd_autodiff(g, 1, out, &d_out, n, wrt, d, err);
}

/* The whole life of a graph of one operator; limit 0: none on its arena. */
static gd_status live(const oc_problem *p, const gd_tensor *weights, size_t limit,
                      gd_error *err) {
    const gd_device_caps dev = gd_cpu_caps();
    gd_arena             arena = {.limit = limit};
    gd_graph             g;
    gd_exec             *e = NULL;
    gd_status            st;
    int                  in[GD_MAX_IN], out[GD_MAX_OUT];
    gd_graph_init(&g, &arena);
    GD_GO(add_inputs(&g, p, weights, in, err));
    GD_GO(gd_graph_add(&g, p->op->name, p->attr, p->n_in, in, out, err));
    GD_GO(gd_graph_output(&g, "y", out[0], err));
    GD_GO(add_gradient(&g, p, in, out, err));
    GD_GO(gd_exec_open(&g, &dev, NULL, &e, err));
    for (int i = 0; i < p->n_in; i++) {
        if (in[i] < 0 || g.value[in[i]].kind != GD_VALUE_INPUT) continue;
        for (int64_t k = 0; k < gd_tensor_count(&p->in[i].shape); k++)
            gd_tensor_set(gd_exec_tensor(e, in[i]), k, p->in[i].v[k]);
    }
    const int w = gd_graph_find_input(&g, "w");
    if (w >= 0) memset(gd_exec_tensor(e, w)->data, 0, gd_tensor_bytes(gd_exec_tensor(e, w)));
    GD_GO(gd_exec_run(e, err));
done:
    gd_exec_close(e);
    gd_arena_free(&arena);
    return st;
}

static void fail_heap(const oc_problem *p, const gd_tensor *weights) {
    for (long n = 1;; n++) {
        meter          m = {.fail_at = n};
        const gd_alloc hook = {&m, meter_get, meter_put};
        gd_error       e = {0};
        gd_mem_hook(&hook);
        const gd_status st = live(p, weights, 0, &e);
        gd_mem_hook(NULL);
        const bool failed = m.count >= n;
        if (m.live != 0)
            oc_report(false, "memory", p, NAN, "allocation %ld fails: %ld blocks leak", n,
                      m.live);
        if (failed && st != GD_ERR_NOMEM)
            oc_report(false, "memory", p, NAN, "allocation %ld fails: status is %s (%s)", n,
                      gd_status_name(st), e.msg);
        if (!failed) {
            oc_report(st == GD_OK, "memory", p, NAN, "%s", e.msg);
            return;
        }
        if (m.live != 0 || st != GD_ERR_NOMEM) return;
    }
}

static void fail_arena(const oc_problem *p, const gd_tensor *weights) {
    /* Fine enough to meet the smallest requests where a graph is cheap to build. */
    const size_t step = oc_problem_size(p) <= 40 ? 8 : 64;
    for (size_t limit = step;; limit += step) {
        gd_error        e = {0};
        const gd_status st = live(p, weights, limit, &e);
        if (st == GD_ERR_NOMEM) continue;
        oc_report(st == GD_OK, "memory", p, NAN, "arena of %zu bytes: %s", limit, e.msg);
        return;
    }
}

void oc_memory(const oc_problem *p) {
    gd_tensor weights[GD_MAX_IN];
    for (int i = 0; i < p->n_in; i++) {
        const gd_tensor *t = &p->in[i].shape;
        if (p->in[i].absent) continue;
        weights[i] = *t;
        weights[i].data = oc_alloc(gd_tensor_bytes(t));
        for (int64_t k = 0; k < gd_tensor_count(t); k++)
            gd_tensor_set(&weights[i], k, p->in[i].v[k]);
    }
    fail_heap(p, weights);
    fail_arena(p, weights);
    for (int i = 0; i < p->n_in; i++)
        if (!p->in[i].absent) free(weights[i].data);
}

/* ---- shapes ------------------------------------------------------------------------------ */

static void infer_once(const oc_problem *p, gd_tensor *in, const char *what, int i) {
    gd_tensor out[GD_MAX_OUT];
    gd_launch l = {.n_in = p->n_in, .n_out = p->op->n_out, .attr = p->attr};
    gd_error  e = {0};
    memset(out, 0, sizeof out);
    for (int k = 0; k < p->n_in; k++) l.in[k] = p->in[k].absent ? NULL : &in[k];
    for (int k = 0; k < l.n_out; k++) l.out[k] = &out[k];
    const gd_status st = p->op->infer(&l, &e);
    bool            sane = st == GD_OK ? true : e.msg[0] != '\0';
    for (int o = 0; st == GD_OK && o < l.n_out; o++) {
        sane &= out[o].ndim >= 0 && out[o].ndim <= GD_MAX_DIM;
        for (int k = 0; sane && k < out[o].ndim; k++) sane &= out[o].dim[k] >= 0;
    }
    oc_report(sane, "shapes", p, NAN, "input %d with %s: infer gives nonsense", i, what);
}

/* Each input in turn: no axes, six axes, an empty axis, another type. */
void oc_shapes(const oc_problem *p) {
    static const int64_t ones[GD_MAX_DIM] = {1, 1, 1, 1, 1, 1};
    gd_tensor            in[GD_MAX_IN];
    for (int i = 0; i < p->n_in; i++) {
        if (p->in[i].absent) continue;
        for (int k = 0; k < p->n_in; k++) in[k] = p->in[k].shape;
        in[i] = gd_tensor_make(p->in[i].shape.dtype, 0, ones);
        infer_once(p, in, "no axes", i);
        in[i] = gd_tensor_make(p->in[i].shape.dtype, GD_MAX_DIM, ones);
        infer_once(p, in, "six axes", i);
        in[i] = p->in[i].shape;
        in[i].dim[0] = 0;
        in[i].pitch = gd_tensor_channels(&in[i]);
        infer_once(p, in, "an empty axis", i);
        in[i] = p->in[i].shape;
        in[i].dtype = in[i].dtype == GD_U8 ? GD_I64 : GD_U8;
        infer_once(p, in, "another type", i);
    }
}
