/* darknet.c -- YOLOv3, YOLOv4, their tiny versions and Yolo-Fastest, as their .cfg says.
 *
 * The .cfg is in the file's metadata ("darknet.cfg"); a module's path is the number of its
 * layer. Arithmetic, paddings, boxes and suppression are Darknet's. */
#include <string.h>

#include "kernels/activation/activation.h"
#include "kernels/box_restore/box_restore.h"
#include "kernels/class_boxes/class_boxes.h"
#include "kernels/concat/concat.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/nms/nms.h"
#include "kernels/pool/pool.h"
#include "kernels/resize/resize.h"
#include "kernels/slice/slice.h"
#include "kernels/yolo_decode/yolo_decode.h"
#include "layers/blocks/blocks.h"
#include "weights/import/darknet_cfg.h"

/* Candidates that go into suppression: more scores than that hardly ever pass a threshold, and
 * then the best of them are enough. */
enum { MOST_CANDIDATES = 1 << 17 };

/* ---- layers ------------------------------------------------------------------------------ */

static int activate(gd_net *n, int x, gd_cfg_activation act) {
    static const char *const   op[] = {[GD_CFG_LEAKY] = "leaky_relu",
                                       [GD_CFG_RELU] = "relu",
                                       [GD_CFG_MISH] = "mish",
                                       [GD_CFG_SWISH] = "silu",
                                       [GD_CFG_LOGISTIC] = "sigmoid"};
    static const gd_leaky_relu leaky = {.slope = 0.1f};
    if (act == GD_CFG_LINEAR) return x;
    const size_t mark = gd_net_enter(n, "act");
    const int    y = gd_net_op(n, op[act], act == GD_CFG_LEAKY ? &leaky : NULL, 1, &x, NULL);
    gd_net_leave(n, mark);
    return y;
}

static int convolutional(gd_net *n, const gd_cfg_layer *l, int x) {
    const int64_t   nominal[4] = {l->c, l->size, l->size, l->in_c / l->groups}, k = l->c;
    const gd_conv2d attr = {.stride = {l->stride[0], l->stride[1]},
                            .pad = {l->pad, l->pad, l->pad, l->pad},
                            .dilation = {l->dilation, l->dilation},
                            .groups = l->groups};
    const size_t    mark = gd_net_enter(n, "conv");
    int             in[3] = {x, -1, -1};
    in[1] = gd_net_weight(n, "weight", GD_WEIGHT_CONV, 4, nominal);
    if (!l->norm) in[2] = gd_net_weight(n, "bias", GD_WEIGHT_VECTOR, 1, &k);
    x = gd_net_op(n, "conv2d", &attr, l->norm ? 2 : 3, in, NULL);
    gd_net_leave(n, mark);
    return activate(n, l->norm ? gd_net_batch_norm(n, x, "bn") : x, l->act);
}

static int cut(gd_net *n, int x, int axis, int start, int stop) {
    const gd_slice a = {.axis = axis, .start = start, .stop = stop, .step = 1};
    return gd_net_op(n, "slice", &a, 1, &x, NULL);
}

/* An odd padding is one wider at the end of an axis. With stride 1 an even one that is too wide
 * by 1 at the start gives a first row and column too many; windows of 2 with stride 2 reach
 * beyond the end only, as ceil_mode has them. */
static int maxpool(gd_net *n, const gd_cfg_layer *l, int x) {
    const bool          odd = l->pad % 2 != 0, halves = odd && l->stride[0] == 2;
    const int           pad = halves ? 0 : (l->pad + 1) / 2;
    const gd_max_pool2d a = {.size = {l->size, l->size},
                             .stride = {l->stride[0], l->stride[1]},
                             .pad = {pad, pad},
                             .ceil_mode = halves};
    x = gd_net_op(n, "max_pool2d", &a, 1, &x, NULL);
    if (!odd || halves) return x;
    x = cut(n, x, 1, 1, INT32_MAX);
    return cut(n, x, 2, 1, INT32_MAX);
}

