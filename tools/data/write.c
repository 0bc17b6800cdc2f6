/* write.c -- COCO, VOC and YOLO data sets; see write.h. */
#include "tools/data/write.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/data/build.h"
#include "tools/data/picture_size.h"
#include "tools/output/sink.h"

enum { COPY_BYTES = 1 << 30, FLUSH = 1 << 16 };

typedef struct job {
    gd_data_writer *w;
    const gd_data  *d;
    const char     *split;
    gd_error       *err;
    int64_t         box_id;
} job;

/* ---- folders and pictures ---------------------------------------------------------------- */

static gd_status too_long(const job *j, const char *name) {
    return gd_fail_code(j->err, GD_ERR_IO, 952, "%.200s: the path is too long", name);
}

/* Makes the folders that a file at `path` is in. */
static gd_status make_folders(const job *j, const char *path) {
    char at[GD_DATA_PATH];
    if (snprintf(at, sizeof at, "%s", path) >= (int)sizeof at) return too_long(j, path);
    for (char *p = at + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        if (mkdir(at, 0777) != 0 && errno != EEXIST)
            return gd_fail_code(j->err, GD_ERR_IO, 952, "%.300s: %s", at, strerror(errno));
        *p = '/';
    }
    return GD_OK;
}

static gd_status open_text(const job *j, gd_sink *s, const char *path) {
    GD_TRY(make_folders(j, path));
    return gd_sink_open(s, path, j->w->replace, j->err);
}

static gd_status copy_file(const job *j, const char *from, const char *to) {
    unsigned char *data = NULL;
    size_t         n;
    gd_out         o = {.fd = -1};
    gd_status      st;
    GD_GO(gd_file_slurp(from, COPY_BYTES, &data, &n, j->err));
    GD_GO(gd_out_open(&o, to, j->w->replace ? GD_OUT_REPLACE : 0, j->err));
    GD_GO(gd_out_write(&o, data, n, j->err));
    st = gd_out_commit(&o, j->err);
done:
    gd_out_abort(&o);
    gd_mem_put(data);
    return st;
}

static gd_status bring_picture(const job *j, const char *from, const char *to) {
    char        real[PATH_MAX];
    struct stat s;
    if (j->w->pictures == GD_PICTURES_NONE) return GD_OK;
    GD_TRY(make_folders(j, to));
    if (j->w->pictures == GD_PICTURES_COPY) return copy_file(j, from, to);
    if (!realpath(from, real))
        return gd_fail_code(j->err, GD_ERR_IO, 802, "%.300s: %s", from, strerror(errno));
    if (lstat(to, &s) == 0 && S_ISLNK(s.st_mode) && j->w->replace) unlink(to);
    if (symlink(real, to) != 0)
        return gd_fail_code(j->err, GD_ERR_IO, 952, "%.300s: no link: %s", to, strerror(errno));
    return GD_OK;
}

/* ---- what all formats share -------------------------------------------------------------- */

