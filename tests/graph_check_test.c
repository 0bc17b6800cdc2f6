/* graph_check_test.c -- random graphs: what passes, rows and plan make of them equals the plain
 * reference; every plan is proven by walking it over a map of who wrote each byte. */
#include <math.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "engine/exec_impl.h"
#include "engine/plan.h"
#include "tests/gd_test.h"
#include "tests/graph_random.h"

enum { N_F64 = 2000, N_F32 = 500, N_NODE = 22 };

static void fill_input(gd_tensor *t, uint64_t seed, int i) {
    for (int64_t k = 0; k < gd_tensor_count(t); k++)
        gd_tensor_set(t, k, random_input(seed, i, k));
}

/* ---- the map ----------------------------------------------------------------------------- */

typedef struct byte_map {
    gd_exec *e;
    int     *who; /* for each byte of the slab, the value written there last; -1: none */
    char     trouble[160];
} byte_map;

/* Byte offset of a value's pixel in the slab, or -1 outside it (constants). */
static int64_t pixel_at(const byte_map *m, const gd_tensor *t, int64_t p) {
    const unsigned char *at =
        (const unsigned char *)t->data + (size_t)(p * t->pitch) * gd_dtype_size(t->dtype);
    const size_t width = (size_t)gd_tensor_channels(t) * gd_dtype_size(t->dtype);
    if (at < m->e->slab || at + width > m->e->slab + m->e->stats.slab_bytes) return -1;
    return at - m->e->slab;
}

static void write_value(byte_map *m, int v) {
    const gd_tensor *t = &m->e->t[v];
    const int64_t    width = gd_tensor_channels(t) * (int64_t)gd_dtype_size(t->dtype);
    for (int64_t p = 0; p < gd_tensor_pixels(t); p++) {
        const int64_t at = pixel_at(m, t, p);
        if (at < 0 && !m->trouble[0])
            snprintf(m->trouble, sizeof m->trouble, "value %d lies outside the slab", v);
        for (int64_t b = 0; at >= 0 && b < width; b++) m->who[at + b] = v;
    }
}

/* Does the byte belong to v, or to what an elided node passes through to v? */
static bool belongs(const gd_exec *e, int who, int v) {
    if (who == v) return true;
    const int k = e->g->value[v].producer;
    if (k < 0 || e->node[k].n_part) return false;
    for (int i = 0; i < e->g->node[k].n_in; i++)
        if (belongs(e, who, e->g->node[k].in[i])) return true;
    return false;
}

static void read_value(byte_map *m, int v, int node) {
    const gd_exec   *e = m->e;
    const gd_tensor *t = &e->t[v];
    const int64_t    width = gd_tensor_channels(t) * (int64_t)gd_dtype_size(t->dtype);
    int              root = v;
    while (e->g->value[root].producer >= 0 && !e->node[e->g->value[root].producer].n_part)
        root = e->g->node[e->g->value[root].producer].in[0];
    if (e->g->value[v].kind == GD_VALUE_CONST || e->g->value[root].kind == GD_VALUE_CONST)
        return;
    for (int64_t p = 0; p < gd_tensor_pixels(t) && !m->trouble[0]; p++) {
        const int64_t at = pixel_at(m, t, p);
        for (int64_t b = 0; at >= 0 && b < width && !m->trouble[0]; b++)
            if (!belongs(e, m->who[at + b], v))
                snprintf(m->trouble, sizeof m->trouble,
                         "node %d reads value %d at byte %lld, where value %d was written",
                         node, v, (long long)(at + b), m->who[at + b]);
    }
}

static bool overlap(const gd_tensor *a, const gd_tensor *b) {
    const char *a0 = a->data, *b0 = b->data;
    return a0 < b0 + gd_tensor_bytes(b) && b0 < a0 + gd_tensor_bytes(a);
}

/* Of interleaved pixels (slices of one tensor) the ranges overlap, the pixels do not. */
static bool share_a_byte(const gd_tensor *a, const gd_tensor *b) {
    if (!overlap(a, b)) return false;
    for (int64_t p = 0; p < gd_tensor_pixels(a); p++)
        for (int64_t q = 0; q < gd_tensor_pixels(b); q++) {
            const size_t as = gd_dtype_size(a->dtype), bs = gd_dtype_size(b->dtype);
            const char  *x = (const char *)a->data + (size_t)(p * a->pitch) * as;
            const char  *y = (const char *)b->data + (size_t)(q * b->pitch) * bs;
            if (x < y + (size_t)gd_tensor_channels(b) * bs &&
                y < x + (size_t)gd_tensor_channels(a) * as)
                return true;
        }
    return false;
}

