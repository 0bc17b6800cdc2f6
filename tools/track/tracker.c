/* tracker.c -- opening a tracker, and what a frame is to all kinds of it; see track.h. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/track/track_impl.h"

static const char *const kind_names[] = {"iou", "sort", "bytetrack"};
static const char *const state_names[] = {"untracked", "new", "tentative", "confirmed", "lost"};

enum { MAX_FRAMES = 1000000000 };
static const double max_seconds = 1e9;
/* Times are sums of rationals in floating point: this much is no difference. */
static const double same_time = 1e-6;
/* Boxes are cut to this many pixels from the origin: far from any picture, and small enough
 * that no product of a filter overflows. */
static const double far_away = 1e7;

gd_tracker_options gd_tracker_defaults(gd_tracker_kind kind) {
    return (gd_tracker_options){.kind = kind,
                                .max_age = 30,
                                .min_hits = kind == GD_TRACKER_BYTETRACK ? 2 : 1,
                                .id_start = 1,
                                .iou_threshold = 0.3,
                                .high = 0.25,
                                .low = 0.1,
                                .new_track = 0.25,
                                .match = 0.8};
}

bool gd_tracker_kind_parse(const char *name, gd_tracker_kind *out) {
    for (int k = 0; k < 3; k++)
        if (strcmp(name, kind_names[k]) == 0) {
            *out = (gd_tracker_kind)k;
            return true;
        }
    return false;
}

const char *gd_tracker_kind_name(gd_tracker_kind kind) { return kind_names[kind]; }
const char *gd_track_state_name(gd_track_state state) { return state_names[state]; }

/* ---- open, close ------------------------------------------------------------------------- */

static gd_status check_range(const char *name, double v, double low, double high,
                             gd_error *err) {
    if (v >= low && v <= high) return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "%s is %g, which is not in %g .. %g", name, v, low, high);
}

static gd_status check_options(const gd_tracker_options *o, gd_error *err) {
    if ((unsigned)o->kind > GD_TRACKER_BYTETRACK)
        return gd_fail(err, GD_ERR_ARG, "there is no tracker of kind %d", (int)o->kind);
    GD_TRY(check_range("max_age", o->max_age, 0, MAX_FRAMES, err));
    GD_TRY(check_range("max_age_seconds", o->max_age_seconds, 0, max_seconds, err));
    GD_TRY(check_range("min_hits", o->min_hits, 1, MAX_FRAMES, err));
    GD_TRY(check_range("frame_rate", o->frame_rate, 0, 1e9, err));
    GD_TRY(check_range("iou_threshold", o->iou_threshold, 0, 1, err));
    GD_TRY(check_range("high", o->high, 0, 1, err));
    GD_TRY(check_range("low", o->low, 0, 1, err));
    GD_TRY(check_range("new_track", o->new_track, 0, 1, err));
    GD_TRY(check_range("match", o->match, 0, 1, err));
    if (o->low > o->high)
        return gd_fail(err, GD_ERR_ARG, "low is %g, above high, which is %g", o->low, o->high);
    if (o->id_start < 0 || o->id_start > GD_TRACK_MAX_ID)
        return gd_fail(err, GD_ERR_ARG,
                       "id_start is %" PRId64 ", which is not in 0 .. 2^53 - 1", o->id_start);
    return GD_OK;
}

gd_status gd_tracker_open(const gd_tracker_options *opt, gd_tracker **out, gd_error *err) {
    *out = NULL;
    GD_TRY(check_options(opt, err));
    gd_tracker *t = gd_mem_get_zero(sizeof *t);
    if (!t) return gd_fail(err, GD_ERR_NOMEM, "no memory for a tracker");
    t->opt = *opt;
    gd_tracker_reset(t);
    *out = t;
    return GD_OK;
}

static void free_work(gd_tracker *t) {
    gd_mem_put(t->next);
    gd_mem_put(t->owner);
    gd_mem_put(t->detection);
    gd_mem_put(t->row_box);
    gd_mem_put(t->row);
    t->next = NULL;
    t->owner = t->row = NULL;
    t->detection = t->row_box = NULL;
}

void gd_tracker_close(gd_tracker *t) {
    if (!t) return;
    free_work(t);
    gd_mem_put(t->now);
    gd_mem_put(t->lost);
    gd_pair_room_free(&t->pairs);
    gd_assign_room_free(&t->assign);
    gd_mem_put(t);
}

void gd_tracker_reset(gd_tracker *t) {
    t->frame = 0;
    t->next_id = t->opt.id_start;
    t->clock = -1;
    t->n_now = t->n_lost = 0;
}

