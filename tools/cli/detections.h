/* detections.h -- what detect and track share: which detections count, and what a run that found
 * nothing is told. */
#ifndef GD_TOOLS_CLI_DETECTIONS_H
#define GD_TOOLS_CLI_DETECTIONS_H

#include "tools/cli/flags.h"

/* Runs every source; returns the exit code. */
int gd_run_detections(gd_flags *f);

#endif
