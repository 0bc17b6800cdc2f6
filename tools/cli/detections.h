/* detections.h -- detect and track: which detections count, what a run without any is told. */
#ifndef GD_TOOLS_CLI_DETECTIONS_H
#define GD_TOOLS_CLI_DETECTIONS_H

#include "tools/cli/flags.h"

/* Runs every source; returns the exit code. */
int gd_run_detections(gd_flags *f);

#endif
