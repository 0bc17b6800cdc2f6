/* masks.c -- the class of each pixel, as a PNG file whose indices are the classes. */
#include "engine/io.h"
#include "tools/draw/class_map.h"
#include "tools/media/encode_index.h"
#include "tools/output/writer_kind.h"

static gd_status masks_put(gd_writer *w, const gd_record *r, gd_error *err) {
    uint8_t palette[256][3];
    char    path[4096];
    if (r->error || !r->map) return GD_OK;
    for (int i = 0; i < 256; i++) {
        const gd_color c = gd_map_color(i);
        palette[i][0] = c.r;
        palette[i][1] = c.g;
        palette[i][2] = c.b;
    }
    const gd_index_image im = {r->map, r->width, r->height, palette, 256};
    GD_TRY(gd_namer_next(w->namer, r->source, r->pts >= 0 ? r->frame : -1, ".png", path,
                         sizeof path, err));
    return gd_encode_index_file(path, w->opt.replace ? GD_OUT_REPLACE : 0, &im, err);
}

const gd_writer_kind gd_writer_masks = {.name = "masks", .folder = true, .put = masks_put};
