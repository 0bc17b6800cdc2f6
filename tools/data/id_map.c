/* id_map.c -- from 64-bit ids to indices; see build.h. */
#include <stdlib.h>

#include "engine/mem.h"
#include "tools/data/build.h"

/* The finaliser of splitmix64: neighbouring ids spread over the table. */
static size_t place(int64_t key, size_t room) {
    uint64_t x = (uint64_t)key;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return (size_t)(x ^ x >> 31) & (room - 1);
}

static size_t slot_of(const gd_id_map *m, int64_t key) {
    size_t i = place(key, m->room);
    while (m->index[i] >= 0 && m->key[i] != key) i = (i + 1) & (m->room - 1);
    return i;
}

static bool grow(gd_id_map *m) {
    gd_id_map next = {.room = m->room ? 2 * m->room : 64, .used = m->used};
    next.key = gd_mem_array(next.room, sizeof *next.key);
    next.index = gd_mem_array(next.room, sizeof *next.index);
    if (!next.key || !next.index) {
        gd_id_map_free(&next);
        return false;
    }
    for (size_t i = 0; i < next.room; i++) next.index[i] = -1;
    for (size_t i = 0; i < m->room; i++) {
        if (m->index[i] < 0) continue;
        size_t at = slot_of(&next, m->key[i]);
        next.key[at] = m->key[i];
        next.index[at] = m->index[i];
    }
    gd_id_map_free(m);
    *m = next;
    return true;
}

int32_t gd_id_map_find(const gd_id_map *m, int64_t key) {
    return m->room ? m->index[slot_of(m, key)] : -1;
}

int32_t gd_id_map_take(gd_id_map *m, int64_t key, bool *fresh) {
    *fresh = false;
    if ((size_t)m->used >= m->room / 4 * 3 && (m->used == INT32_MAX || !grow(m))) return -1;
    size_t at = slot_of(m, key);
    if (m->index[at] < 0) {
        *fresh = true;
        m->key[at] = key;
        m->index[at] = m->used++;
    }
    return m->index[at];
}

void gd_id_map_free(gd_id_map *m) {
    gd_mem_put(m->key);
    gd_mem_put(m->index);
    *m = (gd_id_map){0};
}
