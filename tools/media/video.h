/* video.h -- moving pictures: files, webcams, streams and pipes in; files out.
 *
 * Everything that needs FFmpeg lives in the plugin libgdrun_av.so, loaded by the first call
 * that needs it: a program without it runs, and refuses video by name (code 370). Raw frames
 * on a pipe need no plugin. Frames are 8-bit RGB in displayed orientation with the timestamps
 * of the source, exact, in the source's own time base. Usage:
 *
 *   gd_video_source *src;  gd_video_frame f = {0};
 *   gd_video_source_open("in.mp4", NULL, &src, err);
 *   while ((st = gd_video_source_read(src, &f, err)) == GD_OK && f.rgb) use(&f);
 *   gd_video_source_counts(src, &counts);          "38 of 100 frames"
 *   gd_video_frame_free(&f);  gd_video_source_close(src); */
#ifndef GD_TOOLS_MEDIA_VIDEO_H
#define GD_TOOLS_MEDIA_VIDEO_H

#include <stdbool.h>

#include "engine/mem.h"
#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GD_VIDEO_SIDE = 16383,     /* longest side, pixels */
    GD_VIDEO_PIXELS = 1 << 26, /* most pixels of a frame: 8K fits, 16K x 16K does not */
    GD_VIDEO_STREAMS = 64      /* most streams in one file */
};

typedef struct gd_rational {
    int num, den; /* den 0: not known */
} gd_rational;

/* value * from / to, to the nearest, halves away from zero; saturates, so that no file can
 * make it overflow. INT64_MAX stays what it is; to or from with num or den <= 0 gives 0. */
int64_t gd_video_rescale(int64_t value, gd_rational from, gd_rational to);

/* ---- sources ----------------------------------------------------------------------------- */

typedef struct gd_video_source gd_video_source;

/* AUTO is the CPU's decoder, with threads. A GPU's decoder pays a copy for each frame that
 * comes to the host, and a slower conversion there; none where they stay (options.gpu). */
typedef enum gd_hwaccel { GD_HWACCEL_AUTO, GD_HWACCEL_NONE, GD_HWACCEL_CUDA } gd_hwaccel;
typedef enum gd_video_color { GD_COLOR_BT601, GD_COLOR_BT709, GD_COLOR_BT2020 } gd_video_color;

/* A decoded picture in memory of a GPU, 8 bits, NV12: brightness, and at half the size, rounded
 * up, pairs of colour differences. */
typedef struct gd_video_planes {
    const uint8_t *luma, *chroma;
    int            luma_pitch, chroma_pitch; /* bytes from row to row */
    int            width, height;
    gd_video_color color;
    bool           full_range;
} gd_video_planes;

/* Memory of a GPU for frames that stay there, with what turns planes to RGB: a source that is
 * given one decodes into it (video_gpu.h makes them). `take` and `convert` belong to the thread
 * that reads, `fetch` to any. */
typedef struct gd_video_gpu {
    void           *ctx;
    int             ordinal; /* of the GPU, as --device cuda:N */
    void           *stream;  /* CUstream that planes are written on, and read by convert */
    const gd_alloc *pixels;  /* where frames brought to the host get their room; NULL: gd_mem */
    /* Makes the GPU's primary context the calling thread's. */
    gd_status (*enter)(void *ctx, gd_error *err);
    gd_status (*take)(void *ctx, size_t size, void **out, gd_error *err);
    void (*put)(void *ctx, void *p); /* NULL is allowed */
    /* Planes to dense RGB on the GPU; both are done with when it returns. */
    gd_status (*convert)(void *ctx, const gd_video_planes *in, uint8_t *rgb, gd_error *err);
    /* Copies to the host, and waits for it. */
    gd_status (*fetch)(void *ctx, uint8_t *to, const uint8_t *from, size_t size, gd_error *err);
} gd_video_gpu;

