/* yolov5.c -- YOLOv5 from version 6 on, n to x and n6 to x6: CSP backbone, path aggregation,
 * anchors.
 *
 * Written from the public description of the network: a list of layers, whose numbers are also
 * the module paths of its checkpoints. Depths are those of the file, widths its tensors',
 * anchors its own. Of three levels, strides 8, 16 and 32, model.0 to model.24:
 *
 *   0 conv 6x6 /2   1 conv /2   2 csp   3 conv /2   4 csp   5 conv /2   6 csp   7 conv /2
 *   8 csp   9 pyramid pooling   10 .. 13 up to stride 16   14 .. 17 up to stride 8
 *   18 .. 20 down to stride 16   21 .. 23 down to stride 32   24 heads of 17, 20, 23
 *
 * A fourth level of stride 64 adds a conv and a csp to the backbone, and one step up and one
 * down: model.0 to model.33. */
#include <math.h>
#include <stdio.h>

#include "kernels/yolo_decode/yolo_decode.h"
#include "layers/blocks/blocks.h"
#include "layers/models/recipes.h"

enum { MOST_LEVELS = 4, ANCHORS = 3 };

/* Where a row of .config says what: depth and width multipliers in hundredths, levels. */
enum { DEPTH, WIDTH, LEVELS };

/* Layers as the list has them, one after the other. */
typedef struct list {
    gd_net    *n;
    const int *config;
    int        at; /* the number of the next layer */
} list;

static int width(const list *l, int k) {
    return (int)ceil(k * l->config[WIDTH] / 100.0 / 8) * 8;
}

/* Channels of the map of a level, before they are scaled. */
static int channels(const list *l, int level) {
    static const int three[] = {256, 512, 1024}, four[] = {256, 512, 768, 1024};
    return (l->config[LEVELS] == 3 ? three : four)[level];
}

static const char *next(list *l, char name[12]) {
    snprintf(name, 12, "%d", l->at++);
    return name;
}

static int csp(list *l, int x, int k, int blocks, bool shortcut) {
    char        buf[12];
    const char *name = next(l, buf);
    const int   nominal = (int)fmax(round(blocks * l->config[DEPTH] / 100.0), 1);
    const int   count = gd_block_bottlenecks(l->n, name, nominal);
    return gd_block_csp(l->n, x, name,
                        &(gd_csp_args){"cv", width(l, k), count, shortcut, false});
}

static int conv(list *l, int x, int k, int size, int stride) {
    char name[12];
    return gd_block_silu_conv(l->n, x, next(l, name), width(l, k), size, stride, false);
}

/* A lateral convolution's map, upsampled, joined to a finer one, and the block that reads
 * both. */
static int step_up(list *l, int lateral, int fine, int k) {
    l->at++; /* the upsampling */
    const size_t mark = gd_net_enter(l->n, "%d", l->at++);
    const int    both = gd_block_join_up(l->n, lateral, fine);
    gd_net_leave(l->n, mark);
    return csp(l, both, k, 3, false);
}

static int step_down(list *l, int x, int coarse, int level) {
    const int    in[2] = {conv(l, x, channels(l, level - 1), 3, 2), coarse};
    const size_t mark = gd_net_enter(l->n, "%d", l->at++);
    const int    both = gd_net_concat(l->n, 3, 2, in);
    gd_net_leave(l->n, mark);
    return csp(l, both, channels(l, level), 3, false);
}

/* Maps at strides 8, 16, 32, ... into out. */
static void trunk(list *l, int x, int out[MOST_LEVELS]) {
    static const int blocks[MOST_LEVELS] = {6, 9, 3, 3};
    const int        top = l->config[LEVELS] - 1;
    int              fine[MOST_LEVELS], lateral[MOST_LEVELS];
    char             name[12];
    x = conv(l, x, 64, 6, 2);
    x = csp(l, conv(l, x, 128, 3, 2), 128, 3, true);
    for (int i = 0; i <= top; i++) {
        x = conv(l, x, channels(l, i), 3, 2);
        x = fine[i] = csp(l, x, channels(l, i), blocks[i], true);
    }
    x = gd_block_sppf(l->n, x, next(l, name), "cv1", "cv2", width(l, channels(l, top)));
    for (int i = top; i > 0; i--) {
        lateral[i] = conv(l, x, channels(l, i - 1), 1, 1);
        x = step_up(l, lateral[i], fine[i - 1], channels(l, i - 1));
    }
    out[0] = x;
    for (int i = 1; i <= top; i++) out[i] = step_down(l, out[i - 1], lateral[i], i);
}

