/* yolox.c -- YOLOX (Ge et al. 2021), nano to x: CSPDarknet, PAFPN, decoupled head.
 *
 * Module paths are those of the official implementation. Names of levels: dark3, dark4, dark5
 * are the backbone's maps at strides 8, 16, 32. */
#include <math.h>
#include <string.h>

#include "kernels/cell_boxes/cell_boxes.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/loss_iou/loss_iou.h"
#include "kernels/loss_l1/loss_l1.h"
#include "kernels/loss_sigmoid/loss_sigmoid.h"
#include "kernels/match_labels/match_labels.h"
#include "kernels/simota/simota.h"
#include "kernels/slice/slice.h"
#include "kernels/yolox_decode/yolox_decode.h"
#include "layers/blocks/blocks.h"
#include "layers/blocks/losses.h"

enum { LEVELS = 3 };

/* Depth and width multipliers in hundredths, depthwise: gd_arch.config. */
typedef struct scale {
    double depth, width;
    bool   depthwise;
} scale;

static scale scale_of(const gd_arch *a) {
    return (scale){a->config[0] / 100.0, a->config[1] / 1000.0, a->config[2] != 0};
}

static int csp(gd_net *n, int x, const char *name, int k, int blocks, bool shortcut,
               bool depthwise) {
    return gd_block_csp(n, x, name, &(gd_csp_args){"conv", k, blocks, shortcut, depthwise});
}

/* Weights [K, 3, 3, 12] over the four phases of 2x2 pixels are weights [K, 6, 6, 3] over the
 * pixels: phase order is (y, x) = (0,0), (1,0), (0,1), (1,1), three channels each. */
static void spread_phases(const gd_tensor *w, gd_tensor *full) {
    const float *src = w->data;
    float       *dst = full->data;
    for (int64_t k = 0; k < full->dim[0]; k++)
        for (int y = 0; y < 6; y++)
            for (int x = 0; x < 6; x++)
                for (int c = 0; c < 3; c++) {
                    const int phase = (y & 1) + 2 * (x & 1);
                    dst[((k * 6 + y) * 6 + x) * 3 + c] =
                        src[((k * 3 + y / 2) * 3 + x / 2) * 12 + phase * 3 + c];
                }
}

/* The stem of a constant weight as one 6x6 stride-2 convolution: no slices, no joining. */
static int conv_6x6(gd_net *n, int image, int w) {
    const gd_conv2d attr = {
        .stride = {2, 2}, .pad = {2, 2, 2, 2}, .dilation = {1, 1}, .groups = 1};
    const int64_t dim[4] = {n->g->value[w].t.dim[0], 6, 6, 3};
    int           full = -1;
    n->st =
        gd_graph_const_new(n->g, "stem.conv.conv.weight 6x6", GD_F32, 4, dim, &full, n->err);
    if (gd_net_ok(n) && n->g->value[w].t.data)
        spread_phases(&n->g->value[w].t, &n->g->value[full].t);
    return gd_net_op(n, "conv2d", &attr, 2, (const int[]){image, full}, NULL);
}

/* The stem of a weight that trains, as it is defined: the phases of 2x2 pixels as channels. */
static int conv_phases(gd_net *n, int image, int w) {
    const gd_conv2d attr = {
        .stride = {1, 1}, .pad = {1, 1, 1, 1}, .dilation = {1, 1}, .groups = 1};
    int phase[4];
    for (int i = 0; i < 4; i++) {
        const gd_slice row = {.axis = 1, .start = i & 1, .stop = INT32_MAX, .step = 2};
        const gd_slice column = {.axis = 2, .start = i >> 1, .stop = INT32_MAX, .step = 2};
        phase[i] = gd_net_op(n, "slice", &row, 1, &image, NULL);
        phase[i] = gd_net_op(n, "slice", &column, 1, &phase[i], NULL);
    }
    const int all = gd_net_concat(n, 3, 4, phase);
    return gd_net_op(n, "conv2d", &attr, 2, (const int[]){all, w}, NULL);
}

static int focus(gd_net *n, int image, int k) {
    const size_t  mark = gd_net_enter(n, "stem.conv");
    const int64_t nominal[4] = {k, 3, 3, 12};
    const size_t  inner = gd_net_enter(n, "conv");
    const int     w = gd_net_conv_weight(n, nominal);
    int           y = -1;
    if (gd_net_ok(n))
        y = n->g->value[w].kind == GD_VALUE_CONST ? conv_6x6(n, image, w)
                                                  : conv_phases(n, image, w);
    gd_net_leave(n, inner);
    y = gd_net_batch_norm(n, y, "bn");
    y = gd_net_unary(n, "act", "silu", y);
    gd_net_leave(n, mark);
    return y;
}

