/* sink_impl.h -- what the files of the plugin's sink share.
 *
 *   frame -> sink_picture (YUV, even size) -> video_pace (when) -> encoder -> muxer ->
 * sink_file the source's other packets -> sink_copy -> muxer */
#ifndef GD_TOOLS_MEDIA_AV_SINK_IMPL_H
#define GD_TOOLS_MEDIA_AV_SINK_IMPL_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <pthread.h>

#include "engine/io.h"
#include "tools/media/av/scale.h"
#include "tools/media/av/sink.h"
#include "tools/media/av/source.h"
#include "tools/media/video_pace.h"

enum { GD_AV_NOTES = 8, GD_AV_WAITING = 1024 };

/* A container, and which codecs we write into it; both as users call them. */
typedef struct gd_av_container {
    const char *extension, *muxer;
    const char *codecs; /* the first is the default */
    bool        constant, faststart;
} gd_av_container;

enum { GD_AV_RATE_PICTURE = 1, GD_AV_RATE_NVENC = 2 }; /* how an encoder takes its quality */

/* An encoder of FFmpeg and how it is spoken to. */
typedef struct gd_av_encoder {
    const char *codec, *name;
    const char *preset_option; /* NULL: has none */
    const char *presets;       /* words; the first is our default; "0-8": numbers */
    const char *quality;       /* option for constant quality; NULL: per picture, or none */
    int         best, worst;   /* of crf; worst 0: takes none */
    int         normal;        /* our default crf */
    int         ticks;         /* largest denominator of its time base; 0: any */
    int         format;        /* AV_PIX_FMT_ of the pixels it is given */
    unsigned    how;
    const char *extra; /* "key=value:key=value" */
} gd_av_encoder;

extern const gd_av_container gd_av_containers[];
extern const gd_av_encoder   gd_av_encoders[]; /* both end with a NULL name */

/* RGB of any size to the encoder's pixels. */
typedef struct gd_av_painter {
    gd_av_scaler   scaler;
    AVBufferPool  *pool;
    uint8_t       *even; /* a picture with its last column or row doubled */
    size_t         room;
    gd_video_color color;
} gd_av_painter;

/* One stream that is copied. */
typedef struct gd_av_copy {
    int     stream; /* in the output; -1: left out */
    int64_t delay;  /* to be added to its times, in the output's ticks */
    int64_t last;   /* decoding time of its last packet, in the output's ticks */
    bool    begun;
} gd_av_copy;

typedef struct gd_av_waiting { /* a frame inside the encoder */
    int64_t at;                /* its time as the encoder has it */
    int64_t pts, duration;     /* in the pace's ticks */
} gd_av_waiting;

struct gd_av_sink {
    gd_video_sink_options  opt;
    gd_video_info          like;
    const gd_av_container *container;
    const gd_av_encoder   *encoder;
    gd_av_source          *source; /* NULL: nothing to copy */

    gd_out           file;
    gd_error         file_error; /* of the first write that failed */
    int64_t          file_at;
    bool             resized; /* a frame of another size was met */
    AVFormatContext *mux;
    AVCodecContext  *codec;
    AVStream        *stream;
    AVPacket        *packet;

    gd_av_painter painter;
    gd_pace       pace;
    AVFrame      *held; /* the frame that the pace holds back */
    AVRational    base; /* of what the pace gives */
    gd_av_waiting waiting[GD_AV_WAITING];
    int           n_waiting;

    gd_av_copy        *copies; /* one for each of the source's other streams */
    int                n_copies;
    int64_t            unordered; /* packets left out because time went back */
    gd_video_sink_info info;
    int64_t            first, end; /* of the video written, in `base` */
    pthread_mutex_t    lock;       /* of the notes, which another thread takes */
    gd_video_note      notes[GD_AV_NOTES];
    int                n_notes;
};

void gd_av_sink_say(gd_av_sink *k, int code, const char *fmt, ...) GD_PRINTF(3, 4);
/* The failure of a write below, if there was one, else FFmpeg's, under `code`. */
gd_status gd_av_sink_fail(gd_av_sink *k, gd_error *err, int code, int averror,
                          const char *what);

/* sink_codec.c: finds a container and an encoder that opens; k->codec, k->encoder. */
gd_status gd_av_find_container(const char *path, const gd_av_container **out,
                               gd_error *err) GD_MUST_CHECK;
gd_status gd_av_open_encoder(gd_av_sink *k, gd_error *err) GD_MUST_CHECK;

/* sink_picture.c */
gd_status gd_av_paint(gd_av_painter *p, const gd_video_frame *f, const AVCodecContext *codec,
                      AVFrame **out, gd_error *err) GD_MUST_CHECK;
void      gd_av_paint_tags(AVCodecContext *codec, const gd_video_info *like);
void      gd_av_painter_close(gd_av_painter *p);

/* sink_file.c: NAME.part below the muxer. */
gd_status gd_av_file_open(gd_av_sink *k, const char *path, gd_error *err) GD_MUST_CHECK;
void gd_av_file_detach(gd_av_sink *k); /* frees the muxer's buffer; what it holds is lost */

/* sink_copy.c: streams first, before the header; then packets as time goes on. */
gd_status gd_av_copy_open(gd_av_sink *k, gd_error *err) GD_MUST_CHECK;
gd_status gd_av_copy_until(gd_av_sink *k, int64_t until, gd_error *err) GD_MUST_CHECK;
gd_status gd_av_copy_end(gd_av_sink *k, gd_error *err) GD_MUST_CHECK;

#endif
