/* conv2d_wgrad_cuda.c -- the gradient of weights on a GPU: what fits, the plan, the launches.
 *
 * A linear layer is a 1x1 convolution of a picture of one line. Where pixels do not begin at
 * 16-byte boundaries, x or dy is first copied to scratch with channels added. Scratch holds the
 * sums of the ranges of pixels, then these copies. */
#include "kernels/conv2d/conv2d_wgrad_cuda.h"

#include "engine/mem.h"
#include "kernels/conv2d/conv2d_maps.h"
#include "kernels/conv2d/conv2d_wgrad.h"
#include "kernels/conv2d/conv2d_wgrad_pick.h"
#include "kernels/cuda/copy.h"

#ifndef GD_CUDA_HAVE_SM90A
#define GD_CUDA_HAVE_SM90A 0 /* the build says */
#endif

/* Extents of the convolution whose weights these are: dy [N, P, Q, K], x [N, H, W, C]. */
static gdk_conv2d_shape shape_of(const gd_launch *l, bool linear) {
    static const gd_conv2d point = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};
    const gd_tensor       *dy = l->in[0], *x = l->in[1], *dw = l->out[0];
    const int64_t          rows = gd_tensor_pixels(x);
    if (linear)
        return (gdk_conv2d_shape){&point, 1, 1, rows, dw->dim[1], dw->dim[0], 1, 1, 1, rows};
    return (gdk_conv2d_shape){l->attr,    x->dim[0],  x->dim[1],  x->dim[2],  x->dim[3],
                              dw->dim[0], dw->dim[1], dw->dim[2], dy->dim[1], dy->dim[2]};
}

static int64_t group_of(const gd_tensor *t) { return 16 / (int64_t)gd_dtype_size(t->dtype); }
static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

static gdk_wgrad_choice pick(const gd_launch *l, const gdk_conv2d_shape *s,
                             gdk_wgrad_family family, int n_sm) {
    const int64_t  channels = s->C / s->a->groups;
    const int64_t  each = family == GDK_WGRAD_WGMMA ? GDK_MAP_CHANNELS
                          : family == GDK_WGRAD_ANY ? 1
                                                    : group_of(l->in[0]);
    gdk_wgrad_work w = {.family = family,
                        .K = s->K,
                        .columns = s->R * s->S * round_up(channels, each),
                        .M = s->N * s->P * s->Q,
                        .size = gd_tensor_count(l->out[0]),
                        .n_sm = n_sm};
    if (family == GDK_WGRAD_ANY) w.columns *= w.K, w.K = 1; /* a thread each */
    return gdk_wgrad_pick(&w);
}

/* ---- what fits --------------------------------------------------------------------------- */

static bool below(int64_t n) { return n < INT32_MAX / 2; }

static bool counts_fit(const gd_launch *l, const gdk_conv2d_shape *s) {
    for (int i = 0; i < 4; i++)
        if (s->a->pad[i] > INT16_MAX || s->a->stride[i % 2] > INT16_MAX ||
            s->a->dilation[i % 2] > INT16_MAX)
            return false;
    return below(s->N) && below(s->H) && below(s->W) && below(s->P) && below(s->Q) &&
           s->R <= INT16_MAX && s->S <= INT16_MAX && s->R * s->S <= INT16_MAX && below(s->C) &&
           below(s->K) && below(s->N * s->P * s->Q) && below(gd_tensor_count(l->out[0])) &&
           below(s->H * s->W) && below(s->R * s->S * (s->C + 8)) &&
           gd_tensor_count(l->in[1]) < INT32_MAX && gd_tensor_count(l->in[0]) < INT32_MAX;
}