/* dark3, dark4, dark5 into out[0..2]. */
static void backbone(gd_net *n, const scale *s, int image, int out[3]) {
    const int    base = (int)(s->width * 64);
    const int    depth = (int)fmax(round(s->depth * 3), 1);
    const int    blocks[4] = {depth, 3 * depth, 3 * depth, depth};
    const size_t mark = gd_net_enter(n, "backbone.backbone");
    int          x = focus(n, image, base);
    for (int i = 0; i < 4; i++) {
        const int    k = base << (i + 1);
        const size_t inner = gd_net_enter(n, "dark%d", i + 2);
        x = gd_block_silu_conv3(n, x, "0", k, 2, s->depthwise);
        if (i == 3) x = gd_block_sppf(n, x, "1", "conv1", "conv2", k);
        x = csp(n, x, i == 3 ? "2" : "1", k, blocks[i], i < 3, s->depthwise);
        gd_net_leave(n, inner);
        if (i > 0) out[i - 1] = x;
    }
    gd_net_leave(n, mark);
}

static void pafpn(gd_net *n, const scale *s, int level[3]) {
    const int    k[3] = {(int)(256 * s->width), (int)(512 * s->width), (int)(1024 * s->width)};
    const int    blocks = (int)round(3 * s->depth);
    const bool   dw = s->depthwise;
    const size_t mark = gd_net_enter(n, "backbone");
    const int    f0 = gd_block_silu_conv(n, level[2], "lateral_conv0", k[1], 1, 1, false);
    const int p4 = csp(n, gd_block_join_up(n, f0, level[1]), "C3_p4", k[1], blocks, false, dw);
    const int f1 = gd_block_silu_conv(n, p4, "reduce_conv1", k[0], 1, 1, false);
    level[0] = csp(n, gd_block_join_up(n, f1, level[0]), "C3_p3", k[0], blocks, false, dw);
    const int d1[2] = {gd_block_silu_conv3(n, level[0], "bu_conv2", k[0], 2, dw), f1};
    level[1] = csp(n, gd_net_concat(n, 3, 2, d1), "C3_n3", k[1], blocks, false, dw);
    const int d0[2] = {gd_block_silu_conv3(n, level[1], "bu_conv1", k[1], 2, dw), f0};
    level[2] = csp(n, gd_net_concat(n, 3, 2, d0), "C3_n4", k[2], blocks, false, dw);
    gd_net_leave(n, mark);
}

/* One level of the decoupled head: boxes, objectness and classes [B, H, W, ...], raw. */
static void head(gd_net *n, const scale *s, int x, int i, int out[3]) {
    static const char *const digit[3] = {"0", "1", "2"};
    const int                k = (int)(256 * s->width);
    const gd_conv_args       reg = {.k = 4, .size = 1, .bias = true};
    const gd_conv_args       obj = {.k = 1, .size = 1, .bias = true};
    const gd_conv_args cls = {.k = n->n_class, .size = 1, .bias = true, .class_head = true};
    int                branch[2];
    size_t             mark = gd_net_enter(n, "stems");
    x = gd_block_silu_conv(n, x, digit[i], k, 1, 1, false);
    gd_net_leave(n, mark);
    for (int b = 0; b < 2; b++) {
        mark = gd_net_enter(n, b ? "reg_convs.%d" : "cls_convs.%d", i);
        branch[b] = gd_block_silu_conv3(n, gd_block_silu_conv3(n, x, "0", k, 1, s->depthwise),
                                        "1", k, 1, s->depthwise);
        gd_net_leave(n, mark);
    }
    mark = gd_net_enter(n, "cls_preds");
    out[2] = gd_net_conv(n, branch[0], digit[i], &cls);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "reg_preds");
    out[0] = gd_net_conv(n, branch[1], digit[i], &reg);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "obj_preds");
    out[1] = gd_net_conv(n, branch[1], digit[i], &obj);
    gd_net_leave(n, mark);
    /* A wider box or objectness would be read as classes that the model has no names for. */
    if (gd_net_dim(n, out[0], 3) != 4 || gd_net_dim(n, out[1], 3) != 1 ||
        gd_net_dim(n, out[2], 3) != n->n_class)
        gd_net_fail(n, GD_ERR_SHAPE,
                    "level %d has %lld outputs for boxes, %lld for objectness and %lld for "
                    "classes, wanted 4, 1 and %d",
                    i, (long long)gd_net_dim(n, out[0], 3), (long long)gd_net_dim(n, out[1], 3),
                    (long long)gd_net_dim(n, out[2], 3), n->n_class);
}

