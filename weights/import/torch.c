/* torch.c -- walks the values of a pickle and finds the tensors, each under its path; see
 * torch.h.
 *
 * A path is what torch users write: keys and list positions joined by dots; inside a pickled
 * module the names of its state_dict(). The walk remembers the nodes it stands in, so a value
 * that contains itself ends there, and it counts what it visits, so that a few bytes that stand
 * for 2^30 paths are refused. */
#include "weights/import/torch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "engine/utf8.h"

enum {
    MAX_DEPTH = 256,      /* values inside values */
    MAX_VISITS = 8 << 20, /* containers and the entries looked at in them */
    MAX_PATH = 4096,
    MAX_TOP = 1 << 16 /* keys of the root that are remembered */
};

typedef struct walk {
    gd_ckpt        *c;
    gd_pickle      *p;
    gd_torch_found *f;
    gd_error       *err;
    char            path[MAX_PATH];
    size_t          n_path;
    int             depth;
    int64_t         visits;
} walk;

size_t gd_torch_object_limit(uint64_t file_size) {
    return (size_t)32 * 1024 * 1024 +
           (size_t)(file_size / 2 > (1u << 30) ? (1u << 30) : file_size / 2);
}

/* ---- storages ---------------------------------------------------------------------------- */

gd_torch_storage *gd_torch_storage_find(const gd_torch_found *f, const char *key, size_t n) {
    if (!f->n_slots) return NULL;
    uint32_t k = gd_text_hash(key, n) & (f->n_slots - 1);
    for (; f->by_key[k]; k = (k + 1) & (f->n_slots - 1)) {
        gd_torch_storage *s = &f->storages[f->by_key[k] - 1];
        if (s->n_key == n && memcmp(s->key, key, n) == 0) return s;
    }
    return NULL;
}

static gd_status rehash(gd_torch_found *f, gd_error *err) {
    uint32_t n = f->n_slots ? f->n_slots * 2 : 128;
    gd_mem_put(f->by_key);
    f->n_slots = 0;
    f->by_key = gd_mem_array(n, sizeof *f->by_key);
    if (!f->by_key) return gd_fail(err, GD_ERR_NOMEM, "no memory for %u storages", n);
    f->n_slots = n;
    for (int i = 0; i < f->n_storages; i++) {
        uint32_t k = gd_text_hash(f->storages[i].key, f->storages[i].n_key) & (n - 1);
        while (f->by_key[k]) k = (k + 1) & (n - 1);
        f->by_key[k] = (uint32_t)i + 1;
    }
    return GD_OK;
}

/* The storage of a node, added at its first use; equal keys must agree in size. */
static gd_status find_storage(gd_ckpt *c, const gd_pickle *p, gd_torch_found *f,
                              const gd_pstorage *s, int *out, gd_error *err) {
    const gd_pnode *key = gd_pickle_at(p, s->key);
    uint32_t        unit = s->untyped ? 1 : (uint32_t)gd_ckpt_dtype_size(s->dtype);
    uint64_t        bytes;
    if (!gd_mul_u64((uint64_t)s->root_numel, unit, &bytes))
        return gd_fail_code(err, GD_ERR_FORMAT, 417, "%s: storage %.*s of %" PRId64 " elements",
                            c->path, (int)key->n, key->s, s->root_numel);
    gd_torch_storage *o = gd_torch_storage_find(f, key->s, key->n);
    if (o) {
        if (o->bytes != bytes)
            return gd_fail_code(err, GD_ERR_FORMAT, 417,
                                "%s: storage %.*s has %" PRIu64
                                " bytes in one place and %" PRIu64 " in another",
                                c->path, (int)key->n, key->s, o->bytes, bytes);
        *out = (int)(o - f->storages);
        return GD_OK;
    }
    GD_TRY(gd_ckpt_room(c, (void **)&f->storages, f->n_storages, &f->room_storages,
                        sizeof *f->storages, err));
    if ((uint32_t)f->n_storages * 2 >= f->n_slots) GD_TRY(rehash(f, err));
    f->storages[f->n_storages] = (gd_torch_storage){key->s, key->n, bytes, unit, -1};
    uint32_t k = gd_text_hash(key->s, key->n) & (f->n_slots - 1);
    while (f->by_key[k]) k = (k + 1) & (f->n_slots - 1);
    f->by_key[k] = (uint32_t)++f->n_storages;
    *out = f->n_storages - 1;
    return GD_OK;
}

