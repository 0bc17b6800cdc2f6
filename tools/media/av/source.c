/* source.c -- packets to frames: damage skipped and counted, lost streams connected again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/media/av/source_state.h"

enum { CATCH_UP_US = 2000000 }; /* how far sound may lie behind its frames */

/* ---- open and close ---------------------------------------------------------------------- */

static bool digits(const char *p) {
    return *p && strspn(p, "0123456789") == strlen(p) && strlen(p) <= 3;
}

/* Which kind the user typed, and what FFmpeg is told; a file is never taken for a URL. */
static gd_status name(gd_av_source *s, const char *path, gd_error *err) {
    const char *prefix = "file:";
    if (strlen(path) >= sizeof s->path)
        return gd_fail_code(err, GD_ERR_ARG, 350, "a name of %zu bytes", strlen(path));
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    s->kind = GD_AV_FILE;
    if (!strncmp(path, "/dev/video", 10) || digits(path)) s->kind = GD_AV_CAMERA;
    if (!strncmp(path, "rtsp://", 7)) s->kind = GD_AV_RTSP;
    if (!strncmp(path, "http://", 7) || !strncmp(path, "https://", 8)) s->kind = GD_AV_HTTP;
    if (s->kind != GD_AV_FILE)
        prefix = s->kind == GD_AV_CAMERA && digits(path) ? "/dev/video" : "";
    (void)snprintf(s->url, sizeof s->url, "%s%s", prefix, path);
    return GD_OK;
}

static int cores(void) {
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 16 ? 16 : (int)n;
}

static gd_status set_defaults(gd_av_source *s, const gd_video_source_options *opt,
                              gd_error *err) {
    const char *t = opt->rtsp_transport ? opt->rtsp_transport : "tcp";
    s->opt = *opt;
    s->opt.rtsp_transport = NULL;
    if (strcmp(t, "tcp") != 0 && strcmp(t, "udp") != 0)
        return gd_fail(err, GD_ERR_ARG, "rtsp_transport '%s' is neither tcp nor udp", t);
    (void)snprintf(s->transport, sizeof s->transport, "%s", t);
    if (s->opt.threads <= 0) s->opt.threads = cores();
    if (s->opt.timeout_ms <= 0) s->opt.timeout_ms = 10000;
    s->opt.max_retries = s->opt.max_retries < 0 ? 0
                         : s->opt.max_retries   ? s->opt.max_retries
                                                : 8;
    if (s->opt.max_pixels <= 0) s->opt.max_pixels = GD_VIDEO_PIXELS;
    return GD_OK;
}

/* Goes to the key frame before the first frame that is wanted. */
static gd_status go_to(gd_av_source *s, int64_t pts, gd_error *err) {
    const int e = av_seek_frame(s->fmt, s->video, pts, AVSEEK_FLAG_BACKWARD);
    if (e < 0) {
        const gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 382,
                                          "%s cannot be read from its middle", s->path);
        gd_error_hint(err, "leave out --start, or copy it to MKV or MP4 first");
        return st;
    }
    avcodec_flush_buffers(s->dec);
    return GD_OK;
}

static int64_t ticks(const gd_av_source *s, int64_t us) {
    static const gd_rational micro = {1, 1000000};
    return gd_video_rescale(us, micro, s->info.time_base);
}

static gd_status start(gd_av_source *s, gd_error *err) {
    if (s->info.frame_rate.den)
        s->clock.step =
            gd_video_rescale(1, (gd_rational){s->info.frame_rate.den, s->info.frame_rate.num},
                             s->info.time_base);
    /* Back by half a second is no jitter. */
    s->clock.jump = ticks(s, 500000);
    s->first = INT64_MIN;
    s->end = INT64_MAX;
    s->resume = s->last_stamp = s->zero = INT64_MIN;
    if (s->opt.end_us > 0)
        s->end = gd_video_time_add(s->info.start_pts, ticks(s, s->opt.end_us));
    if (s->opt.start_us <= 0 || s->info.live) return GD_OK;
    s->first = gd_video_time_add(s->info.start_pts, ticks(s, s->opt.start_us));
    return go_to(s, s->first, err);
}