/* The network up to its heads, under whose path it is left; returns the mark to leave it. */
static size_t forward(gd_net *n, const gd_arch *arch, int image, int out[LEVELS][3]) {
    const scale s = scale_of(arch);
    int         level[LEVELS] = {-1, -1, -1};
    backbone(n, &s, image, level);
    pafpn(n, &s, level);
    const size_t mark = gd_net_enter(n, "head");
    for (int i = 0; i < LEVELS; i++) head(n, &s, level[i], i, out[i]);
    return mark;
}

static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    const gd_yolox_decode decode = {.n_level = LEVELS, .stride = {8, 16, 32}};
    int                   out[LEVELS][3], level[LEVELS], d[3] = {-1, -1, -1};
    const size_t          mark = forward(n, arch, image, out);
    for (int i = 0; i < LEVELS; i++) level[i] = gd_net_concat(n, 3, 3, out[i]);
    gd_net_op(n, "yolox_decode", &decode, LEVELS, level, d);
    gd_block_dense(n, d, opt, &(gd_dense_args){.strict = false, .clip = false}, geom);
    gd_net_leave(n, mark);
}

/* ---- training ---------------------------------------------------------------------------- */

/* What the heads say of all cells of all levels. */
typedef struct cells {
    int box;           /* [B, A, 4], x1 y1 x2 y2 in network pixels */
    int object, class; /* [B, A, 1], [B, A, classes], logits */
    int raw;           /* [B, A, 4], as the head has it */
    int point;         /* [A, 3]: centre and stride */
} cells;

/* [B, H, W, C] as [B, H * W, C]. */
static int in_rows(gd_net *n, int x) {
    return gd_net_reshape(n, x, 3,
                          (const int64_t[]){gd_net_dim(n, x, 0),
                                            gd_net_dim(n, x, 1) * gd_net_dim(n, x, 2),
                                            gd_net_dim(n, x, 3)});
}

/* The constant of the cells' points. out: the maps whose cells they are. */
static int points(gd_net *n, int out[LEVELS][3]) {
    int64_t all = 0;
    int     id = -1;
    for (int i = 0; i < LEVELS; i++)
        all += gd_net_dim(n, out[i][0], 1) * gd_net_dim(n, out[i][0], 2);
    if (!gd_net_ok(n)) return -1;
    n->st = gd_graph_const_new(n->g, "head.points", GD_F32, 2, (const int64_t[]){all, 3}, &id,
                               n->err);
    float *to = gd_net_ok(n) ? n->g->value[id].t.data : NULL;
    for (int i = 0; i < LEVELS && to; i++)
        for (int64_t y = 0; y < gd_net_dim(n, out[i][0], 1); y++)
            for (int64_t x = 0; x < gd_net_dim(n, out[i][0], 2); x++, to += 3) {
                const float stride = (float)(8 << i);
                to[0] = ((float)x + 0.5f) * stride;
                to[1] = ((float)y + 0.5f) * stride;
                to[2] = stride;
            }
    return id;
}

static cells gather(gd_net *n, int out[LEVELS][3]) {
    int box[LEVELS], part[3][LEVELS];
    for (int i = 0; i < LEVELS; i++) {
        const gd_cell_boxes decode = {.stride = 8 << i};
        box[i] = gd_net_op(n, "cell_boxes", &decode, 1, &out[i][0], NULL);
        for (int k = 0; k < 3; k++) part[k][i] = in_rows(n, out[i][k]);
    }
    return (cells){.box = gd_net_concat(n, 1, LEVELS, box),
                   .object = gd_net_concat(n, 1, LEVELS, part[1]),
                   .class = gd_net_concat(n, 1, LEVELS, part[2]),
                   .raw = gd_net_concat(n, 1, LEVELS, part[0]),
                   .point = points(n, out)};
}

/* The losses of the official implementation: overlap, objectness and classes, the latter two
 * cross-entropies, over the number of cells that SimOTA assigned in the batch; and L1 of the
 * raw boxes, where that is asked for (there in the last epochs). */