static gd_status found_tensor(walk *w, const gd_pnode *v) {
    gd_torch_found    *f = w->f;
    const gd_ptensor  *t = v->tensor;
    const gd_pstorage *s = gd_pickle_at(w->p, t->storage)->storage;
    gd_ckpt_tensor     view = {.dtype = t->dtype, .ndim = t->ndim};
    if (f->n_tensors >= GD_CKPT_MAX_TENSORS)
        return gd_fail_code(w->err, GD_ERR_FORMAT, 445, "%s: more than %d tensors", w->c->path,
                            (int)GD_CKPT_MAX_TENSORS);
    GD_TRY(find_storage(w->c, w->p, f, s, &view.storage, w->err));
    if (!gd_add_i64(t->offset, s->root_offset, &view.offset)) view.offset = -1;
    memcpy(view.dim, t->dim, sizeof view.dim);
    memcpy(view.stride, t->stride, sizeof view.stride);
    GD_TRY(gd_ckpt_room(w->c, (void **)&f->tensors, f->n_tensors, &f->room_tensors,
                        sizeof *f->tensors, w->err));
    char *path = gd_arena_bytes(&w->c->arena, w->path, w->n_path);
    if (!path) return gd_fail(w->err, GD_ERR_NOMEM, "no memory for the names of tensors");
    f->tensors[f->n_tensors++] = (gd_torch_tensor){view, path, w->n_path};
    return GD_OK;
}

/* ---- the walk ---------------------------------------------------------------------------- */

static gd_status visit(walk *w, gd_pref r);

/* Visits `r` under one more name. */
static gd_status visit_as(walk *w, const char *name, size_t n, gd_pref r) {
    size_t    before = w->n_path;
    gd_status st;
    if (n + 1 >= MAX_PATH - before)
        return gd_fail_code(w->err, GD_ERR_FORMAT, 445, "%s: a path of more than %d bytes",
                            w->c->path, (int)MAX_PATH);
    if (before) w->path[w->n_path++] = '.';
    memcpy(w->path + w->n_path, name, n);
    w->n_path += n;
    st = visit(w, r);
    w->n_path = before;
    return st;
}

/* A key as text: strings as they are, integers in decimal; others have no name. */
static bool key_text(const gd_pickle *p, gd_pref key, char number[24], const char **s,
                     size_t *n) {
    const gd_pnode *k = gd_pickle_at(p, key);
    if (k->kind == GD_P_STR) {
        *s = k->s;
        *n = k->n;
        return true;
    }
    if (k->kind != GD_P_INT) return false;
    *n = (size_t)snprintf(number, 24, "%" PRId64, k->i);
    *s = number;
    return true;
}

static bool may_hold_tensors(const gd_pickle *p, gd_pref r) {
    gd_pkind k = (gd_pkind)gd_pickle_at(p, r)->kind;
    return k == GD_P_TENSOR || k == GD_P_DICT || k == GD_P_LIST || k == GD_P_TUPLE ||
           k == GD_P_OBJECT;
}

static gd_status visit_dict(walk *w, const gd_pnode *v) {
    for (size_t i = 0; i < v->n; i++) {
        char        number[24];
        const char *s;
        size_t      n;
        if (may_hold_tensors(w->p, v->items[2 * i + 1]) &&
            key_text(w->p, v->items[2 * i], number, &s, &n))
            GD_TRY(visit_as(w, s, n, v->items[2 * i + 1]));
    }
    return GD_OK;
}

static gd_status visit_list(walk *w, const gd_pnode *v) {
    for (size_t i = 0; i < v->n; i++) {
        char number[24];
        int  n = snprintf(number, sizeof number, "%zu", i);
        if (may_hold_tensors(w->p, v->items[i]))
            GD_TRY(visit_as(w, number, (size_t)n, v->items[i]));
    }
    return GD_OK;
}

static bool in_set(const gd_pickle *p, gd_pref set, gd_pref key) {
    const gd_pnode *s = gd_pickle_at(p, set), *k = gd_pickle_at(p, key);
    if (s->kind != GD_P_SET || k->kind != GD_P_STR) return false;
    for (uint32_t i = 0; i < s->n; i++) {
        const gd_pnode *e = gd_pickle_at(p, s->items[i]);
        if (e->kind == GD_P_STR && e->n == k->n && memcmp(e->s, k->s, k->n) == 0) return true;
    }
    return false;
}

