/* net.h -- building a network's graph from named weights, without checking every call.
 *
 * A gd_net wraps a graph under construction. Calls return a value id and take value ids; after
 * the first failure every call does nothing and returns -1, and gd_net_status tells what went
 * wrong, so that a model reads as a list of its layers.
 *
 * Weights are asked for by their PyTorch module path and a nominal shape. With a source the
 * widths are those of the tensors found (a pruned model needs no new code); without one
 * ("nominal") the graph is built from the nominal shapes alone: that is how the converter knows
 * which tensors a model wants, and how they must be permuted. */
#ifndef GD_LAYERS_NET_H
#define GD_LAYERS_NET_H

#include "engine/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_weight_kind {
    GD_WEIGHT_CONV,   /* PyTorch [K, C/groups, R, S] -> here [K, R, S, C/groups] */
    GD_WEIGHT_LINEAR, /* [K, C]; after a flatten, columns (c, h, w) -> (h, w, c) */
    GD_WEIGHT_VECTOR  /* [C], unchanged */
} gd_weight_kind;

typedef struct gd_weight_spec {
    const char    *name; /* module path, "backbone.body.conv1.weight" */
    gd_weight_kind kind;
    int            ndim;
    int64_t        dim[4];         /* nominal, in our layout */
    int            flat_h, flat_w; /* LINEAR after a flatten of [flat_h, flat_w, C]; else 0 */
    bool           class_head;     /* its first axis depends on the number of classes */
} gd_weight_spec;

/* Finds a float32 tensor in our layout by name; data stays the source's and outlives the
 * graph. */
typedef struct gd_weight_source {
    const void *ctx;
    bool (*find)(const void *ctx, const char *name, gd_tensor *out);
} gd_weight_source;

/* What a builder may ask of the file beyond values: which weights it has, for depths that no
 * shape tells, and what else it says (metadata, as a Darknet model's description). Either
 * function may be NULL. */
typedef struct gd_net_facts {
    const void *ctx;
    bool (*has)(const void *ctx, const char *name);
    const char *(*meta)(const void *ctx, const char *key); /* NULL: no such key */
} gd_net_facts;

/* What a network that trains asks of its trainer. Weights that train are variables of the graph
 * (gd_graph_variable) under the names that files give them, once however often a builder asks
 * (a head that several maps share); the trainer fills and binds them. Everything else is a
 * constant as it is at inference. */
typedef struct gd_net_train {
    const void *ctx;
    bool (*trains)(const void *ctx, const char *name); /* weight `name` is a variable */
    /* Batch norm layers whose weight trains normalise by the batch and keep running values,
     * which `trains` is asked for too. False: all are frozen, as in torchvision's detectors. */
    bool  batch_norm;
    float bn_momentum; /* of running values; PyTorch's is 0.1 */
} gd_net_train;

typedef struct gd_net {
    gd_graph               *g;
    const gd_weight_source *source; /* NULL: nominal */
    const gd_net_train     *train;  /* NULL: inference */
    const gd_net_facts     *facts;  /* NULL: no file, or one of which nothing is asked */
    gd_status               st;
    gd_error               *err;
    char path[256]; /* module path of the layers added now; nodes are named after it */
    int  n_spec, cap_spec;
    gd_weight_spec *spec; /* every weight asked for, in order; in the graph's arena */
    float           bn_eps;
    int             n_class;     /* outputs of the class head */
    bool            multi_label; /* the recipe's post.multi_label */
} gd_net;

void gd_net_init(gd_net *n, gd_graph *g, const gd_weight_source *source, gd_error *err);
bool gd_net_ok(const gd_net *n);
/* Records a failure of the builder's own. Returns -1. */
int gd_net_fail(gd_net *n, gd_status st, const char *fmt, ...) GD_PRINTF(3, 4);

/* Extends the module path ("layer%d.%d"); the mark restores it. */
size_t gd_net_enter(gd_net *n, const char *fmt, ...) GD_PRINTF(2, 3);
void   gd_net_leave(gd_net *n, size_t mark);

/* True when the file has weight `path.leaf`; false where there is no file. */
bool gd_net_has(const gd_net *n, const char *leaf);
/* How many of the weights `path.fmt` (with 0, 1, 2, ... for its one %d) the file has, up to the
 * first that is missing; `nominal` where there is no file, or none of them in it. */
int gd_net_depth(const gd_net *n, const char *fmt, int nominal);
/* Metadata of the file; NULL: it has none of that name, or there is no file. */
const char *gd_net_meta(const gd_net *n, const char *key);

/* The constant holding weight `path.leaf`; its variable where it trains. */
int gd_net_weight(gd_net *n, const char *leaf, gd_weight_kind kind, int ndim,
                  const int64_t *nominal);
/* The constant of an embedding `path.leaf`: as many rows as the file has, nominally `rows`. */
int gd_net_table(gd_net *n, const char *leaf, int rows, int columns);
/* One operator; its n_out values go to out[] (may be NULL); returns out[0]. */
int gd_net_op(gd_net *n, const char *op, const void *attr, int n_in, const int *in, int *out);
/* An operator without attributes as submodule `module` ("relu"). */
int gd_net_unary(gd_net *n, const char *module, const char *op, int x);
int gd_net_add(gd_net *n, int a, int b);
/* Dimension of a value, 0 after a failure. */
int64_t gd_net_dim(const gd_net *n, int value, int axis);

typedef struct gd_conv_args {
    int  k;         /* nominal output channels */
    int  size;      /* square window */
    int  stride;    /* 0: 1 */
    int  pad;       /* all four sides */
    int  dilation;  /* 0: 1 */
    bool depthwise; /* one filter a channel */
    bool bias;
    bool class_head;
} gd_conv_args;

/* Weights `path.name.weight` (and .bias). */
int gd_net_conv(gd_net *n, int x, const char *name, const gd_conv_args *a);
/* The constant of a convolution's weight at the current path, for builders that rearrange
 * it. */
int gd_net_conv_weight(gd_net *n, const int64_t nominal[4]);
/* `path.name.{weight,bias,running_mean,running_var}` with the model's epsilon; batch_norm_train
 * where the layer trains. */
int gd_net_batch_norm(gd_net *n, int x, const char *name);
/* x [..., C], or [B, H, W, C] with `flatten`, -> [..., k]; with bias. */
int gd_net_linear(gd_net *n, int x, const char *name, int k, bool flatten, bool class_head);
int gd_net_max_pool(gd_net *n, int x, const char *module, int size, int stride, int pad);
int gd_net_concat(gd_net *n, int axis, int count, const int *in);
int gd_net_reshape(gd_net *n, int x, int ndim, const int64_t *dim);
/* Nearest upsampling to the height and width of `like`, never by a factor. */
int gd_net_upsample_like(gd_net *n, int x, int like);

#ifdef __cplusplus
}
#endif
#endif
