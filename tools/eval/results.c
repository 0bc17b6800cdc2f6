/* results.c -- see results.h. */
#include "tools/eval/results.h"

#include <stdio.h>
#include <string.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/number.h"
#include "tools/cli/text.h"
#include "tools/output/json_scan.h"

enum { DEEPEST = 32, NUMBER_ROOM = 64, NAME_ROOM = 4096 };

typedef enum field { OTHER, IMAGE, CLASS, BOX, SCORE } field;

/* The document is walked by depth: 1 inside the list, 2 inside an entry, 3 inside its bbox. */
typedef struct walk {
    const char             *path;
    const gd_results_names *names;
    gd_results             *out;
    gd_error               *err;
    gd_status               st;
    int                     depth;
    bool                    is_list, refused;
    field                   key;
    int                     n_box;
    bool                    have[SCORE + 1];
    char                    image[96], class_name[96]; /* as the entry tells, for messages */
    gd_eval_found           found;
    char                    name[NAME_ROOM];
} walk;

gd_status gd_results_add(gd_results *r, const gd_eval_found *f, gd_error *err) {
    if (r->n == r->room) {
        const int      room = r->room ? r->room + r->room / 2 : 1024;
        gd_eval_found *more = room <= GD_RESULTS_MOST
                                  ? gd_mem_grow(r->found, (size_t)r->n * sizeof *more,
                                                (size_t)room * sizeof *more)
                                  : NULL;
        if (!more) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d detections", room);
        r->found = more;
        r->room = room;
    }
    r->found[r->n++] = *f;
    return GD_OK;
}

void gd_results_free(gd_results *r) {
    gd_mem_put(r->found);
    *r = (gd_results){0};
}

static bool refuse(walk *w, const char *why) {
    if (w->depth > 1)
        w->st = gd_fail_code(w->err, GD_ERR_FORMAT, 363, "%s: entry %lld: %s", w->path,
                             (long long)w->out->n_read + 1, why);
    else
        w->st = gd_fail_code(w->err, GD_ERR_FORMAT, 363, "%s: %s", w->path, why);
    w->refused = true;
    return false;
}

static int on_list(void *ctx) {
    walk *w = ctx;
    if (w->depth == 0) w->is_list = true;
    if (++w->depth > DEEPEST) return refuse(w, "it is nested more than 32 deep");
    if (w->depth == 2) return refuse(w, "it is a list, not an object");
    return true;
}

static int on_list_end(void *ctx) {
    walk *w = ctx;
    if (w->depth-- != 3 || w->key != BOX) return true;
    w->depth++; /* messages are about the entry */
    if (w->n_box != 4) return refuse(w, "its bbox has not four numbers");
    w->depth--;
    w->have[BOX] = true;
    return true;
}

static int on_map(void *ctx) {
    walk *w = ctx;
    if (w->depth == 0)
        return refuse(w, "is an object; a list of detections was expected (the results "
                         "format of COCO)");
    if (++w->depth > DEEPEST) return refuse(w, "it is nested more than 32 deep");
    if (w->depth != 2) return true;
    memset(w->have, 0, sizeof w->have);
    w->n_box = 0;
    return true;
}

/* An entry is complete. */
static int on_map_end(void *ctx) {
    static const char *const lacks[] = {[IMAGE] = "it has no image_id",
                                        [CLASS] = "it has no category_id",
                                        [BOX] = "it has no bbox",
                                        [SCORE] = "it has no score"};
    walk                    *w = ctx;
    gd_results              *r = w->out;
    if (w->depth != 2) {
        w->depth--;
        return true;
    }
    for (int k = IMAGE; k <= SCORE; k++)
        if (!w->have[k]) return refuse(w, lacks[k]);
    if (w->found.box[2] < 0 || w->found.box[3] < 0)
        return refuse(w, "its bbox has a negative width or height");
    w->depth--;
    r->n_read++;
    if (w->found.image < 0) {
        if (!r->other_images++) memcpy(r->image, w->image, sizeof r->image);
        return true;
    }
    if (w->found.class_id < 0) {
        if (!r->other_classes++) memcpy(r->class_name, w->class_name, sizeof r->class_name);
        return true;
    }
    w->st = gd_results_add(r, &w->found, w->err);
    return w->st == GD_OK;
}

static bool is(const unsigned char *s, size_t n, const char *word) {
    return n == strlen(word) && memcmp(s, word, n) == 0;
}

static int on_key(void *ctx, const unsigned char *s, size_t n) {
    static const struct {
        const char *name;
        field       key;
    } known[] = {{"image_id", IMAGE}, {"category_id", CLASS}, {"bbox", BOX}, {"score", SCORE}};
    walk *w = ctx;
    if (w->depth != 2) return true;
    w->key = OTHER;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is(s, n, known[i].name)) w->key = known[i].key;
    if (w->key != OTHER && w->have[w->key]) return refuse(w, "a key stands there twice");
    return true;
}

/* A picture or class, told by number or by name; its words are kept where it is not known. */
static int take_id(walk *w, int64_t id, const char *name) {
    const gd_results_names *k = w->names;
    const bool              image = w->key == IMAGE;
    int32_t                 index;
    if (name)
        index = image ? k->image_name(k->ctx, name) : k->class_name(k->ctx, name);
    else
        index = image ? k->image_id(k->ctx, id) : k->class_id(k->ctx, id);
    if (image)
        w->found.image = index;
    else
        w->found.class_id = index;
    w->have[w->key] = true;
    if (index >= 0) return true;
    char *shown = image ? w->image : w->class_name;
    if (name)
        gd_escape(shown, sizeof w->image, name);
    else
        snprintf(shown, sizeof w->image, "%lld", (long long)id);
    return true;
}

