/* scale.c -- see scale.h. */
#include "tools/media/av/scale.h"

#include <libavutil/cpu.h>
#include <libavutil/opt.h>
#include <string.h>

/* More would wait for memory, beside the threads that decode. */
enum { MOST_THREADS = 4 };

static bool same(const gd_av_conversion *a, const gd_av_conversion *b) {
    return a->from_width == b->from_width && a->from_height == b->from_height &&
           a->to_width == b->to_width && a->to_height == b->to_height && a->from == b->from &&
           a->to == b->to && a->flags == b->flags && a->from_matrix == b->from_matrix &&
           a->to_matrix == b->to_matrix && a->from_full == b->from_full &&
           a->to_full == b->to_full;
}

static int set(gd_av_scaler *s, const gd_av_conversion *c) {
    const int threads = av_cpu_count() < MOST_THREADS ? av_cpu_count() : MOST_THREADS;
    gd_av_scaler_close(s);
    if (!(s->sws = sws_alloc_context())) return AVERROR(ENOMEM);
    av_opt_set_int(s->sws, "srcw", c->from_width, 0);
    av_opt_set_int(s->sws, "srch", c->from_height, 0);
    av_opt_set_int(s->sws, "src_format", c->from, 0);
    av_opt_set_int(s->sws, "dstw", c->to_width, 0);
    av_opt_set_int(s->sws, "dsth", c->to_height, 0);
    av_opt_set_int(s->sws, "dst_format", c->to, 0);
    av_opt_set_int(s->sws, "sws_flags", c->flags, 0);
    av_opt_set_int(s->sws, "threads", threads, 0);
    const int rc = sws_init_context(s->sws, NULL, NULL);
    if (rc < 0) {
        gd_av_scaler_close(s);
        return rc;
    }
    /* Afterwards, since this reaches the contexts of the threads only once there are such. */
    (void)sws_setColorspaceDetails(s->sws, sws_getCoefficients(c->from_matrix), c->from_full,
                                   sws_getCoefficients(c->to_matrix), c->to_full, 0, 1 << 16,
                                   1 << 16);
    s->now = *c;
    return 0;
}

int gd_av_scale(gd_av_scaler *s, const gd_av_conversion *c, AVFrame *to, const AVFrame *from) {
    const int rc = s->sws && same(&s->now, c) ? 0 : set(s, c);
    return rc < 0 ? rc : sws_scale_frame(s->sws, to, from);
}

static void keep(void *opaque, uint8_t *data) {
    (void)opaque;
    (void)data;
}

AVFrame *gd_av_wrap(uint8_t *rgb, int width, int height, int pitch) {
    AVFrame *f = av_frame_alloc();
    if (!f) return NULL;
    f->width = width;
    f->height = height;
    f->format = AV_PIX_FMT_RGB24;
    f->data[0] = rgb;
    f->linesize[0] = pitch;
    f->buf[0] = av_buffer_create(rgb, (size_t)pitch * (size_t)height, keep, NULL, 0);
    if (!f->buf[0]) av_frame_free(&f);
    return f;
}

void gd_av_scaler_close(gd_av_scaler *s) {
    sws_freeContext(s->sws);
    s->sws = NULL;
}
