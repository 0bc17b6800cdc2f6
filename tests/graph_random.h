/* graph_random.h -- graphs drawn from a seed, for the tests of passes, plan and autodiff.
 *
 * The same seed and type give the same graph. Values have four axes; constants are multiples of
 * 1/64, exact in both precisions. Smooth graphs have no kinks, so that they can be
 * differenced. */
#ifndef GD_TESTS_GRAPH_RANDOM_H
#define GD_TESTS_GRAPH_RANDOM_H

#include "engine/graph.h"
#include "kernels/activation/activation.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/channel_pad/channel_pad.h"
#include "kernels/concat/concat.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/pool/pool.h"
#include "kernels/reshape/reshape.h"
#include "kernels/slice/slice.h"

typedef struct random_graph {
    uint64_t  state;
    gd_dtype  type;
    bool      smooth;
    gd_graph  g;
    gd_error *err;
    int       n, value[128]; /* activations so far */
    int       n_input, input[2];
} random_graph;

static inline int draw(random_graph *r, int below) {
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (int)((r->state >> 33) % (uint64_t)below);
}

static inline const gd_tensor *shape_of(const random_graph *r, int v) {
    return &r->g.value[v].t;
}

/* Mostly a recent one, so that chains grow long and little is dead. */
static inline int any_value(random_graph *r) {
    const int recent = r->n < 4 ? r->n : 4;
    return r->value[draw(r, 3) ? r->n - 1 - draw(r, recent) : draw(r, r->n)];
}

static inline gd_status constant(random_graph *r, int ndim, const int64_t *dim, int lo, int hi,
                                 int *out) {
    GD_TRY(gd_graph_const_new(&r->g, NULL, r->type, ndim, dim, out, r->err));
    gd_tensor *t = &r->g.value[*out].t;
    for (int64_t i = 0; i < gd_tensor_count(t); i++)
        gd_tensor_set(t, i, (lo + draw(r, hi - lo + 1)) / 64.0);
    return GD_OK;
}

/* A value that differs from v in the given axis at most (-1: in none); v itself at worst. */
static inline int partner(random_graph *r, int v, int axis) {
    for (int tries = 0; tries < 12; tries++) {
        const int w = any_value(r);
        bool      same = true;
        for (int k = 0; k < 4; k++)
            same &= k == axis || shape_of(r, w)->dim[k] == shape_of(r, v)->dim[k];
        if (same) return w;
    }
    return v;
}

static inline gd_status add_node(random_graph *r, const char *op, const void *attr, int n,
                                 const int *in) {
    int out[GD_MAX_OUT];
    GD_TRY(gd_graph_add(&r->g, op, attr, n, in, out, r->err));
    r->value[r->n++] = out[0];
    return GD_OK;
}

static inline gd_status add_binary(random_graph *r) {
    const int in[2] = {any_value(r), 0};
    int       two[2] = {in[0], partner(r, in[0], -1)};
    if (draw(r, 3)) return add_node(r, "add", NULL, 2, two);
    GD_TRY(add_node(r, "sigmoid", NULL, 1, &two[1])); /* keeps products small */
    two[1] = r->value[r->n - 1];
    return add_node(r, "mul", NULL, 2, two);
}

static inline gd_status add_unary(random_graph *r) {
    const gd_leaky_relu leaky = {0.125f};
    const int           x = any_value(r), pick = draw(r, r->smooth ? 3 : 5);
    switch (pick) {
    case 0: return add_node(r, "sigmoid", NULL, 1, &x);
    case 1: return add_node(r, "silu", NULL, 1, &x);
    case 2: return add_node(r, "softmax", NULL, 1, &x);
    case 3: return add_node(r, "relu", NULL, 1, &x);
    default: return add_node(r, "leaky_relu", &leaky, 1, &x);
    }
}

static inline gd_status add_slice(random_graph *r) {
    const int      x = any_value(r), axis = draw(r, 4);
    const int      size = (int)shape_of(r, x)->dim[axis], start = draw(r, size);
    const gd_slice a = {axis, start, start + 1 + draw(r, size - start), 1 + draw(r, 2)};
    return add_node(r, "slice", &a, 1, &x);
}

static inline gd_status add_concat(random_graph *r) {
    const gd_concat a = {draw(r, 3) ? 3 : draw(r, 4)};
    const int       n = 2 + draw(r, 2);
    int             in[3] = {any_value(r), 0, 0};
    for (int i = 1; i < n; i++) in[i] = partner(r, in[0], a.axis);
    if (gd_tensor_count(shape_of(r, in[0])) > 300) return add_unary(r);
    return add_node(r, "concat", &a, n, in);
}

static inline gd_status add_reshape(random_graph *r) {
    const int        x = any_value(r);
    const int64_t   *d = shape_of(r, x)->dim;
    const gd_reshape ways[3] = {{4, {(int)d[0], (int)(d[1] * d[2]), 1, (int)d[3]}},
                                {4, {(int)d[0], -1, 1, (int)(d[2] * d[3])}},
                                {4, {1, (int)(d[0] * d[1]), (int)d[2], -1}}};
    return add_node(r, "reshape", &ways[draw(r, 3)], 1, &x);
}

