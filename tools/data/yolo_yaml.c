/* yolo_yaml.c -- reads data.yaml; see yolo_yaml.h. */
#include "tools/data/yolo_yaml.h"

#include <stdio.h>
#include <string.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/number.h"
#include "tools/cli/yaml.h"
#include "tools/data/build.h"

enum { MISSING = -1 };

typedef struct reader {
    gd_yaml       yaml;
    gd_arena     *arena;
    gd_yolo_yaml *out;
    const char   *path;  /* its key "path" */
    int64_t       nc;    /* MISSING: not told */
    const char  **names; /* [GD_DATA_CLASSES] */
    int           most;  /* index of the last name, + 1 */
} reader;

static gd_status keep(reader *r, const char **out) {
    const char *text;
    GD_TRY(gd_yaml_scalar(&r->yaml, &text));
    *out = gd_arena_string(r->arena, text);
    return *out ? GD_OK : gd_fail(r->yaml.err, GD_ERR_NOMEM, "%.200s: no memory", r->yaml.path);
}

/* A name, the current event being its scalar. */
static gd_status set_name(reader *r, int64_t at) {
    const char *name;
    if (at < 0 || at >= GD_DATA_CLASSES)
        return gd_yaml_refuse(&r->yaml, "a class must have a number from 0 to 65535");
    if (r->yaml.event.type != YAML_SCALAR_EVENT)
        return gd_yaml_refuse(&r->yaml, "the name of a class is needed here");
    GD_TRY(keep(r, &name));
    if (!*name) return gd_yaml_refuse(&r->yaml, "the name of a class is empty");
    if (r->names[at]) return gd_yaml_refuse(&r->yaml, "this class has a name already");
    r->names[at] = name;
    if (at >= r->most) r->most = (int)at + 1;
    return GD_OK;
}

/* A list of names, or numbers to names. */
static gd_status read_names(reader *r) {
    bool    map = r->yaml.event.type == YAML_MAPPING_START_EVENT;
    int64_t at = -1;
    if (r->names) return gd_yaml_refuse(&r->yaml, "names stands there twice");
    if (!map && r->yaml.event.type != YAML_SEQUENCE_START_EVENT)
        return gd_yaml_refuse(&r->yaml, "names must be a list, or numbers with names");
    r->names = gd_arena_array(r->arena, GD_DATA_CLASSES, sizeof *r->names);
    if (!r->names) return gd_fail(r->yaml.err, GD_ERR_NOMEM, "no memory for the names");
    for (;;) {
        const char *text;
        GD_TRY(gd_yaml_next(&r->yaml));
        if (r->yaml.event.type == YAML_SEQUENCE_END_EVENT ||
            r->yaml.event.type == YAML_MAPPING_END_EVENT)
            return GD_OK;
        at++;
        if (map) {
            if (r->yaml.event.type != YAML_SCALAR_EVENT)
                return gd_yaml_refuse(&r->yaml, "the number of a class is needed here");
            GD_TRY(gd_yaml_scalar(&r->yaml, &text));
            if (!gd_number_int(text, &at))
                return gd_yaml_refuse(&r->yaml, "the number of a class is needed here");
            GD_TRY(gd_yaml_next(&r->yaml));
        }
        GD_TRY(set_name(r, at));
    }
}

/* A place, or a list of places. Null and an empty text are none. */
static gd_status read_places(reader *r, int split) {
    gd_yolo_yaml *o = r->out;
    bool          list = r->yaml.event.type == YAML_SEQUENCE_START_EVENT;
    if (o->n_places[split]) return gd_yaml_refuse(&r->yaml, "this split stands there twice");
    for (;;) {
        const char *place;
        if (list) GD_TRY(gd_yaml_next(&r->yaml));
        if (r->yaml.event.type == YAML_SEQUENCE_END_EVENT) return GD_OK;
        if (r->yaml.event.type != YAML_SCALAR_EVENT)
            return gd_yaml_refuse(&r->yaml, "a folder or a list of pictures is needed here");
        GD_TRY(keep(r, &place));
        if (*place && strcmp(place, "~") && strcmp(place, "null")) {
            if (o->n_places[split] == GD_YOLO_PLACES)
                return gd_yaml_refuse(&r->yaml, "a split has more than 64 places");
            o->place[split][o->n_places[split]++] = place;
        }
        if (!list) return GD_OK;
    }
}