gd_status gd_tracker_reserve(gd_tracker *t, int n_objects, int n_detections, gd_error *err) {
    if (n_objects <= t->room_objects && n_detections <= t->room_detections) return GD_OK;
    const size_t o = (size_t)n_objects + (size_t)n_objects / 2 + 64;
    const size_t d = (size_t)n_detections + (size_t)n_detections / 2 + 64;
    const size_t most = o > d ? o : d;
    gd_object   *now = gd_mem_array(o, sizeof *now);
    gd_track    *lost = gd_mem_array(o, sizeof *lost);
    gd_object   *next = gd_mem_array(o, sizeof *next);
    int         *owner = gd_mem_array(d, sizeof *owner);
    gd_pair_box *detection = gd_mem_array(d, sizeof *detection);
    gd_pair_box *box = gd_mem_array(2 * most, sizeof *box);
    int         *row = gd_mem_array(3 * most, sizeof *row);
    const bool   good = now && lost && next && owner && detection && box && row;
    if (good) {
        free_work(t);
        if (t->n_now) memcpy(now, t->now, (size_t)t->n_now * sizeof *now);
        if (t->n_lost) memcpy(lost, t->lost, (size_t)t->n_lost * sizeof *lost);
        gd_mem_put(t->now);
        gd_mem_put(t->lost);
        *t = (gd_tracker){.opt = t->opt,
                          .frame = t->frame,
                          .next_id = t->next_id,
                          .clock = t->clock,
                          .now = now,
                          .n_now = t->n_now,
                          .lost = lost,
                          .n_lost = t->n_lost,
                          .next = next,
                          .owner = owner,
                          .detection = detection,
                          .row_box = box,
                          .column_box = box + most,
                          .row = row,
                          .column = row + most,
                          .match = row + 2 * most,
                          .pairs = t->pairs,
                          .assign = t->assign,
                          .room_objects = (int)o,
                          .room_detections = (int)d};
        return GD_OK;
    }
    gd_mem_put(now);
    gd_mem_put(lost);
    gd_mem_put(next);
    gd_mem_put(owner);
    gd_mem_put(detection);
    gd_mem_put(box);
    gd_mem_put(row);
    return gd_fail(err, GD_ERR_NOMEM, "no memory for %d tracks and %d detections", n_objects,
                   n_detections);
}

/* ---- one frame --------------------------------------------------------------------------- */

static gd_status take_input(gd_tracker *t, const gd_detection *d, int n, gd_error *err) {
    for (int j = 0; j < n; j++) {
        const float *b = d[j].box;
        double       edge[4];
        if (!(isfinite(d[j].score) && isfinite(b[0]) && isfinite(b[1]) && isfinite(b[2]) &&
              isfinite(b[3])))
            return gd_fail_code(err, GD_ERR_CHECK, 955,
                                "detection %d is not finite: box [%g, %g, %g, %g], score %g", j,
                                (double)b[0], (double)b[1], (double)b[2], (double)b[3],
                                (double)d[j].score);
        for (int k = 0; k < 4; k++) edge[k] = fmax(fmin((double)b[k], far_away), -far_away);
        t->detection[j] = (gd_pair_box){edge[0], edge[1], edge[2], edge[3], 1, d[j].class_id};
        t->owner[j] = -1;
    }
    return GD_OK;
}

/* Copies the objects and moves them to the time of this frame. */
static gd_status move_all(gd_tracker *t, double seconds, gd_error *err) {
    double back = 0; /* how far the clock of the source was turned back */
    t->new_clock = t->clock;
    if (seconds >= 0) {
        if (t->clock > seconds) back = t->clock - seconds;
        t->new_clock = seconds;
    } else if (t->opt.frame_rate > 0) {
        t->new_clock = t->clock < 0 ? 0 : t->clock + 1 / t->opt.frame_rate;
    } else if (t->opt.max_age_seconds > 0) {
        return gd_fail(err, GD_ERR_ARG,
                       "max_age_seconds needs frames with a time, or a frame rate");
    }
    t->new_id = t->next_id;
    t->n_next = 0;
    for (int i = 0; i < t->n_now; i++) {
        gd_object *o = &t->next[t->n_next];
        *o = t->now[i];
        o->seen -= back;
        if (t->opt.max_age_seconds > 0 &&
            t->new_clock - o->seen > t->opt.max_age_seconds + same_time)
            continue;
        gd_object_move(t, o);
        t->n_next++;
    }
    return GD_OK;
}

static int by_missed(const void *a, const void *b) {
    const int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return (p < q) - (p > q);
}

