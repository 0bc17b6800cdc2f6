/* class_map_at.h -- which logits a pixel of the source picture is made of; shared by host and
 * device. */
#ifndef GD_KERNELS_CLASS_MAP_AT_H
#define GD_KERNELS_CLASS_MAP_AT_H

#include "kernels/crop_resize/crop_place.h"

/* The picture, and the part of the network's input that it covers. */
typedef struct gdk_map_place {
    int32_t src_h, src_w, new_h, new_w, top, left;
} gdk_map_place;

/* One picture's geometry; false: not whole, or its map has no room in `pixels`. */
static inline GD_HOST_DEVICE bool gdk_map_place_of(const float *geom, int64_t pixels,
                                                   gdk_map_place *p) {
    const float SIDE = 65535, EDGE = 16777216; /* whole numbers a float holds */
    bool        good = gdk_whole(geom[GD_GEOM_SRC_H], 1, SIDE, &p->src_h);
    good &= gdk_whole(geom[GD_GEOM_SRC_W], 1, SIDE, &p->src_w);
    good &= gdk_whole(geom[GD_GEOM_NEW_H], 1, EDGE, &p->new_h);
    good &= gdk_whole(geom[GD_GEOM_NEW_W], 1, EDGE, &p->new_w);
    good &= gdk_whole(geom[GD_GEOM_TOP], -EDGE, EDGE, &p->top);
    good &= gdk_whole(geom[GD_GEOM_LEFT], -EDGE, EDGE, &p->left);
    return good && (int64_t)p->src_h * p->src_w <= pixels;
}

/* Bilinear, align_corners = False: the lower of the two pixels of n, and the upper's share. */
static inline GD_HOST_DEVICE int gdk_map_tap(int i, double scale, int n, double *share) {
    double x = (i + 0.5) * scale - 0.5;
    if (x < 0) x = 0;
    int lo = (int)x;
    if (lo > n - 1) lo = n - 1;
    *share = x - lo < 1 ? x - lo : 1;
    return lo;
}

/* sum[at] += v, without an address that only a run knows. */
static inline GD_HOST_DEVICE void gdk_map_add(double sum[3], int at, double v) {
    sum[0] += at == 0 ? v : 0;
    sum[1] += at == 1 ? v : 0;
    sum[2] += at >= 2 ? v : 0;
}

/* Along one axis: pixel i of `src` goes to `fresh` pixels from `start` on the network's input
 * of `net`, and these to `low` logits, low <= net. Returns the first of at most three logits
 * that follow each other, and their weights, which sum to 1; beyond the last logit they are
 * 0. */
static inline GD_HOST_DEVICE int gdk_map_axis(int i, int src, int fresh, int start, int net,
                                              int low, float w[3]) {
    double    u, sum[3] = {0, 0, 0};
    const int n0 = gdk_map_tap(i, (double)fresh / src, fresh, &u);
    int       base = 0;
    for (int k = 0; k < 2; k++) {
        int    m = (n0 + k < fresh ? n0 + k : fresh - 1) + start;
        double v;
        if (m < 0) m = 0;
        if (m > net - 1) m = net - 1;
        const int    l = gdk_map_tap(m, (double)low / net, low, &v);
        const double part = k ? u : 1 - u;
        if (k == 0) base = l;
        const int at = l - base, up = l + 1 < low ? at + 1 : at;
        gdk_map_add(sum, at, part * (1 - v));
        gdk_map_add(sum, up, part * v);
    }
    w[0] = (float)sum[0];
    w[1] = (float)sum[1];
    w[2] = (float)sum[2];
    return base;
}

#endif
