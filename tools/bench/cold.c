/* cold.c -- see cold.h. */
#include "tools/bench/cold.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/bench/samples.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/program.h"
#include "weights/json_make.h"

extern char **environ;

static const char *const stage_name[GD_N_COLD] = {"start",   "decoder", "model", "plugin",
                                                  "device",  "decode",  "plan",  "weights",
                                                  "capture", "run",     "rest"};

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Milliseconds since *from, which becomes now. */
static double lap(int64_t *from) {
    const int64_t now = now_ns(), before = *from;
    *from = now;
    return (double)(now - before) * 1e-6;
}

/* ---- the process that is timed ----------------------------------------------------------- */

static void print_stages(const double ms[GD_N_COLD], double total) {
    gd_print("{");
    for (int i = 0; i < GD_N_COLD; i++) gd_print("\"%s\": %.6f, ", stage_name[i], ms[i]);
    gd_print("\"total\": %.6f}\n", total);
}

gd_status gd_cold_child(const gd_flags *f, const char *model, const char *picture,
                        int64_t from_ns, gd_error *err) {
    int64_t            at = from_ns;
    double             ms[GD_N_COLD] = {[GD_COLD_START] = lap(&at)}, total;
    gd_decoder        *decoder = NULL;
    gd_picture         p = {0};
    gd_model          *m = NULL;
    gd_session        *s = NULL;
    gd_session_options opt;
    gd_session_stats   stats;
    gd_image           image;
    gd_result          result;
    char               path[4096];
    gd_status          st;
    GD_GO(gd_decoder_open(NULL, &decoder, err));
    ms[GD_COLD_DECODER] = lap(&at);
    GD_GO(gd_model_find(model, path, sizeof path, err));
    GD_GO(gd_model_load(path, &m, err));
    ms[GD_COLD_MODEL] = lap(&at);
    opt = gd_session_flags(f, m);
    GD_GO(gd_session_open(m, &opt, &s, err));
    (void)lap(&at);
    GD_GO(gd_decoder_read(decoder, picture, NULL, &p, err));
    ms[GD_COLD_DECODE] = lap(&at);
    image = gd_picture_image(&p);
    GD_GO(gd_session_run(s, &image, 1, &result, err));
    ms[GD_COLD_RUN] = lap(&at);
    total = (double)(at - from_ns) * 1e-6;
    gd_session_stats_get(s, &stats);
    ms[GD_COLD_PLUGIN] = stats.stage_ms[GD_STAGE_PLUGIN];
    ms[GD_COLD_DEVICE] = stats.stage_ms[GD_STAGE_DEVICE];
    ms[GD_COLD_PLAN] = stats.stage_ms[GD_STAGE_PLAN];
    ms[GD_COLD_WEIGHTS] = stats.stage_ms[GD_STAGE_WEIGHTS];
    ms[GD_COLD_CAPTURE] = stats.stage_ms[GD_STAGE_CAPTURE];
    ms[GD_COLD_RUN] -= ms[GD_COLD_PLAN] + ms[GD_COLD_WEIGHTS] + ms[GD_COLD_CAPTURE];
    ms[GD_COLD_REST] = total;
    for (int i = 0; i < GD_COLD_REST; i++) ms[GD_COLD_REST] -= ms[i];
    print_stages(ms, total);
done:
    gd_session_close(s);
    gd_model_close(m);
    gd_picture_free(&p);
    gd_decoder_close(decoder);
    return st;
}

/* ---- the process that times -------------------------------------------------------------- */

/* What is about the parent only. */
static bool for_parent(gd_flag_id id) {
    return id == GD_OPT_COLD || id == GD_OPT_ITERS || id == GD_OPT_WARMUP ||
           id == GD_OPT_MAX_TIME || id == GD_OPT_BATCH_SIZES || id == GD_OPT_BENCH_FORM ||
           id == GD_OPT_MODEL || id == GD_OPT_VERBOSE;
}

enum { MAX_ARG = GD_OPT_COUNT + 8 };

/* The command line of the child: the flags that were given, model and picture, and when it
 * began. Strings are the arena's. */
static gd_status child_line(const gd_flags *f, const char *model, const char *picture,
                            gd_arena *a, char *argv[MAX_ARG], gd_error *err) {
    int n = 0;
    argv[n++] = gd_arena_string(a, "gdrun");
    argv[n++] = gd_arena_string(a, "bench");
    argv[n++] = gd_arena_print(a, "--cold-from=%lld", (long long)now_ns());
    argv[n++] = gd_arena_string(a, "--quiet");
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        if (gd_flag_get(f, (gd_flag_id)i)->origin != GD_FROM_FLAG ||
            for_parent((gd_flag_id)i) || i == GD_OPT_QUIET)
            continue;
        argv[n++] =
            flag->kind == GD_KIND_SWITCH
                ? gd_arena_print(a, "--%s", flag->name)
                : gd_arena_print(a, "--%s=%s", flag->name, gd_flag_text(f, (gd_flag_id)i));
    }
    argv[n++] = gd_arena_string(a, "--");
    argv[n++] = gd_arena_string(a, model);
    argv[n++] = gd_arena_string(a, picture);
    for (int i = 0; i < n; i++)
        if (!argv[i]) return gd_fail(err, GD_ERR_NOMEM, "no memory for a command line");
    argv[n] = NULL;
    return GD_OK;
}

