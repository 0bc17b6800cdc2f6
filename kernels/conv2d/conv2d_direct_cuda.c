/* conv2d_direct_cuda.c -- convolutions that are no matrix products: packing and launch. */
#include <string.h>

#include "engine/half.h"
#include "engine/mem.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/conv2d_cuda.h"
#include "kernels/conv2d/conv2d_direct.h"
#include "kernels/conv2d/conv2d_stem_pick.h"
#include "kernels/cuda/cuda.h"

enum { MAX_STEM_FILTERS = 128, STEM_SMEM = 56 * 1024 };

/* The tensor-core stem takes no second operand. */
const char *const gdk_conv2d_stem_absorbs[] = {"relu", "leaky_relu", "silu",        "mish",
                                               "gelu", "relu6",      "hardsigmoid", "hardswish",
                                               "cast", NULL};

/* What prepare keeps: constant weights, packed, on the device. NULL: each run packs them to
 * scratch. */
typedef struct state {
    gd_device *device;
    void      *w;
    int32_t    n_sm, sm;
} state;

static bool is_constant(const gd_launch *l) { return (l->const_in & 2u) != 0; }

void gdk_conv2d_direct_release(void *kept) {
    state *s = kept;
    if (s) gd_device_release(s->device, s->w);
    gd_mem_put(s);
}

/* Takes `packed`, whose first `size` bytes go to the device; NULL: there are no constants. */
static gd_status keep(const gd_launch *l, const gd_device_caps *dev, void *packed, size_t size,
                      void **out, gd_error *err) {
    gd_status st = GD_OK;
    state    *s = gd_mem_get_zero(sizeof *s);
    if (!s || (!packed && is_constant(l)))
        GD_GO(gd_fail(err, GD_ERR_NOMEM, "conv2d: no memory for %zu bytes of packed weights",
                      size));
    s->device = l->device;
    s->n_sm = dev->n_sm;
    s->sm = dev->sm;
    if (packed) {
        GD_GO(gd_device_alloc(l->device, size, &s->w, err));
        GD_GO(gd_device_upload(l->device, GD_LANE_RUN, s->w, packed, size, err));
    }
    *out = s;
    s = NULL;
done:
    gd_mem_put(packed);
    gdk_conv2d_direct_release(s);
    return st;
}

static bool is_narrow(int64_t v) { return v >= 0 && v < INT32_MAX / 4; }

/* Lengths and attributes that kernels hold in 32 bits, some of them multiplied by four. */
static bool fits_narrow(const gd_launch *l) {
    const gd_conv2d *a = l->attr;
    for (int i = 0; i < 4; i++)
        if (!is_narrow(l->in[0]->dim[i]) || !is_narrow(l->in[1]->dim[i]) ||
            !is_narrow(l->out[0]->dim[i]) || !is_narrow(a->pad[i]))
            return false;
    return is_narrow(a->dilation[0] * (l->in[1]->dim[1] - 1)) &&
           is_narrow(a->dilation[1] * (l->in[1]->dim[2] - 1));
}

static bool fits(const gd_launch *l) {
    const gd_tensor *x = l->in[0], *w = l->in[1];
    return gd_tensor_count(l->out[0]) > 0 && (x->dtype == GD_F32 || x->dtype == GD_F16) &&
           w->dtype == x->dtype && gdk_epilogue_fits(l, 2);
}

/* Everything but weights packed elsewhere. */
static void read_launch(const gd_launch *l, gdk_direct *d) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *x = l->in[0], *w = l->in[1], *y = l->out[0];
    memset(d, 0, sizeof *d);
    d->x = x->data;
    d->w = w->data;
    d->x_pitch = x->pitch;
    d->w_pitch = w->pitch;
    d->N = (int32_t)x->dim[0];
    d->H = (int32_t)x->dim[1];
    d->W = (int32_t)x->dim[2];
    d->C = (int32_t)x->dim[3];
    d->P = (int32_t)y->dim[1];
    d->Q = (int32_t)y->dim[2];
    d->K = (int32_t)y->dim[3];
    d->R = (int32_t)w->dim[1];
    d->S = (int32_t)w->dim[2];
    for (int i = 0; i < 2; i++) {
        d->stride[i] = a->stride[i];
        d->pad[i] = a->pad[i];
        d->dilation[i] = a->dilation[i];
    }
    d->groups = a->groups;
    d->half = x->dtype == GD_F16;
    gdk_epilogue_read(l, 2, &d->e);
}

