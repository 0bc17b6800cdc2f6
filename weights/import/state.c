/* state.c -- the weights among the tensors: prefixes stripped, names unique, found by hash. */
#include <string.h>

#include "weights/import/reader.h"

/* What wrappers of a model put before every name. */
static const char *const wrappers[] = {"module.", "_orig_mod.", NULL};

/* Beside wrapped weights, torch.optim.swa_utils.AveragedModel counts its steps. */
static bool is_counter(const char *name) { return strcmp(name, "n_averaged") == 0; }

static bool all_start(const gd_ckpt *c, size_t skip, const char *wrapper) {
    bool any = false;
    for (int i = 0; i < c->n_state; i++) {
        const char *name = c->tensors[c->state[i]].path + skip;
        if (strncmp(name, wrapper, strlen(wrapper)) == 0)
            any = true;
        else if (!is_counter(name))
            return false;
    }
    return any;
}

/* Length of the wrapper that all names below `skip` bytes share, or 0. */
static size_t wrapper_length(const gd_ckpt *c, size_t skip) {
    for (const char *const *w = wrappers; *w; w++)
        if (all_start(c, skip, *w)) return strlen(*w);
    return 0;
}

/* Leaves out the counter, whose path is too short to have the prefix. */
static void drop_counter(gd_ckpt *c, size_t skip) {
    int n = 0;
    for (int i = 0; i < c->n_state; i++)
        if (!is_counter(c->tensors[c->state[i]].path + skip)) c->state[n++] = c->state[i];
    c->n_state = n;
}

static gd_status index_names(gd_ckpt *c, gd_error *err) {
    c->n_slots = 64;
    while (c->n_slots < (uint32_t)c->n_state * 2) c->n_slots *= 2;
    c->by_name = gd_arena_array(&c->arena, c->n_slots, sizeof *c->by_name);
    if (!c->by_name) return gd_fail(err, GD_ERR_NOMEM, "no memory for the names of tensors");
    for (int i = 0; i < c->n_state; i++) {
        const char *name = c->tensors[c->state[i]].name;
        uint32_t    k = gd_text_hash(name, strlen(name)) & (c->n_slots - 1);
        for (; c->by_name[k]; k = (k + 1) & (c->n_slots - 1))
            if (strcmp(c->tensors[c->state[c->by_name[k] - 1]].name, name) == 0)
                return gd_fail_code(err, GD_ERR_FORMAT, 443,
                                    "%s: two tensors have the name '%s'", c->path, name);
        c->by_name[k] = (uint32_t)i + 1;
    }
    return GD_OK;
}

gd_status gd_ckpt_choose_state(gd_ckpt *c, const char *base, gd_error *err) {
    size_t skip = strlen(base), more;
    if (c->n_tensors == 0)
        return gd_fail_code(err, GD_ERR_FORMAT, 440, "%s: holds no tensors", c->path);
    c->state = gd_arena_array(&c->arena, (size_t)c->n_tensors, sizeof *c->state);
    if (!c->state) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d tensors", c->n_tensors);
    for (int i = 0; i < c->n_tensors; i++)
        if (strncmp(c->tensors[i].path, base, skip) == 0) c->state[c->n_state++] = i;
    while ((more = wrapper_length(c, skip)) > 0) {
        drop_counter(c, skip);
        skip += more;
    }
    for (int i = 0; i < c->n_state; i++) {
        gd_ckpt_tensor *t = &c->tensors[c->state[i]];
        t->state = true;
        t->name = t->path + skip;
    }
    c->prefix = c->n_state ? gd_arena_bytes(&c->arena, c->tensors[c->state[0]].path, skip) : "";
    if (!c->prefix) return gd_fail(err, GD_ERR_NOMEM, "no memory for the names of tensors");
    return index_names(c, err);
}

const gd_ckpt_tensor *gd_ckpt_find(const gd_ckpt *c, const char *name) {
    uint32_t k = gd_text_hash(name, strlen(name)) & (c->n_slots - 1);
    for (; c->by_name[k]; k = (k + 1) & (c->n_slots - 1)) {
        const gd_ckpt_tensor *t = &c->tensors[c->state[c->by_name[k] - 1]];
        if (strcmp(t->name, name) == 0) return t;
    }
    return NULL;
}
