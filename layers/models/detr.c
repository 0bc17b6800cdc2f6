/* detr.c -- DETR (Carion et al. 2020): a ResNet, an encoder and a decoder of queries, no
 * suppression.
 *
 * Module paths are those of the published files; the names of `transformers` are mapped to
 * them. Positions are sines of the coordinates on the unpadded picture, added to queries and
 * keys of every attention; padding never answers. The decoder begins with zeros, so all that it
 * does before it first looks at the picture is constant and folded. */
#include <string.h>

#include "kernels/box_restore/box_restore.h"
#include "kernels/hungarian/hungarian.h"
#include "kernels/loss_iou/loss_iou.h"
#include "kernels/loss_l1/loss_l1.h"
#include "kernels/loss_softmax/loss_softmax.h"
#include "kernels/match_labels/match_labels.h"
#include "kernels/nms/nms.h"
#include "kernels/sine_position/sine_position.h"
#include "layers/blocks/blocks.h"
#include "layers/blocks/losses.h"
#include "layers/blocks/transformer.h"

enum { HEADS = 8, WIDTH = 256, HIDDEN = 2048, QUERIES = 100, LAYERS = 6, MOST_LAYERS = 16 };

/* What the encoder makes of the picture, all [B, h * w, ...]. */
typedef struct memory {
    int value, position, mask;
} memory;

/* Values of [B, h, w] or [B, h, w, C] as [B, h * w] or [B, h * w, C]. */
static int flatten(gd_net *n, int x, const char *name, bool channels) {
    const int64_t dim[3] = {gd_net_dim(n, x, 0), gd_net_dim(n, x, 1) * gd_net_dim(n, x, 2),
                            channels ? gd_net_dim(n, x, 3) : 0};
    const size_t  mark = gd_net_enter(n, "%s", name);
    const int     y = gd_net_reshape(n, x, channels ? 3 : 2, dim);
    gd_net_leave(n, mark);
    return y;
}

/* The padding mask at the size of `feature`, and the positions on it. */
static void place(gd_net *n, int image, int feature, int geom, memory *m) {
    const gd_padding_mask  pad = {.h = (int32_t)gd_net_dim(n, feature, 1),
                                  .w = (int32_t)gd_net_dim(n, feature, 2),
                                  .net_h = (int32_t)gd_net_dim(n, image, 1),
                                  .net_w = (int32_t)gd_net_dim(n, image, 2)};
    const gd_sine_position sine = {.channels = (int32_t)gd_net_dim(n, feature, 3),
                                   .temperature = 10000,
                                   .scale = 6.283185307179586f};
    const size_t           mark = gd_net_enter(n, "backbone.1");
    const int              mask = gd_net_op(n, "padding_mask", &pad, 1, &geom, NULL);
    m->position = gd_net_op(n, "sine_position", &sine, 1, &mask, NULL);
    m->mask = flatten(n, mask, "mask", false);
    gd_net_leave(n, mark);
}

/* Layers of the file at the current path: one that lacks a weight counts, and is refused. */
static int count_layers(const gd_net *n) {
    const int first = gd_net_depth(n, "layers.%d.linear1.weight", LAYERS);
    const int second = gd_net_depth(n, "layers.%d.linear2.weight", LAYERS);
    return first > second ? first : second;
}

static void encoder(gd_net *n, memory *m) {
    const size_t mark = gd_net_enter(n, "transformer.encoder");
    const int    depth = count_layers(n);
    for (int i = 0; i < depth; i++) {
        const size_t at = gd_net_enter(n, "layers.%d", i);
        m->value = gd_block_self_attention(n, m->value, m->position, m->mask, HEADS, "norm1");
        m->value = gd_block_feed_forward(n, m->value, HIDDEN, "norm2");
        gd_net_leave(n, at);
    }
    gd_net_leave(n, mark);
}

/* A table that trains [rows, C] as [B, rows, C]. */
static int spread(gd_net *n, int table, int64_t B, int64_t rows, int64_t C) {
    const int64_t dim[3] = {1, rows, C};
    int           copy[GD_MAX_IN], count = 1;
    copy[0] = gd_net_reshape(n, table, 3, dim);
    const int one = copy[0];
    for (int64_t b = 1; b < B; b++) {
        copy[count++] = one;
        if (count < GD_MAX_IN) continue;
        copy[0] = gd_net_concat(n, 0, count, copy);
        count = 1;
    }
    return gd_net_concat(n, 0, count, copy);
}

