/* sink_picture.c -- RGB to the encoder's pixels, and the tags by which players go back to RGB.
 *
 * Written in limited range with the source's matrix (BT.601, BT.709 or BT.2020), which the tags
 * say. 4:2:0 needs even sides: an odd picture gets its last column or row twice. */
#include <libavutil/imgutils.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/media/av/sink_impl.h"

enum { ALIGN = 64 };
/* libswscale reads a row in whole vectors, past its end. */
enum { SLACK = 64 };

static bool known(int code_point) { return code_point > 0 && code_point != 2; }

/* Turning to RGB and back leaves primaries and transfer as they were, so they are the source's.
 * Without them a player derives them from the matrix, and MOV must have all: then so do we. */
void gd_av_paint_tags(AVCodecContext *c, const gd_video_info *like) {
    static const struct {
        enum AVColorSpace                  matrix;
        enum AVColorPrimaries              primaries;
        enum AVColorTransferCharacteristic transfer;
    } tags[] = {
        [GD_COLOR_BT601] = {AVCOL_SPC_SMPTE170M, AVCOL_PRI_SMPTE170M, AVCOL_TRC_SMPTE170M},
        [GD_COLOR_BT709] = {AVCOL_SPC_BT709, AVCOL_PRI_BT709, AVCOL_TRC_BT709},
        [GD_COLOR_BT2020] = {AVCOL_SPC_BT2020_NCL, AVCOL_PRI_BT2020, AVCOL_TRC_BT2020_10}};
    c->color_primaries = tags[like->color].primaries;
    c->color_trc = tags[like->color].transfer;
    if (known(like->primaries)) c->color_primaries = (enum AVColorPrimaries)like->primaries;
    if (known(like->transfer))
        c->color_trc = (enum AVColorTransferCharacteristic)like->transfer;
    if (c->pix_fmt == AV_PIX_FMT_BGR0) {
        c->colorspace = AVCOL_SPC_RGB;
        c->color_range = AVCOL_RANGE_JPEG;
        return;
    }
    /* JPEG has one matrix and full range, and no room to say otherwise. */
    const bool jpeg = c->pix_fmt == AV_PIX_FMT_YUVJ420P;
    c->colorspace = jpeg ? AVCOL_SPC_SMPTE170M : tags[like->color].matrix;
    c->color_range = jpeg ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    c->chroma_sample_location = jpeg ? AVCHROMA_LOC_CENTER : AVCHROMA_LOC_LEFT;
}

static int coefficients_of(enum AVColorSpace matrix) {
    return matrix == AVCOL_SPC_BT709        ? SWS_CS_ITU709
           : matrix == AVCOL_SPC_BT2020_NCL ? SWS_CS_BT2020
                                            : SWS_CS_ITU601;
}

/* The picture with its last column and row doubled where they make it even. */
static uint8_t *make_even(gd_av_painter *p, const gd_video_frame *f, int width, int height) {
    const size_t from = 3 * (size_t)f->width, to = 3 * (size_t)width;
    const size_t size = to * (size_t)height;
    if (p->room < size) {
        gd_mem_put(p->even);
        p->room = 0;
        if (!(p->even = gd_mem_get(size + SLACK))) return NULL;
        p->room = size;
    }
    for (int y = 0; y < height; y++) {
        const int      row = y < f->height ? y : f->height - 1;
        const uint8_t *src = f->rgb + from * (size_t)row;
        uint8_t       *dst = p->even + to * (size_t)y;
        memcpy(dst, src, from);
        if (to > from) memcpy(dst + from, src + from - 3, 3);
    }
    return p->even;
}

/* An empty frame of the encoder's kind; its memory returns to the pool. */
static AVFrame *blank(gd_av_painter *p, const AVCodecContext *c) {
    const int size = av_image_get_buffer_size(c->pix_fmt, c->width, c->height, ALIGN);
    AVFrame  *f = size > 0 ? av_frame_alloc() : NULL;
    if (f && !p->pool) p->pool = av_buffer_pool_init((size_t)size + ALIGN, NULL);
    if (f && p->pool) f->buf[0] = av_buffer_pool_get(p->pool);
    if (!f || !f->buf[0]) {
        av_frame_free(&f);
        return NULL;
    }
    uint8_t *at = f->buf[0]->data;
    at += -(uintptr_t)at % ALIGN;
    av_image_fill_arrays(f->data, f->linesize, at, c->pix_fmt, c->width, c->height, ALIGN);
    f->width = c->width;
    f->height = c->height;
    f->format = c->pix_fmt;
    f->sample_aspect_ratio = c->sample_aspect_ratio;
    f->color_primaries = c->color_primaries;
    f->color_trc = c->color_trc;
    f->colorspace = c->colorspace;
    f->color_range = c->color_range;
    f->chroma_location = c->chroma_sample_location;
    return f;
}

gd_status gd_av_paint(gd_av_painter *p, const gd_video_frame *f, const AVCodecContext *c,
                      AVFrame **out, gd_error *err) {
    int      width = f->width, height = f->height;
    uint8_t *rgb = f->rgb;
    AVFrame *from = NULL, *to = NULL;
    *out = NULL;
    if ((width == c->width - 1 && c->height - height < 2 && c->height >= height) ||
        (height == c->height - 1 && width == c->width)) {
        width = c->width;
        height = c->height;
        rgb = make_even(p, f, width, height);
    }
    const int              matrix = coefficients_of(c->colorspace);
    const gd_av_conversion how = {.from_width = width,
                                  .from_height = height,
                                  .to_width = c->width,
                                  .to_height = c->height,
                                  .from = AV_PIX_FMT_RGB24,
                                  .to = c->pix_fmt,
                                  .flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP,
                                  .from_matrix = matrix,
                                  .to_matrix = matrix,
                                  .from_full = true,
                                  .to_full = c->color_range == AVCOL_RANGE_JPEG};
    if (rgb) from = gd_av_wrap(rgb, width, height, 3 * width);
    if (rgb) to = blank(p, c);
    const int rc = from && to ? gd_av_scale(&p->scaler, &how, to, from) : AVERROR(ENOMEM);
    av_frame_free(&from);
    if (rc < 0) {
        av_frame_free(&to);
        return gd_av_fail(err, rc == AVERROR(ENOMEM) ? 0 : 963, rc, "converting a frame");
    }
    *out = to;
    return GD_OK;
}

void gd_av_painter_close(gd_av_painter *p) {
    gd_av_scaler_close(&p->scaler);
    av_buffer_pool_uninit(&p->pool);
    gd_mem_put(p->even);
}