static bool fits(const gd_launch *l, const gd_device_caps *dev, bool linear,
                 gdk_wgrad_family family) {
    const gd_tensor       *dy = l->in[0], *x = l->in[1];
    const gdk_conv2d_shape s = shape_of(l, linear);
    if (!gd_tensor_count(l->out[0]) || !gd_tensor_count(dy) || x->dtype != dy->dtype ||
        !gdk_half_or_wide(x) || !gdk_epilogue_fits(l, 2) || !counts_fit(l, &s))
        return false;
    if (family == GDK_WGRAD_ANY) return true;
    if (s.a->groups != 1) return false;
    if (family != GDK_WGRAD_WGMMA) return true;
    /* Channels are taken 64 at a time; a third of wasted work is left to other rows. */
    return GD_CUDA_HAVE_SM90A && dev->sm == 90 && s.C % 8 == 0 &&
           3 * s.C >= 2 * round_up(s.C, GDK_MAP_CHANNELS) && x->pitch % 8 == 0 &&
           dy->pitch % 8 == 0 && gdk_map_window_fits(&s);
}

/* ---- scratch ----------------------------------------------------------------------------- */

/* Bytes of scratch, and where in it things lie. A pitch of 0: the tensor is used as it is. */
typedef struct layout {
    size_t  x, dy, end;
    int64_t x_pitch, dy_pitch; /* elements */
    bool    direct;            /* one range, whose sums are dw itself */
} layout;

static int64_t padded(const gd_tensor *t, gdk_wgrad_family family) {
    const int64_t group = group_of(t);
    if (family == GDK_WGRAD_ANY || family == GDK_WGRAD_WGMMA || t->pitch % group == 0) return 0;
    return round_up(gd_tensor_channels(t), group);
}

static layout layout_of(const gd_launch *l, gdk_wgrad_family family, int splits) {
    const gd_tensor *dw = l->out[0], *dy = l->in[0], *x = l->in[1];
    const size_t     size = gd_dtype_size(x->dtype);
    layout           a = {.x_pitch = padded(x, family), .dy_pitch = padded(dy, family)};
    a.direct = splits == 1 && dw->dtype == GD_F32 && gd_tensor_dense(dw) && l->n_step == 0;
    if (!a.direct)
        a.x = gd_device_round((size_t)splits * (size_t)gd_tensor_count(dw) * sizeof(float));
    a.dy = a.x + gd_device_round((size_t)(gd_tensor_pixels(x) * a.x_pitch) * size);
    a.end = a.dy + gd_device_round((size_t)(gd_tensor_pixels(dy) * a.dy_pitch) * size);
    return a;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev, bool linear,
                      gdk_wgrad_family family) {
    const gdk_conv2d_shape s = shape_of(l, linear);
    const gdk_wgrad_choice c = pick(l, &s, family, dev->n_sm);
    return layout_of(l, family, c.splits).end;
}

static double cost(const gd_launch *l, const gd_device_caps *dev, bool linear,
                   gdk_wgrad_family family) {
    const gdk_conv2d_shape s = shape_of(l, linear);
    /* What takes anything comes after all that takes what it is made for. */
    return pick(l, &s, family, dev->n_sm).us + (family == GDK_WGRAD_ANY ? 1e6 : 0);
}

/* ---- the plan ---------------------------------------------------------------------------- */

typedef struct state {
    gdk_wgrad_family family;
    gdk_conv2d_shape s;
    gdk_wgrad        p;
    gdk_wgrad_wgmma  w; /* the same for Hopper's own instructions */
    gdk_maps         maps;
    layout           at;
    int              n_sm;
} state;

static void plan(state *st, const gd_launch *l, const gdk_wgrad_choice *c,
                 const gd_device_caps *dev) {
    const gdk_conv2d_shape *s = &st->s;
    const gd_conv2d        *a = s->a;
    const int64_t           channels = s->C / a->groups, group = group_of(l->in[0]);
    st->p = (gdk_wgrad){.M = (int32_t)(s->N * s->P * s->Q),
                        .K = (int32_t)s->K,
                        .C = (int32_t)channels,
                        .H = (int32_t)s->H,
                        .W = (int32_t)s->W,
                        .R = (int32_t)s->R,
                        .S = (int32_t)s->S,
                        .stride = {a->stride[0], a->stride[1]},
                        .pad = {a->pad[0], a->pad[1]},
                        .dilation = {a->dilation[0], a->dilation[1]},
                        .groups = a->groups,
                        .half = l->in[0]->dtype == GD_F16,
                        .steps = (int32_t)c->steps,
                        .splits = c->splits,
                        .tiles_k = (int32_t)c->tiles_k,
                        .tiles = (int32_t)c->tiles,
                        .tile = c->tile,
                        /* sm_75 has no asynchronous copies and 64 KB */
                        .stages = dev->sm < 80                    ? 2
                                  : dev->smem_optin >= 160 * 1024 ? 4
                                                                  : 3,
                        .by_pq = gdk_fastdiv_by(s->P * s->Q),
                        .by_q = gdk_fastdiv_by(s->Q),
                        .by_c = gdk_fastdiv_by((channels + group - 1) / group)};
}

