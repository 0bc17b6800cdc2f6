/* cmd_help.c -- `gdrun help`: commands, models, error codes, manual pages. */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/help.h"
#include "tools/cli/model_table.h"
#include "tools/cli/number.h"
#include "tools/cli/report.h"
#include "tools/cli/text.h"
#include "tools/cmd.h"

/* "E401", "W250" or "401"; 0: not a code. */
static int code_of(const char *text) {
    int64_t n = 0;
    if (*text == 'E' || *text == 'e' || *text == 'W' || *text == 'w') text++;
    return strlen(text) == 3 && gd_number_int(text, &n) && n > 0 ? (int)n : 0;
}

int gd_cmd_help(gd_flags *f) {
    const char       *topic = f->n_args ? f->args[0] : NULL, *man;
    const gd_command *command;
    gd_error          err = {0};
    char              shown[80];
    man = gd_flag_text(f, GD_OPT_MAN);
    if (man) {
        gd_help_man(strcmp(man, "gdconvert") ? GD_CMD_GDRUN : GD_CMD_CONVERT);
        return GD_EXIT_OK;
    }
    if (!topic) {
        gd_help_command(GD_CMD_GDRUN);
        return GD_EXIT_OK;
    }
    command = gd_command_find(topic);
    if (command || !strcmp(topic, "gdconvert")) {
        gd_help_command(command ? command->bit : GD_CMD_CONVERT);
        return GD_EXIT_OK;
    }
    if (!strcmp(topic, "models"))
        return gd_model_table(&err) == GD_OK ? GD_EXIT_OK
                                             : (int)gd_report_error(&err, GD_EXIT_BUG, NULL);
    if (code_of(topic) && gd_help_code(code_of(topic), *topic == 'W' || *topic == 'w'))
        return GD_EXIT_OK;
    gd_fail_code(&err, GD_ERR_ARG, 205, "no help on '%s'",
                 gd_escape(shown, sizeof shown, topic));
    gd_error_hint(&err, "a command, 'models', or a code such as E401; 'gdrun help' lists the "
                        "commands");
    return (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
}
