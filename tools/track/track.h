/* track.h -- which detection of this frame is which object of the frames before.
 *
 *     gd_tracker_options opt = gd_tracker_defaults(GD_TRACKER_IOU);
 *     GD_GO(gd_tracker_open(&opt, &t, err));
 *     for each frame:
 *         GD_GO(gd_tracker_update(t, r.detections, r.n_detections, seconds, tracks, err));
 *         tracks[i] says what detection i is; gd_tracker_lost(t, &n) what is missing
 *     done: gd_tracker_close(t);
 *
 *     IOU        boxes against the last boxes, assigned so that the sum of IoU is greatest
 *     SORT       the same against boxes moved by a Kalman filter (Bewley et al. 2016)
 *     BYTETRACK  good detections first, then weak ones for the tracks left (Zhang et al. 2022)
 *
 * Every detection is answered, also those that no track takes. One tracker follows one source;
 * no call is safe beside another on the same tracker. Nothing here depends on threads, random
 * numbers or addresses: the same calls give the same answers, bit for bit. */
#ifndef GD_TOOLS_TRACK_TRACK_H
#define GD_TOOLS_TRACK_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_tracker_kind {
    GD_TRACKER_IOU,
    GD_TRACKER_SORT,
    GD_TRACKER_BYTETRACK
} gd_tracker_kind;

typedef enum gd_track_state {
    GD_TRACK_NONE,      /* "untracked": no track took the detection, nor began with it */
    GD_TRACK_NEW,       /* "new": the first detection of its track */
    GD_TRACK_TENTATIVE, /* "tentative": one of the first, fewer than min_hits so far */
    GD_TRACK_CONFIRMED, /* "confirmed" */
    GD_TRACK_LOST       /* "lost": no detection in this frame; gd_tracker_lost only */
} gd_track_state;

enum {
    GD_TRACK_MAX_DETECTIONS = 65536, /* of one frame */
    GD_TRACK_MAX_LOST = 65536        /* beyond it those missing for longest are given up */
};
#define GD_TRACK_MAX_ID ((INT64_C(1) << 53) - 1) /* the largest that every JSON reader takes */

typedef struct gd_tracker_options {
    gd_tracker_kind kind;
    /* How long a track is kept without a detection: it may be found again after `max_age`
     * frames without it; with max_age_seconds > 0, up to that long after its last detection,
     * by the times of the frames (right for variable frame rates). 30, 0 */
    int    max_age;
    double max_age_seconds;
    /* Detections until a track is confirmed, the first included. IoU 1, SORT 1, ByteTrack 2.
     * SORT counts anew after a gap, and confirms all in the first min_hits - 1 frames;
     * ByteTrack confirms those of the first frame, and drops a track that is not confirmed
     * when it is missed. */
    int min_hits;
    /* Objects of different classes are never one. Off, as in the published trackers: a
     * detector that changes its mind about a class does not end the track. */
    bool    per_class;
    int64_t id_start;   /* the first id, 0 .. GD_TRACK_MAX_ID. 1 */
    double  frame_rate; /* frames a second where frames have no time; 0: unknown */

    double iou_threshold; /* IoU, SORT: the least IoU of a match. 0.3 */
    /* ByteTrack. Scores above `high` are matched first, those above `low` second; unmatched
     * ones of at least `new_track` begin tracks. `match` is the greatest cost 1 - IoU * score
     * of the first round. 0.25, 0.1, 0.25, 0.8 */
    double high, low, new_track, match;
} gd_tracker_options;

/* One detection's part in its track, or a lost track. */
typedef struct gd_track {
    int64_t        id; /* -1: GD_TRACK_NONE */
    gd_track_state state;
    bool           confirmed; /* counts as an object: also a GD_TRACK_NEW of min_hits 1 */
    int32_t        class_id;  /* of the last detection, with its score */
    float          score;
    int64_t        hits;   /* detections so far */
    int64_t        age;    /* frames since the first detection, that one included */
    int64_t        missed; /* frames since the last detection; 0 unless lost */
    /* x1, y1, x2, y2 in pixels: the filter's estimate for this frame; IoU: the detection,
     * or where it was last seen */
    float box[4];
} gd_track;

typedef struct gd_tracker gd_tracker;

gd_tracker_options gd_tracker_defaults(gd_tracker_kind kind);
/* "iou", "sort", "bytetrack"; false leaves *out alone. */
bool        gd_tracker_kind_parse(const char *name, gd_tracker_kind *out);
const char *gd_tracker_kind_name(gd_tracker_kind kind);
/* "new", ...: static, as records and JSON have it. */
const char *gd_track_state_name(gd_track_state state);

/* GD_ERR_ARG names the option that is out of its range. */
gd_status gd_tracker_open(const gd_tracker_options *opt, gd_tracker **out,
                          gd_error *err) GD_MUST_CHECK;
void      gd_tracker_close(gd_tracker *t);
/* As after open: no tracks, ids from id_start. For the next source. */
void gd_tracker_reset(gd_tracker *t);

/* The next frame: tracks[i] becomes the answer for detections[i]. `seconds` is the time of the
 * frame, < 0 if it has none; a time that does not advance counts as no time passed.
 * GD_ERR_ARG: more than GD_TRACK_MAX_DETECTIONS, no time where one is needed, ids used up.
 * GD_ERR_CHECK (E955): a box or score is not finite. GD_ERR_NOMEM. After an error the tracker
 * is as it was before the call. */
gd_status gd_tracker_update(gd_tracker *t, const gd_detection *detections, int n,
                            double seconds, gd_track *tracks, gd_error *err) GD_MUST_CHECK;
/* Tracks that may still be found again, oldest id first, where they are believed to be.
 * Valid until the next call with this tracker. */
const gd_track *gd_tracker_lost(const gd_tracker *t, int *n);
/* Updates since open or reset, with those before a load. */
int64_t gd_tracker_frames(const gd_tracker *t);

/* ---- between runs ------------------------------------------------------------------------ */

/* Writes everything that the next frame depends on, as JSON: a tracker loaded from it goes on
 * bit for bit as this one. The file is replaced when `replace`, else refused if it exists. */
gd_status gd_tracker_save(const gd_tracker *t, const char *path, bool replace,
                          gd_error *err) GD_MUST_CHECK;
/* Continues with saved tracks, under the options that `t` was opened with; the kind must be the
 * same. The frames that follow may be timed from 0 again. The file is not trusted:
 * GD_ERR_FORMAT (E399) names what is wrong and where, and leaves `t` as it was. */
gd_status gd_tracker_load(gd_tracker *t, const char *path, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
