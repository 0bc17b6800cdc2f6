/* resample.c -- weights of the resizing filters, and rows made with them; see resample.h. */
#include "kernels/resize/resample.h"

#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "kernels/resize/resize.h"

enum {
    PIL_BITS = 22, /* 32 bits less 8 of the pixel and 2 for overshoot */
    CV_ONE = 2048, /* 11 bits */
    RING = 32      /* horizontal rows that a PIL cache keeps */
};

/* ---- weights ----------------------------------------------------------------------------- */

/* As PyTorch's CPU kernels: a float32 scale, the coordinate in double. With a float32
 * coordinate the blend would move by an ulp of it, 6e-5 in a picture of 1,000 pixels. */
static void taps_torch(gdk_tap *t, int first, int n, int src, int dst) {
    const double scale = (float)src / (float)dst;
    for (int i = 0; i < n; i++) {
        const double x = fmax(scale * (first + i + 0.5) - 0.5, 0);
        const int    lo = (int)x < src ? (int)x : src - 1;
        const float  w = (float)fmin(x - lo, 1);
        t[i] = (gdk_tap){.lo = lo, .hi = lo + 1 < src ? lo + 1 : lo, .w = {1 - w, w}};
    }
}

/* Darknet's resize_image. Its last column is the last pixel; its last row lacks what is beyond
 * the row that rounding found, so that it is nearly black for some heights. */
static void taps_corners(gdk_tap *t, int first, int n, int src, int dst, bool column) {
    const float scale = (float)(src - 1) / (float)(dst - 1);
    for (int i = 0; i < n; i++) {
        const int   at = first + i;
        const bool  last = at == dst - 1;
        const float x = last && (column || dst == 1) ? (float)(src - 1) : (float)at * scale;
        const int   lo = (int)x;
        const float w = x - (float)lo;
        t[i] = (gdk_tap){
            .lo = lo, .hi = !last && lo + 1 < src ? lo + 1 : lo, .w = {1 - w, last ? 0 : w}};
    }
}

/* Columns drop the weight of a pixel beyond the edge; rows keep it and repeat the edge
 * pixel. */
static void taps_opencv(gdk_tap *t, int first, int n, int src, int dst, bool column) {
    const double scale = 1 / ((double)dst / src);
    for (int i = 0; i < n; i++) {
        float f = (float)((first + i + 0.5) * scale - 0.5);
        int   lo = (int)floorf(f);
        f -= (float)lo;
        if (column && lo < 0) lo = 0, f = 0;
        if (column && lo >= src - 1) lo = src - 1, f = 0;
        t[i] = (gdk_tap){.lo = lo < 0     ? 0
                               : lo < src ? lo
                                          : src - 1,
                         .hi = lo + 1 < src ? lo + 1 : src - 1,
                         .k = {(int32_t)rintf((1 - f) * CV_ONE), (int32_t)rintf(f * CV_ONE)}};
    }
}

static void taps_nearest(gdk_tap *t, int first, int n, int src, int dst) {
    for (int i = 0; i < n; i++)
        t[i] = (gdk_tap){.lo = (int32_t)gdk_nearest(first + i, src, dst)};
}

static double pil_support(int filter) { return filter == GD_FILTER_PIL_BICUBIC ? 2 : 1; }

