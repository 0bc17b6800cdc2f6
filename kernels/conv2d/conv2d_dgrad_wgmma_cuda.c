/* conv2d_dgrad_wgmma_cuda.c -- the gradient of an input on Hopper, by weights as they are.
 *
 * Each phase of it (conv2d_phase.h) is a launch of the Hopper convolution that reads weights
 * transposed and writes its pixels where they belong; pixels that no tap reaches are filled
 * after. A linear layer is a 1x1 convolution of a picture of one line. */
#include "engine/mem.h"
#include "kernels/conv2d/conv2d_dgrad.h"
#include "kernels/conv2d/conv2d_dgrad_cuda.h"
#include "kernels/conv2d/conv2d_wgmma.h"

#ifndef GD_CUDA_HAVE_SM90A
#define GD_CUDA_HAVE_SM90A 0 /* the build says */
#endif

/* Where in the weights a phase's taps lie, and where in dx its pixels: see gdk_wgmma_args. */
typedef struct place {
    int32_t w_first, w_down, w_right;
    int64_t to_n, to_p, to_q, to_first;
} place;

typedef struct phase {
    gd_conv2d        conv;
    gdk_conv2d_shape s; /* s.a is set by who reads it */
    gdk_wgmma_choice choice;
    place            at;
    gdk_wgmma_args   a; /* made by prepare */
} phase;

typedef struct plan {
    phase          phase[GDK_DGRAD_PHASES];
    int            n, n_sm;
    bool           spread, fill; /* phases are many; some pixels get nothing */
    gdk_dgrad_join join;
    int64_t        rows, depth; /* of the weights: filters, columns */
    int64_t        tiles;       /* most of a phase that is split; 0: none is */
    gdk_maps       maps;
    uint32_t      *ticket;
    gd_device     *device;
} plan;

static const gd_conv2d point = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};

static int64_t tiles_of(const phase *f) {
    const gdk_conv2d_shape *s = &f->s;
    return (s->N * s->P * s->Q + GDK_WGMMA_ROWS - 1) / GDK_WGMMA_ROWS *
           ((s->K + f->choice.cols - 1) / f->choice.cols);
}

static int additions(const gd_launch *l) {
    int n = 0;
    for (int i = 0; i < l->n_step; i++) n += l->step[i].arg != NULL;
    return n;
}

static int64_t steps_of(int64_t channels) {
    return (channels + GDK_MAP_CHANNELS - 1) / GDK_MAP_CHANNELS;
}

/* The first tap of a phase in its own order is its last in the filter's. */
static place place_of(const gdk_phase axis[2], const gd_conv2d *a, int i,
                      const int64_t plane[2], int64_t S, int64_t C) {
    const int64_t down = axis[0].first + (axis[0].taps - 1) * axis[0].step;
    const int64_t right = axis[1].first + (axis[1].taps - 1) * axis[1].step;
    return (place){.w_first = (int32_t)((down * S + right) * C),
                   .w_down = (int32_t)(-axis[0].step * S * C),
                   .w_right = (int32_t)(-axis[1].step * C),
                   .to_n = plane[0] * plane[1],
                   .to_p = a->stride[0] * plane[1],
                   .to_q = a->stride[1],
                   .to_first = i / a->stride[1] * plane[1] + i % a->stride[1]};
}