/* A constant [B, rows, C]: `table` for each picture, or zeros where it is -1. */
static int repeat(gd_net *n, const char *name, int table, int64_t B, int64_t rows, int64_t C) {
    const int64_t dim[3] = {B, rows, C};
    const size_t  bytes = (size_t)(rows * C) * sizeof(float);
    int           id = -1;
    if (!gd_net_ok(n)) return -1;
    n->st = gd_graph_const_new(n->g, name, GD_F32, 3, dim, &id, n->err);
    if (!gd_net_ok(n)) return -1;
    char       *to = n->g->value[id].t.data;
    const char *from = table < 0 ? NULL : n->g->value[table].t.data;
    for (int64_t b = 0; b < B && to; b++, to += bytes)
        if (from)
            memcpy(to, from, bytes);
        else
            memset(to, 0, bytes);
    return id;
}

/* Part `part` of the encoder's values, projected for all layers of the decoder at once. */
static int project_all(gd_net *n, int x, int part, int depth, int64_t C) {
    int weight[MOST_LAYERS], bias[MOST_LAYERS];
    for (int i = 0; i < depth; i++) {
        const size_t        mark = gd_net_enter(n, "layers.%d.multihead_attn", i);
        const gd_projection p = gd_block_projection(n, part, 1, C);
        gd_net_leave(n, mark);
        weight[i] = p.weight;
        bias[i] = p.bias;
    }
    const size_t        mark = gd_net_enter(n, part == GD_PART_KEY ? "keys" : "values");
    const gd_projection all = {gd_net_concat(n, 0, depth, weight),
                               gd_net_concat(n, 0, depth, bias)};
    const int           y = gd_block_project(n, x, all);
    gd_net_leave(n, mark);
    return y;
}

/* What each layer makes of the queries goes to out[MOST_LAYERS], normed; returns how many there
 * are. last: only that of the last layer is wanted. */
static int decoder(gd_net *n, const memory *m, bool last, int *out) {
    const int64_t B = gd_net_dim(n, m->value, 0), C = gd_net_dim(n, m->value, 2);
    const int     table = gd_net_table(n, "query_embed.weight", QUERIES, (int)C);
    const int64_t rows = gd_net_dim(n, table, 0);
    const bool    fixed = table < 0 || n->g->value[table].kind == GD_VALUE_CONST;
    const int     position =
        fixed ? repeat(n, "query_embed", table, B, rows, C) : spread(n, table, B, rows, C);
    int          x = repeat(n, "query_embed.start", -1, B, rows, C);
    const size_t mark = gd_net_enter(n, "transformer.decoder");
    const int    depth = count_layers(n);
    if (depth > MOST_LAYERS)
        gd_net_fail(n, GD_ERR_UNSUPPORTED, "%d layers, at most %d are supported", depth,
                    MOST_LAYERS);
    if (!gd_net_ok(n)) return 0;
    const int placed = gd_net_add(n, m->value, m->position);
    const int keys = project_all(n, placed, GD_PART_KEY, depth, C);
    const int values = project_all(n, m->value, GD_PART_VALUE, depth, C);
    for (int i = 0; i < depth; i++) {
        const size_t at = gd_net_enter(n, "layers.%d", i);
        x = gd_block_self_attention(n, x, position, -1, HEADS, "norm1");
        const size_t inner = gd_net_enter(n, "multihead_attn");
        const int    q = gd_block_project_placed(n, x, position, GD_PART_QUERY, 1);
        const int    y = gd_block_attend(n, q, gd_block_part(n, keys, i, C),
                                         gd_block_part(n, values, i, C), m->mask, HEADS);
        gd_net_leave(n, inner);
        x = gd_block_add_norm(n, x, y, "norm2");
        x = gd_block_feed_forward(n, x, HIDDEN, "norm3");
        gd_net_leave(n, at);
        if (!last || i + 1 == depth) out[i] = gd_block_layer_norm(n, x, "norm");
    }
    gd_net_leave(n, mark);
    return depth;
}

/* Logits of the queries [B, Q, classes + 1]; *boxes: theirs, before the sigmoid. */
static int heads(gd_net *n, int x, int *boxes) {
    static const char *const layer[3] = {"0", "1", "2"};
    const int    logits = gd_net_linear(n, x, "class_embed", n->n_class + 1, false, true);
    const size_t mark = gd_net_enter(n, "bbox_embed.layers");
    for (int i = 0; i < 3; i++) {
        x = gd_net_linear(n, x, layer[i], i < 2 ? WIDTH : 4, false, false);
        if (i < 2) x = gd_net_unary(n, "relu", "relu", x);
    }
    if (gd_net_ok(n) && gd_net_dim(n, x, 2) != 4)
        gd_net_fail(n, GD_ERR_SHAPE, "%lld outputs for a box", (long long)gd_net_dim(n, x, 2));
    gd_net_leave(n, mark);
    *boxes = x;
    return logits;
}

