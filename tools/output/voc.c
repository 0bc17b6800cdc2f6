/* voc.c -- Pascal VOC annotations: an XML file a picture.
 *
 * VOC counts pixels from 1 and includes both ends: the box [x1, x2) holds the pixels x1 + 1 to
 * x2. Coordinates are whole numbers there, so they are rounded. */
#include <math.h>
#include <string.h>

#include "tools/output/writer_kind.h"

static void element(gd_buffer *b, const char *name, const char *text) {
    gd_put(b, "<");
    gd_put(b, name);
    gd_put(b, ">");
    gd_put_xml(b, text);
    gd_put(b, "</");
    gd_put(b, name);
    gd_put(b, ">");
}

static void put_number(gd_buffer *b, const char *name, int64_t v) {
    gd_put(b, "<");
    gd_put(b, name);
    gd_put(b, ">");
    gd_put_int(b, v);
    gd_put(b, "</");
    gd_put(b, name);
    gd_put(b, ">");
}

static void put_object(gd_buffer *b, const gd_writer *w, const gd_record *r, int i) {
    const gd_detection *d = &r->detections[i];
    char                name[32];
    double              c[4];
    if (!gd_record_clip(r, i, c)) return;
    bool cut = c[0] > (double)d->box[0] || c[1] > (double)d->box[1] ||
               c[2] < (double)d->box[2] || c[3] < (double)d->box[3];
    int64_t x1 = llround(c[0]) + 1, y1 = llround(c[1]) + 1, x2 = llround(c[2]),
            y2 = llround(c[3]);
    /* A box thinner than a pixel still holds one. */
    if (x1 > r->width) x1 = r->width;
    if (y1 > r->height) y1 = r->height;
    if (x2 < x1) x2 = x1;
    if (y2 < y1) y2 = y1;
    gd_put(b, "  <object>\n    ");
    element(b, "name", gd_run_class_name(w->info, d->class_id, name, sizeof name));
    gd_put(b, "\n    <pose>Unspecified</pose>\n    ");
    put_number(b, "truncated", cut);
    gd_put(b, "\n    <difficult>0</difficult>\n    <confidence>");
    gd_put_float(b, d->score);
    gd_put(b, "</confidence>\n    <bndbox>");
    put_number(b, "xmin", x1);
    put_number(b, "ymin", y1);
    put_number(b, "xmax", x2);
    put_number(b, "ymax", y2);
    gd_put(b, "</bndbox>\n  </object>\n");
}

static gd_status voc_put(gd_writer *w, const gd_record *r, gd_error *err) {
    const char *slash = strrchr(r->source, '/');
    gd_sink     s = GD_SINK_NONE;
    gd_status   st;
    if (r->error) return GD_OK;
    GD_GO(gd_writer_open_file(w, r, ".xml", &s, err));
    gd_put(&s.text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<annotation>\n  ");
    element(&s.text, "filename", slash ? slash + 1 : r->source);
    gd_put(&s.text, "\n  ");
    element(&s.text, "path", r->source);
    gd_put(&s.text, "\n  <source><database>gdrun</database></source>\n  <size>");
    put_number(&s.text, "width", r->width);
    put_number(&s.text, "height", r->height);
    gd_put(&s.text, "<depth>3</depth></size>\n  <segmented>0</segmented>\n");
    for (int i = 0; i < r->n_detections; i++) put_object(&s.text, w, r, i);
    gd_put(&s.text, "</annotation>\n");
    st = gd_sink_commit(&s, err);
done:
    gd_sink_abort(&s);
    return st;
}

const gd_writer_kind gd_writer_voc = {
    .name = "voc", .folder = true, .boxes_only = true, .put = voc_put};