/* The same with packed weights, which are packed now where they are not constant. */
static gd_status read_packed(const gd_launch *l, size_t bytes, bool stem, gdk_direct *d,
                             gd_error *err) {
    const state *s = l->state;
    read_launch(l, d);
    d->n_sm = s->n_sm;
    d->width = gdk_stem_width(d->K, s->sm);
    d->w = s->w ? s->w : l->scratch;
    if (s->w) return GD_OK;
    const gdk_pack p = {.w = l->in[1]->data,
                        .to = l->scratch,
                        .pitch = l->in[1]->pitch,
                        .n = (int32_t)(bytes / (stem && d->half ? 2 : sizeof(float))),
                        .K = d->K,
                        .taps = stem ? 0 : d->R * d->S,
                        .width = d->width,
                        .size = d->R,
                        .half = d->half};
    return gdk_cuda_status(gdk_conv2d_pack_launch(&p, gdk_stream(l)), "conv2d_pack", err);
}

/* ---- stem -------------------------------------------------------------------------------- */

bool gdk_conv2d_stem_fits(const gd_launch *l, const gd_device_caps *dev) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *x = l->in[0], *w = l->in[1], *y = l->out[0];
    /* Tiles of 8 x 32 pixels, counted in 32 bits. */
    const int64_t tiles = y->dim[0] * ((y->dim[1] + 7) / 8) * ((y->dim[2] + 31) / 32);
    return fits(l) && fits_narrow(l) && x->dim[3] == 3 && a->groups == 1 &&
           gdk_stem_has(w->dim[1], w->dim[2], a->stride[0]) && a->stride[0] == a->stride[1] &&
           a->dilation[0] == 1 && a->dilation[1] == 1 && w->dim[0] % 8 == 0 &&
           w->dim[0] <= MAX_STEM_FILTERS && y->pitch % 8 == 0 && is_narrow(tiles) &&
           dev->smem_optin >= STEM_SMEM;
}

static size_t stem_bytes(const gd_launch *l, int sm) {
    const gd_tensor *w = l->in[1];
    const int        side = (int)w->dim[1];
    return w->dtype == GD_F16 ? gdk_stem_bytes(w->dim[0], gdk_stem_width(w->dim[0], sm), side)
                              : gdk_stem_bytes_f32(w->dim[0], side);
}

size_t gdk_conv2d_stem_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return is_constant(l) ? 0 : stem_bytes(l, dev->sm);
}

gd_status gdk_conv2d_stem_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                  gd_error *err) {
    const gd_tensor *w = l->in[1];
    const bool       half = w->dtype == GD_F16;
    const int64_t    K = w->dim[0];
    const int        side = (int)w->dim[1], width = gdk_stem_width(K, dev->sm);
    const size_t     size = stem_bytes(l, dev->sm);
    void            *packed = is_constant(l) ? gd_mem_get(size) : NULL;
    *out = NULL;
    if (packed && half)
        gdk_stem_pack(K, width, side, w->data, w->pitch, packed);
    else if (packed)
        gdk_stem_pack_f32(K, side, w->data, w->pitch, packed);
    return keep(l, dev, packed, size, out, err);
}

gd_status gdk_conv2d_stem_run(const gd_launch *l, gd_error *err) {
    gdk_direct d;
    GD_TRY(read_packed(l, stem_bytes(l, ((const state *)l->state)->sm), true, &d, err));
    return gdk_cuda_status(d.half ? gdk_conv2d_stem_f16_launch(&d, gdk_stream(l))
                                  : gdk_conv2d_stem_f32_launch(&d, gdk_stream(l)),
                           "conv2d_stem", err);
}

