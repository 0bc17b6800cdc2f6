/* conv2d_wgmma_cuda.c -- the Hopper convolution and linear: what fits, tensor maps, the launch.
 *
 * A linear layer is a 1x1 convolution of a picture of one line. Weights are used as they lie.
 * Tensor maps hold addresses, so they are made at each launch that is not a replay. */
#include "kernels/conv2d/conv2d_wgmma.h"

#include "engine/mem.h"
#include "kernels/conv2d/conv2d_maps.h"

#ifndef GD_CUDA_HAVE_SM90A
#define GD_CUDA_HAVE_SM90A 0 /* the build says */
#endif

/* Channels are taken 64 at a time; a third of wasted work is left to other rows. */
static bool channels_fit(int64_t C) { return C % 8 == 0 && 3 * C >= 2 * ((C + 63) / 64 * 64); }

static bool fits(const gd_launch *l, const gd_device_caps *dev, bool linear) {
    const gd_tensor       *x = l->in[0], *w = l->in[1];
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    if (!GD_CUDA_HAVE_SM90A || dev->sm != 90 || !gd_tensor_count(l->out[0])) return false;
    if (w->dtype != x->dtype || s.a->groups != 1 || !channels_fit(s.C) || x->pitch % 8 ||
        !gd_tensor_dense(w) || !gdk_epilogue_fits(l, 2) || !gdk_map_window_fits(&s))
        return false;
    return s.N * s.P * s.Q < INT32_MAX / 2 && s.K < INT32_MAX / 2 &&
           s.R * s.S * s.C < INT32_MAX / 2 && s.H < INT32_MAX && s.W < INT32_MAX &&
           x->pitch < INT32_MAX;
}

bool gdk_conv2d_wgmma_fits(const gd_launch *l, const gd_device_caps *dev) {
    return fits(l, dev, false);
}
bool gdk_linear_wgmma_fits(const gd_launch *l, const gd_device_caps *dev) {
    return fits(l, dev, true);
}

/* ---- the plan ---------------------------------------------------------------------------- */

static int additions(const gd_launch *l) {
    int n = 0;
    for (int i = 0; i < l->n_step; i++) n += l->step[i].arg != NULL;
    return n;
}

static gdk_wgmma_choice pick(const gd_launch *l, const gdk_conv2d_shape *s, int n_sm) {
    const int64_t taps = s->R * s->S, a_tap = (s->C + GDK_WGMMA_DEPTH - 1) / GDK_WGMMA_DEPTH;
    return gdk_wgmma_pick(s->N * s->P * s->Q, s->K, taps * a_tap, additions(l) > 0, n_sm);
}

static int64_t tiles_of(const gdk_conv2d_shape *s, int cols) {
    const int64_t M = s->N * s->P * s->Q;
    return ((M + GDK_WGMMA_ROWS - 1) / GDK_WGMMA_ROWS) * ((s->K + cols - 1) / cols);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev, bool linear) {
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    const gdk_wgmma_choice c = pick(l, &s, dev->n_sm);
    if (c.splits < 2) return 0;
    return (size_t)(tiles_of(&s, c.cols) * c.splits * GDK_WGMMA_ROWS * c.cols) * sizeof(float);
}

size_t gdk_conv2d_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return scratch(l, dev, false);
}
size_t gdk_linear_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return scratch(l, dev, true);
}

/* Outputs that are not whole groups of 16 bytes leave one by one: 4 us, and 0.017 a tile. */
static double cost(const gd_launch *l, const gd_device_caps *dev, bool linear) {
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    const gdk_wgmma_choice c = pick(l, &s, dev->n_sm);
    return c.us + (s.K % 8 ? 4 + 0.017 * (double)tiles_of(&s, c.cols) : 0);
}

double gdk_conv2d_wgmma_cost(const gd_launch *l, const gd_device_caps *dev) {
    return cost(l, dev, false);
}
double gdk_linear_wgmma_cost(const gd_launch *l, const gd_device_caps *dev) {
    return cost(l, dev, true);
}

/* What prepare keeps: the plan, and counters that every run leaves at zero. */
typedef struct state {
    gdk_wgmma_args   a;
    gdk_conv2d_shape s;
    int              n_sm;
    gd_device       *device;
    gdk_maps         maps;
} state;

void gdk_conv2d_wgmma_release(void *kept) {
    state *s = kept;
    if (s && s->a.ticket) gd_device_release(s->device, s->a.ticket);
    gd_mem_put(s);
}

