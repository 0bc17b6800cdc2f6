/* place.c -- random places of pictures and their boxes; see place.h. */
#include "tools/data/place.h"

#include <math.h>
#include <string.h>

#include "engine/philox.h"
#include "kernels/augment/augment.h"

/* ---- numbers ----------------------------------------------------------------------------- */

gd_draws gd_draws_of(uint64_t seed, uint32_t epoch, uint32_t position, uint32_t stream) {
    return (gd_draws){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                      .counter = {0, position, stream, epoch},
                      .used = 4};
}

static uint32_t next_bits(gd_draws *d) {
    if (d->used == 4) {
        gd_philox(d->key, d->counter, d->block);
        d->counter[0]++;
        d->used = 0;
    }
    return d->block[d->used++];
}

double gd_draws_next(gd_draws *d) { return gd_uniform(next_bits(d)); }
double gd_draws_between(gd_draws *d, double lo, double hi) {
    return lo + (hi - lo) * gd_draws_next(d);
}
uint32_t gd_draws_below(gd_draws *d, uint32_t n) {
    return (uint32_t)((uint64_t)next_bits(d) * n >> 32);
}

static double jitter(gd_draws *d, double j) {
    return j > 0 ? gd_draws_between(d, j < 1 ? 1 - j : 0, 1 + j) : 1;
}

static void draw_colours(const gd_augment_options *a, gd_draws *d, gd_place *p) {
    p->weight = 1;
    p->brightness = jitter(d, a->brightness);
    p->contrast = jitter(d, a->contrast);
    p->saturation = jitter(d, a->saturation);
}

static double draw_scale(const gd_augment_options *a, gd_draws *d) {
    return a->scale_hi > 0 ? gd_draws_between(d, a->scale_lo, a->scale_hi) : 1;
}

/* ---- places ------------------------------------------------------------------------------ */

typedef struct window { /* the part of the picture that is used */
    double x, y, w, h;
} window;

/* torchvision's RandomResizedCrop: an area, an aspect from 3/4 to 4/3, ten attempts. */
static window draw_window(const gd_augment_options *a, int w, int h, gd_draws *d) {
    window all = {0, 0, w, h};
    if (!(a->crop > 0) || gd_draws_next(d) >= a->crop) return all;
    for (int k = 0; k < 10; k++) {
        const double area = gd_draws_between(d, a->crop_area, 1) * w * h;
        const double ratio = exp(gd_draws_between(d, -log(4.0 / 3), log(4.0 / 3)));
        const double cw = rint(sqrt(area * ratio)), ch = rint(sqrt(area / ratio));
        const double x = gd_draws_next(d), y = gd_draws_next(d);
        if (cw < 1 || ch < 1 || cw > w || ch > h) continue;
        return (window){floor(x * (w - cw + 1)), floor(y * (h - ch + 1)), cw, ch};
    }
    return all;
}

/* The rule on this canvas. */
static gd_geometry lay(const gd_geometry_rule *rule, double w, double h, int canvas_w,
                       int canvas_h) {
    gd_geometry_rule r = *rule;
    gd_geometry      g;
    const int        small = canvas_w < canvas_h ? canvas_w : canvas_h;
    const int        great = canvas_w < canvas_h ? canvas_h : canvas_w;
    r.size_w = canvas_w;
    r.size_h = canvas_h;
    r.multiple = 1;
    if (r.kind == GD_RULE_SHORTEST_EDGE || r.kind == GD_RULE_EXACT_EDGE) {
        if (r.short_side > small) r.short_side = small;
        if (r.long_side > great) r.long_side = great;
    }
    gd_geometry_of(&r, (int)h, (int)w, &g);
    /* A picture that does not hold its side of the canvas, as a tall one on a wide canvas. */
    if (r.kind != GD_RULE_CENTER_CROP && (g.new_w > canvas_w || g.new_h > canvas_h)) {
        const double s = fmin((double)canvas_w / w, (double)canvas_h / h);
        g.new_w = (int)fmax(floor(w * s), 1);
        g.new_h = (int)fmax(floor(h * s), 1);
        g.top = g.left = 0;
    }
    return g;
}

static double clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

