/* cmd_filter.c -- `gdrun filter`: pictures and videos in, filtered ones out. */
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/filter.h"
#include "tools/cli/outputs.h"
#include "tools/cli/program.h"
#include "tools/cli/read.h"
#include "tools/cli/video_run.h"
#include "tools/cmd.h"
#include "tools/media/encode.h"
#include "weights/json_make.h"

typedef struct job {
    gd_run     r; /* without a model: sources, filter, outputs, and what became of them */
    gd_picture picture;
    json_t    *list, *videos; /* what happened to each source; NULL without --json */
    bool       ok;            /* of the lists */
    double     decode_ms, filter_ms, encode_ms;
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
    const char *file = j->r.outputs.file;
    if (!file) return gd_namer_next(j->r.outputs.namer, source, -1, dot, path, room, err);
    if (strlen(file) >= room)
        return gd_fail_code(err, GD_ERR_ARG, 204, "-o: a name of %zu bytes", strlen(file));
    memcpy(path, file, strlen(file) + 1);
    return GD_OK;
}

static void note_error(job *j, json_t *o, int code, const char *message) {
    json_t *e = json_object();
    gd_json_set(&j->ok, e, "code", json_integer(code));
    gd_json_set(&j->ok, e, "message", gd_json_string(message));
    gd_json_set(&j->ok, o, "error", e);
}

static void note(job *j, const char *source, const char *path, const double *ms,
                 const gd_error *err) {
    json_t         *o, *times;
    gd_filter_stats stats;
    if (!j->list) return;
    o = json_object();
    gd_json_set(&j->ok, o, "source", gd_json_string(source));
    if (err) {
        note_error(j, o, err->code, err->msg);
    } else {
        gd_filter_stats_get(j->r.pixels, &stats);
        times = json_object();
        gd_json_set(&j->ok, times, "decode", json_real(ms[0]));
        gd_json_set(&j->ok, times, "filter", json_real(ms[1]));
        gd_json_set(&j->ok, times, "device", json_real(stats.device_ms));
        gd_json_set(&j->ok, times, "encode", json_real(ms[2]));
        gd_json_set(&j->ok, o, "width", json_integer(j->picture.width));
        gd_json_set(&j->ok, o, "height", json_integer(j->picture.height));
        if (*path) gd_json_set(&j->ok, o, "output", gd_json_string(path));
        gd_json_set(&j->ok, o, "ms", times);
    }
    gd_json_add(&j->ok, j->list, o);
}

/* One picture read and filtered where it lies; *subject is whose fault a failure is. */
static gd_status one(job *j, const gd_source *s, char *path, size_t room, double *ms,
                     gd_exit *subject, gd_error *err) {
    const double start = now_ms();
    *subject = GD_EXIT_INPUT;
    GD_TRY(gd_source_read(s, j->r.decoder, j->r.flags, &j->picture, err));
    const gd_image in = gd_picture_image(&j->picture);
    const double   read = now_ms();
    *subject = GD_EXIT_DEVICE;
    GD_TRY(gd_filter_run(j->r.pixels, &in, j->picture.rgb, 0, err));
    const double done = now_ms();
    *subject = GD_EXIT_OUTPUT;
    if (!j->r.outputs.null) {
        GD_TRY(path_of(j, gd_source_name(s), path, room, err));
        GD_TRY(gd_encode_file(path, j->r.outputs.out_flags, &in, err));
    }
    ms[0] = read - start;
    ms[1] = done - read;
    ms[2] = now_ms() - done;
    return GD_OK;
}

static void picture(job *j, const gd_source *s) {
    char     path[4096] = "";
    double   ms[3] = {0};
    gd_error err = {0};
    gd_exit  subject;
    if (one(j, s, path, sizeof path, ms, &subject, &err) == GD_OK) {
        j->r.n_ok++;
        j->decode_ms += ms[0];
        j->filter_ms += ms[1];
        j->encode_ms += ms[2];
        gd_say(GD_LEVEL_VERBOSE, "%s: %.1f ms", *path ? path : gd_source_name(s), ms[1]);
        note(j, gd_source_name(s), path, ms, NULL);
        return;
    }
    const int code = (int)gd_report_error(&err, subject, gd_source_name(s));
    if (!j->r.n_failed++) j->r.first_failure = code;
    if (code == GD_EXIT_OUTPUT || code == GD_EXIT_DEVICE) j->r.stop = code;
    note(j, gd_source_name(s), path, ms, &err);
}

/* Through the stages of detect, track and segment; they report and count what fails. */
static void video(job *j, const gd_source *s) {
    const gd_summary *sum = &j->r.summary;
    const int         before = sum->n_errors;
    gd_error          err = {0};
    gd_video_last     last;
    json_t           *o;
    if (!j->r.video && gd_video_run_open(&j->r, &j->r.video, &err) != GD_OK) {
        gd_run_stop(&j->r, &err, GD_EXIT_DEVICE);
        return;
    }
    gd_video_run_source(j->r.video, s);
    if (!j->videos) return;
    last = gd_video_run_last(j->r.video);
    o = json_object();
    gd_json_set(&j->ok, o, "source", gd_json_string(s->path));
    if (sum->n_errors > before)
        note_error(j, o, sum->errors[before].code, sum->errors[before].message);
    if (last.frames) {
        gd_json_set(&j->ok, o, "width", json_integer(last.width));
        gd_json_set(&j->ok, o, "height", json_integer(last.height));
        gd_json_set(&j->ok, o, "frames", json_integer(last.frames));
        gd_json_set(&j->ok, o, "seconds", json_real(last.seconds));
        if (*last.path) gd_json_set(&j->ok, o, "output", gd_json_string(last.path));
    }
    gd_json_add(&j->ok, j->videos, o);
}