gd_status gd_av_source_open(const char *path, const gd_video_source_options *opt,
                            gd_av_source **out, gd_error *err) {
    gd_status     st;
    gd_av_source *s = gd_mem_get_zero(sizeof *s);
    *out = NULL;
    if (!s) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a video source");
    (void)pthread_mutex_init(&s->lock, NULL);
    GD_GO(name(s, path, err));
    GD_GO(set_defaults(s, opt, err));
    s->packet = av_packet_alloc();
    s->frame = av_frame_alloc();
    s->copied = av_frame_alloc();
    if (!s->packet || !s->frame || !s->copied) {
        st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a video source");
        goto done;
    }
    GD_GO(gd_av_connect(s, &s->info, err));
    s->shifted = true;
    s->counts.promised = s->info.frames;
    GD_GO(gd_av_keep_streams(s, err));
    GD_GO(start(s, err));
    s->last_frame_at = gd_av_now();
    *out = s;
    s = NULL;
done:
    gd_av_source_close(s);
    return st;
}

void gd_av_source_close(gd_av_source *s) {
    if (!s) return;
    gd_av_disconnect(s);
    gd_av_packets_free(s);
    av_packet_free(&s->packet);
    av_frame_free(&s->frame);
    av_frame_free(&s->copied);
    av_buffer_unref(&s->gpu);
    gd_av_scaler_close(&s->scaler);
    gd_mem_put(s->turn);
    (void)pthread_mutex_destroy(&s->lock);
    gd_mem_put(s);
}

const gd_video_info *gd_av_source_info(const gd_av_source *s) { return &s->info; }

void gd_av_source_stop(gd_av_source *s) { atomic_store(&s->stop, true); }

/* ---- counting ---------------------------------------------------------------------------- */

static void count(gd_av_source *s, int64_t *which) {
    (void)pthread_mutex_lock(&s->lock);
    ++*which;
    (void)pthread_mutex_unlock(&s->lock);
}

