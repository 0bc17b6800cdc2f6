/* sink_table.c -- the containers that are written, and the encoders, in order of preference. */
#include "tools/media/av/sink_impl.h"

const gd_av_container gd_av_containers[] = {
    {"mp4", "mp4", "h264 h265 av1 vp9 mpeg4 mjpeg", false, true},
    {"m4v", "mp4", "h264 h265 av1 vp9 mpeg4 mjpeg", false, true},
    {"mov", "mov", "h264 h265 mpeg4 mjpeg", false, true},
    {"mkv", "matroska", "h264 h265 av1 vp9 vp8 mpeg4 mjpeg ffv1", false, false},
    {"webm", "webm", "vp9 vp8 av1", false, false},
    /* Pictures in decoding order only, and a frame's number is its time. */
    {"avi", "avi", "mpeg4 h264 mjpeg ffv1", true, false},
    {0}};

#define X264_PRESETS \
    "veryfast ultrafast superfast faster fast medium slow slower veryslow placebo"

/* Presets: ours leave a core of a desktop machine time for the rest of the pipeline. */
const gd_av_encoder gd_av_encoders[] = {
    {"h264", "h264_nvenc", "preset", "p4 p1 p2 p3 p5 p6 p7", "cq", 1, 51, 23, 0,
     AV_PIX_FMT_YUV420P, GD_AV_RATE_NVENC, ""},
    {"h264", "libx264", "preset", X264_PRESETS, "crf", 1, 51, 23, 0, AV_PIX_FMT_YUV420P, 0, ""},
    {"h265", "hevc_nvenc", "preset", "p4 p1 p2 p3 p5 p6 p7", "cq", 1, 51, 28, 0,
     AV_PIX_FMT_YUV420P, GD_AV_RATE_NVENC, ""},
    {"h265", "libx265", "preset", X264_PRESETS, "crf", 1, 51, 28, 0, AV_PIX_FMT_YUV420P, 0,
     "x265-params=log-level\\=none"},
    {"av1", "av1_nvenc", "preset", "p4 p1 p2 p3 p5 p6 p7", "cq", 1, 51, 30, 0,
     AV_PIX_FMT_YUV420P, GD_AV_RATE_NVENC, ""},
    {"av1", "libaom-av1", "cpu-used", "8 0-8", "crf", 1, 63, 32, 0, AV_PIX_FMT_YUV420P, 0,
     "row-mt=1"},
    {"vp9", "libvpx-vp9", "cpu-used", "5 0-8", "crf", 1, 63, 32, 0, AV_PIX_FMT_YUV420P, 0,
     "deadline=good:row-mt=1"},
    {"vp8", "libvpx", "cpu-used", "5 0-16", "crf", 4, 63, 10, 0, AV_PIX_FMT_YUV420P, 0,
     "deadline=good"},
    /* MPEG-4 counts time in at most 65535 parts of a second. */
    {"mpeg4", "mpeg4", NULL, NULL, NULL, 1, 51, 23, 65535, AV_PIX_FMT_YUV420P,
     GD_AV_RATE_PICTURE, ""},
    {"mjpeg", "mjpeg", NULL, NULL, NULL, 1, 51, 20, 0, AV_PIX_FMT_YUVJ420P, GD_AV_RATE_PICTURE,
     ""},
    {"ffv1", "ffv1", NULL, NULL, NULL, 0, 0, 0, 0, AV_PIX_FMT_BGR0, 0, "level=3:slicecrc=1"},
    {0}};
