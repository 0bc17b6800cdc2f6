/* sink.c -- the writing of one video: frames to packets to a file that appears when complete.
 *
 * A frame passes the encoder with its own time where the encoder's ticks allow, else with one
 * as near as they are; its packet is given the exact time back, and the duration that the
 * encoder never knew. Encoders without reordering alone have coarse ticks, so decoding time is
 * then presentation time. */
#include "tools/media/av/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/media/av/sink_impl.h"

enum { FINEST = 10000000, COARSEST = 10000 }; /* ticks a second of an MP4 file's own clock */

/* ---- messages --------------------------------------------------------------------------- */

void gd_av_sink_say(gd_av_sink *k, int code, const char *fmt, ...) {
    va_list args;
    (void)pthread_mutex_lock(&k->lock);
    if (k->n_notes < GD_AV_NOTES) {
        gd_video_note *n = &k->notes[k->n_notes++];
        n->code = code;
        va_start(args, fmt);
        vsnprintf(n->text, sizeof n->text, fmt, args);
        va_end(args);
    }
    (void)pthread_mutex_unlock(&k->lock);
}

bool gd_av_sink_note(gd_av_sink *k, gd_video_note *out) {
    (void)pthread_mutex_lock(&k->lock);
    const bool some = k->n_notes > 0;
    if (some) {
        *out = k->notes[0];
        k->n_notes--;
        memmove(k->notes, k->notes + 1, (size_t)k->n_notes * sizeof *k->notes);
    }
    (void)pthread_mutex_unlock(&k->lock);
    return some;
}

gd_status gd_av_sink_fail(gd_av_sink *k, gd_error *err, int code, int averror,
                          const char *what) {
    if (k->file_error.status == GD_OK) return gd_av_fail(err, code, averror, what);
    if (err) *err = k->file_error;
    return k->file_error.status;
}

/* ---- packets of the video --------------------------------------------------------------- */

/* The frame that a packet came of; the packet's own time where the encoder made another. */
static gd_av_waiting take_waiting(gd_av_sink *k, int64_t at) {
    for (int i = 0; i < k->n_waiting; i++) {
        if (k->waiting[i].at != at) continue;
        const gd_av_waiting found = k->waiting[i];
        k->n_waiting--;
        memmove(&k->waiting[i], &k->waiting[i + 1],
                (size_t)(k->n_waiting - i) * sizeof *k->waiting);
        return found;
    }
    return (gd_av_waiting){at, av_rescale_q(at, k->codec->time_base, k->base), 0};
}

static gd_status write_video(gd_av_sink *k, AVPacket *p, gd_error *err) {
    const gd_av_waiting w = take_waiting(k, p->pts);
    const AVRational    to = k->stream->time_base;
    const bool          exact = av_cmp_q(k->codec->time_base, k->base) == 0;
    const int64_t       end = w.pts + w.duration;
    p->dts = av_rescale_q(exact ? p->dts : w.pts, k->base, to);
    p->pts = av_rescale_q(w.pts, k->base, to);
    /* Rounded as an end, so that rounded durations do not add up to another whole. */
    p->duration = av_rescale_q(end, k->base, to) - p->pts;
    p->stream_index = k->stream->index;
    if (k->info.frames == 0 || w.pts < k->first) k->first = w.pts;
    if (k->info.frames == 0 || end > k->end) k->end = end;
    k->info.frames++;
    const int rc = av_interleaved_write_frame(k->mux, p);
    return rc < 0 ? gd_av_sink_fail(k, err, 964, rc, "writing the video") : GD_OK;
}

/* Gives the encoder a frame, or NULL for the end, and writes what comes out. */
static gd_status encode(gd_av_sink *k, const AVFrame *f, gd_error *err) {
    int rc = avcodec_send_frame(k->codec, f);
    while (rc >= 0) {
        rc = avcodec_receive_packet(k->codec, k->packet);
        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return GD_OK;
        if (rc < 0) break;
        const gd_status st = write_video(k, k->packet, err);
        av_packet_unref(k->packet);
        if (st != GD_OK) return st;
    }
    return gd_av_fail(err, 963, rc, k->encoder->name);
}

/* Writes the frame that the pace held back, as often as it says: up to a day of copies, which
 * an interrupt breaks off. */
static gd_status release(gd_av_sink *k, const gd_pace_step *step, gd_error *err) {
    for (int64_t i = 0; i < step->count; i++) {
        if (i && k->opt.stopped && k->opt.stopped()) break;
        gd_av_waiting w = {.pts = step->pts + i, .duration = step->duration};
        if (k->n_waiting == GD_AV_WAITING)
            return gd_fail_code(err, GD_ERR_UNSUPPORTED, 963,
                                "%s keeps more than %d frames to itself", k->encoder->name,
                                GD_AV_WAITING);
        w.at = av_rescale_q(w.pts, k->base, k->codec->time_base);
        if (k->n_waiting && w.at <= k->waiting[k->n_waiting - 1].at)
            w.at = k->waiting[k->n_waiting - 1].at + 1;
        k->waiting[k->n_waiting++] = w;
        k->held->pts = w.at;
        GD_TRY(encode(k, k->held, err));
    }
    av_frame_free(&k->held);
    return GD_OK;
}