/* Classes and boxes of the queries, best first. */
static void detect(gd_net *n, const gd_net_options *opt, int x, int geom) {
    int          d[3] = {-1, -1, -1}, kept[4] = {-1, -1, -1, -1}, picked[3], boxes;
    const int    logits = heads(n, x, &boxes);
    const size_t end = gd_net_enter(n, "postprocess");
    gd_net_op(n, "query_decode", NULL, 2, (int[]){logits, boxes}, d);
    /* Nothing overlaps by more than 1: what passes is sorted, and none suppressed. */
    const gd_nms sort = {.iou = 1,
                         .min_score = opt->conf,
                         .strict_score = 1,
                         .max_out = gd_block_max_out(n, d[0], opt->max_det)};
    gd_net_op(n, "nms", &sort, 3, d, kept);
    gd_net_op(n, "gather_boxes", NULL, 5, (int[]){d[0], d[1], d[2], kept[0], kept[1]}, picked);
    gd_block_detections(
        n, (const int[]){picked[0], picked[1], picked[2], kept[1], kept[2], kept[3]}, geom,
        GD_RESTORE_RELATIVE, false);
    gd_net_leave(n, end);
}

/* As decoder() leaves it. */
static int forward(gd_net *n, const gd_arch *arch, int image, int geom, bool last, int *out) {
    const bool         dilate[3] = {false, false, arch->config[4] != 0};
    const gd_conv_args narrow = {.k = WIDTH, .size = 1, .bias = true};
    int                stage[4];
    memory             m;
    const size_t       mark = gd_net_enter(n, "backbone.0.body");
    gd_block_resnet(n, image, arch->config, true, dilate, stage);
    gd_net_leave(n, mark);
    const int feature = gd_net_conv(n, stage[3], "input_proj", &narrow);
    place(n, image, feature, geom, &m);
    m.value = flatten(n, feature, "flatten", true);
    encoder(n, &m);
    return decoder(n, &m, last, out);
}

static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    int       out[MOST_LAYERS] = {0};
    const int depth = forward(n, arch, image, geom, true, out);
    detect(n, opt, depth ? out[depth - 1] : -1, geom);
}

/* ---- training ---------------------------------------------------------------------------- */

enum { CLASSES, L1, GIOU, LOSSES };

/* The ground truth as the heads see it. */
typedef struct wanted {
    int                    box; /* [B, G, 4]: centre and size in units of the picture */
    const gd_truth_values *truth;
} wanted;

/* The losses of one layer's queries: its own assignment to the ground truth; cross-entropy of
 * all, a query without an object weighing a tenth, divided by the sum of the weights; L1 and
 * GIoU of those assigned, divided by the number of objects. */
static void layer_losses(gd_net *n, int x, const wanted *w, int loss[LOSSES]) {
    const gd_hungarian             rule = {.class_cost = 1, .l1 = 5, .giou = 2};
    const gd_match_labels          labels = {.background = n->n_class, .extra = 9};
    const gd_softmax_cross_entropy entropy = {.loss = {.factor = 1, .min_norm = 1, .total = 1}};
    const gd_smooth_l1             l1 = {.loss = {.factor = 5, .min_norm = 1, .total = 1}};
    const gd_loss                  apart = {.factor = 2, .min_norm = 1, .total = 1};
    const gd_iou_loss              giou = {.loss = apart, .kind = GD_IOU_GENERAL, .center = 1};
    const gd_truth_values         *truth = w->truth;
    int                            t[5] = {-1, -1, -1, -1, -1}, boxes;
    const int                      logits = heads(n, x, &boxes);
    const size_t                   mark = gd_net_enter(n, "loss");
    boxes = gd_net_unary(n, "sigmoid", "sigmoid", boxes);
    const int match =
        gd_net_op(n, "hungarian", &rule, 5,
                  (const int[]){logits, boxes, w->box, truth->labels, truth->count}, NULL);
    gd_net_op(n, "match_labels", &labels, 2, (const int[]){match, truth->labels}, t);
    const int box = gd_net_op(n, "gather_rows", NULL, 2, (const int[]){w->box, match}, NULL);
    const int in[4] = {boxes, box, match, truth->count};
    loss[CLASSES] = gd_net_op(n, "softmax_cross_entropy", &entropy, 4,
                              (const int[]){logits, t[0], t[1], t[1]}, NULL);
    loss[L1] = gd_net_op(n, "smooth_l1", &l1, 4, in, NULL);
    loss[GIOU] = gd_net_op(n, "iou_loss", &giou, 4, in, NULL);
    gd_net_leave(n, mark);
}

