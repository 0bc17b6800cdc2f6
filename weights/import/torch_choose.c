/* torch_choose.c -- which part of a trainer's checkpoint holds the weights; see torch.h.
 *
 * Training scripts wrap the state dict under a handful of keys and keep optimizer state beside
 * it. A smoothed copy (EMA) is what such scripts evaluate and deploy, so it is preferred when
 * it has every tensor of the model; what was taken is always said in a warning. */
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "weights/import/torch.h"

enum { MAX_LEVELS = 3 };

static const char *const model_keys[] = {
    "state_dict", "model_state_dict", "model",   "model_state", "net",
    "network",    "module",           "weights", "params",      NULL};
static const char *const ema_keys[] = {
    "ema", "model_ema", "state_dict_ema", "ema_state_dict", "params_ema", NULL};

static bool starts(const char *s, const char *prefix) {
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int count_under(const gd_torch_found *f, const char *base) {
    int n = 0;
    for (int i = 0; i < f->n_tensors; i++) n += starts(f->tensors[i].path, base);
    return n;
}

/* "a.", "b" -> "a.b." */
static const char *join(gd_ckpt *c, const char *base, const char *key, size_t n) {
    return gd_arena_print(&c->arena, "%s%.*s.", base, (int)n, key);
}

/* The first key of the list under which `dict` holds tensors; its path in *path. */
static gd_status first_of(gd_ckpt *c, const gd_pickle *p, const gd_torch_found *f,
                          const char *const *keys, gd_pref dict, const char *base,
                          const char **path, gd_pref *value, gd_error *err) {
    *path = NULL;
    for (; *keys; keys++) {
        gd_pref v = gd_pickle_get(p, dict, *keys);
        if (gd_pickle_at(p, v)->kind != GD_P_DICT && gd_pickle_at(p, v)->kind != GD_P_OBJECT)
            continue;
        const char *to = join(c, base, *keys, strlen(*keys));
        if (!to) return gd_fail(err, GD_ERR_NOMEM, "no memory for the names of tensors");
        if (!count_under(f, to)) continue;
        *path = to;
        *value = v;
        return GD_OK;
    }
    return GD_OK;
}

/* The name below a base, without the wrapper of DistributedDataParallel. */
static const char *bare(const char *path, const char *base) {
    path += strlen(base);
    return starts(path, "module.") ? path + strlen("module.") : path;
}

/* True when every tensor under `model` has its like under `ema`. */
static gd_status covers(const gd_torch_found *f, const char *ema, const char *model, bool *yes,
                        gd_error *err) {
    uint32_t n = 64;
    while (n < (uint32_t)f->n_tensors * 2) n *= 2;
    uint32_t *slot = gd_mem_array(n, sizeof *slot);
    if (!slot) return gd_fail(err, GD_ERR_NOMEM, "no memory to compare %u names", n);
    for (int i = 0; i < f->n_tensors; i++) {
        if (!starts(f->tensors[i].path, ema)) continue;
        const char *like = bare(f->tensors[i].path, ema);
        uint32_t    k = gd_text_hash(like, strlen(like)) & (n - 1);
        while (slot[k]) k = (k + 1) & (n - 1);
        slot[k] = (uint32_t)i + 1;
    }
    *yes = true;
    for (int i = 0; i < f->n_tensors && *yes; i++) {
        if (!starts(f->tensors[i].path, model)) continue;
        const char *name = bare(f->tensors[i].path, model);
        uint32_t    k = gd_text_hash(name, strlen(name)) & (n - 1);
        while (slot[k] && strcmp(bare(f->tensors[slot[k] - 1].path, ema), name) != 0)
            k = (k + 1) & (n - 1);
        *yes = slot[k] != 0;
    }
    gd_mem_put(slot);
    return GD_OK;
}

/* Unknown key: the entry with the most tensors, provided that none stands beside it. */
static gd_status fullest(gd_ckpt *c, const gd_pickle *p, const gd_torch_found *f, gd_pref dict,
                         const char *base, const char **path, gd_pref *value, gd_error *err) {
    const gd_pnode *d = gd_pickle_at(p, dict);
    int             best = 0, looked = 0;
    for (uint32_t i = 0; i < d->n; i++)
        if (gd_pickle_at(p, d->items[2 * i + 1])->kind == GD_P_TENSOR) return GD_OK;
    for (uint32_t i = 0; i < d->n && looked < 64; i++) {
        const gd_pnode *key = gd_pickle_at(p, d->items[2 * i]);
        const gd_pnode *v = gd_pickle_at(p, d->items[2 * i + 1]);
        if (key->kind != GD_P_STR || key->n > GD_CKPT_MAX_NAME ||
            (v->kind != GD_P_DICT && v->kind != GD_P_OBJECT))
            continue;
        looked++;
        const char *to = join(c, base, key->s, key->n);
        if (!to) return gd_fail(err, GD_ERR_NOMEM, "no memory for the names of tensors");
        int n = count_under(f, to);
        if (n <= best) continue;
        best = n;
        *path = to;
        *value = d->items[2 * i + 1];
    }
    if (best)
        gd_ckpt_warn(c, 442, "the weights are taken from '%.*s', the entry with most tensors",
                     (int)strlen(*path) - 1, *path);
    return GD_OK;
}

static gd_status asked_for(gd_ckpt *c, const gd_torch_found *f, const char **base,
                           gd_error *err) {
    const char *key = c->opt.state_key;
    *base = join(c, "", key, strlen(key));
    if (!*base) return gd_fail(err, GD_ERR_NOMEM, "no memory for the names of tensors");
    if (count_under(f, *base)) return GD_OK;
    return gd_fail_code(err, GD_ERR_FORMAT, 444, "%s: the entry '%s' holds no tensors", c->path,
                        key);
}

static gd_status one_level(gd_ckpt *c, const gd_pickle *p, const gd_torch_found *f, gd_pref *at,
                           const char **base, bool *deeper, gd_error *err) {
    const char *model = NULL, *ema = NULL;
    gd_pref     model_value = 0, ema_value = 0;
    GD_TRY(first_of(c, p, f, model_keys, *at, *base, &model, &model_value, err));
    GD_TRY(first_of(c, p, f, ema_keys, *at, *base, &ema, &ema_value, err));
    if (model && ema) {
        bool all = false;
        GD_TRY(covers(f, ema, model, &all, err));
        gd_ckpt_warn(c, 442,
                     "the checkpoint has a model and a smoothed copy (EMA); '%.*s' is used",
                     (int)strlen(all ? ema : model) - 1, all ? ema : model);
        if (!all) ema = NULL;
    }
    if (ema) model = ema, model_value = ema_value;
    if (!model) GD_TRY(fullest(c, p, f, *at, *base, &model, &model_value, err));
    *deeper = model != NULL;
    if (model) *base = model, *at = model_value;
    return GD_OK;
}

gd_status gd_torch_choose(gd_ckpt *c, const gd_pickle *p, gd_torch_found *f, gd_error *err) {
    const char *base = "";
    gd_pref     at = p->root;
    bool        deeper = true;
    if (c->opt.state_key) {
        GD_TRY(asked_for(c, f, &base, err));
        at = gd_pickle_get(p, at, c->opt.state_key);
        deeper = false;
    }
    for (int level = 0; deeper && level < MAX_LEVELS; level++) {
        if (gd_pickle_at(p, at)->kind != GD_P_DICT) break;
        GD_TRY(one_level(c, p, f, &at, &base, &deeper, err));
    }
    f->base = base;
    return gd_torch_facts(c, p, at, err);
}
