/* trainer.c -- training graphs by shape, the inputs of a step, and what comes back. */
#include "layers/train/trainer.h"

#include <fnmatch.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/mem.h"
#include "engine/plugin.h"
#include "kernels/augment/augment.h"
#include "kernels/preprocess/preprocess.h"

enum { PIXELS, LAYERS, GEOM, BOXES, LABELS, COUNT, RNG, INPUTS };
static const char *const input_name[INPUTS] = {"pixels", "layers", "geom", "boxes",
                                               "labels", "count",  "rng"};

/* A graph for one canvas and room for so many source pixels. */
typedef struct shape {
    int           net_h, net_w;
    int64_t       cap; /* pixels; 0: unused */
    uint64_t      used;
    gd_arena      arena;
    gd_graph      graph;
    gd_exec      *exec;
    gd_train_step step;
    int           in[INPUTS]; /* -1: the model does not read it */
} shape;

struct gd_trainer {
    const gd_model    *m;
    gd_trainer_options opt;
    gd_net_train       net;
    gd_device_caps     dev;
    gd_device         *device; /* NULL: the host */
    gd_const_pool     *pool;
    gd_store          *store;
    shape              shape[GD_TRAINER_SHAPES];
    uint64_t           clock;
};

/* ---- the graph of a shape ---------------------------------------------------------------- */

static bool trains(const void *ctx, const char *name) {
    const gd_trainer *t = ctx;
    for (int i = 0; i < t->opt.n_freeze; i++)
        if (fnmatch(t->opt.freeze[i], name, 0) == 0) return false;
    return true;
}

static gd_augment augment_of(const gd_recipe *r, int net_h, int net_w) {
    gd_augment a = {.out_h = net_h, .out_w = net_w, .swap_rb = r->bgr, .scale = r->scale};
    memcpy(a.mean, r->mean, sizeof a.mean);
    memcpy(a.std, r->std, sizeof a.std);
    memcpy(a.pad, r->pad, sizeof a.pad);
    return a;
}

static int add_input(gd_net *n, shape *s, int which, gd_dtype dtype, int ndim,
                     const int64_t *dim) {
    if (gd_net_ok(n))
        n->st =
            gd_graph_input(n->g, input_name[which], dtype, ndim, dim, &s->in[which], n->err);
    return s->in[which];
}

/* The pictures of the batch as the network wants them. */
static int add_image(const gd_trainer *t, gd_net *n, shape *s) {
    const gd_augment a = augment_of(&t->m->recipe, s->net_h, s->net_w);
    const int64_t    B = t->opt.batch;
    int              in[2];
    in[0] = add_input(n, s, PIXELS, GD_U8, 2, (int64_t[]){s->cap, 3});
    in[1] = add_input(n, s, LAYERS, GD_F32, 3, (int64_t[]){B, t->opt.layers, GD_LAYER});
    const size_t mark = gd_net_enter(n, "augment");
    const int    image = gd_net_op(n, "augment", &a, 2, in, NULL);
    gd_net_leave(n, mark);
    return image;
}

static gd_truth_values add_truth(const gd_trainer *t, gd_net *n, shape *s) {
    const int64_t   B = t->opt.batch, G = t->opt.boxes;
    gd_truth_values v = {-1, -1, -1, -1};
    if (t->m->arch->task == GD_TASK_DETECT) {
        v.boxes = add_input(n, s, BOXES, GD_F32, 3, (int64_t[]){B, G, 4});
        v.labels = add_input(n, s, LABELS, GD_I32, 2, (int64_t[]){B, G});
        v.count = add_input(n, s, COUNT, GD_I32, 1, &B);
    } else {
        v.labels = add_input(n, s, LABELS, GD_I32, 1, &B);
    }
    v.rng = add_input(n, s, RNG, GD_I32, 1, (int64_t[]){4});
    return v;
}

/* Forward pass and losses. */
static gd_status build(const gd_trainer *t, shape *s, gd_error *err) {
    const gd_model *m = t->m;
    gd_net          n;
    for (int i = 0; i < INPUTS; i++) s->in[i] = -1;
    gd_graph_init(&s->graph, &s->arena);
    gd_net_init(&n, &s->graph, &m->source, err);
    n.train = &t->net;
    n.facts = &m->facts;
    n.bn_eps = m->recipe.bn_eps;
    n.multi_label = m->recipe.multi_label;
    n.n_class = m->n_class + m->arch->n_background;
    const int image = add_image(t, &n, s);
    const int geom = add_input(&n, s, GEOM, GD_F32, 2, (int64_t[]){t->opt.batch, GD_GEOM});
    const gd_truth_values truth = add_truth(t, &n, s);
    if (gd_net_ok(&n)) m->arch->train(&n, m->arch, &t->opt.net, image, geom, &truth);
    return n.st;
}

