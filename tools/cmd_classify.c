/* cmd_classify.c -- `gdrun classify`: the best classes of pictures. */
#include "tools/cli/run.h"
#include "tools/cmd.h"

int gd_cmd_classify(gd_flags *f) {
    gd_run run;
    int    code = gd_run_open(&run, f, GD_TASK_CLASSIFY);
    if (code < 0) code = gd_run_all(&run);
    gd_run_close(&run);
    return code;
}
