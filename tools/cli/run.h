/* run.h -- the loop that detect, track, classify and segment share: read, run, write, count,
 * and go on after a failure. */
#ifndef GD_TOOLS_CLI_RUN_H
#define GD_TOOLS_CLI_RUN_H

#include "tools/cli/cascade.h"
#include "tools/cli/outputs.h"
#include "tools/cli/report.h"
#include "tools/cli/video_flags.h"
#include "tools/media/picture.h"

typedef struct gd_run gd_run;

/* Called for each picture that gave a result, before it is written: may drop detections. For
 * frames of videos, by several threads at once. */
typedef void (*gd_run_filter)(const gd_run *run, gd_detection *d, int *n);

struct gd_run {
    gd_flags            *flags;
    gd_video_flags       video_flags; /* of detect, track and segment */
    gd_task              task;        /* that the command needs */
    gd_model            *model;
    char                 model_path[4096];
    gd_session          *session;
    gd_cascade          *cascade;         /* --classify; NULL: none */
    gd_session_options   session_options; /* it was opened with */
    struct gd_video_run *video;           /* from the first video on */
    gd_tracker          *tracker;         /* track: of the pictures, which are one sequence */
    gd_filter           *pixels;          /* --filter: of what is shown */
    gd_backdrop         *backdrop;        /* segment: of what is shown; NULL: colours */
    gd_decoder          *decoder;
    gd_sources           sources;
    gd_run_info          info;
    gd_summary           summary;
    gd_outputs           outputs;
    gd_run_filter        filter; /* NULL: keep all */
    void                *filter_data;
    gd_session_stats     stats; /* of the session once it is open: device, precision */
    int          batch;      /* pictures that run together; 0: --batch auto has yet to choose */
    bool         auto_batch; /* it may be halved when memory ends */
    float        session_conf; /* threshold of the session; < 0: --conf */
    float        top_score;    /* best score seen in any picture; -1: none known */
    long         n_ok, n_failed;
    long         n_partial;     /* of n_ok: videos that were not whole */
    int          first_failure; /* exit code of the first source that failed */
    int          gave_way;      /* exit code 9 of a stream that stayed away, 0: none */
    int          stop;          /* exit code that ends the run early, 0: none */
    bool         quit;          /* the user closed the window: no more sources */
    const char **names;         /* of classes, for info */
    int         *category_ids;
    char         sha256[65];
    char        *recipe; /* JSON */
};

/* Loads the model that --model names and checks it, device, precision and sources; opens the
 * decoder first, while the program has one thread. Returns -1, or an exit code after the error
 * was printed. With --print-config it prints and returns 0. */
int gd_run_open(gd_run *r, gd_flags *f, gd_task task);
/* Opens session and outputs, runs every source and completes the outputs; returns the exit
 * code. */
int  gd_run_all(gd_run *r);
void gd_run_close(gd_run *r);

/* Reports an error that ends the run, and keeps its exit code; nothing is said about a reader
 * of stdout that went away (951). */
void gd_run_stop(gd_run *r, const gd_error *err, gd_exit subject);

#endif
