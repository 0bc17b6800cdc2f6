/* yolov8.c -- YOLOv8, n to x: backbone of C2f blocks, path aggregation, anchor-free heads.
 *
 * Written from the public description of the network: a list of 23 layers, model.0 to model.22,
 * which are also the module paths of its checkpoints. Depths are those of the file, widths its
 * tensors'.
 *
 *   0 conv /2   1 conv /2   2 c2f   3 conv /2   4 c2f   5 conv /2   6 c2f   7 conv /2   8 c2f
 *   9 pyramid pooling   10 .. 12 up to stride 16   13 .. 15 up to stride 8
 *   16 .. 18 down to stride 16   19 .. 21 down to stride 32   22 heads of 15, 18, 21 */
#include <math.h>

#include "kernels/dfl/dfl.h"
#include "kernels/slice/slice.h"
#include "layers/blocks/blocks.h"
#include "layers/models/recipes.h"

enum { LEVELS = 3, BINS = 16, MOST_BLOCKS = GD_MAX_IN - 1 };

/* gd_arch.config: depth and width multipliers in hundredths, most channels before scaling. */
static int width(const gd_arch *a, int k) {
    const int most = a->config[2];
    return (int)ceil((k < most ? k : most) * a->config[1] / 100.0 / 8) * 8;
}
static int depth(const gd_arch *a, int blocks) {
    return (int)fmax(round(blocks * a->config[0] / 100.0), 1);
}

static int conv(gd_net *n, const gd_arch *a, int x, const char *name, int k, int stride) {
    return gd_block_silu_conv(n, x, name, width(a, k), 3, stride, false);
}

/* Two halves of a map, the second led through bottlenecks, and everything joined. The halves
 * stand side by side already. */
static int c2f(gd_net *n, const gd_arch *a, int x, const char *name, int k, int blocks,
               bool shortcut) {
    const int    count = gd_block_bottlenecks(n, name, depth(a, blocks));
    const size_t mark = gd_net_enter(n, "%s", name);
    int          in[GD_MAX_IN] = {gd_block_silu_conv(n, x, "cv1", width(a, k), 1, 1, false)};
    const int    half = (int)gd_net_dim(n, in[0], 3) / 2;
    if (count > MOST_BLOCKS)
        gd_net_fail(n, GD_ERR_UNSUPPORTED, "%d bottlenecks, the limit is %d", count,
                    MOST_BLOCKS);
    const gd_slice second = {.axis = 3, .start = half, .stop = 2 * half, .step = 1};
    x = gd_net_op(n, "slice", &second, 1, in, NULL);
    for (int i = 0; i < count && gd_net_ok(n); i++) {
        const size_t inner = gd_net_enter(n, "m.%d", i);
        const int y = gd_block_silu_conv(n, gd_block_silu_conv(n, x, "cv1", half, 3, 1, false),
                                         "cv2", half, 3, 1, false);
        x = in[i + 1] = shortcut ? gd_net_add(n, y, x) : y;
        gd_net_leave(n, inner);
    }
    if (gd_net_ok(n)) x = gd_net_concat(n, 3, count + 1, in);
    x = gd_block_silu_conv(n, x, "cv2", width(a, k), 1, 1, false);
    gd_net_leave(n, mark);
    return x;
}

static int step_up(gd_net *n, const gd_arch *a, int top, int fine, const char *join,
                   const char *block, int k) {
    const size_t mark = gd_net_enter(n, "%s", join);
    const int    both = gd_block_join_up(n, top, fine);
    gd_net_leave(n, mark);
    return c2f(n, a, both, block, k, 3, false);
}

static int step_down(gd_net *n, const gd_arch *a, int x, int coarse, const char *const name[3],
                     int k) {
    const int    in[2] = {conv(n, a, x, name[0], k / 2, 2), coarse};
    const size_t mark = gd_net_enter(n, "%s", name[1]);
    const int    both = gd_net_concat(n, 3, 2, in);
    gd_net_leave(n, mark);
    return c2f(n, a, both, name[2], k, 3, false);
}

/* Maps at strides 8, 16, 32 into out[0..2]. */
static void trunk(gd_net *n, const gd_arch *a, int x, int out[LEVELS]) {
    x = conv(n, a, conv(n, a, x, "0", 64, 2), "1", 128, 2);
    x = conv(n, a, c2f(n, a, x, "2", 128, 3, true), "3", 256, 2);
    const int c3 = c2f(n, a, x, "4", 256, 6, true);
    const int c4 = c2f(n, a, conv(n, a, c3, "5", 512, 2), "6", 512, 6, true);
    x = c2f(n, a, conv(n, a, c4, "7", 1024, 2), "8", 1024, 3, true);
    const int top = gd_block_sppf(n, x, "9", "cv1", "cv2", width(a, 1024));
    const int middle = step_up(n, a, top, c4, "11", "12", 512);
    out[0] = step_up(n, a, middle, c3, "14", "15", 256);
    out[1] = step_down(n, a, out[0], middle, (const char *const[]){"16", "17", "18"}, 512);
    out[2] = step_down(n, a, out[1], top, (const char *const[]){"19", "20", "21"}, 1024);
}

