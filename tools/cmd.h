/* cmd.h -- the subcommands of gdrun: each takes its flags and returns the exit code. */
#ifndef GD_TOOLS_CMD_H
#define GD_TOOLS_CMD_H

#include "tools/cli/flags.h"

#define GD_COMMAND(id, name, function, arguments, summary) int function(gd_flags *f);
#include "tools/cli/commands.def"
#undef GD_COMMAND

#endif
