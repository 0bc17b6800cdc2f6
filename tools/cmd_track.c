/* cmd_track.c -- `gdrun track`: boxes with ids, followed through videos. */
#include "tools/cli/detections.h"
#include "tools/cmd.h"

int gd_cmd_track(gd_flags *f) { return gd_run_detections(f); }