static void set_flag(gd_av_source *s, bool *which) {
    (void)pthread_mutex_lock(&s->lock);
    *which = true;
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- packets ----------------------------------------------------------------------------- */

static void arrived(gd_av_source *s, int64_t pts) {
    s->arrival[s->arrivals++ % ARRIVALS] = (gd_av_arrival){pts, gd_av_now()};
}

/* When the data of the frame with this timestamp came in: else of the newest. */
static int64_t captured(const gd_av_source *s, int64_t pts) {
    const unsigned n = s->arrivals < ARRIVALS ? s->arrivals : ARRIVALS;
    for (unsigned i = 1; i <= n; i++) {
        const gd_av_arrival *a = &s->arrival[(s->arrivals - i) % ARRIVALS];
        if (a->pts == pts) return a->at;
    }
    return n ? s->arrival[(s->arrivals - 1) % ARRIVALS].at : gd_av_now();
}

/* Waits for a camera's next picture. */
static void pause_ms(int ms) {
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    (void)nanosleep(&t, NULL);
}

/* The time of a new connection goes on where the last one's ended, plus what lies between. */
static void shift(gd_av_source *s, const AVPacket *p) {
    static const gd_rational us = {1, 1000000};
    const AVRational         base = s->fmt->streams[p->stream_index]->time_base;
    const int64_t            at = p->dts != AV_NOPTS_VALUE ? p->dts : p->pts;
    if (s->shifted) return;
    if (s->rejoin_us == INT64_MIN)
        s->rejoin_us = gd_video_time_add(gd_video_rescale(s->clock.last, s->info.time_base, us),
                                         (gd_av_now() - s->last_frame_at) / 1000);
    /* The first packets of RTSP may have no time. */
    if (at == AV_NOPTS_VALUE) return;
    s->shift_us = gd_video_time_sub(s->rejoin_us, av_rescale_q(at, base, AV_TIME_BASE_Q));
    s->shifted = true;
    gd_video_clock_shift(&s->clock, ticks(s, s->shift_us));
}

/* Another stream's packet, to the sink's queue. */
static void pass_on(gd_av_source *s, AVPacket *p) {
    const AVRational base = s->fmt->streams[p->stream_index]->time_base;
    const int64_t    by = s->shift_us ? av_rescale_q(s->shift_us, AV_TIME_BASE_Q, base) : 0;
    if (p->pts != AV_NOPTS_VALUE) p->pts = gd_video_time_add(p->pts, by);
    if (p->dts != AV_NOPTS_VALUE) p->dts = gd_video_time_add(p->dts, by);
    gd_av_put(s, p);
}

/* The next packet of the video; others go to the queue. An FFmpeg error at the end. */
static int next_packet(gd_av_source *s) {
    gd_av_allow(s);
    for (;;) {
        const int e = av_read_frame(s->fmt, s->packet);
        if (atomic_load(&s->stop)) return AVERROR_EXIT;
        if (e == AVERROR(EAGAIN)) {
            const int64_t by = atomic_load(&s->deadline);
            if (by && gd_av_now() > by) return AVERROR(ETIMEDOUT);
            pause_ms(2);
            continue;
        }
        /* What the interrupt callback ended. */
        if (e == AVERROR_EXIT) return AVERROR(ETIMEDOUT);
        if (e < 0) return e;
        gd_av_allow(s);
        shift(s, s->packet);
        if (s->packet->stream_index == s->video) return 0;
        pass_on(s, s->packet);
    }
}

/* Feeds the decoder one packet, or tells it that there are no more. */
static int feed(gd_av_source *s) {
    int e = next_packet(s);
    if (e < 0) {
        /* An end that the transport reports as an error is a loss. */
        const int hidden = e == AVERROR_EOF && s->fmt->pb ? s->fmt->pb->error : 0;
        s->broken = e != AVERROR_EOF || hidden < 0;
        if (e == AVERROR(ETIMEDOUT))
            (void)snprintf(s->trouble, sizeof s->trouble, "nothing came for %.1f s",
                           s->opt.timeout_ms * 1e-3);
        else
            (void)av_strerror(hidden < 0 ? hidden : e, s->trouble, sizeof s->trouble);
        s->flushed = true;
        (void)avcodec_send_packet(s->dec, NULL);
        return e;
    }
    s->packets++;
    if (s->info.live) arrived(s, s->packet->pts);
    e = avcodec_send_packet(s->dec, s->packet);
    av_packet_unref(s->packet);
    if (e < 0 && e != AVERROR_EOF) count(s, &s->counts.bad_packets);
    return e == AVERROR(ENOMEM) ? e : 0;
}

/* ---- frames ------------------------------------------------------------------------------ */

static int64_t duration_of(const AVFrame *f) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return f->duration > 0 ? f->duration : 0;
#else
    return f->pkt_duration > 0 ? f->pkt_duration : 0;
#endif
}

static bool is_key(const AVFrame *f) {
#ifdef AV_FRAME_FLAG_KEY
    return f->flags & AV_FRAME_FLAG_KEY;
#else
    return f->key_frame;
#endif
}

/* A time of this connection in the time base that the caller knows. */
static int64_t here(const gd_av_source *s, int64_t t) {
    const AVRational to = {s->info.time_base.num, s->info.time_base.den};
    return t == AV_NOPTS_VALUE || av_cmp_q(s->base, to) == 0 ? t : av_rescale_q(t, s->base, to);
}

/* A camera stamps its pictures with the machine's uptime: its first one is its zero. */
static int64_t from_zero(gd_av_source *s, int64_t stamp) {
    if (s->kind != GD_AV_CAMERA || stamp == AV_NOPTS_VALUE) return stamp;
    if (s->zero == INT64_MIN) s->zero = stamp;
    return gd_video_time_sub(stamp, s->zero);
}

