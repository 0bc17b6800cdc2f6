/* open.c -- connects a source: which containers, protocols and codecs are read, by what limits.
 *
 * What decides is the content, never the name: the container is found by probing and looked up
 * in a list, so that a playlist (which would make the demuxer open other files and addresses)
 * is refused under any name. An input may use the protocols of what the user typed only. */
#include <errno.h>
#include <libavdevice/avdevice.h>
#include <libavutil/avstring.h>
#include <libavutil/pixdesc.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/media/av/source_state.h"

/* Of demuxers that go by several names the first. */
#define FILE_FORMATS "mov,matroska,avi,mpegts"
#define HTTP_FORMATS FILE_FORMATS ",mpjpeg,flv"
/* Decoders that avformat may open to learn what a stream is. */
#define DECODERS                                                                           \
    "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,msmpeg4,msmpeg4v2,mpeg1video,mpeg2video,mjpeg,"  \
    "rawvideo,ffv1,prores,aac,mp3,mp3float,ac3,eac3,opus,libopus,vorbis,flac,alac,pcm_u8," \
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s32le,pcm_f32le,pcm_alaw,pcm_mulaw"
enum { PROBE_BYTES = 1 << 20, LIVE_FRAMES = 4 };

static const enum AVCodecID codecs[] = {
    AV_CODEC_ID_H264,       AV_CODEC_ID_HEVC,      AV_CODEC_ID_VP8,
    AV_CODEC_ID_VP9,        AV_CODEC_ID_AV1,       AV_CODEC_ID_MPEG4,
    AV_CODEC_ID_MSMPEG4V2,  AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_MPEG1VIDEO,
    AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MJPEG,     AV_CODEC_ID_RAWVIDEO,
    AV_CODEC_ID_FFV1,       AV_CODEC_ID_PRORES};

static int interrupted(void *of) {
    gd_av_source *s = of;
    const int64_t deadline = atomic_load(&s->deadline);
    /* Files do not wait, and their sound is read on after a stop. */
    if (s->kind != GD_AV_FILE && s->opt.stopped && s->opt.stopped())
        atomic_store(&s->stop, true);
    return atomic_load(&s->stop) || (deadline && gd_av_now() > deadline);
}

static gd_status unreachable(gd_av_source *s, int e, gd_error *err) {
    const bool late = e == AVERROR_EXIT;
    gd_status  st;
    if (atomic_load(&s->stop))
        return gd_fail_code(err, GD_ERR_IO, 379, "%s: stopped while connecting", s->path);
    switch (s->kind) {
    case GD_AV_FILE: return gd_av_fail(err, e == AVERROR(ENOENT) ? 350 : 378, e, s->path);
    case GD_AV_CAMERA:
        st = gd_av_fail(err, 380, e == AVERROR_INVALIDDATA ? AVERROR(EIO) : e, s->path);
        gd_error_hint(err, "is the camera plugged in, and not in use by another program? Its "
                           "device is /dev/video0, /dev/video1, ...");
        return st;
    default: break;
    }
    if (late)
        return gd_fail_code(err, GD_ERR_IO, 379, "%s: no answer within %.1f s", s->path,
                            s->opt.timeout_ms * 1e-3);
    st = gd_av_fail(err, 379, e, s->path);
    return st;
}

/* ---- containers -------------------------------------------------------------------------- */

static const char *protocols(gd_av_kind k) {
    switch (k) {
    case GD_AV_FILE: return "file";
    case GD_AV_CAMERA: return "";
    case GD_AV_RTSP: return "rtsp,rtp,tcp,udp";
    default: return "http,https,tcp,tls";
    }
}

static gd_status refuse_format(gd_av_source *s, const AVInputFormat *f, gd_error *err) {
    const gd_status st =
        gd_fail_code(err, GD_ERR_UNSUPPORTED, 375, "%s: '%s' (%s) is not read", s->path,
                     f->name, f->long_name ? f->long_name : "no name");
    gd_error_hint(err, "MP4, MOV, MKV, WebM, AVI and MPEG-TS are; playlists and scripts never "
                       "are, whatever they are called");
    return st;
}

