/* sink_copy.c -- the source's other streams, packet by packet and bit for bit.
 *
 * Whether a container takes a stream is found by writing a header with that stream alone: the
 * muxers know more than their tables say. */
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/media/av/sink_impl.h"
#include "tools/media/video_clock.h"

/* The tag stays where the container knows it for this codec; else the muxer chooses. */
static unsigned tag_of(const AVOutputFormat *format, const AVCodecParameters *par) {
    unsigned known;
    if (!format->codec_tag || !par->codec_tag) return 0;
    if (av_codec_get_id(format->codec_tag, par->codec_tag) == par->codec_id)
        return par->codec_tag;
    return av_codec_get_tag2(format->codec_tag, par->codec_id, &known) ? 0 : par->codec_tag;
}

static AVStream *add_stream(AVFormatContext *mux, const gd_av_other *other) {
    AVStream *st = avformat_new_stream(mux, NULL);
    if (!st || avcodec_parameters_copy(st->codecpar, other->par) < 0) return NULL;
    st->codecpar->codec_tag = tag_of(mux->oformat, other->par);
    st->time_base = other->time_base;
    st->disposition = other->disposition;
    if (av_dict_copy(&st->metadata, other->metadata, 0) < 0) return NULL;
    /* The writing muxer makes its own statistics. */
    static const char *const stale[] = {"DURATION", "encoder"};
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        av_dict_set(&st->metadata, stale[i], NULL, 0);
    return st;
}

static bool is_copied_kind(enum AVMediaType type) {
    return type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_SUBTITLE ||
           type == AVMEDIA_TYPE_DATA || type == AVMEDIA_TYPE_ATTACHMENT;
}

/* Time of the first cluster of Matroska bytes; -1: none. */
static int first_cluster(const uint8_t *bytes, int size) {
    static const uint8_t cluster[] = {0x1F, 0x43, 0xB6, 0x75};
    const uint8_t       *at = memmem(bytes, (size_t)size, cluster, sizeof cluster);
    if (!at || at - bytes > size - 16) return -1;
    at += 4;
    for (int skip = 0x80; skip && !(*at & skip); skip >>= 1) at++; /* bytes of its length */
    at++;
    while (at < bytes + size - 3 && *at != 0xE7) at++;
    return at < bytes + size - 3 && at[0] == 0xE7 && at[1] == 0x81 ? at[2] : -1;
}

/* Matroska counts Opus from before its pre-roll, which readers take off again. FFmpeg's muxer
 * adds it since some version; before that, we do. */
static int64_t missing_delay(AVFormatContext *trial, const AVStream *st, AVPacket *p,
                             uint8_t **bytes) {
    const AVCodecParameters *par = st->codecpar;
    const int64_t            delay =
        av_rescale_q(par->initial_padding, (AVRational){1, 48000}, st->time_base);
    if (par->codec_id != AV_CODEC_ID_OPUS || delay <= 0 || av_new_packet(p, 8) < 0) return 0;
    memset(p->data, 0, 8);
    p->stream_index = st->index;
    p->pts = p->dts = 0;
    p->flags |= AV_PKT_FLAG_KEY;
    const bool written = av_write_frame(trial, p) >= 0 && av_write_trailer(trial) >= 0;
    av_packet_unref(p);
    const int size = avio_close_dyn_buf(trial->pb, bytes);
    trial->pb = NULL;
    return written && first_cluster(*bytes, size) == 0 ? delay : 0;
}

static bool takes(const gd_av_sink *k, const gd_av_other *other, int64_t *delay) {
    const AVOutputFormat *format = k->mux->oformat;
    AVFormatContext      *trial = NULL;
    uint8_t              *bytes = NULL;
    int                   rc = -1;
    *delay = 0;
    if (!is_copied_kind(other->par->codec_type) ||
        avformat_query_codec(format, other->par->codec_id, FF_COMPLIANCE_NORMAL) == 0 ||
        avformat_alloc_output_context2(&trial, format, NULL, NULL) < 0)
        return false;
    AVStream *video = avformat_new_stream(trial, NULL);
    if (video && avcodec_parameters_from_context(video->codecpar, k->codec) >= 0 &&
        add_stream(trial, other) && avio_open_dyn_buf(&trial->pb) >= 0) {
        video->time_base = k->codec->time_base;
        trial->avoid_negative_ts = k->mux->avoid_negative_ts;
        rc = avformat_write_header(trial, NULL);
        if (rc >= 0 && !k->container->constant && !k->container->faststart)
            *delay = missing_delay(trial, trial->streams[1], k->packet, &bytes);
        if (trial->pb) avio_close_dyn_buf(trial->pb, &bytes);
        av_free(bytes);
        trial->pb = NULL;
    }
    avformat_free_context(trial);
    return rc >= 0;
}