/* Anchors of the file, in units of the level's stride. */
static void read_anchors(gd_net *n, gd_yolo_decode *decode) {
    const int64_t dim[3] = {decode->n_level, ANCHORS, 2};
    const int     w = gd_net_weight(n, "anchors", GD_WEIGHT_VECTOR, 3, dim);
    /* Without values the graph is built for its shapes. */
    const float *v = gd_net_ok(n) ? n->g->value[w].t.data : NULL;
    for (int i = 0; i < 2 * ANCHORS * decode->n_level; i++) {
        const float side = v ? v[i] : 1;
        const int   level = i / (2 * ANCHORS);
        if (!(side > 0 && side < 1e6f))
            gd_net_fail(n, GD_ERR_FORMAT, "anchors: number %d is %g", i, (double)side);
        decode->anchor[level][i % (2 * ANCHORS)] = side * (float)decode->stride[level];
    }
}

static void build(gd_net *n, const gd_arch *arch, const gd_net_options *opt, int image,
                  int geom) {
    list               l = {.n = n, .config = arch->config};
    gd_yolo_decode     decode = {.n_level = l.config[LEVELS],
                                 .form = GD_YOLO_SQUARE,
                                 .logits = 1,
                                 .multi = n->multi_label};
    const int          rows = ANCHORS * (5 + n->n_class);
    const gd_conv_args head = {.k = rows, .size = 1, .bias = true, .class_head = true};
    int                level[MOST_LEVELS], d[3] = {-1, -1, -1};
    const size_t       mark = gd_net_enter(n, "model");
    trunk(&l, image, level);
    const size_t inner = gd_net_enter(n, "%d", l.at);
    for (int i = 0; i < decode.n_level; i++) {
        decode.stride[i] = 8 << i;
        decode.n_anchor[i] = ANCHORS;
        decode.scale_xy[i] = 2;
    }
    read_anchors(n, &decode);
    for (int i = 0; i < decode.n_level; i++) {
        char name[16];
        snprintf(name, sizeof name, "m.%d", i);
        level[i] = gd_net_conv(n, level[i], name, &head);
        if (gd_net_dim(n, level[i], 3) != rows)
            gd_net_fail(n, GD_ERR_SHAPE, "level %d has %lld outputs, wanted %d for %d classes",
                        i, (long long)gd_net_dim(n, level[i], 3), rows, n->n_class);
    }
    gd_net_op(n, "yolo_decode", &decode, decode.n_level, level, d);
    gd_block_dense(n, d, opt, &(gd_dense_args){.strict = true, .clip = true}, geom);
    gd_net_leave(n, inner);
    gd_net_leave(n, mark);
}

static const gd_meta_pair recipe[] = {GD_RECIPE_YOLO("640x640", "32", "0.45")};
static const gd_meta_pair recipe_p6[] = {GD_RECIPE_YOLO("1280x1280", "64", "0.45")};

#define YOLOV5(size, input, key, stride, ...)                                   \
    const gd_arch gd_arch_yolov5##size = {.name = "yolov5" #size,               \
                                          .truth = "a twin in PyTorch",         \
                                          .task = GD_TASK_DETECT,               \
                                          .n_class = 80,                        \
                                          .names = "coco80",                    \
                                          .recipe = input,                      \
                                          .config = (const int[]){__VA_ARGS__}, \
                                          .build = build,                       \
                                          .class_key = key,                     \
                                          .class_per = ANCHORS,                 \
                                          .class_extra = 5,                     \
                                          .nominal_h = 2 * stride,              \
                                          .nominal_w = 2 * stride}
#define P5(size, ...) YOLOV5(size, recipe, "model.24.m.0.bias", 32, __VA_ARGS__, 3)
#define P6(size, ...) YOLOV5(size, recipe_p6, "model.33.m.0.bias", 64, __VA_ARGS__, 4)
P5(n, 33, 25);
P5(s, 33, 50);
P5(m, 67, 75);
P5(l, 100, 100);
P5(x, 133, 125);
P6(n6, 33, 25);
P6(s6, 33, 50);
P6(m6, 67, 75);
P6(l6, 100, 100);
P6(x6, 133, 125);
