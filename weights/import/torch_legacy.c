/* torch_legacy.c -- checkpoints of torch.save before 1.6: pickles and raw storages in a row.
 *
 *     pickle  0x1950a86a20f9469cfc6c      (recognised by sniff.c)
 *     pickle  1001                        the version of the layout
 *     pickle  {protocol_version, little_endian, type_sizes}
 *     pickle  the object; a storage in it is a key
 *     pickle  [key, ...]                  the order of what follows
 *     for each key: int64 element count, then the elements
 *
 * There are no checksums, so sizes are all that can be verified. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "weights/import/torch.h"

enum { FIRST_WINDOW = 1 << 16, MAX_PICKLE = 64 << 20 };

/* A pickle at an unknown distance from its end: the window grows until STOP is inside. */
typedef struct piece {
    gd_pickle      p;
    unsigned char *data;
} piece;

static void piece_free(piece *q) {
    gd_pickle_free(&q->p);
    gd_mem_put(q->data);
    *q = (piece){0};
}

static gd_status read_piece(gd_ckpt *c, piece *q, uint64_t *at, gd_error *err) {
    gd_file  *f = &c->files[0];
    uint64_t  left = f->size - *at;
    gd_status st;
    for (size_t window = FIRST_WINDOW;; window *= 8) {
        if (window > MAX_PICKLE) window = MAX_PICKLE;
        size_t n = left < window ? (size_t)left : window;
        piece_free(q);
        q->p.arena.limit = gd_torch_object_limit(c->size);
        q->data = gd_mem_get(n);
        if (!q->data) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for a pickle", c->path);
        GD_TRY(gd_file_read(f, *at, q->data, n, err));
        st = gd_pickle_run(&q->p, q->data, n, 0, c->path, err);
        if (st == GD_OK) {
            *at += q->p.at;
            return GD_OK;
        }
        if (!q->p.ran_out) return st;
        if (n == left || n == MAX_PICKLE) {
            gd_error_hint(err, "the file seems to be cut off: download or copy it again");
            return st;
        }
    }
}

static gd_status bad(const gd_ckpt *c, uint64_t at, const char *what, gd_error *err) {
    return gd_fail_code(err, GD_ERR_FORMAT, 420, "%s: legacy checkpoint, byte %" PRIu64 ": %s",
                        c->path, at, what);
}

static bool is_int(const gd_pickle *p, gd_pref r, int64_t v) {
    const gd_pnode *n = gd_pickle_at(p, r);
    return n->kind == GD_P_INT && n->i == v;
}

/* The three pickles before the object. */
static gd_status read_header(gd_ckpt *c, piece *q, uint64_t *at, gd_error *err) {
    uint64_t from = *at;
    GD_TRY(read_piece(c, q, at, err));
    from = *at;
    GD_TRY(read_piece(c, q, at, err));
    if (!is_int(&q->p, q->p.root, 1001))
        return bad(c, from, "the layout version is not 1001", err);
    from = *at;
    GD_TRY(read_piece(c, q, at, err));
    if (gd_pickle_at(&q->p, q->p.root)->kind != GD_P_DICT ||
        !is_int(&q->p, gd_pickle_get(&q->p, q->p.root, "protocol_version"), 1001))
        return bad(c, from, "the description of the system is malformed", err);
    const gd_pnode *order =
        gd_pickle_at(&q->p, gd_pickle_get(&q->p, q->p.root, "little_endian"));
    if (order->kind != GD_P_BOOL) return bad(c, from, "the byte order is not given", err);
    if (!order->i)
        return gd_fail_code(
            err, GD_ERR_UNSUPPORTED, 416,
            "%s: was written on a big-endian machine; only little-endian is read", c->path);
    return GD_OK;
}

static gd_status place_one(gd_ckpt *c, gd_torch_found *f, const gd_pnode *key, uint64_t *at,
                           gd_error *err) {
    unsigned char     b[8];
    char              name[80];
    gd_file          *file = &c->files[0];
    gd_torch_storage *s =
        key->kind == GD_P_STR ? gd_torch_storage_find(f, key->s, key->n) : NULL;
    if (!s || s->index >= 0)
        return bad(c, *at, "the list of storages does not match the object", err);
    snprintf(name, sizeof name, "storage %.*s", (int)(s->n_key < 60 ? s->n_key : 60), s->key);
    if (!gd_span_ok(*at, 8, file->size)) return bad(c, *at, "the file is cut off", err);
    GD_TRY(gd_file_read(file, *at, b, 8, err));
    uint64_t bytes;
    if (!gd_mul_u64(gd_le64(b), s->unit, &bytes) || bytes != s->bytes)
        return gd_fail_code(err, GD_ERR_FORMAT, 422,
                            "%s: byte %" PRIu64 ": %s has %" PRIu64
                            " elements, the object says %" PRIu64,
                            c->path, *at, name, gd_le64(b), s->bytes / s->unit);
    *at += 8;
    if (!gd_span_ok(*at, bytes, file->size))
        return gd_fail_code(err, GD_ERR_FORMAT, 422,
                            "%s: the file ends inside the %" PRIu64 " bytes of %s", c->path,
                            bytes, name);
    const gd_ckpt_storage to = {.key = name, .at = *at, .bytes = bytes, .coded = bytes};
    *at += bytes;
    return gd_ckpt_add_storage(c, &to, &s->index, err);
}

static gd_status place_storages(gd_ckpt *c, gd_torch_found *f, piece *keys, uint64_t at,
                                gd_error *err) {
    uint64_t from = at;
    GD_TRY(read_piece(c, keys, &at, err));
    const gd_pnode *list = gd_pickle_at(&keys->p, keys->p.root);
    if (list->kind != GD_P_LIST || list->n != (uint32_t)f->n_storages)
        return bad(c, from, "the list of storages does not match the object", err);
    for (uint32_t i = 0; i < list->n; i++)
        GD_TRY(place_one(c, f, gd_pickle_at(&keys->p, list->items[i]), &at, err));
    if (at != c->files[0].size) return bad(c, at, "bytes follow the last storage", err);
    return GD_OK;
}

gd_status gd_torch_legacy_read(gd_ckpt *c, gd_error *err) {
    piece          head = {0}, object = {0}, keys = {0};
    gd_torch_found f = {0};
    uint64_t       at = 0;
    gd_status      st;
    c->format = "legacy";
    GD_GO(read_header(c, &head, &at, err));
    piece_free(&head);
    GD_GO(read_piece(c, &object, &at, err));
    GD_GO(gd_torch_collect(c, &object.p, &f, err));
    GD_GO(place_storages(c, &f, &keys, at, err));
    GD_GO(gd_torch_deliver(c, &f, err));
done:
    gd_torch_found_free(&f);
    piece_free(&keys);
    piece_free(&object);
    piece_free(&head);
    return st;
}
