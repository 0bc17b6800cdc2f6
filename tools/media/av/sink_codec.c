/* sink_codec.c -- the choice of container and encoder, and the encoder's settings.
 *
 * Encoders of a codec are tried in the table's order, by opening them: a build may list
 * h264_nvenc on a machine that has no such chip. */
#include <libavutil/opt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/media/av/sink_impl.h"

enum { MOST_THREADS = 16, TRIED = 256 };

/* Whether `word` stands in a list of words; a word of the list may be a range of numbers. */
static bool has_word(const char *list, const char *word) {
    const size_t n = strlen(word);
    while (list && *list) {
        const size_t m = strcspn(list, " ");
        int          low, high;
        if (m == n && !strncmp(list, word, n)) return true;
        if (sscanf(list, "%d-%d", &low, &high) == 2 && n > 0 && n < 3 &&
            strspn(word, "0123456789") == n && atoi(word) >= low && atoi(word) <= high)
            return true;
        list += m;
        list += strspn(list, " ");
    }
    return false;
}

static void first_word(const char *list, char *out, size_t size) {
    snprintf(out, size, "%.*s", (int)strcspn(list, " "), list);
}

gd_status gd_av_find_container(const char *path, const gd_av_container **out, gd_error *err) {
    const char *name = strrchr(path, '/'), *dot = strrchr(name ? name : path, '.');
    for (*out = gd_av_containers; dot && (*out)->extension; (*out)++)
        if (!strcasecmp(dot + 1, (*out)->extension)) return GD_OK;
    *out = NULL;
    const gd_status st = gd_fail_code(
        err, GD_ERR_ARG, 215, "%s: '%s' is not the extension of a video that is written", path,
        dot ? dot : "");
    gd_error_hint(err, "use .mp4, .m4v, .mov, .mkv, .webm or .avi");
    return st;
}

/* What users call it, as the table does. */
static const char *codec_name(const char *asked) {
    static const char *const alias[][2] = {{"hevc", "h265"},
                                           {"avc", "h264"},
                                           {"x264", "h264"},
                                           {"x265", "h265"},
                                           {"mp4v", "mpeg4"}};
    for (size_t i = 0; i < sizeof alias / sizeof *alias; i++)
        if (!strcasecmp(asked, alias[i][0])) return alias[i][1];
    return asked;
}

/* An encoder that the request names, by codec or by its own name. */
static bool meant(const gd_av_encoder *e, const char *asked) {
    return !strcasecmp(e->codec, asked) || !strcasecmp(e->name, asked);
}

/* What no encoder of the request could do is the user's to mend; it is told before any is
 * tried. */
static gd_status check_request(const gd_av_sink *k, const char *asked, gd_error *err) {
    const gd_av_encoder *e, *found = NULL;
    bool                 preset = false, fits = false;
    for (e = gd_av_encoders; e->name; e++) {
        if (!meant(e, asked)) continue;
        found = e;
        fits = fits || has_word(k->container->codecs, e->codec);
        preset = preset || !k->opt.preset || has_word(e->presets, k->opt.preset);
    }
    if (!found) {
        const gd_status st =
            gd_fail_code(err, GD_ERR_ARG, 216, "there is no video codec '%s'", asked);
        gd_error_hint(err, "use auto, h264, h265, av1, vp9, vp8, mpeg4, mjpeg, ffv1, or the "
                           "name of an encoder such as libx264");
        return st;
    }
    if (!fits) {
        const gd_status st = gd_fail_code(err, GD_ERR_ARG, 216, "a .%s file does not hold %s",
                                          k->container->extension, found->codec);
        gd_error_hint(err, ".%s takes: %s; .mkv takes every codec", k->container->extension,
                      k->container->codecs);
        return st;
    }
    if (!preset) {
        const gd_status st = gd_fail_code(err, GD_ERR_ARG, 217, "%s has no preset '%s'",
                                          found->name, k->opt.preset);
        gd_error_hint(err, found->presets ? "it has: %s" : "it has none", found->presets);
        return st;
    }
    if (k->opt.crf && k->opt.bitrate)
        return gd_fail_code(err, GD_ERR_ARG, 217,
                            "a constant quality (crf %d) and a bit rate (%lld) exclude each "
                            "other",
                            k->opt.crf, (long long)k->opt.bitrate);
    if (k->opt.bitrate && (k->opt.bitrate < 1000 || k->opt.bitrate > INT_MAX || !found->worst))
        return gd_fail_code(err, GD_ERR_ARG, 217,
                            "%s cannot be given a bit rate of %lld bits a second", found->name,
                            (long long)k->opt.bitrate);
    if (k->opt.crf && (k->opt.crf < found->best || k->opt.crf > found->worst))
        return gd_fail_code(err, GD_ERR_ARG, 217, "%s takes a crf of %d to %d, not %d",
                            found->name, found->best, found->worst, k->opt.crf);
    return GD_OK;
}

/* MPEG-4 and JPEG scale their quantiser directly. An H.264 quantiser of q has a step of
 * 0.625 * 2^(q/6), MPEG-4's of n one of 2n: the crf that looks alike follows. */
static int quantiser_of(int crf) {
    static const double step[6] = {0.3125, 0.3508, 0.3937, 0.4419, 0.4961, 0.5568};
    const double        n = step[crf % 6] * (1 << crf / 6);
    return n < 2 ? 2 : n > 31 ? 31 : (int)(n + 0.5);
}

