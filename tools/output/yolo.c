/* yolo.c -- a text file a picture: class, centre and size as shares of the picture's extent.
 *
 * Boxes are cut to the picture, as training code expects. A picture without detections has an
 * empty file. classes.txt names the classes, line by line. */
#include "tools/output/writer_kind.h"

/* A name that held a line break would shift all names behind it. */
static void put_line(gd_buffer *b, const char *name) {
    for (; *name; name++) gd_put_bytes(b, (unsigned char)*name < 0x20 ? "?" : name, 1);
    gd_put(b, "\n");
}

static gd_status yolo_begin(gd_writer *w, gd_error *err) {
    gd_record list = gd_record_defaults();
    gd_sink   s = GD_SINK_NONE;
    gd_status st;
    char      name[32];
    list.source = "classes";
    GD_GO(gd_writer_open_file(w, &list, ".txt", &s, err));
    for (int i = 0; i < w->info->n_classes; i++) {
        put_line(&s.text, gd_run_class_name(w->info, i, name, sizeof name));
    }
    st = gd_sink_commit(&s, err);
done:
    gd_sink_abort(&s);
    return st;
}

static gd_status yolo_put(gd_writer *w, const gd_record *r, gd_error *err) {
    gd_sink   s = GD_SINK_NONE;
    gd_status st;
    double    b[4];
    if (r->error) return GD_OK;
    GD_GO(gd_writer_open_file(w, r, ".txt", &s, err));
    for (int i = 0; i < r->n_detections; i++) {
        if (!gd_record_clip(r, i, b)) continue;
        const double v[4] = {(b[0] + b[2]) / 2 / r->width, (b[1] + b[3]) / 2 / r->height,
                             (b[2] - b[0]) / r->width, (b[3] - b[1]) / r->height};
        gd_put_int(&s.text, r->detections[i].class_id);
        for (int k = 0; k < 4; k++) {
            gd_put(&s.text, " ");
            gd_put_float(&s.text, (float)v[k]);
        }
        if (w->opt.yolo_conf) {
            gd_put(&s.text, " ");
            gd_put_float(&s.text, r->detections[i].score);
        }
        gd_put(&s.text, "\n");
    }
    st = gd_sink_commit(&s, err);
done:
    gd_sink_abort(&s);
    return st;
}

const gd_writer_kind gd_writer_yolo = {
    .name = "yolo", .folder = true, .boxes_only = true, .begin = yolo_begin, .put = yolo_put};
