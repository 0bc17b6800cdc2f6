/* model.c -- a .gdw file as a model: architecture, recipe, names, weights as float. */
#include "layers/model.h"

#include <stdlib.h>
#include <string.h>

#include "engine/half.h"
#include "engine/mem.h"
#include "kernels/crop_resize/crop_resize.h"

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for the model");
}

static bool find_weight(const void *ctx, const char *name, gd_tensor *out) {
    const gd_model      *m = ctx;
    const gd_gdw_tensor *first = gd_gdw_tensor_at(m->file, 0), *t = gd_gdw_find(m->file, name);
    if (!t) return false;
    *out = m->weight[t - first];
    return true;
}

static gd_status read_weight(gd_model *m, const gd_gdw_tensor *t, gd_tensor *out,
                             gd_error *err) {
    if (t->ndim > GD_MAX_DIM)
        return gd_fail_code(err, GD_ERR_FORMAT, 471, "weight '%s' has %d axes, the limit is %d",
                            t->name, t->ndim, GD_MAX_DIM);
    *out = gd_tensor_make(GD_F32, t->ndim, t->dim);
    if (t->type == GD_GDW_F32) {
        /* The file's own bytes: nothing here writes to a weight. */
        memcpy(&out->data, &t->data, sizeof out->data);
        return GD_OK;
    }
    if (t->type != GD_GDW_F16)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 472, "weight '%s' is of type %s", t->name,
                            gd_gdw_type_name(t->type));
    float          *dst = gd_arena_get(&m->arena, gd_tensor_bytes(out));
    const uint16_t *src = t->data;
    if (!dst) return no_memory(err);
    for (int64_t i = 0; i < gd_tensor_count(out); i++) dst[i] = gd_half_to_float(src[i]);
    out->data = dst;
    return GD_OK;
}

static gd_status read_weights(gd_model *m, gd_error *err) {
    const size_t n = gd_gdw_count(m->file);
    m->weight = gd_arena_array(&m->arena, n + 1, sizeof *m->weight);
    if (!m->weight) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const gd_gdw_tensor *t = gd_gdw_tensor_at(m->file, i);
        if (strncmp(t->name, "train/", 6) == 0)
            continue; /* of a checkpoint: not the network's */
        GD_TRY(read_weight(m, t, &m->weight[i], err));
    }
    m->source = (gd_weight_source){m, find_weight};
    return GD_OK;
}

static gd_status read_names(gd_model *m, gd_error *err) {
    const char *names = gd_gdw_meta(m->file, "classes"),
               *ids = gd_gdw_meta(m->file, "category_ids");
    if (!names || !*names)
        return gd_fail_code(err, GD_ERR_FORMAT, 473, "the model file holds no class names");
    char *text = gd_arena_string(&m->arena, names), *at;
    m->n_class = 0;
    for (const char *p = names; *p; p++)
        if (*p == '\n' || !p[1]) m->n_class++;
    m->name = gd_arena_array(&m->arena, (size_t)m->n_class, sizeof *m->name);
    m->category = gd_arena_array(&m->arena, (size_t)m->n_class, sizeof *m->category);
    if (!text || !m->name || !m->category) return no_memory(err);
    for (int i = 0; i < m->n_class; i++) {
        m->name[i] = text;
        if ((at = strchr(text, '\n'))) *at++ = '\0';
        text = at ? at : text + strlen(text);
        m->category[i] = i;
        if (!ids) continue;
        char *end;
        long  v = strtol(ids, &end, 10);
        if (end == ids || v < 0 || v > 1000000000 || *end != (i + 1 < m->n_class ? ',' : '\0'))
            return gd_fail_code(err, GD_ERR_FORMAT, 474,
                                "metadata category_ids does not hold %d numbers", m->n_class);
        m->category[i] = (int)v;
        ids = *end ? end + 1 : end;
    }
    return GD_OK;
}

