/* state.c -- a trainer's tensors in a checkpoint; see state.h. */
#include "tools/train/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"

enum { CANVAS_KEYS = 4 }; /* of the recipe, that a canvas sets */

#define TRAIN "train/"
#define AVERAGE "train/average/"

static size_t bytes_of(const gd_tensor *t) { return (gd_tensor_bytes(t) + 63) / 64 * 64; }

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for a checkpoint");
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* Name in the file of the store's tensor i. */
static const char *file_name(gd_train_state *s, const gd_store *store, int i) {
    const char *name = gd_store_name(store, i);
    char        text[512];
    if (begins(name, AVERAGE)) return name + strlen(AVERAGE);
    if (begins(name, TRAIN)) return name;
    snprintf(text, sizeof text, AVERAGE "%s", name);
    if (gd_store_find(store, text) < 0) return name;
    snprintf(text, sizeof text, TRAIN "weight/%s", name);
    return gd_arena_string(&s->arena, text);
}

static gd_status take_store(gd_train_state *s, gd_store *store, gd_error *err) {
    size_t at = 0;
    for (int i = 0; i < gd_store_count(store); i++) at += bytes_of(gd_store_tensor(store, i));
    s->host = gd_mem_get(at + 64);
    if (!s->host) return no_memory(err);
    unsigned char *p = s->host + (64 - (uintptr_t)s->host % 64) % 64;
    for (int i = 0; i < gd_store_count(store); i++) {
        const gd_tensor *t = gd_store_tensor(store, i);
        gd_gdw_tensor    f = {.name = file_name(s, store, i),
                              .type = t->dtype == GD_I32 ? GD_GDW_I32 : GD_GDW_F32,
                              .ndim = t->ndim,
                              .data = p,
                              .size = gd_tensor_bytes(t)};
        if (!f.name) return no_memory(err);
        if (t->dtype != GD_F32 && t->dtype != GD_I32)
            return gd_fail(err, GD_ERR_UNSUPPORTED, "'%s' is of a type that no file holds",
                           f.name);
        for (int k = 0; k < t->ndim; k++) f.dim[k] = t->dim[k];
        s->from[s->n_tensor] = i;
        s->tensor[s->n_tensor++] = f;
        p += bytes_of(t);
    }
    return GD_OK;
}

static bool have(const gd_train_state *s, const char *name) {
    for (size_t i = 0; i < s->n_tensor; i++)
        if (!strcmp(s->tensor[i].name, name)) return true;
    return false;
}

/* What the model's file has and no graph changes; what an earlier run left is dropped. */
static void take_file(gd_train_state *s, const gd_model *m) {
    for (size_t i = 0; i < gd_gdw_count(m->file); i++) {
        const gd_gdw_tensor *t = gd_gdw_tensor_at(m->file, i);
        if (begins(t->name, TRAIN) || have(s, t->name)) continue;
        s->from[s->n_tensor] = -1;
        s->tensor[s->n_tensor++] = *t;
    }
    for (size_t i = 0; i < gd_gdw_meta_count(m->file); i++) {
        gd_train_pair p;
        gd_gdw_meta_at(m->file, i, &p.key, &p.value);
        if (!begins(p.key, "train.") && !begins(p.key, "parity.")) s->meta[s->n_meta++] = p;
    }
}

gd_status gd_train_state_open(gd_train_state *s, const gd_model *m, gd_store *store,
                              gd_error *err) {
    const size_t n = gd_gdw_count(m->file) + (size_t)gd_store_count(store);
    *s = (gd_train_state){0};
    s->tensor = gd_arena_array(&s->arena, n + 1, sizeof *s->tensor);
    s->from = gd_arena_array(&s->arena, n + 1, sizeof *s->from);
    s->meta =
        gd_arena_array(&s->arena, gd_gdw_meta_count(m->file) + CANVAS_KEYS, sizeof *s->meta);
    gd_status st = s->tensor && s->from && s->meta ? take_store(s, store, err) : no_memory(err);
    if (st == GD_OK)
        take_file(s, m);
    else
        gd_train_state_close(s);
    return st;
}

static gd_status set_meta(gd_train_state *s, const char *key, gd_error *err, const char *fmt,
                          ...) GD_PRINTF(4, 5);
static gd_status set_meta(gd_train_state *s, const char *key, gd_error *err, const char *fmt,
                          ...) {
    char    text[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *value = gd_arena_string(&s->arena, text);
    int         i = 0;
    if (!value) return no_memory(err);
    while (i < s->n_meta && strcmp(s->meta[i].key, key) != 0) i++;
    s->meta[i] = (gd_train_pair){key, value};
    if (i == s->n_meta) s->n_meta++;
    return GD_OK;
}

gd_status gd_train_state_canvas(gd_train_state *s, const gd_geometry_rule *rule, int height,
                                int width, gd_error *err) {
    const int lesser = height < width ? height : width, greater = height + width - lesser;
    switch (rule->kind) {
    case GD_RULE_SHORTEST_EDGE:
    case GD_RULE_EXACT_EDGE:
        GD_TRY(set_meta(s, "input.short", err, "%d", lesser));
        return set_meta(s, "input.long", err, "%d", greater);
    case GD_RULE_CENTER_CROP: {
        const int was = rule->size_h < rule->size_w ? rule->size_h : rule->size_w;
        GD_TRY(set_meta(s, "input.short", err, "%d", lesser * rule->short_side / was));
        return set_meta(s, "input.size", err, "%dx%d", height, width);
    }
    case GD_RULE_LETTERBOX:
    case GD_RULE_LETTERBOX_CENTER:
    case GD_RULE_STRETCH: return set_meta(s, "input.size", err, "%dx%d", height, width);
    case GD_RULE_NATIVE: break;
    }
    return GD_OK;
}

void gd_train_state_close(gd_train_state *s) {
    gd_mem_put(s->host);
    gd_arena_free(&s->arena);
    *s = (gd_train_state){0};
}

/* The bytes of the store's tensor behind s->tensor[k], which this state owns. */
static void *room_of(const gd_train_state *s, size_t k) {
    return s->host + ((const unsigned char *)s->tensor[k].data - s->host);
}

gd_status gd_train_state_fetch(gd_train_state *s, gd_store *store, gd_error *err) {
    for (size_t k = 0; k < s->n_tensor; k++)
        if (s->from[k] >= 0) GD_TRY(gd_store_get(store, s->from[k], room_of(s, k), err));
    return GD_OK;
}

gd_status gd_train_state_restore(const gd_train_state *s, gd_store *store, const gd_gdw *file,
                                 gd_error *err) {
    for (size_t k = 0; k < s->n_tensor; k++) {
        const gd_gdw_tensor *want = &s->tensor[k];
        if (s->from[k] < 0) continue;
        const gd_gdw_tensor *t = gd_gdw_find(file, want->name);
        if (!t || t->type != want->type || t->ndim != want->ndim ||
            memcmp(t->dim, want->dim, sizeof t->dim) != 0)
            return gd_fail_code(err, GD_ERR_FORMAT, 481, "the checkpoint %s '%s'",
                                t ? "has another shape of" : "lacks", want->name);
        GD_TRY(gd_store_set(store, s->from[k], t->data, err));
    }
    return GD_OK;
}