/* Zero is the default of every field. */
typedef struct gd_video_source_options {
    int64_t     start_us, end_us; /* frames with start <= time < end, counted from the source's
                                   * first timestamp; end 0: to the end */
    int         threads;          /* decoder threads; 0: one per core, 16 at most */
    gd_hwaccel  hwaccel;          /* CUDA: NVDEC where it works, else the CPU: note 391 */
    bool        no_rotate;        /* pixels as stored (--no-exif) */
    bool        keep_packets;     /* keep audio, subtitles and data for a sink to copy */
    const char *rtsp_transport;   /* "tcp" (NULL) or "udp" */
    int         timeout_ms;       /* network and webcam: longest silence; 0: 10000 */
    int     max_retries; /* connections tried again after a loss, in a row; 0: 8; -1: none */
    int64_t max_pixels;  /* 0: GD_VIDEO_PIXELS */
    const gd_alloc     *pixels; /* where frames get their pixels (pinned memory); NULL: gd_mem;
                                   * must outlive the frames */
    const gd_video_gpu *gpu; /* with hwaccel CUDA: frames stay there where they can, else note
                              * 394; NULL: they come to the host. Must outlive the frames */
    bool (*stopped)(void);   /* true ends what waits for a camera or the network as a stop does,
                            * even inside open, where there is no source yet; may be NULL */
} gd_video_source_options;

typedef struct gd_video_info {
    int         width, height; /* as displayed; frames tell their own size, which may change */
    gd_rational time_base;     /* of pts and duration, seconds a tick */
    gd_rational frame_rate;    /* mean; den 0: not known */
    gd_rational sample_aspect; /* of a pixel, displayed orientation; den 0: square */
    int64_t     start_pts;     /* first timestamp of the stream; 0 when not known */
    int64_t     duration;      /* of the video stream, in time_base; -1: not known */
    int64_t     frames;        /* that the container promises; -1: it does not */
    int         orientation;   /* of the file, 1..8 as in EXIF; applied unless no_rotate */
    bool        live;          /* camera or stream: no end, no seeking */
    int         audio_streams, other_streams; /* beside the video; other: subtitles, data */
    gd_video_color color; /* matrix of the source: what a sink should write again */
    bool           full_range;
    int            primaries, transfer; /* code points of ITU-T H.273; 0 or 2: not known */
    char           container[32];       /* "mp4", "matroska", "rtsp", "raw", ... */
    char           codec[32];           /* "h264", "rawvideo", ... */
    char           decoder[48];         /* "h264", "h264 on cuda" */
    char           pixel_format[32];
} gd_video_info;

/* Start from {0}; a read reuses the buffer where it is large enough. A frame owns its pixels,
 * so a pipeline keeps several; they may be drawn on and be handed to a sink. */
typedef struct gd_video_frame {
    uint8_t *rgb;    /* [height, width, 3], rows dense; NULL: not on the host (device), or the
                      * source has ended */
    uint8_t *device; /* the same in memory of `gpu`, written to its end, so that any stream may
                      * use it; NULL: not there. Who changes one of them makes the other NULL;
                      * gd_video_frame_host brings the device's to the host */
    int      width, height;
    int64_t  pts, duration; /* in info.time_base; strictly rising; duration 0: not known */
    int64_t  index;         /* of the frame within what was read, from 0 */
    int64_t  captured; /* live: CLOCK_MONOTONIC nanoseconds at which its data arrived; else 0 */
    bool     key, corrupt; /* corrupt: decoded with errors, part of it may be wrong */
    uint8_t *own;          /* the buffer; rgb points to it while there is a frame */
    size_t   room;
    const gd_alloc     *from; /* allocator of `own`; NULL: gd_mem */
    const gd_video_gpu *gpu;  /* whose memory device_own is; NULL: there is none */
    uint8_t            *device_own;
    size_t              device_room;
} gd_video_frame;

