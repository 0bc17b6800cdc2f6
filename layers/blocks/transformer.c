/* transformer.c -- layers of transformers: attention with its projections, feed-forward. */
#include "layers/blocks/transformer.h"

#include <string.h>

#include "kernels/attention/attention.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/slice/slice.h"

static int rows_of(gd_net *n, const char *leaf, int value, int64_t first, int64_t count) {
    const gd_slice a = {
        .axis = 0, .start = (int32_t)first, .stop = (int32_t)(first + count), .step = 1};
    const size_t mark = gd_net_enter(n, "%s", leaf);
    const int    y = gd_net_op(n, "slice", &a, 1, &value, NULL);
    gd_net_leave(n, mark);
    return y;
}

gd_projection gd_block_projection(gd_net *n, int first, int count, int64_t channels) {
    static const char *const name[3] = {"q_proj", "k_proj", "v_proj"};
    const int64_t            C = channels;
    gd_projection            p = {-1, -1};
    int                      w[3], b[3];
    if (!gd_net_has(n, "q_proj.weight")) { /* so also where there is no file */
        p.weight =
            gd_net_weight(n, "in_proj_weight", GD_WEIGHT_LINEAR, 2, (int64_t[]){3 * C, C});
        p.bias = gd_net_weight(n, "in_proj_bias", GD_WEIGHT_VECTOR, 1, (int64_t[]){3 * C});
        p.weight = rows_of(n, "in_proj_weight", p.weight, first * C, count * C);
        p.bias = rows_of(n, "in_proj_bias", p.bias, first * C, count * C);
        return p;
    }
    for (int i = 0; i < count; i++) {
        const size_t mark = gd_net_enter(n, "%s", name[first + i]);
        w[i] = gd_net_weight(n, "weight", GD_WEIGHT_LINEAR, 2, (int64_t[]){C, C});
        b[i] = gd_net_weight(n, "bias", GD_WEIGHT_VECTOR, 1, &C);
        gd_net_leave(n, mark);
    }
    p.weight = gd_net_concat(n, 0, count, w);
    p.bias = gd_net_concat(n, 0, count, b);
    return p;
}

int gd_block_project(gd_net *n, int x, gd_projection p) {
    const size_t mark = gd_net_enter(n, "in_proj");
    const int    y = gd_net_op(n, "linear", NULL, 3, (int[]){x, p.weight, p.bias}, NULL);
    gd_net_leave(n, mark);
    return y;
}

/* A constant [B, L, C] like `as`. */
static int zeros_like(gd_net *n, int as) {
    int id = -1;
    if (!gd_net_ok(n)) return -1;
    const gd_tensor t = n->g->value[as].t; /* a copy: values move when one is added */
    n->st = gd_graph_const_new(n->g, "zeros", t.dtype, t.ndim, t.dim, &id, n->err);
    if (!gd_net_ok(n)) return -1;
    gd_tensor *zero = &n->g->value[id].t;
    if (zero->data) memset(zero->data, 0, gd_tensor_bytes(zero));
    return id;
}

int gd_block_project_placed(gd_net *n, int x, int position, int first, int count) {
    const int64_t       C = gd_net_dim(n, x, 2);
    const gd_projection p = gd_block_projection(n, first, count, C);
    const int           placed = count < GD_PART_VALUE - first ? count : GD_PART_VALUE - first;
    const int           y = gd_block_project(n, x, p);
    const gd_projection bare = {
        placed < count ? rows_of(n, "placed", p.weight, 0, placed * C) : p.weight, -1};
    const int at = gd_block_project(n, position, bare);
    const int all[2] = {at, placed < count ? zeros_like(n, position) : -1};
    return gd_net_add(n, y, placed < count ? gd_net_concat(n, 2, 2, all) : at);
}

int gd_block_part(gd_net *n, int x, int i, int64_t channels) {
    const gd_slice a = {.axis = -1,
                        .start = (int32_t)(i * channels),
                        .stop = (int32_t)((i + 1) * channels),
                        .step = 1};
    const size_t   mark = gd_net_enter(n, "part");
    const int      y = gd_net_op(n, "slice", &a, 1, &x, NULL);
    gd_net_leave(n, mark);
    return y;
}

int gd_block_attend(gd_net *n, int q, int k, int v, int mask, int heads) {
    const gd_attention a = {.heads = heads};
    const int64_t      C = gd_net_dim(n, q, 2);
    const int          in[4] = {q, k, v, mask};
    const int          y = gd_net_op(n, "attention", &a, mask < 0 ? 3 : 4, in, NULL);
    return gd_net_linear(n, y, "out_proj", (int)C, false, false);
}

int gd_block_layer_norm(gd_net *n, int x, const char *name) {
    const gd_layer_norm a = {.eps = 1e-5f};
    const size_t        mark = gd_net_enter(n, "%s", name);
    const int64_t       C = gd_net_dim(n, x, 2);
    const int           in[3] = {x, gd_net_weight(n, "weight", GD_WEIGHT_VECTOR, 1, &C),
                                 gd_net_weight(n, "bias", GD_WEIGHT_VECTOR, 1, &C)};
    const int           y = gd_net_op(n, "layer_norm", &a, 3, in, NULL);
    gd_net_leave(n, mark);
    return y;
}

int gd_block_add_norm(gd_net *n, int x, int y, const char *norm) {
    return gd_block_layer_norm(n, gd_net_add(n, y, x), norm);
}

int gd_block_self_attention(gd_net *n, int x, int position, int mask, int heads,
                            const char *norm) {
    const int64_t C = gd_net_dim(n, x, 2);
    const bool    fixed = gd_net_ok(n) && n->g->value[position].kind == GD_VALUE_CONST;
    const int     placed = fixed ? -1 : gd_net_add(n, x, position);
    const size_t  at = gd_net_enter(n, "self_attn");
    int           all, value;
    if (fixed) {
        all = gd_block_project_placed(n, x, position, GD_PART_QUERY, 3);
        value = gd_block_part(n, all, GD_PART_VALUE, C);
    } else {
        all = gd_block_project(n, placed, gd_block_projection(n, GD_PART_QUERY, 2, C));
        value = gd_block_project(n, x, gd_block_projection(n, GD_PART_VALUE, 1, C));
    }
    const int y = gd_block_attend(n, gd_block_part(n, all, GD_PART_QUERY, C),
                                  gd_block_part(n, all, GD_PART_KEY, C), value, mask, heads);
    gd_net_leave(n, at);
    return gd_block_add_norm(n, x, y, norm);
}

int gd_block_feed_forward(gd_net *n, int x, int width, const char *norm) {
    const int64_t C = gd_net_dim(n, x, 2);
    int           y = gd_net_linear(n, x, "linear1", width, false, false);
    y = gd_net_unary(n, "activation", "relu", y);
    y = gd_net_linear(n, y, "linear2", (int)C, false, false);
    return gd_block_add_norm(n, x, y, norm);
}
