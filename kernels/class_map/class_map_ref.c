/* class_map_ref.c -- the definitions of maps of classes. */
#include <string.h>

#include "kernels/arg.h"
#include "kernels/class_map/class_map.h"
#include "kernels/ref.h"

/* ---- arg_max ----------------------------------------------------------------------------- */

static gd_status plain(const gd_launch *l) {
    const int64_t C = gd_tensor_channels(l->in[0]);
    gd_tensor    *y = l->out[0];
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real        most = -INFINITY;
        int64_t        best = 0;
        for (int64_t c = 0; c < C; c++)
            if (x[c] > most) most = x[best = c];
        if (y->dtype == GD_U8)
            *GD_AT(uint8_t, y, p) = (uint8_t)best;
        else
            *GD_AT(int32_t, y, p) = (int32_t)best;
    }
    return GD_OK;
}

static int64_t clamp(int64_t i, int64_t n) { return i < n ? i : n - 1; }

static uint8_t best_of(const gd_launch *l, int64_t b, const gdk_map_place *at, int y, int x) {
    const gd_arg_max *a = l->attr;
    const gd_tensor  *t = l->in[0];
    const int64_t     h = t->dim[1], w = t->dim[2];
    float             wy[3], wx[3];
    const int         y0 = gdk_map_axis(y, at->src_h, at->new_h, at->top, a->net_h, (int)h, wy);
    const int x0 = gdk_map_axis(x, at->src_w, at->new_w, at->left, a->net_w, (int)w, wx);
    gd_real   most = -INFINITY;
    int64_t   best = 0;
    for (int64_t c = 0; c < t->dim[3]; c++) {
        gd_real v = 0;
        for (int j = 0; j < 3; j++) {
            gd_real column = 0;
            for (int i = 0; i < 3; i++)
                column += gd_pixel(t, (b * h + clamp(y0 + i, h)) * w + clamp(x0 + j, w))[c] *
                          (gd_real)wy[i];
            v += column * (gd_real)wx[j];
        }
        if (v > most) {
            most = v;
            best = c;
        }
    }
    return (uint8_t)best;
}

gd_status GD_REF(arg_max)(const gd_launch *l, gd_error *err) {
    const gd_arg_max *a = l->attr;
    gdk_map_place     at;
    (void)err;
    if (l->n_in < 2 || !l->in[1]) return plain(l);
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        for (int64_t p = 0; p < a->pixels; p++)
            *GD_AT(uint8_t, l->out[0], b * a->pixels + p) = 0;
        if (!gdk_map_picture(l, b, a->pixels, &at)) continue;
        for (int y = 0; y < at.src_h; y++)
            for (int x = 0; x < at.src_w; x++)
                *GD_AT(uint8_t, l->out[0], b * a->pixels + (int64_t)y * at.src_w + x) =
                    best_of(l, b, &at, y, x);
    }
    return GD_OK;
}

/* ---- mode_filter, class_count ------------------------------------------------------------ */

static uint8_t mode_at(const gd_launch *l, int64_t first, const gdk_map_place *at, int y,
                       int x) {
    const int r = ((const gd_mode_filter *)l->attr)->radius;
    int       count[GD_MAP_CLASSES] = {0}, best;
    for (int i = y - r; i <= y + r; i++)
        for (int j = x - r; j <= x + r; j++)
            if (i >= 0 && i < at->src_h && j >= 0 && j < at->src_w)
                count[*GD_AT(const uint8_t, l->in[0], first + (int64_t)i * at->src_w + j)]++;
    best = *GD_AT(const uint8_t, l->in[0], first + (int64_t)y * at->src_w + x);
    for (int c = 0; c < GD_MAP_CLASSES; c++)
        if (count[c] > count[best]) best = c;
    return (uint8_t)best;
}

gd_status GD_REF(mode_filter)(const gd_launch *l, gd_error *err) {
    const int64_t pixels = l->in[0]->dim[1];
    gdk_map_place at;
    (void)err;
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        for (int64_t p = 0; p < pixels; p++) *GD_AT(uint8_t, l->out[0], b * pixels + p) = 0;
        if (!gdk_map_picture(l, b, pixels, &at)) continue;
        for (int y = 0; y < at.src_h; y++)
            for (int x = 0; x < at.src_w; x++)
                *GD_AT(uint8_t, l->out[0], b * pixels + (int64_t)y * at.src_w + x) =
                    mode_at(l, b * pixels, &at, y, x);
    }
    return GD_OK;
}

gd_status GD_REF(class_count)(const gd_launch *l, gd_error *err) {
    const int64_t pixels = l->in[0]->dim[1], K = l->out[0]->dim[1];
    gdk_map_place at;
    (void)err;
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        int32_t *count = GD_AT(int32_t, l->out[0], b);
        memset(count, 0, (size_t)K * sizeof *count);
        if (!gdk_map_picture(l, b, pixels, &at)) continue;
        for (int64_t p = 0; p < (int64_t)at.src_h * at.src_w; p++) {
            const int c = *GD_AT(const uint8_t, l->in[0], b *pixels + p);
            if (c < K) count[c]++;
        }
    }
    return GD_OK;
}
