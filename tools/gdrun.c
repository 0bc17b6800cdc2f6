/* gdrun.c -- the program gdrun: a table of subcommands. */
#include "tools/cli/program.h"
#include "tools/cmd.h"

static const struct {
    unsigned bit;
    int (*run)(gd_flags *f);
} table[] = {
#define GD_COMMAND(id, name, function, arguments, summary) {GD_CMD_##id, function},
#include "tools/cli/commands.def"
#undef GD_COMMAND
};

static int program(int argc, char **argv) {
    gd_flags f;
    int      code = gd_program_start(&f, "gdrun", GD_CMD_GDRUN, argc, argv);
    for (size_t i = 0; code < 0 && i < sizeof table / sizeof *table; i++)
        if (table[i].bit == f.command) code = table[i].run(&f);
    return gd_program_end(&f, code);
}

int main(int argc, char **argv) { return gd_program_main(program, argc, argv); }
