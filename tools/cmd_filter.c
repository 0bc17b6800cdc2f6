/* cmd_filter.c -- `gdrun filter`: pictures in, filtered pictures out. */
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/filter.h"
#include "tools/cli/outputs.h"
#include "tools/cli/program.h"
#include "tools/cli/read.h"
#include "tools/cmd.h"
#include "tools/media/encode.h"
#include "weights/json_make.h"

typedef struct job {
    const gd_flags *f;
    gd_filter      *filter;
    gd_sources      sources;
    gd_decoder     *decoder;
    gd_picture      picture;
    const char     *target; /* -o FILE; NULL: a folder */
    gd_namer       *namer;
    json_t         *list; /* what happened to each picture; NULL without --json */
    bool            ok;   /* of the list */
    double          decode_ms, filter_ms, encode_ms;
    int             n_ok, n_failed, first_failure, stop;
} job;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* The folder's name for a source: its own extension where that is written, else PNG. */
static gd_status path_of(job *j, const char *source, char *path, size_t room, gd_error *err) {
    const char *dot = strrchr(source, '.');
    if (gd_encode_format_of(source) == GD_ENCODE_NONE) dot = ".png";
    if (!j->target) return gd_namer_next(j->namer, source, -1, dot, path, room, err);
    if (strlen(j->target) >= room)
        return gd_fail_code(err, GD_ERR_ARG, 204, "-o: a name of %zu bytes", strlen(j->target));
    memcpy(path, j->target, strlen(j->target) + 1);
    return GD_OK;
}

static void note(job *j, const char *source, const char *path, const double *ms,
                 const gd_error *err) {
    json_t         *o, *times;
    gd_filter_stats stats;
    if (!j->list) return;
    o = json_object();
    gd_json_set(&j->ok, o, "source", gd_json_string(source));
    if (err) {
        times = json_object();
        gd_json_set(&j->ok, times, "code", json_integer(err->code));
        gd_json_set(&j->ok, times, "message", gd_json_string(err->msg));
        gd_json_set(&j->ok, o, "error", times);
    } else {
        gd_filter_stats_get(j->filter, &stats);
        times = json_object();
        gd_json_set(&j->ok, times, "decode", json_real(ms[0]));
        gd_json_set(&j->ok, times, "filter", json_real(ms[1]));
        gd_json_set(&j->ok, times, "device", json_real(stats.device_ms));
        gd_json_set(&j->ok, times, "encode", json_real(ms[2]));
        gd_json_set(&j->ok, o, "width", json_integer(j->picture.width));
        gd_json_set(&j->ok, o, "height", json_integer(j->picture.height));
        gd_json_set(&j->ok, o, "output", gd_json_string(path));
        gd_json_set(&j->ok, o, "ms", times);
    }
    gd_json_add(&j->ok, j->list, o);
}

/* One picture read and filtered where it lies; *subject is whose fault a failure is. */
static gd_status one(job *j, const gd_source *s, char *path, size_t room, double *ms,
                     gd_exit *subject, gd_error *err) {
    const double start = now_ms();
    *subject = GD_EXIT_INPUT;
    GD_TRY(gd_source_read(s, j->decoder, j->f, &j->picture, err));
    const gd_image in = gd_picture_image(&j->picture);
    const double   read = now_ms();
    *subject = GD_EXIT_DEVICE;
    GD_TRY(gd_filter_run(j->filter, &in, j->picture.rgb, 0, err));
    const double done = now_ms();
    *subject = GD_EXIT_OUTPUT;
    GD_TRY(path_of(j, gd_source_name(s), path, room, err));
    GD_TRY(gd_encode_file(path, gd_flag_on(j->f, GD_OPT_YES) ? GD_OUT_REPLACE : 0, &in, err));
    ms[0] = read - start;
    ms[1] = done - read;
    ms[2] = now_ms() - done;
    return GD_OK;
}

static void run_all(job *j) {
    for (int i = 0; i < j->sources.n && !j->stop && !gd_interrupted(); i++) {
        const gd_source *s = &j->sources.items[i];
        char             path[4096] = "";
        double           ms[3] = {0};
        gd_error         err = {0};
        gd_exit          subject;
        if (one(j, s, path, sizeof path, ms, &subject, &err) == GD_OK) {
            j->n_ok++;
            j->decode_ms += ms[0];
            j->filter_ms += ms[1];
            j->encode_ms += ms[2];
            gd_say(GD_LEVEL_VERBOSE, "%s: %.1f ms", path, ms[1]);
            note(j, gd_source_name(s), path, ms, NULL);
            continue;
        }
        const int code = (int)gd_report_error(&err, subject, gd_source_name(s));
        if (!j->n_failed++) j->first_failure = code;
        if (code == GD_EXIT_OUTPUT || code == GD_EXIT_DEVICE) j->stop = code;
        note(j, gd_source_name(s), path, ms, &err);
    }
}