static void plan_wgmma(state *st, const gdk_wgrad_choice *c) {
    const gdk_conv2d_shape *s = &st->s;
    const gd_conv2d        *a = s->a;
    const int32_t           taps = (int32_t)(s->R * s->S);
    const int32_t           a_tap = (int32_t)((s->C + GDK_MAP_CHANNELS - 1) / GDK_MAP_CHANNELS);
    st->w = (gdk_wgrad_wgmma){.K = (int32_t)s->K,
                              .C = (int32_t)s->C,
                              .S = (int32_t)s->S,
                              .taps = taps,
                              .Q = (int32_t)s->Q,
                              .PQ = (int32_t)(s->P * s->Q),
                              .stride_h = a->stride[0],
                              .stride_w = a->stride[1],
                              .pad_h = a->pad[0],
                              .pad_w = a->pad[1],
                              .dil_h = a->dilation[0],
                              .dil_w = a->dilation[1],
                              .blocks_a_tap = a_tap,
                              .blocks = taps * a_tap,
                              .steps = (int32_t)c->steps,
                              .splits = c->splits,
                              .tiles_k = (int32_t)c->tiles_k,
                              .tiles = (int32_t)c->tiles,
                              .tile = c->tile};
}

static gd_status prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                         gd_error *err, bool linear, gdk_wgrad_family family) {
    gd_status st = GD_OK;
    state    *s = gd_mem_get_zero(sizeof *s);
    *out = NULL;
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "conv2d_bwd_weight: no memory for a plan");
    s->family = family;
    s->s = shape_of(l, linear);
    s->n_sm = dev->n_sm;
    const gdk_wgrad_choice c = pick(l, &s->s, family, dev->n_sm);
    s->at = layout_of(l, family, c.splits);
    plan(s, l, &c, dev);
    if (family == GDK_WGRAD_WGMMA) {
        plan_wgmma(s, &c);
        GD_GO(gdk_maps_find(&s->maps, err));
        GD_GO(gdk_cuda_status(gdk_wgrad_wgmma_ready(c.tile), "conv2d_wgrad_wgmma", err));
    } else if (family == GDK_WGRAD_MMA) {
        GD_GO(gdk_cuda_status(gdk_wgrad_mma_ready(c.tile), "conv2d_wgrad_mma", err));
    }
    *out = s;
    s = NULL;
done:
    gd_mem_put(s);
    return st;
}

#define FAMILY(name, linear, family)                                                          \
    bool gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev) {                   \
        return fits(l, dev, linear, family);                                                  \
    }                                                                                         \
    size_t gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev) {              \
        return scratch(l, dev, linear, family);                                               \
    }                                                                                         \
    double gdk_##name##_cost(const gd_launch *l, const gd_device_caps *dev) {                 \
        return cost(l, dev, linear, family);                                                  \
    }                                                                                         \
    gd_status gdk_##name##_prepare(const gd_launch *l, const gd_device_caps *dev, void **out, \
                                   gd_error *err) {                                           \
        return prepare(l, dev, out, err, linear, family);                                     \
    }