static void close_shape(shape *s) {
    gd_exec_close(s->exec);
    gd_arena_free(&s->arena);
    memset(s, 0, sizeof *s);
}

static gd_status open_store(gd_trainer *t, const shape *s, gd_error *err) {
    if (t->store) return GD_OK;
    GD_TRY(gd_store_open(&s->graph, t->device, &t->store, err));
    gd_status st = gd_train_step_start(&s->step, t->store, &t->m->source, err);
    if (st == GD_OK) return GD_OK;
    gd_store_close(t->store);
    t->store = NULL;
    return st;
}

static gd_status open_shape(gd_trainer *t, shape *s, gd_error *err) {
    const gd_exec_options run = {
        .check_numerics = t->opt.check_numerics, .device = t->device, .pool = t->pool};
    GD_TRY(build(t, s, err));
    GD_TRY(gd_train_step_build(&s->graph, &t->opt.step, &s->step, err));
    GD_TRY(gd_pass_all(&s->graph, &t->dev, t->opt.half ? GD_F16 : GD_F32, err));
    GD_TRY(gd_exec_open(&s->graph, &t->dev, &run, &s->exec, err));
    GD_TRY(open_store(t, s, err));
    return gd_store_bind(t->store, &s->graph, s->exec, err);
}

/* Room for so many pixels: classes, so that batches of like sizes share a graph. */
static int64_t pixel_class(int64_t n) {
    int64_t cap = 1 << 18;
    while (cap < n) cap *= 2;
    return cap;
}

/* The shape's place: its own, a free one, or that of the one not used for longest. */
static shape *place_of(gd_trainer *t, int net_h, int net_w, int64_t n_pixels) {
    shape *best = &t->shape[0];
    for (int i = 0; i < GD_TRAINER_SHAPES; i++) {
        shape *s = &t->shape[i];
        if (s->cap >= n_pixels && s->cap && s->net_h == net_h && s->net_w == net_w) return s;
        if (s->used < best->used) best = s;
    }
    close_shape(best);
    best->net_h = net_h;
    best->net_w = net_w;
    best->cap = t->opt.pixels > n_pixels ? t->opt.pixels : pixel_class(n_pixels);
    return best;
}

static gd_status shape_of(gd_trainer *t, int net_h, int net_w, int64_t n_pixels, shape **out,
                          gd_error *err) {
    shape *s = place_of(t, net_h, net_w, n_pixels);
    *out = s;
    if (!s->exec) {
        gd_status st = open_shape(t, s, err);
        if (st != GD_OK) {
            close_shape(s);
            return st;
        }
    }
    s->used = ++t->clock;
    return GD_OK;
}

/* ---- life -------------------------------------------------------------------------------- */

static gd_status open_device(gd_trainer *t, gd_error *err) {
    const char      *name = t->opt.device;
    const gd_plugin *vendor;
    t->dev = gd_cpu_caps();
    if (!name || !strcmp(name, "cpu")) return GD_OK;
    gd_error   none;
    const bool any = !strcmp(name, "auto");
    gd_status  st = gd_device_open(any ? "cuda" : name, &t->device, any ? &none : err);
    if (st != GD_OK) return any ? GD_OK : st;
    t->dev = t->device->caps;
    if (t->opt.providers) {
        GD_TRY(gd_plugin_load("vendor", &vendor, err));
        t->dev.providers = true;
    }
    return gd_const_pool_open(t->device, &t->pool, err);
}

static gd_status check(const gd_model *m, const gd_trainer_options *o, gd_error *err) {
    if (!m->arch->train)
        return gd_fail(err, GD_ERR_UNSUPPORTED, "%s cannot be trained here", m->arch->name);
    if (o->batch < 1 || o->layers < 1 || o->layers > GD_LAYERS)
        return gd_fail(err, GD_ERR_ARG, "batch %d of %d layers, wanted at least 1 and 1 to %d",
                       o->batch, o->layers, GD_LAYERS);
    if (m->arch->task == GD_TASK_DETECT && o->boxes < 1)
        return gd_fail(err, GD_ERR_ARG, "room for %d boxes a picture", o->boxes);
    return GD_OK;
}

gd_status gd_trainer_open(const gd_model *m, const gd_trainer_options *o, gd_trainer **out,
                          gd_error *err) {
    *out = NULL;
    GD_TRY(check(m, o, err));
    gd_trainer *t = gd_mem_get_zero(sizeof *t);
    if (!t) return gd_fail(err, GD_ERR_NOMEM, "no memory for a trainer");
    t->m = m;
    t->opt = *o;
    t->net = (gd_net_train){
        .ctx = t, .trains = trains, .batch_norm = o->batch_norm, .bn_momentum = o->bn_momentum};
    gd_status st = open_device(t, err);
    if (st == GD_OK)
        *out = t;
    else
        gd_trainer_close(t);
    return st;
}

