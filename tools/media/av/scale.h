/* scale.h -- swscale on several threads: one conversion, kept while frames stay alike. */
#ifndef GD_TOOLS_MEDIA_AV_SCALE_H
#define GD_TOOLS_MEDIA_AV_SCALE_H

#include <libavutil/frame.h>
#include <libswscale/swscale.h>
#include <stdbool.h>
#include <stdint.h>

/* From one size and format to another, with matrix and range of each side. matrix: SWS_CS_*. */
typedef struct gd_av_conversion {
    int                from_width, from_height, to_width, to_height;
    enum AVPixelFormat from, to;
    int                flags; /* SWS_* */
    int                from_matrix, to_matrix;
    bool               from_full, to_full;
} gd_av_conversion;

typedef struct gd_av_scaler {
    gd_av_conversion   now;
    struct SwsContext *sws; /* NULL: none yet */
} gd_av_scaler;

/* Converts all of `from` to `to`; both must be references (gd_av_wrap). 0 or an AVERROR. */
int gd_av_scale(gd_av_scaler *s, const gd_av_conversion *c, AVFrame *to, const AVFrame *from);
/* A frame around dense or pitched RGB that stays the caller's. NULL: no memory. */
AVFrame *gd_av_wrap(uint8_t *rgb, int width, int height, int pitch);
void     gd_av_scaler_close(gd_av_scaler *s);

#endif
