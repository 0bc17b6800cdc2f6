/* gpu.c -- NVDEC, when it is asked for: decoded on the GPU, copied to the host frame by frame.
 *
 * What the GPU cannot take is decoded on the CPU, and that is said once. */
#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>

#include "tools/media/av/source_state.h"

static bool has_decoder(const AVCodec *codec) {
    const AVCodecHWConfig *c;
    for (int i = 0; (c = avcodec_get_hw_config(codec, i)) != NULL; i++)
        if (c->device_type == AV_HWDEVICE_TYPE_CUDA &&
            c->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX)
            return true;
    return false;
}

/* Called again without the GPU's format when its decoder has refused the stream. */
static enum AVPixelFormat choose(AVCodecContext *dec, const enum AVPixelFormat *of) {
    gd_av_source *s = dec->opaque;
    for (const enum AVPixelFormat *p = of; *p != AV_PIX_FMT_NONE; p++)
        if (*p == AV_PIX_FMT_CUDA) return *p;
    gd_av_tell(s, 391, "%s: the GPU cannot decode this video; the CPU does", s->path);
    for (const enum AVPixelFormat *p = of; *p != AV_PIX_FMT_NONE; p++) {
        const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(*p);
        if (d && !(d->flags & AV_PIX_FMT_FLAG_HWACCEL)) return *p;
    }
    return AV_PIX_FMT_NONE;
}

bool gd_av_use_gpu(gd_av_source *s, const AVCodec *codec) {
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    if (s->opt.hwaccel != GD_HWACCEL_CUDA) return false;
    if (!has_decoder(codec)) {
        gd_av_tell(s, 391, "%s: the GPU has no decoder of %s; the CPU decodes", s->path,
                   codec->name);
        return false;
    }
    const int e =
        s->gpu ? 0 : av_hwdevice_ctx_create(&s->gpu, AV_HWDEVICE_TYPE_CUDA, NULL, NULL, 0);
    if (e >= 0) s->dec->hw_device_ctx = av_buffer_ref(s->gpu);
    if (e < 0 || !s->dec->hw_device_ctx) {
        (void)av_strerror(e, text, sizeof text);
        gd_av_tell(s, 391, "%s: the GPU's decoder cannot be used (%s); the CPU decodes",
                   s->path, text);
        s->opt.hwaccel = GD_HWACCEL_NONE; /* said once */
        return false;
    }
    s->dec->opaque = s;
    s->dec->get_format = choose;
    return true;
}

gd_status gd_av_fetch(gd_av_source *s, AVFrame **in, gd_error *err) {
    *in = s->frame;
    if (s->frame->format != AV_PIX_FMT_CUDA) return GD_OK;
    av_frame_unref(s->copied);
    int e = av_hwframe_transfer_data(s->copied, s->frame, 0);
    if (e >= 0) e = av_frame_copy_props(s->copied, s->frame);
    if (e < 0) return gd_av_fail(err, 391, e, "copying a frame from the GPU");
    *in = s->copied;
    return GD_OK;
}