/* The phases, but for what launches need. */
static void compose(const gd_launch *l, const gd_conv2d *a, int n_sm, plan *p) {
    const gd_tensor *dy = l->in[0], *w = l->in[1], *dx = l->out[0];
    const bool       linear = w->ndim == 2;
    const int64_t    rows = gd_tensor_pixels(dx), N = linear ? 1 : dx->dim[0];
    const int64_t    C = gd_tensor_channels(dx), K = w->dim[0];
    const int64_t    plane[2] = {linear ? 1 : dx->dim[1], linear ? rows : dx->dim[2]};
    const int64_t    filter[2] = {linear ? 1 : w->dim[1], linear ? 1 : w->dim[2]};
    const int64_t    plane_dy[2] = {linear ? 1 : dy->dim[1], linear ? rows : dy->dim[2]};
    *p = (plan){.n_sm = n_sm,
                .spread = a->stride[0] != 1 || a->stride[1] != 1,
                .rows = K,
                .depth = gd_tensor_count(w) / K};
    p->join = (gdk_dgrad_join){.N = (int32_t)N,
                               .H = (int32_t)plane[0],
                               .W = (int32_t)plane[1],
                               .C = (int32_t)C,
                               .stride = {a->stride[0], a->stride[1]}};
    for (int i = 0; i < a->stride[0] * a->stride[1]; i++) {
        phase     *f = &p->phase[p->n];
        gdk_phase  axis[2];
        const bool some = gdk_dgrad_phase(a, plane, filter, plane_dy, i, axis, &f->conv);
        p->join.at[i] = some ? -2 : -1;
        p->fill = p->fill || (!some && axis[0].count && axis[1].count);
        if (!some) continue;
        f->s = (gdk_conv2d_shape){.N = N,
                                  .H = plane_dy[0],
                                  .W = plane_dy[1],
                                  .C = K,
                                  .K = C,
                                  .R = axis[0].taps,
                                  .S = axis[1].taps,
                                  .P = axis[0].count,
                                  .Q = axis[1].count};
        f->at = place_of(axis, a, i, plane, filter[1], C);
        f->choice = gdk_wgmma_pick(N * f->s.P * f->s.Q, C, f->s.R * f->s.S * steps_of(K),
                                   additions(l) > 0, n_sm);
        if (f->choice.splits > 1 && tiles_of(f) > p->tiles) p->tiles = tiles_of(f);
        p->n++;
    }
}

/* Channels are taken 64 at a time; a third of wasted work is left to other rows. */
static bool channels_fit(int64_t C) {
    return C % 8 == 0 && 3 * C >= 2 * steps_of(C) * GDK_MAP_CHANNELS;
}

/* Spread outputs leave whole: halves, and addends come to tiles that are not split. */
static bool can_spread(const gd_launch *l, const plan *p) {
    const int add = additions(l);
    if (l->out[0]->dtype != GD_F16 || l->out[0]->pitch % 8) return false;
    for (int i = 0; i < l->n_step; i++) {
        const gd_tensor *arg = l->step[i].arg;
        if (arg && (arg->dtype != GD_F16 || arg->pitch % 8)) return false;
    }
    for (int i = 0; i < p->n && add; i++)
        if (p->phase[i].choice.splits > 1) return false;
    return true;
}

static bool fits(const gd_launch *l, const gd_device_caps *dev, const gd_conv2d *a) {
    const gd_tensor *dy = l->in[0], *w = l->in[1], *dx = l->out[0];
    plan             p;
    if (!GD_CUDA_HAVE_SM90A || dev->sm != 90 || a->groups != 1 || w->dtype != dy->dtype ||
        !gd_tensor_dense(w) || dy->pitch % 8 || gd_tensor_channels(dx) % 8 ||
        !channels_fit(w->dim[0]) || !gdk_epilogue_fits(l, 2) || !gdk_dgrad_counts(l, a))
        return false;
    compose(l, a, dev->n_sm, &p);
    for (int i = 0; i < p.n; i++) {
        p.phase[i].s.a = &p.phase[i].conv;
        if (!gdk_map_window_fits(&p.phase[i].s)) return false;
    }
    /* Two addends would leave one by one: a pass of its own for the second is faster. */
    return additions(l) <= 1 && (!p.spread || can_spread(l, &p));
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev, const gd_conv2d *a) {
    plan    p;
    int64_t most = 0;
    compose(l, a, dev->n_sm, &p);
    for (int i = 0; i < p.n; i++) {
        const phase  *f = &p.phase[i];
        const int64_t part = tiles_of(f) * f->choice.splits * GDK_WGMMA_ROWS * f->choice.cols;
        if (f->choice.splits > 1 && part > most) most = part;
    }
    return (size_t)most * sizeof(float);
}

static double cost(const gd_launch *l, const gd_device_caps *dev, const gd_conv2d *a) {
    plan   p;
    double us = 0;
    compose(l, a, dev->n_sm, &p);
    for (int i = 0; i < p.n; i++) us += p.phase[i].choice.us;
    return us + (p.fill ? 3 + (double)gd_tensor_bytes(l->out[0]) / 3e6 : 0);
}

