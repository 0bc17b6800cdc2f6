/* help.c -- help on a terminal and manual pages; see help.h. */
#include "tools/cli/help.h"

#include <stdio.h>
#include <string.h>

#include "tools/cli/program.h"
#include "tools/cli/report.h"

enum { WIDTH = 80, INDENT = 30 };

static const gd_command *command_of(unsigned bit) {
    for (int i = 0; i < GD_COMMAND_COUNT; i++)
        if (gd_command_table[i].bit == bit) return &gd_command_table[i];
    return NULL;
}

/* ---- plain text -------------------------------------------------------------------------- */

/* Prints `text` broken at blanks; the first line begins at column `at`. */
static void wrap(const char *text, int at, int indent) {
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (at + n > WIDTH && at > indent) {
            gd_print("\n%*s", indent, "");
            at = indent;
        }
        gd_print("%.*s", n, text);
        at += n;
        text += n;
        if (*text == ' ') {
            text++;
            if (*text && at + 1 + (int)strcspn(text, " ") <= WIDTH) {
                gd_print(" ");
                at++;
            } else if (*text) {
                gd_print("\n%*s", indent, "");
                at = indent;
            }
        }
    }
    gd_print("\n");
}

/* "a number from 0 to 1; default 0.5": what the help text does not say itself. */
static void facts(const gd_flag *flag, char *out, size_t room) {
    size_t n = (size_t)snprintf(out, room, "%s", flag->help);
    char   range[128];
    bool   ranged = flag->hi > flag->lo || flag->kind == GD_KIND_CHOICE;
    if (ranged) {
        gd_flag_range(flag, range, sizeof range);
        n += (size_t)snprintf(out + n, room - n, "; %s", range);
    }
    if (flag->def)
        n += (size_t)snprintf(out + n, room - n, " (default: %s)", flag->def);
    else if (flag->from_model)
        n += (size_t)snprintf(out + n, room - n, " (default: from the model)");
    if (flag->environment) snprintf(out + n, room - n, " [%s]", flag->environment);
}

static void spell(const gd_flag *flag, char *out, size_t room) {
    char short_form[8] = "    ";
    if (flag->letter) snprintf(short_form, sizeof short_form, "-%c, ", flag->letter);
    snprintf(out, room, "  %s--%s%s%s", short_form, flag->name, flag->argument ? " " : "",
             flag->argument ? flag->argument : "");
}

static void flag_lines(unsigned command) {
    const char *group = NULL;
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        char           head[96], text[512];
        if (!gd_flag_shown(flag, command)) continue;
        if (!group || strcmp(group, flag->group)) gd_print("\n%s:\n", flag->group);
        group = flag->group;
        spell(flag, head, sizeof head);
        facts(flag, text, sizeof text);
        gd_print("%s", head);
        if (strlen(head) + 1 > INDENT)
            gd_print("\n%*s", INDENT, "");
        else
            gd_print("%*s", INDENT - (int)strlen(head), "");
        wrap(text, INDENT, INDENT);
    }
}

static const char exit_codes[] =
    "  0   success, also when nothing was found\n"
    "  1   some inputs failed, at least one gave a result; or --fail-on\n"
    "  2   usage: unknown flag, value out of range, input = output\n"
    "  3   input missing, unreadable, refused or corrupt\n"
    "  4   model or weight file missing, invalid or of wrong shape\n"
    "  5   no usable device\n"
    "  6   out of memory\n"
    "  7   a check failed: NaN or Inf, parity\n"
    "  9   an output cannot be written\n"
    "  70  internal error\n"
    "  130, 143  interrupted by SIGINT, SIGTERM; outputs are finished first\n";

static void overview(void) {
    gd_print("gdrun %s -- find objects in pictures, classify and segment pictures\n\n",
             gd_version());
    gd_print("Usage: gdrun [FLAGS] COMMAND [FLAGS] [SOURCE...]\n\nCommands:\n");
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++)
        gd_print("  %-12s%s\n", gd_command_table[i].name, gd_command_table[i].summary);
    flag_lines(GD_CMD_GDRUN);
    gd_print("\nExit codes:\n%s", exit_codes);
    gd_print(
        "\n'gdrun help COMMAND' lists the flags of a command, 'gdrun help models' the models,\n"
        "'gdrun help E401' explains an error code. Results go to stdout, everything else to\n"
        "stderr.\n");
}

void gd_help_command(unsigned command) {
    const gd_command *c = command_of(command);
    if (!c) {
        overview();
        return;
    }
    gd_print("%s%s: %s\n\n", command == GD_CMD_CONVERT ? "" : "gdrun ", c->name, c->summary);
    gd_print("Usage: %s%s [FLAGS]%s%s%s\n", command == GD_CMD_CONVERT ? "" : "gdrun ", c->name,
             *c->arguments ? " " : "", c->arguments,
             command == GD_CMD_CONVERT ? " -o OUT.gdw" : "");
    flag_lines(command);
    if (command == GD_CMD_CONVERT) gd_print("\nExit codes:\n%s", exit_codes);
}

bool gd_help_code(int number, bool warning) {
    const gd_code *c = gd_code_find(number);
    if (!c) return false;
    gd_print("%03d %s\n", c->number, c->title);
    wrap(c->text, 0, 0);
    if (warning)
        gd_print("A warning; it does not change the exit code.\n");
    else if (number >= 200)
        gd_print("Exit code: %d\n", number / 100);
    return true;
}

