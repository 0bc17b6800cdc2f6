/* compare.c -- layer by layer against a dump; see compare.h. */
#include "tools/compare/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "engine/mem.h"

typedef struct job {
    const gd_model           *m;
    gd_ckpt                  *dump;
    const gd_compare_options *opt;
    gd_compare_sink           sink;
    void                     *ctx;
    gd_compare_summary       *sum;
    gd_graph                 *g;
    bool                      stop;
    int64_t                   n_room, n_row; /* proposals planned for, and in the dump */
} job;

/* The dump's tensor for a node: module names there may be those of a newer generation of keys
 * than ours, so each is translated as its weight would be. */
static const gd_ckpt_tensor *find(const job *j, const char *name) {
    char key[512], buf[512];
    for (int i = 0; i < gd_ckpt_all_count(j->dump); i++) {
        const gd_ckpt_tensor *t = gd_ckpt_all_at(j->dump, i);
        const size_t          len = strcspn(t->path, "#");
        if (len + 8 > sizeof key) continue;
        snprintf(key, sizeof key, "%.*s.weight", (int)len, t->path);
        const char  *ours = gd_arch_rename(j->m->arch, key, buf, sizeof buf);
        const size_t n = ours ? strlen(ours) - strlen(".weight") : 0;
        if (ours && !strncmp(ours, name, n) && !strcmp(name + n, t->path + len)) return t;
    }
    return NULL;
}

static int64_t count_of(const gd_ckpt_tensor *d) {
    int64_t n = 1;
    for (int i = 0; i < d->ndim; i++) n *= d->dim[i];
    return n;
}

/* Row-major index of the dump for element i of ours: [N,C,H,W] there, [N,H,W,C] here. */
static int64_t dump_index(const gd_tensor *t, bool map, int64_t i) {
    if (!map) return i;
    const int64_t H = t->dim[1], W = t->dim[2], C = t->dim[3];
    const int64_t c = i % C, w = i / C % W, h = i / (C * W) % H, n = i / (C * W * H);
    return ((n * C + c) * H + h) * W + w;
}

/* Layers behind the proposals have a row for each of them: those the dump has come first. */
static bool shapes_agree(const job *j, const gd_tensor *t, const gd_ckpt_tensor *d, bool *map,
                         int64_t *count) {
    const bool rows = j->n_room && t->dim[0] == j->n_room && d->dim[0] == j->n_row;
    *count = rows ? gd_tensor_count(t) / j->n_room * j->n_row : gd_tensor_count(t);
    *map = t->ndim == 4 && d->ndim == 4;
    if (count_of(d) != *count) return false;
    return !*map ||
           (t->dim[1] == d->dim[2] && t->dim[2] == d->dim[3] && t->dim[3] == d->dim[1]);
}

static void report(job *j, gd_compare_row *row) {
    const double rel = row->scale > 0 ? row->max_abs / row->scale : row->max_abs;
    row->ok = row->max_abs <= j->opt->tolerance * row->scale;
    j->sum->n_layer++;
    j->sum->n_failed += !row->ok;
    if (!(rel <= j->sum->worst)) j->sum->worst = rel;
    j->stop |= !row->ok && !j->opt->all;
    j->sink(j->ctx, row);
}

