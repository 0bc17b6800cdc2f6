/* sink.h -- the entries of the plugin's table that write videos; contracts as in video.h. */
#ifndef GD_TOOLS_MEDIA_AV_SINK_H
#define GD_TOOLS_MEDIA_AV_SINK_H

#include "tools/media/av/av.h"

gd_status gd_av_sink_open(const char *path, const gd_video_sink_options *opt,
                          const gd_video_info *like, gd_av_source *copy, gd_av_sink **out,
                          gd_error *err) GD_MUST_CHECK;
gd_status gd_av_sink_write(gd_av_sink *k, const gd_video_frame *f, gd_error *err) GD_MUST_CHECK;
gd_status gd_av_sink_finish(gd_av_sink *k, gd_video_sink_info *info,
                            gd_error *err) GD_MUST_CHECK;
void      gd_av_sink_abort(gd_av_sink *k);
bool      gd_av_sink_note(gd_av_sink *k, gd_video_note *out);

#endif
