/* session.c -- runs pictures of any size: one planned graph for each network shape, kept.
 *
 * A picture's size decides the shape of the network's input. The first picture of a shape
 * builds, rewrites and plans a graph (an "entry"); later ones find it. The least recently used
 * entry makes room when there are too many. */
#include <string.h>
#include <time.h>

#include "engine/mem.h"
#include "engine/plugin.h"
#include "kernels/class_map/class_map.h"
#include "layers/session_impl.h"

enum { MAX_THREADS = 1024 };
/* What all entries together may hold before the oldest goes. */
static size_t max_entry_bytes(const gd_session *s) {
    return s->device ? (size_t)(s->dev.mem_bytes / 2) : (size_t)2 << 30;
}

gd_session_options gd_session_defaults(void) {
    return (gd_session_options){
        .size = sizeof(gd_session_options), .conf = -1, .iou = -1, .max_det = -1};
}

static gd_status check_options(const gd_session_options *o, gd_error *err) {
    if (o->size != sizeof *o)
        return gd_fail(err, GD_ERR_ARG, "gd_session_options.size is %u, not %zu", o->size,
                       sizeof *o);
    if (!(o->conf <= 1) || !(o->iou <= 1))
        return gd_fail(err, GD_ERR_ARG, "conf %g and iou %g must be at most 1", (double)o->conf,
                       (double)o->iou);
    const bool native = o->imgsz_h == GD_IMGSZ_NATIVE && o->imgsz_w == GD_IMGSZ_NATIVE;
    if ((o->imgsz_h == 0) != (o->imgsz_w == 0) ||
        (!native && (o->imgsz_h < 0 || o->imgsz_w < 0)) || o->imgsz_h > 16384 ||
        o->imgsz_w > 16384)
        return gd_fail(err, GD_ERR_ARG, "network input of %dx%d", o->imgsz_h, o->imgsz_w);
    if (o->precision < 0 || o->precision >= GD_N_PRECISION)
        return gd_fail(err, GD_ERR_ARG, "precision %d, wanted 0 to %d", o->precision,
                       GD_N_PRECISION - 1);
    if (o->smooth < 0 || o->smooth > GD_MODE_RADIUS)
        return gd_fail(err, GD_ERR_ARG, "smooth %d, wanted 0 to %d", o->smooth, GD_MODE_RADIUS);
    if (o->threads < 0 || o->threads > MAX_THREADS)
        return gd_fail(err, GD_ERR_ARG, "%d threads, wanted 0 to %d", o->threads, MAX_THREADS);
    return GD_OK;
}

/* Named devices open or fail; "auto" takes the CPU where no GPU can be used, and keeps why. */
static gd_status choose_device(gd_session *s, const char *name, gd_error *err) {
    const gd_plugin *plugin;
    const double     start = gd_session_now_ms();
    s->dev = gd_cpu_caps();
    s->dev.n_sm = s->n_thread;
    if (s->opt.memory_limit && s->opt.memory_limit < s->dev.mem_bytes)
        s->dev.mem_bytes = s->opt.memory_limit; /* what a plan may take */
    if (name && !strcmp(name, "cpu")) return GD_OK;
    /* Opening the device would load it as well; alone, its time can be told. */
    if (gd_plugin_load("cuda", &plugin, NULL) == GD_OK)
        s->stage_ms[GD_STAGE_PLUGIN] = gd_session_now_ms() - start;
    if (name && strcmp(name, "auto") != 0) {
        GD_TRY(gd_device_open(name, &s->device, err));
    } else if (gd_device_open("cuda", &s->device, &s->no_gpu) != GD_OK) {
        return GD_OK;
    }
    s->dev = s->device->caps;
    s->device->limit = (size_t)s->opt.memory_limit;
    return gd_const_pool_open(s->device, &s->pool, err);
}

/* Kernels of vendor libraries are loaded where they are asked for, and only there. */
static gd_status add_providers(gd_session *s, gd_error *err) {
    const gd_plugin *vendor;
    if (!s->opt.providers || !s->device) return GD_OK;
    GD_TRY(gd_plugin_load("vendor", &vendor, err));
    s->dev.providers = true;
    return GD_OK;
}

