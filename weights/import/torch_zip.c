/* torch_zip.c -- checkpoints of torch.save since 1.6: a zip archive of a pickle and raw
 * storages.
 *
 *     NAME/data.pkl      the pickle; a storage in it is a key
 *     NAME/data/KEY      the bytes of that storage
 *     NAME/version, byteorder, .format_version, .storage_alignment, .data/serialization_id */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "weights/import/torch.h"
#include "weights/import/zip.h"

enum { MAX_PICKLE = 64 << 20 };

static gd_status not_torch(gd_ckpt *c, const gd_zip *z, gd_error *err) {
    const char *what = "an ordinary zip archive without a data.pkl";
    for (int i = 0; i < z->n; i++) {
        const char *name = z->entries[i].name;
        size_t      n = strlen(name);
        if (n > 4 && strcmp(name + n - 4, ".npy") == 0) what = "a NumPy .npz archive";
        if (strcmp(name, "[Content_Types].xml") == 0) what = "an Office document";
        if (strcmp(name, "AndroidManifest.xml") == 0) what = "an Android package";
        if (n > 4 && strcmp(name + n - 4, ".pth") == 0)
            what = "a zip archive that contains a .pth file: unpack it first";
    }
    gd_status st = gd_fail_code(err, GD_ERR_FORMAT, 401, "%s: is %s", c->path, what);
    gd_error_why(err, "PyTorch .pth and .pt files and .safetensors are read here");
    return st;
}

/* A compiled program with weights in it: nothing of its code is read, so neither are they. */
static gd_status refuse_script(gd_ckpt *c, const gd_zip *z, gd_error *err) {
    for (int i = 0; i < z->n; i++) {
        const char *rest = z->entries[i].name + z->n_root;
        if (strncmp(rest, "code/", 5) != 0 && strcmp(rest, "constants.pkl") != 0) continue;
        gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 415,
                                    "%s: is a TorchScript archive (it has '%s')", c->path,
                                    z->entries[i].name);
        gd_error_why(err, "a compiled program keeps its weights under names of its own");
        gd_error_hint(err,
                      "in Python: torch.save(torch.jit.load('x.pt').state_dict(), 'x.pth')");
        return st;
    }
    return GD_OK;
}

/* The whole of a small entry. */
static gd_status read_entry(gd_ckpt *c, gd_zip_entry *e, uint64_t max, unsigned char **out,
                            gd_error *err) {
    gd_ckpt_storage s = gd_zip_storage(e);
    *out = NULL;
    e->used = true;
    if (e->bytes > max)
        return gd_fail_code(err, GD_ERR_FORMAT, 412,
                            "%s: %s has %" PRIu64 " bytes, the limit is %" PRIu64, c->path,
                            e->name, e->bytes, max);
    *out = gd_mem_get((size_t)e->bytes);
    if (!*out) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for %s", c->path, e->name);
    gd_status st = gd_zip_extract(&c->files[0], &s, *out, err);
    if (st == GD_OK) return st;
    gd_mem_put(*out);
    *out = NULL;
    return st;
}

static gd_status check_byte_order(gd_ckpt *c, const gd_zip *z, gd_error *err) {
    gd_zip_entry  *e = gd_zip_find(z, "byteorder");
    unsigned char *text = NULL;
    if (!e) return GD_OK;
    GD_TRY(read_entry(c, e, 64, &text, err));
    bool little = e->bytes == 6 && memcmp(text, "little", 6) == 0;
    gd_mem_put(text);
    if (little) return GD_OK;
    return gd_fail_code(err, GD_ERR_UNSUPPORTED, 416,
                        "%s: was written on a big-endian machine; only little-endian is read",
                        c->path);
}