/* An output may lie on an input only where the operator or the row says that it may run in
 * place, and then exactly on it. */
static void check_overwrite(byte_map *m, int k) {
    const gd_exec   *e = m->e;
    const gd_node   *n = &e->g->node[k];
    const gd_tensor *y = &e->t[n->out[0]];
    const bool       one = e->node[k].n_part == 1;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] < 0 || !share_a_byte(&e->t[n->in[i]], y)) continue;
        const gd_tensor *x = &e->t[n->in[i]];
        const bool       may = i == 0 && (n->op->flags & GD_OP_INPLACE);
        if (!may || x->data != y->data || x->pitch != y->pitch)
            snprintf(m->trouble, sizeof m->trouble, "node %d (%s) overwrites its input %d", k,
                     n->op->name, i);
    }
    for (int i = 0; i < n->n_step; i++) {
        if (n->step[i].arg < 0 || !share_a_byte(&e->t[n->step[i].arg], y)) continue;
        if (!one || !(e->node[k].part[0].row->flags & GD_ROW_STEP_INPLACE) ||
            e->t[n->step[i].arg].data != y->data)
            snprintf(m->trouble, sizeof m->trouble,
                     "node %d (%s) overwrites the input of step %d", k, n->op->name, i);
    }
}

static void check_plan(gd_exec *e, char *trouble, size_t size) {
    byte_map m = {.e = e};
    m.who = malloc((e->stats.slab_bytes + 1) * sizeof *m.who);
    assert_non_null(m.who);
    for (size_t i = 0; i < e->stats.slab_bytes; i++) m.who[i] = -1;
    for (int v = 0; v < e->g->n_value; v++)
        if (e->g->value[v].kind == GD_VALUE_INPUT) write_value(&m, v);
    for (int k = 0; k < e->g->n_node && !m.trouble[0]; k++) {
        const gd_node *n = &e->g->node[k];
        if (!e->node[k].n_part) continue;
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] >= 0) read_value(&m, n->in[i], k);
        for (int i = 0; i < n->n_step; i++)
            if (n->step[i].arg >= 0) read_value(&m, n->step[i].arg, k);
        check_overwrite(&m, k);
        for (int i = 0; i < n->n_out; i++) write_value(&m, n->out[i]);
        for (int i = 0; i < n->n_out; i++) read_value(&m, n->out[i], k);
    }
    for (int i = 0; i < e->g->n_output; i++) read_value(&m, e->g->output[i], e->g->n_node);
    snprintf(trouble, size, "%s", m.trouble);
    free(m.who);
}

/* ---- random graphs ----------------------------------------------------------------------- */

typedef struct count {
    int elided, in_place, fused, saved;
} count;

static void tally(gd_exec *e, count *c) {
    gd_exec_stats s;
    gd_exec_stats_get(e, &s);
    c->saved += s.slab_bytes < s.sum_bytes;
    for (int k = 0; k < e->g->n_node; k++) {
        const gd_node *n = &e->g->node[k];
        c->elided += e->node[k].n_part == 0;
        c->fused += n->n_step > 0;
        if (e->node[k].n_part && n->in[0] >= 0)
            c->in_place += e->t[n->in[0]].data == e->t[n->out[0]].data;
    }
}

static double difference(const gd_graph *ref, gd_exec *e, int o) {
    const int        a = ref->output[o], b = gd_graph_find_output(e->g, ref->output_name[o]);
    const gd_tensor *x = &ref->value[a].t, *y = gd_exec_tensor(e, b);
    double           worst = 0, top = 1;
    assert_true(gd_tensor_same_shape(x, y));
    assert_true(gd_tensor_dense(y));
    for (int64_t k = 0; k < gd_tensor_count(x); k++) {
        const double u = gd_tensor_get(x, k), d = fabs(u - gd_tensor_get(y, k));
        top = fmax(top, fabs(u));
        worst = d <= worst ? worst : isnan(d) ? INFINITY : d;
    }
    return worst / top;
}