gd_place gd_place_alone(const gd_augment_options *a, const gd_geometry_rule *rule, int src_w,
                        int src_h, int canvas_w, int canvas_h, gd_draws *d) {
    gd_place     p = {0};
    const bool   flip = a->flip > 0 && gd_draws_next(d) < a->flip;
    const window v = draw_window(a, src_w, src_h, d);
    const double zoom = draw_scale(a, d), fx = gd_draws_next(d), fy = gd_draws_next(d);
    gd_geometry  g = lay(rule, v.w, v.h, canvas_w, canvas_h);
    double       w = g.new_w * zoom, h = g.new_h * zoom, left = g.left, top = g.top;
    if (a->crop > 0 && rule->kind == GD_RULE_CENTER_CROP && (v.w < src_w || v.h < src_h)) {
        w = canvas_w, h = canvas_h, left = top = 0; /* the part fills the canvas */
    } else if (a->scale_hi > 0) {
        /* Larger than the canvas: any part of it; smaller: anywhere. */
        left = w > canvas_w ? (canvas_w - w) * fx
               : rule->kind == GD_RULE_LETTERBOX || rule->kind == GD_RULE_SHORTEST_EDGE
                   ? 0
                   : (canvas_w - w) * fx;
        top = h > canvas_h ? (canvas_h - h) * fy
              : rule->kind == GD_RULE_LETTERBOX || rule->kind == GD_RULE_SHORTEST_EDGE
                  ? 0
                  : (canvas_h - h) * fy;
    }
    draw_colours(a, d, &p);
    p.sx = w / v.w;
    p.sy = h / v.h;
    p.ox = left - p.sx * v.x;
    p.oy = top - p.sy * v.y;
    p.rect[0] = clamp(left, 0, canvas_w);
    p.rect[1] = clamp(top, 0, canvas_h);
    p.rect[2] = clamp(left + w, 0, canvas_w);
    p.rect[3] = clamp(top + h, 0, canvas_h);
    if (flip) { /* within its own width */
        p.ox = 2 * left + w - p.ox;
        p.sx = -p.sx;
    }
    return p;
}

gd_place gd_place_mosaic(const gd_augment_options *a, int src_w, int src_h, int canvas_w,
                         int canvas_h, double x, double y, int corner, gd_draws *d) {
    gd_place     p = {0};
    const bool   right = corner & 1, low = corner & 2;
    const bool   flip = a->flip > 0 && gd_draws_next(d) < a->flip;
    const double fit = fmin((double)canvas_w / src_w, (double)canvas_h / src_h);
    const double s = fit * draw_scale(a, d), w = s * src_w, h = s * src_h;
    /* The corner of the picture that is nearest to the middle lies on the middle. */
    const double left = right ? x : x - w, top = low ? y : y - h;
    draw_colours(a, d, &p);
    p.sx = flip ? -s : s;
    p.sy = s;
    p.ox = flip ? left + w : left;
    p.oy = top;
    p.rect[0] = clamp(left, right ? x : 0, right ? canvas_w : x);
    p.rect[1] = clamp(top, low ? y : 0, low ? canvas_h : y);
    p.rect[2] = clamp(left + w, right ? x : 0, right ? canvas_w : x);
    p.rect[3] = clamp(top + h, low ? y : 0, low ? canvas_h : y);
    return p;
}

/* ---- boxes and layers -------------------------------------------------------------------- */

bool gd_place_box(const gd_place *p, const double box[4], float out[4]) {
    const double a = p->sx * box[0] + p->ox, b = p->sx * (box[0] + box[2]) + p->ox;
    const double top = p->sy * box[1] + p->oy, low = p->sy * (box[1] + box[3]) + p->oy;
    const double left = fmin(a, b), right = fmax(a, b);
    const double x1 = clamp(left, p->rect[0], p->rect[2]),
                 x2 = clamp(right, p->rect[0], p->rect[2]);
    const double y1 = clamp(top, p->rect[1], p->rect[3]),
                 y2 = clamp(low, p->rect[1], p->rect[3]);
    out[0] = (float)x1, out[1] = (float)y1, out[2] = (float)x2, out[3] = (float)y2;
    return x2 - x1 >= GD_BOX_PIXELS && y2 - y1 >= GD_BOX_PIXELS &&
           (x2 - x1) * (y2 - y1) >= GD_BOX_SHARE * (right - left) * (low - top);
}

void gd_place_layer(const gd_place *p, int w, int h, int64_t origin, double grey, bool smooth,
                    float *row) {
    const double shrink = fmax(1 / fabs(p->sx), 1 / p->sy);
    memset(row, 0, GD_LAYER * sizeof *row);
    row[GD_LAYER_ORIGIN] = (float)(origin / GD_LAYER_UNIT);
    row[GD_LAYER_W] = (float)w;
    row[GD_LAYER_H] = (float)h;
    row[GD_LAYER_M] = (float)(1 / p->sx);
    row[GD_LAYER_M + 2] = (float)(-p->ox / p->sx);
    row[GD_LAYER_M + 4] = (float)(1 / p->sy);
    row[GD_LAYER_M + 5] = (float)(-p->oy / p->sy);
    for (int i = 0; i < 4; i++) row[GD_LAYER_RECT + i] = (float)p->rect[i];
    row[GD_LAYER_WEIGHT] = (float)p->weight;
    row[GD_LAYER_BRIGHTNESS] = (float)p->brightness;
    row[GD_LAYER_CONTRAST] = (float)p->contrast;
    row[GD_LAYER_SATURATION] = (float)p->saturation;
    row[GD_LAYER_GREY] = (float)grey;
    row[GD_LAYER_SUB] = smooth ? (float)clamp(ceil(shrink - 0.01), 1, GD_LAYER_SUBS) : 1;
}