static gd_status check_missing_crc(gd_ckpt *c, const gd_zip *z, gd_error *err) {
    int         n = 0;
    const char *first = "";
    for (int i = 0; i < z->n; i++)
        if (z->entries[i].crc == 0 && z->entries[i].bytes > 0 && n++ == 0)
            first = z->entries[i].name;
    if (n == 0) return GD_OK;
    if (c->opt.strict)
        return gd_fail_code(err, GD_ERR_FORMAT, 406,
                            "%s: %d of %d records have no checksum ('%s')", c->path, n, z->n,
                            first);
    gd_ckpt_warn(c, 406, "%d of %d records have no checksum, the first is '%s'", n, z->n,
                 first);
    return GD_OK;
}

static gd_status place_storages(gd_ckpt *c, const gd_zip *z, gd_torch_found *f, gd_error *err) {
    for (int i = 0; i < f->n_storages; i++) {
        gd_torch_storage *s = &f->storages[i];
        char              name[300];
        snprintf(name, sizeof name, "data/%.*s", (int)(s->n_key < 250 ? s->n_key : 250),
                 s->key);
        gd_zip_entry *e = gd_zip_find(z, name);
        if (!e)
            return gd_fail_code(err, GD_ERR_FORMAT, 408, "%s: record '%s' is missing", c->path,
                                name);
        if (e->bytes != s->bytes)
            return gd_fail_code(err, GD_ERR_FORMAT, 408,
                                "%s: record '%s' has %" PRIu64 " bytes, its storage %" PRIu64,
                                c->path, e->name, e->bytes, s->bytes);
        e->used = true;
        const gd_ckpt_storage to = gd_zip_storage(e);
        GD_TRY(gd_ckpt_add_storage(c, &to, &s->index, err));
    }
    return GD_OK;
}

/* Records that no tensor of the walk uses are still verified: all bytes of the file are. */
static gd_status check_rest(gd_ckpt *c, const gd_zip *z, gd_error *err) {
    static const char *const usual[] = {"version", ".format_version", ".storage_alignment",
                                        ".data/serialization_id", NULL};
    int                      n = 0;
    const char              *first = "";
    for (int i = 0; i < z->n; i++) {
        const gd_zip_entry *e = &z->entries[i];
        bool                known = false;
        if (e->used) continue;
        gd_ckpt_storage s = gd_zip_storage(e);
        GD_TRY(gd_zip_extract(&c->files[0], &s, NULL, err));
        for (const char *const *u = usual; *u; u++)
            known = known || strcmp(e->name + z->n_root, *u) == 0;
        if (!known && n++ == 0) first = e->name;
    }
    if (n) gd_ckpt_warn(c, 409, "%d records belong to no tensor, the first is '%s'", n, first);
    return GD_OK;
}

gd_status gd_torch_zip_read(gd_ckpt *c, gd_error *err) {
    gd_zip         z;
    gd_pickle      p = {.arena = {.limit = gd_torch_object_limit(c->size)}};
    gd_torch_found f = {0};
    unsigned char *data = NULL;
    gd_status      st;
    c->format = "zip";
    GD_TRY(gd_zip_open(c, &z, err));
    GD_TRY(refuse_script(c, &z, err));
    gd_zip_entry *e = gd_zip_find(&z, "data.pkl");
    if (!e) return not_torch(c, &z, err);
    GD_TRY(check_byte_order(c, &z, err));
    GD_TRY(check_missing_crc(c, &z, err));
    GD_GO(read_entry(c, e, MAX_PICKLE, &data, err));
    GD_GO(gd_pickle_run(&p, data, (size_t)e->bytes, 0, c->path, err));
    if (p.at != e->bytes) {
        st = gd_pickle_bad(&p, err, "%" PRIu64 " bytes follow its end", e->bytes - p.at);
        goto done;
    }
    GD_GO(gd_torch_collect(c, &p, &f, err));
    GD_GO(place_storages(c, &z, &f, err));
    GD_GO(check_rest(c, &z, err));
    GD_GO(gd_torch_deliver(c, &f, err));
done:
    gd_torch_found_free(&f);
    gd_pickle_free(&p);
    gd_mem_put(data);
    return st;
}