static void check_graph(uint64_t seed, gd_dtype type, double bound, count *c) {
    const gd_device_caps  dev = gd_cpu_caps();
    const gd_exec_options opt = {.poison = true};
    gd_arena              plain = {0}, fast = {0};
    random_graph          ref, r;
    gd_error              err = {0};
    gd_exec              *e = NULL;
    char                  trouble[160];
    gd_assert_ok(random_graph_make(&ref, &plain, seed, type, false, N_NODE, &err), &err);
    gd_assert_ok(gd_graph_give_storage(&ref.g, &err), &err);
    for (int i = 0; i < ref.n_input; i++) fill_input(&ref.g.value[ref.input[i]].t, seed, i);
    gd_assert_ok(gd_graph_run_reference(&ref.g, 0, &err), &err);

    gd_assert_ok(random_graph_make(&r, &fast, seed, type, false, N_NODE, &err), &err);
    gd_assert_ok(gd_pass_all(&r.g, &dev, GD_F32, &err), &err);
    gd_assert_ok(gd_exec_open(&r.g, &dev, &opt, &e, &err), &err);
    check_plan(e, trouble, sizeof trouble);
    if (trouble[0]) fail_msg("seed %llu: %s", (unsigned long long)seed, trouble);
    tally(e, c);
    for (int run = 0; run < 2; run++) {
        for (int i = 0; i < r.n_input; i++) fill_input(gd_exec_tensor(e, r.input[i]), seed, i);
        gd_assert_ok(gd_exec_run(e, &err), &err);
        for (int o = 0; o < ref.g.n_output; o++) {
            const double d = difference(&ref.g, e, o);
            if (!(d <= bound))
                fail_msg("seed %llu, %s, run %d: output %d differs by %g",
                         (unsigned long long)seed, gd_dtype_name(type), run, o, d);
        }
    }
    gd_exec_close(e);
    gd_arena_free(&plain);
    gd_arena_free(&fast);
}

static void random_graphs_f64(void **state) {
    (void)state;
    count c = {0};
    for (uint64_t seed = 1; seed <= N_F64; seed++) check_graph(seed, GD_F64, 1e-12, &c);
    print_message("%d nodes elided, %d in place, %d fused, %d slabs smaller than the sum\n",
                  c.elided, c.in_place, c.fused, c.saved);
    assert_true(c.elided > 100 && c.in_place > 100 && c.saved > N_F64 / 2);
}

static void random_graphs_f32(void **state) {
    (void)state;
    count c = {0};
    for (uint64_t seed = 1; seed <= N_F32; seed++) check_graph(seed, GD_F32, 2e-5, &c);
    print_message("%d nodes elided, %d in place, %d fused, %d slabs smaller than the sum\n",
                  c.elided, c.in_place, c.fused, c.saved);
    if (GD_HAVE_ONEDNN) assert_true(c.fused > 20);
}

/* ---- the checker itself, and the plan alone ---------------------------------------------- */

/* Two values that live together are put on one spot: the map must say so. */
static void the_map_sees_an_overlap(void **state) {
    (void)state;
    const gd_device_caps dev = gd_cpu_caps();
    const int64_t        dim[2] = {4, 8};
    gd_arena             arena = {0};
    gd_graph             g;
    gd_error             err = {0};
    gd_exec             *e = NULL;
    int                  x, a, b, both[2], y;
    char                 trouble[160];
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", GD_F32, 2, dim, &x, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "relu", NULL, 1, &x, &a, &err), &err);
    gd_assert_ok(gd_graph_add(&g, "sigmoid", NULL, 1, &x, &b, &err), &err);
    both[0] = a, both[1] = b;
    gd_assert_ok(gd_graph_add(&g, "mul", NULL, 2, both, &y, &err), &err);
    gd_assert_ok(gd_graph_output(&g, "y", y, &err), &err);
    gd_assert_ok(gd_exec_open(&g, &dev, NULL, &e, &err), &err);
    check_plan(e, trouble, sizeof trouble);
    assert_string_equal(trouble, "");
    e->t[b].data = (char *)e->t[a].data + sizeof(float);
    check_plan(e, trouble, sizeof trouble);
    assert_string_not_equal(trouble, "");
    gd_exec_close(e);
    gd_arena_free(&arena);
}

static void plans_do_not_overlap(void **state) {
    (void)state;
    random_graph r = {.state = 99};
    for (int round = 0; round < 300; round++) {
        gd_arena     arena = {0};
        gd_error     err = {0};
        gd_plan_item item[60];
        size_t       slab = 0;
        const int    n = 1 + draw(&r, 60);
        for (int i = 0; i < n; i++) {
            const int first = draw(&r, 40);
            item[i] = (gd_plan_item){.size = (size_t)draw(&r, 5) * (size_t)draw(&r, 1000),
                                     .first = first,
                                     .last = first + draw(&r, 12)};
        }
        gd_assert_ok(gd_plan_place(item, n, &arena, &slab, &err), &err);
        for (int i = 0; i < n; i++) {
            if (!item[i].size) continue;
            assert_int_equal(item[i].offset % GD_PLAN_ALIGN, 0);
            assert_true(item[i].offset + item[i].size <= slab);
            for (int j = 0; j < i; j++) {
                const bool together =
                    item[i].first <= item[j].last && item[j].first <= item[i].last;
                const bool apart = item[i].offset + item[i].size <= item[j].offset ||
                                   item[j].offset + item[j].size <= item[i].offset;
                if (item[j].size && together && !apart)
                    fail_msg("round %d: items %d and %d overlap", round, i, j);
            }
        }
        gd_arena_free(&arena);
    }
}

