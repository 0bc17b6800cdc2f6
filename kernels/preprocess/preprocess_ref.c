/* preprocess_ref.c -- the definition of preprocessing: each output value on its own. */
#include "kernels/preprocess/preprocess.h"
#include "kernels/ref.h"
#include "kernels/resize/resize.h"

static int byte_at(const gdk_picture *p, int64_t y, int64_t x, int c) {
    return p->rgb[(size_t)y * p->stride + (size_t)x * 3 + (size_t)c];
}

static gd_real normal(const gd_preprocess *a, int byte, int c) {
    const int     k = gdk_preprocess_divisor(a->scale);
    const gd_real v = k ? GD_REAL(byte) / GD_REAL(k) : GD_REAL(byte) * GD_REAL(a->scale);
    return (v - GD_REAL(a->mean[c])) / GD_REAL(a->std[c]);
}

/* ---- bilinear in floating point ---------------------------------------------------------- */

typedef struct pair { /* of source pixels */
    int     at[2];
    gd_real w[2];
} pair;

/* The scale in the type under test, the coordinate in double: PyTorch. */
static pair torch_pair(int at, int src, int dst) {
    const double  scale = GD_REAL(src) / GD_REAL(dst);
    const double  t = fmax(scale * (at + 0.5) - 0.5, 0);
    const int     lo = (int)t < src ? (int)t : src - 1;
    const gd_real w = GD_REAL(fmin(t - lo, 1));
    return (pair){{lo, lo + 1 < src ? lo + 1 : lo}, {1 - w, w}};
}

/* Darknet, in single precision whatever the type, since rounding decides about the last row:
 * it gets the first of two pixels by its weight, and nothing of the second. */
static pair corners_pair(int at, int src, int dst, bool column) {
    const float scale = (float)(src - 1) / (float)(dst - 1);
    const bool  last = at == dst - 1;
    const float t = last && (column || dst == 1) ? (float)(src - 1) : (float)at * scale;
    const int   lo = (int)t;
    const float w = t - (float)lo;
    return (pair){{lo, lo + 1 < src ? lo + 1 : lo}, {GD_REAL(1 - w), GD_REAL(last ? 0 : w)}};
}

static gd_real blend(const gd_preprocess *a, const gdk_picture *p, int y, int x, int from,
                     int c) {
    const bool torch = a->filter == GD_FILTER_TORCH;
    const pair h =
        torch ? torch_pair(x, p->src_w, p->new_w) : corners_pair(x, p->src_w, p->new_w, true);
    const pair v =
        torch ? torch_pair(y, p->src_h, p->new_h) : corners_pair(y, p->src_h, p->new_h, false);
    gd_real line[2];
    for (int i = 0; i < 2; i++)
        line[i] = normal(a, byte_at(p, v.at[i], h.at[0], from), c) * h.w[0] +
                  normal(a, byte_at(p, v.at[i], h.at[1], from), c) * h.w[1];
    return line[0] * v.w[0] + line[1] * v.w[1];
}

/* ---- OpenCV: 11-bit weights, two shifts -------------------------------------------------- */

static int opencv(const gdk_picture *p, int y, int x, int c) {
    const double scale_x = 1 / ((double)p->new_w / p->src_w);
    const double scale_y = 1 / ((double)p->new_h / p->src_h);
    float fx = (float)((x + 0.5) * scale_x - 0.5), fy = (float)((y + 0.5) * scale_y - 0.5);
    int   ix = (int)floorf(fx), iy = (int)floorf(fy), h[2];
    fx -= (float)ix;
    fy -= (float)iy;
    if (ix < 0) ix = 0, fx = 0;
    if (ix >= p->src_w - 1) ix = p->src_w - 1, fx = 0;
    for (int i = 0; i < 2; i++) {
        int row = iy + i;
        row = row < 0 ? 0 : row < p->src_h ? row : p->src_h - 1;
        h[i] = byte_at(p, row, ix, c) * (int)rintf((1 - fx) * 2048) +
               byte_at(p, row, ix + 1 < p->src_w ? ix + 1 : ix, c) * (int)rintf(fx * 2048);
    }
    const int b0 = (int)rintf((1 - fy) * 2048), b1 = (int)rintf(fy * 2048);
    return (((b0 * (h[0] >> 4)) >> 16) + ((b1 * (h[1] >> 4)) >> 16) + 2) >> 2;
}

