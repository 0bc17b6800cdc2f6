/* progress.h -- the progress line: bar, counts, rate and time left, on a terminal only.
 *
 * One line that is written over in place with one write(2), at most ten times a second, never
 * wider than the terminal. Nothing is shown where stderr is no terminal, under --quiet,
 * --log-json and TERM=dumb; NO_COLOR and --no-color leave out colours. Messages of report.h
 * take the line away before they print. Calls may come from any thread. */
#ifndef GD_TOOLS_CLI_PROGRESS_H
#define GD_TOOLS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A new count from 0 begins; `unit` ("frames"; borrowed) is shown behind it, NULL: none.
 * Without this call counting begins with the first gd_progress. */
void gd_progress_begin(const char *unit);
/* `done` of `total`; total <= 0: not known, then elapsed time is shown in place of the bar. */
void gd_progress(long done, long total);
/* Text that stands behind the counts from now on ("loss 0.531"; copied, cut at 95 bytes); NULL:
 * none. It goes when another count begins. */
void gd_progress_note(const char *text);
/* Removes the line; the next gd_progress draws it again. */
void gd_progress_clear(void);

/* ---- how the line is made, without clock and terminal ------------------------------------ */

enum { GD_PACE_SAMPLES = 16 };

/* What the rate and the time left come from: a count for each of the last seconds. {0} is
 * empty. */
typedef struct gd_pace {
    double started, now; /* seconds */
    long   first, done;  /* counts at these times */
    int    n, head;      /* samples in the ring, where the next one goes */
    double at[GD_PACE_SAMPLES];
    long   count[GD_PACE_SAMPLES];
} gd_pace;

/* Takes a count at the time `now`. A count that falls begins anew; a clock may stand still. */
void gd_pace_take(gd_pace *p, double now, long done);
/* Items a second; 0: not known yet. */
double gd_pace_rate(const gd_pace *p);
/* Seconds until `total`; < 0: not known. */
double gd_pace_left(const gd_pace *p, long total);

/* Writes the line (without line end and control bytes other than colours) of at most `columns`
 * columns into `out`; what does not fit is left out, the bar first. Returns its bytes. */
size_t gd_progress_line(char *out, size_t room, const gd_pace *p, long total, const char *unit,
                        int columns, bool color);

#ifdef __cplusplus
}
#endif
#endif
