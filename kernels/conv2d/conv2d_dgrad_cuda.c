/* conv2d_dgrad_cuda.c -- the gradient of an input through the rows of the convolution itself.
 *
 * With its weights turned round, the gradient is a convolution of dy: one where the stride is
 * 1, else one for each residue of the input's rows and columns modulo the stride
 * (conv2d_phase.h), whose outputs are then put together. Each is run by the row of conv2d that
 * expects to be fastest. Scratch holds the turned weights, the phases' outputs, dy with more
 * channels where its pixels do not begin at 16-byte boundaries, and what the rows ask for. */
#include "kernels/conv2d/conv2d_dgrad_cuda.h"

#include <string.h>

#include "engine/mem.h"
#include "kernels/conv2d/conv2d_dgrad.h"
#include "kernels/conv2d/conv2d_phase.h"
#include "kernels/cuda/copy.h"

extern const gd_kernel gdk_conv2d_cuda_rows[];

/* The convolution of one phase. Tensors without the addresses, which each run has anew. */
typedef struct phase {
    gd_conv2d        conv;
    gd_tensor        dy, w, dx, arg[GD_MAX_STEP];
    const gd_kernel *row;
    void            *state;
    size_t           w_at, dx_at; /* in scratch */
} phase;

typedef struct plan {
    gdk_dgrad_turn turn;
    gdk_dgrad_join join;
    phase          phase[GDK_DGRAD_PHASES];
    int            n;
    bool           direct; /* one phase, whose output is dx itself */
    int64_t        padded; /* channels that dy is copied with; 0: it is used as it is */
    size_t         dy_at, rest_at, end;
    gd_device     *device;
} plan;

static const gd_conv2d point = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};

/* ---- the phases -------------------------------------------------------------------------- */

/* The launch that runs a phase; addresses are NULL where scratch is. */
static gd_launch launch_of(const gd_launch *l, const plan *p, phase *f) {
    gd_launch   r = {.n_in = 2,
                     .n_out = 1,
                     .in = {&f->dy, &f->w},
                     .out = {&f->dx},
                     .attr = &f->conv,
                     .state = f->state,
                     .stream = l->stream,
                     .device = l->device};
    char *const scratch = l->scratch;
    f->dy.data = p->padded ? (scratch ? scratch + p->dy_at : NULL) : l->in[0]->data;
    f->w.data = scratch ? scratch + f->w_at : NULL;
    f->dx.data = !p->direct ? (scratch ? scratch + f->dx_at : NULL) : l->out[0]->data;
    r.scratch = scratch ? scratch + p->rest_at : NULL;
    if (!p->direct) return r;
    r.n_step = l->n_step;
    for (int i = 0; i < l->n_step; i++) {
        r.step[i] = l->step[i];
        if (!r.step[i].arg) continue;
        f->arg[i] = f->dx; /* rows of a linear layer are pixels of a line here */
        f->arg[i].dtype = l->step[i].arg->dtype;
        f->arg[i].pitch = l->step[i].arg->pitch;
        f->arg[i].data = l->step[i].arg->data;
        r.step[i].arg = &f->arg[i];
    }
    return r;
}

/* Whether a row applies all of the launch's steps itself. */
static bool absorbs(const gd_kernel *k, const gd_launch *l) {
    for (int i = 0; i < l->n_step; i++) {
        bool found = false;
        for (const char *const *name = k->absorbs; name && *name; name++)
            found = found || !strcmp(*name, l->step[i].op->name);
        if (!found) return false;
    }
    return true;
}

/* The forward row of lowest cost, those that state none after all others. */
static const gd_kernel *row_of(const gd_launch *l, const gd_device_caps *dev, bool tf32) {
    const gd_kernel *best = NULL;
    double           least = 0;
    for (const gd_kernel *k = gdk_conv2d_cuda_rows; k->name; k++) {
        if (k->dtype != l->in[0]->dtype || k->min_sm > dev->sm ||
            ((k->flags & GD_ROW_TF32) && !tf32) || !absorbs(k, l) || !k->fits(l, dev))
            continue;
        const double us = k->cost_us ? k->cost_us(l, dev) : 1e30;
        if (!best || us < least) best = k, least = us;
    }
    return best;
}