/* Two 3x3 convolutions of k channels and the last one: cv2 gives boxes, cv3 classes. */
static int branch(gd_net *n, int x, const char *name, int i, int k, const gd_conv_args *last) {
    const size_t mark = gd_net_enter(n, "%s.%d", name, i);
    x = gd_block_silu_conv(n, x, "0", k, 3, 1, false);
    x = gd_net_conv(n, gd_block_silu_conv(n, x, "1", k, 3, 1, false), "2", last);
    gd_net_leave(n, mark);
    if (gd_net_dim(n, x, 3) != last->k)
        gd_net_fail(n, GD_ERR_SHAPE, "%s.%d has %lld outputs, wanted %d", name, i,
                    (long long)gd_net_dim(n, x, 3), last->k);
    return x;
}

/* Scores and labels of all cells; with multi_label the probabilities of every class. */
static void score(gd_net *n, const int classes[LEVELS], int out[2]) {
    int row[LEVELS];
    out[0] = out[1] = -1;
    if (!n->multi_label) {
        gd_net_op(n, "class_best", NULL, LEVELS, classes, out);
        return;
    }
    for (int i = 0; i < LEVELS; i++) {
        const int64_t dim[3] = {gd_net_dim(n, classes[i], 0),
                                gd_net_dim(n, classes[i], 1) * gd_net_dim(n, classes[i], 2),
                                n->n_class};
        row[i] = gd_net_reshape(n, classes[i], 3, dim);
    }
    out[0] = gd_net_unary(n, "sigmoid", "sigmoid", gd_net_concat(n, 1, LEVELS, row));
}

static int at_least(int a, int b) { return a > b ? a : b; }

static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    const gd_dfl       decode = {.n_level = LEVELS, .stride = {8, 16, 32}};
    const gd_conv_args box = {.k = 4 * BINS, .size = 1, .bias = true};
    const gd_conv_args cls = {.k = n->n_class, .size = 1, .bias = true, .class_head = true};
    const int          fine = width(arch, 256);
    const int          k_box = at_least(fine / 4, 4 * BINS);
    const int          k_cls = at_least(fine, n->n_class < 100 ? n->n_class : 100);
    int                level[LEVELS], boxes[LEVELS], classes[LEVELS], d[3];
    size_t             mark = gd_net_enter(n, "model");
    trunk(n, arch, image, level);
    gd_net_leave(n, mark);
    mark = gd_net_enter(n, "model.22");
    for (int i = 0; i < LEVELS; i++) {
        boxes[i] = branch(n, level[i], "cv2", i, k_box, &box);
        classes[i] = branch(n, level[i], "cv3", i, k_cls, &cls);
    }
    d[0] = gd_net_op(n, "dfl", &decode, LEVELS, boxes, NULL);
    score(n, classes, &d[1]);
    gd_block_dense(n, d, opt, &(gd_dense_args){.strict = true, .clip = true}, geom);
    gd_net_leave(n, mark);
}

static const gd_meta_pair recipe[] = {GD_RECIPE_YOLO("640x640", "32", "0.7")};
/* The numbers 0 to 15, as a convolution: the operator knows them. */
static const gd_key_rule rules[] = {{"model.22.dfl.conv.weight", NULL}, {0}};

#define YOLOV8(size, ...)                                                       \
    const gd_arch gd_arch_yolov8##size = {.name = "yolov8" #size,               \
                                          .truth = "a twin in PyTorch",         \
                                          .task = GD_TASK_DETECT,               \
                                          .n_class = 80,                        \
                                          .names = "coco80",                    \
                                          .recipe = recipe,                     \
                                          .rules = rules,                       \
                                          .config = (const int[]){__VA_ARGS__}, \
                                          .build = build,                       \
                                          .class_key = "model.22.cv3.0.2.bias", \
                                          .nominal_h = 64,                      \
                                          .nominal_w = 64}
YOLOV8(n, 33, 25, 1024);
YOLOV8(s, 33, 50, 1024);
YOLOV8(m, 67, 75, 768);
YOLOV8(l, 100, 100, 512);
YOLOV8(x, 100, 125, 512);
