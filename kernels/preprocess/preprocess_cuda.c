/* preprocess_cuda.c -- the CUDA row of preprocessing; an absorbed cast stores halves. */
#include "kernels/preprocess/preprocess_cuda.h"

#include <string.h>

#include "kernels/preprocess/preprocess.h"

static const char *const absorbs[] = {"cast", NULL};

/* Tiles are counted along the axes of the grid. */
bool gdk_canvases_cuda_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *y = l->out[0];
    return (y->dtype == GD_F32 || y->dtype == GD_F16) && y->dim[0] <= 65535 &&
           y->dim[1] <= 65535 * 8;
}

gd_status gdk_canvases_cuda(const gd_launch *l, int64_t frames, const gd_tensor *count,
                            const char *what, gd_error *err) {
    const gd_preprocess *a = l->attr;
    const gd_tensor     *y = l->out[0];
    const int            k = gdk_preprocess_divisor(a->scale);
    gdk_preprocess_cuda  p = {.pixels = l->in[0]->data,
                              .geom = l->in[1]->data,
                              .count = count ? count->data : NULL,
                              .F = frames,
                              .out = y->data,
                              .geom_pitch = l->in[1]->pitch,
                              .pitch = y->pitch,
                              .cap = l->in[0]->dim[1],
                              .B = (int32_t)y->dim[0],
                              .out_h = a->out_h,
                              .out_w = a->out_w,
                              .filter = a->filter,
                              .swap_rb = a->swap_rb != 0,
                              .wide = y->dtype == GD_F32,
                              .divisor = k,
                              .scale = a->scale};
    if (p.B == 0) return GD_OK;
    memcpy(p.mean, a->mean, sizeof p.mean);
    memcpy(p.std, a->std, sizeof p.std);
    memcpy(p.pad, a->pad, sizeof p.pad);
    for (int c = 0; c < 3; c++) {
        p.gain[c] = (float)((k ? 1.0 / k : (double)a->scale) / (double)a->std[c]);
        p.shift[c] = (float)(-(double)a->mean[c] / (double)a->std[c]);
    }
    const bool pil = a->filter == GD_FILTER_PIL_BILINEAR || a->filter == GD_FILTER_PIL_BICUBIC;
    return gdk_cuda_status(pil ? gdk_preprocess_pil_launch(&p, gdk_stream(l))
                               : gdk_preprocess_launch(&p, gdk_stream(l)),
                           what, err);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    return gdk_canvases_cuda(l, 0, NULL, "preprocess", err);
}

extern const gd_kernel gdk_preprocess_cuda_rows[];
const gd_kernel        gdk_preprocess_cuda_rows[] = {
           {GD_ROW_CUDA("preprocess_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH,
            .fits = gdk_canvases_cuda_fits, .absorbs = absorbs},
           {0}};
