/* judge.c -- a checkpoint judged as `gdrun eval` judges a model. */
#include <stdio.h>
#include <string.h>

#include "tools/eval/job.h"
#include "tools/train/job.h"

static gd_status run(gd_eval_job *e, gd_error *err) {
    GD_TRY(gd_model_load(e->model_path, &e->model, err));
    e->task = gd_model_task(e->model);
    GD_TRY(gd_eval_job_data(e, err));
    GD_TRY(gd_eval_job_session(e, err));
    GD_TRY(gd_eval_job_results(e, err));
    return e->run.interrupted ? GD_OK : gd_eval_job_judge(e, err);
}

gd_status gd_train_judge(const gd_train_job *j, double *figure, const char **name,
                         gd_error *err) {
    char  data[4096], device[64], batch[24];
    char *argv[12] = {"--data", data, "--device", device, "--batch", batch, "--quiet"};
    int   argc = 7;
    *name = NULL;
    snprintf(data, sizeof data, "%s", j->val_path);
    snprintf(device, sizeof device, "%s", j->setup.trainer.device);
    snprintf(batch, sizeof batch, "%d", j->setup.loader.batch < 8 ? j->setup.loader.batch : 8);
    char        split[256], images[4096];
    const char *folder = gd_flag_text(j->flags, GD_OPT_IMAGES);
    if (j->val_split) {
        snprintf(split, sizeof split, "%s", j->val_split);
        argv[argc++] = "--split";
        argv[argc++] = split;
    }
    if (folder) {
        snprintf(images, sizeof images, "%s", folder);
        argv[argc++] = "--images";
        argv[argc++] = images;
    }
    gd_flags f;
    gd_flags_init(&f, GD_CMD_EVAL);
    gd_eval_job e = {.flags = &f,
                     .decoder = j->readers.decoder,
                     .n_readers = j->readers.n_readers,
                     .report = {.conf = -1, .iou = -1}};
    memcpy(e.readers, j->readers.readers, sizeof e.readers);
    gd_run_folder_file(&j->folder, "last.gdw", e.model_path, sizeof e.model_path);
    e.model_name = e.model_path;
    gd_status st = gd_flags_parse(&f, argc, argv, err);
    if (st == GD_OK) st = run(&e, err);
    if (st == GD_OK && !e.run.interrupted) *figure = gd_eval_main_number(&e.report, name);
    e.decoder = NULL; /* the run's, for all epochs */
    e.n_readers = 0;
    gd_eval_job_free(&e);
    gd_flags_free(&f);
    return st;
}
