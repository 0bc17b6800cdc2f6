/* net.c -- building a network's graph from named weights; see net.h. */
#include "layers/net.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/concat/concat.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/pool/pool.h"
#include "kernels/reshape/reshape.h"
#include "kernels/resize/resize.h"

void gd_net_init(gd_net *n, gd_graph *g, const gd_weight_source *source, gd_error *err) {
    memset(n, 0, sizeof *n);
    n->g = g;
    n->source = source;
    n->err = err;
    n->bn_eps = 1e-5f;
}

bool gd_net_ok(const gd_net *n) { return n->st == GD_OK; }

int gd_net_fail(gd_net *n, gd_status st, const char *fmt, ...) {
    char    text[256];
    va_list ap;
    if (n->st != GD_OK) return -1;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    n->st = gd_fail(n->err, st, "%s%s%s", n->path, n->path[0] ? ": " : "", text);
    return -1;
}

size_t gd_net_enter(gd_net *n, const char *fmt, ...) {
    const size_t mark = strlen(n->path);
    size_t       at = mark;
    va_list      ap;
    if (at && at + 1 < sizeof n->path) n->path[at++] = '.';
    va_start(ap, fmt);
    vsnprintf(n->path + at, sizeof n->path - at, fmt, ap);
    va_end(ap);
    return mark;
}

void gd_net_leave(gd_net *n, size_t mark) { n->path[mark] = '\0'; }

static gd_weight_spec *new_spec(gd_net *n) {
    if (n->n_spec == n->cap_spec) {
        const int       cap = n->cap_spec ? 2 * n->cap_spec : 128;
        gd_weight_spec *s = gd_arena_array(n->g->arena, (size_t)cap, sizeof *s);
        if (!s) return NULL;
        if (n->n_spec) memcpy(s, n->spec, (size_t)n->n_spec * sizeof *s);
        n->spec = s;
        n->cap_spec = cap;
    }
    return &n->spec[n->n_spec++];
}

static bool shape_agrees(const gd_tensor *t, int ndim, const int64_t *want, int free_axes) {
    if (t->ndim != ndim) return false;
    for (int i = 0; i < ndim; i++)
        if (t->dim[i] < 1 || (!(free_axes >> i & 1) && t->dim[i] != want[i])) return false;
    return true;
}

static bool trains(const gd_net *n, const char *name) {
    return n->train && n->train->trains(n->train->ctx, name);
}

/* The value of a weight that was found as t: a constant, or the variable of its name. */
static gd_status weight_value(gd_net *n, const char *name, const gd_tensor *t, int *id) {
    if (!trains(n, name)) return gd_graph_const(n->g, name, t, id, n->err);
    *id = gd_graph_find_input(n->g, name);
    if (*id >= 0) return GD_OK;
    return gd_graph_variable(n->g, name, t->dtype, t->ndim, t->dim, id, n->err);
}

/* free_axes: bit i set means that axis i may differ from the nominal extent, short of 0. */
static int weight(gd_net *n, const char *leaf, gd_weight_kind kind, int ndim,
                  const int64_t *nominal, int free_axes, gd_weight_spec **out) {
    char      name[384], text[GD_SHAPE_TEXT], want[GD_SHAPE_TEXT];
    int       id;
    gd_tensor t = gd_tensor_make(GD_F32, ndim, nominal);
    if (out) *out = NULL;
    if (n->st != GD_OK) return -1;
    snprintf(name, sizeof name, "%s%s%s", n->path, n->path[0] ? "." : "", leaf);
    gd_weight_spec *s = new_spec(n);
    const char     *copy = gd_arena_string(n->g->arena, name);
    if (!s || !copy) return gd_net_fail(n, GD_ERR_NOMEM, "no memory for weight '%s'", name);
    *s = (gd_weight_spec){.name = copy, .kind = kind, .ndim = ndim};
    for (int i = 0; i < ndim && i < 4; i++) s->dim[i] = nominal[i];
    if (n->source) {
        if (!n->source->find(n->source->ctx, name, &t))
            return gd_net_fail(n, GD_ERR_FORMAT, "weight '%s' is missing", name);
        if (!shape_agrees(&t, ndim, nominal, free_axes)) {
            gd_tensor w = gd_tensor_make(GD_F32, ndim, nominal);
            return gd_net_fail(n, GD_ERR_SHAPE, "weight '%s' is %s, wanted %s", name,
                               gd_tensor_text(&t, text), gd_tensor_text(&w, want));
        }
    }
    n->st = weight_value(n, name, &t, &id);
    if (out) *out = s;
    return n->st == GD_OK ? id : -1;
}

