/* associate.c -- the three ways to match tracks with a frame's detections; see track.h. */
#include <math.h>
#include <string.h>

#include "tools/track/track_impl.h"

void gd_object_move(const gd_tracker *t, gd_object *o) {
    const bool seen = o->missed == 0;
    o->age++;
    o->missed++;
    o->taken = -1;
    if (!seen) o->streak = 0;
    switch (t->opt.kind) {
    case GD_TRACKER_IOU: break;
    case GD_TRACKER_SORT:
        gd_sort_predict(o->axis);
        gd_sort_box(o->axis, o->box);
        break;
    case GD_TRACKER_BYTETRACK:
        if (!o->confirmed) break; /* as published: it waits where it was seen */
        gd_byte_predict(o->axis, seen);
        gd_byte_box(o->axis, o->box);
        break;
    }
}

/* ---- the life of an object --------------------------------------------------------------- */

static bool is_confirmed(const gd_tracker *t, const gd_object *o) {
    const int need = t->opt.min_hits;
    switch (t->opt.kind) {
    case GD_TRACKER_IOU: break;
    case GD_TRACKER_SORT: return o->streak >= need - 1 || t->frame + 1 <= need - 1;
    case GD_TRACKER_BYTETRACK:
        if (t->frame == 0) return true;
        break;
    }
    return o->confirmed || o->hits >= need;
}

static void set_box(const gd_tracker *t, gd_object *o, const double box[4], bool first) {
    switch (t->opt.kind) {
    case GD_TRACKER_IOU: memcpy(o->box, box, sizeof o->box); break;
    case GD_TRACKER_SORT:
        (first ? gd_sort_begin : gd_sort_correct)(o->axis, box);
        gd_sort_box(o->axis, o->box);
        break;
    case GD_TRACKER_BYTETRACK:
        (first ? gd_byte_begin : gd_byte_correct)(o->axis, box);
        gd_byte_box(o->axis, o->box);
        break;
    }
}

static void take(gd_tracker *t, int object, int detection, const gd_detection *d) {
    gd_object         *o = &t->next[object];
    const gd_pair_box *b = &t->detection[detection];
    const double       box[4] = {b->x1, b->y1, b->x2, b->y2};
    set_box(t, o, box, o->hits == 0);
    if (o->hits > 0) o->streak++;
    o->hits++;
    o->missed = 0;
    o->seen = t->new_clock;
    o->class_id = d[detection].class_id;
    o->score = d[detection].score;
    o->confirmed = is_confirmed(t, o);
    o->taken = detection;
    t->owner[detection] = object;
}

static void begin(gd_tracker *t, int detection, const gd_detection *d) {
    gd_object *o = &t->next[t->n_next];
    memset(o, 0, sizeof *o);
    o->id = t->new_id++;
    o->age = 1;
    take(t, t->n_next++, detection, d);
}

/* ---- one round of matching --------------------------------------------------------------- */

/* A pair matches when IoU, times the score where `fused`, is at least `least`; what counts in
 * the sum is the amount above `base`. */
typedef struct round_rule {
    double least, base;
    bool   fused;
} round_rule;

/* Matches t->row (objects) with t->column (detections). */
static gd_status match(gd_tracker *t, const gd_detection *d, round_rule rule, gd_error *err) {
    gd_pairs p;
    for (int i = 0; i < t->n_row; i++) {
        const gd_object *o = &t->next[t->row[i]];
        t->row_box[i] = (gd_pair_box){o->box[0], o->box[1], o->box[2],
                                      o->box[3], 1,         t->opt.per_class ? o->class_id : 0};
    }
    for (int j = 0; j < t->n_column; j++) {
        const int k = t->column[j];
        t->column_box[j] = t->detection[k];
        t->column_box[j].weight = rule.fused ? (double)d[k].score : 1;
        if (!t->opt.per_class) t->column_box[j].class_id = 0;
    }
    GD_TRY(gd_pairs_find(t->row_box, t->n_row, t->column_box, t->n_column, rule.least,
                         rule.base, &t->pairs, &p, err));
    GD_TRY(gd_assign(&p, &t->assign, t->match, err));
    for (int i = 0; i < t->n_row; i++)
        if (t->match[i] >= 0) take(t, t->row[i], t->column[t->match[i]], d);
    return GD_OK;
}

/* ---- IoU and SORT ------------------------------------------------------------------------ */

