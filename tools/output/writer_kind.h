/* writer_kind.h -- what a result format implements: one table of functions, one line in
 * writer.c. */
#ifndef GD_TOOLS_OUTPUT_WRITER_KIND_H
#define GD_TOOLS_OUTPUT_WRITER_KIND_H

#include "tools/output/sink.h"
#include "tools/output/writer.h"

/* Any of the functions may be NULL. Text appended to w->sink.text reaches the file after each
 * call; folder kinds have no sink and open their own files. */
typedef struct gd_writer_kind {
    const char *name;
    bool        folder;     /* the target is a folder: w->namer is open */
    bool        boxes_only; /* has no place for a classifier's results */
    size_t      state_size; /* bytes of zeroed memory behind w->state */
    gd_status (*begin)(gd_writer *w, gd_error *err);
    gd_status (*put)(gd_writer *w, const gd_record *r, gd_error *err);
    gd_status (*event)(gd_writer *w, const gd_event *e, gd_error *err);
    gd_status (*finish)(gd_writer *w, const gd_summary *sum, gd_error *err);
    void (*close)(gd_writer *w);
} gd_writer_kind;

struct gd_writer {
    const gd_writer_kind *kind;
    const gd_run_info    *info;
    gd_writer_options     opt;
    gd_sink               sink;
    gd_namer             *namer;
    int64_t               n_put; /* records put before this one */
    void                 *state;
};

extern const gd_writer_kind gd_writer_json, gd_writer_jsonl, gd_writer_csv, gd_writer_coco,
    gd_writer_list, gd_writer_yolo, gd_writer_voc, gd_writer_crops, gd_writer_stats,
    gd_writer_mot, gd_writer_masks;

/* Parts of JSON results: `"class_id":..,"category_id":..,"name":..`, `,"code":"E301"` (null
 * where there is none), and the whole object of a summary. */
void gd_put_class(gd_buffer *b, const gd_run_info *info, int class_id);
void gd_put_code(gd_buffer *b, int code);
void gd_put_summary(gd_buffer *b, const gd_run_info *info, const gd_summary *s);

/* The file of one picture in the writer's folder, opened. */
gd_status gd_writer_open_file(const gd_writer *w, const gd_record *r, const char *ext,
                              gd_sink *s, gd_error *err) GD_MUST_CHECK;
/* The box cut to the picture, in pixels; false when nothing of it is inside. */
bool gd_record_clip(const gd_record *r, int i, double box[4]);

#endif