FAMILY(conv2d_wgrad_wgmma, false, GDK_WGRAD_WGMMA)
FAMILY(linear_wgrad_wgmma, true, GDK_WGRAD_WGMMA)
FAMILY(conv2d_wgrad_mma, false, GDK_WGRAD_MMA)
FAMILY(linear_wgrad_mma, true, GDK_WGRAD_MMA)
FAMILY(conv2d_wgrad_simt, false, GDK_WGRAD_SIMT)
FAMILY(linear_wgrad_simt, true, GDK_WGRAD_SIMT)
FAMILY(conv2d_wgrad_any, false, GDK_WGRAD_ANY)
FAMILY(linear_wgrad_any, true, GDK_WGRAD_ANY)
#undef FAMILY

/* ---- the launches ------------------------------------------------------------------------ */

/* Where the kernel reads a tensor: as it is, or after a copy with channels added to scratch. */
static gd_status reach(const gd_launch *l, const gd_tensor *t, int64_t pitch, size_t at,
                       const void **data, int64_t *bytes, gd_error *err) {
    const int64_t size = (int64_t)gd_dtype_size(t->dtype);
    *data = pitch ? (char *)l->scratch + at : t->data;
    *bytes = (pitch ? pitch : t->pitch) * size;
    if (!pitch) return GD_OK;
    const gdk_copy_box box = {.x = t->data,
                              .y = (char *)l->scratch + at,
                              .outer = 1,
                              .mid = 1,
                              .inner = gd_tensor_pixels(t),
                              .x_inner = t->pitch,
                              .x_step = 1,
                              .y_inner = pitch,
                              .width = pitch,
                              .from = gd_tensor_channels(t)};
    return gdk_copy_run(l, &box, 1, (size_t)size, err);
}

static gd_status launch(const gd_launch *l, const state *s, float *part, gd_error *err) {
    const gd_tensor *dy = l->in[0], *x = l->in[1];
    if (s->family == GDK_WGRAD_WGMMA) {
        gdk_wgrad_wgmma w = s->w;
        w.part = part;
        GD_TRY(gdk_map_im2col(&s->maps, &s->s, x->data, x->pitch, GDK_WGRAD_STEP_WGMMA, &w.x,
                              err));
        GD_TRY(gdk_map_matrix(&s->maps, dy->data, s->p.M, w.K, dy->pitch, GDK_WGRAD_STEP_WGMMA,
                              &w.dy, err));
        return gdk_cuda_status(gdk_wgrad_wgmma_launch(&w, s->n_sm, gdk_stream(l)),
                               "conv2d_wgrad_wgmma", err);
    }
    gdk_wgrad p = s->p;
    p.part = part;
    GD_TRY(reach(l, x, s->at.x_pitch, s->at.x, &p.x, &p.x_pitch, err));
    GD_TRY(reach(l, dy, s->at.dy_pitch, s->at.dy, &p.dy, &p.dy_pitch, err));
    if (s->family == GDK_WGRAD_MMA)
        return gdk_cuda_status(gdk_wgrad_mma_launch(&p, gdk_stream(l)), "conv2d_wgrad_mma",
                               err);
    if (s->family == GDK_WGRAD_SIMT)
        return gdk_cuda_status(gdk_wgrad_simt_launch(&p, gdk_stream(l)), "conv2d_wgrad_simt",
                               err);
    return gdk_cuda_status(gdk_wgrad_any_launch(&p, gdk_stream(l)), "conv2d_wgrad_any", err);
}

gd_status gdk_conv2d_wgrad_run(const gd_launch *l, gd_error *err) {
    const state *s = l->state;
    gd_tensor   *dw = l->out[0];
    if (s->at.direct) return launch(l, s, dw->data, err);
    GD_TRY(launch(l, s, l->scratch, err));
    gdk_wgrad_sum sum = {.part = l->scratch,
                         .rows = gd_tensor_pixels(dw),
                         .C = (int32_t)gd_tensor_channels(dw),
                         .splits = s->p.splits,
                         .early = gdk_early(l)};
    gdk_epilogue_read(l, 2, &sum.e);
    return gdk_cuda_status(gdk_wgrad_sum_launch(&sum, gdk_stream(l)), "conv2d_wgrad_sum", err);
}
