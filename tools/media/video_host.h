/* video_host.h -- what the files of the program's half of video share: the kinds of sources. */
#ifndef GD_TOOLS_MEDIA_VIDEO_HOST_H
#define GD_TOOLS_MEDIA_VIDEO_HOST_H

#include "tools/media/av/av.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_video_raw gd_video_raw;

/* Either of the plugin, or raw frames of a pipe. */
struct gd_video_source {
    const gd_av  *av; /* NULL: raw */
    gd_av_source *impl;
    gd_video_raw *raw;
};

/* raw:WxH:rgb24[@RATE]:-, read from `fd`, which stays the caller's. */
gd_status gd_video_raw_open(const char *path, int fd, const gd_video_source_options *opt,
                            gd_video_raw **out, gd_error *err) GD_MUST_CHECK;
void      gd_video_raw_close(gd_video_raw *r);
const gd_video_info *gd_video_raw_info(const gd_video_raw *r);
gd_status gd_video_raw_read(gd_video_raw *r, gd_video_frame *f, gd_error *err) GD_MUST_CHECK;
void      gd_video_raw_stop(gd_video_raw *r);
void      gd_video_raw_counts(gd_video_raw *r, gd_video_counts *out);

#ifdef __cplusplus
}
#endif
#endif