/* ---- Pillow: two passes of 22-bit weights, a byte in between ----------------------------- */

typedef struct window {
    int    lo, end, bicubic;
    double center, narrow, sum;
} window;

static double pil_kernel(const window *w, int i) {
    const double x = fabs((i - w->center + 0.5) * w->narrow);
    if (!w->bicubic) return x < 1 ? 1 - x : 0;
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

static window pil_window(int bicubic, int at, int src, int dst) {
    const double scale = (double)src / dst;
    window       w = {.bicubic = bicubic, .center = (at + 0.5) * scale};
    const double wide = scale < 1 ? 1 : scale, support = (bicubic ? 2 : 1) * wide;
    w.narrow = 1 / wide;
    w.lo = (int)fmax(w.center - support + 0.5, 0);
    w.end = (int)fmin(w.center + support + 0.5, src);
    for (int i = w.lo; i < w.end; i++) w.sum += pil_kernel(&w, i);
    return w;
}

static int pil_weight(const window *w, int i) {
    const double k = pil_kernel(w, i) / w->sum * 4194304;
    return (int)(k < 0 ? k - 0.5 : k + 0.5);
}

static int pil_byte(int sum) {
    const int v = (sum + 2097152) >> 22;
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

static int pil(const gdk_picture *p, int bicubic, int y, int x, int c) {
    const window h = pil_window(bicubic, x, p->src_w, p->new_w);
    const window v = pil_window(bicubic, y, p->src_h, p->new_h);
    int          sum = 0;
    for (int i = v.lo; i < v.end; i++) {
        int across = 0;
        for (int j = h.lo; j < h.end; j++) across += byte_at(p, i, j, c) * pil_weight(&h, j);
        sum += pil_byte(across) * pil_weight(&v, i);
    }
    return pil_byte(sum);
}

static gd_real value(const gd_preprocess *a, const gdk_picture *p, int y, int x, int c) {
    const int from = a->swap_rb ? 2 - c : c;
    switch (a->filter) {
    case GD_FILTER_TORCH:
    case GD_FILTER_CORNERS: return blend(a, p, y, x, from, c);
    case GD_FILTER_OPENCV: return normal(a, opencv(p, y, x, from), c);
    case GD_FILTER_PIL_BILINEAR: return normal(a, pil(p, 0, y, x, from), c);
    case GD_FILTER_PIL_BICUBIC: return normal(a, pil(p, 1, y, x, from), c);
    default:
        return normal(a,
                      byte_at(p, gdk_nearest(y, p->src_h, p->new_h),
                              gdk_nearest(x, p->src_w, p->new_w), from),
                      c);
    }
}

gd_status GD_REF(canvases)(const gd_launch *l, gdk_picture_at at, gd_error *err) {
    const gd_preprocess *a = l->attr;
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        gdk_picture p;
        GD_TRY(at(l, b, &p, err));
        for (int y = 0; y < a->out_h; y++)
            for (int x = 0; x < a->out_w; x++) {
                const bool in = y >= p.y0 && y < p.y1 && x >= p.x0 && x < p.x1;
                gd_real   *o = GD_AT(gd_real, l->out[0], (b * a->out_h + y) * a->out_w + x);
                for (int c = 0; c < 3; c++)
                    o[c] = in ? value(a, &p, y - p.top, x - p.left, c) : GD_REAL(a->pad[c]);
            }
    }
    return GD_OK;
}

gd_status GD_REF(preprocess)(const gd_launch *l, gd_error *err) {
    return GD_REF(canvases)(l, gdk_preprocess_picture, err);
}
