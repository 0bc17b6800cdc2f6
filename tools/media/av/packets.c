/* packets.c -- packets of other streams on their way to a sink; notes; FFmpeg's errors. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/media/av/source_state.h"

int64_t gd_av_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

gd_status gd_av_fail(gd_error *err, int code, int averror, const char *what) {
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    if (averror == AVERROR(ENOMEM))
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory", what);
    (void)av_strerror(averror, text, sizeof text);
    const bool format = averror == AVERROR_INVALIDDATA || averror == AVERROR_EOF ||
                        averror == AVERROR(EINVAL) || averror == AVERROR_PATCHWELCOME;
    return gd_fail_code(err, format ? GD_ERR_FORMAT : GD_ERR_IO, code, "%s: %s", what, text);
}

/* ---- notes ------------------------------------------------------------------------------- */

void gd_av_tell(gd_av_source *s, int code, const char *fmt, ...) {
    va_list args;
    (void)pthread_mutex_lock(&s->lock);
    /* Nobody listens: the newest matter more. */
    if (s->notes == NOTES) {
        memmove(s->note, s->note + 1, sizeof s->note[0] * (NOTES - 1));
        s->notes--;
    }
    gd_video_note *n = &s->note[s->notes++];
    n->code = code;
    va_start(args, fmt);
    (void)vsnprintf(n->text, sizeof n->text, fmt, args);
    va_end(args);
    (void)pthread_mutex_unlock(&s->lock);
}

bool gd_av_source_note(gd_av_source *s, gd_video_note *out) {
    (void)pthread_mutex_lock(&s->lock);
    const bool some = s->notes > 0;
    if (some) {
        *out = s->note[0];
        s->notes--;
        memmove(s->note, s->note + 1, sizeof s->note[0] * (size_t)s->notes);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return some;
}

void gd_av_source_counts(gd_av_source *s, gd_video_counts *out) {
    (void)pthread_mutex_lock(&s->lock);
    *out = s->counts;
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- the queue --------------------------------------------------------------------------- */

gd_status gd_av_keep_streams(gd_av_source *s, gd_error *err) {
    const unsigned n = s->fmt->nb_streams;
    for (int i = 0; i < GD_VIDEO_STREAMS; i++) s->which[i] = -1;
    if (!s->opt.keep_packets) return GD_OK;
    if (av_dict_copy(&s->metadata, s->fmt->metadata, 0) < 0)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for the file's tags");
    s->other = gd_mem_array(n, sizeof *s->other);
    if (!s->other) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for %u streams", n);
    for (unsigned i = 0; i < n && i < GD_VIDEO_STREAMS; i++) {
        const AVStream *from = s->fmt->streams[i];
        gd_av_other    *to = &s->other[s->others];
        if ((int)i == s->video || from->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) continue;
        to->par = avcodec_parameters_alloc();
        if (!to->par || avcodec_parameters_copy(to->par, from->codecpar) < 0 ||
            av_dict_copy(&to->metadata, from->metadata, 0) < 0) {
            s->others++;
            return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for stream %u", i);
        }
        to->time_base = from->time_base;
        to->disposition = from->disposition;
        to->index = (int)i;
        s->which[i] = s->others++;
    }
    return GD_OK;
}

void gd_av_packets_free(gd_av_source *s) {
    for (gd_av_item *i = s->head, *next; i; i = next) {
        next = i->next;
        av_packet_free(&i->packet);
        gd_mem_put(i);
    }
    s->head = s->tail = NULL;
    for (int i = 0; i < s->others; i++) {
        avcodec_parameters_free(&s->other[i].par);
        av_dict_free(&s->other[i].metadata);
    }
    av_dict_free(&s->metadata);
    gd_mem_put(s->other);
    s->other = NULL;
    s->others = 0;
}

static size_t weight(const AVPacket *p) { return (size_t)p->size + sizeof *p; }

void gd_av_put(gd_av_source *s, AVPacket *p) {
    const int   i = p->stream_index;
    const int   to = i >= 0 && i < GD_VIDEO_STREAMS ? s->which[i] : -1;
    gd_av_item *item = to >= 0 ? gd_mem_get_zero(sizeof *item) : NULL;
    bool        full = to >= 0 && !item;
    if (item && !(item->packet = av_packet_alloc())) full = true;
    (void)pthread_mutex_lock(&s->lock);
    if (item && !full) {
        full =
            s->queued >= GD_AV_QUEUE_PACKETS || s->queued_bytes + weight(p) > GD_AV_QUEUE_BYTES;
        if (!full) {
            s->queued++;
            s->queued_bytes += weight(p);
            av_packet_move_ref(item->packet, p);
            item->packet->stream_index = to;
            *(s->tail ? &s->tail->next : &s->head) = item;
            s->tail = item;
            item = NULL;
        }
    }
    const bool first = full && s->counts.dropped++ == 0;
    (void)pthread_mutex_unlock(&s->lock);
    if (item) av_packet_free(&item->packet);
    gd_mem_put(item);
    av_packet_unref(p);
    if (first)
        gd_av_tell(s, 393, "stream %d: packets lie too far from their frames and are dropped",
                   i);
}

bool gd_av_source_ended(gd_av_source *s) { return atomic_load(&s->ended); }

int gd_av_source_others(const gd_av_source *s, const gd_av_other **out) {
    *out = s->other;
    return s->others;
}

const AVDictionary *gd_av_source_metadata(const gd_av_source *s) { return s->metadata; }

bool gd_av_source_take(gd_av_source *s, int64_t until, AVRational base, AVPacket *into) {
    bool due = false;
    (void)pthread_mutex_lock(&s->lock);
    gd_av_item *item = s->head;
    if (item) {
        const AVPacket *p = item->packet;
        const int64_t   at = p->dts != AV_NOPTS_VALUE ? p->dts : p->pts;
        due = at == AV_NOPTS_VALUE || until == INT64_MAX ||
              av_compare_ts(at, s->other[p->stream_index].time_base, until, base) <= 0;
    }
    if (due) {
        s->head = item->next;
        if (!s->head) s->tail = NULL;
        s->queued--;
        s->queued_bytes -= weight(item->packet);
        av_packet_move_ref(into, item->packet);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (due) {
        av_packet_free(&item->packet);
        gd_mem_put(item);
    }
    return due;
}