/* The class head must have an output for each name, and for the background. */
static gd_status check_head(const gd_model *m, gd_error *err) {
    if (!m->arch->class_key) return GD_OK; /* the builder compares */
    const gd_gdw_tensor *t = gd_gdw_find(m->file, m->arch->class_key);
    if (!t)
        return gd_fail_code(err, GD_ERR_FORMAT, 475, "weight '%s' is missing",
                            m->arch->class_key);
    if (t->ndim != 1 || gd_arch_head(m->arch, t->dim[0]) != m->n_class + m->arch->n_background)
        return gd_fail_code(err, GD_ERR_FORMAT, 476,
                            "the class head has %lld outputs, the file names %d classes%s",
                            t->ndim ? (long long)t->dim[0] : 0, m->n_class,
                            m->arch->n_background ? " and a background" : "");
    return GD_OK;
}

static const char *find_meta(const void *ctx, const char *key) { return gd_gdw_meta(ctx, key); }

static gd_status open_model(gd_model *m, gd_error *err) {
    const char *arch = gd_gdw_meta(m->file, "arch");
    if (!arch || !(m->arch = gd_arch_find(arch))) {
        gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 477, "unknown architecture '%s'",
                                    arch ? arch : "(none)");
        gd_error_hint(err, "`gdrun help models` lists those known");
        return st;
    }
    GD_TRY(read_names(m, err));
    GD_TRY(check_head(m, err));
    GD_TRY(gd_recipe_read(m->arch, find_meta, m->file, &m->recipe, err));
    GD_TRY(read_weights(m, err));
    m->facts = (gd_net_facts){.ctx = m->file, .meta = find_meta};
    return gd_arch_check(m->arch, m->n_class + m->arch->n_background, &m->source, &m->facts,
                         err);
}

static gd_status finish(gd_gdw *file, gd_model **out, gd_error *err) {
    gd_model *m = gd_mem_get_zero(sizeof *m);
    if (!m) {
        gd_gdw_close(file);
        return no_memory(err);
    }
    m->file = file;
    gd_status st = open_model(m, err);
    if (st != GD_OK) {
        gd_model_close(m);
        return st;
    }
    *out = m;
    return GD_OK;
}

gd_status gd_model_load(const char *path, gd_model **out, gd_error *err) {
    gd_gdw *file;
    *out = NULL;
    GD_TRY(gd_gdw_load(path, &file, err));
    return finish(file, out, err);
}

gd_status gd_model_load_memory(const void *data, size_t size, gd_model **out, gd_error *err) {
    gd_gdw *file;
    *out = NULL;
    GD_TRY(gd_gdw_load_memory(data, size, &file, err));
    return finish(file, out, err);
}

void gd_model_close(gd_model *m) {
    if (!m) return;
    gd_gdw_close(m->file);
    gd_arena_free(&m->arena);
    gd_mem_put(m);
}

gd_task     gd_model_task(const gd_model *m) { return m->arch->task; }
const char *gd_model_arch(const gd_model *m) { return m->arch->name; }
int         gd_model_class_count(const gd_model *m) { return m->n_class; }
const char *gd_model_meta(const gd_model *m, const char *key) {
    return gd_gdw_meta(m->file, key);
}

const char *gd_model_class_name(const gd_model *m, int id) {
    return id >= 0 && id < m->n_class ? m->name[id] : NULL;
}

int gd_model_category_id(const gd_model *m, int id) {
    return id >= 0 && id < m->n_class ? m->category[id] : -1;
}

