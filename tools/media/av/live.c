/* live.c -- sources that go away: deadlines, connecting again, and how the end is told from a
 * loss. */
#include <libavutil/avstring.h>
#include <libavutil/intreadwrite.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/media/av/source_state.h"

enum { FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 30000 };

void gd_av_allow(gd_av_source *s) {
    atomic_store(&s->deadline, s->kind == GD_AV_FILE
                                   ? 0
                                   : gd_av_now() + s->opt.timeout_ms * (int64_t)1000000);
}

/* ---- files that are shorter than they say ------------------------------------------------ */

/* Bytes that the index says the file has. */
static int64_t index_extent(AVFormatContext *fmt) {
    int64_t most = 0;
    for (unsigned i = 0; i < fmt->nb_streams; i++) {
        const int n = avformat_index_get_entries_count(fmt->streams[i]);
        for (int k = 0; k < n; k++) {
            const AVIndexEntry *e = avformat_index_get_entry(fmt->streams[i], k);
            if (!e || e->pos < 0) continue;
            const int64_t end = gd_video_time_add(e->pos, e->size);
            if (end > most) most = end;
        }
    }
    return most;
}

/* Length of an EBML number that tells a size; its value, or -1 for "not known" or damaged. */
static int64_t ebml_size(const uint8_t *p, int have, int *length) {
    int n = 1;
    while (n <= 8 && !(p[0] & 0x80 >> (n - 1))) n++;
    *length = n;
    if (n > 8 || n > have) return -1;
    uint64_t v = p[0] & (0xffu >> n), all = 0xffu >> n;
    for (int i = 1; i < n; i++) {
        v = v << 8 | p[i];
        all = all << 8 | 0xff;
    }
    return v == all || v > INT64_MAX / 2 ? -1 : (int64_t)v;
}

/* The end of the first RIFF chunk, or of the Segment of a Matroska file; 0: not told. */
static int64_t header_extent(const uint8_t *p, int n) {
    int     length, at;
    int64_t size;
    if (n >= 12 && !memcmp(p, "RIFF", 4)) return 8 + (int64_t)AV_RL32(p + 4);
    if (n < 16 || AV_RB32(p) != 0x1a45dfa3) return 0;
    size = ebml_size(p + 4, n - 4, &length);
    at = 4 + length;
    if (size < 0 || size > n - at - 12) return 0;
    at += (int)size;
    if (AV_RB32(p + at) != 0x18538067) return 0;
    size = ebml_size(p + at + 4, n - at - 4, &length);
    return size < 0 ? 0 : at + 4 + length + size;
}

bool gd_av_cut_off(gd_av_source *s) {
    uint8_t       head[128];
    const int64_t size = s->io ? avio_size(s->io) : 0;
    if (s->info.live || size <= 0) return false;
    if (s->broken) return true;
    if (av_match_list(s->fmt->iformat->name, "mov", ',') > 0)
        return index_extent(s->fmt) > size;
    if (avio_seek(s->io, 0, SEEK_SET) != 0) return false;
    return header_extent(head, avio_read(s->io, head, sizeof head)) > size;
}

/* ---- streams ----------------------------------------------------------------------------- */

static int64_t ticks(const gd_av_source *s, int64_t us) {
    static const gd_rational micro = {1, 1000000};
    return gd_video_rescale(us, micro, s->info.time_base);
}

/* Recorded material over RTSP tells its length; what ends there is no loss. */
static bool own_end(const gd_av_source *s) {
    if (!s->info.live) return !s->broken;
    return s->info.duration > 0 && s->clock.begun && s->tries == 0 &&
           gd_video_time_sub(s->clock.last, s->info.start_pts) >
               gd_video_time_sub(s->info.duration, ticks(s, 1000000));
}

/* Sleeps, but not through a stop. */
static void wait_ms(const gd_av_source *s, int ms) {
    static const struct timespec slice = {0, 20000000};
    for (; ms > 0 && !atomic_load(&s->stop); ms -= 20) (void)nanosleep(&slice, NULL);
}

