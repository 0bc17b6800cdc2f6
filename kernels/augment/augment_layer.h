/* augment_layer.h -- one layer of an augmented picture: the arithmetic of the CPU's row and of
 * the GPU's. */
#ifndef GD_KERNELS_AUGMENT_LAYER_H
#define GD_KERNELS_AUGMENT_LAYER_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/cuda/host_device.h"

typedef struct gdk_layer {
    int64_t origin; /* pixel */
    int     w, h, sub;
    float   m[6], rect[4];
    float   weight, brightness, contrast, saturation, grey;
} gdk_layer;

/* Row of GD_LAYER numbers. False: weight 0, or numbers that make no sense in `pixels` pixels:
 * nothing is read of such a layer. */
static inline GD_HOST_DEVICE bool gdk_layer_of(const float *g, int64_t pixels, gdk_layer *l) {
    const float most = 16777216.0f;
    if (!(g[0] >= 0 && g[0] < most && g[1] >= 1 && g[1] <= 65535 && g[2] >= 1 &&
          g[2] <= 65535 && g[18] >= 1 && g[18] <= 8) ||
        !(g[13] > 0 || g[13] < 0))
        return false;
    l->origin = (int64_t)g[0] * 16;
    l->w = (int)g[1];
    l->h = (int)g[2];
    l->sub = (int)g[18];
    for (int i = 0; i < 6; i++) l->m[i] = g[3 + i];
    for (int i = 0; i < 4; i++) l->rect[i] = g[9 + i];
    l->weight = g[13];
    l->brightness = g[14];
    l->contrast = g[15];
    l->saturation = g[16];
    l->grey = g[17];
    return l->origin + (int64_t)l->w * l->h <= pixels;
}

/* a * x + b * y + c without fused steps: which side of a border a place lies on must not depend
 * on the machine. */
static inline GD_HOST_DEVICE double gdk_layer_place(float a, double x, float b, double y,
                                                    float c) {
#ifdef __CUDA_ARCH__
    return __dadd_rn(__dadd_rn(__dmul_rn((double)a, x), __dmul_rn((double)b, y)), (double)c);
#else
    return (double)a * x + (double)b * y + (double)c;
#endif
}

static inline GD_HOST_DEVICE float gdk_layer_byte(float v) {
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* The colour at (u, v), 0 .. 255, recoloured; false: outside the picture. */
static inline GD_HOST_DEVICE bool gdk_layer_colour(const gdk_layer *l, const uint8_t *pixels,
                                                   double u, double v, float rgb[3]) {
    if (!(u >= 0 && u < l->w && v >= 0 && v < l->h)) return false;
    const double   s = u - 0.5, t = v - 0.5;
    const int      ix = (int)floor(s), iy = (int)floor(t);
    const float    fx = (float)(s - ix), fy = (float)(t - iy);
    const int      xa = ix < 0 ? 0 : ix, xb = ix + 1 < l->w ? ix + 1 : l->w - 1;
    const int      ya = iy < 0 ? 0 : iy, yb = iy + 1 < l->h ? iy + 1 : l->h - 1;
    const uint8_t *top = pixels + (l->origin + (int64_t)ya * l->w) * 3;
    const uint8_t *low = pixels + (l->origin + (int64_t)yb * l->w) * 3;
    for (int c = 0; c < 3; c++) {
        const float p = (float)top[3 * xa + c], q = (float)low[3 * xa + c];
        const float a = p + fx * ((float)top[3 * xb + c] - p);
        const float b = q + fx * ((float)low[3 * xb + c] - q);
        rgb[c] = gdk_layer_byte(l->brightness * (a + fy * (b - a)));
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = gdk_layer_byte(l->contrast * rgb[c] + (1 - l->contrast) * l->grey);
    const float g = 0.2989f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
    for (int c = 0; c < 3; c++)
        rgb[c] = gdk_layer_byte(l->saturation * rgb[c] + (1 - l->saturation) * g);
    return true;
}

/* Sum of the sub x sub colours of output pixel (x, y), and how many of them lie on the picture;
 * -1: the layer's rectangle does not hold the pixel. */
static inline GD_HOST_DEVICE int gdk_layer_pixel(const gdk_layer *l, const uint8_t *pixels,
                                                 int x, int y, float sum[3]) {
    const float mx = (float)x + 0.5f, my = (float)y + 0.5f;
    int         n = 0;
    sum[0] = sum[1] = sum[2] = 0;
    if (!(mx >= l->rect[0] && my >= l->rect[1] && mx < l->rect[2] && my < l->rect[3]))
        return -1;
    for (int j = 0; j < l->sub; j++)
        for (int i = 0; i < l->sub; i++) {
            const double px = x + (i + 0.5) / l->sub, py = y + (j + 0.5) / l->sub;
            const double u = gdk_layer_place(l->m[0], px, l->m[1], py, l->m[2]);
            const double v = gdk_layer_place(l->m[3], px, l->m[4], py, l->m[5]);
            float        rgb[3];
            if (!gdk_layer_colour(l, pixels, u, v, rgb)) continue;
            n++;
            for (int c = 0; c < 3; c++) sum[c] += rgb[c];
        }
    return n;
}

/* Attributes as the rows use them: value = byte * gain + shift, channels in the output's order.
 */
typedef struct gdk_augment_values {
    int   swap_rb;
    float gain[3], shift[3], pad[3];
} gdk_augment_values;

/* Adds one layer to an output pixel that began as pad. */
static inline GD_HOST_DEVICE void gdk_layer_add(const gdk_layer *l, const uint8_t *pixels,
                                                const gdk_augment_values *a, int x, int y,
                                                float out[3]) {
    float     sum[3];
    const int n = gdk_layer_pixel(l, pixels, x, y, sum);
    if (n <= 0) return;
    const float all = (float)(l->sub * l->sub), share = (float)n;
    for (int c = 0; c < 3; c++) {
        const float s = sum[a->swap_rb ? 2 - c : c];
        out[c] += l->weight * ((s * a->gain[c] + share * (a->shift[c] - a->pad[c])) / all);
    }
}

#endif
