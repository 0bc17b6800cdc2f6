/* yolov5.c -- YOLOv5 from version 6 on, n to x: CSP backbone, path aggregation, anchors.
 *
 * Written from the public description of the network: a list of 25 layers, model.0 to model.24,
 * which are also the module paths of its checkpoints. Depths are those of the file, widths its
 * tensors', anchors its own.
 *
 *   0 conv 6x6 /2   1 conv /2   2 csp   3 conv /2   4 csp   5 conv /2   6 csp   7 conv /2
 *   8 csp   9 pyramid pooling   10 .. 13 up to stride 16   14 .. 17 up to stride 8
 *   18 .. 20 down to stride 16   21 .. 23 down to stride 32   24 heads of 17, 20, 23 */
#include <math.h>

#include "kernels/yolo_decode/yolo_decode.h"
#include "layers/blocks/blocks.h"
#include "layers/models/recipes.h"

enum { LEVELS = 3, ANCHORS = 3 };

/* gd_arch.config: depth and width multipliers in hundredths. */
static int width(const gd_arch *a, int k) {
    return (int)ceil(k * a->config[1] / 100.0 / 8) * 8;
}
static int depth(const gd_arch *a, int blocks) {
    return (int)fmax(round(blocks * a->config[0] / 100.0), 1);
}

static int csp(gd_net *n, const gd_arch *a, int x, const char *name, int k, int blocks,
               bool shortcut) {
    const int count = gd_block_bottlenecks(n, name, depth(a, blocks));
    return gd_block_csp(n, x, name, &(gd_csp_args){"cv", width(a, k), count, shortcut, false});
}

static int conv(gd_net *n, const gd_arch *a, int x, const char *name, int k, int size,
                int stride) {
    return gd_block_silu_conv(n, x, name, width(a, k), size, stride, false);
}

/* A lateral convolution, its map joined to a finer one, and the block that reads both. */
static int step_up(gd_net *n, const gd_arch *a, int lateral, int fine, const char *join,
                   const char *block, int k) {
    const size_t mark = gd_net_enter(n, "%s", join);
    const int    both = gd_block_join_up(n, lateral, fine);
    gd_net_leave(n, mark);
    return csp(n, a, both, block, k, 3, false);
}

static int step_down(gd_net *n, const gd_arch *a, int x, int coarse, const char *const name[3],
                     int k) {
    const int    in[2] = {conv(n, a, x, name[0], k / 2, 3, 2), coarse};
    const size_t mark = gd_net_enter(n, "%s", name[1]);
    const int    both = gd_net_concat(n, 3, 2, in);
    gd_net_leave(n, mark);
    return csp(n, a, both, name[2], k, 3, false);
}

/* Maps at strides 8, 16, 32 into out[0..2]. */
static void trunk(gd_net *n, const gd_arch *a, int x, int out[LEVELS]) {
    x = conv(n, a, x, "0", 64, 6, 2);
    x = csp(n, a, conv(n, a, x, "1", 128, 3, 2), "2", 128, 3, true);
    const int c3 = csp(n, a, conv(n, a, x, "3", 256, 3, 2), "4", 256, 6, true);
    const int c4 = csp(n, a, conv(n, a, c3, "5", 512, 3, 2), "6", 512, 9, true);
    x = csp(n, a, conv(n, a, c4, "7", 1024, 3, 2), "8", 1024, 3, true);
    x = gd_block_sppf(n, x, "9", "cv1", "cv2", width(a, 1024));
    const int top = conv(n, a, x, "10", 512, 1, 1);
    const int middle = conv(n, a, step_up(n, a, top, c4, "12", "13", 512), "14", 256, 1, 1);
    out[0] = step_up(n, a, middle, c3, "16", "17", 256);
    out[1] = step_down(n, a, out[0], middle, (const char *const[]){"18", "19", "20"}, 512);
    out[2] = step_down(n, a, out[1], top, (const char *const[]){"21", "22", "23"}, 1024);
}

/* Anchors of the file, in units of the level's stride. */
static void read_anchors(gd_net *n, gd_yolo_decode *decode) {
    const int w =
        gd_net_weight(n, "anchors", GD_WEIGHT_VECTOR, 3, (const int64_t[]){LEVELS, ANCHORS, 2});
    /* Without values the graph is built for its shapes. */
    const float *v = gd_net_ok(n) ? n->g->value[w].t.data : NULL;
    for (int i = 0; i < 2 * ANCHORS * LEVELS; i++) {
        const float side = v ? v[i] : 1;
        const int   level = i / (2 * ANCHORS);
        if (!(side > 0 && side < 1e6f))
            gd_net_fail(n, GD_ERR_FORMAT, "anchors: number %d is %g", i, (double)side);
        decode->anchor[level][i % (2 * ANCHORS)] = side * (float)decode->stride[level];
    }
}

static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    gd_yolo_decode     decode = {.n_level = LEVELS,
                                 .stride = {8, 16, 32},
                                 .n_anchor = {ANCHORS, ANCHORS, ANCHORS},
                                 .scale_xy = {2, 2, 2},
                                 .form = GD_YOLO_SQUARE,
                                 .logits = 1,
                                 .multi = n->multi_label};
    const int          rows = ANCHORS * (5 + n->n_class);
    const gd_conv_args head = {.k = rows, .size = 1, .bias = true, .class_head = true};
    int                level[LEVELS], d[3] = {-1, -1, -1};
    const size_t       mark = gd_net_enter(n, "model");
    trunk(n, arch, image, level);
    const size_t inner = gd_net_enter(n, "24");
    read_anchors(n, &decode);
    for (int i = 0; i < LEVELS; i++) {
        level[i] =
            gd_net_conv(n, level[i], (const char *const[]){"m.0", "m.1", "m.2"}[i], &head);
        if (gd_net_dim(n, level[i], 3) != rows)
            gd_net_fail(n, GD_ERR_SHAPE, "level %d has %lld outputs, wanted %d for %d classes",
                        i, (long long)gd_net_dim(n, level[i], 3), rows, n->n_class);
    }
    gd_net_op(n, "yolo_decode", &decode, LEVELS, level, d);
    gd_block_dense(n, d, opt, &(gd_dense_args){.strict = true, .clip = true}, geom);
    gd_net_leave(n, inner);
    gd_net_leave(n, mark);
}

static const gd_meta_pair recipe[] = {GD_RECIPE_YOLO("0.45")};

#define YOLOV5(size, ...)                                                       \
    const gd_arch gd_arch_yolov5##size = {.name = "yolov5" #size,               \
                                          .truth = "a twin in PyTorch",         \
                                          .task = GD_TASK_DETECT,               \
                                          .n_class = 80,                        \
                                          .names = "coco80",                    \
                                          .recipe = recipe,                     \
                                          .config = (const int[]){__VA_ARGS__}, \
                                          .build = build,                       \
                                          .class_key = "model.24.m.0.bias",     \
                                          .class_per = ANCHORS,                 \
                                          .class_extra = 5,                     \
                                          .nominal_h = 64,                      \
                                          .nominal_w = 64}
YOLOV5(n, 33, 25);
YOLOV5(s, 33, 50);
YOLOV5(m, 67, 75);
YOLOV5(l, 100, 100);
YOLOV5(x, 133, 125);