static void read_turn(const gd_launch *l, const gd_conv2d *a, plan *p) {
    const gd_tensor *w = l->in[1];
    const bool       linear = w->ndim == 2;
    const int64_t    each = 16 / (int64_t)gd_dtype_size(w->dtype);
    const int64_t    K = w->dim[0], filters = K / a->groups;
    if (a->groups == 1 && (K % each || l->in[0]->pitch % each))
        p->padded = (K + each - 1) / each * each;
    p->turn = (gdk_dgrad_turn){.K = (int32_t)K,
                               .R = linear ? 1 : (int32_t)w->dim[1],
                               .S = linear ? 1 : (int32_t)w->dim[2],
                               .C = (int32_t)gd_tensor_channels(w),
                               .groups = a->groups,
                               .w_pitch = (int32_t)w->pitch,
                               .pitch = (int32_t)(p->padded ? p->padded : filters),
                               .wide = w->dtype == GD_F32};
    for (int i = 0; i < 2; i++) {
        p->turn.stride[i] = a->stride[i];
        p->turn.pad[i] = a->pad[i];
        p->turn.dilation[i] = a->dilation[i];
    }
}

/* What is not below 2^30 pixels, 2^31 elements and 16 phases is left to no row. */
bool gdk_dgrad_counts(const gd_launch *l, const gd_conv2d *a) {
    const gd_tensor *dy = l->in[0], *w = l->in[1], *dx = l->out[0];
    for (int i = 0; i < 4; i++)
        if (a->pad[i] > INT16_MAX || a->stride[i % 2] > GDK_DGRAD_PHASES ||
            a->dilation[i % 2] > INT16_MAX)
            return false;
    return gd_tensor_count(dx) && gd_tensor_count(dy) &&
           a->stride[0] * a->stride[1] <= GDK_DGRAD_PHASES &&
           gd_tensor_count(w) < INT32_MAX / 2 && gd_tensor_count(dx) < INT32_MAX &&
           gd_tensor_count(dy) < INT32_MAX && gd_tensor_pixels(dx) < INT32_MAX / 2 &&
           w->pitch < INT32_MAX && gd_tensor_pixels(w) / w->dim[0] * a->groups <= UINT16_MAX;
}

bool gdk_dgrad_phase(const gd_conv2d *a, const int64_t plane[2], const int64_t filter[2],
                     const int64_t plane_dy[2], int i, gdk_phase axis[2], gd_conv2d *conv) {
    const int residue[2] = {i / a->stride[1], i % a->stride[1]};
    *conv = (gd_conv2d){.groups = a->groups};
    for (int j = 0; j < 2; j++) {
        gdk_phase *f = &axis[j];
        *f = gdk_phase_of((int32_t)plane[j], (int32_t)filter[j], a->stride[j], a->pad[j],
                          a->dilation[j], residue[j]);
        conv->stride[j] = 1;
        conv->dilation[j] = f->dilation;
        conv->pad[j] = f->pad;
        conv->pad[j + 2] =
            (int32_t)(f->count + (int64_t)f->dilation * (f->taps - 1) - plane_dy[j] - f->pad);
    }
    return axis[0].count && axis[1].count && axis[0].taps && axis[1].taps;
}

/* The extents of dx as a picture, a linear layer's rows as one line. */
static void read_join(const gd_launch *l, const gd_conv2d *a, gdk_dgrad_join *j) {
    const gd_tensor *dx = l->out[0];
    const bool       linear = l->in[1]->ndim == 2;
    *j = (gdk_dgrad_join){.N = linear ? 1 : (int32_t)dx->dim[0],
                          .H = linear ? 1 : (int32_t)dx->dim[1],
                          .W = (int32_t)(linear ? gd_tensor_pixels(dx) : dx->dim[2]),
                          .C = (int32_t)gd_tensor_channels(dx),
                          .stride = {a->stride[0], a->stride[1]}};
}

/* Appends the convolution of residues i / stride and i % stride, if they have pixels and taps;
 * at: bytes of weights and of outputs before it, and after. */
