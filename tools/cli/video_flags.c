/* video_flags.c -- see video_flags.h. */
#include "tools/cli/video_flags.h"

#include <stdio.h>
#include <string.h>

#include "tools/cli/number.h"

/* ---- values that are more than a number -------------------------------------------------- */

/* "29.97" is 2997/100: decimals are exact, and nothing is rounded through a float. */
static bool decimal(const char *text, gd_rational *out) {
    const char  *dot = strchr(text, '.');
    const size_t before = dot ? (size_t)(dot - text) : strlen(text);
    const size_t after = dot ? strlen(dot + 1) : 0;
    char         digits[12];
    int64_t      num;
    int          den = 1;
    if (before + after > 8 || !before || (dot && !after)) return false;
    snprintf(digits, sizeof digits, "%.*s%s", (int)before, text, dot ? dot + 1 : "");
    if (strspn(digits, "0123456789") != strlen(digits) || !gd_number_int(digits, &num))
        return false;
    for (size_t i = 0; i < after; i++) den *= 10;
    *out = (gd_rational){(int)num, den};
    return true;
}

bool gd_rate_parse(const char *text, gd_rational *out) {
    const char *slash = strchr(text, '/');
    gd_rational r = {0};
    if (slash) {
        char    num[16];
        int64_t n, d;
        if (slash - text >= (int)sizeof num) return false;
        snprintf(num, sizeof num, "%.*s", (int)(slash - text), text);
        if (!gd_number_int(num, &n) || !gd_number_int(slash + 1, &d)) return false;
        if (n < 1 || d < 1 || n > 100000000 || d > 100000000) return false;
        r = (gd_rational){(int)n, (int)d};
    } else if (!decimal(text, &r)) {
        return false;
    }
    if (r.num < 1 || (int64_t)r.num * 1000 < r.den || r.num > 1000 * (int64_t)r.den)
        return false;
    *out = r;
    return true;
}

/* "4M", "800k" or "4000000" bits a second. */
static gd_status read_bitrate(int64_t *out, const char *text, gd_error *err) {
    const size_t n = strlen(text);
    const double scale = n && text[n - 1] == 'M' ? 1e6 : n && text[n - 1] == 'k' ? 1e3 : 1;
    char         number[24];
    double       v = 0;
    const int    digits = (int)n - (scale > 1);
    if (digits > 0 && digits < (int)sizeof number) {
        snprintf(number, sizeof number, "%.*s", digits, text);
        if (gd_number_real(number, &v) && v * scale >= 1e3 && v * scale <= 1e10) {
            *out = (int64_t)(v * scale + 0.5);
            return GD_OK;
        }
    }
    return gd_fail_code(
        err, GD_ERR_ARG, 204,
        "--bitrate takes 1k to 10000M bits a second, as in 4M or 800k, not '%s'", text);
}

/* --max-age: frames without a unit, else a time. */
static gd_status read_max_age(gd_tracker_options *t, const char *text, gd_error *err) {
    int64_t frames;
    double  seconds;
    if (gd_number_int(text, &frames) && frames >= 0 && frames <= 1000000) {
        t->max_age = (int)frames;
        return GD_OK;
    }
    if (!gd_number_int(text, &frames) && gd_number_seconds(text, &seconds) && seconds > 0 &&
        seconds <= 86400) {
        t->max_age_seconds = seconds;
        return GD_OK;
    }
    return gd_fail_code(
        err, GD_ERR_ARG, 204,
        "--max-age takes frames from 0 to 1000000 or a time up to 24h, as in 30 "
        "or 1.5s, not '%s'",
        text);
}

/* ---- groups ------------------------------------------------------------------------------ */

/* What only bytetrack looks at. */
static gd_status read_scores(gd_tracker_options *t, const gd_flags *f, gd_error *err) {
    t->high = (float)gd_flag_real(f, GD_OPT_TRACK_HIGH);
    t->low = (float)gd_flag_real(f, GD_OPT_TRACK_LOW);
    t->new_track = (float)gd_flag_real(f, GD_OPT_TRACK_NEW);
    t->match = (float)gd_flag_real(f, GD_OPT_TRACK_MATCH);
    if (t->low <= t->high) return GD_OK;
    return gd_fail_code(err, GD_ERR_ARG, 209, "--track-low %g is above --track-high %g", t->low,
                        t->high);
}

static gd_status read_tracker(gd_video_flags *o, const gd_flags *f, gd_error *err) {
    gd_tracker_kind kind = GD_TRACKER_IOU;
    o->track = f->command == GD_CMD_TRACK;
    if (!o->track) return GD_OK;
    if (!gd_tracker_kind_parse(gd_flag_text(f, GD_OPT_TRACKER), &kind))
        return gd_fail_code(err, GD_ERR_ARG, 204, "there is no tracker '%s'",
                            gd_flag_text(f, GD_OPT_TRACKER));
    o->tracker = gd_tracker_defaults(kind);
    GD_TRY(read_max_age(&o->tracker, gd_flag_text(f, GD_OPT_MAX_AGE), err));
    if (gd_flag_given(f, GD_OPT_MIN_HITS))
        o->tracker.min_hits = (int)gd_flag_int(f, GD_OPT_MIN_HITS);
    o->tracker.iou_threshold = (float)gd_flag_real(f, GD_OPT_IOU_THRESHOLD);
    if (kind == GD_TRACKER_BYTETRACK) GD_TRY(read_scores(&o->tracker, f, err));
    o->tracker.id_start = gd_flag_int(f, GD_OPT_ID_START);
    o->load = gd_flag_text(f, GD_OPT_LOAD_STATE);
    if (o->load && gd_flag_given(f, GD_OPT_ID_START))
        return gd_fail_code(
            err, GD_ERR_ARG, 209,
            "--id-start and --load-state contradict each other: ids go on where "
            "the saved ones ended");
    o->save = gd_flag_text(f, GD_OPT_SAVE_STATE);
    o->trails = (int)gd_flag_int(f, GD_OPT_TRAILS);
    return GD_OK;
}

