/* cmd_train.c -- `gdrun train`: from annotated pictures to a weight file that detects. */
#include "tools/cli/program.h"
#include "tools/cmd.h"
#include "tools/train/job.h"

static gd_status check_flags(const gd_flags *f, gd_error *err) {
    if (f->n_args)
        return gd_fail_code(err, GD_ERR_ARG, 200, "train takes no argument: '%.100s'",
                            f->args[0]);
    if (!gd_flag_text(f, GD_OPT_DATA))
        return gd_fail_code(err, GD_ERR_ARG, 207, "no data set was given: --data PATH");
    if (!gd_flag_text(f, GD_OPT_MODEL) && !gd_flag_on(f, GD_OPT_RESUME))
        return gd_fail_code(err, GD_ERR_ARG, 207, "no model was given: -m MODEL.gdw");
    if (gd_flag_text(f, GD_OPT_MODEL) && gd_flag_on(f, GD_OPT_RESUME))
        return gd_fail_code(err, GD_ERR_ARG, 209,
                            "--resume takes the model of the run: --model does not go with it");
    return GD_OK;
}

int gd_cmd_train(gd_flags *f) {
    gd_train_job j = {.flags = f,
                      .readers = {.flags = f},
                      .folder = {.lock = -1},
                      .log = {.fd = -1, .events = {.fd = -1}}};
    gd_error     err = {0};
    gd_exit      subject = GD_EXIT_USAGE;
    gd_status    st;
    GD_GO(check_flags(f, &err));
    subject = GD_EXIT_INPUT; /* the decoder's processes, while the program has one thread */
    GD_GO(gd_eval_job_decoders(&j.readers, &err));
    GD_GO(gd_train_job_open(&j, &subject, &err));
    GD_GO(gd_train_job_start(&j, &subject, &err));
    GD_GO(gd_train_job_run(&j, &subject, &err));
done:
    gd_train_job_close(&j);
    return st == GD_OK ? GD_EXIT_OK : (int)gd_report_error(&err, subject, NULL);
}
