/* default_boxes.c -- SSD's default boxes (Liu et al. 2016, section 2.2), in the order of
 * operations of torchvision's DefaultBoxGenerator: sizes in double, places in float32. */
#include "layers/blocks/default_boxes.h"

#include <math.h>

int gd_block_default_count(const gd_default_boxes *a, int level) {
    int n = 2;
    for (int i = 0; i < GD_SSD_RATIOS && a->ratio[level][i] > 0; i++) n += 2;
    return n;
}

static float in_unit(double v) {
    const float f = (float)v;
    return f < 0 ? 0 : f > 1 ? 1 : f;
}

/* Widths and heights of the boxes of a cell, as shares of the picture. */
static void shapes(const gd_default_boxes *a, int level, float (*wh)[2]) {
    const double s = a->scale[level], next = sqrt(s * a->scale[level + 1]);
    int          n = 2;
    wh[0][0] = wh[0][1] = in_unit(s);
    wh[1][0] = wh[1][1] = in_unit(next);
    for (int i = 0; i < GD_SSD_RATIOS && a->ratio[level][i] > 0; i++, n += 2) {
        const double root = sqrt(a->ratio[level][i]);
        wh[n][0] = wh[n + 1][1] = in_unit(s * root);
        wh[n][1] = wh[n + 1][0] = in_unit(s / root);
    }
}

void gd_block_default_fill(const gd_default_boxes *a, int level, int64_t net_h, int64_t net_w,
                           int64_t map_h, int64_t map_w, float *out) {
    const int   each = gd_block_default_count(a, level);
    const int   step = a->step[level];
    const float rows = step ? (float)((double)net_h / step) : (float)map_h;
    const float cols = step ? (float)((double)net_w / step) : (float)map_w;
    const float H = (float)net_h, W = (float)net_w;
    float       wh[2 + 2 * GD_SSD_RATIOS][2];
    shapes(a, level, wh);
    for (int64_t y = 0; y < map_h; y++)
        for (int64_t x = 0; x < map_w; x++)
            for (int k = 0; k < each; k++, out += 4) {
                const float cx = ((float)x + 0.5f) / cols, cy = ((float)y + 0.5f) / rows;
                out[0] = (cx - 0.5f * wh[k][0]) * W;
                out[1] = (cy - 0.5f * wh[k][1]) * H;
                out[2] = (cx + 0.5f * wh[k][0]) * W;
                out[3] = (cy + 0.5f * wh[k][1]) * H;
            }
}

int gd_block_default_boxes(gd_net *n, const gd_default_boxes *a, const int *map, int image) {
    int64_t   dim[2] = {0, 4};
    int       id = -1;
    gd_tensor t;
    for (int i = 0; i < a->n_level; i++)
        dim[0] +=
            gd_net_dim(n, map[i], 1) * gd_net_dim(n, map[i], 2) * gd_block_default_count(a, i);
    if (!gd_net_ok(n)) return -1;
    n->st = gd_graph_const_new(n->g, "default_boxes", GD_F32, 2, dim, &id, n->err);
    if (!gd_net_ok(n)) return -1;
    t = n->g->value[id].t;
    float *out = t.data;
    for (int i = 0; i < a->n_level; i++) {
        const int64_t h = gd_net_dim(n, map[i], 1), w = gd_net_dim(n, map[i], 2);
        gd_block_default_fill(a, i, gd_net_dim(n, image, 1), gd_net_dim(n, image, 2), h, w,
                              out);
        out += h * w * gd_block_default_count(a, i) * 4;
    }
    return id;
}
