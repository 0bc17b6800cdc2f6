/* cmd_completion.c -- `gdrun completion bash|zsh|fish`. */
#include <string.h>

#include "tools/cli/help.h"
#include "tools/cli/report.h"
#include "tools/cmd.h"

int gd_cmd_completion(gd_flags *f) {
    gd_error    err = {0};
    const char *shell = f->n_args == 1 ? f->args[0] : "";
    if (strcmp(shell, "bash") && strcmp(shell, "zsh") && strcmp(shell, "fish")) {
        gd_fail_code(&err, GD_ERR_ARG, 207, "completion takes one of bash, zsh, fish");
        gd_error_hint(&err,
                      "gdrun completion bash > ~/.local/share/bash-completion/completions/"
                      "gdrun");
        return (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
    }
    gd_help_completion(shell);
    return GD_EXIT_OK;
}
