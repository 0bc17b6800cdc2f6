/* video_pace.h -- when the frames of a written video are shown: integers and fractions only.
 *
 * A frame's duration is known once the next one is, so the caller keeps one frame back: each
 * call tells what becomes of the frame held before. Three ways:
 *
 *   KEEP  every frame once, at its own time; it lasts until the next. Output ticks are the
 *         input's.
 *   RATE  a constant rate: slot n of the output stands at n / rate. A frame goes to the slot
 *         nearest to its time; of several in one slot the last is written, and a frame fills
 * the slots up to the next one. Output ticks are slots.
 *   GRID  the frames must have a constant rate already: each within one tick of a slot counted
 *         from the first frame. Slots without a frame stay empty. Output ticks are slots. */
#ifndef GD_TOOLS_MEDIA_VIDEO_PACE_H
#define GD_TOOLS_MEDIA_VIDEO_PACE_H

#include "tools/media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_pace_mode { GD_PACE_KEEP, GD_PACE_RATE, GD_PACE_GRID } gd_pace_mode;

/* Set the first four; the rest begins as zero. */
typedef struct gd_pace {
    gd_pace_mode mode;
    gd_rational  base;   /* of what comes in, seconds a tick */
    gd_rational  rate;   /* RATE, GRID: frames a second; KEEP: for a last frame without duration
                          * (den 0: the one before it tells) */
    int64_t      origin; /* input time that becomes zero */

    bool    held; /* a frame is kept back: */
    int64_t pts, duration, slot;
    int64_t first; /* GRID: input time of slot 0; RATE: the first slot */
    int64_t next;  /* RATE: first slot not yet written */
    int64_t delta; /* between the last two frames */
    bool    begun;
    int64_t moved; /* timestamps that had to be moved so that they rise */
} gd_pace;

/* What to do with the frame held back: write it `count` times, at pts, pts + 1, ...; each lasts
 * `duration` (count is more than 1 only in RATE, where duration is 1). */
typedef struct gd_pace_step {
    int64_t pts, duration, count;
} gd_pace_step;

/* Ticks of what comes out. */
gd_rational gd_pace_base(const gd_pace *p);
/* A frame arrives and is held; `step` is for the one held before (count 0 for the first).
 * GD_ERR_UNSUPPORTED, code 965: GRID, and the frame is off it. GD_ERR_FORMAT: its time cannot
 * be expressed, or RATE would fill more than a day with copies. After an error the frame held
 * before is still held. */
gd_status gd_pace_frame(gd_pace *p, int64_t pts, int64_t duration, gd_pace_step *step,
                        gd_error *err) GD_MUST_CHECK;
/* The end: `step` is for the last frame, count 0 if there is none. */
void gd_pace_end(gd_pace *p, gd_pace_step *step);

#ifdef __cplusplus
}
#endif
#endif
