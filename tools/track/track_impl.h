/* track_impl.h -- what a tracker holds; for the sources of this folder. */
#ifndef GD_TOOLS_TRACK_TRACK_IMPL_H
#define GD_TOOLS_TRACK_TRACK_IMPL_H

#include "tools/track/assign.h"
#include "tools/track/motion.h"
#include "tools/track/pairs.h"
#include "tools/track/track.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One track. Fields in this order are those of a state file (state.c). */
typedef struct gd_object {
    int64_t id, hits, age, missed; /* as in gd_track */
    int64_t streak;                /* SORT: matches since it began or was found again */
    bool    confirmed;
    int32_t class_id;
    float   score;
    double  seen;    /* the clock at its last detection */
    double  box[4];  /* where it is believed to be in this frame */
    gd_axis axis[4]; /* SORT, ByteTrack */
    int     taken;   /* the detection of this frame, or -1 */
} gd_object;

struct gd_tracker {
    gd_tracker_options opt;
    int64_t            frame; /* frames so far */
    int64_t            next_id;
    double             clock; /* of the last frame, seconds; < 0: no time was ever given */
    gd_object         *now;   /* by id */
    int                n_now;
    gd_track          *lost;
    int                n_lost;

    /* One frame's work: `next` becomes `now` at its end, so that a failure changes nothing. */
    gd_object     *next;
    int            n_next;
    int64_t        new_id; /* the next id, as `next` has it */
    double         new_clock;
    int           *owner; /* of each detection: index in `next`, or -1 */
    gd_pair_box   *detection;
    gd_pair_box   *row_box, *column_box; /* one round of matching */
    int           *row, *column, *match;
    int            n_row, n_column;
    gd_pair_room   pairs;
    gd_assign_room assign;
    int            room_objects, room_detections; /* of the arrays above */
};

/* Room for that many; `now` and `lost` keep their contents. */
gd_status gd_tracker_reserve(gd_tracker *t, int n_objects, int n_detections,
                             gd_error *err) GD_MUST_CHECK;

/* associate.c: gives the objects of `next`, already moved to this frame, the detections they
 * own, begins new ones, and marks with id -1 those that have ended. */
gd_status gd_track_associate(gd_tracker *t, const gd_detection *d, int n,
                             gd_error *err) GD_MUST_CHECK;
/* Moves an object to the next frame. */
void gd_object_move(const gd_tracker *t, gd_object *o);

#ifdef __cplusplus
}
#endif
#endif
