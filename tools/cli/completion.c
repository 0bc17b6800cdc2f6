/* completion.c -- completion files for bash, zsh and fish, from the table of flags. */
#include <stdio.h>
#include <string.h>

#include "tools/cli/help.h"
#include "tools/cli/program.h"

/* The fixed choices of a flag, separated by blanks; "cuda:*" has no fixed ending. */
static void print_choices(const gd_flag *flag) {
    const char *p = flag->choices;
    bool        first = true;
    while (p && *p) {
        size_t n = strcspn(p, "|");
        if (p[n - 1] != '*') {
            gd_print("%s%.*s", first ? "" : " ", (int)n, p);
            first = false;
        }
        p += n + (p[n] == '|');
    }
}

static void command_names(void) {
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++)
        gd_print("%s%s", i ? " " : "", gd_command_table[i].name);
}

/* ---- bash -------------------------------------------------------------------------------- */

static void bash_flags(unsigned command) {
    for (int i = 0; i < GD_OPT_COUNT; i++)
        if (gd_flag_shown(&gd_flag_table[i], command)) gd_print(" --%s", gd_flag_table[i].name);
}

static void bash(void) {
    gd_print("# gdrun -- completion of gdrun and gdconvert for bash; made by 'gdrun completion "
             "bash'.\n"
             "_gdrun() {\n"
             "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
             "    local word command= flags\n"
             "    COMPREPLY=()\n"
             "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
             "        case $word in\n            ");
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++)
        gd_print("%s%s", i ? "|" : "", gd_command_table[i].name);
    gd_print(") command=$word; break ;;\n        esac\n    done\n    case $prev in\n");
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        if (flag->kind != GD_KIND_CHOICE) continue;
        gd_print("        --%s) COMPREPLY=($(compgen -W \"", flag->name);
        print_choices(flag);
        gd_print("\" -- \"$cur\")); return ;;\n");
    }
    gd_print("    esac\n    case $command in\n");
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++) {
        gd_print("        %s) flags=\"", gd_command_table[i].name);
        bash_flags(gd_command_table[i].bit);
        gd_print("\" ;;\n");
    }
    gd_print("        *) flags=\"");
    bash_flags(GD_CMD_GDRUN);
    gd_print("\" ;;\n    esac\n    [[ ${COMP_WORDS[0]##*/} == gdconvert ]] && flags=\"");
    bash_flags(GD_CMD_CONVERT);
    gd_print("\"\n"
             "    if [[ $cur == -* ]]; then\n"
             "        COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"
             "    elif [[ -z $command && ${COMP_WORDS[0]##*/} != gdconvert ]]; then\n"
             "        COMPREPLY=($(compgen -W \"");
    command_names();
    gd_print("\" -- \"$cur\"))\n"
             "    elif [[ $command == completion ]]; then\n"
             "        COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$cur\"))\n"
             "    elif [[ $command == help ]]; then\n"
             "        COMPREPLY=($(compgen -W \"");
    command_names();
    gd_print(" models\" -- \"$cur\"))\n"
             "    else\n"
             "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
             "    fi\n"
             "}\n"
             "complete -o filenames -F _gdrun gdrun gdconvert\n");
}

/* ---- zsh --------------------------------------------------------------------------------- */

/* A help text inside '...[...]': quotes, brackets, colons and backslashes are taken out. */
static void zsh_text(const char *text) {
    for (; *text; text++) gd_print("%c", strchr("'[]:\\", *text) ? ' ' : *text);
}

static void zsh_flags(unsigned command) {
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        bool           many = flag->kind == GD_KIND_LIST || flag->kind == GD_KIND_PATHS ||
                    flag->kind == GD_KIND_COUNT;
        if (!gd_flag_shown(flag, command)) continue;
        gd_print(" \\\n            '%s--%s%s[", many ? "*" : "", flag->name,
                 flag->argument ? "=" : "");
        zsh_text(flag->help);
        gd_print("]");
        if (flag->argument) {
            gd_print(":value:");
            if (flag->kind == GD_KIND_CHOICE) {
                gd_print("(");
                print_choices(flag);
                gd_print(")");
            } else if (flag->kind == GD_KIND_FILE || flag->kind == GD_KIND_PATHS) {
                gd_print("_files");
            } else if (flag->kind == GD_KIND_FOLDER) {
                gd_print("_files -/");
            }
        }
        gd_print("'");
    }
}

static void zsh(void) {
    gd_print("#compdef gdrun gdconvert\n"
             "# gdrun -- completion for zsh; made by 'gdrun completion zsh'.\n"
             "_gdrun() {\n"
             "    if [[ $service == gdconvert ]]; then\n        _arguments");
    zsh_flags(GD_CMD_CONVERT);
    gd_print(" \\\n            '*:file:_files'\n        return\n    fi\n"
             "    local -a commands=(\n");
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++) {
        gd_print("        '%s:", gd_command_table[i].name);
        zsh_text(gd_command_table[i].summary);
        gd_print("'\n");
    }
    gd_print("    )\n"
             "    if (( CURRENT == 2 )); then\n"
             "        _describe command commands\n"
             "        return\n"
             "    fi\n"
             "    local command=$words[2]\n"
             "    shift words\n"
             "    (( CURRENT-- ))\n"
             "    case $command in\n");
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++) {
        gd_print("        %s) _arguments", gd_command_table[i].name);
        zsh_flags(gd_command_table[i].bit);
        if (gd_command_table[i].bit == GD_CMD_COMPLETION)
            gd_print(" \\\n            '1:shell:(bash zsh fish)' ;;\n");
        else
            gd_print(" \\\n            '*:file:_files' ;;\n");
    }
    gd_print("    esac\n}\n_gdrun \"$@\"\n");
}

/* ---- fish -------------------------------------------------------------------------------- */

static void fish_text(const char *text) {
    gd_print("'");
    for (; *text; text++) gd_print(*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
    gd_print("'");
}

static void fish_flag(const gd_flag *flag, const char *program, const char *condition) {
    gd_print("complete -c %s", program);
    if (*condition) gd_print(" -n '__fish_seen_subcommand_from %s'", condition);
    gd_print(" -l %s", flag->name);
    if (flag->letter) gd_print(" -s %c", flag->letter);
    if (flag->argument) gd_print(" -r");
    if (flag->kind == GD_KIND_CHOICE) {
        gd_print(" -f -a '");
        print_choices(flag);
        gd_print("'");
    }
    gd_print(" -d ");
    fish_text(flag->help);
    gd_print("\n");
}

static void fish(void) {
    gd_print("# gdrun -- completion of gdrun and gdconvert for fish; made by 'gdrun completion "
             "fish'.\n");
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++) {
        gd_print("complete -c gdrun -n __fish_use_subcommand -f -a %s -d ",
                 gd_command_table[i].name);
        fish_text(gd_command_table[i].summary);
        gd_print("\n");
    }
    gd_print("complete -c gdrun -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh "
             "fish'\n");
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        if (gd_flag_shown(flag, GD_CMD_CONVERT)) fish_flag(flag, "gdconvert", "");
        if (gd_flag_shown(flag, GD_CMD_GDRUN)) {
            fish_flag(flag, "gdrun", "");
            continue;
        }
        for (int c = 0; c < GD_COMMAND_INDEX_CONVERT; c++)
            if (gd_flag_shown(flag, gd_command_table[c].bit))
                fish_flag(flag, "gdrun", gd_command_table[c].name);
    }
}

void gd_help_completion(const char *shell) {
    if (!strcmp(shell, "bash")) bash();
    if (!strcmp(shell, "zsh")) zsh();
    if (!strcmp(shell, "fish")) fish();
}