/* Marks the tracks lost for longest, so that not more than GD_TRACK_MAX_LOST are kept. */
static gd_status limit_lost(gd_tracker *t, gd_error *err) {
    int n = 0, over;
    for (int i = 0; i < t->n_next; i++) n += t->next[i].id >= 0 && t->next[i].missed > 0;
    over = n - GD_TRACK_MAX_LOST;
    if (over <= 0) return GD_OK;
    int64_t *missed = gd_mem_array((size_t)n, sizeof *missed);
    if (!missed) return gd_fail(err, GD_ERR_NOMEM, "no memory to order %d lost tracks", n);
    n = 0;
    for (int i = 0; i < t->n_next; i++)
        if (t->next[i].id >= 0 && t->next[i].missed > 0) missed[n++] = t->next[i].missed;
    qsort(missed, (size_t)n, sizeof *missed, by_missed);
    const int64_t most = missed[over - 1];
    int           equal = 0; /* how many that were lost for as long as the last must go */
    for (int k = 0; k < over; k++) equal += missed[k] == most;
    gd_mem_put(missed);
    for (int i = 0; i < t->n_next; i++) {
        gd_object *o = &t->next[i];
        if (o->id < 0 || o->missed == 0) continue;
        if (o->missed > most || (o->missed == most && equal-- > 0)) o->id = -1;
    }
    return GD_OK;
}

static float to_float(double v) {
    return (float)fmax(fmin(v, (double)FLT_MAX), (double)-FLT_MAX);
}

static gd_track describe(const gd_object *o) {
    const gd_track_state state = o->missed > 0  ? GD_TRACK_LOST
                                 : o->hits == 1 ? GD_TRACK_NEW
                                 : o->confirmed ? GD_TRACK_CONFIRMED
                                                : GD_TRACK_TENTATIVE;
    gd_track             a = {.id = o->id,
                              .state = state,
                              .confirmed = o->confirmed,
                              .class_id = o->class_id,
                              .score = o->score,
                              .hits = o->hits,
                              .age = o->age,
                              .missed = o->missed};
    for (int k = 0; k < 4; k++) a.box[k] = to_float(o->box[k]);
    return a;
}

/* Writes the answers, drops what has ended, and makes `next` the present. */
static void commit(gd_tracker *t, const gd_detection *d, int n, gd_track *tracks) {
    int kept = 0;
    for (int j = 0; j < n; j++) {
        tracks[j] = (gd_track){.id = -1, .class_id = d[j].class_id, .score = d[j].score};
        if (t->owner[j] >= 0)
            tracks[j] = describe(&t->next[t->owner[j]]);
        else
            memcpy(tracks[j].box, d[j].box, sizeof tracks[j].box);
    }
    t->n_lost = 0;
    for (int i = 0; i < t->n_next; i++) {
        if (t->next[i].id < 0) continue;
        if (t->next[i].missed > 0) t->lost[t->n_lost++] = describe(&t->next[i]);
        if (kept != i) t->next[kept] = t->next[i];
        kept++;
    }
    gd_object *old = t->now;
    t->now = t->next;
    t->next = old;
    t->n_now = kept;
    t->next_id = t->new_id;
    t->clock = t->new_clock;
    t->frame++;
}

gd_status gd_tracker_update(gd_tracker *t, const gd_detection *detections, int n,
                            double seconds, gd_track *tracks, gd_error *err) {
    if (n < 0 || n > GD_TRACK_MAX_DETECTIONS)
        return gd_fail(err, GD_ERR_ARG, "a frame of %d detections; at most %d are tracked", n,
                       GD_TRACK_MAX_DETECTIONS);
    if (!isfinite(seconds) || seconds > max_seconds)
        return gd_fail(err, GD_ERR_ARG, "%g is no time of a frame", seconds);
    if (t->next_id > GD_TRACK_MAX_ID - n + 1)
        return gd_fail(err, GD_ERR_ARG, "the ids of tracks are used up: the next is %" PRId64,
                       t->next_id);
    GD_TRY(gd_tracker_reserve(t, t->n_now + n, n, err));
    GD_TRY(take_input(t, detections, n, err));
    GD_TRY(move_all(t, seconds, err));
    GD_TRY(gd_track_associate(t, detections, n, err));
    GD_TRY(limit_lost(t, err));
    commit(t, detections, n, tracks);
    return GD_OK;
}

const gd_track *gd_tracker_lost(const gd_tracker *t, int *n) {
    *n = t->n_lost;
    return t->lost;
}

int64_t gd_tracker_frames(const gd_tracker *t) { return t->frame; }
