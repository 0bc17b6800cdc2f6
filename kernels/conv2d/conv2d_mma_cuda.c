/* conv2d_mma_cuda.c -- convolution and linear on tensor cores: what fits, the plan, the launch.
 *
 * A linear layer is a 1x1 convolution of a picture of one line. Weights are used as they lie
 * ([K, R, S, C] or [K, C], dense): nothing is packed. */
#include "kernels/conv2d/conv2d_mma.h"

#include <string.h>

#include "engine/mem.h"
#include "kernels/conv2d/conv2d_shape.h"

#ifndef GD_CUDA_HAVE_SM90A
#define GD_CUDA_HAVE_SM90A 0 /* the build says */
#endif

enum { MAX_TAPS = 15 }; /* rows, or columns, of a filter: halves of a 32-bit mask */

/* Elements of 16 bytes. */
static int64_t group_of(const gd_tensor *x) { return 16 / (int64_t)gd_dtype_size(x->dtype); }

/* Which operator, and which instructions: those of Hopper or those of all generations. */
typedef struct family {
    bool linear, gmma;
} family;

static bool adds(const gd_launch *l) {
    for (int i = 0; i < l->n_step; i++)
        if (l->step[i].arg) return true;
    return false;
}

static gdk_conv2d_work work_of(const gdk_conv2d_shape *s, const gd_launch *l,
                               const gd_device_caps *dev, bool gmma) {
    const gd_tensor *x = l->in[0];
    const int64_t    row = 8 * group_of(x);
    return (gdk_conv2d_work){.M = s->N * s->P * s->Q,
                             .K = s->K,
                             .blocks = (s->R * s->S * s->C + row - 1) / row,
                             .tf32 = x->dtype == GD_F32,
                             .gmma = gmma,
                             .add = adds(l),
                             .sm = dev->sm,
                             .n_sm = dev->n_sm,
                             .smem_optin = dev->smem_optin};
}

static bool below_31_bits(int64_t a, int64_t b) { return a < INT32_MAX / (b ? b : 1); }

static bool fits(const gd_launch *l, const gd_device_caps *dev, family f) {
    const gd_tensor       *x = l->in[0], *w = l->in[1];
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, f.linear);
    const int64_t          group = group_of(x);
    if (f.gmma && !GD_CUDA_HAVE_SM90A) return false;
    if (!gd_tensor_count(l->out[0]) || w->dtype != x->dtype || s.a->groups != 1 ||
        s.C % group || x->pitch % group || !gd_tensor_dense(w) || !gdk_epilogue_fits(l, 2))
        return false;
    for (int i = 0; i < 4; i++)
        if (s.a->pad[i] > INT16_MAX || s.a->stride[i % 2] > INT16_MAX ||
            s.a->dilation[i % 2] > INT16_MAX)
            return false;
    /* Groups are counted in 32 bits, also those of pixels around the picture. */
    const int64_t rows = s.H + s.a->pad[0] + s.a->pad[2],
                  cols = s.W + s.a->pad[1] + s.a->pad[3];
    if (s.R > MAX_TAPS || s.S > MAX_TAPS || s.C >= INT32_MAX || rows >= INT32_MAX ||
        cols >= INT32_MAX || !below_31_bits(rows, cols) ||
        !below_31_bits(s.N * 2, rows * cols) ||
        !below_31_bits(s.N * rows * cols * 2, x->pitch / group) ||
        !below_31_bits(s.K + 512, s.R * s.S * s.C * 16) || s.N * s.P * s.Q >= INT32_MAX / 2)
        return false;
    const gdk_conv2d_work   work = work_of(&s, l, dev, f.gmma);
    const gdk_conv2d_choice c = gdk_conv2d_pick(&work);
    return c.tile >= 0;
}

/* Tiles of a choice: of pixels, of filters. */
static int64_t tiles_of(const gdk_conv2d_work *w, const gdk_conv2d_choice *c, int64_t *across) {
    const gdk_conv2d_tile *t = &gdk_conv2d_tiles[c->tile];
    *across = (w->K + t->n - 1) / t->n;
    return (w->M + t->m - 1) / t->m * *across;
}

static size_t partial_bytes(const gdk_conv2d_work *w, const gdk_conv2d_choice *c) {
    const gdk_conv2d_tile *t = &gdk_conv2d_tiles[c->tile];
    int64_t                across;
    if (c->split < 2 || gdk_conv2d_clusters(w)) return 0;
    return (size_t)(tiles_of(w, c, &across) * c->split * t->m * t->n) * sizeof(float);
}

static gdk_conv2d_choice choose(const gd_launch *l, const gd_device_caps *dev, family f,
                                gdk_conv2d_work *w) {
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, f.linear);
    *w = work_of(&s, l, dev, f.gmma);
    return gdk_conv2d_pick(w);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev, family f) {
    gdk_conv2d_work         w;
    const gdk_conv2d_choice c = choose(l, dev, f, &w);
    return partial_bytes(&w, &c);
}

static double cost(const gd_launch *l, const gd_device_caps *dev, family f) {
    gdk_conv2d_work w;
    return choose(l, dev, f, &w).us;
}

void gdk_conv2d_mma_plan(gdk_conv2d_mma *p, const gdk_conv2d_work *w,
                         const gdk_conv2d_choice *c) {
    int64_t across;
    p->grid = tiles_of(w, c, &across) * c->split;
    p->by_n = gdk_fastdiv_by(across);
    p->by_split = gdk_fastdiv_by(c->split);
    p->tile = c->tile;
    p->stages = c->stages;
    p->split = c->split;
    p->smem = c->smem;
    p->early = w->sm >= 90;
    p->cluster = gdk_conv2d_clusters(w) ? c->split : 1;
    p->part = (int32_t)((w->blocks + c->split - 1) / c->split);
}

