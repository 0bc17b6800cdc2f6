/* program.c -- see program.h. */
#include "tools/cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/cli/config.h"
#include "tools/cli/help.h"
#include "tools/cli/text.h"

/* ---- the stack --------------------------------------------------------------------------- */

/* The programs and the libraries they load need about 64 KiB (the dynamic linker alone stores
 * the processor's registers, 11 KiB on some); decoders and FFmpeg more. */
enum { STACK_SIZE = 1 << 20 };

struct body {
    int (*run)(int argc, char **argv);
    int    argc, code;
    char **argv;
};

static void *run_body(void *p) {
    struct body *b = p;
    b->code = b->run(b->argc, b->argv);
    return NULL;
}

int gd_program_main(int (*body)(int argc, char **argv), int argc, char **argv) {
    struct body    b = {.run = body, .argc = argc, .argv = argv};
    struct rlimit  limit;
    pthread_attr_t attr;
    pthread_t      thread;
    bool           apart = false;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_SIZE)
        return body(argc, argv);
    if (pthread_attr_init(&attr) == 0) {
        /* A thread's own heap grows by mprotect, which a confined decoder may not call. */
        mallopt(M_ARENA_MAX, 1);
        apart = pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 &&
                pthread_setattr_default_np(&attr) == 0 &&
                pthread_create(&thread, &attr, run_body, &b) == 0 &&
                pthread_join(thread, NULL) == 0;
        pthread_attr_destroy(&attr);
    }
    return apart ? b.code : body(argc, argv);
}

/* ---- descriptors and signals ------------------------------------------------------------- */

/* A file opened later must not become stdout by accident. The stand-ins are opened the wrong
 * way round on purpose: reading a closed stdin and writing to a closed stdout still fail. */
static void fill_descriptors(void) {
    static const int mode[3] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            int got = open("/dev/null", mode[fd]);
            if (got < 0) _exit(GD_EXIT_OUTPUT);
        }
}

static volatile sig_atomic_t signal_seen;

static void on_signal(int number) {
    signal_seen = number;
    signal(number, SIG_DFL);
}

static void on_abort(int number) {
    static const char text[] = "gdrun: error[E070]: internal error; the line above says where\n"
                               "  try:  report it with the command and its input\n";
    ssize_t           ignored = write(2, text, sizeof text - 1);
    (void)number;
    (void)ignored;
    _exit(GD_EXIT_BUG);
}

static void catch_signals(void) {
    struct sigaction a = {.sa_handler = on_signal};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write(2), not a death */
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    signal(SIGABRT, on_abort);
}

int gd_interrupted(void) { return signal_seen; }

/* ---- stdout ------------------------------------------------------------------------------ */

static struct {
    char   text[1 << 16];
    size_t at;
    int    error; /* errno of the first failure */
} out;

bool gd_stdout_failed(void) { return out.error != 0; }

void gd_stdout_fail(int error) {
    if (!out.error) out.error = error ? error : EIO;
}

void gd_print_flush(void) {
    size_t done = 0;
    while (done < out.at && !out.error) {
        ssize_t n = write(1, out.text + done, out.at - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            gd_stdout_fail(errno);
        else
            done += (size_t)n;
    }
    out.at = 0;
}

void gd_print_bytes(const void *data, size_t n) {
    const char *p = data;
    while (n > 0 && !out.error) {
        size_t room = sizeof out.text - out.at, part = n < room ? n : room;
        memcpy(out.text + out.at, p, part);
        out.at += part;
        p += part;
        n -= part;
        if (out.at == sizeof out.text) gd_print_flush();
    }
}

void gd_print(const char *fmt, ...) {
    char    few[1024], *text = few;
    va_list ap;
    int     n;
    va_start(ap, fmt);
    n = vsnprintf(few, sizeof few, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    if ((size_t)n >= sizeof few) {
        text = gd_mem_get((size_t)n + 1);
        if (!text) {
            gd_stdout_fail(ENOMEM);
            return;
        }
        va_start(ap, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    gd_print_bytes(text, (size_t)n);
    if (text != few) gd_mem_put(text);
}

/* ---- start and end ----------------------------------------------------------------------- */

static gd_status no_command(const char *name, gd_error *err) {
    char        shown[80];
    const char *best = NULL;
    int         best_at = 1000;
    if (!name) {
        gd_fail_code(err, GD_ERR_ARG, 205, "no command was given");
        gd_error_hint(err, "gdrun help lists the commands");
        return GD_ERR_ARG;
    }
    gd_fail_code(err, GD_ERR_ARG, 205, "unknown command '%s'",
                 gd_escape(shown, sizeof shown, name));
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++) {
        int d = gd_edit_distance(name, gd_command_table[i].name);
        if (d >= best_at) continue;
        best_at = d;
        best = gd_command_table[i].name;
    }
    if (best && gd_is_near(best_at, strlen(name)))
        gd_error_hint(err, "did you mean '%s'? 'gdrun help' lists the commands", best);
    else
        gd_error_hint(err, "'gdrun help' lists the commands");
    return GD_ERR_ARG;
}

/* Flags before the subcommand, the subcommand, its flags; --help and --version need no more. */
static gd_status read_arguments(gd_flags *f, int argc, char **argv, gd_error *err) {
    const gd_command *command;
    int               used = 0;
    if (f->command != GD_CMD_GDRUN) return gd_flags_parse(f, argc, argv, err);
    GD_TRY(gd_flags_parse_globals(f, argc, argv, &used, err));
    if (used == argc) {
        bool answer = gd_flag_on(f, GD_OPT_HELP) || gd_flag_on(f, GD_OPT_VERSION);
        return answer ? GD_OK : no_command(NULL, err);
    }
    command = gd_command_find(argv[used]);
    if (!command) return no_command(argv[used], err);
    f->command = command->bit;
    return gd_flags_parse(f, argc - used - 1, argv + used + 1, err);
}

int gd_program_start(gd_flags *f, const char *name, unsigned command, int argc, char **argv) {
    gd_error  err = {0};
    gd_status st;
    fill_descriptors();
    catch_signals();
    gd_report_open(name);
    gd_flags_init(f, command);
    st = read_arguments(f, argc > 0 ? argc - 1 : 0, argv + 1, &err);
    gd_report_configure(f);
    if (st != GD_OK) return (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
    if (gd_flag_on(f, GD_OPT_HELP)) {
        gd_help_command(f->command);
        return GD_EXIT_OK;
    }
    if (gd_flag_on(f, GD_OPT_VERSION)) {
        gd_print("%s %s\n", name, gd_version());
        return GD_EXIT_OK;
    }
    st = gd_config_gather(f, &err);
    gd_report_configure(f);
    if (st != GD_OK) return (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
    if (gd_flag_on(f, GD_OPT_PRINT_CONFIG) && !(f->command & GD_CMD_PICTURES)) {
        gd_config_print(f);
        return GD_EXIT_OK;
    }
    return -1;
}

int gd_program_end(gd_flags *f, int code) {
    gd_error err = {0};
    gd_print_flush();
    if (out.error) {
        code = GD_EXIT_OUTPUT;
        if (out.error != EPIPE) {
            gd_fail_code(&err, GD_ERR_IO, 901, "cannot write to standard output: %s",
                         strerror(out.error));
            gd_report_error(&err, GD_EXIT_OUTPUT, NULL);
        }
    }
    if (!(out.error == EPIPE)) gd_report_close();
    gd_flags_free(f);
    if (signal_seen) code = 128 + signal_seen;
    return code;
}