gd_status gd_session_open(const gd_model *m, const gd_session_options *opt, gd_session **out,
                          gd_error *err) {
    const gd_session_options o = opt ? *opt : gd_session_defaults();
    *out = NULL;
    GD_TRY(check_options(&o, err));
    gd_session *s = gd_mem_get_zero(sizeof *s);
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "no memory for a session");
    s->m = m;
    s->opt = o;
    s->opt.device = NULL; /* the caller's string is not kept */
    s->n_thread = o.threads ? o.threads : gd_cpu_cores();
    gd_model_recipe(m, &o, &s->recipe);
    const double start = gd_session_now_ms();
    gd_status    st = choose_device(s, o.device, err);
    if (st == GD_OK) st = add_providers(s, err);
    if (st == GD_OK) {
        st = gd_session_precision(m, (gd_precision)o.precision, &s->dev, &s->precision, err);
        if (st != GD_OK && s->no_gpu.code)
            gd_error_why(err, "the CPU computes in fp32, and no GPU is used (E%03d): %s",
                         s->no_gpu.code, s->no_gpu.msg);
    }
    s->stage_ms[GD_STAGE_DEVICE] = gd_session_now_ms() - start - s->stage_ms[GD_STAGE_PLUGIN];
    if (st == GD_OK)
        *out = s;
    else
        gd_session_close(s);
    return st;
}

double gd_session_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

void gd_session_entry_close(gd_entry *e) {
    gd_exec_close(e->exec);
    gd_arena_free(&e->arena);
    gd_mem_put(e->geom);
    memset(e, 0, sizeof *e);
}

void gd_session_close(gd_session *s) {
    if (!s) return;
    for (int i = 0; i < GD_SESSION_ENTRIES; i++) gd_session_entry_close(&s->entry[i]);
    gd_session_unpin(s, s->staging);
    if (s->device) gd_device_release(s->device, s->frame);
    gd_const_pool_close(s->pool);
    gd_device_close(s->device);
    gd_mem_put(s->det);
    gd_mem_put(s->cls);
    gd_mem_put(s->map);
    gd_mem_put(s->count);
    gd_mem_put(s);
}

/* ---- entries ----------------------------------------------------------------------------- */

gd_status gd_session_compile(gd_session *s, gd_entry *e, bool plan_only, gd_error *err) {
    const double          start = gd_session_now_ms();
    const gd_net_options  net = {.batch = e->batch,
                                 .net_h = e->net_h,
                                 .net_w = e->net_w,
                                 .conf = s->recipe.conf,
                                 .iou = s->recipe.iou,
                                 .max_det = s->recipe.max_det,
                                 .agnostic_nms = s->opt.agnostic_nms != 0,
                                 .crops = e->crops,
                                 .pixels = e->map,
                                 .smooth = s->opt.smooth};
    const gd_exec_options run = {.trace = s->opt.trace != 0,
                                 .check_numerics = s->opt.check_numerics != 0,
                                 .keep_inputs = s->opt.keep_pictures != 0,
                                 .plan_only = plan_only,
                                 .device = s->device,
                                 .pool = s->pool};
    gd_graph             *g = &e->graph;
    gd_exec_stats         stats;
    gd_graph_init(g, &e->arena);
    GD_TRY(gd_model_graph(s->m, &s->recipe, &net, e->cap, g, err));
    GD_TRY(gd_pass_all(g, &s->dev, s->precision == GD_PRECISION_FP16 ? GD_F16 : GD_F32, err));
    GD_TRY(gd_exec_open(g, &s->dev, &run, &e->exec, err));
    gd_exec_stats_get(e->exec, &stats);
    e->bytes = stats.slab_bytes + stats.scratch_bytes + stats.packed_bytes;
    e->bytes += s->device && !plan_only ? stats.new_const_bytes : stats.const_bytes;
    if (!plan_only) {
        e->geom =
            gd_mem_array((size_t)e->batch, (e->crops ? GD_CROP : GD_GEOM) * sizeof(float));
        if (!e->geom) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d pictures", e->batch);
    }
    s->stage_ms[GD_STAGE_WEIGHTS] += stats.prepare_ms;
    s->stage_ms[GD_STAGE_PLAN] += gd_session_now_ms() - start - stats.prepare_ms;
    return GD_OK;
}

