/* model_table.h -- the architectures this build knows, as `gdrun help models` and
 * `gdconvert --list` print them. */
#ifndef GD_TOOLS_CLI_MODEL_TABLE_H
#define GD_TOOLS_CLI_MODEL_TABLE_H

#include <stdbool.h>

#include "engine/gdrun.h"

/* True for the statistics of batch norm: part of a model, but nothing a gradient moves. */
bool gd_is_statistic(const char *weight);

/* One line for each architecture on stdout: name, task, classes, parameters, what is done to a
 * picture, the test that holds it to its truth, and what that truth is. */
gd_status gd_model_table(gd_error *err) GD_MUST_CHECK;

#endif
