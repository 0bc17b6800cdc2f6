/* source_state.h -- the state of a source of the plugin, shared by the files that make it up.
 *
 *   open.c     containers, protocols, codecs: what may be read, and by what limits
 *   source.c   packets to frames, damage counted
 *   live.c     deadlines, streams connected again
 *   gpu.c      decoding on a GPU, frames that stay there
 *   convert.c  a decoded frame to RGB in displayed orientation
 *   packets.c  the queue of other streams' packets, notes, errors */
#ifndef GD_TOOLS_MEDIA_AV_SOURCE_STATE_H
#define GD_TOOLS_MEDIA_AV_SOURCE_STATE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <pthread.h>

#ifdef __cplusplus
#include <atomic>
using std::atomic_bool;
using std::atomic_llong;
#else
#include <stdatomic.h>
#endif

#include "tools/media/av/scale.h"
#include "tools/media/av/source.h"
#include "tools/media/video_clock.h"

enum { NOTES = 8, ARRIVALS = 64 };

typedef enum gd_av_kind { GD_AV_FILE, GD_AV_CAMERA, GD_AV_RTSP, GD_AV_HTTP } gd_av_kind;

typedef struct gd_av_item {
    AVPacket          *packet;
    struct gd_av_item *next;
} gd_av_item;

/* When a packet came in, found again by the timestamp of the frame it becomes. */
typedef struct gd_av_arrival {
    int64_t pts, at;
} gd_av_arrival;

struct gd_av_source {
    char                    path[4096];
    char                    url[4096 + 8]; /* what FFmpeg is told */
    char                    transport[8];
    gd_av_kind              kind;
    gd_video_source_options opt; /* defaults filled in; its strings are not used */
    gd_video_info           info;

    /* One connection; made again when a stream is lost. */
    AVFormatContext *fmt;
    AVIOContext     *io; /* files and HTTP: opened before the container is known */
    AVCodecContext  *dec;
    AVBufferRef     *gpu;
    int              video;   /* stream index */
    bool             flushed; /* the decoder was told that nothing follows */
    bool             broken;  /* the connection was lost, not ended */
    int64_t          packets; /* of the video, read */
    AVRational       base;    /* of the video's timestamps, this time */
    bool             shifted; /* the first packet's time was looked at */

    AVPacket    *packet;
    AVFrame     *frame, *copied; /* copied: from the device */
    gd_av_scaler scaler;
    uint8_t     *turn; /* pixels before they are turned */
    size_t       turn_room;

    gd_video_clock clock;
    gd_av_arrival  arrival[ARRIVALS];
    unsigned       arrivals;
    int64_t        first, end;    /* in time_base: frames [first, end) are handed out */
    int64_t        zero;          /* cameras: the first frame's time; INT64_MIN: none yet */
    int64_t        last_stamp;    /* the source's own, of the frame handed out last */
    int64_t        resume;        /* frames up to here were handed out before a loss */
    int64_t        last_frame_at; /* monotonic ns */
    int64_t        rejoin_us;    /* where time goes on after a loss; INT64_MIN: not yet known */
    int64_t        shift_us;     /* added to timestamps since the last connection */
    int            tries;        /* connections since the last frame */
    char           trouble[128]; /* why the connection was lost */
    bool           done;

    atomic_llong deadline; /* monotonic ns, 0: none; for the interrupt callback */
    atomic_bool  stop;
    atomic_bool  ended; /* nothing follows what is in the queue */

    /* Shared with the sink's thread and others. */
    pthread_mutex_t lock;
    gd_video_counts counts;
    gd_video_note   note[NOTES];
    int             notes;
    AVDictionary   *metadata; /* of the file, as it was opened */
    gd_av_other    *other;
    int             others;
    int             which[GD_VIDEO_STREAMS]; /* stream index -> index into other, or -1 */
    gd_av_item     *head, *tail;
    size_t          queued_bytes;
    int             queued;
};

int64_t gd_av_now(void); /* CLOCK_MONOTONIC, ns */

/* open.c: connects and fills `info`; on failure nothing is left open. */
gd_status gd_av_connect(gd_av_source *s, gd_video_info *info, gd_error *err) GD_MUST_CHECK;
void      gd_av_disconnect(gd_av_source *s);
/* The EXIF orientation (1..8) that a display matrix means; NULL: 1. */
int gd_av_orientation(const int32_t *matrix);

/* Matrix of a frame or stream; see convert.c for what is not named. */
gd_video_color gd_av_color(enum AVColorSpace space, int width, int height);
/* The EXIF orientation in which a frame is displayed; 1 with no_rotate. */
int gd_av_turn(const gd_av_source *s, const AVFrame *in);
/* Whether its size is within the limits. */
bool gd_av_allowed(const gd_av_source *s, const AVFrame *in);
/* convert.c: `in` to f's pixels. */
gd_status gd_av_convert(gd_av_source *s, AVFrame *in, gd_video_frame *f,
                        gd_error *err) GD_MUST_CHECK;

/* live.c: connects again after a loss; false: the source has ended (its own end, a stop). */
gd_status gd_av_reconnect(gd_av_source *s, bool *again, gd_error *err) GD_MUST_CHECK;
/* Whether the file is shorter than its container says. */
bool gd_av_cut_off(gd_av_source *s);
/* The deadline of what may block from now on; files have none. */
void gd_av_allow(gd_av_source *s);

/* gpu.c: true when the decoder, not yet opened, will try the GPU first. */
bool gd_av_use_gpu(gd_av_source *s, const AVCodec *codec);
/* The decoded frame turned to RGB where it lies; false: it has to come to the host. */
bool gd_av_stay(gd_av_source *s, gd_video_frame *f);
/* The decoded frame in memory of the host. */
gd_status gd_av_fetch(gd_av_source *s, AVFrame **in, gd_error *err) GD_MUST_CHECK;

/* packets.c */
gd_status gd_av_keep_streams(gd_av_source *s, gd_error *err) GD_MUST_CHECK;
void      gd_av_put(gd_av_source *s, AVPacket *p); /* takes p's contents */
void      gd_av_packets_free(gd_av_source *s);
void      gd_av_tell(gd_av_source *s, int code, const char *fmt, ...) GD_PRINTF(3, 4);

#endif
