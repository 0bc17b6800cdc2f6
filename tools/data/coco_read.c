/* coco_read.c -- COCO instances as a stream: pictures, categories and boxes in any order.
 *
 * Nothing of the text is kept but names: outlines pass through the parser and are forgotten.
 * NaN and Infinity, which are no JSON but which Python writes, are values that are not finite
 * here, so that one of them costs its own annotation and not the file. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/number.h"
#include "tools/data/build.h"
#include "tools/output/json_scan.h"

enum { DEEPEST = 32, CHUNK = 1 << 16, NUMBER_ROOM = 64 };

typedef enum section { OTHER, IMAGES, CATEGORIES, ANNOTATIONS } section;

/* Bits of what an entry has. */
typedef enum field {
    NONE = 0,
    ID = 1,
    NAME = 2, /* file_name or name */
    WIDTH = 4,
    HEIGHT = 8,
    IMAGE_ID = 16,
    CATEGORY_ID = 32,
    BBOX = 64,
    AREA = 128,
    CROWD = 256,
    SEGMENTATION = 512
} field;

/* The document is walked by depth: 1 inside the root, 2 inside a section's list, 3 inside an
 * entry, 4 inside its bbox. */
typedef struct walk {
    gd_data_build *b;
    const char    *path;
    gd_status      st;
    int            depth;
    section        in;
    unsigned       sections; /* seen: a bit each */
    field          key;      /* of the entry */
    unsigned       have;
    const char    *fault; /* of the entry: the first thing that is wrong with it */
    gd_data_kind   kind;
    int64_t        id, image_id, category_id, n_read;
    double         area, width, height, bbox[4];
    int            n_bbox;
    bool           crowd;
    size_t         name_size;
    char           name[GD_DATA_PATH];
    gd_id_map      images, classes;
    bool           quoted, escaped; /* of the scan for NaN */
} walk;

static bool refuse(walk *w, const char *why) {
    w->st = gd_fail_code(w->b->err, GD_ERR_FORMAT, 802, "%.200s: %s", w->path, why);
    return false;
}

static void blame(walk *w, gd_data_kind kind, const char *fault) {
    if (w->fault) return;
    w->fault = fault;
    w->kind = kind;
}

static gd_data_place here(const walk *w) {
    return (gd_data_place){.file = w->path, .id = w->have & ID ? w->id : -1};
}

/* ---- entries ----------------------------------------------------------------------------- */

/* The index of a category or picture by its id, made where it was not met before. */
static int32_t index_of(walk *w, gd_id_map *m, int64_t id, bool image) {
    bool    fresh;
    int32_t at = gd_id_map_take(m, id, &fresh);
    if (at < 0) w->st = gd_fail(w->b->err, GD_ERR_NOMEM, "%.200s: no memory", w->path);
    if (at >= 0 && fresh) at = image ? gd_data_new_image(w->b) : gd_data_new_class(w->b);
    if (at < 0 && w->st == GD_OK) w->st = w->b->err->status;
    return at;
}

static bool whole(double v, double most) { return v >= 0 && v <= most && v == floor(v); }

static bool end_image(walk *w) {
    gd_data_report *r = &w->b->d->report;
    gd_data_image  *im;
    int32_t         at;
    r->pictures++;
    if ((w->have & (ID | NAME)) != (ID | NAME)) blame(w, 0, "it lacks its id or file_name");
    if (!whole(w->width, INT32_MAX) || !whole(w->height, INT32_MAX))
        blame(w, 0, "its width or height is no whole number");
    if (w->fault) {
        gd_data_note(r, GD_DATA_BAD_ENTRY, (gd_data_place){.file = w->path, .id = -1},
                     "entry %lld of images: %s", (long long)w->n_read, w->fault);
        return true;
    }
    at = index_of(w, &w->images, w->id, true);
    if (at < 0) return false;
    im = &w->b->d->images[at];
    if (im->name) {
        gd_data_note(r, GD_DATA_BAD_ENTRY, (gd_data_place){.file = w->path, .id = -1},
                     "the id %lld stands at another picture already", (long long)w->id);
        return true;
    }
    im->id = w->id;
    im->width = (int32_t)w->width;
    im->height = (int32_t)w->height;
    if (!gd_data_name_image(w->b, at, w->name, w->name_size,
                            (gd_data_place){.file = w->path, .id = -1}) &&
        r->failed) {
        w->st = gd_fail(w->b->err, GD_ERR_NOMEM, "%.200s: no memory", w->path);
        return false;
    }
    return true;
}