static gd_status read_source(gd_video_flags *o, const gd_flags *f, gd_error *err) {
    gd_video_source_options *s = &o->source;
    const double             start = gd_flag_real(f, GD_OPT_START);
    const int64_t            retries = gd_flag_int(f, GD_OPT_MAX_RETRIES);
    s->start_us = (int64_t)(start * 1e6 + 0.5);
    if (gd_flag_given(f, GD_OPT_END)) {
        const double end = gd_flag_real(f, GD_OPT_END);
        s->end_us = (int64_t)(end * 1e6 + 0.5);
        if (s->end_us <= s->start_us)
            return gd_fail_code(err, GD_ERR_ARG, 209, "--end %gs is not after --start %gs", end,
                                start);
    }
    s->threads = (int)gd_flag_int(f, GD_OPT_DECODE_THREADS);
    const char *how = gd_flag_text(f, GD_OPT_HWACCEL);
    s->hwaccel = !strcmp(how, "cuda")   ? GD_HWACCEL_CUDA
                 : !strcmp(how, "none") ? GD_HWACCEL_NONE
                                        : GD_HWACCEL_AUTO;
    s->no_rotate = gd_flag_on(f, GD_OPT_NO_EXIF);
    s->rtsp_transport = gd_flag_text(f, GD_OPT_RTSP_TRANSPORT);
    s->timeout_ms = (int)(1e3 * gd_flag_real(f, GD_OPT_TIMEOUT) + 0.5);
    s->max_retries = retries ? (int)retries : -1;
    o->stride = gd_flag_int(f, GD_OPT_VID_STRIDE);
    o->max_frames = gd_flag_given(f, GD_OPT_MAX_FRAMES) ? gd_flag_int(f, GD_OPT_MAX_FRAMES) : 0;
    o->live_all = !strcmp(gd_flag_text(f, GD_OPT_LIVE), "all");
    return GD_OK;
}

static gd_status read_sink(gd_video_flags *o, const gd_flags *f, gd_error *err) {
    gd_video_sink_options *k = &o->sink;
    const char            *codec = gd_flag_text(f, GD_OPT_CODEC);
    const char            *rate = gd_flag_text(f, GD_OPT_FPS);
    k->codec = strcmp(codec, "auto") ? codec : NULL;
    k->preset = gd_flag_text(f, GD_OPT_PRESET);
    if (gd_flag_given(f, GD_OPT_CRF)) k->crf = (int)gd_flag_int(f, GD_OPT_CRF);
    if (gd_flag_given(f, GD_OPT_BITRATE))
        GD_TRY(read_bitrate(&k->bitrate, gd_flag_text(f, GD_OPT_BITRATE), err));
    if (k->crf && k->bitrate)
        return gd_fail_code(err, GD_ERR_ARG, 209, "--crf and --bitrate contradict each other");
    if (rate && !gd_rate_parse(rate, &k->fps))
        return gd_fail_code(err, GD_ERR_ARG, 204,
                            "--fps takes 0.001 to 1000 frames a second, as in 12, 29.97 or "
                            "30000/1001, not '%s'",
                            rate);
    k->no_audio = gd_flag_on(f, GD_OPT_NO_AUDIO);
    k->replace = gd_flag_on(f, GD_OPT_YES);
    k->threads = (int)gd_flag_int(f, GD_OPT_ENCODE_THREADS);
    return GD_OK;
}

gd_status gd_video_flags_read(gd_video_flags *o, const gd_flags *f, gd_error *err) {
    const char *mode = gd_flag_text(f, GD_OPT_MODE);
    memset(o, 0, sizeof *o);
    o->mode = !strcmp(mode, "latency")      ? GD_VIDEO_LATENCY
              : !strcmp(mode, "throughput") ? GD_VIDEO_THROUGHPUT
                                            : GD_VIDEO_AUTO;
    o->streams = (int)gd_flag_int(f, GD_OPT_STREAMS);
    o->queue = (int)gd_flag_int(f, GD_OPT_QUEUE_SIZE);
    o->post_threads = (int)gd_flag_int(f, GD_OPT_POST_THREADS);
    o->batch = gd_flag_given(f, GD_OPT_BATCH) ? (int)gd_flag_int(f, GD_OPT_BATCH) : -1;
    o->show_fps = gd_flag_on(f, GD_OPT_SHOW_FPS);
    o->show = gd_flag_on(f, GD_OPT_SHOW);
    o->preview = gd_flag_text(f, GD_OPT_PREVIEW);
    GD_TRY(read_source(o, f, err));
    GD_TRY(read_sink(o, f, err));
    o->sink.start_us = o->source.start_us;
    GD_TRY(read_tracker(o, f, err));
    if (o->sink.fps.den) o->tracker.frame_rate = (double)o->sink.fps.num / o->sink.fps.den;
    return GD_OK;
}