void gdk_conv2d_dgrad_wgmma_release(void *kept) {
    plan *p = kept;
    if (p && p->ticket) gd_device_release(p->device, p->ticket);
    gd_mem_put(p);
}

static gd_status prepare(const gd_launch *l, const gd_device_caps *dev, const gd_conv2d *a,
                         void **out, gd_error *err) {
    gd_status st = GD_OK;
    plan     *p = gd_mem_get_zero(sizeof *p);
    void     *ticket = NULL;
    *out = NULL;
    if (!p) return gd_fail(err, GD_ERR_NOMEM, "conv2d_bwd_data: no memory for a plan");
    compose(l, a, dev->n_sm, p);
    p->device = l->device;
    GD_GO(gdk_maps_find(&p->maps, err));
    for (int i = 0; i < p->n; i++) {
        phase *f = &p->phase[i];
        f->s.a = &f->conv;
        gdk_wgmma_plan(&f->s, &f->choice, &f->a);
        f->a.w_first = f->at.w_first;
        f->a.w_down = f->at.w_down;
        f->a.w_right = f->at.w_right;
        f->a.spread = p->spread;
        f->a.to_n = f->at.to_n;
        f->a.to_p = f->at.to_p;
        f->a.to_q = f->at.to_q;
        f->a.to_first = f->at.to_first;
        GD_GO(gdk_cuda_status(gdk_conv2d_wgmma_turned_ready(f->a.cols), "conv2d_wgmma", err));
    }
    if (p->tiles) {
        const size_t size = (size_t)p->tiles * sizeof(uint32_t);
        GD_GO(gd_device_alloc(l->device, size, &ticket, err));
        p->ticket = ticket;
        GD_GO(gd_device_fill(l->device, GD_LANE_RUN, ticket, 0, size, err));
    }
    *out = p;
    p = NULL;
done:
    gdk_conv2d_dgrad_wgmma_release(p);
    return st;
}

#define FAMILY(name, attr)                                                                    \
    bool gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev) {                   \
        return fits(l, dev, attr);                                                            \
    }                                                                                         \
    size_t gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev) {              \
        return scratch(l, dev, attr);                                                         \
    }                                                                                         \
    double gdk_##name##_cost(const gd_launch *l, const gd_device_caps *dev) {                 \
        return cost(l, dev, attr);                                                            \
    }                                                                                         \
    gd_status gdk_##name##_prepare(const gd_launch *l, const gd_device_caps *dev, void **out, \
                                   gd_error *err) {                                           \
        return prepare(l, dev, attr, out, err);                                               \
    }
FAMILY(conv2d_dgrad_wgmma, l->attr)
FAMILY(linear_dgrad_wgmma, &point)
#undef FAMILY

gd_status gdk_conv2d_dgrad_wgmma_run(const gd_launch *l, gd_error *err) {
    const plan      *p = l->state;
    const gd_tensor *dy = l->in[0], *w = l->in[1];
    for (int i = 0; i < p->n; i++) {
        const phase   *f = &p->phase[i];
        gdk_wgmma_args a = f->a;
        a.part = l->scratch;
        a.ticket = p->ticket;
        gdk_epilogue_read(l, 2, &a.e);
        GD_TRY(gdk_map_im2col(&p->maps, &f->s, dy->data, dy->pitch, GDK_WGMMA_ROWS, &a.x, err));
        GD_TRY(gdk_map_matrix(&p->maps, w->data, p->rows, p->depth, p->depth, GDK_WGMMA_DEPTH,
                              &a.w, err));
        GD_TRY(gdk_wgmma_exit(l, &p->maps, &a, err));
        GD_TRY(gdk_cuda_status(gdk_conv2d_wgmma_turned_launch(&a, p->n_sm, gdk_stream(l)),
                               "conv2d_wgmma_turned", err));
    }
    if (!p->fill) return GD_OK;
    gdk_dgrad_join join = p->join;
    gdk_epilogue_read(l, 2, &join.e);
    return gdk_cuda_status(gdk_dgrad_join_launch(&join, gdk_stream(l)), "conv2d_dgrad_join",
                           err);
}
