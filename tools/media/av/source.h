/* source.h -- what the plugin's sink sees of a source: its other streams and their packets.
 *
 * The thread that reads frames puts packets of audio, subtitles and data into a bounded queue;
 * the sink's thread takes them, in the order in which they lay in the file. */
#ifndef GD_TOOLS_MEDIA_AV_SOURCE_H
#define GD_TOOLS_MEDIA_AV_SOURCE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "tools/media/av/av.h"

/* The queue holds this much; what does not fit is dropped and counted. */
enum { GD_AV_QUEUE_BYTES = 64 << 20, GD_AV_QUEUE_PACKETS = 1 << 16 };

/* A stream beside the video. Everything belongs to the source. */
typedef struct gd_av_other {
    AVCodecParameters *par;
    AVRational         time_base; /* of its packets' timestamps */
    AVDictionary      *metadata;  /* language, title */
    int                disposition;
    int                index; /* in the file, for messages */
} gd_av_other;

/* Number of other streams, constant from open on; 0 unless opened with keep_packets. */
int gd_av_source_others(const gd_av_source *s, const gd_av_other **out);
/* Moves the oldest packet into `into` when its time is at most `until`, in units of `base`;
 * into->stream_index is then an index into the others, its timestamps are the source's. */
bool gd_av_source_take(gd_av_source *s, int64_t until, AVRational base, AVPacket *into);
/* Whether the source was read to its end, so that nothing follows what is in the queue. */
bool gd_av_source_ended(gd_av_source *s);
/* Reads on, of a file that was left early, until the queue holds all up to `until`. No frame
 * can be read afterwards, nor at the same time. */
void gd_av_source_catch_up(gd_av_source *s, int64_t until, AVRational base);
/* Metadata of the whole file; may be NULL. */
const AVDictionary *gd_av_source_metadata(const gd_av_source *s);

/* "what: FFmpeg's own text", with a code of codes.def; the status follows from the error. */
gd_status gd_av_fail(gd_error *err, int code, int averror, const char *what);

/* The entries of the table in entry.c. */
gd_status            gd_av_source_open(const char *path, const gd_video_source_options *opt,
                                       gd_av_source **out, gd_error *err) GD_MUST_CHECK;
void                 gd_av_source_close(gd_av_source *s);
const gd_video_info *gd_av_source_info(const gd_av_source *s);
gd_status gd_av_source_read(gd_av_source *s, gd_video_frame *f, gd_error *err) GD_MUST_CHECK;
void      gd_av_source_stop(gd_av_source *s);
void      gd_av_source_counts(gd_av_source *s, gd_video_counts *out);
bool      gd_av_source_note(gd_av_source *s, gd_video_note *out);

#endif