static void add_phase(const gd_launch *l, const gd_conv2d *a, int i, size_t at[2], plan *p) {
    const gd_tensor      *dy = l->in[0], *dx = l->out[0];
    const gdk_dgrad_turn *t = &p->turn;
    const gdk_dgrad_join *j = &p->join;
    const bool            linear = l->in[1]->ndim == 2;
    const int64_t         P = linear ? 1 : dy->dim[1], Q = linear ? j->W : dy->dim[2];
    const int64_t         K = p->padded ? p->padded : t->K;
    const int64_t plane[2] = {j->H, j->W}, filter[2] = {t->R, t->S}, plane_dy[2] = {P, Q};
    gdk_phase     axis[2];
    gd_conv2d     conv;
    p->turn.at[i] = p->join.at[i] = -1;
    if (!gdk_dgrad_phase(a, plane, filter, plane_dy, i, axis, &conv)) return;
    phase *f = &p->phase[p->n++];
    f->conv = conv;
    f->w =
        gd_tensor_make(dy->dtype, 4, (int64_t[]){j->C, axis[0].taps, axis[1].taps, t->pitch});
    f->dx = gd_tensor_make(dx->dtype, 4, (int64_t[]){j->N, axis[0].count, axis[1].count, j->C});
    f->dy = gd_tensor_make(dy->dtype, 4, (int64_t[]){j->N, P, Q, K});
    if (!p->padded) f->dy.pitch = dy->pitch;
    if (p->direct) f->dx.pitch = dx->pitch;
    f->w_at = at[0];
    f->dx_at = at[1];
    p->turn.at[i] = (int64_t)(at[0] / gd_dtype_size(dy->dtype));
    p->join.at[i] = (int64_t)(at[1] / gd_dtype_size(dx->dtype));
    at[0] += gd_device_round(gd_tensor_bytes(&f->w));
    if (!p->direct) at[1] += gd_device_round(gd_tensor_bytes(&f->dx));
}

/* False: no row takes one of the phases. */
static bool compose(const gd_launch *l, const gd_device_caps *dev, bool linear, bool tf32,
                    plan *p) {
    const gd_tensor *dy = l->in[0];
    const gd_conv2d *a = linear ? &point : l->attr;
    size_t           at[2] = {0, 0}, most = 0;
    *p = (plan){.device = l->device};
    if (!gdk_half_or_wide(dy) || l->in[1]->dtype != dy->dtype || !gdk_epilogue_fits(l, 2) ||
        !gdk_dgrad_counts(l, a))
        return false;
    read_turn(l, a, p);
    read_join(l, a, &p->join);
    p->direct = a->stride[0] == 1 && a->stride[1] == 1;
    for (int i = 0; i < a->stride[0] * a->stride[1]; i++) add_phase(l, a, i, at, p);
    for (int i = 0; i < p->n; i++) p->phase[i].dx_at += at[0];
    p->dy_at = at[0] + at[1];
    p->rest_at = p->dy_at + gd_device_round((size_t)(gd_tensor_pixels(dy) * p->padded) *
                                            gd_dtype_size(dy->dtype));
    for (int i = 0; i < p->n; i++) {
        const gd_launch f = launch_of(l, p, &p->phase[i]);
        p->phase[i].row = row_of(&f, dev, tf32);
        if (!p->phase[i].row) return false;
        const size_t want = p->phase[i].row->scratch ? p->phase[i].row->scratch(&f, dev) : 0;
        if (want > most) most = want;
    }
    p->end = p->rest_at + most;
    return true;
}

static bool fits(const gd_launch *l, const gd_device_caps *dev, bool linear, bool tf32) {
    plan p;
    bool some = !tf32;
    int  add = 0;
    /* As of the row for Hopper alone: a second addend is better added by a pass of its own. */
    for (int i = 0; i < l->n_step; i++) add += l->step[i].arg != NULL;
    if (add > 1 && dev->sm == 90 && l->in[0]->dtype == GD_F16) return false;
    if (!compose(l, dev, linear, tf32, &p)) return false;
    if (tf32 && p.padded)
        return false; /* as forward: sums are short, and results are rounded */
    for (int i = 0; i < p.n; i++) some = some || (p.phase[i].row->flags & GD_ROW_TF32);
    return some;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev, bool linear, bool tf32) {
    plan p;
    return compose(l, dev, linear, tf32, &p) ? p.end : 0;
}

/* Turning weights, as seen for small ones on an H200, and putting phases together; a row that
 * states no cost is taken where nothing else fits. */