/* ---- manual pages ------------------------------------------------------------------------ */

/* Text for roff: a backslash and a hyphen are escaped, a control character at the start too. */
static void roff(const char *text) {
    if (*text == '.' || *text == '\'') gd_print("\\&");
    for (; *text; text++) {
        if (*text == '\\')
            gd_print("\\e");
        else if (*text == '-')
            gd_print("\\-");
        else
            gd_print("%c", *text);
        if (text[0] == '\n' && (text[1] == '.' || text[1] == '\'')) gd_print("\\&");
    }
}

static void man_flags(unsigned command) {
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        char           text[512];
        if (!gd_flag_shown(flag, command)) continue;
        if (command != GD_CMD_GDRUN && command != GD_CMD_CONVERT &&
            gd_flag_shown(flag, GD_CMD_GDRUN))
            continue; /* told once, among the common flags */
        gd_print(".TP\n");
        if (flag->letter) gd_print("\\fB\\-%c\\fR, ", flag->letter);
        gd_print("\\fB\\-\\-");
        roff(flag->name);
        gd_print("\\fR");
        if (flag->argument) {
            gd_print(" \\fI");
            roff(flag->argument);
            gd_print("\\fR");
        }
        gd_print("\n");
        facts(flag, text, sizeof text);
        roff(text);
        gd_print("\n");
        if (flag->aliases) {
            const char *p = flag->aliases;
            gd_print("Also: ");
            while (*p) {
                size_t n = strcspn(p, " ");
                char   one[64];
                snprintf(one, sizeof one, "--%.*s", (int)n, p);
                gd_print("\\fB");
                roff(one);
                gd_print("\\fR");
                p += n + (p[n] == ' ');
                gd_print(*p ? ", " : ".\n");
            }
        }
    }
}

static void man_end(const char *other) {
    gd_print(".SH EXIT STATUS\n.nf\n");
    roff(exit_codes);
    gd_print(".fi\n.SH SEE ALSO\n.BR %s (1)\n", other);
}

static void man_gdrun(void) {
    gd_print(".SH NAME\ngdrun \\- find objects in pictures, classify and segment pictures\n");
    gd_print(".SH SYNOPSIS\n.B gdrun\n[\\fIFLAGS\\fR] \\fICOMMAND\\fR [\\fIFLAGS\\fR] "
             "[\\fISOURCE\\fR...]\n");
    gd_print(".SH DESCRIPTION\nRuns detection and classification models on pictures, without "
             "Python and without a framework. Models are .gdw files, which\n.BR gdconvert (1)\n"
             "makes. Results go to standard output, everything else to standard error.\n.PP\n"
             "A value comes from the command line, else the environment, else the config file, "
             "else the model file, else the built\\-in default.\n");
    gd_print(".SH COMMANDS\n");
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++) {
        const gd_command *c = &gd_command_table[i];
        gd_print(".SS gdrun ");
        roff(c->name);
        gd_print(*c->arguments ? " [FLAGS] " : " [FLAGS]");
        roff(c->arguments);
        gd_print("\n");
        roff(c->summary);
        gd_print(".\n");
        man_flags(c->bit);
    }
    gd_print(".SH COMMON FLAGS\n");
    man_flags(GD_CMD_GDRUN);
    gd_print(".SH ENVIRONMENT\n");
    gd_print(".TP\n.B GDRUN_MODEL_DIR\nfolder in which a bare model name is looked up\n");
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        if (!flag->environment) continue;
        gd_print(".TP\n.B %s\nstands for \\fB\\-\\-", flag->environment);
        roff(flag->name);
        gd_print("\\fR\n");
    }
    gd_print(".TP\n.B NO_COLOR\nno colours on a terminal\n");
    gd_print(".SH EXAMPLES\n.nf\n");
    roff("gdrun detect -m yolox_nano.gdw street.jpg -o found.jpg\n"
         "gdrun detect -m yolox_nano.gdw photos/ --jsonl results.jsonl --conf 0.3\n"
         "gdrun classify -m resnet50.gdw cat.png -k 3\n"
         "gdrun segment -m deeplabv3.gdw me.jpg -o blurred.jpg --background blur\n");
    gd_print(".fi\n");
}

void gd_help_man(unsigned command) {
    bool convert = command == GD_CMD_CONVERT;
    gd_print(".TH %s 1 \"\" \"gdrun %s\" \"gdrun manual\"\n", convert ? "GDCONVERT" : "GDRUN",
             gd_version());
    if (!convert) {
        man_gdrun();
        man_end("gdconvert");
        return;
    }
    gd_print(".SH NAME\ngdconvert \\- ");
    roff(command_of(GD_CMD_CONVERT)->summary);
    gd_print("\n.SH SYNOPSIS\n.B gdconvert\n\\fIIN\\fR [\\fIFLAGS\\fR] \\-o \\fIOUT.gdw\\fR\n");
    gd_print(
        ".SH DESCRIPTION\nReads a checkpoint of PyTorch or safetensors, names its tensors as "
        "gdrun does and writes one checked file with everything needed to run. Nothing in "
        "the input is executed.\n.SH FLAGS\n");
    man_flags(GD_CMD_CONVERT);
    gd_print(".SH EXAMPLES\n.nf\n");
    roff("gdconvert fasterrcnn_resnet50_fpn.pth -o faster_rcnn.gdw\n"
         "gdconvert --inspect checkpoint.pth --json\n");
    gd_print(".fi\n");
    man_end("gdrun");
}
