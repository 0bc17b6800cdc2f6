/* convert.c -- a decoded frame to dense RGB, with the matrix and range it was coded in, turned
 * to how it is displayed.
 *
 * A source that does not name its matrix is taken for BT.709 when it is larger than standard
 * definition, else for BT.601; a range that is not named is limited (ITU-T H.273, and what
 * players do). Transfer functions are left as they are: no tone mapping of HDR. */
#include <libavutil/pixdesc.h>
#include <string.h>

#include "tools/media/av/source_state.h"
#include "tools/media/exif.h"

enum { WIDTH_STEP = 32 };

int gd_av_orientation(const int32_t *m) {
    if (!m) return 1;
    /* The 2 x 2 part, 16.16: x' = a x + c y, y' = b x + d y, with y pointing down. */
    const int64_t a = m[0], b = m[1], c = m[3], d = m[4];
    const int64_t straight = (a < 0 ? -a : a) + (d < 0 ? -d : d);
    const int64_t crossed = (b < 0 ? -b : b) + (c < 0 ? -c : c);
    if (straight >= crossed) return a >= 0 ? (d >= 0 ? 1 : 4) : (d >= 0 ? 2 : 3);
    return b >= 0 ? (c >= 0 ? 5 : 6) : (c >= 0 ? 8 : 7);
}

gd_video_color gd_av_color(enum AVColorSpace space, int width, int height) {
    switch (space) {
    case AVCOL_SPC_BT709: return GD_COLOR_BT709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return GD_COLOR_BT2020;
    case AVCOL_SPC_UNSPECIFIED:
    case AVCOL_SPC_RESERVED:
        return width >= 1280 || height > 576 ? GD_COLOR_BT709 : GD_COLOR_BT601;
    default: return GD_COLOR_BT601;
    }
}

/* The JPEG formats are the plain ones with full range, under names that are going away. */
static enum AVPixelFormat plain(enum AVPixelFormat f, bool *full) {
    switch (f) {
    case AV_PIX_FMT_YUVJ420P: *full = true; return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: *full = true; return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P: *full = true; return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P: *full = true; return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P: *full = true; return AV_PIX_FMT_YUV411P;
    default: return f;
    }
}

static gd_status to_rgb(gd_av_source *s, AVFrame *in, uint8_t *out, int pitch, gd_error *err) {
    static const int          spaces[] = {SWS_CS_ITU601, SWS_CS_ITU709, SWS_CS_BT2020};
    bool                      full = in->color_range == AVCOL_RANGE_JPEG;
    const enum AVPixelFormat  format = plain(in->format, &full);
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    if (d && d->flags & AV_PIX_FMT_FLAG_RGB) full = true;
    const gd_av_conversion c = {.from_width = in->width,
                                .from_height = in->height,
                                .to_width = in->width,
                                .to_height = in->height,
                                .from = format,
                                .to = AV_PIX_FMT_RGB24,
                                .flags = SWS_BILINEAR,
                                .from_matrix =
                                    spaces[gd_av_color(in->colorspace, in->width, in->height)],
                                .to_matrix = SWS_CS_DEFAULT,
                                .from_full = full,
                                .to_full = true};
    AVFrame               *to = gd_av_wrap(out, in->width, in->height, pitch);
    in->format = format;
    const int rc = to ? gd_av_scale(&s->scaler, &c, to, in) : AVERROR(ENOMEM);
    av_frame_free(&to);
    if (rc >= 0) return GD_OK;
    if (rc == AVERROR(ENOMEM))
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to turn a frame to RGB");
    if (!s->scaler.sws)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 377,
                            "frames of %d x %d in %s cannot be turned to RGB", in->width,
                            in->height, d ? d->name : "an unknown pixel format");
    return gd_fail_code(err, GD_ERR_FORMAT, 378,
                        "a frame of %d x %d could not be turned to RGB", in->width, in->height);
}

/* Space for `bytes` in s->turn. */
static gd_status turn_room(gd_av_source *s, size_t bytes, gd_error *err) {
    if (bytes <= s->turn_room) return GD_OK;
    gd_mem_put(s->turn);
    s->turn_room = 0;
    s->turn = gd_mem_get(bytes);
    if (!s->turn) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to turn a frame");
    s->turn_room = bytes;
    return GD_OK;
}

int gd_av_turn(const gd_av_source *s, const AVFrame *in) {
    const AVFrameSideData *side = av_frame_get_side_data(in, AV_FRAME_DATA_DISPLAYMATRIX);
    if (s->opt.no_rotate) return 1;
    if (side && side->size >= 9 * sizeof(int32_t))
        return gd_av_orientation((const int32_t *)(const void *)side->data);
    return s->info.orientation;
}

bool gd_av_allowed(const gd_av_source *s, const AVFrame *in) {
    return (int64_t)in->width * in->height <= s->opt.max_pixels && in->width <= GD_VIDEO_SIDE &&
           in->height <= GD_VIDEO_SIDE;
}

gd_status gd_av_convert(gd_av_source *s, AVFrame *in, gd_video_frame *f, gd_error *err) {
    const int turn = gd_av_turn(s, in);
    if (!gd_av_allowed(s, in))
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 376,
                            "a frame of %d x %d is above the limits (%lld pixels, sides of %d)",
                            in->width, in->height, (long long)s->opt.max_pixels, GD_VIDEO_SIDE);
    const bool swaps = gd_exif_swaps(turn);
    GD_TRY(gd_video_frame_room(f, swaps ? in->height : in->width,
                               swaps ? in->width : in->height, s->opt.pixels, err));
    /* swscale's vector code leaves the last columns out where a row has no room for a whole
     * vector, so such widths go through a buffer with longer rows. */
    const bool   direct = in->width % WIDTH_STEP == 0;
    const size_t row = 3 * (size_t)in->width;
    const size_t pitch = 3 * (size_t)((in->width + WIDTH_STEP - 1) / WIDTH_STEP * WIDTH_STEP);
    if (turn == 1 && direct) return to_rgb(s, in, f->own, (int)row, err);
    GD_TRY(turn_room(s, pitch * (size_t)in->height, err));
    GD_TRY(to_rgb(s, in, s->turn, (int)pitch, err));
    uint8_t *dense = turn == 1 ? f->own : s->turn;
    for (int y = 0; y < in->height && !direct; y++)
        memmove(dense + (size_t)y * row, s->turn + (size_t)y * pitch, row);
    if (turn != 1) gd_exif_apply(s->turn, in->width, in->height, turn, f->own);
    return GD_OK;
}
