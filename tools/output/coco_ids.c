/* coco_ids.c -- image ids from an annotation file or from file names; see coco_ids.h. */
#include "tools/output/coco_ids.h"

#include <string.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "engine/safe.h"
#include "tools/output/json_scan.h"

enum { AMBIGUOUS = -1, DEEPEST = 32, NAME_ROOM = 4096 };

typedef enum field { OTHER, ID, FILE_NAME } field;

/* The document is walked by depth: 1 inside the root, 2 inside "images", 3 inside an entry. */
typedef struct walk {
    gd_coco_ids *ids;
    gd_error    *err;
    gd_status    st;
    int          depth;
    bool         in_images; /* since the root's key "images" */
    bool         seen_images;
    field        key; /* of the entry */
    bool         have_id, have_name;
    int64_t      id;
    char         name[NAME_ROOM];
} walk;

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static gd_status note(gd_coco_ids *c, const char *name, int64_t id, gd_error *err) {
    int64_t *old = gd_name_map_find(&c->by_name, name);
    if (!old) return gd_name_map_add(&c->by_name, name, id, err);
    if (*old != id) *old = AMBIGUOUS;
    return GD_OK;
}

static bool refuse(walk *w, const char *why) {
    w->st = gd_fail_code(w->err, GD_ERR_FORMAT, 954, "%s: %s", w->ids->path, why);
    return false;
}

static int on_open(void *ctx) {
    walk *w = ctx;
    if (++w->depth > DEEPEST) return refuse(w, "is nested more than 32 deep");
    if (w->depth == 3 && w->in_images) w->have_id = w->have_name = false;
    return true;
}

/* An entry is complete: noted under its name, and under the name without its folders. */
static int on_close(void *ctx) {
    walk *w = ctx;
    if (w->depth-- != 3 || !w->in_images) return true;
    if (!w->have_id || !w->have_name)
        return refuse(w, "an entry of \"images\" lacks its id or file_name");
    w->st = note(w->ids, w->name, w->id, w->err);
    if (w->st == GD_OK && base_of(w->name) != w->name)
        w->st = note(w->ids, base_of(w->name), w->id, w->err);
    return w->st == GD_OK;
}

static bool is(const unsigned char *s, size_t n, const char *word) {
    return n == strlen(word) && memcmp(s, word, n) == 0;
}

static int on_key(void *ctx, const unsigned char *s, size_t n) {
    walk *w = ctx;
    if (w->depth == 1) w->in_images = is(s, n, "images");
    if (w->depth == 1 && w->in_images) w->seen_images = true;
    if (w->depth == 3) w->key = is(s, n, "id") ? ID : is(s, n, "file_name") ? FILE_NAME : OTHER;
    return true;
}

static bool wanted(const walk *w, field key) {
    return w->in_images && w->depth == 3 && w->key == key;
}

static int on_string(void *ctx, const unsigned char *s, size_t n) {
    walk *w = ctx;
    if (wanted(w, ID)) return refuse(w, "the id of an image is a string, not a number");
    if (!wanted(w, FILE_NAME)) return true;
    if (n == 0 || n >= NAME_ROOM || memchr(s, '\0', n))
        return refuse(w, "a file_name is empty, longer than 4095 bytes, or holds a zero byte");
    memcpy(w->name, s, n);
    w->name[n] = '\0';
    w->have_name = true;
    return true;
}

/* Numbers come as text, so that no value is rounded. */
static int on_number(void *ctx, const char *s, size_t n) {
    walk   *w = ctx;
    int64_t v = 0;
    if (wanted(w, FILE_NAME)) return refuse(w, "a file_name is a number");
    if (!wanted(w, ID)) return true;
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9' || !gd_mul_i64(v, 10, &v) ||
            !gd_add_i64(v, s[i] - '0', &v))
            return refuse(w, "the id of an image is no whole number below 2^63");
    w->id = v;
    w->have_id = true;
    return true;
}

