/* filter.c -- filters of pictures: for each size a graph from bytes to bytes, planned and kept.
 *
 *     pixels U8 --preprocess--> 0 .. 255 --the filter--> values --to_bytes--> pixels U8
 *     --draw--> pixels U8, where shapes are drawn as well; or that alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "engine/mem.h"
#include "engine/plugin.h"
#include "kernels/arg.h"
#include "kernels/bilateral/bilateral.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/guided_filter/guided_filter.h"
#include "kernels/preprocess/preprocess.h"
#include "kernels/separable/separable.h"
#include "layers/filter_draw.h"
#include "layers/filter_text.h"
#include "layers/session_impl.h"

enum { SIZES = 4, MOST_SIDE = 65535, MOST_THREADS = 1024, BYTE = 255 };

/* What was planned for one size of picture. */
typedef struct plan {
    int      width, height;
    uint64_t used; /* tick of the last run */
    gd_arena arena;
    gd_graph graph;
    gd_exec *exec;
    int      in, out, list; /* values; list -1: nothing is drawn */
    uint8_t *staging;       /* on a device: pinned; NULL until it is needed */
} plan;

struct gd_filter {
    gd_filter_text    text;    /* of kind GD_N_FILTER_KIND: it only draws */
    gd_filter_drawing drawing; /* room 0: it does not draw */
    const gd_ink     *ink;     /* for the next start; NULL: no shapes */
    gd_device_caps    dev;
    gd_device        *device; /* NULL: the host */
    gd_const_pool    *pool;
    plan              plans[SIZES];
    plan             *running; /* between start and wait */
    uint64_t          tick;
    uint8_t          *dense; /* on the host: a picture whose rows were apart */
    size_t            dense_size;
    double            device_ms;
};

gd_filter_options gd_filter_defaults(void) {
    return (gd_filter_options){.size = sizeof(gd_filter_options)};
}

/* ---- the graph --------------------------------------------------------------------------- */

/* n channels that are all the brightness of x (BT.601). */
static gd_status add_grey(gd_graph *g, int x, int n, int *out, gd_error *err) {
    static const float of[3] = {0.299f, 0.587f, 0.114f};
    const gd_conv2d    a = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    int                w;
    GD_TRY(gd_graph_const_new(g, "brightness", GD_F32, 4, (int64_t[]){n, 1, 1, 3}, &w, err));
    for (int i = 0; i < n; i++) memcpy((float *)g->value[w].t.data + 3 * i, of, sizeof of);
    return gd_graph_add(g, "conv2d", &a, 2, (const int[]){x, w}, out, err);
}

/* As many taps as hold six sigma, as OpenCV takes for bytes. */
static gd_gaussian blur_of(double sigma, double size) {
    int taps = size > 0 ? (int)size : (int)lrint(sigma * 6 + 1) | 1;
    if (taps > GDK_MOST_TAPS) taps = GDK_MOST_TAPS;
    return (gd_gaussian){{taps, taps}, {(float)sigma, (float)sigma}};
}

static gd_status add_guided(gd_graph *g, const double *v, int x, int *out, gd_error *err) {
    const gd_guided_filter a = {(int32_t)v[GD_GUIDED_RADIUS],
                                (float)(v[GD_GUIDED_EPS] * BYTE * BYTE)};
    int                    in[2] = {x, -1};
    if (v[GD_GUIDED_GUIDE] > 0) GD_TRY(add_grey(g, x, 1, &in[1], err));
    return gd_graph_add(g, "guided_filter", &a, in[1] < 0 ? 1 : 2, in, out, err);
}

static gd_status add_sobel(gd_graph *g, const double *v, int x, int *out, gd_error *err) {
    static const int32_t modes[] = {GD_SOBEL_BOTH, GD_SOBEL_ABS_X, GD_SOBEL_ABS_Y};
    const gd_sobel       a = {(int32_t)v[GD_SOBEL_SIZE], modes[(int)v[GD_SOBEL_ALONG]],
                              (float)v[GD_SOBEL_SCALE]};
    if (v[GD_SOBEL_GREY] > 0) GD_TRY(add_grey(g, x, 3, &x, err));
    return gd_graph_add(g, "sobel", &a, 1, &x, out, err);
}

