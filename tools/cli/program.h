/* program.h -- the frame around both programs: descriptors, signals, flags, stdout, exit code.
 *
 *     static int program(int argc, char **argv) {
 *         gd_flags f;
 *         int code = gd_program_start(&f, "gdconvert", GD_CMD_CONVERT, argc, argv);
 *         if (code < 0) code = convert(&f);
 *         return gd_program_end(&f, code);
 *     }
 *     int main(int argc, char **argv) { return gd_program_main(program, argc, argv); } */
#ifndef GD_TOOLS_CLI_PROGRAM_H
#define GD_TOOLS_CLI_PROGRAM_H

#include "tools/cli/flags.h"
#include "tools/cli/report.h"

/* Calls body, and returns what it returns: on a thread with a stack of its own where the limit
 * of the process is small (ulimit -s), which would otherwise end in a crash that nothing can
 * catch. Threads made later get as much. */
int gd_program_main(int (*body)(int argc, char **argv), int argc, char **argv);

/* Reopens closed descriptors 0 to 2, ignores SIGPIPE and SIGXFSZ, catches SIGINT and SIGTERM,
 * turns abort() into exit code 70, reads flags, environment and config, and answers --help,
 * --version and --print-config. Returns -1 when the command is to run, else the exit code. For
 * gdrun `command` is GD_CMD_GDRUN and f->command tells the subcommand afterwards. */
int gd_program_start(gd_flags *f, const char *name, unsigned command, int argc, char **argv);
/* Flushes stdout, prints repeated warnings, frees the flags and returns the final exit code. */
int gd_program_end(gd_flags *f, int code);

/* SIGINT or SIGTERM once it has arrived, else 0: long loops look at it between pictures, finish
 * their outputs and return. A second signal ends the process at once. */
int gd_interrupted(void);

/* Text for stdout, kept until the buffer is full or the program ends. A failure is remembered:
 * gd_program_end reports it once (a closed pipe silently) and the exit code is 9. */
void gd_print(const char *fmt, ...) GD_PRINTF(1, 2);
void gd_print_bytes(const void *data, size_t n);
void gd_print_flush(void);
/* True once stdout has failed, by our own writes or as told: the rest need not be computed. */
bool gd_stdout_failed(void);
/* Records that writing to stdout failed elsewhere with this errno. */
void gd_stdout_fail(int error);

#endif