bool gd_net_has(const gd_net *n, const char *leaf) {
    char      name[384];
    gd_tensor t;
    snprintf(name, sizeof name, "%s%s%s", n->path, n->path[0] ? "." : "", leaf);
    if (n->source) return n->source->find(n->source->ctx, name, &t);
    return n->facts && n->facts->has && n->facts->has(n->facts->ctx, name);
}

int gd_net_depth(const gd_net *n, const char *fmt, int nominal) {
    const char *at = strstr(fmt, "%d");
    char        leaf[128];
    int         depth = 0;
    for (; at && depth < 1000; depth++) {
        snprintf(leaf, sizeof leaf, "%.*s%d%s", (int)(at - fmt), fmt, depth, at + 2);
        if (!gd_net_has(n, leaf)) break;
    }
    return depth ? depth : nominal;
}

const char *gd_net_meta(const gd_net *n, const char *key) {
    return n->facts && n->facts->meta ? n->facts->meta(n->facts->ctx, key) : NULL;
}

int gd_net_weight(gd_net *n, const char *leaf, gd_weight_kind kind, int ndim,
                  const int64_t *nominal) {
    return weight(n, leaf, kind, ndim, nominal, 0, NULL);
}

int gd_net_conv_weight(gd_net *n, const int64_t nominal[4]) {
    return weight(n, "weight", GD_WEIGHT_CONV, 4, nominal, 1, NULL);
}

int gd_net_table(gd_net *n, const char *leaf, int rows, int columns) {
    return weight(n, leaf, GD_WEIGHT_LINEAR, 2, (const int64_t[]){rows, columns}, 1, NULL);
}

/* Names the node after the module path; the k-th node of a path is "path#k" from k = 2 on, as
 * a module that is called k times. */
static gd_status name_node(gd_net *n) {
    char         name[sizeof n->path + 16];
    const size_t len = strlen(n->path);
    int          before = 0;
    for (int i = 0; i < n->g->n_node; i++) {
        const char *other = n->g->node[i].name;
        before += !strncmp(other, n->path, len) && (!other[len] || other[len] == '#');
    }
    snprintf(name, sizeof name, before ? "%s#%d" : "%s", n->path, before + 1);
    return gd_graph_scope(n->g, name, n->err);
}

int gd_net_op(gd_net *n, const char *op, const void *attr, int n_in, const int *in, int *out) {
    int values[GD_MAX_OUT];
    if (n->st == GD_OK) n->st = name_node(n);
    if (n->st != GD_OK) {
        if (out) out[0] = -1;
        return -1;
    }
    n->st = gd_graph_add(n->g, op, attr, n_in, in, out ? out : values, n->err);
    if (n->st != GD_OK) gd_error_why(n->err, "while adding layer '%s'", n->path);
    return n->st == GD_OK ? (out ? out : values)[0] : -1;
}

int gd_net_unary(gd_net *n, const char *module, const char *op, int x) {
    const size_t mark = gd_net_enter(n, "%s", module);
    const int    y = gd_net_op(n, op, NULL, 1, &x, NULL);
    gd_net_leave(n, mark);
    return y;
}

int gd_net_add(gd_net *n, int a, int b) {
    const size_t mark = gd_net_enter(n, "add");
    const int    y = gd_net_op(n, "add", NULL, 2, (const int[]){a, b}, NULL);
    gd_net_leave(n, mark);
    return y;
}

int64_t gd_net_dim(const gd_net *n, int value, int axis) {
    return n->st == GD_OK && value >= 0 ? n->g->value[value].t.dim[axis] : 0;
}

int gd_net_conv(gd_net *n, int x, const char *name, const gd_conv_args *a) {
    const size_t  mark = gd_net_enter(n, "%s", name);
    const int     stride = a->stride ? a->stride : 1, dilation = a->dilation ? a->dilation : 1;
    const int64_t channels = gd_net_dim(n, x, 3);
    const int64_t nominal[4] = {a->depthwise ? channels : a->k, a->size, a->size,
                                a->depthwise ? 1 : channels};
    gd_weight_spec *s;
    int             in[3] = {x, -1, -1}, y;
    in[1] = weight(n, "weight", GD_WEIGHT_CONV, 4, nominal, a->depthwise ? 0 : 1, &s);
    if (s) s->class_head = a->class_head;
    if (a->bias && in[1] >= 0) {
        in[2] = weight(n, "bias", GD_WEIGHT_VECTOR, 1, n->g->value[in[1]].t.dim, 0, &s);
        if (s) s->class_head = a->class_head;
    }
    const gd_conv2d attr = {.stride = {stride, stride},
                            .pad = {a->pad, a->pad, a->pad, a->pad},
                            .dilation = {dilation, dilation},
                            .groups = a->depthwise ? (int32_t)channels : 1};
    y = gd_net_op(n, "conv2d", &attr, a->bias ? 3 : 2, in, NULL);
    gd_net_leave(n, mark);
    return y;
}

