/* job.h -- one evaluation from its data set to its report: boxes, labels or maps. */
#ifndef GD_TOOLS_EVAL_JOB_H
#define GD_TOOLS_EVAL_JOB_H

#include "tools/eval/maps.h"
#include "tools/eval/report.h"
#include "tools/eval/run.h"
#include "tools/eval/truth.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_eval_job {
    const gd_flags *flags;
    gd_task         task;
    const char     *model_name; /* NULL: --detections */
    char            model_path[4096];
    gd_decoder     *decoder;                   /* of maps */
    gd_decoder     *readers[GD_AHEAD_THREADS]; /* of pictures */
    int             n_readers;
    gd_model       *model;
    gd_session     *session;

    gd_truth     truth;    /* boxes and labels */
    gd_eval_maps maps;     /* maps */
    int         *class_of; /* place in the data set of each class of the model */
    gd_results   results;
    gd_eval_run  run;

    gd_eval_boxes    boxes;
    gd_eval_labels   labels;
    gd_eval_pixels   pixels;
    const char     **names;  /* n_classes + 1 */
    const char     **images; /* names of pictures */
    gd_session_stats stats;
    gd_eval_report   report;
} gd_eval_job;

/* Starts the processes that decode, while the program has one thread. */
gd_status gd_eval_job_decoders(gd_eval_job *j, gd_error *err) GD_MUST_CHECK;
/* Reads the data set that --data names, of the kind that the task wants. */
gd_status gd_eval_job_data(gd_eval_job *j, gd_error *err) GD_MUST_CHECK;
/* Opens the session. */
gd_status gd_eval_job_session(gd_eval_job *j, gd_error *err) GD_MUST_CHECK;
/* Gets the results: from the model, picture by picture, or from the file of --detections. An
 * interrupted run is GD_OK with run.interrupted. E801: more than 1 % of the pictures failed,
 * and more than one. */
gd_status gd_eval_job_results(gd_eval_job *j, gd_error *err) GD_MUST_CHECK;
/* Judges them and fills j->report. */
gd_status gd_eval_job_judge(gd_eval_job *j, gd_error *err) GD_MUST_CHECK;
/* Writes the detections in the results format of COCO; "-" is stdout. */
gd_status gd_eval_job_coco(const gd_eval_job *j, const char *path, bool replace,
                           gd_error *err) GD_MUST_CHECK;
void      gd_eval_job_free(gd_eval_job *j);

#ifdef __cplusplus
}
#endif
#endif