static void train(gd_net *n, const gd_arch *arch, const gd_train_options *opt, int image,
                  int geom, const gd_truth_values *truth) {
    static const char *const name[] = {"iou", "objectness", "classification", "l1"};
    const gd_simota          rule = {.radius = 1.5f};
    const gd_match_labels    labels = {.first = 0, .background = -1};
    const gd_loss            each = {.factor = 1, .min_norm = 1, .total = 1};
    const gd_iou_loss        overlap = {.loss = {.factor = 5, .min_norm = 1, .total = 1},
                                        .kind = GD_IOU_SQUARED,
                                        .eps = 1e-16f};
    const gd_sigmoid_focal   entropy = {.loss = each, .alpha = -1};
    const gd_smooth_l1       l1 = {.loss = each, .beta = 0};
    int         out[LEVELS][3], a[3] = {-1, -1, -1}, t[5] = {-1, -1, -1, -1, -1}, loss[4];
    size_t      mark = forward(n, arch, image, out);
    const cells c = gather(n, out);
    (void)geom;
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "head.loss");
    gd_net_op(n, "simota", &rule, GD_SIMOTA_IN,
              (const int[]){c.box, c.object, c.class, c.point, truth->boxes, truth->labels,
                            truth->count},
              a);
    /* a: match, its overlap, how many match; t[0]: classes, t[2]: 1 where one matches. */
    gd_net_op(n, "match_labels", &labels, 2, (const int[]){a[0], truth->labels}, t);
    const int box =
        gd_net_op(n, "gather_rows", NULL, 2, (const int[]){truth->boxes, a[0]}, NULL);
    const int is = gd_net_reshape(
        n, t[2], 3, (const int64_t[]){gd_net_dim(n, t[2], 0), gd_net_dim(n, t[2], 1), 1});
    loss[0] =
        gd_net_op(n, "iou_loss", &overlap, 4, (const int[]){c.box, box, a[0], a[2]}, NULL);
    loss[1] =
        gd_net_op(n, "sigmoid_focal", &entropy, 4, (const int[]){c.object, is, -1, a[2]}, NULL);
    loss[2] = gd_net_op(n, "sigmoid_focal", &entropy, 5,
                        (const int[]){c.class, t[0], a[0], a[2], a[1]}, NULL);
    if (opt->l1) {
        const int raw = gd_net_op(n, "cell_encode", NULL, 3,
                                  (const int[]){truth->boxes, a[0], c.point}, NULL);
        loss[3] =
            gd_net_op(n, "smooth_l1", &l1, 4, (const int[]){c.raw, raw, a[0], a[2]}, NULL);
    }
    gd_net_leave(n, mark);
    gd_block_losses(n, opt->l1 ? 4 : 3, name, loss);
}

#define RECIPE(size)                                                                      \
    (const gd_meta_pair[]) {                                                              \
        {"input.rule", "letterbox"}, {"input.size", size}, {"input.filter", "opencv"},    \
            {"input.order", "bgr"}, {"input.scale", "1"}, {"input.mean", "0,0,0"},        \
            {"input.std", "1,1,1"}, {"input.pad", "114,114,114"}, {"post.conf", "0.001"}, \
            {"post.iou", "0.65"}, {"post.max_det", "0"}, {"bn_eps", "0.001"}, {           \
            0                                                                             \
        }                                                                                 \
    }
#define YOLOX(size_name, input, ...)                                                   \
    const gd_arch gd_arch_yolox_##size_name = {.name = "yolox_" #size_name,            \
                                               .truth = "the official implementation", \
                                               .task = GD_TASK_DETECT,                 \
                                               .n_class = 80,                          \
                                               .names = "coco80",                      \
                                               .recipe = RECIPE(input),                \
                                               .config = (const int[]){__VA_ARGS__},   \
                                               .build = build,                         \
                                               .train = train,                         \
                                               .learns_norms = true,                   \
                                               .class_key = "head.cls_preds.0.bias",   \
                                               .nominal_h = 64,                        \
                                               .nominal_w = 64}
YOLOX(nano, "416x416", 33, 250, 1);
YOLOX(tiny, "416x416", 33, 375, 0);
YOLOX(s, "640x640", 33, 500, 0);
YOLOX(m, "640x640", 67, 750, 0);
YOLOX(l, "640x640", 100, 1000, 0);
YOLOX(x, "640x640", 133, 1250, 0);
