/* video_clock.c -- timestamps that always rise; see video_clock.h. */
#include "tools/media/video_clock.h"

/* Sums saturate well inside int64, so that later ones cannot overflow either. */
static const int64_t far = INT64_MAX / 2;

static int64_t add(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return a > 0 ? far : -far;
    return sum > far ? far : sum < -far ? -far : sum;
}

void gd_video_clock_rejoin(gd_video_clock *c, int64_t gap) {
    c->rebase = c->begun;
    c->gap = gap > 0 ? gap : 1;
}

static int64_t settle(gd_video_clock *c, int64_t pts) {
    c->begun = true;
    c->rebase = false;
    return c->last = pts;
}

int64_t gd_video_clock_next(gd_video_clock *c, int64_t pts, int64_t duration) {
    const int64_t step = duration > 0 ? duration : c->step > 0 ? c->step : 1;
    if (pts == GD_VIDEO_NO_PTS) {
        c->moved++;
        return settle(c, c->begun ? add(c->last, c->rebase ? c->gap : step) : 0);
    }
    if (c->rebase) {
        c->offset = add(add(c->last, c->gap), -add(pts, 0));
        return settle(c, add(c->last, c->gap));
    }
    const int64_t at = add(pts, c->offset);
    if (!c->begun || at > c->last) return settle(c, at);
    c->moved++;
    if (c->second > 0 && add(c->last, -at) > c->second) {
        c->offset = add(c->offset, add(add(c->last, step), -at));
        return settle(c, add(c->last, step));
    }
    return settle(c, add(c->last, 1));
}