gd_status gd_av_sink_write(gd_av_sink *k, const gd_video_frame *f, gd_error *err) {
    AVFrame     *picture;
    gd_pace_step step;
    const bool   resized = f->width != k->like.width || f->height != k->like.height;
    if (!f->rgb || f->width < 1 || f->height < 1)
        return gd_fail(err, GD_ERR_ARG, "a frame of %d x %d cannot be written", f->width,
                       f->height);
    if (resized && !k->resized)
        gd_av_sink_say(k, 973, "the video's size changes to %d x %d; it is scaled to %d x %d",
                       f->width, f->height, k->like.width, k->like.height);
    k->resized = k->resized || resized;
    GD_TRY(gd_av_paint(&k->painter, f, k->codec, &picture, err));
    const int64_t moved = k->pace.moved;
    gd_status     st = gd_pace_frame(&k->pace, f->pts, f->duration, &step, err);
    if (st == GD_OK && moved == 0 && k->pace.moved)
        gd_av_sink_say(k, 974, "frame %lld does not follow the one before in time; moved",
                       (long long)f->index);
    if (st == GD_OK) st = release(k, &step, err);
    if (st != GD_OK) {
        av_frame_free(&picture);
        return st;
    }
    k->held = picture;
    return gd_av_copy_until(k, f->pts, err);
}

/* ---- opening ---------------------------------------------------------------------------- */

static gd_status set_pace(gd_av_sink *k, gd_error *err) {
    const gd_video_info *like = &k->like;
    const gd_rational    fps = k->opt.fps;
    if (like->width < 1 || like->height < 1 || like->width > GD_VIDEO_SIDE ||
        like->height > GD_VIDEO_SIDE || like->time_base.num < 1 || like->time_base.den < 1)
        return gd_fail(err, GD_ERR_ARG, "%d x %d at %d/%d seconds a tick is no video",
                       like->width, like->height, like->time_base.num, like->time_base.den);
    if (fps.den != 0 && (fps.den < 0 || fps.num < 1 || fps.num / fps.den > 1000))
        return gd_fail_code(err, GD_ERR_ARG, 217,
                            "%d/%d is no frame rate: above 0, at most 1000", fps.num, fps.den);
    k->pace.base = like->time_base;
    k->pace.mode = fps.den                  ? GD_PACE_RATE
                   : k->container->constant ? GD_PACE_GRID
                                            : GD_PACE_KEEP;
    k->pace.rate = fps.den ? fps : like->frame_rate;
    if (k->pace.rate.num < 1 || k->pace.rate.den < 1) k->pace.rate = (gd_rational){0, 0};
    if (k->pace.mode == GD_PACE_GRID && !k->pace.rate.den) {
        const gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 965,
                                          "an .avi file has a constant frame rate, and the "
                                          "source tells none");
        gd_error_hint(err, "--fps makes the rate constant; .mkv and .mp4 keep a varying one");
        return st;
    }
    k->pace.origin =
        gd_video_rescale(k->opt.start_us, (gd_rational){1, 1000000}, like->time_base);
    const gd_rational out = gd_pace_base(&k->pace);
    k->base = (AVRational){out.num, out.den};
    return GD_OK;
}

/* The file's own metadata, without what only the old container could say. */
static int copy_metadata(gd_av_sink *k) {
    static const char *const stale[] = {"major_brand", "minor_version", "compatible_brands",
                                        "encoder", "DURATION"};
    const int rc = av_dict_copy(&k->mux->metadata, gd_av_source_metadata(k->source), 0);
    for (size_t i = 0; rc >= 0 && i < sizeof stale / sizeof *stale; i++)
        av_dict_set(&k->mux->metadata, stale[i], NULL, 0);
    return rc;
}

static int add_video(gd_av_sink *k) {
    k->stream = avformat_new_stream(k->mux, NULL);
    if (!k->stream) return AVERROR(ENOMEM);
    k->stream->time_base = k->base;
    k->stream->avg_frame_rate = k->codec->framerate;
    k->stream->sample_aspect_ratio = k->codec->sample_aspect_ratio;
    const int rc = avcodec_parameters_from_context(k->stream->codecpar, k->codec);
    /* QuickTime plays H.265 by this name only. */
    if (k->codec->codec_id == AV_CODEC_ID_HEVC && k->container->faststart)
        k->stream->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');
    return rc;
}

static int write_header(gd_av_sink *k) {
    AVDictionary *options = NULL;
    if (k->container->faststart) {
        /* The file's clock ticks with the video's, so that its duration is exact. */
        int64_t ticks = k->base.den;
        while (ticks < COARSEST) ticks *= 2;
        av_dict_set(&options, "movflags", "+faststart", 0);
        if (ticks <= FINEST) av_dict_set_int(&options, "movie_timescale", ticks, 0);
    }
    const int rc = avformat_write_header(k->mux, &options);
    av_dict_free(&options);
    return rc;
}