void gdk_conv2d_mma_read(const gd_launch *l, bool linear, gdk_conv2d_mma *p) {
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    const int64_t          group = group_of(l->in[0]);
    memset(p, 0, sizeof *p);
    p->M = (int32_t)(s.N * s.P * s.Q);
    p->K = (int32_t)s.K;
    p->C = (int32_t)(s.C / group);
    p->pitch = (int32_t)(l->in[0]->pitch / group);
    p->depth = (int32_t)(s.R * s.S * s.C / group);
    p->blocks = (p->depth + 7) / 8;
    p->H = (int32_t)s.H;
    p->W = (int32_t)s.W;
    p->R = (int32_t)s.R;
    p->S = (int32_t)s.S;
    for (int i = 0; i < 2; i++) {
        p->stride[i] = s.a->stride[i];
        p->pad[i] = s.a->pad[i];
        p->dilation[i] = s.a->dilation[i];
    }
    p->plain = s.R * s.S == 1 && s.P == s.H && s.Q == s.W && s.a->stride[0] == 1 &&
               s.a->stride[1] == 1 && !s.a->pad[0] && !s.a->pad[1];
    p->fixed = gdk_fixed(l, 1) && gdk_fixed(l, 2);
    p->by_pq = gdk_fastdiv_by(s.P * s.Q);
    p->by_q = gdk_fastdiv_by(s.Q);
    p->by_c = gdk_fastdiv_by(p->C);
}

gdk_conv2d_work gdk_conv2d_mma_work(const gd_launch *l, const gd_device_caps *dev, bool linear,
                                    bool gmma) {
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    return work_of(&s, l, dev, gmma);
}

cudaError_t gdk_conv2d_mma_ready(const gdk_conv2d_mma *p, bool tf32) {
    if (gdk_conv2d_tiles[p->tile].gmma)
        return tf32 ? gdk_conv2d_gmma_tf32_ready(p) : gdk_conv2d_gmma_f16_ready(p);
    return tf32 ? gdk_conv2d_mma_tf32_ready(p) : gdk_conv2d_mma_f16_ready(p);
}

cudaError_t gdk_conv2d_mma_launch(const gdk_conv2d_mma *p, bool tf32, cudaStream_t stream) {
    if (gdk_conv2d_tiles[p->tile].gmma)
        return tf32 ? gdk_conv2d_gmma_tf32_launch(p, stream)
                    : gdk_conv2d_gmma_f16_launch(p, stream);
    return tf32 ? gdk_conv2d_mma_tf32_launch(p, stream) : gdk_conv2d_mma_f16_launch(p, stream);
}

/* What prepare keeps: the plan, and counters that every run leaves at zero. */
typedef struct state {
    gdk_conv2d_mma p;
    gd_device     *device;
} state;

void gdk_conv2d_mma_release(void *kept) {
    state *s = kept;
    if (s && s->p.ticket) gd_device_release(s->device, s->p.ticket);
    gd_mem_put(s);
}

static gd_status prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                         gd_error *err, family f) {
    gd_status st = GD_OK;
    state    *s = gd_mem_get_zero(sizeof *s);
    *out = NULL;
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "conv2d: no memory for a plan");
    gdk_conv2d_work         w;
    const gdk_conv2d_choice c = choose(l, dev, f, &w);
    gdk_conv2d_mma_read(l, f.linear, &s->p);
    s->device = l->device;
    gdk_conv2d_mma_plan(&s->p, &w, &c);
    GD_GO(gdk_cuda_status(gdk_conv2d_mma_ready(&s->p, w.tf32), "conv2d_mma", err));
    if (c.split > s->p.cluster) {
        const size_t size = (size_t)(s->p.grid / c.split) * sizeof(int32_t);
        GD_GO(gd_device_alloc(l->device, size, (void **)&s->p.ticket, err));
        GD_GO(gd_device_fill(l->device, GD_LANE_RUN, s->p.ticket, 0, size, err));
    }
    *out = s;
    s = NULL;
done:
    gdk_conv2d_mma_release(s);
    return st;
}

#define FAMILY(name, ...)                                                                     \
    bool gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev) {                   \
        return fits(l, dev, (family){__VA_ARGS__});                                           \
    }                                                                                         \
    size_t gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev) {              \
        return scratch(l, dev, (family){__VA_ARGS__});                                        \
    }                                                                                         \
    double gdk_##name##_cost(const gd_launch *l, const gd_device_caps *dev) {                 \
        return cost(l, dev, (family){__VA_ARGS__});                                           \
    }                                                                                         \
    gd_status gdk_##name##_prepare(const gd_launch *l, const gd_device_caps *dev, void **out, \
                                   gd_error *err) {                                           \
        return prepare(l, dev, out, err, (family){__VA_ARGS__});                              \
    }
FAMILY(conv2d_mma, .linear = false)
FAMILY(linear_mma, .linear = true)
FAMILY(conv2d_gmma, .gmma = true)
FAMILY(linear_gmma, .linear = true, .gmma = true)
#undef FAMILY

gd_status gdk_conv2d_mma_run(const gd_launch *l, gd_error *err) {
    gdk_conv2d_mma p = ((const state *)l->state)->p;
    p.x = l->in[0]->data;
    p.w = l->in[1]->data;
    p.partial = l->scratch;
    gdk_epilogue_read(l, 2, &p.e);
    if (l->in[0]->dtype == GD_F32) gdk_epilogue_round(&p.e);
    return gdk_cuda_status(gdk_conv2d_mma_launch(&p, l->in[0]->dtype == GD_F32, gdk_stream(l)),
                           "conv2d_mma", err);
}