size_t gd_session_held(const gd_session *s) {
    if (s->device) return s->device->held;
    size_t held = s->staging_size;
    for (int i = 0; i < GD_SESSION_ENTRIES; i++) held += s->entry[i].bytes;
    return held;
}

/* A place for one more entry: a free one, else the least recently used one, emptied. */
static gd_entry *make_room(gd_session *s) {
    size_t    held = 0;
    gd_entry *oldest = NULL, *vacant = NULL;
    for (int i = 0; i < GD_SESSION_ENTRIES; i++) {
        gd_entry *e = &s->entry[i];
        if (!e->exec) {
            vacant = e;
            continue;
        }
        held += e->bytes;
        if (!oldest || e->used < oldest->used) oldest = e;
    }
    if (oldest && (!vacant || held > max_entry_bytes(s))) {
        if (s->last == oldest) s->last = NULL;
        gd_session_entry_close(oldest);
        return oldest;
    }
    return vacant;
}

int64_t gd_session_pixel_class(int64_t pixels) {
    int64_t cap = 1 << 18;
    while (cap < pixels) cap *= 2;
    return cap;
}

gd_entry gd_session_key(const gd_session *s, int batch, int net_h, int net_w, int64_t pixels) {
    gd_entry e = {
        .batch = batch, .net_h = net_h, .net_w = net_w, .crops = pixels == 0, .cap = 1};
    /* On the CPU one picture is read where the caller holds it: no room is planned for it. */
    if (!e.crops && (batch > 1 || s->device)) e.cap = gd_session_pixel_class(pixels);
    if (s->m->arch->task == GD_TASK_SEGMENT) e.map = gd_session_pixel_class(pixels);
    return e;
}

gd_entry *gd_session_find(gd_session *s, const gd_entry *key) {
    for (int i = 0; i < GD_SESSION_ENTRIES; i++) {
        gd_entry *e = &s->entry[i];
        if (e->exec && e->batch == key->batch && e->net_h == key->net_h &&
            e->net_w == key->net_w && e->cap == key->cap && e->map == key->map &&
            e->crops == key->crops)
            return e;
    }
    return NULL;
}

/* Frees every planned graph; those that are wanted again are planned again. */
static void drop_entries(gd_session *s) {
    s->last = NULL;
    for (int i = 0; i < GD_SESSION_ENTRIES; i++) gd_session_entry_close(&s->entry[i]);
}

static gd_status open_entry(gd_session *s, const gd_entry *key, gd_entry **out, gd_error *err) {
    gd_entry *e = make_room(s);
    *e = *key;
    const gd_status st = gd_session_compile(s, e, false, err);
    if (st != GD_OK) gd_session_entry_close(e);
    *out = st == GD_OK ? e : NULL;
    return st;
}

static gd_status find_entry(gd_session *s, int batch, int net_h, int net_w, int64_t pixels,
                            gd_entry **out, gd_error *err) {
    const gd_entry key = gd_session_key(s, batch, net_h, net_w, pixels);
    *out = gd_session_find(s, &key);
    if (*out) return GD_OK;
    gd_status st = open_entry(s, &key, out, err);
    /* Graphs of other shapes are kept for speed alone. */
    if (st != GD_ERR_NOMEM || !s->device || s->device->held == 0) return st;
    drop_entries(s);
    return open_entry(s, &key, out, err);
}

/* ---- runs -------------------------------------------------------------------------------- */

gd_status gd_session_entry(gd_session *s, int batch, int net_h, int net_w, int64_t pixels,
                           gd_entry **out, gd_error *err) {
    GD_TRY(find_entry(s, batch, net_h, net_w, pixels, out, err));
    (*out)->used = ++s->tick;
    s->last = *out;
    return gd_session_reserve(s, *out, err);
}

