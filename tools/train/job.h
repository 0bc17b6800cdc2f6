/* job.h -- one training run from its data set to its last checkpoint. */
#ifndef GD_TOOLS_TRAIN_JOB_H
#define GD_TOOLS_TRAIN_JOB_H

#include "tools/cli/report.h"
#include "tools/eval/job.h"
#include "tools/train/log.h"
#include "tools/train/setup.h"
#include "tools/train/state.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_train_job {
    const gd_flags *flags;
    char            model_path[4096];
    gd_model       *model;
    gd_data        *data;
    gd_train_setup  setup;
    gd_eval_job     readers; /* the processes that decode what judges: nothing else of it */
    gd_loader      *loader;
    gd_trainer     *trainer;
    gd_run_folder   folder;
    gd_train_log    log;
    gd_train_state  state;
    gd_train_place  place;
    char            val_path[4096];     /* "": epochs are not judged */
    const char     *val_split;          /* NULL: the judge's own choice */
    int64_t         batches;            /* of an epoch */
    int64_t         in_a_row;           /* skipped steps */
    double          told_s, told_stall; /* when the log was last told: clock, waits so far */
    int             micro;              /* batches since */
    double          epoch_loss;         /* sums over the epoch, of this process */
    int64_t         epoch_batches;
    bool            damaged;     /* last.gdw was, when the run was resumed */
    bool            save_failed; /* the newest checkpoint could not be written */
} gd_train_job;

/* Data set, model, run folder, loader: everything that needs no device and wants a program of
 * one thread. *subject: what an error is about. */
gd_status gd_train_job_open(gd_train_job *j, gd_exit *subject, gd_error *err) GD_MUST_CHECK;
/* Device, graphs and, with --resume, the state of the run. */
gd_status gd_train_job_start(gd_train_job *j, gd_exit *subject, gd_error *err) GD_MUST_CHECK;
/* Learns until the end, a signal, or an error (code 82x: it diverged). */
gd_status gd_train_job_run(gd_train_job *j, gd_exit *subject, gd_error *err) GD_MUST_CHECK;
void      gd_train_job_close(gd_train_job *j);

/* judge.c: runs the checkpoint last.gdw over the data that judges the run. */
gd_status gd_train_judge(const gd_train_job *j, double *figure, const char **name,
                         gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
