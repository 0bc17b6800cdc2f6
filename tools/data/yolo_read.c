/* yolo_read.c -- YOLO labels: a .txt a picture, a line a box: class x y w h.
 *
 * x, y is the middle of the box; all four are shares of the sides of the picture.
 * Labels lie where Ultralytics looks for them: the last folder "images" of the path becomes
 * "labels", or beside the picture. A line with more columns is an outline, whose box counts. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/number.h"
#include "tools/data/layout.h"
#include "tools/data/picture_size.h"
#include "tools/data/yolo_read.h"
#include "tools/data/yolo_yaml.h"

enum { DEEPEST = 8, LABEL_BYTES = 64 << 20, COLUMN_ROOM = 64 };

static gd_status no_memory(gd_data_build *b) {
    return gd_fail(b->err, GD_ERR_NOMEM, "%.200s: no memory", b->d->path);
}

gd_status gd_data_yolo_splits(gd_data_layout *l, gd_arena *arena, gd_error *err) {
    gd_yolo_yaml y;
    GD_TRY(gd_yolo_yaml_read(l->main, arena, &y, err));
    for (int k = 0; k < GD_YOLO_SPLITS; k++)
        if (y.n_places[k]) GD_TRY(gd_data_layout_add(l, arena, y.split[k], NULL, err));
    return GD_OK;
}

/* ---- the lines of a label file ----------------------------------------------------------- */

typedef struct line {
    const char *p, *end;
    int         column; /* of the last one taken, from 1 */
} line;

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* The next column as text; false: there is none. One that is too long is cut: no number. */
static bool next_column(line *l, char text[COLUMN_ROOM]) {
    size_t n = 0;
    while (l->p < l->end && blank(*l->p)) l->p++;
    if (l->p == l->end) return false;
    for (; l->p < l->end && !blank(*l->p); l->p++)
        if (n + 1 < COLUMN_ROOM) text[n++] = *l->p;
    text[n] = '\0';
    l->column++;
    return true;
}

static int count_columns(line l) {
    char text[COLUMN_ROOM];
    while (next_column(&l, text)) {}
    return l.column;
}

/* The box around the points x y x y ... that follow. */
static bool read_shape(line *l, int n, double box[4], char text[COLUMN_ROOM]) {
    double lo[2] = {2, 2}, hi[2] = {-1, -1};
    for (int k = 0; k < n; k++) {
        double v;
        if (!next_column(l, text) || !gd_number_real(text, &v)) return false;
        if (n == 4) {
            box[k] = v;
            continue;
        }
        if (v < lo[k % 2]) lo[k % 2] = v;
        if (v > hi[k % 2]) hi[k % 2] = v;
    }
    if (n != 4)
        for (int k = 0; k < 2; k++) {
            box[k] = (lo[k] + hi[k]) / 2;
            box[k + 2] = hi[k] - lo[k];
        }
    return true;
}

/* One line that is not empty. */
static gd_status read_line(gd_data_build *b, int32_t image, line l, gd_data_place at) {
    gd_data_report      *r = &b->d->report;
    const gd_data_image *im = &b->d->images[image];
    gd_data_box          x = {.image = image, .id = -1, .line = (uint32_t)at.line};
    char                 text[COLUMN_ROOM];
    int64_t              label;
    double               v[4];
    int                  n = count_columns(l);
    r->labels++;
    if (n != 5 && (n < 7 || n % 2 == 0)) {
        gd_data_note(r, GD_DATA_BAD_COLUMNS, at, "%d column%s, not class x y w h", n,
                     n == 1 ? "" : "s");
        return GD_OK;
    }
    next_column(&l, text);
    at.column = 1;
    if (!gd_number_int(text, &label)) {
        gd_data_note(r, GD_DATA_BAD_NUMBER, at, "class '%.30s' is no whole number", text);
        return GD_OK;
    }
    if (label < 0 || label >= b->d->n_classes) {
        gd_data_note(r, GD_DATA_UNKNOWN_CLASS, at, "class %lld of %d", (long long)label,
                     b->d->n_classes);
        return GD_OK;
    }
    if (!read_shape(&l, n - 1, v, text)) {
        at.column = l.column;
        gd_data_note(r, GD_DATA_BAD_NUMBER, at, "'%.30s' is no number", text);
        return GD_OK;
    }
    for (int k = 0; k < 4; k++) {
        /* Rounding to six places carries a little over the border. */
        if (v[k] <= 1.001 && v[k] >= (k < 2 ? -0.001 : -1e9)) continue;
        at.column = n == 5 ? k + 2 : 0;
        gd_data_note(r, GD_DATA_OUTSIDE, at, "%g is no share of the picture: 0 .. 1", v[k]);
        return GD_OK;
    }
    x.label = (int32_t)label;
    x.w = v[2] * im->width;
    x.h = v[3] * im->height;
    x.x = v[0] * im->width - x.w / 2;
    x.y = v[1] * im->height - x.h / 2;
    x.area = x.w * x.h;
    if (n != 5) x.flags = GD_DATA_MASK;
    return gd_data_add_box(b, &x);
}