static gd_status add_filter(gd_graph *g, const gd_filter_text *t, int x, int *out,
                            gd_error *err) {
    const double      *v = t->value;
    const gd_gaussian  blur = blur_of(v[GD_BLUR_SIGMA], v[GD_BLUR_SIZE]);
    const gd_sharpen   sharpen = {blur_of(v[GD_SHARPEN_SIGMA], 0), (float)v[GD_SHARPEN_AMOUNT]};
    const gd_bilateral bilateral = {(int32_t)v[GD_BILATERAL_RADIUS],
                                    (float)v[GD_BILATERAL_COLOR], (float)v[GD_BILATERAL_SPACE]};
    switch (t->kind) {
    case GD_FILTER_KIND_GUIDED: return add_guided(g, v, x, out, err);
    case GD_FILTER_KIND_GAUSSIAN: return gd_graph_add(g, "gaussian", &blur, 1, &x, out, err);
    case GD_FILTER_KIND_BILATERAL:
        return gd_graph_add(g, "bilateral", &bilateral, 1, &x, out, err);
    case GD_FILTER_KIND_SHARPEN: return gd_graph_add(g, "sharpen", &sharpen, 1, &x, out, err);
    default: return add_sobel(g, v, x, out, err);
    }
}

/* From bytes to bytes. */
static gd_status add_filtering(gd_graph *g, const gd_filter *f, const plan *p, int *out,
                               gd_error *err) {
    const float geom[GD_GEOM] = {
        (float)p->height, (float)p->width, (float)p->height, (float)p->width, 0, 0, 1, 1};
    const gd_preprocess bytes = {.out_h = p->height,
                                 .out_w = p->width,
                                 .filter = GD_FILTER_NEAREST,
                                 .scale = 1,
                                 .std = {1, 1, 1}};
    int                 in[2], x, y;
    GD_TRY(gd_graph_input(g, "pixels", GD_U8, 3,
                          (int64_t[]){1, (int64_t)p->width * p->height, 3}, &in[0], err));
    GD_TRY(gd_graph_const_new(g, "geom", GD_F32, 2, (int64_t[]){1, GD_GEOM}, &in[1], err));
    memcpy(g->value[in[1]].t.data, geom, sizeof geom);
    GD_TRY(gd_graph_add(g, "preprocess", &bytes, 2, in, &x, err));
    GD_TRY(add_filter(g, &f->text, x, &y, err));
    return gd_graph_add(g, "to_bytes", NULL, 1, &y, out, err);
}

static gd_status add_drawing(gd_graph *g, const gd_filter_drawing *d, int x, int *out,
                             gd_error *err) {
    int in[3] = {x};
    GD_TRY(gd_graph_input(g, "shapes", GD_I32, 2, (int64_t[]){1 + d->room, GD_INK_WORDS},
                          &in[1], err));
    GD_TRY(gd_graph_const_new(g, "atlas", GD_U8, 1, (int64_t[]){d->atlas_bytes}, &in[2], err));
    memcpy(g->value[in[2]].t.data, d->atlas, (size_t)d->atlas_bytes);
    return gd_graph_add(g, "draw", NULL, 3, in, out, err);
}

static gd_status build(const gd_filter *f, plan *p, gd_error *err) {
    gd_graph *g = &p->graph;
    int       x;
    gd_graph_init(g, &p->arena);
    if (f->text.kind != GD_N_FILTER_KIND)
        GD_TRY(add_filtering(g, f, p, &x, err));
    else
        GD_TRY(gd_graph_input(g, "pixels", GD_U8, 4, (int64_t[]){1, p->height, p->width, 3}, &x,
                              err));
    if (f->drawing.room) GD_TRY(add_drawing(g, &f->drawing, x, &x, err));
    GD_TRY(gd_graph_output(g, "pixels", x, err));
    return gd_pass_all(g, &f->dev, GD_F32, err);
}

/* ---- plans ------------------------------------------------------------------------------- */

static void plan_close(gd_filter *f, plan *p) {
    gd_exec_close(p->exec);
    gd_arena_free(&p->arena);
    if (p->staging) gd_device_unpin(f->device, p->staging);
    memset(p, 0, sizeof *p);
}

static gd_status plan_open(gd_filter *f, plan *p, gd_error *err) {
    const gd_exec_options opt = {.device = f->device, .pool = f->pool};
    GD_TRY(build(f, p, err));
    GD_TRY(gd_exec_open(&p->graph, &f->dev, &opt, &p->exec, err));
    p->in = gd_graph_find_input(&p->graph, "pixels");
    p->out = gd_graph_find_output(&p->graph, "pixels");
    p->list = f->drawing.room ? gd_graph_find_input(&p->graph, "shapes") : -1;
    return GD_OK;
}

