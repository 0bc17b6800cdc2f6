/* painter.c -- see painter.h. */
#include "tools/cli/painter.h"

#include "engine/mem.h"
#include "tools/draw/font/atlas.h"

/* 1000 boxes with labels of as many letters as they mostly have. */
enum { ROOM = 32 * 1024 };

gd_filter_drawing gd_painter_drawing(void) {
    return (gd_filter_drawing){
        .atlas = gd_font_bits, .atlas_bytes = gd_font_bytes, .room = ROOM};
}

gd_status gd_painter_open(gd_painter *p, gd_filter *filter, gd_error *err) {
    *p = (gd_painter){.ink = gd_mem_array(1 + ROOM, sizeof *p->ink)};
    if (!p->ink) return gd_fail(err, GD_ERR_NOMEM, "no memory to list %d shapes", ROOM);
    p->filter = filter;
    return GD_OK;
}

gd_status gd_painter_open_on(gd_painter *p, const char *device, const gd_flags *f,
                             gd_error *err) {
    const gd_filter_drawing d = gd_painter_drawing();
    gd_filter_options       o = gd_filter_defaults();
    gd_filter              *filter;
    o.device = device;
    o.memory_limit = (uint64_t)gd_flag_int(f, GD_OPT_DEVICE_MEM_CAP);
    GD_TRY(gd_filter_open_drawing(NULL, &o, &d, &filter, err));
    const gd_status st = gd_painter_open(p, filter, err);
    p->own = st == GD_OK;
    if (st != GD_OK) gd_filter_close(filter);
    return st;
}

void gd_painter_close(gd_painter *p) {
    if (p->own) gd_filter_close(p->filter);
    gd_mem_put(p->ink);
    *p = (gd_painter){0};
}

gd_status gd_painter_run(gd_painter *p, const gd_overlay_look *look, const gd_image *in,
                         uint8_t *rgb, gd_error *err) {
    gd_draw_list    list = {.ink = p->ink, .room = ROOM};
    const gd_canvas to_list = {.width = in->width, .height = in->height, .list = &list};
    const gd_canvas to_rgb = {.rgb = rgb, .width = in->width, .height = in->height};
    p->ink[0].kind = 0;
    GD_TRY(gd_overlay_draw(look, &to_list, err));
    if (!list.full) gd_filter_shapes(p->filter, p->ink);
    GD_TRY(gd_filter_run(p->filter, in, rgb, 0, err));
    return list.full ? gd_overlay_draw(look, &to_rgb, err) : GD_OK;
}