/* Opens the bytes and finds the container by its content. */
static gd_status probe(gd_av_source *s, AVDictionary **options, const AVInputFormat **format,
                       gd_error *err) {
    const AVIOInterruptCB by = {interrupted, s};
    const char           *may = s->kind == GD_AV_FILE ? FILE_FORMATS : HTTP_FORMATS;
    int                   e = avio_open2(&s->io, s->url, AVIO_FLAG_READ, &by, options);
    if (e < 0) return unreachable(s, e, err);
    e = av_probe_input_buffer2(s->io, format, NULL, NULL, 0, PROBE_BYTES);
    if (e == AVERROR_EXIT || (e < 0 && s->io->error < 0))
        return unreachable(s, s->io->error < 0 ? s->io->error : e, err);
    if (e < 0 || !*format)
        return gd_fail_code(err, GD_ERR_FORMAT, 373, "%s: the content is no video", s->path);
    if (av_match_list((*format)->name, may, ',') <= 0) return refuse_format(s, *format, err);
    return GD_OK;
}

static gd_status set_options(gd_av_source *s, AVDictionary **o, gd_error *err) {
    char      micro[24];
    int       e = av_dict_set(o, "protocol_whitelist", protocols(s->kind), 0);
    const int n = snprintf(micro, sizeof micro, "%lld", s->opt.timeout_ms * 1000LL);
    if (n > 0 && s->kind == GD_AV_RTSP) {
        e |= av_dict_set(o, "rtsp_transport", s->transport, 0);
        e |= av_dict_set(o, "timeout", micro, 0);
    }
    if (n > 0 && s->kind == GD_AV_HTTP) e |= av_dict_set(o, "rw_timeout", micro, 0);
    return e < 0 ? gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for options") : GD_OK;
}

/* Sizes that headers claim are looked at before a decoder is. */
static gd_status check_streams(gd_av_source *s, gd_error *err) {
    for (unsigned i = 0; i < s->fmt->nb_streams; i++) {
        const AVCodecParameters *p = s->fmt->streams[i]->codecpar;
        if (p->codec_type != AVMEDIA_TYPE_VIDEO) continue;
        if (p->width > GD_VIDEO_SIDE || p->height > GD_VIDEO_SIDE ||
            (int64_t)p->width * p->height > s->opt.max_pixels)
            return gd_fail_code(err, GD_ERR_UNSUPPORTED, 376,
                                "%s: frames of %d x %d are above the limits (%lld pixels, "
                                "sides of %d)",
                                s->path, p->width, p->height, (long long)s->opt.max_pixels,
                                GD_VIDEO_SIDE);
    }
    return GD_OK;
}

/* Lets avformat look into packets for what the headers do not say. */
static gd_status learn(gd_av_source *s, gd_error *err) {
    const unsigned n = s->fmt->nb_streams;
    AVDictionary **each = gd_mem_array(n ? n : 1, sizeof *each);
    gd_status      st = GD_OK;
    if (!each) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for %u streams", n);
    for (unsigned i = 0; i < n; i++)
        if (av_dict_set_int(&each[i], "max_pixels", s->opt.max_pixels, 0) < 0)
            st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for options");
    const int e = st == GD_OK ? avformat_find_stream_info(s->fmt, each) : 0;
    for (unsigned i = 0; i < n; i++) av_dict_free(&each[i]);
    gd_mem_put(each);
    if (e < 0) return unreachable(s, e, err);
    return st;
}

