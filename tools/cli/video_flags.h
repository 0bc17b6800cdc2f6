/* video_flags.h -- the flags of videos, tracking and the pipeline as options. */
#ifndef GD_TOOLS_CLI_VIDEO_FLAGS_H
#define GD_TOOLS_CLI_VIDEO_FLAGS_H

#include "tools/cli/flags.h"
#include "tools/media/video.h"
#include "tools/track/track.h"

typedef enum gd_video_mode {
    GD_VIDEO_AUTO, /* latency for live sources, else throughput */
    GD_VIDEO_LATENCY,
    GD_VIDEO_THROUGHPUT
} gd_video_mode;

typedef struct gd_video_flags {
    gd_video_source_options source;
    gd_video_sink_options   sink;
    int64_t                 stride, max_frames; /* max_frames 0: all */
    bool                    live_all;           /* no frame of a live source is dropped */
    gd_video_mode           mode;
    int                     streams, queue, post_threads; /* 0: auto */
    int                     batch;                        /* -1: not given, 0: auto */
    bool                    track;                        /* the command is track */
    gd_tracker_options      tracker;
    const char             *load, *save; /* files of the tracker's state; NULL: none */
    int                     trails;
    bool                    show_fps, show;
    const char             *preview; /* [ADDR:]PORT, or NULL */
} gd_video_flags;

/* Strings stay the flags'. GD_ERR_ARG (E204, E209): a value or a combination that cannot be. */
gd_status gd_video_flags_read(gd_video_flags *o, const gd_flags *f,
                              gd_error *err) GD_MUST_CHECK;

/* "12", "29.97" or "30000/1001"; false: it is none, or not between 1/1000 and 1000. */
bool gd_rate_parse(const char *text, gd_rational *out);

#endif
