/* layout.c -- formats told apart by the files that are there; see layout.h. */
#include "tools/data/layout.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const gd_data_format_names[GD_DATA_FORMATS] = {"coco", "voc", "yolo", "folders"};

enum { SPLITS = 64 };

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcasecmp(s + n - m, end);
}

static bool has(const char *folder, const char *name, bool is_folder) {
    char path[GD_DATA_PATH];
    return gd_data_join(path, folder, name) &&
           (is_folder ? gd_data_is_folder(path) : gd_data_is_file(path));
}

/* ---- splits ------------------------------------------------------------------------------ */

static int rank(const char *name) {
    return !strncmp(name, "train", 5)  ? 0
           : !strncmp(name, "val", 3)  ? 1
           : !strncmp(name, "test", 4) ? 2
                                       : 3;
}

gd_status gd_data_layout_add(gd_data_layout *l, gd_arena *arena, const char *name,
                             const char *file, gd_error *err) {
    int at = l->n_splits;
    if (!l->splits) {
        l->splits = gd_arena_array(arena, SPLITS, sizeof *l->splits);
        l->files = gd_arena_array(arena, SPLITS, sizeof *l->files);
    }
    if (l->n_splits == SPLITS) return GD_OK; /* nobody needs more */
    name = gd_arena_string(arena, name);
    if (file) file = gd_arena_string(arena, file);
    if (!l->splits || !l->files || !name) return gd_fail(err, GD_ERR_NOMEM, "no memory");
    for (; at > 0 &&
           (rank(l->splits[at - 1]) > rank(name) ||
            (rank(l->splits[at - 1]) == rank(name) && strcmp(l->splits[at - 1], name) > 0));
         at--) {
        l->splits[at] = l->splits[at - 1];
        l->files[at] = l->files[at - 1];
    }
    l->splits[at] = name;
    l->files[at] = file;
    l->n_splits++;
    return GD_OK;
}

int gd_data_layout_split(const gd_data_layout *l, const char *name) {
    for (int i = 0; i < l->n_splits; i++)
        if (!strcmp(l->splits[i], name)) return i;
    for (int i = 0; i < l->n_splits; i++)
        if (!strncmp(l->splits[i], name, strlen(name))) return i;
    return -1;
}

/* ---- COCO -------------------------------------------------------------------------------- */

const char *gd_data_coco_root(gd_arena *arena, const char *json) {
    const char *slash = strrchr(json, '/'), *base = slash ? slash + 1 : json;
    const char *stem = strncmp(base, "instances_", 10) ? "" : base + 10;
    int         n = (int)strcspn(stem, ".");
    const char *dir = !slash          ? gd_arena_string(arena, ".")
                      : slash == json ? gd_arena_string(arena, "/")
                                      : gd_arena_bytes(arena, json, (size_t)(slash - json));
    if (!dir) return NULL;
    /* In the order of likeliness: ../val2017, ../images/val2017, images, ../images. */
    const char *at[] = {gd_arena_print(arena, "%s/../%.*s", dir, n, stem),
                        gd_arena_print(arena, "%s/../images/%.*s", dir, n, stem),
                        gd_arena_print(arena, "%s/images", dir),
                        gd_arena_print(arena, "%s/../images", dir)};
    for (int k = 0; k < 4; k++) {
        if (!at[k]) return NULL;
        if ((k < 2 && !n) || (k == 3 && !ends_with(dir, "annotations"))) continue;
        if (gd_data_is_folder(at[k])) return at[k];
    }
    return dir;
}

/* annotations/instances_NAME.json, or NAME.json there; else instances.json. */
static gd_status coco_splits(const char *path, gd_arena *arena, gd_data_layout *l,
                             gd_error *err) {
    char         folder[GD_DATA_PATH], file[GD_DATA_PATH], name[256];
    const char **names;
    size_t       n;
    if (!has(path, "annotations", true)) {
        if (!gd_data_join(file, path, "instances.json")) return GD_OK;
        l->main = gd_arena_string(arena, file);
        return l->main ? GD_OK : gd_fail(err, GD_ERR_NOMEM, "no memory");
    }
    if (!gd_data_join(folder, path, "annotations")) return GD_OK;
    GD_TRY(gd_data_list(folder, arena, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        const char *stem = strncmp(names[i], "instances_", 10) ? names[i] : names[i] + 10;
        if (!ends_with(names[i], ".json") || !strncmp(names[i], "captions", 8) ||
            !strncmp(names[i], "person_keypoints", 16) || !gd_data_join(file, folder, names[i]))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(strlen(stem) - 5), stem);
        GD_TRY(gd_data_layout_add(l, arena, name, file, err));
    }
    return GD_OK;
}

