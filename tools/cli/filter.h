/* filter.h -- the filter of --filter, opened as --device, --threads, --device-mem-cap say. */
#ifndef GD_TOOLS_CLI_FILTER_H
#define GD_TOOLS_CLI_FILTER_H

#include "layers/filter_draw.h"
#include "tools/cli/flags.h"

/* *out is NULL, and all is well, where the command has no --filter or none was given. Says
 * under -v where it computes, with --device auto always. `d` NULL: it does not draw. */
gd_status gd_filter_flag(const gd_flags *f, const gd_filter_drawing *d, gd_filter **out,
                         gd_error *err) GD_MUST_CHECK;

#endif