gd_status gd_data_yolo_text(gd_data_build *b, int32_t image, const char *file, const char *text,
                            size_t size) {
    int64_t number = 0;
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3;
        size -= 3;
    }
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t      n = end ? (size_t)(end - text) - at : size - at;
        line        l = {text + at, text + at + n, 0};
        number++;
        if (count_columns(l) > 0)
            GD_TRY(read_line(b, image, l,
                             (gd_data_place){.file = file, .line = number, .id = -1}));
        at += n + 1;
    }
    return GD_OK;
}

/* ---- pictures ---------------------------------------------------------------------------- */

/* Where the labels of a picture are: "labels" for the last folder "images", .txt for its
 * extension. */
static bool label_path(const char *picture, char out[GD_DATA_PATH]) {
    const char *last = NULL, *dot, *base;
    int         n;
    for (const char *p = picture; (p = strstr(p, "/images/")) != NULL; p++) last = p;
    base = strrchr(picture, '/');
    dot = strrchr(base ? base : picture, '.');
    if (!dot) dot = picture + strlen(picture);
    if (last)
        n = snprintf(out, GD_DATA_PATH, "%.*s/labels/%.*s.txt", (int)(last - picture), picture,
                     (int)(dot - last - 8), last + 8);
    else
        n = snprintf(out, GD_DATA_PATH, "%.*s.txt", (int)(dot - picture), picture);
    return n > 0 && n < GD_DATA_PATH;
}

static gd_status read_labels(gd_data_build *b, int32_t image) {
    char           file[GD_DATA_PATH];
    const char    *picture = b->d->images[image].path;
    unsigned char *text = NULL;
    size_t         size;
    gd_status      st;
    if (!label_path(picture, file) || !gd_data_is_file(file)) {
        gd_data_note(&b->d->report, GD_DATA_NO_LABELS,
                     (gd_data_place){.file = picture, .id = -1}, NULL);
        return GD_OK;
    }
    b->label_file[image] = gd_arena_string(&b->d->arena, file);
    if (!b->label_file[image]) return no_memory(b);
    GD_TRY(gd_file_slurp(file, LABEL_BYTES, &text, &size, b->err));
    st = gd_data_yolo_text(b, image, b->label_file[image], (const char *)text, size);
    gd_mem_put(text);
    return st;
}

/* A picture by its path; `name` is the part of it that the data set calls it by. */
static gd_status add_picture(gd_data_build *b, const char *path, const char *name) {
    gd_data_place   at = {.file = path, .id = -1};
    gd_picture_size size;
    gd_error        why = {0};
    int32_t         i;
    gd_status       st;
    b->d->report.pictures++;
    st = gd_picture_size_read(path, &size, &why);
    if (st == GD_ERR_NOMEM) return no_memory(b);
    if (st != GD_OK) {
        gd_data_note(&b->d->report, st == GD_ERR_IO ? GD_DATA_NO_PICTURE : GD_DATA_BAD_PICTURE,
                     at, "%.200s", why.msg);
        return GD_OK;
    }
    i = gd_data_new_image(b);
    if (i < 0) return b->err->status;
    b->d->images[i].path = gd_arena_string(&b->d->arena, path);
    if (!b->d->images[i].path) return no_memory(b);
    b->d->images[i].name = b->d->images[i].path + (name - path);
    b->d->images[i].width = size.width;
    b->d->images[i].height = size.height;
    return read_labels(b, i);
}

