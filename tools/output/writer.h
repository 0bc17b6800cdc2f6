/* writer.h -- results written as JSON, JSON Lines, CSV, COCO, MOT, YOLO, VOC, crops or a
 * list.
 *
 *     gd_writer *w;
 *     GD_GO(gd_writer_open("jsonl", "-", &info, NULL, &w, err));
 *     for each picture:
 *         GD_GO(gd_summary_add(&sum, &rec, err));
 *         GD_GO(gd_writer_put(w, &rec, err));
 *     GD_GO(gd_writer_finish(w, &sum, err));
 *     done: gd_writer_close(w);
 *
 * Files appear under their names only when they are complete (engine/io.h); the lines of a
 * stream (stdout, FIFO, device) leave with every picture. A failure is GD_ERR_IO; E951 tells
 * that the reader of a pipe went away, about which nobody needs a message. The caller ignores
 * SIGPIPE. */
#ifndef GD_TOOLS_OUTPUT_WRITER_H
#define GD_TOOLS_OUTPUT_WRITER_H

#include <stdbool.h>

#include "tools/output/record.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_writer gd_writer;

typedef struct gd_writer_options {
    bool replace;   /* -y: existing files may be overwritten */
    bool yolo_conf; /* YOLO txt: a sixth column with the score */
    /* COCO: the annotation file whose images give the ids; NULL: the digits of the file name */
    const char *coco_instances;
    bool        color; /* list: emphasis for a terminal */
} gd_writer_options;

/* Kinds: "json" "jsonl" "csv" "coco" "mot" "list" and "stats" (the summary alone) write one
 * file (`target` "-" is stdout); "yolo" "voc" and "crops" write one or more files a picture
 * into the folder `target`, which is made if it is missing. `info` is borrowed until close. */
gd_status gd_writer_open(const char *kind, const char *target, const gd_run_info *info,
                         const gd_writer_options *opt, gd_writer **out,
                         gd_error *err) GD_MUST_CHECK;
/* Writes one picture. A record with an error is noted where the format has a place for it.
 * GD_ERR_CHECK (E955): a box or score is not finite. */
gd_status gd_writer_put(gd_writer *w, const gd_record *r, gd_error *err) GD_MUST_CHECK;
/* Notes what happened to a source, where the format has a place for it (JSON Lines). */
gd_status gd_writer_event(gd_writer *w, const gd_event *e, gd_error *err) GD_MUST_CHECK;
/* Completes the file and gives it its name. `sum` may be NULL. */
gd_status gd_writer_finish(gd_writer *w, const gd_summary *sum, gd_error *err) GD_MUST_CHECK;
/* Releases; what was not finished is removed, except pictures' own files already complete. */
void gd_writer_close(gd_writer *w);

/* ---- file names in a folder -------------------------------------------------------------- */

/* Gives each source a file name of its own: its stem, or stem_000412 for frame 412 of a video;
 * a second source of the same stem gets stem-2, and so on in the order of the calls. */
typedef struct gd_namer gd_namer;

gd_status gd_namer_open(const char *folder, gd_namer **out, gd_error *err) GD_MUST_CHECK;
void      gd_namer_close(gd_namer *n);
/* Writes `folder/stem.ext` (`ext` with its dot) into `path`, room >= 4096. frame < 0: a
 * picture. The stem holds no separator and no control byte, whatever the source is called. */
gd_status gd_namer_next(gd_namer *n, const char *source, int64_t frame, const char *ext,
                        char *path, size_t room, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
