/* video_pace.c -- when the frames of a written video are shown; see video_pace.h. */
#include "tools/media/video_pace.h"

/* Slots are counted in 1 / rate seconds. */
static gd_rational slot_base(const gd_pace *p) {
    return (gd_rational){p->rate.den, p->rate.num};
}

static int64_t slots_of_a_day(const gd_pace *p) {
    return gd_video_rescale(86400, (gd_rational){1, 1}, slot_base(p));
}

gd_rational gd_pace_base(const gd_pace *p) {
    return p->mode == GD_PACE_KEEP ? p->base : slot_base(p);
}

/* Slot of an input time; GRID refuses one that is more than a tick away: the first frame's time
 * and this one's were rounded by half a tick each. */
static gd_status find_slot(const gd_pace *p, int64_t pts, int64_t *slot, gd_error *err) {
    if (p->mode == GD_PACE_KEEP) {
        *slot = 0;
        return GD_OK;
    }
    const int64_t from = p->mode == GD_PACE_GRID && p->begun ? p->first : 0;
    const int64_t at = p->mode == GD_PACE_GRID && !p->begun ? 0 : pts - from;
    *slot = gd_video_rescale(at, p->base, slot_base(p));
    if (p->mode != GD_PACE_GRID || !p->begun) return GD_OK;
    const int64_t off = at - gd_video_rescale(*slot, slot_base(p), p->base);
    if (off >= -1 && off <= 1 && *slot > p->slot) return GD_OK;
    const gd_rational us = {1, 1000000};
    const gd_status   st =
        gd_fail_code(err, GD_ERR_UNSUPPORTED, 965,
                     "the frame at %lld us does not follow at %d/%d frames a second: the rate "
                     "varies",
                     (long long)gd_video_rescale(pts, p->base, us), p->rate.num, p->rate.den);
    gd_error_hint(err, "--fps makes the rate constant; .mkv and .mp4 keep a varying one");
    return st;
}

static void release(gd_pace *p, int64_t next_slot, int64_t duration, gd_pace_step *step) {
    *step = (gd_pace_step){p->pts, duration, p->held};
    if (!p->held || p->mode == GD_PACE_KEEP) return;
    if (p->mode == GD_PACE_GRID) {
        *step = (gd_pace_step){p->slot, 1, 1};
        return;
    }
    const int64_t from = p->slot > p->next ? p->slot : p->next;
    *step = (gd_pace_step){from, 1, next_slot > from ? next_slot - from : 0};
    if (next_slot > p->next) p->next = next_slot;
}

/* RATE: a gap is filled with copies, and one timestamp may claim a thousand years of them. */
static gd_status check_gap(const gd_pace *p, int64_t slot, gd_error *err) {
    const int64_t from = p->slot > p->next ? p->slot : p->next;
    if (p->mode != GD_PACE_RATE || !p->held || slot - from <= slots_of_a_day(p)) return GD_OK;
    const gd_rational second = {1, 1};
    const gd_status   st =
        gd_fail(err, GD_ERR_FORMAT, "a frame lies %lld s behind the one before: not filled up",
                (long long)gd_video_rescale(slot - from, slot_base(p), second));
    gd_error_why(err, "a constant rate fills gaps with copies, up to a day of them");
    gd_error_hint(err, "without --fps every frame keeps its own time");
    return st;
}

gd_status gd_pace_frame(gd_pace *p, int64_t pts, int64_t duration, gd_pace_step *step,
                        gd_error *err) {
    int64_t slot;
    *step = (gd_pace_step){0};
    /* A quarter of the range on either side, so that no difference below can overflow. */
    if (pts > INT64_MAX / 4 || pts < INT64_MIN / 4 || p->origin > INT64_MAX / 4 ||
        p->origin < INT64_MIN / 4)
        return gd_fail(err, GD_ERR_FORMAT, "a frame has the timestamp %lld: not a time",
                       (long long)pts);
    pts -= p->origin;
    const bool moved = p->held && pts <= p->pts;
    if (moved) pts = p->pts + 1;
    GD_TRY(find_slot(p, pts, &slot, err));
    GD_TRY(check_gap(p, slot, err));
    p->moved += moved;
    if (!p->begun) {
        p->first = p->mode == GD_PACE_RATE ? slot : pts;
        p->next = slot;
    }
    if (p->held) p->delta = pts - p->pts;
    release(p, slot, p->delta, step);
    p->begun = p->held = true;
    p->pts = pts;
    p->slot = slot;
    p->duration = duration > 0 && duration < INT64_MAX / 4 ? duration : 0;
    return GD_OK;
}

void gd_pace_end(gd_pace *p, gd_pace_step *step) {
    *step = (gd_pace_step){0};
    if (!p->held) return;
    int64_t last = p->duration ? p->duration : p->delta;
    if (!last && p->rate.den) last = gd_video_rescale(1, slot_base(p), p->base);
    if (last < 1) last = 1;
    int64_t end = p->slot + 1;
    if (p->mode == GD_PACE_RATE) {
        end = gd_video_rescale(p->pts + last, p->base, slot_base(p));
        /* Nobody shows one picture for a day: that duration is damage. */
        if (end - p->slot > slots_of_a_day(p)) end = p->slot + 1;
        /* However short, a video has one frame at least. */
        if (p->next == p->first && end <= p->slot) end = p->slot + 1;
    }
    release(p, end, last, step);
    p->held = false;
}