/* ---- depthwise --------------------------------------------------------------------------- */

bool gdk_conv2d_depthwise_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_conv2d *a = l->attr;
    const gd_tensor *x = l->in[0], *w = l->in[1], *y = l->out[0];
    const int64_t    group = x->dtype == GD_F16 ? 8 : 4;
    if (!fits(l) || !fits_narrow(l) || a->groups != w->dim[0] || a->groups != x->dim[3] ||
        x->dim[3] % group || x->pitch % group || y->pitch % group)
        return false;
    for (int i = 0; i < l->n_step; i++)
        if (l->step[i].arg && l->step[i].arg->pitch % group) return false;
    return gd_tensor_pixels(y) < INT32_MAX && w->dim[1] * w->dim[2] < INT32_MAX / x->dim[3];
}

static size_t depthwise_bytes(const gd_launch *l) {
    return (size_t)gd_tensor_pixels(l->in[1]) * sizeof(float);
}

size_t gdk_conv2d_depthwise_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return is_constant(l) ? 0 : depthwise_bytes(l);
}

gd_status gdk_conv2d_depthwise_prepare(const gd_launch *l, const gd_device_caps *dev,
                                       void **out, gd_error *err) {
    const gd_tensor *w = l->in[1];
    const int64_t    C = w->dim[0], taps = w->dim[1] * w->dim[2];
    const size_t     size = depthwise_bytes(l);
    float           *packed = is_constant(l) ? gd_mem_get(size) : NULL;
    *out = NULL;
    for (int64_t c = 0; packed && c < C; c++)
        for (int64_t t = 0; t < taps; t++) {
            const int64_t at = (c * taps + t) * w->pitch;
            packed[t * C + c] = w->dtype == GD_F16
                                    ? gd_half_to_float(((const uint16_t *)w->data)[at])
                                    : ((const float *)w->data)[at];
        }
    return keep(l, dev, packed, size, out, err);
}

gd_status gdk_conv2d_depthwise_run(const gd_launch *l, gd_error *err) {
    gdk_direct d;
    GD_TRY(read_packed(l, depthwise_bytes(l), false, &d, err));
    return gdk_cuda_status(gdk_conv2d_dw_launch(&d, gdk_stream(l)), "conv2d_depthwise", err);
}

/* ---- anything ---------------------------------------------------------------------------- */

bool gdk_conv2d_any_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return fits(l);
}

gd_status gdk_conv2d_any_run(const gd_launch *l, gd_error *err) {
    gdk_direct d;
    read_launch(l, &d);
    return gdk_cuda_status(gdk_conv2d_any_launch(&d, gdk_stream(l)), "conv2d_any", err);
}

bool gdk_linear_any_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return fits(l) && gd_tensor_pixels(l->in[0]) < INT32_MAX && l->in[1]->dim[0] < INT32_MAX &&
           l->in[1]->dim[1] < INT32_MAX;
}

/* A linear layer is a 1x1 convolution of a picture of one line. */
gd_status gdk_linear_any_run(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0], *w = l->in[1];
    const int32_t    rows = (int32_t)gd_tensor_pixels(x);
    gdk_direct       d = {.x = x->data,
                          .w = w->data,
                          .x_pitch = x->pitch,
                          .w_pitch = w->pitch,
                          .N = 1,
                          .H = 1,
                          .W = rows,
                          .C = (int32_t)w->dim[1],
                          .P = 1,
                          .Q = rows,
                          .K = (int32_t)w->dim[0],
                          .R = 1,
                          .S = 1,
                          .stride = {1, 1},
                          .dilation = {1, 1},
                          .groups = 1,
                          .half = x->dtype == GD_F16};
    gdk_epilogue_read(l, 2, &d.e);
    return gdk_cuda_status(gdk_conv2d_any_launch(&d, gdk_stream(l)), "linear_any", err);
}
