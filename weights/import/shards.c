/* shards.c -- model.safetensors.index.json: one model in several .safetensors files beside it.
 *
 *     {"metadata": {...}, "weight_map": {"tensor name": "file name", ...}}
 *
 * A shard is a plain file in the folder of the index: a name with a slash, or a symbolic link,
 * could make the index read a file its author was never given. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/mem.h"
#include "engine/utf8.h"
#include "weights/import/reader.h"

enum { MAX_INDEX = 8 << 20, MAX_VALUES = 4 * GD_CKPT_MAX_TENSORS, MAX_DEPTH = 32 };

static gd_status bad(const gd_ckpt *c, gd_error *err, const char *what, const char *name) {
    return gd_fail_code(err, GD_ERR_FORMAT, 436, "%s: index of shards: %s%s%.100s%s", c->path,
                        what, *name ? " '" : "", name, *name ? "'" : "");
}

/* Depth and number of values, before a tree is built of them. */
static bool modest(const unsigned char *p, size_t n) {
    long depth = 0, values = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        if (in_string) {
            if (p[i] == '\\')
                i++;
            else if (p[i] == '"')
                in_string = false;
            continue;
        }
        if (p[i] == '"') in_string = true;
        if (p[i] == '{' || p[i] == '[') depth++, values++;
        if (p[i] == '}' || p[i] == ']') depth--;
        if (p[i] == ',') values++;
        if (depth > MAX_DEPTH || values > MAX_VALUES) return false;
    }
    return true;
}

/* Opens a shard that is what its name says: the file looked at is the file read. */
static gd_status open_shard(gd_ckpt *c, const char *name, gd_error *err) {
    char        path[4096];
    struct stat before, after;
    const char *slash = strrchr(c->path, '/');
    size_t      folder = slash ? (size_t)(slash - c->path) + 1 : 0;
    if (!*name || strchr(name, '/') || strchr(name, '\\') || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0 || !gd_utf8_ok(name, strlen(name), false))
        return bad(c, err, "a file name that leaves the folder:", name);
    if (folder + strlen(name) >= sizeof path) return bad(c, err, "a path that is too long", "");
    memcpy(path, c->path, folder);
    memcpy(path + folder, name, strlen(name) + 1);
    if (lstat(path, &before) != 0)
        return gd_fail_code(err, GD_ERR_IO, 436, "%s: shard '%s': %s", c->path, name,
                            strerror(errno));
    if (S_ISLNK(before.st_mode)) {
        gd_status st = bad(c, err, "the shard is a symbolic link:", name);
        gd_error_hint(err, "copy the files it points to beside the index");
        return st;
    }
    gd_file *f = &c->files[c->n_files];
    f->fd = -1;
    c->n_files++;
    GD_TRY(gd_file_open(f, path, err));
    if (fstat(f->fd, &after) != 0 || before.st_dev != after.st_dev ||
        before.st_ino != after.st_ino)
        return bad(c, err, "changed while it was opened:", name);
    c->size += f->size;
    return GD_OK;
}

/* The number of a shard, opened at its first use. */
static gd_status shard_of(gd_ckpt *c, const char *name, int *file, gd_error *err) {
    size_t n = strlen(name);
    for (int i = 1; i < c->n_files; i++) {
        size_t m = strlen(c->files[i].path);
        if (m >= n && strcmp(c->files[i].path + m - n, name) == 0 &&
            (m == n || c->files[i].path[m - n - 1] == '/')) {
            *file = i;
            return GD_OK;
        }
    }
    if (c->n_files > GD_CKPT_MAX_SHARDS) return bad(c, err, "more than 256 shards", "");
    gd_file *more = gd_mem_grow(c->files, (size_t)c->n_files * sizeof *more,
                                ((size_t)c->n_files + 1) * sizeof *more);
    if (!more) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for its shards", c->path);
    c->files = more;
    *file = c->n_files;
    return open_shard(c, name, err);
}

/* Every tensor is where the index says, and the index names every tensor. */
static gd_status check_map(gd_ckpt *c, json_t *map, gd_error *err) {
    int     count = 0;
    json_t *e;
    for (int i = 0; i < c->n_tensors; i++) {
        const gd_ckpt_tensor *t = &c->tensors[i];
        e = json_object_get(map, t->path);
        int file;
        if (!e) return bad(c, err, "does not name the tensor", t->path);
        GD_TRY(shard_of(c, json_string_value(e), &file, err));
        if (c->storages[t->storage].file != file)
            return bad(c, err, "another shard holds the tensor", t->path);
        count++;
    }
    if ((size_t)count == json_object_size(map)) return GD_OK;
    return bad(c, err, "names tensors that no shard holds", "");
}

static gd_status read_map(gd_ckpt *c, json_t *map, gd_error *err) {
    const char *key;
    json_t     *e;
    json_object_foreach(map, key, e) {
        int file;
        if (!json_is_string(e)) return bad(c, err, "no file name for", key);
        GD_TRY(shard_of(c, json_string_value(e), &file, err));
    }
    for (int i = 1; i < c->n_files; i++) GD_TRY(gd_safetensors_read(c, i, err));
    GD_TRY(gd_ckpt_choose_state(c, "", err));
    return check_map(c, map, err);
}

gd_status gd_shards_read(gd_ckpt *c, gd_error *err) {
    unsigned char *text = NULL;
    json_t        *root = NULL, *map;
    json_error_t   e;
    size_t         n = (size_t)c->files[0].size;
    gd_status      st;
    c->format = "sharded";
    if (c->files[0].size > MAX_INDEX) return bad(c, err, "a JSON file of more than 8 MiB", "");
    text = gd_mem_get(n);
    if (!text) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for it", c->path);
    GD_GO(gd_file_read(&c->files[0], 0, text, n, err));
    if (!modest(text, n)) {
        st = bad(c, err, "too deep, or more than 262144 values", "");
        goto done;
    }
    root = json_loadb((const char *)text, n, JSON_REJECT_DUPLICATES, &e);
    if (!root && (!e.text[0] || json_error_code(&e) == json_error_out_of_memory)) {
        /* Where memory ends inside jansson, it says nothing. */
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory for it", c->path);
        goto done;
    }
    map = json_object_get(root, "weight_map");
    if (!json_is_object(map)) {
        st = gd_fail_code(err, GD_ERR_FORMAT, 401,
                          "%s: is JSON text, but no index of shards (\"weight_map\")", c->path);
        goto done;
    }
    st = read_map(c, map, err);
done:
    json_decref(root);
    gd_mem_put(text);
    return st;
}
