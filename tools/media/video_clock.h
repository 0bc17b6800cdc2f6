/* video_clock.h -- timestamps that always rise, from sources whose do not. */
#ifndef GD_TOOLS_MEDIA_VIDEO_CLOCK_H
#define GD_TOOLS_MEDIA_VIDEO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GD_VIDEO_NO_PTS INT64_MIN

/* Sum and difference of times that a file may have made up: half the range of int64 at most, so
 * that what is done with them next does not overflow either. */
int64_t gd_video_time_add(int64_t a, int64_t b);
int64_t gd_video_time_sub(int64_t a, int64_t b);

/* Start from {.step, .jump}. A source whose timestamps rise comes out tick for tick. */
typedef struct gd_video_clock {
    int64_t step;  /* ticks of a frame, where nothing better is known; 0: 1 */
    int64_t jump;  /* a step back by more ticks is a new beginning; 0: never one */
    int64_t last;  /* what was given last */
    int64_t shift; /* added to the source's timestamps since it was connected */
    int64_t extra; /* and since its last new beginning */
    int64_t moved; /* timestamps that are not the source's */
    bool    begun;
} gd_video_clock;

/* The timestamp of the next frame: `pts` (GD_VIDEO_NO_PTS: it has none) when it is later than
 * the last one. A missing one follows the last by `duration` (0: by step); one that repeats or
 * goes back a little is put one tick behind it; one that goes back by more than `jump` begins
 * anew behind the last one, and those after it keep their distances until the source's own time
 * is ahead again. */
int64_t gd_video_clock_next(gd_video_clock *c, int64_t pts, int64_t duration);
/* A source that was connected again counts from another zero: `ticks` are added from now on. */
void gd_video_clock_shift(gd_video_clock *c, int64_t ticks);

#ifdef __cplusplus
}
#endif
#endif
