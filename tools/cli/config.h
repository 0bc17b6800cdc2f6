/* config.h -- values from the environment and from a YAML file, and --print-config. */
#ifndef GD_TOOLS_CLI_CONFIG_H
#define GD_TOOLS_CLI_CONFIG_H

#include "tools/cli/flags.h"

/* Reads every documented GDRUN_* variable, then the file that --config or GDRUN_CONFIG names.
 * A bad or unknown variable is a warning; a bad config file is an error, one that everybody may
 * write to is ignored with a warning. */
gd_status gd_config_gather(gd_flags *f, gd_error *err) GD_MUST_CHECK;

/* A YAML file: flag names to values, and command names to such mappings, which bind more
 * closely. Anchors, aliases and tags are refused; a flag of another command is skipped, an
 * unknown one is
 * an error. */
gd_status gd_config_read(gd_flags *f, const char *path, gd_error *err) GD_MUST_CHECK;

/* Every value of the command on stdout, as a config file with the origins as comments. */
void gd_config_print(const gd_flags *f);

#endif