gd_status gd_coco_ids_open(gd_coco_ids *c, const char *path, gd_error *err) {
    static const yajl_callbacks calls = {.yajl_number = on_number,
                                         .yajl_string = on_string,
                                         .yajl_start_map = on_open,
                                         .yajl_map_key = on_key,
                                         .yajl_end_map = on_close,
                                         .yajl_start_array = on_open,
                                         .yajl_end_array = on_close};
    enum { CHUNK = 1 << 16 };
    gd_file        f = {.fd = -1};
    walk          *w = gd_mem_get_zero(sizeof *w);
    unsigned char *chunk = gd_mem_get(CHUNK);
    gd_json_scan   scan = {0};
    yajl_status    y = yajl_status_ok;
    uint64_t       at = 0;
    gd_status      st = GD_OK;
    *c = (gd_coco_ids){.path = path};
    if (!w || !chunk || !gd_json_scan_open(&scan, &calls, w)) {
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory to read it", path);
        goto done;
    }
    w->ids = c;
    w->err = err;
    GD_GO(gd_file_open(&f, path, err));
    while (at < f.size && y == yajl_status_ok) {
        size_t n = f.size - at < CHUNK ? (size_t)(f.size - at) : CHUNK;
        GD_GO(gd_file_read(&f, at, chunk, n, err));
        y = gd_json_scan_feed(&scan, chunk, n);
        at += y == yajl_status_ok ? n : yajl_get_bytes_consumed(scan.handle);
    }
    if (y == yajl_status_ok) y = gd_json_scan_feed(&scan, NULL, 0);
    if (w->st != GD_OK)
        st = w->st;
    else if (scan.starved)
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory to read it", path);
    else if (y != yajl_status_ok)
        st = gd_fail_code(err, GD_ERR_FORMAT, 954, "%s: is not valid JSON at byte %llu", path,
                          (unsigned long long)at);
    else if (!w->seen_images)
        st = gd_fail_code(err, GD_ERR_FORMAT, 954, "%s: has no \"images\"", path);
done:
    gd_json_scan_close(&scan);
    gd_file_close(&f);
    gd_mem_put(chunk);
    gd_mem_put(w);
    if (st != GD_OK) gd_coco_ids_free(c);
    return st;
}

void gd_coco_ids_free(gd_coco_ids *c) { gd_name_map_free(&c->by_name); }

static gd_status find_listed(const gd_coco_ids *c, const char *source, int64_t *id,
                             gd_error *err) {
    /* The longest ending of the path that is listed: val/1.jpg before 1.jpg. */
    for (const char *p = source; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL) {
        const int64_t *v = gd_name_map_find(&c->by_name, p);
        if (!v) continue;
        *id = *v;
        if (*v != AMBIGUOUS) return GD_OK;
        return gd_fail_code(err, GD_ERR_ARG, 953, "%s: %s lists two pictures of this name",
                            source, c->path);
    }
    return gd_fail_code(err, GD_ERR_ARG, 953, "%s: is not among the images of %s", source,
                        c->path);
}

gd_status gd_coco_ids_find(const gd_coco_ids *c, const char *source, int64_t *id,
                           gd_error *err) {
    if (c->path) return find_listed(c, source, id, err);
    const char *base = base_of(source), *dot = strrchr(base, '.');
    const char *end = dot && dot > base ? dot : base + strlen(base), *p;
    int64_t     v = 0;
    while (end > base && (end[-1] < '0' || end[-1] > '9')) end--;
    for (p = end; p > base && p[-1] >= '0' && p[-1] <= '9';) p--;
    bool fits = p < end;
    for (; p < end && fits; p++) fits = gd_mul_i64(v, 10, &v) && gd_add_i64(v, *p - '0', &v);
    if (fits) {
        *id = v;
        return GD_OK;
    }
    gd_status st = gd_fail_code(err, GD_ERR_ARG, 953,
                                "%s: no image id can be read from the file name", source);
    gd_error_hint(err, "name the annotation file that lists the pictures: --coco-images FILE");
    return st;
}
