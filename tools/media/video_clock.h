/* video_clock.h -- timestamps that always rise, from sources whose do not. */
#ifndef GD_TOOLS_MEDIA_VIDEO_CLOCK_H
#define GD_TOOLS_MEDIA_VIDEO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GD_VIDEO_NO_PTS INT64_MIN

/* Start from {.step, .second}. A source whose timestamps rise comes out tick for tick. */
typedef struct gd_video_clock {
    int64_t step;   /* ticks of a frame, where nothing better is known; 0: 1 */
    int64_t second; /* ticks of a second: a step back by more is a new beginning */
    int64_t last;   /* what was given last */
    int64_t offset; /* added to the source's timestamps since the last new beginning */
    int64_t moved;  /* timestamps that are not the source's */
    bool    begun;
    bool    rebase; /* the next timestamp is the first of a new beginning ... */
    int64_t gap;    /* ... that lies this many ticks behind the last one */
} gd_video_clock;

/* The timestamp of the next frame: `pts` (GD_VIDEO_NO_PTS: it has none) when it is later than
 * the last one. A missing one follows the last by `duration` (0: by step); one that repeats or
 * goes back a little is put one tick behind it; one that goes back by more than a second begins
 * anew behind the last one, and those after it keep their distances. */
int64_t gd_video_clock_next(gd_video_clock *c, int64_t pts, int64_t duration);
/* The source was connected again `gap` ticks after its last frame. */
void gd_video_clock_rejoin(gd_video_clock *c, int64_t gap);

#ifdef __cplusplus
}
#endif
#endif
