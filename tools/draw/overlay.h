/* overlay.h -- what is drawn on the frames of a video: boxes, labels, trails, the frame rate.
 *
 *     gd_overlay_take(o, &look, &in, err);     in the order of the frames, one at a time:
 *                                              trails and rate move on, `look` is a snapshot
 *     gd_overlay_draw(&look, &canvas, err);    any number of frames side by side
 *
 * The snapshot owns a copy of everything that it shows, so a frame can be drawn later, in
 * another thread, while the trails have moved on. Looks are kept and used again (one for each
 * frame under way): after the largest frame has passed, nothing is allocated. */
#ifndef GD_TOOLS_DRAW_OVERLAY_H
#define GD_TOOLS_DRAW_OVERLAY_H

#include "tools/draw/draw.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_TRAIL_MOST = 1000, GD_TRAIL_TRACKS = 1024, GD_RATE_FRAMES = 30 };

typedef struct gd_overlay_options {
    const char *const *names; /* n_names, borrowed until close; NULL: "class 3" */
    int                n_names;
    gd_draw_style      style;
    int                trails;   /* positions shown behind each track; 0: none */
    int                max_age;  /* frames without a detection after which a trail ends;
                                    0: 30. A tracker's own max_age is the right value */
    bool               show_fps; /* results a second over the last GD_RATE_FRAMES */
} gd_overlay_options;

/* What one frame yielded. Everything is borrowed for the length of the call. */
typedef struct gd_overlay_input {
    const gd_detection *detections; /* best first */
    int                 n;
    const int64_t      *ids;  /* n track ids (< 0: none), or NULL */
    const char *const  *subs; /* n second labels (a classifier's), each may be NULL; or NULL */
    double              now;  /* seconds on any clock, when this result was there; the rate
                                 comes from it. NaN: not known */
} gd_overlay_input;

typedef struct gd_overlay gd_overlay;

/* A snapshot. Start from gd_overlay_look look = {0}; release with gd_overlay_look_free. */
typedef struct gd_overlay_look {
    gd_draw_style style;
    gd_draw_item *items;
    gd_draw_mark *marks; /* room for the layout of `items` */
    int           n_items, item_room;
    struct gd_trail_piece {
        float    x, y;
        bool     first; /* begins a trail: no line leads here */
        gd_color color;
        float    width; /* 0 .. 1 of the line width, of the line that leads here */
    } * pieces;
    int    n_pieces, piece_room;
    double fps; /* < 0: not shown */
} gd_overlay_look;

/* GD_ERR_ARG: trails outside 0 .. GD_TRAIL_MOST or max_age below 0. */
gd_status gd_overlay_open(const gd_overlay_options *opt, gd_overlay **out,
                          gd_error *err) GD_MUST_CHECK;
void      gd_overlay_close(gd_overlay *o);
/* Forgets trails and times: another source begins. */
void gd_overlay_reset(gd_overlay *o);
/* Ends the trail of a track that the tracker has dropped; unknown ids are allowed. */
void gd_overlay_forget(gd_overlay *o, int64_t id);

/* Takes the next frame in and fills `look`. At most GD_TRAIL_TRACKS trails are kept: beyond
 * that the one longest unseen makes room. GD_ERR_NOMEM: look shows nothing, and the trails are
 * as if the frame had not been. */
gd_status gd_overlay_take(gd_overlay *o, gd_overlay_look *look, const gd_overlay_input *in,
                          gd_error *err) GD_MUST_CHECK;
/* Draws trails, then boxes and labels, then the frame rate. Allocates nothing. */
gd_status gd_overlay_draw(const gd_overlay_look *look, const gd_canvas *c,
                          gd_error *err) GD_MUST_CHECK;
void      gd_overlay_look_free(gd_overlay_look *look);

/* Frames a second by the last GD_RATE_FRAMES intervals of gd_overlay_take; -1 before two frames
 * with different times. */
double gd_overlay_fps(const gd_overlay *o);

#ifdef __cplusplus
}
#endif
#endif
