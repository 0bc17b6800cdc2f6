/* crops.c -- the part of the picture inside each detection's box, as a JPEG file of its own. */
#include <stdio.h>

#include "engine/io.h"
#include "tools/media/encode.h"
#include "tools/output/writer_kind.h"

/* "-003-traffic_light.jpg": letters and digits of the class name, so that it may be any text.
 * */
static void ending(const gd_writer *w, int i, int class_id, char *out, size_t room) {
    char        buffer[32], safe[24];
    const char *name = gd_run_class_name(w->info, class_id, buffer, sizeof buffer);
    size_t      n = 0;
    for (; *name && n + 1 < sizeof safe; name++) {
        unsigned char c = (unsigned char)*name;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        safe[n++] = plain ? (char)c : '_';
    }
    safe[n] = '\0';
    snprintf(out, room, "-%03d-%s.jpg", i, safe);
}

static gd_status crops_put(gd_writer *w, const gd_record *r, gd_error *err) {
    size_t  stride = r->stride ? r->stride : 3 * (size_t)r->width;
    char    path[4096], ext[48];
    gd_crop at;
    if (r->error) return GD_OK;
    if (r->n_detections > 0 && !r->rgb)
        return gd_fail(err, GD_ERR_ARG, "%s: crops need the picture's pixels", r->source);
    for (int i = 0; i < r->n_detections; i++) {
        if (!gd_crop_of(r->width, r->height, r->detections[i].box, &at)) continue;
        gd_image part = {r->rgb + (size_t)at.y * stride + 3 * (size_t)at.x, at.width, at.height,
                         stride, 0};
        ending(w, i, r->detections[i].class_id, ext, sizeof ext);
        GD_TRY(gd_namer_next(w->namer, r->source, r->pts >= 0 ? r->frame : -1, ext, path,
                             sizeof path, err));
        GD_TRY(gd_encode_file(path, w->opt.replace ? GD_OUT_REPLACE : 0, &part, err));
    }
    return GD_OK;
}

const gd_writer_kind gd_writer_crops = {
    .name = "crops", .folder = true, .boxes_only = true, .put = crops_put};