static gd_status measure(job *j, const char *name, const char *op, const gd_tensor *t,
                         const gd_ckpt_tensor *d, gd_error *err) {
    gd_compare_row row = {.name = name, .op = op};
    double         dot = 0, aa = 0, bb = 0;
    int64_t        count;
    bool           map;
    gd_tensor_text(t, row.shape);
    if (!shapes_agree(j, t, d, &map, &count))
        return gd_fail(err, GD_ERR_SHAPE,
                       "layer '%s' is %s; the dump's tensor has another shape", name,
                       row.shape);
    float *ref = gd_mem_array((size_t)count, sizeof *ref);
    if (!ref) return gd_fail(err, GD_ERR_NOMEM, "no memory for layer '%s'", name);
    gd_status st = gd_ckpt_read_f32(j->dump, d, ref, err);
    for (int64_t i = 0; st == GD_OK && i < count; i++) {
        const double a = gd_tensor_get(t, i), b = (double)ref[dump_index(t, map, i)];
        const double diff = fabs(a - b);
        if (!(diff <= row.max_abs)) row.max_abs = diff; /* NaN counts as a difference */
        row.scale = fmax(row.scale, fabs(b));
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    gd_mem_put(ref);
    GD_TRY(st);
    row.cosine = aa > 0 && bb > 0 ? dot / sqrt(aa * bb) : aa == bb;
    report(j, &row);
    return GD_OK;
}

static int by_size(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Largest corner difference between a box and the nearest of n. */
static float nearest(const float *box, const float *all, int64_t n) {
    float best = INFINITY;
    for (int64_t i = 0; i < n; i++) {
        float far = 0;
        for (int k = 0; k < 4; k++) far = fmaxf(far, fabsf(box[k] - all[4 * i + k]));
        best = fminf(best, far);
    }
    return best;
}

/* Boxes that score alike change places by rounding, and crops change with them. So each
 * proposal of the dump must be among ours, but for one in fifty (ties at the cuts); then the
 * dump's take the place of ours, for what comes after to be held against the same crops. */
static gd_status take_proposals(job *j, const char *name, gd_tensor *t, gd_tensor *count,
                                const gd_ckpt_tensor *d, gd_error *err) {
    gd_compare_row row = {.name = name, .op = "proposals", .cosine = 1};
    const int64_t  room = t->dim[1], n = d->dim[0];
    int32_t       *ours = count->data;
    gd_tensor_text(t, row.shape);
    if (t->dim[0] != 1 || t->pitch != 4 || d->ndim != 2 || d->dim[1] != 4 || n < 1 || n > room)
        return gd_fail(err, GD_ERR_SHAPE,
                       "'%s' has room for %lld boxes, the dump's shape is "
                       "another",
                       name, (long long)room);
    float    *ref = gd_mem_array((size_t)n * 5, sizeof *ref), *off = ref ? ref + 4 * n : NULL;
    gd_status st = ref ? gd_ckpt_read_f32(j->dump, d, ref, err)
                       : gd_fail(err, GD_ERR_NOMEM, "no memory for %lld boxes", (long long)n);
    if (st == GD_OK) {
        for (int64_t i = 0; i < n; i++) off[i] = nearest(ref + 4 * i, t->data, *ours);
        for (int64_t i = 0; i < 4 * n; i++) row.scale = fmax(row.scale, fabs((double)ref[i]));
        qsort(off, (size_t)n, sizeof *off, by_size);
        row.max_abs = (double)off[n - 1 - n / 50];
        memcpy(t->data, ref, (size_t)n * 4 * sizeof *ref);
        *ours = (int32_t)n;
        j->n_room = room;
        j->n_row = n;
        report(j, &row);
    }
    gd_mem_put(ref);
    return st;
}

/* A run cannot be ended by a success, so the first wrong layer ends it by this status. */
static gd_status watch(void *ctx, gd_exec *e, int k, gd_error *err) {
    job                  *j = ctx;
    const gd_node        *n = &j->g->node[k];
    const char           *name = n->fused_name ? n->fused_name : n->name;
    const gd_ckpt_tensor *d = find(j, name);
    if (!d) {
        j->sum->n_unmatched++;
        return GD_OK;
    }
    gd_tensor *t = gd_exec_tensor(e, n->out[0]);
    if (!strcmp(n->op->name, "gather_boxes") && n->n_in > 4 && n->in[4] >= 0) {
        GD_TRY(take_proposals(j, name, t, gd_exec_tensor(e, n->in[4]), d, err));
    } else {
        GD_TRY(measure(j, name, n->op->name, t, d, err));
    }
    return j->stop ? gd_fail(err, GD_ERR_CHECK, "stopped at layer '%s'", name) : GD_OK;
}

static const gd_ckpt_tensor *need(gd_ckpt *dump, const char *name, int ndim, gd_error *err) {
    const gd_ckpt_tensor *t = NULL;
    for (int i = 0; i < gd_ckpt_all_count(dump) && !t; i++)
        if (!strcmp(gd_ckpt_all_at(dump, i)->path, name)) t = gd_ckpt_all_at(dump, i);
    if (t && t->ndim == ndim) return t;
    if (gd_fail(err, GD_ERR_FORMAT, "the dump holds no tensor '%s' of %d axes", name, ndim))
        gd_error_hint(err, "tools/dump_layers.py writes dumps");
    return NULL;
}

/* The reference's network input, [1, 3, h, w], as [1, h, w, 3]. */
static gd_status read_input(gd_ckpt *dump, const gd_ckpt_tensor *d, gd_tensor *image,
                            gd_error *err) {
    float *ref = gd_mem_array((size_t)gd_tensor_count(image), sizeof *ref), *out = image->data;
    if (!ref) return gd_fail(err, GD_ERR_NOMEM, "no memory for the input");
    gd_status st = gd_ckpt_read_f32(dump, d, ref, err);
    for (int64_t i = 0; st == GD_OK && i < gd_tensor_count(image); i++)
        out[i] = ref[dump_index(image, true, i)];
    gd_mem_put(ref);
    return st;
}

static gd_status run_network(job *j, const gd_ckpt_tensor *input, const gd_geometry *at,
                             gd_error *err) {
    gd_recipe             r = j->m->recipe;
    const gd_device_caps  dev = gd_cpu_caps();
    const gd_net_options  net = {.batch = 1,
                                 .net_h = (int)input->dim[2],
                                 .net_w = (int)input->dim[3],
                                 .conf = r.conf,
                                 .iou = r.iou,
                                 .max_det = r.max_det,
                                 .pixels = (int64_t)at->src_h * at->src_w};
    const gd_exec_options run = {.watch = watch, .watch_ctx = j};
    gd_arena              arena = {0};
    gd_graph              g;
    gd_exec              *e = NULL;
    gd_status             st;
    gd_graph_init(&g, &arena);
    j->g = &g;
    GD_GO(gd_model_graph(j->m, &r, &net, 0, &g, err));
    GD_GO(j->opt->fused ? gd_pass_all(&g, &dev, GD_F32, err)
                        : gd_graph_verify(&g, "building", err));
    GD_GO(gd_exec_open(&g, &dev, &run, &e, err));
    GD_GO(read_input(j->dump, input, gd_exec_tensor(e, gd_graph_find_input(&g, "image")), err));
    gd_geometry_pack(at, gd_exec_tensor(e, gd_graph_find_input(&g, "geom"))->data);
    st = gd_exec_run(e, err);
    if (st == GD_ERR_CHECK && j->stop) st = GD_OK;
done:
    gd_exec_close(e);
    gd_arena_free(&arena);
    return st;
}

static gd_status run_preprocess(job *j, const gd_ckpt_tensor *pixels,
                                const gd_ckpt_tensor *input, const gd_geometry *at,
                                gd_error *err) {
    const gd_net_options net = {
        .batch = 1, .net_h = (int)input->dim[2], .net_w = (int)input->dim[3], .conf = 0.5f};
    const int64_t        cap = (int64_t)at->src_h * at->src_w;
    const gd_device_caps dev = gd_cpu_caps();
    gd_arena             arena = {0};
    gd_graph             g;
    gd_exec             *e = NULL;
    gd_status            st;
    gd_graph_init(&g, &arena);
    GD_GO(gd_model_graph(j->m, &j->m->recipe, &net, cap, &g, err));
    g.n_node = 1; /* the preprocess node alone */
    g.n_output = 0;
    GD_GO(gd_exec_open(&g, &dev, NULL, &e, err));
    const int in = gd_graph_find_input(&g, "pixels");
    GD_GO(
        gd_ckpt_read(j->dump, pixels, gd_exec_tensor(e, in)->data, gd_ckpt_bytes(pixels), err));
    gd_geometry_pack(at, gd_exec_tensor(e, gd_graph_find_input(&g, "geom"))->data);
    GD_GO(gd_exec_run(e, err));
    GD_GO(measure(j, "input", "preprocess", gd_exec_tensor(e, g.node[0].out[0]), input, err));
done:
    gd_exec_close(e);
    gd_arena_free(&arena);
    return st;
}

gd_status gd_compare_run(const gd_model *m, gd_ckpt *dump, const gd_compare_options *opt,
                         gd_compare_sink sink, void *ctx, gd_compare_summary *sum,
                         gd_error *err) {
    job         j = {.m = m, .dump = dump, .opt = opt, .sink = sink, .ctx = ctx, .sum = sum};
    gd_geometry at;
    memset(sum, 0, sizeof *sum);
    const gd_ckpt_tensor *pixels = need(dump, "pixels", 3, err);
    if (!pixels) return GD_ERR_FORMAT;
    const gd_ckpt_tensor *input = need(dump, "input", 4, err);
    if (!input) return GD_ERR_FORMAT;
    if (pixels->dtype != GD_CKPT_U8 || pixels->dim[2] != 3 || pixels->dim[0] < 1 ||
        pixels->dim[1] < 1 || pixels->dim[0] > 65535 || pixels->dim[1] > 65535)
        return gd_fail(err, GD_ERR_FORMAT, "the dump's pixels are not u8 [H, W, 3]");
    gd_geometry_of(&m->recipe.rule, (int)pixels->dim[0], (int)pixels->dim[1], &at);
    if (input->dim[0] != 1 || input->dim[1] != 3 || input->dim[2] != at.net_h ||
        input->dim[3] != at.net_w)
        return gd_fail(err, GD_ERR_SHAPE,
                       "the dump's input is %lldx%lld, the model's recipe gives %dx%d",
                       (long long)input->dim[2], (long long)input->dim[3], at.net_h, at.net_w);
    GD_TRY(run_preprocess(&j, pixels, input, &at, err));
    return j.stop ? GD_OK : run_network(&j, input, &at, err);
}