static double pil_filter(int filter, double x) {
    const double a = -0.5;
    x = fabs(x);
    if (filter == GD_FILTER_PIL_BILINEAR) return x < 1 ? 1 - x : 0;
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

static void taps_pil(int filter, gdk_tap *t, int32_t *weight, int first, int n, int src,
                     int dst) {
    const double scale = (double)src / dst, wide = scale < 1 ? 1 : scale;
    const double support = pil_support(filter) * wide, narrow = 1 / wide;
    int32_t      at = 0;
    for (int i = 0; i < n; i++) {
        const double center = (first + i + 0.5) * scale;
        int          lo = (int)(center - support + 0.5), end = (int)(center + support + 0.5);
        double       sum = 0;
        if (lo < 0) lo = 0;
        if (end > src) end = src;
        for (int x = lo; x < end; x++) sum += pil_filter(filter, (x - center + 0.5) * narrow);
        t[i] = (gdk_tap){.lo = lo, .hi = end - lo, .k = {at, 0}};
        for (int x = lo; x < end; x++) {
            double w = pil_filter(filter, (x - center + 0.5) * narrow);
            if (sum != 0) w /= sum;
            weight[at++] = (int32_t)(w * (1 << PIL_BITS) + (w < 0 ? -0.5 : 0.5));
        }
    }
}

bool gdk_resample_is_float(int filter) {
    return filter == GD_FILTER_TORCH || filter == GD_FILTER_CORNERS;
}

static bool is_pil(int filter) {
    return filter == GD_FILTER_PIL_BILINEAR || filter == GD_FILTER_PIL_BICUBIC;
}

/* A tap reads at most 2 * support + 1 pixels, and n taps of a scale s cover n * s <= src. */
static size_t pil_weights(int filter, int src, int n) {
    if (!is_pil(filter)) return 0;
    return (size_t)(2 * pil_support(filter) * ((double)src + n)) + 2 * (size_t)n;
}

size_t gdk_resample_plan_bytes(int filter, int max_h, int max_w, int n_col, int n_row) {
    return ((size_t)n_col + (size_t)n_row) * sizeof(gdk_tap) +
           (pil_weights(filter, max_w, n_col) + pil_weights(filter, max_h, n_row)) *
               sizeof(int32_t);
}

void gdk_resample_plan(gdk_resample *r, void *memory) {
    r->col = memory;
    r->row = r->col + r->n_col;
    r->col_weight = (int32_t *)(r->row + r->n_row);
    r->row_weight = r->col_weight + pil_weights(r->filter, r->src_w, r->n_col);
    for (int axis = 0; axis < 2; axis++) {
        gdk_tap  *t = axis ? r->row : r->col;
        const int first = axis ? r->y0 : r->x0, n = axis ? r->n_row : r->n_col;
        const int src = axis ? r->src_h : r->src_w, dst = axis ? r->new_h : r->new_w;
        if (r->filter == GD_FILTER_TORCH) taps_torch(t, first, n, src, dst);
        if (r->filter == GD_FILTER_CORNERS) taps_corners(t, first, n, src, dst, axis == 0);
        if (r->filter == GD_FILTER_OPENCV) taps_opencv(t, first, n, src, dst, axis == 0);
        if (r->filter == GD_FILTER_NEAREST) taps_nearest(t, first, n, src, dst);
        if (is_pil(r->filter))
            taps_pil(r->filter, t, axis ? r->row_weight : r->col_weight, first, n, src, dst);
    }
}

/* ---- caches ------------------------------------------------------------------------------ */

/* Horizontal passes by source row; the rows follow: floats or 32-bit sums for two-tap filters,
 * bytes for PIL with a row of 32-bit sums in front. */
typedef struct cache {
    int32_t tag[RING]; /* source row in each slot, -1: none */
    int32_t sum[];
} cache;

size_t gdk_resample_cache_bytes(int filter, int n_col) {
    const size_t row = (size_t)n_col * 3;
    return sizeof(cache) +
           (is_pil(filter) ? row * sizeof(int32_t) + RING * row : 2 * row * sizeof(int32_t));
}

void gdk_resample_cache_reset(void *memory) { memset(memory, 0xff, sizeof(cache)); }

static const uint8_t *source_row(const gdk_resample *r, int y) {
    return r->src + (size_t)y * (r->stride ? r->stride : (size_t)r->src_w * 3);
}

/* The slot of a two-row cache that holds source row y, or the one to fill; `keep` is the other
 * row that the caller needs. */
static int slot_of(cache *c, int32_t y, int32_t keep, bool *ready) {
    for (int s = 0; s < 2; s++)
        if (c->tag[s] == y) return *ready = true, s;
    const int s = c->tag[0] == keep ? 1 : 0;
    c->tag[s] = y;
    *ready = false;
    return s;
}

/* ---- PIL --------------------------------------------------------------------------------- */

static uint8_t pil_byte(int32_t sum) {
    const int32_t v = sum >> PIL_BITS;
    return v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
}

static void pil_horizontal(const gdk_resample *r, int y, uint8_t *out) {
    const uint8_t *s = source_row(r, y);
    for (int x = 0; x < r->n_col; x++) {
        const gdk_tap *t = &r->col[x];
        const int32_t *w = r->col_weight + t->k[0];
        const uint8_t *p = s + (size_t)t->lo * 3;
        int32_t        a = 1 << (PIL_BITS - 1), b = a, c = a;
        for (int i = 0; i < t->hi; i++, p += 3) {
            a += p[0] * w[i];
            b += p[1] * w[i];
            c += p[2] * w[i];
        }
        out[3 * x] = pil_byte(a);
        out[3 * x + 1] = pil_byte(b);
        out[3 * x + 2] = pil_byte(c);
    }
}

static void pil_row(const gdk_resample *r, const gdk_tap *t, cache *c, uint8_t *out) {
    const int n = r->n_col * 3;
    uint8_t  *ring = (uint8_t *)(c->sum + n);
    for (int i = 0; i < n; i++) c->sum[i] = 1 << (PIL_BITS - 1);
    for (int k = 0; k < t->hi; k++) {
        const int     y = t->lo + k, slot = y % RING;
        const int32_t w = r->row_weight[t->k[0] + k];
        uint8_t      *row = ring + (size_t)slot * (size_t)n;
        if (c->tag[slot] != y) {
            pil_horizontal(r, y, row);
            c->tag[slot] = y;
        }
        for (int i = 0; i < n; i++) c->sum[i] += row[i] * w;
    }
    for (int i = 0; i < n; i++) out[i] = pil_byte(c->sum[i]);
}

/* ---- two taps ---------------------------------------------------------------------------- */

static const int32_t *opencv_horizontal(const gdk_resample *r, cache *c, int y, int keep) {
    bool      ready;
    const int slot = slot_of(c, y, keep, &ready);
    int32_t  *o = c->sum + (size_t)slot * (size_t)r->n_col * 3;
    if (ready) return o;
    const uint8_t *s = source_row(r, y);
    for (int x = 0; x < r->n_col; x++) {
        const gdk_tap *t = &r->col[x];
        const uint8_t *p = s + (size_t)t->lo * 3, *q = s + (size_t)t->hi * 3;
        for (int i = 0; i < 3; i++) o[3 * x + i] = p[i] * t->k[0] + q[i] * t->k[1];
    }
    return o;
}

static void opencv_row(const gdk_resample *r, const gdk_tap *t, cache *c, uint8_t *out) {
    const int32_t *a = opencv_horizontal(r, c, t->lo, t->hi);
    const int32_t *b = opencv_horizontal(r, c, t->hi, t->lo);
    for (int i = 0; i < r->n_col * 3; i++)
        out[i] =
            (uint8_t)((((t->k[0] * (a[i] >> 4)) >> 16) + ((t->k[1] * (b[i] >> 4)) >> 16) + 2) >>
                      2);
}

static void nearest_row(const gdk_resample *r, const gdk_tap *t, uint8_t *out) {
    const uint8_t *s = source_row(r, t->lo);
    for (int x = 0; x < r->n_col; x++) memcpy(out + 3 * x, s + (size_t)r->col[x].lo * 3, 3);
}

void gdk_resample_row(const gdk_resample *r, int y, void *memory, uint8_t *out) {
    const gdk_tap *t = &r->row[y];
    if (r->filter == GD_FILTER_OPENCV)
        opencv_row(r, t, memory, out);
    else if (is_pil(r->filter))
        pil_row(r, t, memory, out);
    else
        nearest_row(r, t, out);
}

static const float *blended_row(const gdk_resample *r, const float table[3][256], cache *c,
                                int y, int keep) {
    bool      ready;
    const int slot = slot_of(c, y, keep, &ready);
    float    *o = (float *)c->sum + (size_t)slot * (size_t)r->n_col * 3;
    if (ready) return o;
    const uint8_t *s = source_row(r, y);
    for (int x = 0; x < r->n_col; x++) {
        const gdk_tap *t = &r->col[x];
        const uint8_t *p = s + (size_t)t->lo * 3, *q = s + (size_t)t->hi * 3;
        for (int i = 0; i < 3; i++)
            o[3 * x + i] = table[i][p[i]] * t->w[0] + table[i][q[i]] * t->w[1];
    }
    return o;
}

void gdk_resample_row_f32(const gdk_resample *r, const float table[3][256], int y, void *memory,
                          float *out) {
    const gdk_tap *t = &r->row[y];
    const float   *a = blended_row(r, table, memory, t->lo, t->hi);
    const float   *b = blended_row(r, table, memory, t->hi, t->lo);
    for (int i = 0; i < r->n_col * 3; i++) out[i] = a[i] * t->w[0] + b[i] * t->w[1];
}

gd_status gdk_resize_u8(int filter, const uint8_t *src, int src_h, int src_w, uint8_t *dst,
                        int new_h, int new_w, gd_error *err) {
    gdk_resample r = {.filter = filter,
                      .src = src,
                      .src_h = src_h,
                      .src_w = src_w,
                      .new_h = new_h,
                      .new_w = new_w,
                      .n_col = new_w,
                      .n_row = new_h};
    const size_t plan = gdk_resample_plan_bytes(filter, src_h, src_w, new_w, new_h);
    const size_t plan_end = (plan + 63) / 64 * 64;
    char        *memory = gd_mem_get(plan_end + gdk_resample_cache_bytes(filter, new_w));
    if (!memory)
        return gd_fail(err, GD_ERR_NOMEM, "no memory to resize %d x %d to %d x %d", src_w,
                       src_h, new_w, new_h);
    gdk_resample_plan(&r, memory);
    gdk_resample_cache_reset(memory + plan_end);
    for (int y = 0; y < new_h; y++)
        gdk_resample_row(&r, y, memory + plan_end, dst + (size_t)y * (size_t)new_w * 3);
    gd_mem_put(memory);
    return GD_OK;
}