/* What happened so far. */
typedef struct gd_video_counts {
    int64_t promised;    /* frames the container promises in all; -1: it does not */
    int64_t decoded;     /* frames read */
    int64_t skipped;     /* decoded before start or after end, not handed out */
    int64_t corrupt;     /* of decoded: with errors */
    int64_t bad_packets; /* of the video, refused by the decoder */
    int64_t moved;       /* timestamps that were missing, repeated or went back */
    int64_t dropped;     /* packets of other streams that found the queue full */
    int     reconnects;  /* connections that were lost and made again */
    bool    truncated;   /* the file ends before its last promised frame */
    bool    lost;        /* the camera or stream went away: the end is not its own */
} gd_video_counts;

/* Whether a part of the source is missing or wrong: the caller ends with exit code 1 and the
 * numbers ("38 of 100 frames"). */
static inline bool gd_video_damaged(const gd_video_counts *c) {
    return c->truncated || c->lost || c->corrupt > 0 || c->bad_packets > 0;
}

/* Something a user should be told though the call succeeded. */
typedef struct gd_video_note {
    int  code; /* codes.def */
    char text[200];
} gd_video_note;

/* True when `path` is for gd_video_source_open: a URL, a device (/dev/video0, 0), raw:..., an
 * existing file whose content is a video container, or a name that ends like one and is not a
 * picture (so that a broken video is refused as a video). */
bool gd_is_video(const char *path);
/* True for names that end like a video that gd_video_source_open reads; nothing is opened. */
bool gd_is_video_name(const char *path);
/* True for names that end like a video that gd_video_sink_open writes. */
bool gd_is_video_output(const char *path);

/* Opens a file, /dev/videoN or N, rtsp://, http://, https://, or raw:WxH:rgb24:- (frames on
 * standard input, W x H x 3 bytes each; raw:WxH:rgb24@30000/1001:- gives the rate, else 25).
 * Options NULL: defaults. GD_ERR_IO: cannot be reached or read; GD_ERR_FORMAT: damaged, no
 * video in it; GD_ERR_UNSUPPORTED: container, codec or protocol that is not read, limits
 * exceeded, or no plugin (370); GD_ERR_NOMEM. The first connection to a stream is not retried.
 */
gd_status gd_video_source_open(const char *path, const gd_video_source_options *opt,
                               gd_video_source **out, gd_error *err) GD_MUST_CHECK;
void gd_video_source_close(gd_video_source *s); /* NULL is allowed; after the sink's finish */
/* Constant from open on; lives as long as the source. */
const gd_video_info *gd_video_source_info(const gd_video_source *s);
/* The next frame; none (gd_video_frame_given): the end, and again at every later call. Damage
 * is skipped and counted, lost connections are made again (exponential back-off from 0.5 s to
 * 30 s); an error is what cannot be gone on from: GD_ERR_IO code 960 when the stream stays
 * away, GD_ERR_NOMEM. One thread reads; stop, note, counts and a sink's copying may be called
 * from others. */
gd_status gd_video_source_read(gd_video_source *s, gd_video_frame *f,
                               gd_error *err) GD_MUST_CHECK;
/* Ends the source: a read that waits returns soon with the end. For signal handlers and other
 * threads. */
void gd_video_source_stop(gd_video_source *s);
/* The counts are exact once the end was read. */
void gd_video_source_counts(gd_video_source *s, gd_video_counts *out);
/* Takes the oldest note; false: there is none. */
bool gd_video_source_note(gd_video_source *s, gd_video_note *out);

void gd_video_frame_free(gd_video_frame *f); /* leaves {0} */
/* Room for width x height pixels; the contents are undefined after it has grown. */
gd_status gd_video_frame_room(gd_video_frame *f, int width, int height, const gd_alloc *from,
                              gd_error *err) GD_MUST_CHECK;
/* The same in memory of a GPU: f->device, and nothing on the host. */
gd_status gd_video_frame_device(gd_video_frame *f, int width, int height,
                                const gd_video_gpu *gpu, gd_error *err) GD_MUST_CHECK;
/* Sees to f->rgb: pixels that are on the GPU alone are copied, and stay there too. */
gd_status gd_video_frame_host(gd_video_frame *f, gd_error *err) GD_MUST_CHECK;
/* Room on the host for what becomes of a frame that is on the GPU: f->rgb, of undefined
 * contents where there was none. */