static bool end_category(walk *w) {
    gd_data_report *r = &w->b->d->report;
    gd_data_class  *c;
    int32_t         at;
    if ((w->have & (ID | NAME)) != (ID | NAME) || w->fault || memchr(w->name, 0, w->name_size))
        return refuse(w, "an entry of \"categories\" lacks its id or name");
    at = index_of(w, &w->classes, w->id, false);
    if (at < 0) return false;
    c = &w->b->d->classes[at];
    if (c->name) {
        gd_data_note(r, GD_DATA_DUPLICATE_ID, (gd_data_place){.file = w->path, .id = -1},
                     "the id %lld stands at another category already", (long long)w->id);
        return true;
    }
    c->id = w->id;
    c->name = gd_arena_bytes(&w->b->d->arena, w->name, w->name_size);
    if (!c->name) w->st = gd_fail(w->b->err, GD_ERR_NOMEM, "%.200s: no memory", w->path);
    return c->name != NULL;
}

static bool end_annotation(walk *w) {
    const unsigned  need = IMAGE_ID | CATEGORY_ID | BBOX;
    gd_data_report *r = &w->b->d->report;
    gd_data_box     x = {.id = w->have & ID ? w->id : -1};
    r->labels++;
    if ((w->have & need) != need && !w->fault)
        blame(w, GD_DATA_MISSING_KEY,
              !(w->have & BBOX)       ? "it has no bbox"
              : !(w->have & IMAGE_ID) ? "it has no image_id"
                                      : "it has no category_id");
    if (w->n_bbox != 4) blame(w, GD_DATA_BAD_NUMBER, "its bbox has not four numbers");
    for (int k = 0; k < 4 && w->n_bbox == 4; k++)
        if (!isfinite(w->bbox[k]))
            blame(w, GD_DATA_BAD_NUMBER, "a value of its bbox is not finite");
    if ((w->have & AREA) && !(isfinite(w->area) && w->area >= 0))
        blame(w, GD_DATA_BAD_NUMBER, "its area is no number from 0 on");
    if (w->fault) {
        gd_data_note(r, w->kind, here(w), "%s", w->fault);
        return true;
    }
    x.x = w->bbox[0], x.y = w->bbox[1], x.w = w->bbox[2], x.h = w->bbox[3];
    x.area = w->have & AREA ? w->area : x.w * x.h;
    x.flags = (w->crowd ? GD_DATA_CROWD : 0U) | (w->have & SEGMENTATION ? GD_DATA_MASK : 0U);
    x.image = index_of(w, &w->images, w->image_id, true);
    x.label = x.image < 0 ? -1 : index_of(w, &w->classes, w->category_id, false);
    if (x.label < 0) return false;
    w->st = gd_data_add_box(w->b, &x);
    return w->st == GD_OK;
}

/* ---- what yajl calls --------------------------------------------------------------------- */

static bool in_entry(const walk *w) { return w->depth == 3 && w->in != OTHER; }