static gd_status open_format(gd_av_source *s, gd_error *err) {
    AVDictionary        *options = NULL;
    const AVInputFormat *format = NULL;
    gd_status            st;
    int                  e;
    GD_GO(set_options(s, &options, err));
    if (s->kind == GD_AV_FILE || s->kind == GD_AV_HTTP)
        GD_GO(probe(s, &options, &format, err));
    else
        format = av_find_input_format(s->kind == GD_AV_RTSP ? "rtsp" : "v4l2");
    if (!format) {
        st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 375, "%s: this FFmpeg has no %s", s->path,
                          s->kind == GD_AV_RTSP ? "RTSP" : "video4linux2");
        goto done;
    }
    s->fmt = avformat_alloc_context();
    if (!s->fmt) {
        st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for %s", s->path);
        goto done;
    }
    s->fmt->interrupt_callback = (AVIOInterruptCB){interrupted, s};
    s->fmt->max_streams = GD_VIDEO_STREAMS;
    /* What happens now is not to wait until its rate is known to many digits. */
    if (s->kind == GD_AV_RTSP) s->fmt->fps_probe_size = LIVE_FRAMES;
    s->fmt->pb = s->io;
    /* A camera that stalls must not hold the thread in the kernel. */
    if (s->kind == GD_AV_CAMERA) s->fmt->flags |= AVFMT_FLAG_NONBLOCK;
    if (av_dict_set(&options, "codec_whitelist", DECODERS, 0) < 0) {
        st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for options");
        goto done;
    }
    e = avformat_open_input(&s->fmt, s->url, format, &options); /* frees fmt when it fails */
    if (e == AVERROR(ENOMEM))
        st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 376,
                          "%s: more than %d streams, or one block above the limit of memory",
                          s->path, GD_VIDEO_STREAMS);
    else if (e < 0)
        st = unreachable(s, e, err);
    else
        st = check_streams(s, err);
    if (st == GD_OK && s->kind != GD_AV_CAMERA) st = learn(s, err);
done:
    av_dict_free(&options);
    return st;
}

/* ---- the video stream -------------------------------------------------------------------- */

static bool is_cover(const AVStream *st) {
    return st->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS);
}

/* The largest picture of those that move; the first of equals. */
static int find_video(const AVFormatContext *fmt, int *covers, int *sounds, int *rest) {
    int     found = -1;
    int64_t most = -1;
    *covers = *sounds = *rest = 0;
    for (int i = 0; i < (int)fmt->nb_streams; i++) {
        const AVStream          *st = fmt->streams[i];
        const AVCodecParameters *p = st->codecpar;
        *sounds += p->codec_type == AVMEDIA_TYPE_AUDIO;
        *rest += p->codec_type != AVMEDIA_TYPE_AUDIO && p->codec_type != AVMEDIA_TYPE_VIDEO;
        if (p->codec_type != AVMEDIA_TYPE_VIDEO) continue;
        *covers += is_cover(st);
        if (is_cover(st) || (int64_t)p->width * p->height <= most) continue;
        most = (int64_t)p->width * p->height;
        found = i;
    }
    return found;
}

static gd_status choose_video(gd_av_source *s, gd_video_info *info, gd_error *err) {
    int covers, sounds, rest;
    s->video = find_video(s->fmt, &covers, &sounds, &rest);
    info->audio_streams = sounds;
    info->other_streams = rest;
    if (s->video < 0)
        return gd_fail_code(err, GD_ERR_FORMAT, 374,
                            "%s: no video in it (%d audio streams, %d cover pictures, %d "
                            "others)",
                            s->path, sounds, covers, rest);
    const AVCodecParameters *p = s->fmt->streams[s->video]->codecpar;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (p->codec_id == codecs[i]) return GD_OK;
    const gd_status st =
        gd_fail_code(err, GD_ERR_UNSUPPORTED, 377, "%s: video coded in %s is not read", s->path,
                     avcodec_get_name(p->codec_id));
    gd_error_hint(err, "H.264, H.265, VP8, VP9, AV1, MPEG-1, -2 and -4, MJPEG, FFV1, ProRes "
                       "and raw video are");
    return st;
}

/* ---- the decoder ------------------------------------------------------------------------- */

static gd_status open_decoder(gd_av_source *s, gd_video_info *info, gd_error *err) {
    const AVStream *from = s->fmt->streams[s->video];
    const AVCodec  *codec = avcodec_find_decoder(from->codecpar->codec_id);
    if (!codec)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 377, "%s: this FFmpeg does not decode %s",
                            s->path, avcodec_get_name(from->codecpar->codec_id));
    s->dec = avcodec_alloc_context3(codec);
    if (!s->dec) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a decoder");
    int e = avcodec_parameters_to_context(s->dec, from->codecpar);
    if (e < 0) return gd_av_fail(err, 378, e, s->path);
    s->dec->pkt_timebase = from->time_base;
    s->dec->max_pixels = s->opt.max_pixels;
    s->dec->thread_count = s->opt.threads;
    /* Threads that each take a frame hold as many frames back: not for what happens now. */
    s->dec->thread_type = info->live ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
    const bool gpu = gd_av_use_gpu(s, codec);
    if (gpu) s->dec->thread_count = 1;
    e = avcodec_open2(s->dec, codec, NULL);
    if (e < 0) return gd_av_fail(err, 378, e, s->path);
    (void)snprintf(info->decoder, sizeof info->decoder, "%s%s", codec->name,
                   gpu ? " on cuda" : "");
    return GD_OK;
}