/* ---- the others -------------------------------------------------------------------------- */

static gd_status voc_splits(const char *path, gd_arena *arena, gd_data_layout *l,
                            gd_error *err) {
    char         folder[GD_DATA_PATH], name[256];
    const char **names;
    size_t       n;
    if (!has(path, "ImageSets/Main", true)) return GD_OK;
    if (!gd_data_join(folder, path, "ImageSets/Main")) return GD_OK;
    GD_TRY(gd_data_list(folder, arena, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        /* car_train.txt lists one class; trainval.txt is no split of its own. */
        if (!ends_with(names[i], ".txt") || strchr(names[i], '_')) continue;
        if (!strcmp(names[i], "trainval.txt")) continue;
        snprintf(name, sizeof name, "%.*s", (int)(strlen(names[i]) - 4), names[i]);
        GD_TRY(gd_data_layout_add(l, arena, name, NULL, err));
    }
    return GD_OK;
}

/* Folders train, val and test that hold folders; else the folder is one split. */
static gd_status folder_splits(const char *path, gd_arena *arena, gd_data_layout *l,
                               gd_error *err) {
    static const char *const known[] = {"train", "val", "valid", "test"};
    for (int k = 0; k < 4; k++)
        if (has(path, known[k], true))
            GD_TRY(gd_data_layout_add(l, arena, known[k], NULL, err));
    return GD_OK;
}

static int format_of(const char *path) {
    if (!gd_data_is_folder(path))
        return ends_with(path, ".yaml") || ends_with(path, ".yml") ? GD_DATA_YOLO
               : ends_with(path, ".json")                          ? GD_DATA_COCO
                                                                   : -1;
    if (has(path, "Annotations", true)) return GD_DATA_VOC;
    if (has(path, "data.yaml", false)) return GD_DATA_YOLO;
    if (has(path, "instances.json", false) || has(path, "annotations", true))
        return GD_DATA_COCO;
    return GD_DATA_FOLDERS;
}

gd_status gd_data_layout_find(const char *path, const char *format, gd_arena *arena,
                              gd_data_layout *out, gd_error *err) {
    int  found = -1;
    char file[GD_DATA_PATH];
    *out = (gd_data_layout){0};
    for (int k = 0; format && k < GD_DATA_FORMATS; k++)
        if (!strcmp(format, gd_data_format_names[k])) found = k;
    if (!format) found = format_of(path);
    if (!gd_data_is_folder(path) && !gd_data_is_file(path))
        return gd_fail_code(err, GD_ERR_IO, 802, "%.200s: there is no such file or folder",
                            path);
    if (found < 0) {
        gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: is no data set that is read", path);
        gd_error_hint(err, "a COCO .json file, a YOLO data.yaml, a Pascal VOC folder with "
                           "Annotations, or a folder with a folder a class");
        return GD_ERR_FORMAT;
    }
    out->format = (gd_data_format)found;
    out->main = gd_arena_string(arena, path);
    if (!out->main) return gd_fail(err, GD_ERR_NOMEM, "no memory");
    if (!gd_data_is_folder(path)) return GD_OK;
    switch (out->format) {
    case GD_DATA_COCO: return coco_splits(path, arena, out, err);
    case GD_DATA_VOC: return voc_splits(path, arena, out, err);
    case GD_DATA_FOLDERS: return folder_splits(path, arena, out, err);
    case GD_DATA_YOLO:
        if (gd_data_join(file, path, "data.yaml")) out->main = gd_arena_string(arena, file);
        return out->main ? GD_OK : gd_fail(err, GD_ERR_NOMEM, "no memory");
    case GD_DATA_FORMATS: break;
    }
    return GD_OK;
}
