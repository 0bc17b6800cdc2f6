/* av.h -- the seam between the program and its video plugin, libgdrun_av.so.
 *
 * The plugin exports gd_av_entry and nothing else. It shares the host's allocator and takes no
 * symbol from the host, so it links what it needs of the engine (status.c, mem.c) itself. */
#ifndef GD_TOOLS_MEDIA_AV_AV_H
#define GD_TOOLS_MEDIA_AV_AV_H

#include "tools/media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever a struct that crosses the seam does: video.h, status.h, this file. */
enum { GD_AV_ABI = 2 };

typedef struct gd_av_host {
    int      abi;
    gd_alloc alloc;
} gd_av_host;

typedef struct gd_av_source gd_av_source;
typedef struct gd_av_sink   gd_av_sink;

/* Contracts as in video.h; paths are what the user typed, already told apart by the host. */
typedef struct gd_av {
    int         abi;
    const char *version;  /* of gdrun; must be the host's */
    const char *built_on; /* "libavformat 59.27.100, libavcodec 59.37.100, ..." */
    gd_status (*source_open)(const char *path, const gd_video_source_options *opt,
                             gd_av_source **out, gd_error *err);
    void (*source_close)(gd_av_source *s);
    const gd_video_info *(*source_info)(const gd_av_source *s);
    gd_status (*source_read)(gd_av_source *s, gd_video_frame *f, gd_error *err);
    void (*source_stop)(gd_av_source *s);
    void (*source_counts)(gd_av_source *s, gd_video_counts *out);
    bool (*source_note)(gd_av_source *s, gd_video_note *out);
    gd_status (*sink_open)(const char *path, const gd_video_sink_options *opt,
                           const gd_video_info *like, gd_av_source *copy, gd_av_sink **out,
                           gd_error *err);
    gd_status (*sink_write)(gd_av_sink *k, const gd_video_frame *f, gd_error *err);
    gd_status (*sink_finish)(gd_av_sink *k, gd_video_sink_info *info, gd_error *err);
    void (*sink_abort)(gd_av_sink *k);
    bool (*sink_note)(gd_av_sink *k, gd_video_note *out);
} gd_av;

/* What the plugin exports; NULL when the host's abi is not its own. */
typedef const gd_av *(*gd_av_entry_fn)(const gd_av_host *host);

/* Loads the plugin once; later calls give the same. GD_ERR_UNSUPPORTED: code 370 when it is
 * not there or does not load (err->why has the reason), 371 when it is of another version. */
gd_status gd_av_load(const gd_av **out, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
