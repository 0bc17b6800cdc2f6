/* arch.c -- the table of architectures, and what can be told from it without weights. */
#include "layers/arch.h"

#include <string.h>

#define GD_MODEL(name, ...) extern const gd_arch gd_arch_##name;
#include "layers/models/models.def"
#undef GD_MODEL

const gd_arch *const gd_archs[] = {
#define GD_MODEL(name, ...) &gd_arch_##name,
#include "layers/models/models.def"
#undef GD_MODEL
    NULL};

const char *gd_task_name(gd_task t) {
    static const char *const names[] = {"classify", "detect", "segment"};
    return names[t];
}

const char *gd_arch_test(const gd_arch *a) {
    static const char *const tests[] = {
#define GD_MODEL(name, ...) #__VA_ARGS__,
#include "layers/models/models.def"
#undef GD_MODEL
    };
    for (size_t i = 0; gd_archs[i]; i++)
        if (gd_archs[i] == a && tests[i][0]) return tests[i];
    return NULL;
}

const gd_arch *gd_arch_find(const char *name) {
    for (const gd_arch *const *p = gd_archs; *p; p++)
        if (!strcmp((*p)->name, name)) return *p;
    return NULL;
}

/* Builds the network at its nominal size on a graph of its own. */
static gd_status build_nominal(const gd_arch *a, int n_class, const gd_weight_source *source,
                               const gd_net_facts *facts, gd_graph *g, gd_net *n,
                               gd_error *err) {
    const gd_net_options opt = {
        .batch = 1, .net_h = a->nominal_h, .net_w = a->nominal_w, .conf = 0.5f, .iou = 0.5f};
    const int64_t image_dim[4] = {1, a->nominal_h, a->nominal_w, 3}, geom_dim[2] = {1, 8};
    int           image, geom;
    GD_TRY(gd_graph_input(g, "image", GD_F32, 4, image_dim, &image, err));
    GD_TRY(gd_graph_input(g, "geom", GD_F32, 2, geom_dim, &geom, err));
    gd_net_init(n, g, source, err);
    n->facts = facts;
    n->n_class = n_class ? n_class : a->n_class;
    a->build(n, a, &opt, image, geom);
    return n->st;
}

gd_status gd_arch_weights(const gd_arch *a, int n_class, const gd_net_facts *facts,
                          gd_arena *arena, const gd_weight_spec **spec, int *count,
                          gd_error *err) {
    gd_graph g;
    gd_net   n;
    *spec = NULL;
    *count = 0;
    gd_graph_init(&g, arena);
    GD_TRY(build_nominal(a, n_class, NULL, facts, &g, &n, err));
    /* A weight used by several layers (the head of the proposals) is one weight. */
    for (int i = 0; i < n.n_spec; i++) {
        bool seen = false;
        for (int j = 0; j < *count && !seen; j++)
            seen = !strcmp(n.spec[j].name, n.spec[i].name);
        if (!seen) n.spec[(*count)++] = n.spec[i];
    }
    *spec = n.spec;
    return GD_OK;
}

int gd_arch_head(const gd_arch *a, int64_t n) {
    const int64_t per = a->class_per ? a->class_per : 1, outputs = n / per - a->class_extra;
    return n % per == 0 && outputs > 0 && outputs <= 65536 ? (int)outputs : 0;
}

gd_status gd_arch_check(const gd_arch *a, int n_class, const gd_weight_source *source,
                        const gd_net_facts *facts, gd_error *err) {
    gd_arena  arena = {0};
    gd_graph  g;
    gd_net    n;
    gd_status st;
    gd_graph_init(&g, &arena);
    st = build_nominal(a, n_class, source, facts, &g, &n, err);
    if (st == GD_OK) st = gd_graph_verify(&g, "building", err);
    gd_arena_free(&arena);
    return st;
}

/* Matches `key` against `from` and writes `to` with the runs in place of its stars. A star
 * stands for one or more characters without a dot; the last one may hold dots. */
static bool rewrite(const char *from, const char *to, const char *key, char *buf, size_t size) {
    const char *run[8];
    size_t      len[8], n = 0, at = 0;
    for (; *from; from++) {
        if (*from != '*') {
            if (*key++ != *from) return false;
            continue;
        }
        run[n] = key;
        len[n] = from[1] ? strcspn(key, ".") : strlen(key);
        if (len[n] == 0) return false;
        key += len[n];
        if (++n == 8) return false;
    }
    if (*key || !to) return *key == '\0';
    n = 0;
    for (; *to; to++) {
        const char  *src = *to == '*' ? run[n] : to;
        const size_t k = *to == '*' ? len[n++] : 1;
        if (at + k >= size) return false;
        memcpy(buf + at, src, k);
        at += k;
    }
    buf[at] = '\0';
    return true;
}

const char *gd_arch_rename(const gd_arch *a, const char *key, char *buf, size_t size) {
    for (const gd_key_rule *r = a->rules; r && r->from; r++)
        if (rewrite(r->from, r->to, key, buf, size)) return r->to ? buf : NULL;
    return key;
}