static int open_any(walk *w, bool map) {
    if (++w->depth > DEEPEST) return refuse(w, "is nested more than 32 deep");
    if (w->depth == 1 && !map) return refuse(w, "is no object with images and annotations");
    if (w->in == OTHER) return true;
    if (w->depth == 2 && map) return refuse(w, "images, categories and annotations are lists");
    if (w->depth == 3) {
        if (!map) return refuse(w, "an entry of a list is no object");
        w->have = 0;
        w->key = NONE;
        w->fault = NULL;
        w->n_bbox = 0;
        w->crowd = false;
        w->width = w->height = 0;
        w->n_read++;
    } else if (w->depth == 4 && w->key != SEGMENTATION && w->key != NONE &&
               (w->key != BBOX || map)) {
        blame(w, GD_DATA_BAD_NUMBER, "a list or object stands where a value belongs");
    } else if (w->depth == 5 && w->key == BBOX) {
        blame(w, GD_DATA_BAD_NUMBER, "its bbox has not four numbers");
    }
    return true;
}

static int on_map(void *ctx) { return open_any(ctx, true); }
static int on_array(void *ctx) { return open_any(ctx, false); }

static int on_close(void *ctx) {
    walk *w = ctx;
    if (w->depth-- != 3) return true;
    switch (w->in) {
    case IMAGES: return end_image(w);
    case CATEGORIES: return end_category(w);
    case ANNOTATIONS: return end_annotation(w);
    case OTHER: break;
    }
    return true;
}

static bool is(const unsigned char *s, size_t n, const char *word) {
    return n == strlen(word) && memcmp(s, word, n) == 0;
}

static field field_of(section in, const unsigned char *s, size_t n) {
    if (is(s, n, "id")) return ID;
    if (in == IMAGES)
        return is(s, n, "file_name") ? NAME
               : is(s, n, "width")   ? WIDTH
               : is(s, n, "height")  ? HEIGHT
                                     : NONE;
    if (in == CATEGORIES) return is(s, n, "name") ? NAME : NONE;
    return is(s, n, "image_id")       ? IMAGE_ID
           : is(s, n, "category_id")  ? CATEGORY_ID
           : is(s, n, "bbox")         ? BBOX
           : is(s, n, "area")         ? AREA
           : is(s, n, "iscrowd")      ? CROWD
           : is(s, n, "segmentation") ? SEGMENTATION
                                      : NONE;
}

static int on_key(void *ctx, const unsigned char *s, size_t n) {
    walk *w = ctx;
    if (w->depth == 1) {
        w->in = is(s, n, "images")        ? IMAGES
                : is(s, n, "categories")  ? CATEGORIES
                : is(s, n, "annotations") ? ANNOTATIONS
                                          : OTHER;
        if (w->in != OTHER && (w->sections & 1U << w->in))
            return refuse(w, "one of images, categories and annotations stands there twice");
        w->sections |= 1U << w->in;
        w->n_read = 0;
    } else if (in_entry(w)) {
        w->key = field_of(w->in, s, n);
        if (w->have & w->key) blame(w, GD_DATA_BAD_NUMBER, "a key stands there twice");
        w->have |= w->key;
    }
    return true;
}

static int on_string(void *ctx, const unsigned char *s, size_t n) {
    walk *w = ctx;
    if (w->depth == 2 && w->in != OTHER) return refuse(w, "an entry of a list is no object");
    if (w->depth == 4 && w->key == BBOX && w->in == ANNOTATIONS)
        blame(w, GD_DATA_BAD_NUMBER, "a value of its bbox is no number");
    if (!in_entry(w) || w->key == NONE || w->key == SEGMENTATION) return true;
    if (w->key != NAME) {
        blame(w, GD_DATA_BAD_NUMBER, "a text stands where a number belongs");
    } else {
        /* A longer name is cut here, and refused as a path by its length. */
        w->name_size = n < sizeof w->name ? n : sizeof w->name;
        memcpy(w->name, s, w->name_size);
    }
    return true;
}

