/* video_sink.c -- videos out, through the plugin; see video.h. */
#include <string.h>
#include <strings.h>

#include "tools/media/video_host.h"

struct gd_video_sink {
    const gd_av *av;
    gd_av_sink  *impl;
};

gd_status gd_video_sink_open(const char *path, const gd_video_sink_options *opt,
                             const gd_video_info *like, gd_video_source *copy,
                             gd_video_sink **out, gd_error *err) {
    gd_status      st;
    gd_video_sink *k = gd_mem_get_zero(sizeof *k);
    *out = NULL;
    if (!k) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory to write a video", path);
    GD_GO(gd_av_load(&k->av, err));
    GD_GO(k->av->sink_open(path, opt, like, copy ? copy->impl : NULL, &k->impl, err));
    *out = k;
    k = NULL;
done:
    gd_mem_put(k);
    return st;
}

gd_status gd_video_sink_write(gd_video_sink *k, const gd_video_frame *f, gd_error *err) {
    return k->av->sink_write(k->impl, f, err);
}

gd_status gd_video_sink_finish(gd_video_sink *k, gd_video_sink_info *info, gd_error *err) {
    const gd_status st = k->av->sink_finish(k->impl, info, err);
    gd_mem_put(k);
    return st;
}

void gd_video_sink_abort(gd_video_sink *k) {
    if (!k) return;
    k->av->sink_abort(k->impl);
    gd_mem_put(k);
}

bool gd_video_sink_note(gd_video_sink *k, gd_video_note *out) {
    return k->av->sink_note(k->impl, out);
}
