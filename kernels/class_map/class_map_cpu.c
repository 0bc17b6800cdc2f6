/* class_map_cpu.c -- maps of classes, line by line on threads.
 *
 * arg_max blends the logits of a line down its columns once, which is a small part of the work,
 * and then has three products a class and pixel. mode_filter slides a histogram along a line;
 * only where no class has more than half of the window are all of them looked at. */
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/class_map/class_map.h"
#include "kernels/cpu/isa.h"

enum { MOST_BANDS = 64, MOST_SIDE = 65535 };

static int bands(void) { return gd_cpu_threads() < MOST_BANDS ? gd_cpu_threads() : MOST_BANDS; }

/* ---- arg_max ----------------------------------------------------------------------------- */

typedef struct column {
    int32_t at[3]; /* offset of the logits in a line */
    float   w[3];
} column;

static size_t column_bytes(const gd_arg_max *a) {
    return (size_t)(a->pixels < MOST_SIDE ? a->pixels : MOST_SIDE) * sizeof(column);
}
static size_t line_bytes(const gd_tensor *x) {
    return ((size_t)x->dim[2] * (size_t)x->dim[3] * sizeof(float) + 63) / 64 * 64;
}

size_t gdk_arg_max_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    if (l->n_in < 2 || !l->in[1]) return 0;
    return (column_bytes(l->attr) + 63) / 64 * 64 + MOST_BANDS * line_bytes(l->in[0]);
}

/* out[c] = sum of three lines; the first of equal values wins. */
GD_ISA_BODY void classes_body(const float *line, const column *at, int64_t n, int64_t C,
                              uint8_t *out) {
    float v[GD_MAP_CLASSES];
    for (int64_t i = 0; i < n; i++) {
        const float *p = line + at[i].at[0], *q = line + at[i].at[1], *r = line + at[i].at[2];
        const float  a = at[i].w[0], b = at[i].w[1], c = at[i].w[2];
        float        most = -INFINITY;
        int64_t      best = 0;
        for (int64_t k = 0; k < C; k++) v[k] = p[k] * a + q[k] * b + r[k] * c;
        for (int64_t k = 0; k < C; k++)
            if (v[k] > most) {
                most = v[k];
                best = k;
            }
        out[i] = (uint8_t)best;
    }
}
GD_ISA(classes, (const float *line, const column *at, int64_t n, int64_t C, uint8_t *out),
       (line, at, n, C, out))

GD_ISA_BODY void blend_body(const float *p, const float *q, const float *r, const float w[3],
                            float *y, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = p[i] * w[0] + q[i] * w[1] + r[i] * w[2];
}
GD_ISA(blend,
       (const float *p, const float *q, const float *r, const float w[3], float *y, int64_t n),
       (p, q, r, w, y, n))

static int64_t clamp(int64_t i, int64_t n) { return i < n ? i : n - 1; }

/* Line y of picture b. */
static void map_line(const gd_launch *l, int64_t b, const gdk_map_place *at, int y,
                     const column *columns, float *line) {
    const gd_arg_max *a = l->attr;
    const gd_tensor  *x = l->in[0];
    const int64_t     h = x->dim[1], w = x->dim[2], C = x->dim[3];
    const float      *row[3];
    float             wy[3];
    const int         y0 = gdk_map_axis(y, at->src_h, at->new_h, at->top, a->net_h, (int)h, wy);
    for (int i = 0; i < 3; i++) row[i] = GD_AT(const float, x, (b * h + clamp(y0 + i, h)) * w);
    if (x->pitch == C)
        blend(row[0], row[1], row[2], wy, line, w * C);
    else
        for (int64_t i = 0; i < w; i++)
            blend(row[0] + i * x->pitch, row[1] + i * x->pitch, row[2] + i * x->pitch, wy,
                  line + i * C, C);
    uint8_t *out = GD_AT(uint8_t, l->out[0], b * a->pixels + (int64_t)y * at->src_w);
    if (l->out[0]->pitch == 1) {
        classes(line, columns, at->src_w, C, out);
        return;
    }
    for (int i = 0; i < at->src_w; i++)
        classes(line, columns + i, 1, C, out + i * l->out[0]->pitch);
}

static void map_columns(const gd_arg_max *a, const gd_tensor *x, const gdk_map_place *at,
                        column *to) {
    const int64_t w = x->dim[2], C = x->dim[3];
    for (int i = 0; i < at->src_w; i++) {
        const int x0 =
            gdk_map_axis(i, at->src_w, at->new_w, at->left, a->net_w, (int)w, to[i].w);
        for (int j = 0; j < 3; j++) to[i].at[j] = (int32_t)(clamp(x0 + j, w) * C);
    }
}