/* A value of the entry: `v` NaN for null, booleans and what is not finite. */
static int take(walk *w, double v, bool whole_number, int64_t i) {
    if (w->depth == 2 && w->in != OTHER) return refuse(w, "an entry of a list is no object");
    if (w->depth == 4 && w->in == ANNOTATIONS && w->key == BBOX) {
        if (w->n_bbox < 4) w->bbox[w->n_bbox] = v;
        w->n_bbox += w->n_bbox < 5;
        return true;
    }
    if (!in_entry(w)) return true;
    if ((w->key == ID || w->key == IMAGE_ID || w->key == CATEGORY_ID) && !whole_number)
        blame(w, GD_DATA_BAD_NUMBER, "an id is no whole number");
    switch (w->key) {
    case ID: w->id = i; break;
    case IMAGE_ID: w->image_id = i; break;
    case CATEGORY_ID: w->category_id = i; break;
    case WIDTH: w->width = v; break;
    case HEIGHT: w->height = v; break;
    case AREA: w->area = v; break;
    case CROWD:
        w->crowd = v > 0 || v < 0;
        if (isnan(v)) blame(w, GD_DATA_BAD_NUMBER, "iscrowd is no number");
        break;
    case NAME: blame(w, GD_DATA_BAD_NUMBER, "a number stands where a name belongs"); break;
    case BBOX: blame(w, GD_DATA_BAD_NUMBER, "its bbox has not four numbers"); break;
    case SEGMENTATION:
    case NONE: break;
    }
    return true;
}

static int on_number(void *ctx, const char *s, size_t n) {
    walk   *w = ctx;
    char    text[NUMBER_ROOM];
    double  v = NAN;
    int64_t i = 0;
    bool    good;
    /* Of an outline, of which there are a hundred times more numbers than of boxes. */
    if (w->depth > 4 || w->in == OTHER || (w->depth == 4 && w->key != BBOX)) return true;
    if (n < sizeof text) {
        memcpy(text, s, n);
        text[n] = '\0';
        if (!gd_number_real(text, &v)) v = NAN;
        good = gd_number_int(text, &i);
    } else {
        good = false;
    }
    return take(w, v, good, i);
}

static int on_null(void *ctx) { return take(ctx, NAN, false, 0); }
static int on_boolean(void *ctx, int on) {
    walk *w = ctx;
    return take(w, w->key == CROWD ? (double)on : (double)NAN, false, 0);
}

/* ---- the text ---------------------------------------------------------------------------- */

/* Length of NaN, Infinity or -Infinity at p, 0 if there is none. What a chunk cuts apart is no
 * JSON, and refused as that. */
static size_t odd_number(const unsigned char *p, size_t n) {
    static const char *const word[] = {"NaN", "Infinity", "-Infinity"};
    for (int k = 0; k < 3; k++) {
        size_t m = strlen(word[k]);
        if (n >= m && !memcmp(p, word[k], m)) return m;
    }
    return 0;
}

/* Feeds n bytes, with null in the place of odd numbers outside strings. */
static yajl_status feed(walk *w, gd_json_scan *scan, const unsigned char *p, size_t n) {
    size_t      from = 0;
    yajl_status y = yajl_status_ok;
    for (size_t i = 0; i < n && y == yajl_status_ok; i++) {
        size_t m;
        if (w->quoted) {
            if (w->escaped)
                w->escaped = false;
            else if (p[i] == '\\')
                w->escaped = true;
            else if (p[i] == '"')
                w->quoted = false;
        } else if (p[i] == '"') {
            w->quoted = true;
        } else if ((p[i] == 'N' || p[i] == 'I' || p[i] == '-') &&
                   (m = odd_number(p + i, n - i)) > 0) {
            if (i > from) y = gd_json_scan_feed(scan, p + from, i - from);
            if (y == yajl_status_ok)
                y = gd_json_scan_feed(scan, (const unsigned char *)"null", 4);
            from = i + m;
            i = from - 1;
        }
    }
    if (y == yajl_status_ok && n > from) y = gd_json_scan_feed(scan, p + from, n - from);
    return y;
}