static int set_quality(AVCodecContext *c, const gd_av_encoder *e, const gd_av_sink *k) {
    char      text[24];
    const int crf = k->opt.crf ? k->opt.crf : e->normal;
    c->bit_rate = k->opt.bitrate;
    if (k->opt.bitrate || !e->worst) return 0;
    if (e->how & GD_AV_RATE_PICTURE) {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = FF_QP2LAMBDA * quantiser_of(crf);
        return 0;
    }
    if (e->how & GD_AV_RATE_NVENC) {
        const int rc = av_opt_set(c->priv_data, "rc", "vbr", 0);
        if (rc < 0) return rc;
    }
    snprintf(text, sizeof text, "%d", crf);
    return av_opt_set(c->priv_data, e->quality, text, 0);
}

static int set_options(AVCodecContext *c, const gd_av_encoder *e, const gd_av_sink *k) {
    char preset[24];
    int  rc = 0;
    if (e->preset_option) {
        first_word(k->opt.preset ? k->opt.preset : e->presets, preset, sizeof preset);
        rc = av_opt_set(c->priv_data, e->preset_option, preset, 0);
    }
    return rc < 0 ? rc : set_quality(c, e, k);
}

/* Ticks as fine as the encoder takes; the packets get their exact times back afterwards. */
static AVRational encoder_base(const gd_av_encoder *e, AVRational base) {
    AVRational fit = base;
    if (e->ticks && !av_reduce(&fit.num, &fit.den, base.num, base.den, e->ticks))
        fit = (AVRational){1, e->ticks};
    return fit;
}

static void describe_video(AVCodecContext *c, const gd_av_encoder *e, const gd_av_sink *k) {
    const bool even = e->format != AV_PIX_FMT_BGR0;
    c->width = k->like.width + (even && k->like.width % 2);
    c->height = k->like.height + (even && k->like.height % 2);
    c->pix_fmt = (enum AVPixelFormat)e->format;
    c->time_base = encoder_base(e, k->base);
    c->framerate = (AVRational){k->pace.rate.num, k->pace.rate.den ? k->pace.rate.den : 1};
    if (!k->pace.rate.den) c->framerate = (AVRational){0, 1};
    if (k->like.sample_aspect.den)
        c->sample_aspect_ratio =
            (AVRational){k->like.sample_aspect.num, k->like.sample_aspect.den};
    c->thread_count = k->opt.threads > MOST_THREADS ? MOST_THREADS : k->opt.threads;
    /* MP4, MOV and AVI store the time between packets as they are decoded: only where that is
     * the order of display are the frames' durations the source's. */
    if (k->container->constant || k->container->faststart) c->max_b_frames = 0;
    if (k->mux->oformat->flags & AVFMT_GLOBALHEADER) c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    gd_av_paint_tags(c, &k->like);
}

static int try_encoder(gd_av_sink *k, const gd_av_encoder *e) {
    const AVCodec *codec = avcodec_find_encoder_by_name(e->name);
    if (!codec) return AVERROR_ENCODER_NOT_FOUND;
    AVCodecContext *c = avcodec_alloc_context3(codec);
    if (!c) return AVERROR(ENOMEM);
    describe_video(c, e, k);
    AVDictionary *extra = NULL;
    int           rc = set_options(c, e, k);
    if (rc >= 0) rc = av_dict_parse_string(&extra, e->extra, "=", ":", 0);
    if (rc >= 0) rc = avcodec_open2(c, codec, &extra);
    av_dict_free(&extra);
    if (rc < 0) {
        avcodec_free_context(&c);
        return rc;
    }
    k->codec = c;
    k->encoder = e;
    return 0;
}

/* Tries what `asked` means; the names of those that failed are gathered. */
static int try_all(gd_av_sink *k, const char *asked, char tried[TRIED]) {
    int rc = AVERROR_ENCODER_NOT_FOUND;
    for (const gd_av_encoder *e = gd_av_encoders; e->name; e++) {
        if (!meant(e, asked) || (k->opt.preset && !has_word(e->presets, k->opt.preset)))
            continue;
        rc = try_encoder(k, e);
        if (rc >= 0 || rc == AVERROR(ENOMEM)) return rc;
        char         why[AV_ERROR_MAX_STRING_SIZE] = "";
        const size_t n = strlen(tried);
        av_strerror(rc, why, sizeof why);
        snprintf(tried + n, TRIED - n, "%s%s (%s)", n ? ", " : "", e->name,
                 rc == AVERROR_ENCODER_NOT_FOUND ? "not in this FFmpeg" : why);
    }
    return rc;
}

gd_status gd_av_open_encoder(gd_av_sink *k, gd_error *err) {
    char       tried[TRIED] = "", normal[16];
    const bool automatic = !k->opt.codec || !strcasecmp(k->opt.codec, "auto");
    first_word(k->container->codecs, normal, sizeof normal);
    const char *asked = automatic ? normal : codec_name(k->opt.codec);
    GD_TRY(check_request(k, asked, err));
    int rc = try_all(k, asked, tried);
    if (rc < 0 && automatic && rc != AVERROR(ENOMEM) && !k->opt.preset &&
        has_word(k->container->codecs, "mpeg4")) {
        char others[TRIED] = "";
        rc = try_all(k, "mpeg4", others);
        if (rc >= 0)
            gd_av_sink_say(k, 971, "no encoder for %s works here, so mpeg4 is written: %s",
                           asked, tried);
    }
    if (rc >= 0) return GD_OK;
    if (rc == AVERROR(ENOMEM)) return gd_av_fail(err, 0, rc, "opening the video encoder");
    const gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 961,
                                      "no encoder for %s works on this machine", asked);
    gd_error_why(err, "%s", tried);
    gd_error_hint(err, "--codec chooses another; Debian's FFmpeg has libx264, libx265 and "
                       "libvpx-vp9");
    return st;
}