/* The plan of a size: kept, or made in place of the one that was used least recently. */
static gd_status find_plan(gd_filter *f, int width, int height, plan **out, gd_error *err) {
    plan *p = &f->plans[0];
    *out = NULL;
    for (int i = 0; i < SIZES; i++) {
        plan *q = &f->plans[i];
        if (q->exec && q->width == width && q->height == height) {
            q->used = ++f->tick;
            *out = q;
            return GD_OK;
        }
        if (q->used < p->used) p = q;
    }
    plan_close(f, p);
    p->width = width;
    p->height = height;
    const gd_status st = plan_open(f, p, err);
    if (st != GD_OK) {
        plan_close(f, p);
        return st;
    }
    p->used = ++f->tick;
    *out = p;
    return GD_OK;
}

/* ---- the handle -------------------------------------------------------------------------- */

static gd_status choose_device(gd_filter *f, const gd_filter_options *o, gd_error *err) {
    const char *name = o->device ? o->device : "auto";
    f->dev = gd_cpu_caps();
    f->dev.n_sm = o->threads ? o->threads : gd_cpu_cores();
    if (!strcmp(name, "cpu")) return GD_OK;
    if (!strcmp(name, "auto")) {
        if (gd_device_open("cuda", &f->device, NULL) != GD_OK) return GD_OK;
    } else {
        GD_TRY(gd_device_open(name, &f->device, err));
    }
    f->dev = f->device->caps;
    f->device->limit = (size_t)o->memory_limit;
    return gd_const_pool_open(f->device, &f->pool, err);
}

gd_status gd_filter_open_drawing(const char *text, const gd_filter_options *opt,
                                 const gd_filter_drawing *d, gd_filter **out, gd_error *err) {
    const gd_filter_options o = opt ? *opt : gd_filter_defaults();
    gd_filter_text          t = {.kind = GD_N_FILTER_KIND};
    *out = NULL;
    if (o.size != sizeof o)
        return gd_fail(err, GD_ERR_ARG, "gd_filter_options.size is %u, not %zu", o.size,
                       sizeof o);
    if (o.threads < 0 || o.threads > MOST_THREADS)
        return gd_fail(err, GD_ERR_ARG, "%d threads, wanted 0 to %d", o.threads, MOST_THREADS);
    if (text || !d) GD_TRY(gd_filter_read(text, &t, err));
    gd_filter *f = gd_mem_get_zero(sizeof *f);
    if (!f) return gd_fail(err, GD_ERR_NOMEM, "no memory for a filter");
    f->text = t;
    if (d) f->drawing = *d;
    const gd_status st = choose_device(f, &o, err);
    if (st == GD_OK)
        *out = f;
    else
        gd_filter_close(f);
    return st;
}

gd_status gd_filter_open(const char *text, const gd_filter_options *opt, gd_filter **out,
                         gd_error *err) {
    return gd_filter_open_drawing(text, opt, NULL, out, err);
}

int gd_filter_gpu(const gd_filter *f) { return f->device ? f->device->ordinal + 1 : 0; }

void gd_filter_shapes(gd_filter *f, const gd_ink *ink) { f->ink = ink; }

void gd_filter_close(gd_filter *f) {
    if (!f) return;
    if (f->running) (void)!gd_exec_wait(f->running->exec, NULL);
    for (int i = 0; i < SIZES; i++) plan_close(f, &f->plans[i]);
    gd_const_pool_close(f->pool);
    gd_device_close(f->device);
    gd_mem_put(f->dense);
    gd_mem_put(f);
}

/* ---- one picture ------------------------------------------------------------------------- */

static void copy_rows(uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride,
                      int width, int height) {
    const size_t row = 3 * (size_t)width;
    for (int y = 0; y < height; y++)
        memcpy(to + to_stride * (size_t)y, from + from_stride * (size_t)y, row);
}

/* On the host a dense picture is read where it lies, unless it would be drawn on there. */
static gd_status load_host(gd_filter *f, plan *p, const gd_image *in, size_t stride,
                           gd_error *err) {
    const size_t row = 3 * (size_t)p->width, size = row * (size_t)p->height;
    union {
        const uint8_t *in;
        void          *out;
    } address = {.in = in->rgb};
    if (stride != row) {
        if (f->dense_size < size) {
            gd_mem_put(f->dense);
            f->dense = gd_mem_get(size);
            f->dense_size = f->dense ? size : 0;
            if (!f->dense)
                return gd_fail(err, GD_ERR_NOMEM, "no memory for a picture of %zu bytes", size);
        }
        copy_rows(f->dense, row, in->rgb, stride, p->width, p->height);
        address.out = f->dense;
    }
    if (f->text.kind == GD_N_FILTER_KIND)
        return gd_exec_write(p->exec, p->in, 0, address.in, size, err);
    gd_exec_bind(p->exec, p->in, address.out);
    return GD_OK;
}

