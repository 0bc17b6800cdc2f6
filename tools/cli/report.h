/* report.h -- everything the programs say on stderr, and the exit code that goes with it.
 *
 * Messages are written with one write(2) each. Control bytes and invalid UTF-8 are escaped. A
 * warning is printed when it first occurs; how often it came again stands at the end. Messages
 * may come from any thread. */
#ifndef GD_TOOLS_CLI_REPORT_H
#define GD_TOOLS_CLI_REPORT_H

#include <stdbool.h>

#include "engine/status.h"
#include "tools/cli/flags.h"
#include "tools/cli/progress.h"

/* One table for the whole project. */
typedef enum gd_exit {
    GD_EXIT_OK = 0,
    GD_EXIT_SOME_FAILED = 1, /* some inputs failed, at least one gave a result; --fail-on */
    GD_EXIT_USAGE = 2,
    GD_EXIT_INPUT = 3,
    GD_EXIT_MODEL = 4,
    GD_EXIT_DEVICE = 5,
    GD_EXIT_MEMORY = 6,
    GD_EXIT_CHECK = 7,
    GD_EXIT_TRAINING = 8,
    GD_EXIT_OUTPUT = 9,
    GD_EXIT_BUG = 70
} gd_exit;

typedef enum gd_level {
    GD_LEVEL_ERROR,
    GD_LEVEL_WARNING,
    GD_LEVEL_INFO,
    GD_LEVEL_VERBOSE,
    GD_LEVEL_DEBUG
} gd_level;

/* Names the program in messages; the other settings are the defaults until configured. */
void gd_report_open(const char *program);
/* Takes level, form and colour from the flags. */
void gd_report_configure(const gd_flags *f);
bool gd_report_shows(gd_level level);

/* What an error means for the exit code. `subject` is the code of what was being worked on:
 * GD_EXIT_INPUT for a picture, GD_EXIT_MODEL for a weight file, ... A stable code in the error
 * decides by its first digit; memory, device and check failures are what they are; the rest is
 * the subject's. */
gd_exit gd_exit_of(const gd_error *err, gd_exit subject);
/* Prints the error and returns gd_exit_of. `file` (may be NULL) is shown on a line of its own
 * when the message does not name it already. */
gd_exit gd_report_error(const gd_error *err, gd_exit subject, const char *file);

/* A warning with a stable W-code (codes.def). */
void gd_warn(int code, const char *fmt, ...) GD_PRINTF(2, 3);
/* One that is printed each time: it tells which of several sources it is about. */
void gd_warn_each(int code, const char *fmt, ...) GD_PRINTF(2, 3);
/* One line: gd_say(GD_LEVEL_INFO, "device: cpu, 8 threads"). */
void gd_say(gd_level level, const char *fmt, ...) GD_PRINTF(2, 3);
/* A note of level info with a cause and advice on lines of their own. */
void gd_note(const char *text, const char *why, const char *hint);

/* Prints how often warnings came again. */
void gd_report_close(void);

/* ---- a line that is written over in place (progress.h) ----------------------------------- */

/* Whether there is a place for one: a terminal, messages of level info, no JSON. */
bool gd_report_has_line(void);
/* Shows `n` bytes of one line in place of the last; NULL takes it away. Messages do so too. */
void gd_report_line(const char *text, size_t n);
/* Whether colours are wanted. */
bool gd_report_color(void);

/* ---- stable codes ------------------------------------------------------------------------ */

typedef struct gd_code {
    int         number;
    const char *title, *text;
} gd_code;
/* NULL: no such code. */
const gd_code *gd_code_find(int number);
const gd_code *gd_code_at(int index);

#endif
