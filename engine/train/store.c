/* store.c -- one block for all variables of a model that trains; see store.h. */
#include "engine/train/store.h"

#include <string.h>

#include "engine/mem.h"

typedef struct entry {
    const char *name; /* in the arena */
    gd_tensor   t;
} entry;

struct gd_store {
    gd_arena       arena;
    gd_device     *device;
    entry         *entry;
    int            n;
    unsigned char *block;
    size_t         bytes;
};

static gd_status no_memory(size_t bytes, gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of variables", bytes);
}

static gd_status list(gd_store *s, const gd_graph *g, gd_error *err) {
    s->entry = gd_arena_array(&s->arena, (size_t)g->n_value + 1, sizeof *s->entry);
    if (!s->entry) return no_memory(0, err);
    for (int v = 0; v < g->n_value; v++) {
        const gd_value *x = &g->value[v];
        if (!x->variable) continue;
        if (!x->name || gd_store_find(s, x->name) >= 0)
            return gd_fail(err, GD_ERR_ARG, "variable '%s' is there twice, or has no name",
                           x->name ? x->name : "");
        entry *e = &s->entry[s->n];
        e->t = gd_tensor_make(x->t.dtype, x->t.ndim, x->t.dim);
        if (!(e->name = gd_arena_string(&s->arena, x->name))) return no_memory(0, err);
        s->n++;
        s->bytes += gd_device_round(gd_tensor_bytes(&e->t));
    }
    return GD_OK;
}

static gd_status allocate(gd_store *s, gd_error *err) {
    void *block = NULL;
    if (s->device) {
        GD_TRY(gd_device_alloc(s->device, s->bytes, &block, err));
        s->block = block;
        GD_TRY(gd_device_fill(s->device, GD_LANE_RUN, block, 0, s->bytes, err));
        GD_TRY(gd_device_sync(s->device, GD_LANE_RUN, err));
    } else if (!(s->block = gd_mem_get_zero(s->bytes))) {
        return no_memory(s->bytes, err);
    }
    size_t at = 0;
    for (int i = 0; i < s->n; i++) {
        s->entry[i].t.data = s->block + at;
        at += gd_device_round(gd_tensor_bytes(&s->entry[i].t));
    }
    return GD_OK;
}

gd_status gd_store_open(const gd_graph *g, gd_device *device, gd_store **out, gd_error *err) {
    gd_status st = GD_OK;
    gd_store *s = gd_mem_get_zero(sizeof *s);
    *out = NULL;
    if (!s) return no_memory(sizeof *s, err);
    s->device = device;
    GD_GO(list(s, g, err));
    GD_GO(allocate(s, err));
    *out = s;
    s = NULL;
done:
    gd_store_close(s);
    return st;
}

void gd_store_close(gd_store *s) {
    if (!s) return;
    if (s->device)
        gd_device_release(s->device, s->block);
    else
        gd_mem_put(s->block);
    gd_arena_free(&s->arena);
    gd_mem_put(s);
}

gd_status gd_store_bind(gd_store *s, const gd_graph *g, gd_exec *e, gd_error *err) {
    for (int v = 0; v < g->n_value; v++) {
        const gd_value *x = &g->value[v];
        char            have[GD_SHAPE_TEXT], want[GD_SHAPE_TEXT];
        if (!x->variable) continue;
        const int i = x->name ? gd_store_find(s, x->name) : -1;
        if (i < 0)
            return gd_fail(err, GD_ERR_ARG, "variable '%s' is not in the store",
                           x->name ? x->name : "");
        const gd_tensor *t = &s->entry[i].t;
        if (t->dtype != x->t.dtype || !gd_tensor_same_shape(t, &x->t))
            return gd_fail(err, GD_ERR_SHAPE, "variable '%s' is %s, stored as %s", x->name,
                           gd_tensor_text(&x->t, want), gd_tensor_text(t, have));
        gd_exec_bind(e, v, t->data);
    }
    return GD_OK;
}

int              gd_store_count(const gd_store *s) { return s->n; }
const char      *gd_store_name(const gd_store *s, int i) { return s->entry[i].name; }
const gd_tensor *gd_store_tensor(const gd_store *s, int i) { return &s->entry[i].t; }
size_t           gd_store_bytes(const gd_store *s) { return s->bytes; }

int gd_store_find(const gd_store *s, const char *name) {
    for (int i = 0; i < s->n; i++)
        if (!strcmp(s->entry[i].name, name)) return i;
    return -1;
}

gd_status gd_store_set(gd_store *s, int i, const void *data, gd_error *err) {
    const gd_tensor *t = &s->entry[i].t;
    if (!s->device) {
        memcpy(t->data, data, gd_tensor_bytes(t));
        return GD_OK;
    }
    GD_TRY(gd_device_upload(s->device, GD_LANE_RUN, t->data, data, gd_tensor_bytes(t), err));
    return gd_device_sync(s->device, GD_LANE_RUN, err);
}

gd_status gd_store_get(gd_store *s, int i, void *data, gd_error *err) {
    const gd_tensor *t = &s->entry[i].t;
    if (!s->device) {
        memcpy(data, t->data, gd_tensor_bytes(t));
        return GD_OK;
    }
    GD_TRY(gd_device_download(s->device, GD_LANE_RUN, data, t->data, gd_tensor_bytes(t), err));
    return gd_device_sync(s->device, GD_LANE_RUN, err);
}
