/* cmd.h -- the subcommands of gdrun: each takes its flags and returns the exit code. */
#ifndef GD_TOOLS_CMD_H
#define GD_TOOLS_CMD_H

#include "tools/cli/flags.h"

#define GD_COMMAND(id, name, function, arguments, summary) int function(gd_flags *f);
#include "tools/cli/commands.def"
#undef GD_COMMAND

/* clang's __VERSION__ says whose it is, gcc's is a bare number. */
#ifdef __clang__
#define GD_COMPILER __VERSION__
#else
#define GD_COMPILER "gcc " __VERSION__
#endif

#endif