/* ---- what is told of it ------------------------------------------------------------------ */

static const int32_t *display_matrix(const AVStream *st) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVPacketSideData *d =
        av_packet_side_data_get(st->codecpar->coded_side_data, st->codecpar->nb_coded_side_data,
                                AV_PKT_DATA_DISPLAYMATRIX);
    return d && d->size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)d->data : NULL;
#else
    size_t         size = 0;
    const uint8_t *d = av_stream_get_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return d && size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)d : NULL;
#endif
}

static gd_rational rational(AVRational r) {
    return r.num > 0 && r.den > 0 ? (gd_rational){r.num, r.den} : (gd_rational){0, 0};
}

static void first_word(char *to, size_t size, const char *names) {
    (void)snprintf(to, size, "%.*s", (int)strcspn(names, ","), names);
}

static void tell(const gd_av_source *s, gd_video_info *i) {
    const AVStream          *st = s->fmt->streams[s->video];
    const AVCodecParameters *p = st->codecpar;
    i->orientation = gd_av_orientation(display_matrix(st));
    const bool swaps = i->orientation >= 5 && !s->opt.no_rotate;
    i->width = swaps ? p->height : p->width;
    i->height = swaps ? p->width : p->height;
    i->time_base = rational(st->time_base);
    i->frame_rate =
        rational(st->avg_frame_rate.num > 0 ? st->avg_frame_rate : st->r_frame_rate);
    i->sample_aspect = rational(st->sample_aspect_ratio.num > 0 ? st->sample_aspect_ratio
                                                                : p->sample_aspect_ratio);
    if (swaps && i->sample_aspect.den)
        i->sample_aspect = (gd_rational){i->sample_aspect.den, i->sample_aspect.num};
    i->start_pts = st->start_time != AV_NOPTS_VALUE ? st->start_time : 0;
    i->duration = st->duration != AV_NOPTS_VALUE && st->duration > 0 ? st->duration : -1;
    if (i->duration < 0 && s->fmt->duration != AV_NOPTS_VALUE && s->fmt->duration > 0)
        i->duration = av_rescale_q(s->fmt->duration, AV_TIME_BASE_Q, st->time_base);
    i->frames = st->nb_frames > 0 && !i->live ? st->nb_frames : -1;
    i->color = gd_av_color(p->color_space, p->width, p->height);
    i->full_range = p->color_range == AVCOL_RANGE_JPEG;
    i->primaries = (int)p->color_primaries;
    i->transfer = (int)p->color_trc;
    const char *pixels = av_get_pix_fmt_name(p->format);
    (void)snprintf(i->pixel_format, sizeof i->pixel_format, "%s", pixels ? pixels : "unknown");
    (void)snprintf(i->codec, sizeof i->codec, "%s", avcodec_get_name(p->codec_id));
    first_word(i->container, sizeof i->container, s->fmt->iformat->name);
}

/* ---- together ---------------------------------------------------------------------------- */

void gd_av_disconnect(gd_av_source *s) {
    avcodec_free_context(&s->dec);
    avformat_close_input(&s->fmt);
    /* avformat_close_input leaves an io that it was given. */
    if (s->io) avio_close(s->io);
    s->io = NULL;
}

gd_status gd_av_connect(gd_av_source *s, gd_video_info *info, gd_error *err) {
    gd_status st;
    s->packets = 0;
    s->flushed = s->broken = s->shifted = false;
    gd_av_allow(s);
    GD_GO(open_format(s, err));
    info->live = s->kind == GD_AV_CAMERA || s->kind == GD_AV_RTSP ||
                 (s->kind == GD_AV_HTTP && avio_size(s->io) <= 0);
    GD_GO(choose_video(s, info, err));
    s->base = s->fmt->streams[s->video]->time_base;
    tell(s, info);
    GD_GO(open_decoder(s, info, err));
done:
    if (st != GD_OK) gd_av_disconnect(s);
    return st;
}