static int route(gd_net *n, const gd_cfg_layer *l, const int *value) {
    int in[GD_CFG_MAX_FROM];
    for (int i = 0; i < l->n_from; i++) {
        in[i] = value[l->from[i]];
        const int part = (int)gd_net_dim(n, in[i], 3) / l->groups;
        if (l->groups > 1)
            in[i] = cut(n, in[i], 3, l->group_id * part, (l->group_id + 1) * part);
    }
    return gd_net_concat(n, 3, l->n_from, in);
}

static int shortcut(gd_net *n, const gd_cfg_layer *l, int x, const int *value) {
    for (int i = 0; i < l->n_from; i++) x = gd_net_add(n, x, value[l->from[i]]);
    return activate(n, x, l->act);
}

static int upsample(gd_net *n, const gd_cfg_layer *l, int x) {
    const gd_resize a = {.mode = GD_RESIZE_NEAREST,
                         .out_h = (int32_t)gd_net_dim(n, x, 1) * l->stride[0],
                         .out_w = (int32_t)gd_net_dim(n, x, 2) * l->stride[1]};
    return gd_net_op(n, "resize", &a, 1, &x, NULL);
}

static int add_layer(gd_net *n, const gd_cfg_layer *l, int x, const int *value) {
    switch (l->kind) {
    case GD_CFG_CONVOLUTIONAL: return convolutional(n, l, x);
    case GD_CFG_MAXPOOL: return maxpool(n, l, x);
    case GD_CFG_ROUTE: return route(n, l, value);
    case GD_CFG_SHORTCUT: return shortcut(n, l, x, value);
    case GD_CFG_UPSAMPLE: return upsample(n, l, x);
    case GD_CFG_DROPOUT:
    case GD_CFG_YOLO: break; /* nothing at inference; decoded together with the others */
    }
    return x;
}

/* ---- boxes ------------------------------------------------------------------------------- */

/* Cells of a head are as large as the picture divides, in whole pixels, the same both ways. */
static int32_t stride_of(gd_net *n, int image, int head) {
    const int64_t h = gd_net_dim(n, head, 1), w = gd_net_dim(n, head, 2);
    const int64_t H = gd_net_dim(n, image, 1), W = gd_net_dim(n, image, 2);
    if (!gd_net_ok(n)) return 1;
    if (H % h == 0 && W % w == 0 && H / h == W / w) return (int32_t)(H / h);
    gd_net_fail(n, GD_ERR_ARG, "an input of %lld x %lld does not divide into %lld x %lld cells",
                (long long)W, (long long)H, (long long)w, (long long)h);
    return 1;
}