static void clear(gd_tensor *t, int64_t first, int64_t last) {
    for (int64_t p = first; p < last; p++) *GD_AT(uint8_t, t, p) = 0;
}

static gd_status plain(const gd_launch *l) {
    const gd_tensor *x = l->in[0];
    gd_tensor       *y = l->out[0];
    const int64_t    C = gd_tensor_channels(x), n = gd_tensor_pixels(x);
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static)
    for (int64_t p = 0; p < n; p++) {
        const float *v = GD_AT(const float, x, p);
        float        most = -INFINITY;
        int64_t      best = 0;
        for (int64_t c = 0; c < C; c++)
            if (v[c] > most) most = v[best = c];
        if (y->dtype == GD_U8)
            *GD_AT(uint8_t, y, p) = (uint8_t)best;
        else
            *GD_AT(int32_t, y, p) = (int32_t)best;
    }
    return GD_OK;
}

gd_status gdk_arg_max_cpu_f32(const gd_launch *l, gd_error *err) {
    const gd_arg_max *a = l->attr;
    (void)err;
    if (l->n_in < 2 || !l->in[1]) return plain(l);
    const int n_band = bands();
    column   *columns = l->scratch;
    char     *lines = (char *)l->scratch + (column_bytes(a) + 63) / 64 * 64;
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        gdk_map_place at = {0};
        if (!gdk_map_picture(l, b, a->pixels, &at)) at.src_h = at.src_w = 0;
        map_columns(a, l->in[0], &at, columns);
#pragma omp parallel for num_threads(n_band) schedule(static, 1)
        for (int band = 0; band < n_band; band++) {
            float    *line = (float *)(void *)(lines + (size_t)band * line_bytes(l->in[0]));
            const int y1 = (int)((int64_t)at.src_h * (band + 1) / n_band);
            for (int y = (int)((int64_t)at.src_h * band / n_band); y < y1; y++)
                map_line(l, b, &at, y, columns, line);
        }
        clear(l->out[0], b * a->pixels + (int64_t)at.src_h * at.src_w, (b + 1) * a->pixels);
    }
    return GD_OK;
}

/* ---- mode_filter ------------------------------------------------------------------------- */

typedef struct window {
    const gd_tensor *map;
    int64_t          first;     /* pixel of the tensor with which the picture begins */
    int              w, y0, y1; /* lines [y0, y1) are in the window */
    int              n, count[GD_MAP_CLASSES];
} window;

static void slide(window *s, int x, int by) {
    for (int y = s->y0; y < s->y1; y++)
        s->count[*GD_AT(const uint8_t, s->map, s->first + (int64_t)y * s->w + x)] += by;
    s->n += by * (s->y1 - s->y0);
}

static int most_frequent(const window *s, int own) {
    int best = own;
    if (2 * s->count[own] >= s->n) return own;
    for (int c = 0; c < GD_MAP_CLASSES; c++)
        if (s->count[c] > s->count[best]) best = c;
    return best;
}

static void mode_line(const gd_launch *l, int64_t first, const gdk_map_place *at, int y) {
    const int r = ((const gd_mode_filter *)l->attr)->radius;
    window    s = {.map = l->in[0], .first = first, .w = at->src_w};
    s.y0 = y > r ? y - r : 0;
    s.y1 = y + r + 1 < at->src_h ? y + r + 1 : at->src_h;
    for (int x = 0; x < r && x < s.w; x++) slide(&s, x, 1);
    for (int x = 0; x < s.w; x++) {
        const int64_t p = first + (int64_t)y * s.w + x;
        if (x + r < s.w) slide(&s, x + r, 1);
        if (x > r) slide(&s, x - r - 1, -1);
        *GD_AT(uint8_t, l->out[0], p) =
            (uint8_t)most_frequent(&s, *GD_AT(const uint8_t, l->in[0], p));
    }
}

gd_status gdk_mode_filter_cpu_f32(const gd_launch *l, gd_error *err) {
    const int64_t pixels = l->in[0]->dim[1];
    (void)err;
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        gdk_map_place at = {0};
        if (!gdk_map_picture(l, b, pixels, &at)) at.src_h = at.src_w = 0;
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static)
        for (int y = 0; y < at.src_h; y++) mode_line(l, b * pixels, &at, y);
        clear(l->out[0], b * pixels + (int64_t)at.src_h * at.src_w, (b + 1) * pixels);
    }
    return GD_OK;
}