void gdk_wgmma_plan(const gdk_conv2d_shape *s, const gdk_wgmma_choice *c, gdk_wgmma_args *a) {
    const gd_conv2d *at = s->a;
    *a = (gdk_wgmma_args){.M = (int32_t)(s->N * s->P * s->Q),
                          .K = (int32_t)s->K,
                          .cols = c->cols,
                          .Q = (int32_t)s->Q,
                          .PQ = (int32_t)(s->P * s->Q),
                          .S = (int32_t)s->S,
                          .C = (int32_t)s->C,
                          .stride_h = at->stride[0],
                          .stride_w = at->stride[1],
                          .pad_h = at->pad[0],
                          .pad_w = at->pad[1],
                          .dil_h = at->dilation[0],
                          .dil_w = at->dilation[1],
                          .steps_a_tap =
                              (int32_t)((s->C + GDK_WGMMA_DEPTH - 1) / GDK_WGMMA_DEPTH),
                          .tiles_n = (int32_t)((s->K + c->cols - 1) / c->cols),
                          .tiles = (int32_t)tiles_of(s, c->cols),
                          .splits = c->splits,
                          .add = -1};
    a->steps = (int32_t)(s->R * s->S) * a->steps_a_tap;
}

static gd_status prepare(const gd_launch *l, const gd_device_caps *dev, bool linear, void **out,
                         gd_error *err) {
    gd_status st = GD_OK;
    state    *s = gd_mem_get_zero(sizeof *s);
    void     *ticket = NULL;
    *out = NULL;
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "conv2d: no memory for a plan");
    s->s = gdk_conv2d_shape_of(l, linear);
    s->n_sm = dev->n_sm;
    s->device = l->device;
    const gdk_wgmma_choice c = pick(l, &s->s, dev->n_sm);
    gdk_wgmma_plan(&s->s, &c, &s->a);
    s->a.fixed = gdk_fixed(l, 1) && gdk_fixed(l, 2);
    GD_GO(gdk_maps_find(&s->maps, err));
    GD_GO(gdk_cuda_status(gdk_conv2d_wgmma_f16_ready(c.cols), "conv2d_wgmma", err));
    if (c.splits > 1) {
        const size_t size = (size_t)s->a.tiles * sizeof(uint32_t);
        GD_GO(gd_device_alloc(l->device, size, &ticket, err));
        s->a.ticket = ticket;
        GD_GO(gd_device_fill(l->device, GD_LANE_RUN, ticket, 0, size, err));
    }
    *out = s;
    s = NULL;
done:
    gdk_conv2d_wgmma_release(s);
    return st;
}

gd_status gdk_conv2d_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                   gd_error *err) {
    return prepare(l, dev, false, out, err);
}
gd_status gdk_linear_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                   gd_error *err) {
    return prepare(l, dev, true, out, err);
}

/* ---- the launch -------------------------------------------------------------------------- */

/* Tiles leave whole where the output is F16 in 16-byte rows and at most one such tensor is
 * added to tiles that are not split. */
gd_status gdk_wgmma_exit(const gd_launch *l, const gdk_maps *maps, gdk_wgmma_args *a,
                         gd_error *err) {
    const int n = additions(l);
    a->whole =
        !a->e.out_wide && a->e.vec && a->K % 8 == 0 && (n == 0 || (n == 1 && a->splits == 1));
    for (int i = 0; i < a->e.n && a->whole; i++)
        if (a->e.kind[i] == GDK_EPILOGUE_ADD) {
            a->add = i;
            a->whole = !a->e.arg_wide[i];
        }
    if (!a->whole) return GD_OK;
    GD_TRY(gdk_map_matrix(maps, a->e.out, a->M, a->K, a->e.out_pitch, 64, &a->y, err));
    if (a->add < 0) return GD_OK;
    return gdk_map_matrix(maps, a->e.arg[a->add], a->M, a->K, a->e.arg_pitch[a->add], 64, &a->r,
                          err);
}

gd_status gdk_conv2d_wgmma_run(const gd_launch *l, gd_error *err) {
    const state   *s = l->state;
    gdk_wgmma_args a = s->a;
    a.part = l->scratch;
    gdk_epilogue_read(l, 2, &a.e);
    const int64_t depth = s->s.R * s->s.S * s->s.C;
    GD_TRY(gdk_map_im2col(&s->maps, &s->s, l->in[0]->data, l->in[0]->pitch, GDK_WGMMA_ROWS,
                          &a.x, err));
    GD_TRY(gdk_map_matrix(&s->maps, l->in[1]->data, a.K, depth, depth, a.cols, &a.w, err));
    GD_TRY(gdk_wgmma_exit(l, &s->maps, &a, err));
    return gdk_cuda_status(gdk_conv2d_wgmma_f16_launch(&a, s->n_sm, gdk_stream(l)),
                           "conv2d_wgmma_f16", err);
}
