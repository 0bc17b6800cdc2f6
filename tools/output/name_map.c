/* name_map.c -- open addressing with linear probing, at most half full; see name_map.h. */
#include "tools/output/name_map.h"

#include <string.h>

#include "engine/mem.h"

/* FNV-1a. */
static size_t hash(const char *name) {
    uint64_t h = 14695981039346656037u;
    for (; *name; name++) h = (h ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

/* The slot that holds the name, or the free one where it belongs. */
static gd_name_slot *probe(const gd_name_map *m, const char *name) {
    size_t i = hash(name) & (m->room - 1);
    while (m->slot[i].name && strcmp(m->slot[i].name, name) != 0) i = (i + 1) & (m->room - 1);
    return &m->slot[i];
}

void gd_name_map_free(gd_name_map *m) {
    for (size_t i = 0; i < m->room; i++) gd_mem_put(m->slot[i].name);
    gd_mem_put(m->slot);
    *m = (gd_name_map){0};
}

int64_t *gd_name_map_find(const gd_name_map *m, const char *name) {
    if (m->room == 0) return NULL;
    gd_name_slot *s = probe(m, name);
    return s->name ? &s->value : NULL;
}

static gd_status grow(gd_name_map *m, gd_error *err) {
    gd_name_map wide = {NULL, m->used, m->room ? 2 * m->room : 64};
    wide.slot = gd_mem_array(wide.room, sizeof *wide.slot);
    if (!wide.slot) return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu names", m->used + 1);
    for (size_t i = 0; i < m->room; i++)
        if (m->slot[i].name) *probe(&wide, m->slot[i].name) = m->slot[i];
    gd_mem_put(m->slot);
    *m = wide;
    return GD_OK;
}

gd_status gd_name_map_add(gd_name_map *m, const char *name, int64_t value, gd_error *err) {
    if (2 * (m->used + 1) > m->room) GD_TRY(grow(m, err));
    char *copy = gd_mem_string(name);
    if (!copy) return gd_fail(err, GD_ERR_NOMEM, "no memory for the name %s", name);
    *probe(m, name) = (gd_name_slot){copy, value};
    m->used++;
    return GD_OK;
}