/* The decoder's frame as the caller's. *use: it is to be handed out. */
static gd_status take(gd_av_source *s, gd_video_frame *f, bool *use, gd_error *err) {
    const AVFrame *in = s->frame;
    AVFrame       *pixels;
    const int64_t  told = in->pts != AV_NOPTS_VALUE ? in->pts : in->best_effort_timestamp;
    const bool     unknown = told == AV_NOPTS_VALUE && !s->shifted;
    const int64_t  stamp = unknown ? ticks(s, s->rejoin_us) : from_zero(s, here(s, told));
    const int64_t  length = here(s, duration_of(in));
    const int64_t  before = s->clock.moved;
    *use = false;
    if (stamp != AV_NOPTS_VALUE && stamp <= s->resume) return GD_OK;
    if (stamp != AV_NOPTS_VALUE && stamp < s->first) {
        count(s, &s->counts.skipped);
        return GD_OK;
    }
    if (stamp != AV_NOPTS_VALUE && stamp >= s->end) {
        s->done = true;
        return GD_OK;
    }
    if (!gd_av_stay(s, f)) {
        GD_TRY(gd_av_fetch(s, &pixels, err));
        GD_TRY(gd_av_convert(s, pixels, f, err));
    }
    f->pts = gd_video_clock_next(&s->clock, stamp == AV_NOPTS_VALUE ? GD_VIDEO_NO_PTS : stamp,
                                 length);
    f->duration = length;
    f->key = is_key(in);
    f->corrupt = in->decode_error_flags || (in->flags & AV_FRAME_FLAG_CORRUPT);
    f->captured = s->info.live ? captured(s, in->pts) : 0;
    s->last_frame_at = gd_av_now();
    s->last_stamp = stamp;
    s->tries = 0;
    (void)pthread_mutex_lock(&s->lock);
    f->index = s->counts.decoded++;
    s->counts.corrupt += f->corrupt;
    s->counts.moved += s->clock.moved - before;
    (void)pthread_mutex_unlock(&s->lock);
    *use = true;
    return GD_OK;
}

/* Sound lies up to a second behind its frames in a file, so who leaves early has not met it. */
void gd_av_source_catch_up(gd_av_source *s, int64_t until, AVRational base) {
    const int64_t enough =
        gd_video_time_add(av_rescale_q(until, base, AV_TIME_BASE_Q), CATCH_UP_US);
    int64_t at = AV_NOPTS_VALUE;
    if (s->kind != GD_AV_FILE || s->others == 0 || atomic_load(&s->ended)) return;
    const bool stopped = atomic_exchange(&s->stop, false);
    while ((at == AV_NOPTS_VALUE || at < enough) && av_read_frame(s->fmt, s->packet) >= 0) {
        const AVPacket *p = s->packet;
        at = p->dts != AV_NOPTS_VALUE ? p->dts : p->pts;
        if (at != AV_NOPTS_VALUE)
            at = av_rescale_q(at, s->fmt->streams[p->stream_index]->time_base, AV_TIME_BASE_Q);
        if (p->stream_index == s->video)
            av_packet_unref(s->packet);
        else
            pass_on(s, s->packet);
    }
    atomic_store(&s->stop, stopped);
    s->done = true;
}

/* Nothing more comes from this connection: another one, or the end. */
static gd_status finish(gd_av_source *s, gd_error *err) {
    bool            again;
    const gd_status st = gd_av_reconnect(s, &again, err);
    s->done = !again;
    if (again || atomic_load(&s->stop)) return st;
    atomic_store(&s->ended, true);
    if (st == GD_OK && gd_av_cut_off(s)) set_flag(s, &s->counts.truncated);
    return st;
}

gd_status gd_av_source_read(gd_av_source *s, gd_video_frame *f, gd_error *err) {
    bool use = false;
    f->rgb = f->device = NULL;
    while (!s->done && !atomic_load(&s->stop)) {
        int e = avcodec_receive_frame(s->dec, s->frame);
        if (e == 0) {
            const gd_status st = take(s, f, &use, err);
            av_frame_unref(s->frame);
            if (st != GD_OK || use) {
                if (st != GD_OK) f->rgb = f->device = NULL;
                return st;
            }
        } else if (e == AVERROR(EAGAIN)) {
            e = feed(s);
            if (e == AVERROR(ENOMEM))
                return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory to decode", s->path);
        } else if (e == AVERROR_EOF) {
            GD_TRY(finish(s, err));
        } else if (e == AVERROR(ENOMEM)) {
            return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory to decode", s->path);
        } else {
            count(s, &s->counts.bad_packets);
        }
    }
    return GD_OK;
}