gd_status gd_session_run_entry(gd_session *s, gd_entry *e, gd_error *err) {
    gd_exec_stats before, after;
    double        ms;
    const size_t  held = gd_session_held(s);
    if (held > s->peak_bytes) s->peak_bytes = held;
    if (e->batch > s->batch) s->batch = e->batch;
    gd_exec_stats_get(e->exec, &before);
    GD_TRY(gd_exec_run(e->exec, err));
    GD_TRY(gd_exec_ms(e->exec, &ms, err));
    gd_exec_stats_get(e->exec, &after);
    s->stage_ms[GD_STAGE_CAPTURE] += after.record_ms - before.record_ms;
    s->device_ms += ms;
    return GD_OK;
}

static gd_status run_batch(gd_session *s, const gd_image *images, int n, gd_result *results,
                           gd_error *err) {
    gd_entry *e;
    int64_t   most = 0;
    int       net_h = 0, net_w = 0;
    for (int i = 0; i < n; i++) {
        const int64_t pixels = (int64_t)images[i].width * images[i].height;
        gd_geometry   at;
        gd_geometry_of(&s->recipe.rule, images[i].height, images[i].width, &at);
        if (pixels > most) most = pixels;
        if (at.net_h > net_h) net_h = at.net_h;
        if (at.net_w > net_w) net_w = at.net_w;
    }
    GD_TRY(gd_session_entry(s, n, net_h, net_w, most, &e, err));
    GD_TRY(gd_session_load(s, e, images, n, err));
    GD_TRY(gd_session_run_entry(s, e, err));
    gd_session_take(s, e, images, n, results);
    return GD_OK;
}

/* Pictures from `i` on that can run as one batch: those that share a network shape, or any
 * where the network knows padding from pictures. */
static int batch_from(const gd_session *s, const gd_image *images, int i, int n) {
    gd_geometry a, b;
    int         k = i + 1;
    if (s->m->arch->masks_padding) return n - i;
    gd_geometry_of(&s->recipe.rule, images[i].height, images[i].width, &a);
    for (; k < n; k++) {
        gd_geometry_of(&s->recipe.rule, images[k].height, images[k].width, &b);
        if (a.net_h != b.net_h || a.net_w != b.net_w) break;
    }
    return k - i;
}

static gd_status run_all(gd_session *s, const gd_image *images, int n, gd_result *results,
                         gd_error *err) {
    for (int i = 0; i < n; i++) GD_TRY(gd_session_check_image(s, &images[i], i, err));
    for (int i = 0, k; i < n; i += k) {
        k = batch_from(s, images, i, n);
        GD_TRY(run_batch(s, images + i, k, results + i, err));
        s->one_batch = k == n;
    }
    gd_session_place(s, results, n);
    return GD_OK;
}

void gd_session_clear(gd_result *results, int n) {
    for (int i = 0; i < n; i++) results[i] = (gd_result){.top_score = -1};
}

void gd_session_reset(gd_session *s) {
    s->n_det = s->n_cls = s->n_map = s->n_count = 0;
    s->batch = 0;
    s->one_batch = false;
    s->device_ms = 0;
}

gd_status gd_session_run(gd_session *s, const gd_image *images, int n, gd_result *results,
                         gd_error *err) {
    gd_session_reset(s);
    if (n < 1) return gd_fail(err, GD_ERR_ARG, "%d pictures", n);
    /* Folding computes too: the session's number of threads holds from here on. */
    const int before = gd_cpu_scope(s->n_thread);
    gd_session_clear(results, n);
    const gd_status st = run_all(s, images, n, results, err);
    if (st != GD_OK) gd_session_clear(results, n);
    (void)gd_cpu_scope(before);
    return st;
}

int gd_session_trace(const gd_session *s, gd_trace_row *rows, int max) {
    gd_trace_row row;
    int          n = 0;
    if (!s->last || !s->opt.trace) return 0;
    for (; gd_exec_trace(s->last->exec, n, &row); n++)
        if (n < max) rows[n] = row;
    return n;
}