/* All that comes out of fd, at most room - 1 bytes. */
static void drain(int fd, char *text, size_t room) {
    size_t at = 0;
    for (;;) {
        const ssize_t n = read(fd, text + at, room - 1 - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 || (at += (size_t)n) == room - 1) break;
    }
    text[at] = '\0';
}

/* Starts the child and reads what it prints; *code is its exit code. */
static gd_status start(char *const argv[], char *text, size_t room, int *code, gd_error *err) {
    posix_spawn_file_actions_t act;
    int                        end[2], status = 0, e;
    pid_t                      pid;
    if (pipe2(end, O_CLOEXEC) != 0)
        return gd_fail(err, GD_ERR_IO, "no pipe: %s", strerror(errno));
    e = posix_spawn_file_actions_init(&act);
    if (!e) e = posix_spawn_file_actions_adddup2(&act, end[1], 1);
    if (!e) e = posix_spawn(&pid, "/proc/self/exe", &act, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&act);
    close(end[1]);
    if (!e) {
        drain(end[0], text, room);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    }
    close(end[0]);
    if (e) return gd_fail(err, GD_ERR_IO, "gdrun cannot be started again: %s", strerror(e));
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : GD_EXIT_BUG;
    return GD_OK;
}

static gd_status take_stages(const char *text, gd_samples samples[GD_N_COLD + 1],
                             gd_error *err) {
    json_t   *o = json_loads(text, 0, NULL);
    gd_status st = GD_OK;
    for (int i = 0; i <= GD_N_COLD && st == GD_OK; i++) {
        const json_t *v = json_object_get(o, i < GD_N_COLD ? stage_name[i] : "total");
        st = json_is_number(v)
                 ? gd_samples_add(&samples[i], json_number_value(v), err)
                 : gd_fail(err, GD_ERR_CHECK, "a start that was timed printed no times");
    }
    json_decref(o);
    return st;
}

static gd_status print_times(const gd_timing t[GD_N_COLD + 1], const char *form,
                             gd_error *err) {
    const bool csv = !strcmp(form, "csv");
    bool       ok = true;
    if (!strcmp(form, "json")) {
        json_t *root = json_object();
        for (int i = 0; i <= GD_N_COLD; i++) {
            json_t *o = json_object();
            gd_json_set(&ok, o, "runs", json_integer(t[i].n));
            gd_json_set(&ok, o, "best", json_real(t[i].best));
            gd_json_set(&ok, o, "median", json_real(t[i].median));
            gd_json_set(&ok, o, "p90", json_real(t[i].p90));
            gd_json_set(&ok, root, i < GD_N_COLD ? stage_name[i] : "total", o);
        }
        char *text = ok ? gd_json_text(root, JSON_INDENT(1) | JSON_REAL_PRECISION(7)) : NULL;
        json_decref(root);
        if (!text) return gd_fail(err, GD_ERR_NOMEM, "no memory for the record");
        gd_print("%s\n", text);
        gd_mem_put(text);
        return GD_OK;
    }
    gd_print(csv ? "stage,runs,best_ms,median_ms,p90_ms\n"
                 : "| stage | median ms | best | p90 |\n|---|---|---|---|\n");
    for (int i = 0; i <= GD_N_COLD; i++) {
        const char *name = i < GD_N_COLD ? stage_name[i] : "total";
        if (csv)
            gd_print("%s,%d,%.3f,%.3f,%.3f\n", name, t[i].n, t[i].best, t[i].median, t[i].p90);
        else
            gd_print("| %s | %.1f | %.1f | %.1f |\n", name, t[i].median, t[i].best, t[i].p90);
    }
    return GD_OK;
}

int gd_cold_parent(const gd_flags *f, const char *model, const char *picture) {
    enum { WARMUP = 3 };
    const int warmup =
        gd_flag_int(f, GD_OPT_WARMUP) < WARMUP ? (int)gd_flag_int(f, GD_OPT_WARMUP) : WARMUP;
    const int     n = warmup + (int)gd_flag_int(f, GD_OPT_ITERS);
    const int64_t begin = now_ns();
    gd_samples    samples[GD_N_COLD + 1] = {{0}};
    gd_timing     t[GD_N_COLD + 1];
    gd_error      err = {0};
    gd_status     st = GD_OK;
    int           code = GD_EXIT_OK;
    for (int i = 0; i < n && !gd_interrupted(); i++) {
        char     text[4096], *argv[MAX_ARG];
        gd_arena a = {0};
        if (i > warmup + 2 &&
            (double)(now_ns() - begin) * 1e-9 > gd_flag_real(f, GD_OPT_MAX_TIME))
            break;
        st = child_line(f, model, picture, &a, argv, &err);
        if (st == GD_OK) st = start(argv, text, sizeof text, &code, &err);
        gd_arena_free(&a);
        if (st == GD_OK && !code && i >= warmup) st = take_stages(text, samples, &err);
        if (st != GD_OK || code) break;
    }
    for (int i = 0; i <= GD_N_COLD; i++) t[i] = gd_samples_timing(&samples[i]);
    if (st == GD_OK && !code && t[GD_N_COLD].n)
        st = print_times(t, gd_flag_text(f, GD_OPT_BENCH_FORM), &err);
    for (int i = 0; i <= GD_N_COLD; i++) gd_samples_free(&samples[i]);
    return st == GD_OK ? code : (int)gd_report_error(&err, GD_EXIT_CHECK, NULL);
}
