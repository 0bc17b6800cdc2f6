/* cmd_detect.c -- `gdrun detect`: boxes on pictures and videos. */
#include "tools/cli/detections.h"
#include "tools/cmd.h"

int gd_cmd_detect(gd_flags *f) { return gd_run_detections(f); }
