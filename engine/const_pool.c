/* const_pool.c -- constants on a device, found by content; see const_pool.h. */
#include "engine/const_pool.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/mem.h"

typedef struct chunk {
    struct chunk *next;
    void         *at;
    int           users;
} chunk;

typedef struct entry {
    XXH128_hash_t key;
    size_t        size, offset; /* in its chunk */
    chunk        *in;
    bool          sent;
} entry;

struct gd_const_pool {
    gd_device *d;
    chunk     *chunks;
    entry     *entry; /* of all chunks; few hundred, so a walk finds one */
    size_t     n, cap;
};

struct gd_const_use {
    int    n;
    chunk *chunk[]; /* each once */
};

gd_status gd_const_pool_open(gd_device *d, gd_const_pool **out, gd_error *err) {
    *out = gd_mem_get_zero(sizeof **out);
    if (!*out) return gd_fail(err, GD_ERR_NOMEM, "no memory for a pool of constants");
    (*out)->d = d;
    return GD_OK;
}

void gd_const_pool_close(gd_const_pool *p) {
    if (!p) return;
    GD_ASSERT(!p->chunks);
    gd_mem_put(p->entry);
    gd_mem_put(p);
}

static entry *find(const gd_const_pool *p, XXH128_hash_t key, size_t size) {
    for (size_t i = 0; i < p->n; i++)
        if (p->entry[i].size == size && XXH128_isEqual(p->entry[i].key, key))
            return &p->entry[i];
    return NULL;
}

static gd_status add(gd_const_pool *p, const entry *e, gd_error *err) {
    if (p->n == p->cap) {
        const size_t cap = p->cap ? 2 * p->cap : 256;
        entry       *more = gd_mem_grow(p->entry, p->cap * sizeof *more, cap * sizeof *more);
        if (!more) return gd_fail(err, GD_ERR_NOMEM, "no memory to list constants");
        p->entry = more;
        p->cap = cap;
    }
    p->entry[p->n++] = *e;
    return GD_OK;
}

static void unlist(gd_const_pool *p, const chunk *c) {
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->entry[i].in != c) p->entry[kept++] = p->entry[i];
    p->n = kept;
}

static void free_chunk(gd_const_pool *p, chunk *c) {
    unlist(p, c);
    for (chunk **at = &p->chunks; *at; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            break;
        }
    gd_device_release(p->d, c->at);
    gd_mem_put(c);
}

static void hold(gd_const_use *u, chunk *c) {
    for (int i = 0; i < u->n; i++)
        if (u->chunk[i] == c) return;
    u->chunk[u->n++] = c;
    c->users++;
}

/* Lists what is missing at its place in the new chunk. */
static gd_status list_missing(gd_const_pool *p, const gd_tensor *const *t, int n,
                              const XXH128_hash_t *key, chunk *fresh, gd_const_use *u,
                              size_t *size, gd_error *err) {
    for (int i = 0; i < n; i++) {
        const size_t bytes = gd_tensor_bytes(t[i]);
        const entry *have = find(p, key[i], bytes);
        if (!have) {
            const entry e = {key[i], bytes, *size, fresh, false};
            GD_TRY(add(p, &e, err));
            *size += gd_device_round(bytes);
        }
        hold(u, have ? have->in : fresh);
    }
    return GD_OK;
}

static gd_status upload_missing(gd_const_pool *p, const gd_tensor *const *t, int n,
                                const XXH128_hash_t *key, void **at, gd_error *err) {
    for (int i = 0; i < n; i++) {
        entry *e = find(p, key[i], gd_tensor_bytes(t[i]));
        at[i] = (char *)e->in->at + e->offset;
        if (!e->sent)
            GD_TRY(gd_device_upload(p->d, GD_LANE_RUN, at[i], t[i]->data, e->size, err));
        e->sent = true;
    }
    return GD_OK;
}

gd_status gd_const_pool_take(gd_const_pool *p, const gd_tensor *const *t, int n, void **at,
                             size_t *bytes, gd_const_use **out, gd_error *err) {
    gd_status      st = GD_OK;
    const size_t   most = (size_t)n + 1;
    XXH128_hash_t *key = gd_mem_array(most, sizeof *key);
    gd_const_use  *u = gd_mem_get_zero(sizeof *u + most * sizeof(chunk *));
    chunk         *fresh = gd_mem_get_zero(sizeof *fresh);
    *out = NULL;
    *bytes = 0;
    if (!key || !u || !fresh) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory to place %d constants", n);
        goto done;
    }
    for (int i = 0; i < n; i++) key[i] = XXH3_128bits(t[i]->data, gd_tensor_bytes(t[i]));
    fresh->next = p->chunks;
    p->chunks = fresh;
    GD_GO(list_missing(p, t, n, key, fresh, u, bytes, err));
    if (*bytes) GD_GO(gd_device_alloc(p->d, *bytes, &fresh->at, err));
    GD_GO(upload_missing(p, t, n, key, at, err));
    *out = u;
    u = NULL;
done:
    if (fresh && !fresh->users) { /* all was there already, or nothing came of it */
        if (p->chunks == fresh) p->chunks = fresh->next;
        unlist(p, fresh);
        gd_mem_put(fresh);
    }
    gd_const_pool_drop(p, u);
    gd_mem_put(key);
    return st;
}

void gd_const_pool_drop(gd_const_pool *p, gd_const_use *u) {
    if (!u) return;
    for (int i = 0; i < u->n; i++)
        if (--u->chunk[i]->users == 0) free_chunk(p, u->chunk[i]);
    gd_mem_put(u);
}