static inline gd_status add_affine(random_graph *r) {
    const gd_batch_norm a = {0.125f};
    const int64_t       C = gd_tensor_channels(shape_of(r, r->value[r->n - 1]));
    int                 in[5] = {r->value[r->n - 1]};
    GD_TRY(constant(r, 1, &C, 32, 96, &in[1]));
    GD_TRY(constant(r, 1, &C, -64, 64, &in[2]));
    if (draw(r, 2)) return add_node(r, "affine", NULL, 3, in);
    GD_TRY(constant(r, 1, &C, -64, 64, &in[3]));
    GD_TRY(constant(r, 1, &C, 32, 128, &in[4]));
    return add_node(r, "batch_norm", &a, 5, in);
}

static inline gd_status add_conv(random_graph *r) {
    const int       x = any_value(r), size = draw(r, 2) ? 3 : 1;
    const gd_conv2d a = {{1 + draw(r, 2), 1}, {size / 2, 1, size / 2, 1}, {1, 1}, 1};
    const int64_t   K = 1 + draw(r, 6);
    const int64_t   w[4] = {K, size, size, gd_tensor_channels(shape_of(r, x))};
    int             in[3] = {x, -1, -1};
    GD_TRY(constant(r, 4, w, -24, 24, &in[1]));
    if (draw(r, 2)) GD_TRY(constant(r, 1, &K, -64, 64, &in[2]));
    GD_TRY(add_node(r, "conv2d", &a, 3, in));
    if (draw(r, 2)) GD_TRY(add_affine(r)); /* to be folded, then fused */
    if (draw(r, 2)) {
        const int sum[2] = {r->value[r->n - 1], partner(r, r->value[r->n - 1], -1)};
        GD_TRY(add_node(r, "add", NULL, 2, sum));
    }
    const int last = r->value[r->n - 1];
    return add_node(r, r->smooth ? "silu" : "relu", NULL, 1, &last);
}

static inline gd_status add_pool(random_graph *r) {
    const int           x = any_value(r);
    const gd_max_pool2d m = {{2, 2}, {1, 2}, {1, 1}, draw(r, 2)};
    const gd_avg_pool2d a = {{2, 2}, {1, 2}, {1, 1}, draw(r, 2), 1};
    if (r->smooth) return add_node(r, "avg_pool2d", &a, 1, &x);
    return add_node(r, "max_pool2d", &m, 1, &x);
}

static inline gd_status add_pad(random_graph *r) {
    const int            x = any_value(r);
    const gd_channel_pad a = {draw(r, 2), draw(r, 3)};
    if (gd_tensor_count(shape_of(r, x)) > 300) return add_unary(r);
    return add_node(r, "channel_pad", &a, 1, &x);
}

/* Two inputs, about n nodes, up to three outputs "y0" .. */
static inline gd_status random_graph_make(random_graph *r, gd_arena *arena, uint64_t seed,
                                          gd_dtype type, bool smooth, int n, gd_error *err) {
    static gd_status (*const make[])(random_graph *) = {
        add_binary, add_binary,  add_unary,  add_slice, add_slice, add_concat,
        add_concat, add_reshape, add_affine, add_conv,  add_pool,  add_pad};
    *r = (random_graph){.state = seed * 77u + 5u, .type = type, .smooth = smooth, .err = err};
    gd_graph_init(&r->g, arena);
    for (int i = 0; i < 2; i++) {
        const int64_t dim[4] = {1 + draw(r, 2), 2 + draw(r, 4), 2 + draw(r, 4), 1 + draw(r, 6)};
        GD_TRY(gd_graph_input(&r->g, i ? "b" : "a", type, 4, dim, &r->input[i], err));
        r->value[r->n++] = r->input[i];
    }
    r->n_input = 2;
    for (int i = 0; i < n; i++) GD_TRY(make[draw(r, (int)(sizeof make / sizeof *make))](r));
    const int outs[3] = {r->value[r->n - 1], any_value(r), any_value(r)};
    for (int i = 0, o = 0; i < 3; i++) {
        const char name[3] = {'y', (char)('0' + o), '\0'};
        if (r->g.value[outs[i]].kind != GD_VALUE_NODE || (i && outs[i] == outs[0])) continue;
        GD_TRY(gd_graph_output(&r->g, name, outs[i], err));
        o++;
    }
    return GD_OK;
}

/* Element k of input i. */
static inline double random_input(uint64_t seed, int i, int64_t k) {
    uint64_t s =
        (seed * 131u + (uint64_t)i * 17u + (uint64_t)k * 7919u + 3u) * 6364136223846793005u;
    return (double)((int64_t)((s >> 40) % 257u) - 128) / 64.0;
}

#endif
