/* video_impl.h -- what the files of gd_video_run share: frames that go round, and stages. */
#ifndef GD_TOOLS_CLI_VIDEO_IMPL_H
#define GD_TOOLS_CLI_VIDEO_IMPL_H

#include <pthread.h>

#include "engine/pipeline/chain.h"
#include "tools/cli/painter.h"
#include "tools/cli/report.h"
#include "tools/cli/video_flags.h"
#include "tools/cli/video_run.h"
#include "tools/draw/overlay.h"
#include "tools/media/display.h"
#include "tools/media/preview.h"
#include "tools/media/video_gpu.h"

enum { GD_VIDEO_STREAMS_MOST = 16 };

/* One frame on its way, with all that is learnt about it. Its memory grows to the largest seen
 * and is used again. */
typedef struct gd_video_item {
    gd_video_frame  frame;
    gd_detection   *kept; /* after the selection; `room` of everything below */
    gd_detection   *drawn;
    int64_t        *ids, *drawn_ids;
    const char    **states;
    bool           *confirmed;
    gd_track       *tracks;
    gd_class_score *sub; /* of kept, by --classify */
    char (*sub_text)[64];
    const char    **sub_drawn; /* of what is drawn: places in sub_text */
    int             n, room, n_dropped;
    uint8_t        *map; /* of a segmenter: the frame's classes, [map_room] */
    size_t          map_room;
    int32_t         map_count[256];
    int             map_classes; /* 0: there is no map */
    float           top_score;
    gd_timing       ms;
    double          begun_ms;
    gd_overlay_look look;
    bool            painted; /* the look is on the frame */
} gd_video_item;

/* Gives the room for results back; leaves the frame and what is drawn. */
void gd_video_item_clear(gd_video_item *it);

/* What each worker of the stage that infers has for itself. */
typedef struct gd_video_lane {
    gd_session *session;
    gd_cascade *cascade; /* --classify; NULL: none */
    int         batch;   /* frames that it runs together at most: halved when memory ends */
    gd_image    image[GD_CHAIN_BATCH];
    gd_result   result[GD_CHAIN_BATCH];
} gd_video_lane;

struct gd_video_run {
    gd_run        *r;
    gd_video_flags o;
    gd_video_lane *lane;
    int            n_lanes, batch; /* no lanes: no model; batch as chosen for the last video */
    gd_tracker    *tracker;
    bool           started;  /* a video has been tracked */
    gd_overlay    *overlay;  /* NULL without a model */
    gd_painter     painter;  /* of --filter on a GPU; {0}: drawing has a stage of its own */
    gd_painter    *painters; /* n_painters: of each worker that draws, opened with the first
                                  * frame that a GPU has */
    int            n_painters;
    gd_preview    *preview;      /* NULL: not asked for */
    gd_display    *display;      /* opened with the first frame that is shown */
    gd_video_frame shown;        /* a copy of the last frame for the window */
    bool           fresh;        /* the window has not shown it yet */
    int            shown_rounds; /* of waiting since it has */
    gd_video_gpu  *gpu;          /* --hwaccel cuda: where frames stay; NULL: on the host */
    gd_alloc       pixels;       /* page-locked where the session's device can read it */
    gd_video_item *items;
    void         **payload;
    int            n_items;

    /* of one video */
    const char      *name; /* as records call it */
    gd_video_source *source;
    gd_video_info    info;
    gd_video_sink   *sink;
    char             path[4096]; /* of the annotated video, or "" */
    gd_chain        *chain;
    bool             latency, live;
    int64_t          read;    /* frames handed on by the first stage */
    int64_t          written; /* frames whose results were written */
    bool             halted;  /* the source was told to stop */
    bool             ended;   /* the source came to its own end */
    bool             source_failed;
    gd_error         source_error;
    int              subject; /* gd_exit of the stage that failed first; 0: none */
    pthread_mutex_t  lock;    /* outputs and messages: the stage that writes, and the waiting
                                * thread */
    double           started_ms;
    gd_video_counts  counts;
    int              told; /* reconnects that a state line has told of */
    gd_chain_stats   stats;
    gd_chain_stats   kept; /* of the video with most frames, for the summary */
};

double gd_video_now_ms(void);
/* For the thread that waits, while the stages work. */
static inline int64_t gd_video_written(const gd_video_run *v) {
    return __atomic_load_n(&v->written, __ATOMIC_SEQ_CST);
}
static inline bool gd_video_halted(const gd_video_run *v) {
    return __atomic_load_n(&v->halted, __ATOMIC_SEQ_CST);
}
static inline int gd_video_subject(const gd_video_run *v) {
    return __atomic_load_n(&v->subject, __ATOMIC_SEQ_CST);
}

/* ---- stages (video_stages.c) ------------------------------------------------------------- */

gd_chain_run gd_video_decode, gd_video_infer, gd_video_track, gd_video_write, gd_video_filter,
    gd_video_behind, gd_video_draw, gd_video_show, gd_video_encode;

/* ---- what a user is told (video_tell.c) -------------------------------------------------- */

/* Warnings and state lines that have come up since the last call. */
void gd_video_tell_notes(gd_video_run *v);
/* Counts the video as one that failed, wholly or in part, and names it in every output. */
void gd_video_put_error(gd_video_run *v, const gd_error *why);
/* How the video ended: damage, drops, pace. Sets r->n_partial where not all of it was there. */
void gd_video_tell_end(gd_video_run *v, const gd_video_sink_info *written);

#endif