/* The set criterion of the published DETR, of every layer of the decoder; without dropout. */
static void train(gd_net *n, const gd_arch *arch, const gd_train_options *opt, int image,
                  int geom, const gd_truth_values *truth) {
    static const char *const name[LOSSES] = {"classification", "bbox", "giou"};
    int                      out[MOST_LAYERS] = {0}, sum[LOSSES] = {-1, -1, -1}, loss[LOSSES];
    const int                depth = forward(n, arch, image, geom, false, out);
    wanted                   w = {.truth = truth};
    (void)opt;
    w.box = gd_net_op(n, "box_center", NULL, 2, (const int[]){truth->boxes, geom}, NULL);
    for (int i = 0; i < depth; i++) {
        layer_losses(n, out[i], &w, loss);
        for (int k = 0; k < LOSSES; k++) sum[k] = i ? gd_net_add(n, sum[k], loss[k]) : loss[k];
    }
    gd_block_losses(n, LOSSES, name, sum);
}

static const gd_meta_pair recipe[] = {{"input.rule", "exact_edge"},
                                      {"input.short", "800"},
                                      {"input.long", "1333"},
                                      {"input.multiple", "1"},
                                      {"input.filter", "pil_bilinear"},
                                      {"input.order", "rgb"},
                                      {"input.scale", "0.00392156862745098"},
                                      {"input.mean", "0.485,0.456,0.406"},
                                      {"input.std", "0.229,0.224,0.225"},
                                      {"input.pad", "0,0,0"},
                                      {"post.conf", "0.5"},
                                      {"post.iou", "1"},
                                      {"post.max_det", "100"},
                                      {"bn_eps", "1e-05"},
                                      {0}};

#define LAYER(part, from, to) \
    { "model." part ".layers.*." from, "transformer." part ".layers.*." to }
/* Keys of `transformers` as those of the published files. */
static const gd_key_rule rules[] = {
    {"model.backbone.conv_encoder.model.*", "backbone.0.body.*"},
    {"model.input_projection.*", "input_proj.*"},
    {"model.query_position_embeddings.*", "query_embed.*"},
    LAYER("encoder", "self_attn.*", "self_attn.*"),
    LAYER("encoder", "self_attn_layer_norm.*", "norm1.*"),
    LAYER("encoder", "fc1.*", "linear1.*"),
    LAYER("encoder", "fc2.*", "linear2.*"),
    LAYER("encoder", "final_layer_norm.*", "norm2.*"),
    LAYER("decoder", "self_attn.*", "self_attn.*"),
    LAYER("decoder", "self_attn_layer_norm.*", "norm1.*"),
    LAYER("decoder", "encoder_attn.*", "multihead_attn.*"),
    LAYER("decoder", "encoder_attn_layer_norm.*", "norm2.*"),
    LAYER("decoder", "fc1.*", "linear1.*"),
    LAYER("decoder", "fc2.*", "linear2.*"),
    LAYER("decoder", "final_layer_norm.*", "norm3.*"),
    {"model.decoder.layernorm.*", "transformer.decoder.norm.*"},
    {"class_labels_classifier.*", "class_embed.*"},
    {"bbox_predictor.*", "bbox_embed.*"},
    {0}};

#define DETR(title, ...)                                                        \
    const gd_arch gd_arch_detr_##title = {.name = "detr_" #title,               \
                                          .truth = "transformers",              \
                                          .task = GD_TASK_DETECT,               \
                                          .n_class = 91,                        \
                                          .names = "coco91",                    \
                                          .recipe = recipe,                     \
                                          .rules = rules,                       \
                                          .config = (const int[]){__VA_ARGS__}, \
                                          .masks_padding = true,                \
                                          .build = build,                       \
                                          .train = train,                       \
                                          .class_key = "class_embed.bias",      \
                                          .class_extra = 1,                     \
                                          .nominal_h = 64,                      \
                                          .nominal_w = 64}
DETR(resnet50, 3, 4, 6, 3, 0);
DETR(resnet101, 3, 4, 23, 3, 0);
DETR(resnet50_dc5, 3, 4, 6, 3, 1);