/* Other streams keep their places when the new connection has the same. */
static void match_streams(gd_av_source *s) {
    for (int i = 0; i < GD_VIDEO_STREAMS; i++) {
        const gd_av_other *o = s->which[i] >= 0 ? &s->other[s->which[i]] : NULL;
        const AVStream    *st = i < (int)s->fmt->nb_streams ? s->fmt->streams[i] : NULL;
        if (o && (!st || i == s->video || st->codecpar->codec_id != o->par->codec_id ||
                  av_cmp_q(st->time_base, o->time_base) != 0))
            s->which[i] = -1;
    }
}

/* One attempt; the source's zero is another now, so the first packet will tell the shift. */
static gd_status try_again(gd_av_source *s, gd_error *err) {
    gd_video_info now = {0};
    gd_av_disconnect(s);
    s->rejoin_us = INT64_MIN;
    s->shift_us = 0;
    gd_video_clock_shift(&s->clock, 0);
    GD_TRY(gd_av_connect(s, &now, err));
    match_streams(s);
    if (now.live != s->info.live) s->info.live = now.live;
    if (s->info.live) return GD_OK;
    /* A file over HTTP goes on where it was; without seeking it is read again up to there. */
    s->shifted = true;
    s->resume = s->last_stamp;
    if (s->resume != INT64_MIN &&
        av_seek_frame(s->fmt, s->video, s->resume, AVSEEK_FLAG_BACKWARD) >= 0)
        avcodec_flush_buffers(s->dec);
    return GD_OK;
}

static gd_status give_up(gd_av_source *s, const gd_error *last, gd_error *err) {
    gd_video_counts n;
    (void)pthread_mutex_lock(&s->lock);
    s->counts.lost = true;
    n = s->counts;
    (void)pthread_mutex_unlock(&s->lock);
    const gd_status st = gd_fail_code(err, GD_ERR_IO, 960, "%s: lost after %lld frames (%s)",
                                      s->path, (long long)n.decoded, s->trouble);
    gd_error_why(err, "%d attempts to connect again failed%s%s", s->tries,
                 last->msg[0] ? "; the last: " : "", last->msg);
    gd_error_hint(err, "--max-retries and --timeout allow more");
    return st;
}

gd_status gd_av_reconnect(gd_av_source *s, bool *again, gd_error *err) {
    gd_error last = {0};
    *again = false;
    if (s->kind == GD_AV_CAMERA) {
        (void)pthread_mutex_lock(&s->lock);
        s->counts.lost = true;
        (void)pthread_mutex_unlock(&s->lock);
        gd_av_tell(s, 395, "%s: the camera is gone (%s)", s->path, s->trouble);
        return GD_OK;
    }
    if (s->kind == GD_AV_FILE || own_end(s)) return GD_OK;
    if (s->opt.max_retries > 0)
        gd_av_tell(s, 392, "%s: connection lost (%s); connecting again", s->path, s->trouble);
    while (s->tries < s->opt.max_retries) {
        const int shift = s->tries < 6 ? s->tries : 6;
        const int ms = FIRST_WAIT_MS << shift;
        s->tries++;
        wait_ms(s, ms < LONGEST_WAIT_MS ? ms : LONGEST_WAIT_MS);
        if (atomic_load(&s->stop)) return GD_OK;
        if (try_again(s, &last) != GD_OK) {
            if (last.status == GD_ERR_NOMEM) break;
            continue;
        }
        (void)pthread_mutex_lock(&s->lock);
        s->counts.reconnects++;
        (void)pthread_mutex_unlock(&s->lock);
        gd_av_tell(s, 392, "%s: connected again at attempt %d", s->path, s->tries);
        *again = true;
        return GD_OK;
    }
    return give_up(s, &last, err);
}
