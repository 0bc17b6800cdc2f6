/* conv2d_simt_cuda.c -- strict FP32 convolution and linear on CUDA cores: the plan, the launch.
 *
 * Shapes are read, and what fits is decided, as for tensor cores (conv2d_mma_cuda.c). */
#include "engine/mem.h"
#include "kernels/conv2d/conv2d_cuda.h"
#include "kernels/conv2d/conv2d_simt.h"
#include "kernels/conv2d/conv2d_simt_pick.h"

/* What prepare keeps: the plan, and counters that every run leaves at zero. */
typedef struct state {
    gdk_conv2d_mma p;
    gd_device     *device;
} state;

static gdk_simt_choice plan(const gd_launch *l, const gd_device_caps *dev, bool linear,
                            gdk_conv2d_mma *p) {
    gdk_conv2d_mma_read(l, linear, p);
    p->blocks = (p->depth + 3) / 4;
    const gdk_simt_work   w = {p->M, p->K, p->blocks, dev->sm, dev->n_sm, dev->smem_optin};
    const gdk_simt_choice c = gdk_simt_pick(&w);
    const gdk_simt_tile  *t = &gdk_simt_tiles[c.tile];
    const int64_t across = (p->K + t->n - 1) / t->n, down = ((int64_t)p->M + t->m - 1) / t->m;
    p->tile = c.tile;
    p->split = c.split;
    p->smem = c.smem;
    p->part = (p->blocks + c.split - 1) / c.split;
    p->grid = across * down * c.split;
    p->by_n = gdk_fastdiv_by(across);
    p->by_split = gdk_fastdiv_by(c.split);
    return c;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev, bool linear) {
    gdk_conv2d_mma        p;
    const gdk_simt_choice c = plan(l, dev, linear, &p);
    const gdk_simt_tile  *t = &gdk_simt_tiles[c.tile];
    return c.split > 1 ? (size_t)p.grid * (size_t)(t->m * t->n) * sizeof(float) : 0;
}

size_t gdk_conv2d_simt_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return scratch(l, dev, false);
}

size_t gdk_linear_simt_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return scratch(l, dev, true);
}

void gdk_conv2d_simt_release(void *kept) {
    state *s = kept;
    if (s) gd_device_release(s->device, s->p.ticket);
    gd_mem_put(s);
}

static gd_status prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                         gd_error *err, bool linear) {
    gd_status st = GD_OK;
    state    *s = gd_mem_get_zero(sizeof *s);
    *out = NULL;
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "conv2d: no memory for a plan");
    const gdk_simt_choice c = plan(l, dev, linear, &s->p);
    s->device = l->device;
    GD_GO(gdk_cuda_status(gdk_conv2d_simt_ready(&s->p, dev->smem_optin), "conv2d_simt", err));
    if (c.split > 1) {
        const size_t size = (size_t)(s->p.grid / c.split) * sizeof(int32_t);
        GD_GO(gd_device_alloc(l->device, size, (void **)&s->p.ticket, err));
        GD_GO(gd_device_fill(l->device, GD_LANE_RUN, s->p.ticket, 0, size, err));
    }
    *out = s;
    s = NULL;
done:
    gdk_conv2d_simt_release(s);
    return st;
}

gd_status gdk_conv2d_simt_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                  gd_error *err) {
    return prepare(l, dev, out, err, false);
}

gd_status gdk_linear_simt_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                  gd_error *err) {
    return prepare(l, dev, out, err, true);
}

gd_status gdk_conv2d_simt_run(const gd_launch *l, gd_error *err) {
    gdk_conv2d_mma p = ((const state *)l->state)->p;
    p.x = l->in[0]->data;
    p.w = l->in[1]->data;
    p.partial = l->scratch;
    gdk_epilogue_read(l, 2, &p.e);
    return gdk_cuda_status(gdk_conv2d_simt_launch(&p, gdk_stream(l)), "conv2d_simt", err);
}