/* Pictures of a folder and of the folders in it. `from`: length of the split's own folder. */
static gd_status add_folder(gd_data_build *b, const char *folder, size_t from, int depth) {
    gd_arena     arena = {0};
    char         path[GD_DATA_PATH];
    const char **names;
    size_t       n;
    gd_status    st = gd_data_list(folder, &arena, &names, &n, b->err);
    for (size_t i = 0; i < n && st == GD_OK; i++) {
        if (!gd_data_join(path, folder, names[i])) {
            b->d->report.pictures++;
            gd_data_note(&b->d->report, GD_DATA_BAD_PATH,
                         (gd_data_place){.file = folder, .id = -1, .picture = names[i]},
                         "the path is longer than 4095 bytes");
        } else if (gd_data_is_picture(names[i])) {
            st = add_picture(b, path, path + from + (path[from] == '/'));
        } else if (depth < DEEPEST && gd_data_is_folder(path)) {
            st = add_folder(b, path, from, depth + 1);
        }
    }
    gd_arena_free(&arena);
    return st;
}

/* A text with a path a line: relative to the text with ./, else to the base. */
static gd_status add_list(gd_data_build *b, const char *file, const char *base) {
    unsigned char *text = NULL;
    size_t         size, own = strrchr(file, '/') ? (size_t)(strrchr(file, '/') - file) : 0;
    gd_status      st = gd_file_slurp(file, LABEL_BYTES, &text, &size, b->err);
    for (size_t at = 0; st == GD_OK && at < size;) {
        const char *p = (const char *)text + at, *end = memchr(p, '\n', size - at);
        size_t      n = end ? (size_t)(end - p) : size - at;
        char        name[GD_DATA_PATH], path[GD_DATA_PATH], folder[GD_DATA_PATH];
        bool        here = n > 2 && p[0] == '.' && p[1] == '/';
        at += n + 1;
        while (n && blank(p[n - 1])) n--;
        if (!n) continue;
        snprintf(folder, sizeof folder, "%.*s", (int)own, own ? file : "");
        if (n >= sizeof name || memchr(p, '\0', n) ||
            snprintf(name, sizeof name, "%.*s", (int)n - 2 * here, p + 2 * here) < 0 ||
            !gd_data_join(path, here ? folder : base, name)) {
            b->d->report.pictures++;
            gd_data_note(&b->d->report, GD_DATA_BAD_PATH,
                         (gd_data_place){.file = file, .id = -1}, NULL);
            continue;
        }
        const char *slash = strrchr(path, '/');
        st = add_picture(b, path,
                         name[0] != '/' && !strstr(name, "..")
                             ? path + strlen(path) - strlen(name)
                         : slash ? slash + 1
                                 : path);
    }
    gd_mem_put(text);
    return st;
}

static gd_status add_place(gd_data_build *b, const char *base, const char *place) {
    char path[GD_DATA_PATH];
    if (!gd_data_join(path, base, place))
        return gd_fail_code(b->err, GD_ERR_FORMAT, 802, "%.200s: a path is too long",
                            b->d->path);
    if (gd_data_is_folder(path)) return add_folder(b, path, strlen(path), 0);
    if (gd_data_is_file(path)) return add_list(b, path, base);
    gd_fail_code(b->err, GD_ERR_IO, 802, "%.300s: there is no such folder or list", path);
    gd_error_why(b->err, "%s names it", b->d->path);
    return GD_ERR_IO;
}

gd_status gd_data_read_yolo(gd_data_build *b, const char *yaml) {
    gd_yolo_yaml y;
    GD_TRY(gd_yolo_yaml_read(yaml, &b->d->arena, &y, b->err));
    for (int i = 0; i < y.n_names; i++) {
        int32_t c = gd_data_new_class(b);
        if (c < 0) return b->err->status;
        b->d->classes[c] = (gd_data_class){y.names[i], i};
    }
    for (int k = 0; k < GD_YOLO_SPLITS; k++)
        for (int i = 0; i < y.n_places[k]; i++)
            if (!strcmp(b->d->split, y.split[k])) GD_TRY(add_place(b, y.base, y.place[k][i]));
    return GD_OK;
}