/* The batch norm at the current path normalises by the batch. */
static bool norm_trains(const gd_net *n) {
    char name[sizeof n->path + 8];
    snprintf(name, sizeof name, "%s.weight", n->path);
    return n->train && n->train->batch_norm && trains(n, name);
}

int gd_net_batch_norm(gd_net *n, int x, const char *name) {
    static const char *const leaf[4] = {"weight", "bias", "running_mean", "running_var"};
    const size_t             mark = gd_net_enter(n, "%s", name);
    const int64_t            channels =
        n->st == GD_OK && x >= 0 ? gd_tensor_channels(&n->g->value[x].t) : 0;
    const gd_net_train *train = n->train;
    const bool          live = norm_trains(n);
    int                 in[5] = {x}, y;
    if (!live) n->train = NULL; /* frozen: constants, whatever else of the module trains */
    for (int i = 0; i < 4; i++)
        in[i + 1] = gd_net_weight(n, leaf[i], GD_WEIGHT_VECTOR, 1, &channels);
    n->train = train;
    if (live) {
        const gd_batch_norm_train attr = {.eps = n->bn_eps, .momentum = train->bn_momentum};
        y = gd_net_op(n, "batch_norm_train", &attr, 5, in, NULL);
    } else {
        const gd_batch_norm attr = {.eps = n->bn_eps};
        y = gd_net_op(n, "batch_norm", &attr, 5, in, NULL);
    }
    gd_net_leave(n, mark);
    return y;
}

int gd_net_linear(gd_net *n, int x, const char *name, int k, bool flatten, bool class_head) {
    const size_t    mark = gd_net_enter(n, "%s", name);
    int64_t         h = 0, w = 0, columns = 0;
    gd_weight_spec *s;
    int             in[3];
    if (n->st == GD_OK && x >= 0) {
        const gd_tensor *t = &n->g->value[x].t;
        columns = gd_tensor_channels(t);
        if (flatten) {
            h = t->dim[1];
            w = t->dim[2];
            columns *= h * w;
            /* The module's own name is for its output. */
            const size_t inner = gd_net_enter(n, "flatten");
            x = gd_net_reshape(n, x, 2, (const int64_t[]){t->dim[0], columns});
            gd_net_leave(n, inner);
        }
    }
    in[0] = x;
    in[1] = weight(n, "weight", GD_WEIGHT_LINEAR, 2, (const int64_t[]){k, columns}, 1, &s);
    if (s) {
        s->flat_h = (int)h;
        s->flat_w = (int)w;
        s->class_head = class_head;
    }
    if (in[1] >= 0) {
        in[2] = weight(n, "bias", GD_WEIGHT_VECTOR, 1, n->g->value[in[1]].t.dim, 0, &s);
        if (s) s->class_head = class_head;
    }
    const int y = gd_net_op(n, "linear", NULL, 3, in, NULL);
    gd_net_leave(n, mark);
    return y;
}

int gd_net_max_pool(gd_net *n, int x, const char *module, int size, int stride, int pad) {
    const gd_max_pool2d a = {
        .size = {size, size}, .stride = {stride, stride}, .pad = {pad, pad}};
    const size_t mark = gd_net_enter(n, "%s", module);
    const int    y = gd_net_op(n, "max_pool2d", &a, 1, &x, NULL);
    gd_net_leave(n, mark);
    return y;
}

int gd_net_concat(gd_net *n, int axis, int count, const int *in) {
    const gd_concat a = {.axis = axis};
    return count == 1 ? in[0] : gd_net_op(n, "concat", &a, count, in, NULL);
}

int gd_net_reshape(gd_net *n, int x, int ndim, const int64_t *dim) {
    gd_reshape a = {.ndim = ndim};
    for (int i = 0; i < ndim; i++) a.dim[i] = (int32_t)dim[i];
    return gd_net_op(n, "reshape", &a, 1, &x, NULL);
}

int gd_net_upsample_like(gd_net *n, int x, int like) {
    const gd_resize a = {.mode = GD_RESIZE_NEAREST,
                         .out_h = (int32_t)gd_net_dim(n, like, 1),
                         .out_w = (int32_t)gd_net_dim(n, like, 2)};
    return gd_net_op(n, "resize", &a, 1, &x, NULL);
}