void gd_trainer_close(gd_trainer *t) {
    if (!t) return;
    for (int i = 0; i < GD_TRAINER_SHAPES; i++) close_shape(&t->shape[i]);
    gd_store_close(t->store);
    gd_const_pool_close(t->pool);
    gd_device_close(t->device);
    gd_mem_put(t);
}

gd_store   *gd_trainer_store(gd_trainer *t) { return t->store; }
const char *gd_trainer_device(const gd_trainer *t) {
    return t->device ? t->device->name : "cpu";
}

size_t gd_trainer_bytes(const gd_trainer *t) {
    if (t->device) return t->device->held;
    size_t bytes = t->store ? gd_store_bytes(t->store) : 0;
    for (int i = 0; i < GD_TRAINER_SHAPES; i++) {
        gd_exec_stats s;
        if (!t->shape[i].exec) continue;
        gd_exec_stats_get(t->shape[i].exec, &s);
        bytes += s.slab_bytes + s.scratch_bytes + s.packed_bytes;
    }
    return bytes;
}

/* ---- a step ------------------------------------------------------------------------------ */

gd_status gd_trainer_plan(gd_trainer *t, int net_h, int net_w, int64_t n_pixels,
                          gd_error *err) {
    shape *s;
    return shape_of(t, net_h, net_w, n_pixels, &s, err);
}

static gd_status fill(shape *s, int which, const void *data, size_t bytes, gd_error *err) {
    if (s->in[which] < 0 || !bytes) return GD_OK;
    return gd_exec_write(s->exec, s->in[which], 0, data, bytes, err);
}

static gd_status fill_all(const gd_trainer *t, shape *s, const gd_train_batch *b,
                          gd_error *err) {
    const size_t   B = (size_t)t->opt.batch, G = (size_t)t->opt.boxes;
    const bool     boxes = t->m->arch->task == GD_TASK_DETECT;
    const uint32_t rng[4] = {(uint32_t)b->seed, (uint32_t)(b->seed >> 32), (uint32_t)b->step,
                             (uint32_t)(b->step >> 32)};
    GD_TRY(fill(s, PIXELS, b->pixels, (size_t)b->n_pixels * 3, err));
    GD_TRY(
        fill(s, LAYERS, b->layer, B * (size_t)t->opt.layers * GD_LAYER * sizeof(float), err));
    GD_TRY(fill(s, GEOM, b->geom, B * GD_GEOM * sizeof(float), err));
    if (boxes) GD_TRY(fill(s, BOXES, b->box, B * G * 4 * sizeof(float), err));
    GD_TRY(fill(s, LABELS, b->label, B * (boxes ? G : 1) * sizeof(int32_t), err));
    if (boxes) GD_TRY(fill(s, COUNT, b->count, B * sizeof(int32_t), err));
    return fill(s, RNG, rng, sizeof rng, err);
}

static void read_stats(const shape *s, gd_train_stats *out) {
    *out = (gd_train_stats){.n_loss = 1, .name = {"loss"}};
    for (int i = 0; i < s->graph.n_output; i++) {
        const gd_tensor *t = gd_exec_output(s->exec, s->graph.output[i]);
        const char      *name = s->graph.output_name[i];
        if (!strcmp(name, "stats"))
            memcpy(out->stat, t->data, sizeof out->stat);
        else if (!strcmp(name, "loss"))
            out->loss[0] = *(const float *)t->data;
        else if (!strncmp(name, "loss.", 5) && out->n_loss < GD_MAX_LOSS) {
            out->name[out->n_loss] = name + 5;
            out->loss[out->n_loss++] = *(const float *)t->data;
        }
    }
}

gd_status gd_trainer_step(gd_trainer *t, const gd_train_batch *b, const gd_train_rates *rates,
                          gd_train_stats *out, gd_error *err) {
    float  hyper[GD_N_HYPER + GD_MAX_GROUP];
    shape *s;
    GD_TRY(shape_of(t, b->net_h, b->net_w, b->n_pixels, &s, err));
    GD_TRY(fill_all(t, s, b, err));
    const size_t n = (size_t)gd_train_step_hyper(&s->step, rates, hyper);
    GD_TRY(gd_exec_write(s->exec, s->step.hyper, 0, hyper, n * sizeof *hyper, err));
    GD_TRY(gd_exec_run(s->exec, err));
    read_stats(s, out);
    return GD_OK;
}