static gd_status read_key(reader *r, const char *key) {
    const char *text;
    int         split = -1;
    bool path = !strcmp(key, "path"), nc = !strcmp(key, "nc"), names = !strcmp(key, "names");
    for (int k = 0; k < GD_YOLO_SPLITS; k++)
        if (!strcmp(key, r->out->split[k])) split = k;
    if (!strcmp(key, "valid")) split = 1;
    GD_TRY(gd_yaml_next(&r->yaml)); /* the key's text is gone */
    if (split >= 0) return read_places(r, split);
    if (names) return read_names(r);
    if (!path && !nc) return gd_yaml_skip(&r->yaml);
    if (r->yaml.event.type != YAML_SCALAR_EVENT)
        return gd_yaml_refuse(&r->yaml, "a single value is needed here");
    if (path) return keep(r, &r->path);
    GD_TRY(gd_yaml_scalar(&r->yaml, &text));
    if (!gd_number_int(text, &r->nc) || r->nc < 1 || r->nc > GD_DATA_CLASSES)
        return gd_yaml_refuse(&r->yaml, "nc must be a number from 1 to 65536");
    return GD_OK;
}

static gd_status document(reader *r) {
    gd_yaml *y = &r->yaml;
    GD_TRY(gd_yaml_expect(y, YAML_STREAM_START_EVENT, "not YAML"));
    GD_TRY(gd_yaml_next(y));
    if (y->event.type != YAML_DOCUMENT_START_EVENT)
        return gd_yaml_refuse(y, "the file is empty");
    GD_TRY(
        gd_yaml_expect(y, YAML_MAPPING_START_EVENT, "keys such as train and names are needed"));
    for (;;) {
        const char *key;
        GD_TRY(gd_yaml_next(y));
        if (y->event.type == YAML_MAPPING_END_EVENT) break;
        if (y->event.type != YAML_SCALAR_EVENT)
            return gd_yaml_refuse(y, "a key is needed here");
        GD_TRY(gd_yaml_scalar(y, &key));
        GD_TRY(read_key(r, key));
    }
    GD_TRY(gd_yaml_next(y)); /* the end of the document */
    return gd_yaml_expect(y, YAML_STREAM_END_EVENT, "a second document is not accepted");
}

static gd_status check(reader *r, const char *path) {
    gd_error *err = r->yaml.err;
    int       places = 0;
    if (!r->most) {
        gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: has no names", path);
        gd_error_hint(err, "names: [person, car], or a line '0: person' for each below names:");
        return GD_ERR_FORMAT;
    }
    for (int i = 0; i < r->most; i++)
        if (!r->names[i])
            return gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: class %d has no name", path,
                                i);
    if (r->nc != MISSING && r->nc != r->most)
        return gd_fail_code(err, GD_ERR_FORMAT, 802,
                            "%.200s: nc is %lld, but there are %d names", path,
                            (long long)r->nc, r->most);
    for (int k = 0; k < GD_YOLO_SPLITS; k++) places += r->out->n_places[k];
    if (!places)
        return gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: has no train, val or test", path);
    r->out->names = r->names;
    r->out->n_names = r->most;
    return GD_OK;
}

/* The folder of the file, then its `path`. */
static gd_status find_base(reader *r, const char *path) {
    const char *slash = strrchr(path, '/');
    char        own[GD_DATA_PATH], base[GD_DATA_PATH];
    int         n =
        snprintf(own, sizeof own, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (slash == path) n = snprintf(own, sizeof own, "/");
    if (n < 0 || (size_t)n >= sizeof own || !gd_data_join(base, own, r->path ? r->path : ""))
        return gd_fail_code(r->yaml.err, GD_ERR_FORMAT, 802, "%.200s: its path is too long",
                            path);
    r->out->base = gd_arena_string(r->arena, r->path ? base : own);
    return r->out->base ? GD_OK : gd_fail(r->yaml.err, GD_ERR_NOMEM, "no memory");
}

gd_status gd_yolo_yaml_text(const char *path, const void *text, size_t size, gd_arena *arena,
                            gd_yolo_yaml *out, gd_error *err) {
    reader    r = {.arena = arena, .out = out, .nc = MISSING};
    gd_status st;
    *out = (gd_yolo_yaml){.split = {"train", "val", "test"}};
    st = gd_yaml_open(&r.yaml, path, text, size, 802, err);
    if (st == GD_OK) st = document(&r);
    if (st == GD_OK) st = check(&r, path);
    if (st == GD_OK) st = find_base(&r, path);
    gd_yaml_close(&r.yaml);
    return st;
}

gd_status gd_yolo_yaml_read(const char *path, gd_arena *arena, gd_yolo_yaml *out,
                            gd_error *err) {
    unsigned char *text = NULL;
    size_t         size;
    gd_status      st = gd_file_slurp(path, GD_YOLO_BYTES, &text, &size, err);
    if (st == GD_OK) st = gd_yolo_yaml_text(path, text, size, arena, out, err);
    gd_mem_put(text);
    return st;
}
