/* video_run.h -- videos through a run: read, detect, track, write results, draw, encode, all at
 * once in a chain of threads.
 *
 *     source -> decode -> infer (N sessions) -> track -> write -> filter -> draw -> encode
 *     source -> decode -> infer (N sessions) -> write -> background -> draw -> encode (segment)
 *     source -> decode -> filter -> write -> encode                         (without a model)
 *
 * One gd_video_run serves every video of a run, one after the other: sessions, tracker and the
 * frames' memory are kept. */
#ifndef GD_TOOLS_CLI_VIDEO_RUN_H
#define GD_TOOLS_CLI_VIDEO_RUN_H

#include "tools/cli/run.h"

typedef struct gd_video_run gd_video_run;

/* `r` is borrowed until close; its session is open, or it has none and `pixels` filters what
 * goes through. */
gd_status gd_video_run_open(gd_run *r, gd_video_run **out, gd_error *err) GD_MUST_CHECK;
/* Runs one video to its end and completes its annotated video. What failed is reported and
 * counted in the run, and an output that fails sets its `stop`. */
void gd_video_run_source(gd_video_run *v, const gd_source *source);
/* What the last video came to. */
typedef struct gd_video_last {
    const char *path; /* that was written, "" if none; until the next video */
    int64_t     frames;
    int         width, height;
    double      seconds;
} gd_video_last;
gd_video_last gd_video_run_last(const gd_video_run *v);
/* Keeps the tracks of the last source where --save-state says; not after a failure. */
gd_status gd_video_run_save(gd_video_run *v, gd_error *err) GD_MUST_CHECK;
void      gd_video_run_close(gd_video_run *v);

#endif
