/* video_clock.c -- timestamps that always rise; see video_clock.h. */
#include "tools/media/video_clock.h"

/* Sums saturate well inside int64, so that later ones cannot overflow either. */
static const int64_t far = INT64_MAX / 2;

int64_t gd_video_time_add(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return a > 0 ? far : -far;
    return sum > far ? far : sum < -far ? -far : sum;
}

int64_t gd_video_time_sub(int64_t a, int64_t b) {
    return gd_video_time_add(a, b < -far ? far : -b);
}

void gd_video_clock_shift(gd_video_clock *c, int64_t ticks) {
    c->shift = ticks;
    c->extra = 0;
}

static int64_t settle(gd_video_clock *c, int64_t pts) {
    c->begun = true;
    return c->last = pts;
}

int64_t gd_video_clock_next(gd_video_clock *c, int64_t pts, int64_t duration) {
    const int64_t step = duration > 0 ? duration : c->step > 0 ? c->step : 1;
    if (pts == GD_VIDEO_NO_PTS) {
        c->moved++;
        return settle(c, c->begun ? gd_video_time_add(c->last, step) : 0);
    }
    int64_t at = gd_video_time_add(pts, c->shift);
    if (!c->begun || at > c->last) {
        c->extra = 0;
        return settle(c, at);
    }
    at = gd_video_time_add(at, c->extra);
    if (at > c->last) return settle(c, at);
    c->moved++;
    if (c->jump > 0 && gd_video_time_sub(c->last, at) > c->jump) {
        c->extra = gd_video_time_add(c->extra,
                                     gd_video_time_sub(gd_video_time_add(c->last, step), at));
        return settle(c, gd_video_time_add(c->last, step));
    }
    return settle(c, gd_video_time_add(c->last, 1));
}