typedef struct source { /* a file, or bytes in memory */
    gd_file             *file;
    const unsigned char *text;
    uint64_t             size;
} source;

static gd_status read_all(walk *w, gd_json_scan *scan, const source *s, unsigned char *chunk) {
    yajl_status y = yajl_status_ok;
    uint64_t    at = 0;
    gd_error   *err = w->b->err;
    /* Odd numbers are looked for in whole pieces: chunks overlap by what may begin one. */
    while (at < s->size && y == yajl_status_ok) {
        size_t               n = s->size - at < CHUNK ? (size_t)(s->size - at) : CHUNK, cut = n;
        const unsigned char *p = s->text ? s->text + at : chunk;
        if (s->file) GD_TRY(gd_file_read(s->file, at, chunk, n, err));
        if (at + n < s->size) /* not inside a word: a number or literal is never so long */
            for (size_t k = 0; k < 16 && cut > 1; k++, cut--)
                if (p[cut - 1] == ',' || p[cut - 1] == '[' || p[cut - 1] == ':' ||
                    p[cut - 1] == ' ' || p[cut - 1] == '\n')
                    break;
        if (at + n < s->size && cut + 16 <= n) cut = n;
        y = feed(w, scan, p, cut);
        at += cut;
    }
    if (y == yajl_status_ok) y = gd_json_scan_feed(scan, NULL, 0);
    if (w->st != GD_OK) return w->st;
    if (scan->starved)
        return gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory to read it", w->path);
    if (y != yajl_status_ok)
        return gd_fail_code(err, GD_ERR_FORMAT, 802,
                            "%.200s: is not valid JSON before byte %llu", w->path,
                            (unsigned long long)at);
    if (!(w->sections & 1U << IMAGES) || !(w->sections & 1U << CATEGORIES) ||
        !(w->sections & 1U << ANNOTATIONS))
        return gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: has no \"%s\"", w->path,
                            !(w->sections & 1U << IMAGES)       ? "images"
                            : !(w->sections & 1U << CATEGORIES) ? "categories"
                                                                : "annotations");
    return GD_OK;
}

static gd_status read_source(gd_data_build *b, const char *path, const source *s) {
    static const yajl_callbacks calls = {.yajl_null = on_null,
                                         .yajl_boolean = on_boolean,
                                         .yajl_number = on_number,
                                         .yajl_string = on_string,
                                         .yajl_start_map = on_map,
                                         .yajl_map_key = on_key,
                                         .yajl_end_map = on_close,
                                         .yajl_start_array = on_array,
                                         .yajl_end_array = on_close};
    walk                       *w = gd_mem_get_zero(sizeof *w);
    unsigned char              *chunk = gd_mem_get(CHUNK);
    gd_json_scan                scan = {0};
    gd_status                   st;
    b->by_id = true;
    if (!w || !chunk || !gd_json_scan_open(&scan, &calls, w)) {
        st = gd_fail(b->err, GD_ERR_NOMEM, "%.200s: no memory to read it", path);
        goto done;
    }
    w->b = b;
    w->path = path;
    st = read_all(w, &scan, s, chunk);
done:
    gd_json_scan_close(&scan);
    if (w) {
        gd_id_map_free(&w->images);
        gd_id_map_free(&w->classes);
    }
    gd_mem_put(chunk);
    gd_mem_put(w);
    return st;
}

gd_status gd_data_read_coco_text(gd_data_build *b, const char *path, const void *text,
                                 size_t size) {
    const source s = {.text = text, .size = size};
    return read_source(b, path, &s);
}

gd_status gd_data_read_coco(gd_data_build *b, const char *path) {
    gd_file   f = {.fd = -1};
    gd_status st = gd_file_open(&f, path, b->err);
    source    s = {.file = &f};
    if (st == GD_OK) {
        s.size = f.size;
        st = read_source(b, path, &s);
    }
    gd_file_close(&f);
    return st;
}