gd_pref gd_torch_module(const gd_pickle *p, gd_pref r) {
    const gd_pnode *v = gd_pickle_at(p, r);
    if (v->kind != GD_P_OBJECT || !v->object->state) return 0;
    gd_pref s = v->object->state;
    return gd_pickle_get(p, s, "_parameters") && gd_pickle_get(p, s, "_modules") ? s : 0;
}

/* In the order of state_dict(): parameters, persistent buffers, then the modules inside. */
static gd_status visit_module(walk *w, gd_pref attributes) {
    static const char *const part[] = {"_parameters", "_buffers", "_modules"};
    gd_pref skip = gd_pickle_get(w->p, attributes, "_non_persistent_buffers_set");
    for (int k = 0; k < 3; k++) {
        const gd_pnode *d = gd_pickle_at(w->p, gd_pickle_get(w->p, attributes, part[k]));
        for (size_t i = 0; d->kind == GD_P_DICT && i < d->n; i++) {
            const gd_pnode *key = gd_pickle_at(w->p, d->items[2 * i]);
            if (key->kind != GD_P_STR || !may_hold_tensors(w->p, d->items[2 * i + 1])) continue;
            if (k == 1 && in_set(w->p, skip, d->items[2 * i])) continue;
            GD_TRY(visit_as(w, key->s, key->n, d->items[2 * i + 1]));
        }
    }
    return GD_OK;
}

static gd_status visit_object(walk *w, gd_pref r) {
    const gd_pobject *o = gd_pickle_at(w->p, r)->object;
    gd_pref           attributes = gd_torch_module(w->p, r);
    if (attributes) return visit_module(w, attributes);
    if (o->dict) GD_TRY(visit_dict(w, gd_pickle_at(w->p, o->dict)));
    if (o->list) GD_TRY(visit_list(w, gd_pickle_at(w->p, o->list)));
    return GD_OK;
}

/* Entries that visiting an object looks through: its attributes, and for each buffer the set of
 * buffers to leave out. */
static int64_t object_entries(const gd_pickle *p, const gd_pobject *o) {
    const gd_pnode *s = gd_pickle_at(p, o->state);
    if (s->kind != GD_P_DICT) return 0;
    const gd_pnode *skip =
        gd_pickle_at(p, gd_pickle_get(p, o->state, "_non_persistent_buffers_set"));
    const gd_pnode *buffers = gd_pickle_at(p, gd_pickle_get(p, o->state, "_buffers"));
    bool            both = skip->kind == GD_P_SET && buffers->kind == GD_P_DICT;
    return (int64_t)s->n + (both ? (int64_t)skip->n * buffers->n : 0);
}

static gd_status visit(walk *w, gd_pref r) {
    gd_pnode *v = gd_pickle_at(w->p, r);
    gd_status st = GD_OK;
    if (v->kind == GD_P_TENSOR) return found_tensor(w, v);
    if (!may_hold_tensors(w->p, r) || v->on_path) return GD_OK;
    w->visits += 1 + (v->kind == GD_P_OBJECT ? object_entries(w->p, v->object) : v->n);
    if (w->visits > MAX_VISITS || w->depth >= MAX_DEPTH)
        return gd_fail_code(w->err, GD_ERR_FORMAT, 412,
                            "%s: values nested more than %d deep, or more than %d of them",
                            w->c->path, (int)MAX_DEPTH, (int)MAX_VISITS);
    v->on_path = 1;
    w->depth++;
    switch (v->kind) {
    case GD_P_DICT: st = visit_dict(w, v); break;
    case GD_P_OBJECT: st = visit_object(w, r); break;
    default: st = visit_list(w, v); break;
    }
    w->depth--;
    v->on_path = 0;
    return st;
}

/* ---- the root ---------------------------------------------------------------------------- */

