/* outputs.h -- all outputs of a run as one thing: result files, annotated pictures, crops. */
#ifndef GD_TOOLS_CLI_OUTPUTS_H
#define GD_TOOLS_CLI_OUTPUTS_H

#include "tools/cli/backdrop.h"
#include "tools/cli/flags.h"
#include "tools/cli/sources.h"
#include "tools/draw/draw.h"
#include "tools/output/writer.h"

enum { GD_OUTPUT_MOST = 10 };

typedef struct gd_outputs {
    const gd_run_info *info;
    struct gd_output_slot {
        gd_writer  *writer;
        const char *target;
        bool        to_stdout, list;
    } slot[GD_OUTPUT_MOST];
    int           n;
    const char   *file;     /* -o FILE: one annotated picture or video */
    bool          null;     /* -o null */
    gd_namer     *namer;    /* -o FOLDER */
    gd_filter    *filter;   /* of annotated pictures; borrowed, may be NULL */
    gd_backdrop  *backdrop; /* of segmented pictures; borrowed, NULL: colours are laid over */
    int           opacity;  /* 0 .. 255 of these */
    gd_draw_style style;
    unsigned      out_flags; /* GD_OUT_REPLACE */
    bool          list;      /* the readable list goes to stdout */
} gd_outputs;

/* Looks for contradictions before any work: two outputs on stdout or in one file, an output
 * that is a source or the model, one file for several pictures, an extension nobody writes. */
gd_status gd_outputs_check(const gd_flags *f, const gd_sources *s, const char *model,
                           gd_error *err) GD_MUST_CHECK;
/* Opens what the flags ask for; without any result file, a readable list on stdout. `info` is
 * borrowed until close. */
gd_status gd_outputs_open(gd_outputs *o, const gd_flags *f, const gd_run_info *info,
                          gd_error *err) GD_MUST_CHECK;
/* Path of the annotated video of `source`; "" when none is wanted. Room >= 4096. */
gd_status gd_outputs_video(gd_outputs *o, const char *source, char *path, size_t room,
                           gd_error *err) GD_MUST_CHECK;
/* What happened to a source, into the outputs that have a place for it. */
gd_status gd_outputs_event(gd_outputs *o, const gd_event *e, gd_error *err) GD_MUST_CHECK;
/* One picture or frame into every output; frames are not annotated here. */
gd_status gd_outputs_put(gd_outputs *o, const gd_record *r, gd_error *err) GD_MUST_CHECK;
/* Lays the colours of r's map over the canvas, of its size, and names them; `captioned` tells
 * of a caption that stands there already. From any thread. */
gd_status gd_outputs_draw_map(const gd_outputs *o, const gd_canvas *c, const gd_record *r,
                              bool captioned, gd_error *err) GD_MUST_CHECK;
/* Completes every output that can be; the first failure is returned, the others are tried all
 * the same. */
gd_status gd_outputs_finish(gd_outputs *o, const gd_summary *sum, gd_error *err) GD_MUST_CHECK;
void      gd_outputs_close(gd_outputs *o);

#endif
