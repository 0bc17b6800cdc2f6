/* geometry.c -- the resize rules of the reference implementations, to the pixel. */
#include "layers/geometry.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {"shortest_edge",    "exact_edge", "native",     "letterbox",
                                    "letterbox_center", "stretch",    "center_crop"};

bool gd_rule_parse(const char *name, gd_rule_kind *out) {
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (!strcmp(names[i], name)) {
            *out = (gd_rule_kind)i;
            return true;
        }
    return false;
}

const char *gd_rule_name(gd_rule_kind k) { return names[k]; }

/* A sliver enlarged beyond 2^30 is left to preprocessing, which refuses it. */
static int at_least_1(double v) { return v < 1 ? 1 : v > 1 << 30 ? 1 << 30 : (int)v; }
static int round_up(int v, int m) { return m > 1 ? (v + m - 1) / m * m : v; }

/* In float32 a constant over a tensor is a reciprocal times the constant: a plain division gets
 * one size in four wrong. */
static void shortest_edge(const gd_geometry_rule *r, gd_geometry *g) {
    const int   small = g->src_h < g->src_w ? g->src_h : g->src_w;
    const int   large = g->src_h < g->src_w ? g->src_w : g->src_h;
    const float a = (float)r->short_side * (1.0f / (float)small);
    const float b = (float)r->long_side * (1.0f / (float)large);
    const float s = a < b ? a : b;
    g->new_h = at_least_1(floor((double)g->src_h * (double)s));
    g->new_w = at_least_1(floor((double)g->src_w * (double)s));
    g->net_h = round_up(g->new_h, r->multiple);
    g->net_w = round_up(g->new_w, r->multiple);
}

/* Both quotients are those of whole numbers in double, as Python's. */
static void exact_edge(const gd_geometry_rule *r, gd_geometry *g) {
    const bool   wide = g->src_w >= g->src_h;
    const double small = wide ? g->src_h : g->src_w, large = wide ? g->src_w : g->src_h;
    double       side = r->short_side;
    if (large / small * side > r->long_side) side = nearbyint(r->long_side * small / large);
    const int other = at_least_1(floor(side * large / small));
    g->new_h = wide ? at_least_1(side) : other;
    g->new_w = wide ? other : at_least_1(side);
    g->net_h = round_up(g->new_h, r->multiple);
    g->net_w = round_up(g->new_w, r->multiple);
}

static void native(const gd_geometry_rule *r, gd_geometry *g) {
    g->new_h = g->src_h;
    g->new_w = g->src_w;
    g->net_h = round_up(g->new_h, r->multiple);
    g->net_w = round_up(g->new_w, r->multiple);
}

/* Python's round: halves go to the even neighbour. */
static double round_even(double v) { return nearbyint(v); }

static void letterbox(const gd_geometry_rule *r, gd_geometry *g, bool center) {
    const double y = (double)r->size_h / g->src_h, x = (double)r->size_w / g->src_w;
    const double s = y < x ? y : x;
    g->new_h = at_least_1(center ? round_even(g->src_h * s) : g->src_h * s);
    g->new_w = at_least_1(center ? round_even(g->src_w * s) : g->src_w * s);
    g->scale_y = g->scale_x = s;
    if (!center) return;
    if (r->multiple > 1) {
        g->net_h = round_up(g->new_h, r->multiple);
        g->net_w = round_up(g->new_w, r->multiple);
    }
    g->top = (g->net_h - g->new_h) / 2;
    g->left = (g->net_w - g->new_w) / 2;
}

static int crop_start(int size, int crop) { return (int)round_even((size - crop) / 2.0); }

static void center_crop(const gd_geometry_rule *r, gd_geometry *g) {
    const bool wide = g->src_w > g->src_h;
    const int  small = wide ? g->src_h : g->src_w, large = wide ? g->src_w : g->src_h;
    const int  other = at_least_1((double)r->short_side * large / small);
    g->new_h = wide ? r->short_side : other;
    g->new_w = wide ? other : r->short_side;
    /* A picture smaller than the crop is centred on padding instead. */
    g->top =
        g->new_h < r->size_h ? (r->size_h - g->new_h) / 2 : -crop_start(g->new_h, r->size_h);
    g->left =
        g->new_w < r->size_w ? (r->size_w - g->new_w) / 2 : -crop_start(g->new_w, r->size_w);
}

void gd_geometry_of(const gd_geometry_rule *r, int src_h, int src_w, gd_geometry *out) {
    *out =
        (gd_geometry){.src_h = src_h, .src_w = src_w, .net_h = r->size_h, .net_w = r->size_w};
    switch (r->kind) {
    case GD_RULE_SHORTEST_EDGE: shortest_edge(r, out); break;
    case GD_RULE_EXACT_EDGE: exact_edge(r, out); break;
    case GD_RULE_NATIVE: native(r, out); break;
    case GD_RULE_LETTERBOX: letterbox(r, out, false); break;
    case GD_RULE_LETTERBOX_CENTER: letterbox(r, out, true); break;
    case GD_RULE_CENTER_CROP: center_crop(r, out); break;
    case GD_RULE_STRETCH:
        out->new_h = r->size_h;
        out->new_w = r->size_w;
        break;
    }
    if (out->scale_x == 0) {
        out->scale_y = (double)out->new_h / src_h;
        out->scale_x = (double)out->new_w / src_w;
    }
}

void gd_geometry_pack(const gd_geometry *g, float out[8]) {
    const double v[8] = {g->src_h, g->src_w, g->new_h,   g->new_w,
                         g->top,   g->left,  g->scale_y, g->scale_x};
    for (int i = 0; i < 8; i++) out[i] = (float)v[i];
}