/* Heads to detections: every class of every anchor is one. */
static void detect(gd_net *n, const gd_cfg *cfg, const gd_net_options *opt, const int *value,
                   int image, int geom) {
    gd_yolo_decode     decode = {.multi = 1};
    const gd_cfg_head *first = NULL;
    int                in[GD_CFG_MAX_HEADS], d[3] = {-1, -1, -1}, picked[3];
    int                c[6] = {-1, -1, -1, -1, -1, -1}, kept[4] = {-1, -1, -1, -1};
    for (int i = 0; i < cfg->n_layer; i++) {
        const gd_cfg_head *h = cfg->layer[i].head;
        if (!h) continue;
        const int at = decode.n_level++;
        first = h;
        in[at] = value[i];
        decode.stride[at] = stride_of(n, image, value[i]);
        decode.n_anchor[at] = h->n_anchor;
        decode.scale_xy[at] = h->scale_xy;
        memcpy(decode.anchor[at], h->anchor, sizeof h->anchor);
    }
    if (!first || !gd_net_ok(n)) return;
    decode.form = first->new_coords ? GD_YOLO_SQUARE : GD_YOLO_EXP;
    decode.logits = !first->new_coords;
    gd_net_op(n, "yolo_decode", &decode, decode.n_level, in, d);
    const int64_t        all = gd_net_dim(n, d[1], 1) * gd_net_dim(n, d[1], 2);
    const gd_class_boxes candidates = {
        .min_score = opt->conf,
        .background = -1,
        .capacity = (int32_t)(all < MOST_CANDIDATES ? all : MOST_CANDIDATES)};
    /* Darknet suppresses in pixels of the picture: its distances depend on the aspect. */
    const gd_box_restore restore = {.mode = GD_RESTORE_RATIO};
    const int boxes = gd_net_op(n, "box_restore", &restore, 2, (const int[]){d[0], geom}, NULL);
    gd_net_op(n, "class_boxes", &candidates, 2, (const int[]){d[1], boxes}, c);
    const gd_nms nms = {.iou = opt->iou,
                        .min_score = -1,
                        .max_out = gd_block_max_out(n, c[0], opt->max_det),
                        .beta = first->beta};
    gd_net_op(n, "nms", &nms, 4, (const int[]){c[0], c[1], opt->agnostic_nms ? -1 : c[2], c[3]},
              kept);
    gd_net_op(n, "gather_boxes", NULL, 5, (const int[]){c[0], c[1], c[2], kept[0], kept[1]},
              picked);
    /* Without a limit on detections only the candidates can have been too many. */
    gd_block_detections(n,
                        (const int[]){picked[0], picked[1], picked[2], kept[1], c[5],
                                      opt->max_det ? kept[3] : c[4]},
                        geom, GD_RESTORE_DONE, true);
}

static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    const char *text = gd_net_meta(n, "darknet.cfg");
    gd_cfg      cfg;
    int        *value, x = image;
    (void)arch;
    if (!text) {
        /* Without a file there is no network. */
        if (n->source) gd_net_fail(n, GD_ERR_FORMAT, "the file holds no 'darknet.cfg'");
        return;
    }
    n->st = gd_cfg_read("darknet.cfg", text, strlen(text), n->g->arena, &cfg, n->err);
    if (!gd_net_ok(n)) return;
    if (cfg.classes != n->n_class) {
        gd_net_fail(n, GD_ERR_SHAPE, "the .cfg has %d classes, not %d", cfg.classes,
                    n->n_class);
        return;
    }
    value = gd_arena_array(n->g->arena, (size_t)cfg.n_layer, sizeof *value);
    if (!value) {
        gd_net_fail(n, GD_ERR_NOMEM, "no memory for %d layers", cfg.n_layer);
        return;
    }
    for (int i = 0; i < cfg.n_layer && gd_net_ok(n); i++) {
        const size_t mark = gd_net_enter(n, "%d", i);
        value[i] = x = add_layer(n, &cfg.layer[i], x, value);
        gd_net_leave(n, mark);
    }
    const size_t mark = gd_net_enter(n, "detect");
    if (gd_net_ok(n)) detect(n, &cfg, opt, value, image, geom);
    gd_net_leave(n, mark);
}

const gd_arch gd_arch_darknet = {
    .name = "darknet",
    .truth = "Darknet, by its .cfg",
    .task = GD_TASK_DETECT,
    .n_class = 80,
    .names = "coco80",
    .recipe = (const gd_meta_pair[]){{"input.rule", "stretch"},
                                     {"input.size", "416x416"},
                                     {"input.filter", "corners"},
                                     {"input.order", "rgb"},
                                     {"input.scale", "0.00392156862745098"},
                                     {"input.mean", "0,0,0"},
                                     {"input.std", "1,1,1"},
                                     {"input.pad", "0,0,0"},
                                     {"post.conf", "0.001"},
                                     {"post.iou", "0.45"},
                                     {"post.max_det", "0"},
                                     {"bn_eps", "0.00001"},
                                     {0}},
    .build = build,
    .facts = (const char *const[]){"darknet.cfg", NULL},
    .nominal_h = 128,
    .nominal_w = 128};
