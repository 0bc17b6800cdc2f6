/* gpu.c -- NVDEC, when it is asked for: decoded on the GPU, where frames stay when the caller
 * gives room there; else each is copied to the host.
 *
 * What the GPU cannot take is decoded on the CPU, and what cannot stay there comes to the host;
 * either is said once. */
#include <dlfcn.h>
#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>

#include "tools/media/av/source_state.h"

/* The next header wants two names of cuda.h, which machines without the toolkit have not. */
#ifndef CUDA_VERSION
#define CUDA_VERSION 0
typedef struct CUctx_st    *CUcontext;
typedef struct CUstream_st *CUstream;
#endif
#include <libavutil/hwcontext_cuda.h>

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

/* ---- the device -------------------------------------------------------------------------- */

/* The context that the calling thread works in; NULL: none. The driver's library is there where
 * somebody works in one. */
static CUcontext current_context(void) {
    CUcontext now = NULL;
    union {
        void *object;
        int (*function)(CUcontext *out);
    } get = {NULL};
    void *so = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (so) get.object = dlsym(so, "cuCtxGetCurrent");
    if (get.object && get.function(&now) != 0) now = NULL;
    if (so) (void)dlclose(so);
    return now;
}

/* Frames come to the host from now on. */
static void leave_device(gd_av_source *s, const char *why) {
    if (!s->opt.gpu) return;
    gd_av_tell(s, 394, "%s: %s; frames come to the host from the GPU", s->path, why);
    s->opt.gpu = NULL;
}

/* FFmpeg's device in the context and on the stream of those who will read its frames: a device
 * of FFmpeg's own making would ask for other flags of the context than the runtime has set. */
static AVBufferRef *share_device(gd_av_source *s) {
    gd_error     err = {0};
    AVBufferRef *ref = NULL;
    CUcontext    context = NULL;
    if (s->opt.gpu->enter(s->opt.gpu->ctx, &err) != GD_OK) {
        leave_device(s, err.msg);
        return NULL;
    }
    context = current_context();
    if (context) ref = av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_CUDA);
    if (ref) {
        AVCUDADeviceContext *cuda = ((AVHWDeviceContext *)(void *)ref->data)->hwctx;
        cuda->cuda_ctx = context;
        cuda->stream = s->opt.gpu->stream;
        if (av_hwdevice_ctx_init(ref) < 0) av_buffer_unref(&ref);
    }
    if (!ref) leave_device(s, "the decoder cannot share the GPU's context");
    return ref;
}

static int open_device(gd_av_source *s) {
    if (!s->gpu && s->opt.gpu) s->gpu = share_device(s);
    return s->gpu ? 0 : av_hwdevice_ctx_create(&s->gpu, AV_HWDEVICE_TYPE_CUDA, NULL, NULL, 0);
}

bool gd_av_use_gpu(gd_av_source *s, const AVCodec *codec) {
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    if (s->opt.hwaccel != GD_HWACCEL_CUDA) return false;
    if (!has_decoder(codec)) {
        gd_av_tell(s, 391, "%s: the GPU has no decoder of %s; the CPU decodes", s->path,
                   codec->name);
        return false;
    }
    const int e = open_device(s);
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

/* ---- frames ------------------------------------------------------------------------------ */

/* The decoder's surface as planes, without what is to be cut off at its upper and left edge,
 * which FFmpeg leaves to others; NULL, or why it cannot be turned to RGB where it lies. */
static const char *planes_of(const gd_av_source *s, const AVFrame *in, gd_video_planes *out) {
    const AVHWFramesContext *of = (const AVHWFramesContext *)(void *)in->hw_frames_ctx->data;
    const int                left = (int)in->crop_left, top = (int)in->crop_top;
    if (of->sw_format != AV_PIX_FMT_NV12) {
        const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(of->sw_format);
        return d && d->comp[0].depth > 8 ? "its pixels have more than 8 bits"
                                         : "its colours are not at half the size";
    }
    if (gd_av_turn(s, in) != 1) return "it is turned to be displayed";
    if (in->linesize[0] <= 0 || in->linesize[1] <= 0 || (left | top) & 1 || left >= in->width ||
        top >= in->height)
        return "its surfaces are not as expected";
    *out = (gd_video_planes){.luma = in->data[0] + (size_t)top * (size_t)in->linesize[0] + left,
                             .chroma = in->data[1] +
                                       (size_t)(top / 2) * (size_t)in->linesize[1] + left,
                             .luma_pitch = in->linesize[0],
                             .chroma_pitch = in->linesize[1],
                             .width = in->width - left,
                             .height = in->height - top,
                             .full_range = in->color_range == AVCOL_RANGE_JPEG};
    out->color = gd_av_color(in->colorspace, out->width, out->height);
    return NULL;
}

bool gd_av_stay(gd_av_source *s, gd_video_frame *f) {
    const gd_video_gpu *gpu = s->opt.gpu;
    gd_video_planes     planes;
    gd_error            err = {0};
    const char         *why = NULL;
    if (!gpu || s->frame->format != AV_PIX_FMT_CUDA) return false;
    /* What is too large is refused by who converts on the host. */
    if (!gd_av_allowed(s, s->frame)) return false;
    why = planes_of(s, s->frame, &planes);
    if (!why && (gd_video_frame_device(f, planes.width, planes.height, gpu, &err) != GD_OK ||
                 gpu->convert(gpu->ctx, &planes, f->device, &err) != GD_OK))
        why = err.msg;
    if (!why) return true;
    f->device = NULL;
    leave_device(s, why);
    return false;
}

gd_status gd_av_fetch(gd_av_source *s, AVFrame **in, gd_error *err) {
    *in = s->frame;
    if (s->frame->format != AV_PIX_FMT_CUDA) return GD_OK;
    av_frame_unref(s->copied);
    int e = av_hwframe_transfer_data(s->copied, s->frame, 0);
    if (e >= 0) e = av_frame_copy_props(s->copied, s->frame);
    if (e >= 0) {
        s->copied->crop_left = s->frame->crop_left;
        s->copied->crop_top = s->frame->crop_top;
        e = av_frame_apply_cropping(s->copied, AV_FRAME_CROP_UNALIGNED);
    }
    if (e < 0) return gd_av_fail(err, 391, e, "copying a frame from the GPU");
    *in = s->copied;
    return GD_OK;
}