static gd_status prepare(gd_av_sink *k, const char *path, gd_error *err) {
    int rc = avformat_alloc_output_context2(&k->mux, NULL, k->container->muxer, NULL);
    if (rc == AVERROR(EINVAL))
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 961,
                            "this FFmpeg does not write .%s files", k->container->extension);
    if (rc >= 0 && !(k->packet = av_packet_alloc())) rc = AVERROR(ENOMEM);
    if (rc < 0) return gd_av_fail(err, 964, rc, path);
    /* Sound may begin before zero; moving everything would move the frames. MP4 has room for
     * that. */
    if (!k->container->faststart) k->mux->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    GD_TRY(gd_av_open_encoder(k, err));
    if ((rc = add_video(k)) < 0) return gd_av_fail(err, 964, rc, path);
    GD_TRY(gd_av_copy_open(k, err));
    if (k->source && (rc = copy_metadata(k)) < 0) return gd_av_fail(err, 964, rc, path);
    GD_TRY(gd_av_file_open(k, path, err));
    rc = write_header(k);
    if (rc >= 0 && k->mux->pb->error < 0) rc = k->mux->pb->error;
    return rc < 0 ? gd_av_sink_fail(k, err, 964, rc, path) : GD_OK;
}

static void release_all(gd_av_sink *k) {
    av_frame_free(&k->held);
    avcodec_free_context(&k->codec);
    av_packet_free(&k->packet);
    gd_av_painter_close(&k->painter);
    gd_av_file_detach(k);
    avformat_free_context(k->mux);
    gd_mem_put(k->copies);
    (void)pthread_mutex_destroy(&k->lock);
    gd_mem_put(k);
}

gd_status gd_av_sink_open(const char *path, const gd_video_sink_options *opt,
                          const gd_video_info *like, gd_av_source *copy, gd_av_sink **out,
                          gd_error *err) {
    gd_status   st;
    gd_av_sink *k = gd_mem_get_zero(sizeof *k);
    *out = NULL;
    if (!k) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory to write a video", path);
    (void)pthread_mutex_init(&k->lock, NULL);
    k->file.fd = -1;
    if (opt) k->opt = *opt;
    k->like = *like;
    k->source = k->opt.no_audio ? NULL : copy;
    GD_GO(gd_av_find_container(path, &k->container, err));
    GD_GO(set_pace(k, err));
    GD_GO(prepare(k, path, err));
    k->opt.codec = k->opt.preset = NULL; /* the caller's */
    if (k->codec->width != like->width || k->codec->height != like->height)
        gd_av_sink_say(k, 972, "%d x %d is written as %d x %d: %s needs even sides",
                       like->width, like->height, k->codec->width, k->codec->height,
                       k->encoder->codec);
    *out = k;
    k = NULL;
done:
    if (k) gd_av_sink_abort(k);
    return st;
}

/* ---- the end ---------------------------------------------------------------------------- */

/* Leaves NAME.part where it is. */
static void keep_part(gd_av_sink *k) {
    if (k->file.fd >= 0) close(k->file.fd);
    k->file.fd = -1;
    k->file.part[0] = '\0';
}

static gd_status complete(gd_av_sink *k, gd_error *err) {
    gd_pace_step step;
    if (k->file_error.status != GD_OK) return gd_av_sink_fail(k, err, 0, 0, "");
    gd_pace_end(&k->pace, &step);
    if (step.count == 0 && k->info.frames == 0 && k->n_waiting == 0)
        return gd_fail_code(err, GD_ERR_FORMAT, 968, "%s: there is no frame to write",
                            k->file.path);
    GD_TRY(release(k, &step, err));
    GD_TRY(encode(k, NULL, err));
    GD_TRY(gd_av_copy_end(k, err));
    int rc = av_write_trailer(k->mux);
    avio_flush(k->mux->pb);
    if (rc >= 0) rc = k->mux->pb->error;
    if (rc < 0 || k->file_error.status != GD_OK)
        return gd_av_sink_fail(k, err, 964, rc, k->file.path);
    return gd_out_commit(&k->file, err);
}

gd_status gd_av_sink_finish(gd_av_sink *k, gd_video_sink_info *info, gd_error *err) {
    const gd_status st = complete(k, err);
    if (info) {
        *info = k->info;
        info->bytes = (int64_t)k->file.at;
        info->duration_us = av_rescale_q(k->end - k->first, k->base, AV_TIME_BASE_Q);
        snprintf(info->container, sizeof info->container, "%s", k->container->extension);
        snprintf(info->codec, sizeof info->codec, "%s", k->encoder->codec);
        snprintf(info->encoder, sizeof info->encoder, "%s", k->encoder->name);
    }
    if (st != GD_OK && k->info.frames > 0) keep_part(k);
    gd_out_abort(&k->file);
    release_all(k);
    return st;
}

void gd_av_sink_abort(gd_av_sink *k) {
    if (!k) return;
    /* What a full disk cut off may be all that is left of hours. */
    if (k->file_error.status != GD_OK && k->info.frames > 0) keep_part(k);
    gd_out_abort(&k->file);
    release_all(k);
}