void gd_model_recipe(const gd_model *m, const gd_session_options *opt, gd_recipe *out) {
    *out = m->recipe;
    if (opt->conf >= 0) out->conf = opt->conf;
    if (opt->iou >= 0) out->iou = opt->iou;
    if (opt->max_det >= 0) out->max_det = opt->max_det;
    const bool sized = out->rule.kind == GD_RULE_SHORTEST_EDGE ||
                       out->rule.kind == GD_RULE_EXACT_EDGE || out->rule.kind == GD_RULE_NATIVE;
    if (opt->imgsz_h == GD_IMGSZ_NATIVE) {
        /* Networks of a fixed size are made for multiples of their deepest stride. */
        if (!sized && out->rule.multiple < 32) out->rule.multiple = 32;
        out->rule.kind = GD_RULE_NATIVE;
    }
    if (opt->imgsz_h > 0 && opt->imgsz_w > 0) {
        out->rule.size_h = opt->imgsz_h;
        out->rule.size_w = opt->imgsz_w;
        /* A forced size leaves no room for a rule that computes one. */
        if (sized) out->rule.kind = GD_RULE_STRETCH;
        out->rule.multiple = 1;
        if (out->rule.kind == GD_RULE_CENTER_CROP)
            out->rule.short_side = (opt->imgsz_h < opt->imgsz_w ? opt->imgsz_h : opt->imgsz_w) *
                                   m->recipe.rule.short_side / m->recipe.rule.size_h;
    }
}

static gd_preprocess attributes(const gd_recipe *r, const gd_net_options *opt) {
    gd_preprocess a = {.out_h = opt->net_h,
                       .out_w = opt->net_w,
                       .filter = r->filter,
                       .swap_rb = r->bgr,
                       .scale = r->scale};
    memcpy(a.mean, r->mean, sizeof a.mean);
    memcpy(a.std, r->std, sizeof a.std);
    memcpy(a.pad, r->pad, sizeof a.pad);
    return a;
}

/* Inputs and the operator that makes the network's input of them. */
static int add_bytes(gd_net *n, const gd_recipe *r, const gd_net_options *opt, int64_t cap,
                     int *geom) {
    const int64_t       pixels_dim[3] = {opt->crops ? 1 : opt->batch, cap, 3}, one[1] = {1};
    const int64_t       geom_dim[2] = {opt->batch, opt->crops ? GD_CROP : GD_GEOM};
    const gd_preprocess a = attributes(r, opt);
    int                 in[3] = {-1, -1, -1};
    n->st = gd_graph_input(n->g, "pixels", GD_U8, 3, pixels_dim, &in[0], n->err);
    if (gd_net_ok(n)) n->st = gd_graph_input(n->g, "geom", GD_F32, 2, geom_dim, &in[1], n->err);
    if (gd_net_ok(n) && opt->crops)
        n->st = gd_graph_input(n->g, "n_crop", GD_I32, 1, one, &in[2], n->err);
    *geom = in[1];
    if (!gd_net_ok(n)) return -1;
    const size_t mark = gd_net_enter(n, "preprocess");
    const int    image = gd_net_op(n, opt->crops ? "crop_resize" : "preprocess", &a,
                                opt->crops ? 3 : 2, in, NULL);
    gd_net_leave(n, mark);
    return image;
}

/* The picture as the network wants it: made by an operator, or an input of the graph. */
static int add_image(gd_net *n, const gd_recipe *r, const gd_net_options *opt, int64_t cap,
                     int *geom) {
    const int64_t image_dim[4] = {opt->batch, opt->net_h, opt->net_w, 3};
    const int64_t geom_dim[2] = {opt->batch, GD_GEOM};
    int           image = -1;
    if (cap) return add_bytes(n, r, opt, cap, geom);
    n->st = gd_graph_input(n->g, "image", GD_F32, 4, image_dim, &image, n->err);
    if (gd_net_ok(n)) n->st = gd_graph_input(n->g, "geom", GD_F32, 2, geom_dim, geom, n->err);
    return image;
}

gd_status gd_model_graph(const gd_model *m, const gd_recipe *r, const gd_net_options *opt,
                         int64_t cap, gd_graph *g, gd_error *err) {
    gd_net n;
    int    geom = -1;
    gd_net_init(&n, g, &m->source, err);
    n.facts = &m->facts;
    n.bn_eps = r->bn_eps;
    n.multi_label = r->multi_label;
    n.n_class = m->n_class + m->arch->n_background;
    const int image = add_image(&n, r, opt, cap, &geom);
    if (gd_net_ok(&n)) m->arch->build(&n, m->arch, opt, image, geom);
    return n.st;
}