gd_status gd_av_copy_open(gd_av_sink *k, gd_error *err) {
    const gd_av_other *other;
    char               left[160] = "";
    k->n_copies = k->source ? gd_av_source_others(k->source, &other) : 0;
    if (k->n_copies == 0) return GD_OK;
    k->copies = gd_mem_array((size_t)k->n_copies, sizeof *k->copies);
    if (!k->copies)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d streams to copy", k->n_copies);
    for (int i = 0; i < k->n_copies; i++) {
        gd_av_copy *c = &k->copies[i];
        c->stream = -1;
        if (takes(k, &other[i], &c->delay)) {
            const AVStream *st = add_stream(k->mux, &other[i]);
            if (!st) return gd_fail(err, GD_ERR_NOMEM, "no memory for a stream to copy");
            c->stream = st->index;
            k->info.streams++;
            continue;
        }
        const char  *kind = av_get_media_type_string(other[i].par->codec_type);
        const size_t n = strlen(left);
        snprintf(left + n, sizeof left - n, "%s%d (%s, %s)", n ? ", " : "", other[i].index,
                 kind ? kind : "unknown", avcodec_get_name(other[i].par->codec_id));
        k->info.left++;
    }
    if (*left)
        gd_av_sink_say(k, 970, "a .%s file does not take these streams, they are left out: %s",
                       k->container->extension, left);
    return GD_OK;
}

/* Time as the sink counts it; what was cut off at the start is before zero by more than its own
 * length. */
static bool shift(const gd_av_sink *k, AVPacket *p, AVRational base) {
    if (k->pace.origin == 0) return true;
    const AVRational from = {k->pace.base.num, k->pace.base.den};
    const int64_t    by = av_rescale_q(k->pace.origin, from, base);
    if (p->pts != AV_NOPTS_VALUE) p->pts = gd_video_time_sub(p->pts, by);
    if (p->dts != AV_NOPTS_VALUE) p->dts = gd_video_time_sub(p->dts, by);
    const int64_t at = p->pts != AV_NOPTS_VALUE ? p->pts : p->dts;
    return at == AV_NOPTS_VALUE || gd_video_time_add(at, p->duration) > 0;
}

static gd_status write_packet(gd_av_sink *k, AVPacket *p, gd_error *err) {
    const gd_av_other *other;
    const int          from = p->stream_index;
    gd_av_copy        *c = &k->copies[from];
    (void)gd_av_source_others(k->source, &other);
    const AVRational base = other[from].time_base;
    if (c->stream < 0 || !shift(k, p, base)) return GD_OK;
    const AVStream *st = k->mux->streams[c->stream];
    av_packet_rescale_ts(p, base, st->time_base);
    if (p->pts != AV_NOPTS_VALUE) p->pts = gd_video_time_add(p->pts, c->delay);
    if (p->dts != AV_NOPTS_VALUE) p->dts = gd_video_time_add(p->dts, c->delay);
    p->stream_index = c->stream;
    p->pos = -1;
    if (p->dts == AV_NOPTS_VALUE) p->dts = p->pts;
    if (p->dts != AV_NOPTS_VALUE) {
        /* A muxer ends the file over a time that goes back; a damaged packet is not worth it.
         * */
        if (c->begun && p->dts < c->last) {
            if (!k->unordered++)
                gd_av_sink_say(k, 975,
                               "stream %d: its time goes back; packets are left out until it "
                               "is ahead again",
                               other[from].index);
            return GD_OK;
        }
        c->last = p->dts;
        c->begun = true;
    }
    const int rc = av_interleaved_write_frame(k->mux, p);
    if (rc < 0) return gd_av_sink_fail(k, err, 964, rc, "writing a copied packet");
    k->info.copied++;
    return GD_OK;
}

gd_status gd_av_copy_until(gd_av_sink *k, int64_t until, gd_error *err) {
    const AVRational base = {k->pace.base.num, k->pace.base.den};
    gd_status        st = GD_OK;
    while (st == GD_OK && k->info.streams > 0 &&
           gd_av_source_take(k->source, until, base, k->packet)) {
        st = write_packet(k, k->packet, err);
        av_packet_unref(k->packet);
    }
    return st;
}

/* A source that was left early has read some sound too much, and has not met some: it is copied
 * exactly as far as the video goes. */
gd_status gd_av_copy_end(gd_av_sink *k, gd_error *err) {
    const AVRational to = {k->pace.base.num, k->pace.base.den};
    const int64_t    end = gd_video_time_add(av_rescale_q(k->end, k->base, to), k->pace.origin);
    if (k->info.streams == 0) return GD_OK;
    if (gd_av_source_ended(k->source)) return gd_av_copy_until(k, INT64_MAX, err);
    gd_av_source_catch_up(k->source, end, to);
    return gd_av_copy_until(k, end - 1, err);
}