static int on_string(void *ctx, const unsigned char *s, size_t n) {
    walk *w = ctx;
    if (w->depth == 1) return refuse(w, "an entry is a string, not an object");
    if (w->depth == 0) return true;
    if (w->depth == 3 && w->key == BOX) return refuse(w, "its bbox holds a string");
    if (w->depth != 2 || w->key == OTHER) return true;
    if (w->key == BOX || w->key == SCORE)
        return refuse(w, w->key == BOX ? "its bbox is a string" : "its score is a string");
    if (n == 0 || n >= NAME_ROOM || memchr(s, '\0', n))
        return refuse(w, "a name is empty, longer than 4095 bytes, or holds a zero byte");
    memcpy(w->name, s, n);
    w->name[n] = '\0';
    return take_id(w, 0, w->name);
}

static int on_number(void *ctx, const char *s, size_t n) {
    walk   *w = ctx;
    char    text[NUMBER_ROOM];
    int64_t id;
    double  v;
    if (w->depth == 1) return refuse(w, "an entry is a number, not an object");
    const bool in_box = w->depth == 3 && w->key == BOX;
    if (!in_box && (w->depth != 2 || w->key == OTHER)) return true;
    if (n >= sizeof text) return refuse(w, "a number has more than 63 digits");
    memcpy(text, s, n);
    text[n] = '\0';
    if (w->key == IMAGE || w->key == CLASS) {
        if (!gd_number_int(text, &id))
            return refuse(w, "an image_id or category_id is no whole number");
        return take_id(w, id, NULL);
    }
    if (!gd_number_real(text, &v)) return refuse(w, "a number is out of range");
    if (w->key == SCORE) {
        w->found.score = v;
        w->have[SCORE] = true;
    } else if (!in_box || w->n_box == 4) {
        return refuse(w, "its bbox has not four numbers");
    } else {
        w->found.box[w->n_box++] = v;
    }
    return true;
}

static int on_word(void *ctx) { /* null, true, false */
    walk *w = ctx;
    if (w->depth == 1 || (w->depth == 2 && w->key != OTHER) || (w->depth == 3 && w->key == BOX))
        return refuse(w, "null, true or false stands where a value was expected");
    return true;
}
static int on_boolean(void *ctx, int value) {
    (void)value;
    return on_word(ctx);
}

static gd_status parse(walk *w, gd_file *f, gd_json_scan *scan, unsigned char *chunk,
                       size_t room, gd_error *err) {
    yajl_status y = yajl_status_ok;
    uint64_t    at = 0;
    while (at < f->size && y == yajl_status_ok) {
        const size_t n = f->size - at < room ? (size_t)(f->size - at) : room;
        GD_TRY(gd_file_read(f, at, chunk, n, err));
        y = gd_json_scan_feed(scan, chunk, n);
        at += y == yajl_status_ok ? n : yajl_get_bytes_consumed(scan->handle);
    }
    if (y == yajl_status_ok) y = gd_json_scan_feed(scan, NULL, 0);
    if (w->st != GD_OK) {
        if (w->refused && w->depth > 0)
            gd_error_why(err, "near byte %llu of the file", (unsigned long long)at);
        return w->st;
    }
    if (scan->starved) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory to read it", w->path);
    if (y != yajl_status_ok)
        return gd_fail_code(err, GD_ERR_FORMAT, 363, "%s: is not valid JSON at byte %llu",
                            w->path, (unsigned long long)at);
    if (!w->is_list)
        return gd_fail_code(err, GD_ERR_FORMAT, 363, "%s: is no list of detections", w->path);
    return GD_OK;
}

gd_status gd_results_read(const char *path, const gd_results_names *names, gd_results *out,
                          gd_error *err) {
    static const yajl_callbacks calls = {.yajl_null = on_word,
                                         .yajl_boolean = on_boolean,
                                         .yajl_number = on_number,
                                         .yajl_string = on_string,
                                         .yajl_start_map = on_map,
                                         .yajl_map_key = on_key,
                                         .yajl_end_map = on_map_end,
                                         .yajl_start_array = on_list,
                                         .yajl_end_array = on_list_end};
    enum { CHUNK = 1 << 16 };
    gd_file        f = {.fd = -1};
    walk          *w = gd_mem_get_zero(sizeof *w);
    unsigned char *chunk = gd_mem_get(CHUNK);
    gd_json_scan   scan = {0};
    gd_status      st = GD_OK;
    *out = (gd_results){0};
    if (!w || !chunk || !gd_json_scan_open(&scan, &calls, w)) {
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory to read it", path);
        goto done;
    }
    w->path = path;
    w->names = names;
    w->out = out;
    w->err = err;
    GD_GO(gd_file_open(&f, path, err));
    GD_GO(parse(w, &f, &scan, chunk, CHUNK, err));
done:
    gd_json_scan_close(&scan);
    gd_file_close(&f);
    gd_mem_put(chunk);
    gd_mem_put(w);
    if (st != GD_OK) gd_results_free(out);
    return st;
}