/* ---- autodiff ---------------------------------------------------------------------------- */

typedef struct slope {
    random_graph r;
    int          seed[16], d_seed[16], d_in[2], n_forward;
} slope;

static double loss(slope *s) {
    gd_error  err = {0};
    double    sum = 0;
    const int all = s->r.g.n_node;
    s->r.g.n_node = s->n_forward;
    gd_assert_ok(gd_graph_run_reference(&s->r.g, 0, &err), &err);
    s->r.g.n_node = all;
    for (int o = 0; o < s->r.g.n_output; o++) {
        const gd_tensor *y = &s->r.g.value[s->seed[o]].t, *w = &s->r.g.value[s->d_seed[o]].t;
        for (int64_t k = 0; k < gd_tensor_count(y); k++)
            sum += gd_tensor_get(y, k) * gd_tensor_get(w, k);
    }
    return sum;
}

static void prepare_slope(slope *s, gd_arena *arena, uint64_t seed) {
    gd_error err = {0};
    gd_assert_ok(random_graph_make(&s->r, arena, seed, GD_F64, true, 8, &err), &err);
    gd_graph *g = &s->r.g;
    s->n_forward = g->n_node;
    for (int o = 0; o < g->n_output; o++) {
        const gd_tensor y = g->value[g->output[o]].t;
        s->seed[o] = g->output[o];
        gd_assert_ok(gd_graph_input(g, "w", GD_F64, y.ndim, y.dim, &s->d_seed[o], &err), &err);
    }
    gd_assert_ok(gd_autodiff(g, g->n_output, s->seed, s->d_seed, 2, s->r.input, s->d_in, &err),
                 &err);
    gd_assert_ok(gd_graph_verify(g, "autodiff", &err), &err);
    gd_assert_ok(gd_graph_give_storage(g, &err), &err);
    for (int i = 0; i < 2; i++) fill_input(&g->value[s->r.input[i]].t, seed, i);
    for (int o = 0; o < g->n_output; o++) fill_input(&g->value[s->d_seed[o]].t, seed, 5 + o);
    gd_assert_ok(gd_graph_run_reference(g, 0, &err), &err);
}

static double slope_error(slope *s, int i) {
    const double h = 0x1p-8;
    gd_tensor   *x = &s->r.g.value[s->r.input[i]].t;
    double       worst = 0, top = 1;
    for (int64_t k = 0; k < gd_tensor_count(x); k += 3) {
        const double keep = gd_tensor_get(x, k);
        double       f[4];
        for (int q = 0; q < 4; q++) {
            gd_tensor_set(x, k, keep + h * (q < 2 ? 1 : 2) * (q % 2 ? -1 : 1));
            f[q] = loss(s);
        }
        gd_tensor_set(x, k, keep);
        const double want = (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h);
        const double got = s->d_in[i] < 0 ? 0 : gd_tensor_get(&s->r.g.value[s->d_in[i]].t, k);
        top = fmax(top, fabs(want));
        worst = fmax(worst, fabs(want - got));
    }
    return worst / top;
}

static void random_gradients(void **state) {
    (void)state;
    int reached = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        gd_arena arena = {0};
        slope    s = {0};
        prepare_slope(&s, &arena, seed);
        for (int i = 0; i < 2; i++) {
            const double worst = slope_error(&s, i);
            reached += s.d_in[i] >= 0;
            if (!(worst <= 1e-7))
                fail_msg("seed %llu: gradient of input %d is off by %g",
                         (unsigned long long)seed, i, worst);
        }
        gd_arena_free(&arena);
    }
    print_message("%d of 120 inputs are reached\n", reached);
    assert_true(reached > 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_do_not_overlap), cmocka_unit_test(the_map_sees_an_overlap),
        cmocka_unit_test(random_graphs_f64),    cmocka_unit_test(random_graphs_f32),
        cmocka_unit_test(random_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
