/* csv.c -- one row a detection, a place of a classifier, a class of a map; a header row. */
#include "tools/output/writer_kind.h"

static gd_status csv_begin(gd_writer *w, gd_error *err) {
    (void)err;
    gd_put(&w->sink.text, "source,frame,pts,width,height,");
    const char *const columns[] = {"place,class_id,category_id,name,conf",
                                   "id,state,class_id,category_id,name,conf,x1,y1,x2,y2",
                                   "place,class_id,category_id,name,pixels,share"};
    gd_put(&w->sink.text, columns[w->info->task]);
    gd_put(&w->sink.text, w->info->sub_model ? ",sub_name,sub_conf\n" : "\n");
    return GD_OK;
}

static void put_start(gd_buffer *b, const gd_record *r) {
    gd_put_csv(b, r->source);
    gd_put(b, ",");
    gd_put_int(b, r->frame);
    gd_put(b, ",");
    if (r->pts >= 0) gd_put_fixed(b, r->pts, 6);
    gd_put(b, ",");
    gd_put_int(b, r->width);
    gd_put(b, ",");
    gd_put_int(b, r->height);
    gd_put(b, ",");
}

/* Up to the comma behind the name. */
static void put_class(gd_buffer *b, const gd_run_info *info, int class_id) {
    char name[32];
    gd_put_int(b, class_id);
    gd_put(b, ",");
    gd_put_int(b, gd_run_category_id(info, class_id));
    gd_put(b, ",");
    gd_put_csv(b, gd_run_class_name(info, class_id, name, sizeof name));
    gd_put(b, ",");
}

static void put_segments(gd_buffer *b, const gd_run_info *info, const gd_record *r) {
    gd_segment segment[256];
    const int  n = gd_record_segments(r, segment);
    for (int i = 0; i < n; i++) {
        put_start(b, r);
        gd_put_int(b, i + 1);
        gd_put(b, ",");
        put_class(b, info, segment[i].class_id);
        gd_put_int(b, segment[i].pixels);
        gd_put(b, ",");
        gd_put_fixed(b, segment[i].share, 6);
        gd_put(b, "\n");
    }
}

/* The columns of a cascade, empty where the classifier did not look. */
static void put_sub(gd_buffer *b, const gd_run_info *info, const gd_record *r, int i) {
    char        room[32];
    const char *name = gd_run_sub_name(info, r, i, room, sizeof room);
    gd_put(b, ",");
    if (name) gd_put_csv(b, name);
    gd_put(b, ",");
    if (name) gd_put_float(b, r->subs[i].score);
}

static gd_status csv_put(gd_writer *w, const gd_record *r, gd_error *err) {
    gd_buffer *b = &w->sink.text;
    (void)err;
    if (r->error) return GD_OK;
    for (int i = 0; i < r->n_detections; i++) {
        const gd_detection *d = &r->detections[i];
        put_start(b, r);
        if (r->track_ids && r->track_ids[i] >= 0) gd_put_int(b, r->track_ids[i]);
        gd_put(b, ",");
        if (r->track_states && r->track_states[i]) gd_put(b, r->track_states[i]);
        gd_put(b, ",");
        put_class(b, w->info, d->class_id);
        gd_put_float(b, d->score);
        for (int k = 0; k < 4; k++) {
            gd_put(b, ",");
            gd_put_float(b, d->box[k]);
        }
        if (w->info->sub_model) put_sub(b, w->info, r, i);
        gd_put(b, "\n");
    }
    for (int i = 0; i < r->n_classes; i++) {
        put_start(b, r);
        gd_put_int(b, i + 1);
        gd_put(b, ",");
        put_class(b, w->info, r->classes[i].class_id);
        gd_put_float(b, r->classes[i].score);
        gd_put(b, "\n");
    }
    put_segments(b, w->info, r);
    return GD_OK;
}

const gd_writer_kind gd_writer_csv = {.name = "csv", .begin = csv_begin, .put = csv_put};
