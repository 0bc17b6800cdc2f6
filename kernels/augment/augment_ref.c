/* augment_ref.c -- the definition of augmentation: each output value on its own. */
#include "kernels/augment/augment.h"
#include "kernels/ref.h"

typedef struct layer {
    const uint8_t *rgb;
    int            w, h;
    float          g[GD_LAYER]; /* places are single precision whatever the type */
} layer;

/* False: the layer is not looked at. */
static gd_status layer_of(const gd_launch *l, int64_t row, layer *p, bool *there,
                          gd_error *err) {
    const int64_t pixels = l->in[0]->dim[0];
    for (int i = 0; i < GD_LAYER; i++)
        p->g[i] = (float)gd_tensor_get(l->in[1], row * GD_LAYER + i);
    *there = p->g[GD_LAYER_WEIGHT] > 0 || p->g[GD_LAYER_WEIGHT] < 0;
    if (!*there) return GD_OK;
    const float o = p->g[GD_LAYER_ORIGIN], w = p->g[GD_LAYER_W], h = p->g[GD_LAYER_H];
    if (!(o >= 0 && o < 16777216 && w >= 1 && w <= 65535 && h >= 1 && h <= 65535 &&
          p->g[GD_LAYER_SUB] >= 1 && p->g[GD_LAYER_SUB] <= GD_LAYER_SUBS) ||
        (int64_t)o * GD_LAYER_UNIT + (int64_t)w * (int64_t)h > pixels)
        return gd_fail(err, GD_ERR_ARG,
                       "augment: layer %lld of %g x %g at %g, sub %g, in %lld pixels",
                       (long long)row, (double)h, (double)w, (double)o,
                       (double)p->g[GD_LAYER_SUB], (long long)pixels);
    p->w = (int)w;
    p->h = (int)h;
    p->rgb = (const uint8_t *)l->in[0]->data + (int64_t)o * GD_LAYER_UNIT * 3;
    return GD_OK;
}

static gd_real byte_at(const layer *p, int y, int x, int c) {
    y = y < 0 ? 0 : y < p->h ? y : p->h - 1;
    x = x < 0 ? 0 : x < p->w ? x : p->w - 1;
    return GD_REAL(p->rgb[((int64_t)y * p->w + x) * 3 + c]);
}

static gd_real clamp(gd_real v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

static void colour(const layer *p, double u, double v, gd_real rgb[3]) {
    const int     x = (int)floor(u - 0.5), y = (int)floor(v - 0.5);
    const gd_real fx = GD_REAL(u - 0.5 - x), fy = GD_REAL(v - 0.5 - y);
    const gd_real bright = GD_REAL(p->g[GD_LAYER_BRIGHTNESS]);
    const gd_real contrast = GD_REAL(p->g[GD_LAYER_CONTRAST]);
    const gd_real saturation = GD_REAL(p->g[GD_LAYER_SATURATION]);
    for (int c = 0; c < 3; c++) {
        const gd_real a = byte_at(p, y, x, c) * (1 - fx) + byte_at(p, y, x + 1, c) * fx;
        const gd_real b = byte_at(p, y + 1, x, c) * (1 - fx) + byte_at(p, y + 1, x + 1, c) * fx;
        rgb[c] = clamp(bright * (a * (1 - fy) + b * fy));
        rgb[c] = clamp(contrast * rgb[c] + (1 - contrast) * GD_REAL(p->g[GD_LAYER_GREY]));
    }
    const gd_real grey =
        GD_REAL(0.2989f) * rgb[0] + GD_REAL(0.587f) * rgb[1] + GD_REAL(0.114f) * rgb[2];
    for (int c = 0; c < 3; c++) rgb[c] = clamp(saturation * rgb[c] + (1 - saturation) * grey);
}

static void add(const gd_augment *a, const layer *p, int x, int y, gd_real *out) {
    const float *g = p->g, *m = g + GD_LAYER_M, *r = g + GD_LAYER_RECT;
    const float  mx = (float)x + 0.5f, my = (float)y + 0.5f;
    const int    sub = (int)g[GD_LAYER_SUB];
    gd_real      sum[3] = {0, 0, 0}, rgb[3];
    if (!(mx >= r[0] && my >= r[1] && mx < r[2] && my < r[3])) return;
    for (int j = 0; j < sub; j++)
        for (int i = 0; i < sub; i++) {
            const double px = x + (i + 0.5) / sub, py = y + (j + 0.5) / sub;
            const double u = (double)m[0] * px + (double)m[1] * py + (double)m[2];
            const double v = (double)m[3] * px + (double)m[4] * py + (double)m[5];
            if (!(u >= 0 && u < p->w && v >= 0 && v < p->h)) continue;
            colour(p, u, v, rgb);
            for (int c = 0; c < 3; c++) {
                const gd_real value = rgb[a->swap_rb ? 2 - c : c] * GD_REAL(a->scale);
                sum[c] +=
                    (value - GD_REAL(a->mean[c])) / GD_REAL(a->std[c]) - GD_REAL(a->pad[c]);
            }
        }
    for (int c = 0; c < 3; c++)
        out[c] += GD_REAL(g[GD_LAYER_WEIGHT]) * (sum[c] / GD_REAL(sub * sub));
}

gd_status GD_REF(augment)(const gd_launch *l, gd_error *err) {
    const gd_augment *a = l->attr;
    const int64_t     n = l->in[1]->dim[1];
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        const int64_t first = b * a->out_h * a->out_w;
        for (int64_t i = 0; i < (int64_t)a->out_h * a->out_w; i++)
            for (int c = 0; c < 3; c++)
                GD_AT(gd_real, l->out[0], first + i)[c] = GD_REAL(a->pad[c]);
        for (int64_t s = 0; s < n; s++) {
            layer p = {0};
            bool  there;
            GD_TRY(layer_of(l, b * n + s, &p, &there, err));
            if (!there) continue;
            for (int y = 0; y < a->out_h; y++)
                for (int x = 0; x < a->out_w; x++)
                    add(a, &p, x, y,
                        GD_AT(gd_real, l->out[0], first + (int64_t)y * a->out_w + x));
        }
    }
    return GD_OK;
}