gd_status gd_video_frame_host_room(gd_video_frame *f, gd_error *err) GD_MUST_CHECK;
/* Whether there is a picture, on the host or on a GPU. */
static inline bool gd_video_frame_given(const gd_video_frame *f) {
    return f->rgb != NULL || f->device != NULL;
}
/* The frame as a session takes it, on the GPU if it is there; it borrows the pixels. */
static inline gd_image gd_video_frame_image(const gd_video_frame *f) {
    gd_image v = {f->rgb, f->width, f->height, 3 * (size_t)f->width, 0};
    if (f->device) {
        v.rgb = f->device;
        v.gpu = f->gpu->ordinal + 1;
    }
    return v;
}

/* ---- sinks ------------------------------------------------------------------------------- */

typedef struct gd_video_sink gd_video_sink;

/* Zero is the default of every field. */
typedef struct gd_video_sink_options {
    const char *codec;    /* "h264", "h265", "vp9", "mpeg4", "mjpeg", ...; NULL: by container */
    const char *preset;   /* of the encoder; NULL: its default */
    int         crf;      /* 1 .. 63; 0: 23, or the codec's own */
    int64_t     bitrate;  /* bits a second instead of crf; 0: crf */
    gd_rational fps;      /* constant rate to write; den 0: the frames' own timestamps */
    bool        no_audio; /* copy nothing from the source */
    bool        replace;  /* an existing file is replaced at finish */
    int         threads;  /* 0: one per core, 16 at most */
    int64_t     start_us; /* as the source's option: what lies there becomes its first moment */
    bool (*stopped)(void); /* true ends the filling of a gap in time (fps); NULL: never. What is
                            * written stays whole */
} gd_video_sink_options;

/* What was written. */
typedef struct gd_video_sink_info {
    char    container[32], codec[32], encoder[48];
    int64_t frames, bytes; /* bytes: as far as they are known to be in the file */
    int64_t copied;        /* packets of other streams */
    int     streams, left; /* other streams copied; dropped, named in notes */
    int64_t duration_us;
} gd_video_sink_info;

/* Writes PATH.part, renamed to PATH at finish; the container follows from the extension (.mp4
 * .m4v .mov .mkv .webm .avi). `like`: time base, rate, colour and size of the source (its
 * frames' timestamps are in like->time_base); frames of another size are scaled to the first
 * one's. `copy`: a source opened with keep_packets whose other streams are copied; may be
 * NULL; must live until finish or abort. An encoder that this machine lacks, or a container
 * that cannot take what is asked for, is refused here, before any work. Codes: 215 not a
 * container, 216 no such codec, or not in this container, 217 a setting that the encoder does
 * not take, 961 no encoder, 965 the rate varies (AVI; also of write), 966 disk full, 967 not a
 * regular file. */
gd_status gd_video_sink_open(const char *path, const gd_video_sink_options *opt,
                             const gd_video_info *like, gd_video_source *copy,
                             gd_video_sink **out, gd_error *err) GD_MUST_CHECK;
/* Encodes one frame, and copies the other streams' packets that are due by its time. */
gd_status gd_video_sink_write(gd_video_sink *k, const gd_video_frame *f,
                              gd_error *err) GD_MUST_CHECK;
/* Drains the encoder, copies what is left, writes the trailer, renames: also after a stop that
 * came early, so that what was written plays. The sink is closed whatever is returned; after a
 * failure PATH.part is kept. Code 968: no frame was written. Its source is not read at the same
 * time, nor afterwards if it was left before its end. */
gd_status gd_video_sink_finish(gd_video_sink *k, gd_video_sink_info *info,
                               gd_error *err) GD_MUST_CHECK;
/* Removes PATH.part, unless it is what a full disk cut off; NULL is allowed. */
void gd_video_sink_abort(gd_video_sink *k);
/* Takes the oldest note (W970 to W975); false: there is none. */
bool gd_video_sink_note(gd_video_sink *k, gd_video_note *out);

#ifdef __cplusplus
}
#endif
#endif