static const char *kind_name(const gd_pickle *p, gd_pref r, gd_arena *a) {
    static const char *const name[] = {"None", "bool",  "int",    "int",     "float",
                                       "str",  "bytes", "list",   "tuple",   "set",
                                       "dict", "type",  "object", "storage", "Tensor"};
    const gd_pnode          *v = gd_pickle_at(p, r);
    if (v->kind == GD_P_OBJECT && v->object->cls &&
        gd_pickle_at(p, v->object->cls)->kind == GD_P_GLOBAL) {
        const gd_pglobal *g = gd_pickle_at(p, v->object->cls)->global;
        if (gd_utf8_ok(g->name, g->n_name, false)) return gd_arena_bytes(a, g->name, g->n_name);
    }
    return name[v->kind];
}

static gd_status describe_root(gd_ckpt *c, const gd_pickle *p, gd_error *err) {
    const gd_pnode *v = gd_pickle_at(p, p->root);
    c->protocol = p->protocol;
    c->top_type = kind_name(p, p->root, &c->arena);
    if (!c->top_type) goto full;
    c->n_top = -1;
    if (v->kind != GD_P_DICT) return GD_OK;
    uint32_t n = v->n < MAX_TOP ? v->n : MAX_TOP;
    c->top = gd_arena_array(&c->arena, n + 1u, sizeof *c->top);
    if (!c->top) goto full;
    c->n_top = 0;
    for (uint32_t i = 0; i < n; i++) {
        char        number[24];
        const char *s;
        size_t      len;
        if (!key_text(p, v->items[2 * i], number, &s, &len)) continue;
        if (len > GD_CKPT_MAX_NAME || !gd_utf8_ok(s, len, false)) s = "?", len = 1;
        c->top[c->n_top] = gd_arena_bytes(&c->arena, s, len);
        if (!c->top[c->n_top++]) goto full;
    }
    return GD_OK;
full:
    return gd_fail(err, GD_ERR_NOMEM, "no memory for the keys of the checkpoint");
}

static void warn_names(gd_ckpt *c, const gd_pickle *p) {
    char   list[300] = "";
    size_t at = 0;
    int    shown = p->n_odd < 8 ? p->n_odd : 8;
    for (int i = 0; i < shown && at < sizeof list; i++) {
        const gd_pglobal *g = gd_pickle_at(p, p->odd[i])->global;
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%.*s.%.*s", i ? ", " : "",
                               (int)(g->n_module < 60 ? g->n_module : 60), g->module,
                               (int)(g->n_name < 60 ? g->n_name : 60), g->name);
    }
    if (p->n_odd)
        gd_ckpt_warn(c, 414, "the pickle names code that is never run: %s%s", list,
                     p->n_odd > shown ? ", ..." : "");
}

/* All storages of the pickle, those of tensors that the walk does not reach included: a legacy
 * file cannot be read without knowing their sizes. */
static gd_status all_storages(gd_ckpt *c, const gd_pickle *p, gd_torch_found *f,
                              gd_error *err) {
    for (gd_pref r = 0; r < p->n_nodes; r++) {
        int index;
        if (gd_pickle_at(p, r)->kind == GD_P_STORAGE)
            GD_TRY(find_storage(c, p, f, gd_pickle_at(p, r)->storage, &index, err));
    }
    return GD_OK;
}

gd_status gd_torch_collect(gd_ckpt *c, gd_pickle *p, gd_torch_found *f, gd_error *err) {
    walk     *w = gd_mem_get_zero(sizeof *w);
    gd_status st;
    if (!w) return gd_fail(err, GD_ERR_NOMEM, "no memory to walk the pickle");
    w->c = c;
    w->p = p;
    w->f = f;
    w->err = err;
    GD_GO(describe_root(c, p, err));
    warn_names(c, p);
    GD_GO(all_storages(c, p, f, err));
    GD_GO(visit(w, p->root));
    GD_GO(gd_torch_choose(c, p, f, err));
done:
    gd_mem_put(w);
    return st;
}

gd_status gd_torch_deliver(gd_ckpt *c, gd_torch_found *f, gd_error *err) {
    for (int i = 0; i < f->n_tensors; i++) {
        gd_torch_tensor *t = &f->tensors[i];
        t->view.storage = f->storages[t->view.storage].index;
        GD_TRY(gd_ckpt_add_tensor(c, &t->view, t->path, t->n_path, err));
    }
    return gd_ckpt_choose_state(c, f->base, err);
}

void gd_torch_found_free(gd_torch_found *f) {
    gd_mem_put(f->storages);
    gd_mem_put(f->tensors);
    gd_mem_put(f->by_key);
    *f = (gd_torch_found){0};
}
