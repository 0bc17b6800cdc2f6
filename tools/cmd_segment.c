/* cmd_segment.c -- `gdrun segment`: a class for each pixel of pictures and videos. */
#include "tools/cli/run.h"
#include "tools/cmd.h"

int gd_cmd_segment(gd_flags *f) {
    gd_run   run;
    gd_error err = {0};
    int      subject, code = gd_run_open(&run, f, GD_TASK_SEGMENT);
    if (code < 0 &&
        gd_backdrop_open(f, run.model, run.decoder, &run.backdrop, &subject, &err) != GD_OK)
        code = (int)gd_report_error(&err, (gd_exit)subject, NULL);
    if (code < 0) code = gd_run_all(&run);
    gd_run_close(&run);
    return code;
}