/* So many digits behind the point at most, none that says nothing. */
static void put_digits(gd_buffer *b, double v, int digits) {
    char   text[64];
    size_t n = (size_t)snprintf(text, sizeof text, "%.*f", digits, v);
    while (n > 1 && text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
    if (n == 2 && !memcmp(text, "-0", 2)) memcpy(text, "0", n = 1);
    gd_put_bytes(b, text, n);
}

static void put_number(gd_buffer *b, double v) { put_digits(b, v, 6); }

static gd_status size_of(const job *j, const gd_data_image *im, gd_picture_size *s) {
    *s = (gd_picture_size){im->width, im->height, 1};
    return im->width && im->height ? GD_OK : gd_picture_size_read(im->path, s, j->err);
}

/* The box as it is written; false: it is left out. */
static bool box_of(job *j, const gd_data_box *x, size_t at, const gd_picture_size *s,
                   double out[4]) {
    const gd_data_image *im = &j->d->images[x->image];
    double               left = x->x, top = x->y, right = x->x + x->w, low = x->y + x->h;
    if (x->flags & GD_DATA_MASK) j->w->lost_masks++;
    if (j->w->clean) {
        for (size_t k = im->first; k < at; k++) {
            const gd_data_box *y = &j->d->boxes[k];
            if (y->label != x->label || memcmp(&y->x, &x->x, 4 * sizeof x->x)) continue;
            j->w->lost_twins++;
            return false;
        }
        left = fmax(left, 0), top = fmax(top, 0);
        right = fmin(right, s->width), low = fmin(low, s->height);
    }
    out[0] = left, out[1] = top, out[2] = right - left, out[3] = low - top;
    j->w->written_boxes++;
    return true;
}

/* ---- COCO -------------------------------------------------------------------------------- */

static gd_status coco_boxes(job *j, gd_sink *s, const uint32_t *pictures, size_t n) {
    const char *comma = "\n";
    for (size_t i = 0; i < n; i++) {
        const uint32_t       at = pictures ? pictures[i] : (uint32_t)i;
        const gd_data_image *im = &j->d->images[at];
        gd_picture_size      size;
        GD_TRY(size_of(j, im, &size));
        for (size_t k = im->first; k < im->first + (size_t)im->n; k++) {
            const gd_data_box *x = &j->d->boxes[k];
            double             v[4];
            if (!box_of(j, x, k, &size, v)) continue;
            gd_put(&s->text, comma);
            comma = ",\n";
            gd_put(&s->text, "{\"id\":");
            gd_put_int(&s->text, x->id >= 0 ? x->id : ++j->box_id);
            gd_put_key_int(&s->text, "image_id", im->id);
            gd_put_key_int(&s->text, "category_id", j->d->classes[x->label].id);
            gd_put(&s->text, ",\"bbox\":[");
            for (int c = 0; c < 4; c++) {
                if (c) gd_put(&s->text, ",");
                put_number(&s->text, v[c]);
            }
            gd_put(&s->text, "],\"area\":");
            put_number(&s->text, j->w->clean ? fmin(x->area, v[2] * v[3]) : x->area);
            gd_put_key_int(&s->text, "iscrowd", (x->flags & GD_DATA_CROWD) != 0);
            gd_put(&s->text, "}");
        }
        if (s->text.size > FLUSH) GD_TRY(gd_sink_flush(s, j->err));
    }
    return GD_OK;
}

static gd_status coco_text(job *j, gd_sink *s, const uint32_t *pictures, size_t n) {
    gd_put(&s->text, "{\"info\":{\"description\":");
    gd_put_json_string(&s->text, "written by gdrun data");
    gd_put(&s->text, "},\n\"categories\":[");
    for (int i = 0; i < j->d->n_classes; i++) {
        gd_put(&s->text, i ? ",\n{\"id\":" : "\n{\"id\":");
        gd_put_int(&s->text, j->d->classes[i].id);
        gd_put_key_string(&s->text, "name", j->d->classes[i].name);
        gd_put(&s->text, "}");
    }
    gd_put(&s->text, "],\n\"images\":[");
    for (size_t i = 0; i < n; i++) {
        const gd_data_image *im = &j->d->images[pictures ? pictures[i] : i];
        gd_picture_size      size;
        GD_TRY(size_of(j, im, &size));
        gd_put(&s->text, i ? ",\n{\"id\":" : "\n{\"id\":");
        gd_put_int(&s->text, im->id);
        gd_put_key_string(&s->text, "file_name", im->name);
        gd_put_key_int(&s->text, "width", size.width);
        gd_put_key_int(&s->text, "height", size.height);
        gd_put(&s->text, "}");
        if (s->text.size > FLUSH) GD_TRY(gd_sink_flush(s, j->err));
    }
    gd_put(&s->text, "],\n\"annotations\":[");
    GD_TRY(coco_boxes(j, s, pictures, n));
    gd_put(&s->text, "]}\n");
    return GD_OK;
}

static gd_status write_coco(job *j, const uint32_t *pictures, size_t n) {
    const size_t m = strlen(j->w->out);
    const bool   alone = m > 5 && !strcmp(j->w->out + m - 5, ".json");
    gd_sink      s = GD_SINK_NONE;
    char         path[GD_DATA_PATH];
    gd_status    st = GD_OK;
    if (alone ? snprintf(path, sizeof path, "%s", j->w->out) >= (int)sizeof path
              : snprintf(path, sizeof path, "%s/annotations/instances_%s.json", j->w->out,
                         j->split) >= (int)sizeof path)
        return too_long(j, j->w->out);
    for (size_t i = 0; i < j->d->n_boxes; i++)
        if (j->d->boxes[i].id > j->box_id) j->box_id = j->d->boxes[i].id;
    GD_GO(open_text(j, &s, path));
    GD_GO(coco_text(j, &s, pictures, n));
    GD_GO(gd_sink_commit(&s, j->err));
    for (size_t i = 0; i < n && !alone; i++) {
        const gd_data_image *im = &j->d->images[pictures ? pictures[i] : i];
        if (snprintf(path, sizeof path, "%s/%s/%s", j->w->out, j->split, im->name) >=
            (int)sizeof path)
            GD_GO(too_long(j, im->name));
        GD_GO(bring_picture(j, im->path, path));
    }
done:
    gd_sink_abort(&s);
    return st;
}

/* ---- VOC --------------------------------------------------------------------------------- */

static void voc_object(gd_buffer *b, const gd_data *d, const gd_data_box *x,
                       const double v[4]) {
    static const char *const side[] = {"xmin", "ymin", "xmax", "ymax"};
    const double             at[4] = {v[0] + 1, v[1] + 1, v[0] + v[2], v[1] + v[3]};
    gd_put(b, "\t<object>\n\t\t<name>");
    gd_put_xml(b, d->classes[x->label].name);
    gd_put(b, "</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>");
    gd_put_int(b, (x->flags & GD_DATA_TRUNCATED) != 0);
    gd_put(b, "</truncated>\n\t\t<difficult>");
    gd_put_int(b, (x->flags & (GD_DATA_DIFFICULT | GD_DATA_CROWD)) != 0);
    gd_put(b, "</difficult>\n\t\t<bndbox>\n");
    for (int k = 0; k < 4; k++) {
        gd_put(b, "\t\t\t<");
        gd_put(b, side[k]);
        gd_put(b, ">");
        put_number(b, at[k]);
        gd_put(b, "</");
        gd_put(b, side[k]);
        gd_put(b, ">\n");
    }
    gd_put(b, "\t\t</bndbox>\n\t</object>\n");
}

/* The name without folders, which VOC has none of. */
static void flat_name(const gd_data_image *im, char out[GD_DATA_PATH], size_t *stem) {
    snprintf(out, GD_DATA_PATH, "%s", im->name);
    for (char *p = out; *p; p++)
        if (*p == '/') *p = '_';
    const char *dot = strrchr(out, '.');
    *stem = dot ? (size_t)(dot - out) : strlen(out);
}

static gd_status voc_page(job *j, const gd_data_image *im) {
    gd_sink         s = GD_SINK_NONE;
    gd_picture_size size;
    char            name[GD_DATA_PATH], path[GD_DATA_PATH];
    size_t          stem;
    gd_status       st;
    flat_name(im, name, &stem);
    GD_GO(size_of(j, im, &size));
    if (snprintf(path, sizeof path, "%s/Annotations/%.*s.xml", j->w->out, (int)stem, name) >=
        (int)sizeof path)
        GD_GO(too_long(j, name));
    GD_GO(open_text(j, &s, path));
    gd_put(&s.text, "<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>");
    gd_put_xml(&s.text, name);
    gd_put(&s.text, "</filename>\n\t<size>\n\t\t<width>");
    gd_put_int(&s.text, size.width);
    gd_put(&s.text, "</width>\n\t\t<height>");
    gd_put_int(&s.text, size.height);
    gd_put(&s.text, "</height>\n\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n");
    for (size_t k = im->first; k < im->first + (size_t)im->n; k++) {
        double v[4];
        if (box_of(j, &j->d->boxes[k], k, &size, v))
            voc_object(&s.text, j->d, &j->d->boxes[k], v);
    }
    gd_put(&s.text, "</annotation>\n");
    GD_GO(gd_sink_commit(&s, j->err));
    if (snprintf(path, sizeof path, "%s/JPEGImages/%s", j->w->out, name) >= (int)sizeof path)
        GD_GO(too_long(j, name));
    st = bring_picture(j, im->path, path);
done:
    gd_sink_abort(&s);
    return st;
}

static gd_status write_voc(job *j, const uint32_t *pictures, size_t n) {
    gd_sink   s = GD_SINK_NONE;
    char      path[GD_DATA_PATH], name[GD_DATA_PATH];
    size_t    stem;
    gd_status st;
    if (snprintf(path, sizeof path, "%s/ImageSets/Main/%s.txt", j->w->out, j->split) >=
        (int)sizeof path)
        return too_long(j, j->w->out);
    GD_GO(open_text(j, &s, path));
    for (size_t i = 0; i < n; i++) {
        const gd_data_image *im = &j->d->images[pictures ? pictures[i] : i];
        GD_GO(voc_page(j, im));
        flat_name(im, name, &stem);
        gd_put_bytes(&s.text, name, stem);
        gd_put(&s.text, "\n");
    }
    st = gd_sink_commit(&s, j->err);
done:
    gd_sink_abort(&s);
    return st;
}

/* ---- YOLO -------------------------------------------------------------------------------- */

static gd_status yolo_labels(job *j, const gd_data_image *im) {
    gd_sink         s = GD_SINK_NONE;
    gd_picture_size size;
    char            path[GD_DATA_PATH];
    const char     *base = strrchr(im->name, '/'), *dot = strrchr(base ? base : im->name, '.');
    const int       stem = dot ? (int)(dot - im->name) : (int)strlen(im->name);
    gd_status       st;
    GD_GO(size_of(j, im, &size));
    if (snprintf(path, sizeof path, "%s/labels/%s/%.*s.txt", j->w->out, j->split, stem,
                 im->name) >= (int)sizeof path)
        GD_GO(too_long(j, im->name));
    GD_GO(open_text(j, &s, path));
    for (size_t k = im->first; k < im->first + (size_t)im->n; k++) {
        const gd_data_box *x = &j->d->boxes[k];
        double             v[4];
        if (x->flags & GD_DATA_CROWD && !j->w->crowds) {
            j->w->lost_crowds++;
            continue;
        }
        if (!box_of(j, x, k, &size, v)) continue;
        const double share[4] = {(v[0] + v[2] / 2) / size.width,
                                 (v[1] + v[3] / 2) / size.height, v[2] / size.width,
                                 v[3] / size.height};
        gd_put_int(&s.text, x->label);
        for (int c = 0; c < 4; c++) {
            gd_put(&s.text, " "); /* so fine that whole pixels come back whole */
            put_digits(&s.text, share[c], 10);
        }
        gd_put(&s.text, "\n");
    }
    GD_GO(gd_sink_commit(&s, j->err));
    if (snprintf(path, sizeof path, "%s/images/%s/%s", j->w->out, j->split, im->name) >=
        (int)sizeof path)
        GD_GO(too_long(j, im->name));
    st = bring_picture(j, im->path, path);
done:
    gd_sink_abort(&s);
    return st;
}

static gd_status write_yaml(job *j, const char *const *splits, int n) {
    gd_sink   s = GD_SINK_NONE;
    char      path[GD_DATA_PATH];
    gd_status st;
    if (snprintf(path, sizeof path, "%s/data.yaml", j->w->out) >= (int)sizeof path)
        return too_long(j, j->w->out);
    GD_GO(open_text(j, &s, path));
    for (int i = 0; i < n; i++) {
        const char *name = splits[i];
        /* The key is train, val or test whatever the split was called. */
        gd_put(&s.text, !strncmp(name, "val", 3)    ? "val"
                        : !strncmp(name, "test", 4) ? "test"
                                                    : "train");
        gd_put(&s.text, ": images/");
        gd_put(&s.text, splits[i]);
        gd_put(&s.text, "\n");
    }
    gd_put(&s.text, "nc: ");
    gd_put_int(&s.text, j->d->n_classes);
    gd_put(&s.text, "\nnames:\n");
    for (int i = 0; i < j->d->n_classes; i++) {
        gd_put(&s.text, "  ");
        gd_put_int(&s.text, i);
        gd_put(&s.text, ": "); /* a JSON string is a YAML string */
        gd_put_json_string(&s.text, j->d->classes[i].name);
        gd_put(&s.text, "\n");
    }
    st = gd_sink_commit(&s, j->err);
done:
    gd_sink_abort(&s);
    return st;
}

/* ---- all of them ------------------------------------------------------------------------- */

static gd_status write_split(job *j, const uint32_t *pictures, size_t n) {
    if (!strcmp(j->w->format, "coco")) return write_coco(j, pictures, n);
    if (!strcmp(j->w->format, "voc")) return write_voc(j, pictures, n);
    for (size_t i = 0; i < n; i++)
        GD_TRY(yolo_labels(j, &j->d->images[pictures ? pictures[i] : i]));
    return GD_OK;
}

/* What the system refuses here is about the output. */
static gd_status as_output(gd_status st, gd_error *err) {
    if (st == GD_ERR_IO && err && !err->code) err->code = 900;
    return st;
}

gd_status gd_data_write(gd_data_writer *w, const gd_data *d, const char *split,
                        const uint32_t *pictures, size_t n, gd_error *err) {
    job j = {.w = w, .d = d, .split = split && *split ? split : "train", .err = err};
    w->written_images += n;
    return as_output(write_split(&j, pictures, n), err);
}

gd_status gd_data_write_end(gd_data_writer *w, const gd_data *d, const char *const *splits,
                            int n_splits, gd_error *err) {
    job j = {.w = w, .d = d, .err = err};
    return strcmp(w->format, "yolo") ? GD_OK : as_output(write_yaml(&j, splits, n_splits), err);
}