static void run_all(job *j) {
    gd_run *r = &j->r;
    for (int i = 0; i < r->sources.n && !r->stop && !r->quit && !gd_interrupted(); i++) {
        if (r->sources.items[i].video)
            video(j, &r->sources.items[i]);
        else
            picture(j, &r->sources.items[i]);
    }
}

/* ---- before and after -------------------------------------------------------------------- */

static gd_status write_json(job *j, const char *path, gd_error *err) {
    gd_filter_stats stats;
    json_t         *o = json_object(), *ms = json_object();
    gd_out          out = {.fd = -1};
    char           *text;
    gd_status       st = GD_OK;
    gd_filter_stats_get(j->r.pixels, &stats);
    gd_json_set(&j->ok, o, "filter", gd_json_string(stats.text));
    gd_json_set(&j->ok, o, "device", gd_json_string(stats.device));
    const bool pictures = json_array_size(j->list) > 0;
    gd_json_set(&j->ok, o, "pictures", j->list);
    if (j->r.sources.n_videos) gd_json_set(&j->ok, o, "videos", j->videos);
    if (!j->r.sources.n_videos) json_decref(j->videos);
    j->list = j->videos = NULL;
    gd_json_set(&j->ok, o, "filtered", json_integer(j->r.n_ok));
    gd_json_set(&j->ok, o, "failed", json_integer(j->r.n_failed));
    gd_json_set(&j->ok, ms, "decode", json_real(j->decode_ms));
    gd_json_set(&j->ok, ms, "filter", json_real(j->filter_ms));
    gd_json_set(&j->ok, ms, "encode", json_real(j->encode_ms));
    if (pictures) gd_json_set(&j->ok, o, "ms", ms);
    if (!pictures) json_decref(ms);
    text = j->ok ? gd_json_text(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
    if (!text) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for the results");
    } else if (!strcmp(path, "-")) {
        gd_print_bytes(text, strlen(text));
        gd_print("\n");
    } else {
        GD_GO(gd_out_open(&out, path, j->r.outputs.out_flags, err));
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

/* A file, a folder or null: where everything goes. */
static gd_status open_outputs(gd_run *r, const char *path, gd_error *err) {
    struct stat st;
    r->outputs.info = &r->info;
    r->outputs.out_flags = gd_flag_on(r->flags, GD_OPT_YES) ? GD_OUT_REPLACE : 0;
    r->outputs.null = !path || !strcmp(path, "null");
    if (r->outputs.null) return GD_OK;
    const bool file = gd_is_video_output(path) || gd_encode_format_of(path) != GD_ENCODE_NONE;
    if (stat(path, &st) == 0 ? S_ISDIR(st.st_mode) : !file)
        return gd_namer_open(path, &r->outputs.namer, err);
    r->outputs.file = path;
    return GD_OK;
}

/* Everything the command line can be wrong about, before a source is read. */
static gd_status prepare(job *j, gd_exit *subject, gd_error *err) {
    gd_run         *r = &j->r;
    const char     *path = gd_flag_text(r->flags, GD_OPT_OUTPUT);
    gd_filter_stats stats;
    *subject = GD_EXIT_USAGE;
    if (!gd_flag_text(r->flags, GD_OPT_FILTER))
        return missing("no filter was given", "--filter guided:radius=8,eps=0.01", err);
    GD_TRY(gd_video_flags_read(&r->video_flags, r->flags, err));
    GD_TRY(gd_sources_gather(&r->sources, r->flags, err));
    const bool watched = r->video_flags.show || r->video_flags.preview;
    if (!path && !(watched && r->sources.n_videos == r->sources.n))
        return missing("no output was given", "-o FILE.png, -o FILE.mp4, or a folder: -o out/",
                       err);
    GD_TRY(gd_outputs_check(r->flags, &r->sources, "", err));
    *subject = GD_EXIT_INPUT;
    GD_TRY(gd_decoder_open(NULL, &r->decoder, err));
    *subject = GD_EXIT_DEVICE;
    GD_TRY(gd_filter_flag(r->flags, NULL, &r->pixels, err));
    gd_filter_stats_get(r->pixels, &stats);
    memcpy(r->stats.device, stats.device, sizeof r->stats.device);
    *subject = GD_EXIT_MEMORY;
    GD_TRY(gd_summary_init(&r->summary, &r->info, err));
    if (gd_flag_text(r->flags, GD_OPT_JSON) &&
        (!(j->list = json_array()) || !(j->videos = json_array())))
        return gd_fail(err, GD_ERR_NOMEM, "no memory for the results");
    *subject = GD_EXIT_OUTPUT;
    return open_outputs(r, path, err);
}

static int finish(job *j) {
    const gd_run *r = &j->r;
    const char   *json = gd_flag_text(r->flags, GD_OPT_JSON);
    gd_error      err = {0};
    if (json && write_json(j, json, &err) != GD_OK)
        return (int)gd_report_error(&err, GD_EXIT_OUTPUT, json);
    if (r->n_failed && r->n_ok)
        gd_say(GD_LEVEL_INFO, "%ld of %ld %s failed", r->n_failed, r->n_failed + r->n_ok,
               r->sources.n_videos ? "sources" : "pictures");
    if (r->stop) return r->stop;
    if (r->gave_way) return r->gave_way;
    if (r->n_failed) return r->n_ok ? GD_EXIT_SOME_FAILED : r->first_failure;
    return r->n_partial ? GD_EXIT_SOME_FAILED : GD_EXIT_OK;
}

int gd_cmd_filter(gd_flags *f) {
    job      j = {.r = {.flags = f}, .ok = true};
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
    json_decref(j.videos);
    gd_picture_free(&j.picture);
    gd_run_close(&j.r);
    return code;
}