static double cost(const gd_launch *l, const gd_device_caps *dev, bool linear, bool tf32) {
    plan   p;
    double us = 8 + (double)gd_tensor_count(l->in[1]) * 5e-6;
    if (!compose(l, dev, linear, tf32, &p)) return 1e9;
    for (int i = 0; i < p.n; i++) {
        const gd_launch f = launch_of(l, &p, &p.phase[i]);
        us += p.phase[i].row->cost_us ? p.phase[i].row->cost_us(&f, dev) : 1e6;
    }
    return us + (p.direct ? 0 : 5 + (double)gd_tensor_bytes(l->out[0]) / 1.5e6);
}

void gdk_conv2d_dgrad_release(void *kept) {
    plan *p = kept;
    for (int i = 0; p && i < p->n; i++)
        if (p->phase[i].row->release) p->phase[i].row->release(p->phase[i].state);
    gd_mem_put(p);
}

static gd_status prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                         gd_error *err, bool linear, bool tf32) {
    gd_status st = GD_OK;
    plan     *p = gd_mem_get_zero(sizeof *p);
    *out = NULL;
    if (!p) return gd_fail(err, GD_ERR_NOMEM, "conv2d_bwd_data: no memory for a plan");
    if (!compose(l, dev, linear, tf32, p)) {
        p->n = 0;
        st = gd_fail(err, GD_ERR_ARG, "conv2d_bwd_data: no row of conv2d fits");
        goto done;
    }
    for (int i = 0; i < p->n; i++) {
        phase          *f = &p->phase[i];
        const gd_launch r = launch_of(l, p, f);
        if (f->row->prepare) GD_GO(f->row->prepare(&r, dev, &f->state, err));
    }
    *out = p;
    p = NULL;
done:
    gdk_conv2d_dgrad_release(p);
    return st;
}

#define FAMILY(name, linear, tf32)                                                            \
    bool gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev) {                   \
        return fits(l, dev, linear, tf32);                                                    \
    }                                                                                         \
    size_t gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev) {              \
        return scratch(l, dev, linear, tf32);                                                 \
    }                                                                                         \
    double gdk_##name##_cost(const gd_launch *l, const gd_device_caps *dev) {                 \
        return cost(l, dev, linear, tf32);                                                    \
    }                                                                                         \
    gd_status gdk_##name##_prepare(const gd_launch *l, const gd_device_caps *dev, void **out, \
                                   gd_error *err) {                                           \
        return prepare(l, dev, out, err, linear, tf32);                                       \
    }
FAMILY(conv2d_dgrad, false, false)
FAMILY(linear_dgrad, true, false)
FAMILY(conv2d_dgrad_tf32, false, true)
FAMILY(linear_dgrad_tf32, true, true)
#undef FAMILY

/* ---- the launches ------------------------------------------------------------------------ */

static gd_status pad_channels(const gd_launch *l, const plan *p, gd_error *err) {
    const gd_tensor   *dy = l->in[0];
    const gdk_copy_box box = {.x = dy->data,
                              .y = (char *)l->scratch + p->dy_at,
                              .outer = 1,
                              .mid = 1,
                              .inner = gd_tensor_pixels(dy),
                              .x_inner = dy->pitch,
                              .x_step = 1,
                              .y_inner = p->padded,
                              .width = p->padded,
                              .from = gd_tensor_channels(dy)};
    return gdk_copy_run(l, &box, 1, gd_dtype_size(dy->dtype), err);
}

gd_status gdk_conv2d_dgrad_run(const gd_launch *l, gd_error *err) {
    const plan    *p = l->state;
    gdk_dgrad_turn turn = p->turn;
    if (p->padded) GD_TRY(pad_channels(l, p, err));
    turn.w = l->in[1]->data;
    turn.to = l->scratch;
    if (p->n)
        GD_TRY(gdk_cuda_status(gdk_dgrad_turn_launch(&turn, gdk_stream(l)), "conv2d_dgrad_turn",
                               err));
    for (int i = 0; i < p->n; i++) {
        phase           f = p->phase[i];
        const gd_launch r = launch_of(l, p, &f);
        GD_TRY(f.row->run(&r, err));
    }
    if (p->direct) return GD_OK;
    gdk_dgrad_join join = p->join;
    join.from = (const char *)l->scratch + (p->n ? p->phase[0].dx_at : 0);
    gdk_epilogue_read(l, 2, &join.e);
    return gdk_cuda_status(gdk_dgrad_join_launch(&join, gdk_stream(l)), "conv2d_dgrad_join",
                           err);
}