static gd_status load_device(gd_filter *f, plan *p, const gd_image *in, size_t stride,
                             gd_error *err) {
    const size_t   row = 3 * (size_t)p->width, size = row * (size_t)p->height;
    const uint8_t *from = in->rgb;
    if (in->gpu) return gd_image_copy(in, p->exec, p->in, 0, err);
    if (stride != row || !gd_device_pinned(f->device, in->rgb)) {
        void *pinned = p->staging;
        if (!pinned) GD_TRY(gd_device_pin(f->device, size, &pinned, err));
        p->staging = pinned;
        copy_rows(p->staging, row, in->rgb, stride, p->width, p->height);
        from = p->staging;
    }
    return gd_exec_write(p->exec, p->in, 0, from, size, err);
}

/* As many rows of the list as are used. */
static gd_status load_shapes(const gd_filter *f, plan *p, const gd_ink *ink, gd_error *err) {
    static const gd_ink none;
    if (p->list < 0) return GD_OK;
    if (!ink) ink = &none;
    GD_ASSERT(ink->kind >= 0 && ink->kind <= f->drawing.room);
    return gd_exec_write(p->exec, p->list, 0, ink, (1 + (size_t)ink->kind) * sizeof *ink, err);
}

gd_status gd_filter_start(gd_filter *f, const gd_image *in, gd_error *err) {
    const size_t  stride = in->stride ? in->stride : 3 * (size_t)in->width;
    const gd_ink *ink = f->ink;
    plan         *p;
    f->ink = NULL;
    if (f->running)
        return gd_fail(err, GD_ERR_ARG, "a filter was started twice without a wait");
    if (!in->rgb || in->width < 1 || in->height < 1 || in->width > MOST_SIDE ||
        in->height > MOST_SIDE || stride < 3 * (size_t)in->width)
        return gd_fail(err, GD_ERR_ARG, "a picture of %d x %d, rows %zu bytes apart, at %s",
                       in->width, in->height, stride, in->rgb ? "an address" : "NULL");
    GD_TRY(gd_image_check_place(in, f->device, err));
    GD_TRY(find_plan(f, in->width, in->height, &p, err));
    GD_TRY((f->device ? load_device : load_host)(f, p, in, stride, err));
    GD_TRY(load_shapes(f, p, ink, err));
    GD_TRY(gd_exec_start(p->exec, err));
    f->running = p;
    return GD_OK;
}

gd_status gd_filter_wait(gd_filter *f, uint8_t *out, size_t stride, gd_error *err) {
    plan *p = f->running;
    if (!p) return gd_fail(err, GD_ERR_ARG, "a wait for a filter that was not started");
    const size_t row = 3 * (size_t)p->width, step = stride ? stride : row;
    f->running = NULL;
    GD_TRY(gd_exec_wait(p->exec, err));
    GD_TRY(gd_exec_ms(p->exec, &f->device_ms, err));
    if (!out || step < row)
        return gd_fail(err, GD_ERR_ARG, "a filtered picture to rows %zu bytes apart at %s",
                       step, out ? "an address" : "NULL");
    copy_rows(out, step, gd_exec_output(p->exec, p->out)->data, row, p->width, p->height);
    return GD_OK;
}

gd_status gd_filter_run(gd_filter *f, const gd_image *in, uint8_t *out, size_t stride,
                        gd_error *err) {
    GD_TRY(gd_filter_start(f, in, err));
    return gd_filter_wait(f, out, stride, err);
}

void gd_filter_stats_get(const gd_filter *f, gd_filter_stats *out) {
    *out = (gd_filter_stats){.device = "cpu", .device_ms = f->device_ms};
    if (f->text.kind != GD_N_FILTER_KIND) gd_filter_write(&f->text, out->text);
    if (f->device) {
        snprintf(out->device, sizeof out->device, "cuda:%d", f->device->ordinal);
        out->bytes = f->device->held;
        return;
    }
    for (int i = 0; i < SIZES; i++) {
        gd_exec_stats s = {0};
        if (f->plans[i].exec) gd_exec_stats_get(f->plans[i].exec, &s);
        out->bytes += s.slab_bytes + s.scratch_bytes;
    }
}