/* ---- before and after -------------------------------------------------------------------- */

static gd_status write_json(job *j, const char *path, gd_error *err) {
    gd_filter_stats stats;
    json_t         *o = json_object(), *ms = json_object();
    gd_out          out = {.fd = -1};
    char           *text;
    gd_status       st = GD_OK;
    gd_filter_stats_get(j->filter, &stats);
    gd_json_set(&j->ok, o, "filter", gd_json_string(stats.text));
    gd_json_set(&j->ok, o, "device", gd_json_string(stats.device));
    gd_json_set(&j->ok, o, "pictures", j->list);
    j->list = NULL;
    gd_json_set(&j->ok, o, "filtered", json_integer(j->n_ok));
    gd_json_set(&j->ok, o, "failed", json_integer(j->n_failed));
    gd_json_set(&j->ok, ms, "decode", json_real(j->decode_ms));
    gd_json_set(&j->ok, ms, "filter", json_real(j->filter_ms));
    gd_json_set(&j->ok, ms, "encode", json_real(j->encode_ms));
    gd_json_set(&j->ok, o, "ms", ms);
    text = j->ok ? gd_json_text(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
    if (!text) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for the results");
    } else if (!strcmp(path, "-")) {
        gd_print_bytes(text, strlen(text));
        gd_print("\n");
    } else {
        GD_GO(gd_out_open(&out, path, gd_flag_on(j->f, GD_OPT_YES) ? GD_OUT_REPLACE : 0, err));
        GD_GO(gd_out_write(&out, text, strlen(text), err));
        GD_GO(gd_out_write(&out, "\n", 1, err));
        GD_GO(gd_out_commit(&out, err));
    }
done:
    gd_out_abort(&out);
    gd_mem_put(text);
    json_decref(o);
    return st;
}

static gd_status missing(const char *what, const char *hint, gd_error *err) {
    gd_fail_code(err, GD_ERR_ARG, 207, "%s", what);
    gd_error_hint(err, "%s", hint);
    return GD_ERR_ARG;
}

/* Everything the command line can be wrong about, before a picture is read. */
static gd_status prepare(job *j, gd_exit *subject, gd_error *err) {
    const char *path = gd_flag_text(j->f, GD_OPT_OUTPUT);
    struct stat st;
    *subject = GD_EXIT_USAGE;
    if (!gd_flag_text(j->f, GD_OPT_FILTER))
        return missing("no filter was given", "--filter guided:radius=8,eps=0.01", err);
    if (!path) return missing("no output was given", "-o FILE.png, or a folder: -o out/", err);
    GD_TRY(gd_sources_gather(&j->sources, j->f, err));
    GD_TRY(gd_outputs_check(j->f, &j->sources, "", err));
    *subject = GD_EXIT_INPUT;
    GD_TRY(gd_decoder_open(NULL, &j->decoder, err));
    *subject = GD_EXIT_DEVICE;
    GD_TRY(gd_filter_flag(j->f, &j->filter, err));
    *subject = GD_EXIT_OUTPUT;
    const bool folder = stat(path, &st) == 0 ? S_ISDIR(st.st_mode)
                                             : gd_encode_format_of(path) == GD_ENCODE_NONE;
    if (!folder) j->target = path;
    if (folder) GD_TRY(gd_namer_open(path, &j->namer, err));
    if (gd_flag_text(j->f, GD_OPT_JSON) && !(j->list = json_array()))
        return gd_fail(err, GD_ERR_NOMEM, "no memory for the results");
    return GD_OK;
}

static int finish(job *j) {
    const char *json = gd_flag_text(j->f, GD_OPT_JSON);
    gd_error    err = {0};
    if (json && write_json(j, json, &err) != GD_OK)
        return (int)gd_report_error(&err, GD_EXIT_OUTPUT, json);
    if (j->n_failed && j->n_ok)
        gd_say(GD_LEVEL_INFO, "%d of %d pictures failed", j->n_failed, j->n_failed + j->n_ok);
    if (j->stop) return j->stop;
    return !j->n_failed ? GD_EXIT_OK : j->n_ok ? GD_EXIT_SOME_FAILED : j->first_failure;
}

int gd_cmd_filter(gd_flags *f) {
    job      j = {.f = f, .ok = true};
    gd_error err = {0};
    gd_exit  subject;
    int      code;
    if (prepare(&j, &subject, &err) != GD_OK) {
        code = (int)gd_report_error(&err, subject, NULL);
    } else {
        run_all(&j);
        code = finish(&j);
    }
    json_decref(j.list);
    gd_namer_close(j.namer);
    gd_picture_free(&j.picture);
    gd_filter_close(j.filter);
    gd_decoder_close(j.decoder);
    gd_sources_free(&j.sources);
    return code;
}
