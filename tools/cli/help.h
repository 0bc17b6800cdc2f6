/* help.h -- help texts, manual pages and shell completions, all from the table of flags. */
#ifndef GD_TOOLS_CLI_HELP_H
#define GD_TOOLS_CLI_HELP_H

#include "tools/cli/flags.h"

/* --help of one command, or with GD_CMD_GDRUN the list of commands; on stdout. */
void gd_help_command(unsigned command);
/* What a stable code means, as an error or as a warning; false: there is no such code. */
bool gd_help_code(int number, bool warning);
/* The manual page (roff, man macros) of gdrun or, with GD_CMD_CONVERT, of gdconvert. */
void gd_help_man(unsigned command);
/* The completion file of "bash", "zsh" or "fish", for both programs. */
void gd_help_completion(const char *shell);

#endif