static gd_status by_iou(gd_tracker *t, const gd_detection *d, int n, gd_error *err) {
    t->n_row = t->n_next;
    t->n_column = n;
    for (int i = 0; i < t->n_row; i++) t->row[i] = i;
    for (int j = 0; j < n; j++) t->column[j] = j;
    GD_TRY(match(t, d, (round_rule){t->opt.iou_threshold, 0, false}, err));
    for (int j = 0; j < n; j++)
        if (t->owner[j] < 0) begin(t, j, d);
    return GD_OK;
}

/* ---- ByteTrack --------------------------------------------------------------------------- */

/* Detections without a track whose score is above `low` and not above `high`. */
static void free_columns(gd_tracker *t, const gd_detection *d, int n, double low, double high) {
    t->n_column = 0;
    for (int j = 0; j < n; j++)
        if (t->owner[j] < 0 && d[j].score > (float)low && !(d[j].score > (float)high))
            t->column[t->n_column++] = j;
}

/* A track and a lost track in one place are one object: the one known for longer stays. As
 * published, that may be the lost one; the detection is then nobody's for this frame. */
static gd_status drop_doubles(gd_tracker *t, gd_error *err) {
    gd_pairs p;
    t->n_row = t->n_column = 0;
    for (int i = 0; i < t->n_next; i++) {
        const gd_object *o = &t->next[i];
        if (o->id < 0) continue;
        const gd_pair_box b = {o->box[0], o->box[1], o->box[2],
                               o->box[3], 1,         t->opt.per_class ? o->class_id : 0};
        if (o->missed == 0) {
            t->row[t->n_row] = i;
            t->row_box[t->n_row++] = b;
        } else {
            t->column[t->n_column] = i;
            t->column_box[t->n_column++] = b;
        }
    }
    GD_TRY(gd_pairs_find(t->row_box, t->n_row, t->column_box, t->n_column, 0.85, 0, &t->pairs,
                         &p, err));
    for (int i = 0; i < p.n_rows; i++)
        for (int e = p.first[i]; e < p.first[i + 1]; e++) {
            gd_object *a = &t->next[t->row[i]], *b = &t->next[t->column[p.column[e]]];
            const bool first = a->age - a->missed > b->age - b->missed;
            if (!(p.gain[e] > 0.85)) continue;
            (first ? b : a)->id = -1;
        }
    for (int i = 0; i < t->n_next; i++)
        if (t->next[i].id < 0 && t->next[i].taken >= 0) t->owner[t->next[i].taken] = -1;
    return GD_OK;
}

static gd_status by_byte(gd_tracker *t, const gd_detection *d, int n, gd_error *err) {
    const gd_tracker_options *o = &t->opt;
    const int                 old = t->n_next;
    free_columns(t, d, n, o->high, INFINITY);
    t->n_row = 0;
    for (int i = 0; i < old; i++)
        if (t->next[i].confirmed) t->row[t->n_row++] = i;
    GD_TRY(match(t, d, (round_rule){1 - o->match, 1 - o->match, true}, err));

    /* Weak detections only for the tracks that the frame before still had. */
    free_columns(t, d, n, o->low, o->high);
    t->n_row = 0;
    for (int i = 0; i < old; i++)
        if (t->next[i].confirmed && t->next[i].missed == 1) t->row[t->n_row++] = i;
    GD_TRY(match(t, d, (round_rule){0.5, 0.5, false}, err));

    free_columns(t, d, n, o->high, INFINITY);
    t->n_row = 0;
    for (int i = 0; i < old; i++)
        if (!t->next[i].confirmed) t->row[t->n_row++] = i;
    GD_TRY(match(t, d, (round_rule){1 - 0.7, 1 - 0.7, true}, err));
    for (int i = 0; i < old; i++)
        if (!t->next[i].confirmed && t->next[i].missed > 0) t->next[i].id = -1;

    free_columns(t, d, n, o->high, INFINITY);
    for (int j = 0; j < t->n_column; j++)
        if (!(d[t->column[j]].score < (float)o->new_track)) begin(t, t->column[j], d);
    return GD_OK;
}

/* ---- all of it --------------------------------------------------------------------------- */

/* Ends what was missing for too long; by the clock that was done before the frame. */
static void expire(gd_tracker *t) {
    if (t->opt.max_age_seconds > 0) return;
    for (int i = 0; i < t->n_next; i++)
        if (t->next[i].missed > t->opt.max_age) t->next[i].id = -1;
}

gd_status gd_track_associate(gd_tracker *t, const gd_detection *d, int n, gd_error *err) {
    if (t->opt.kind == GD_TRACKER_BYTETRACK)
        GD_TRY(by_byte(t, d, n, err));
    else
        GD_TRY(by_iou(t, d, n, err));
    expire(t);
    return t->opt.kind == GD_TRACKER_BYTETRACK ? drop_doubles(t, err) : GD_OK;
}
