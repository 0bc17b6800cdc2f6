/* painter.h -- annotation of frames by the device that has them: drawn there, before the pixels
 * come to the host. */
#ifndef GD_TOOLS_CLI_PAINTER_H
#define GD_TOOLS_CLI_PAINTER_H

#include "layers/filter_draw.h"
#include "tools/cli/flags.h"
#include "tools/draw/overlay.h"

/* Of one thread at a time. */
typedef struct gd_painter {
    gd_filter *filter;
    bool       own; /* of the filter */
    gd_ink    *ink;
    bool       no_memory; /* the GPU has no room for one: for its owner */
} gd_painter;

/* How a filter is opened that a painter is to use. */
gd_filter_drawing gd_painter_drawing(void);
/* `filter` is borrowed. */
gd_status gd_painter_open(gd_painter *p, gd_filter *filter, gd_error *err) GD_MUST_CHECK;
/* On a GPU, with no filter but drawing; its memory as --device-mem-cap says. */
gd_status gd_painter_open_on(gd_painter *p, const char *device, const gd_flags *f,
                             gd_error *err) GD_MUST_CHECK;
void      gd_painter_close(gd_painter *p); /* leaves {0} */
/* Filters `in` to dense `rgb`, which may be the memory of `in`, with what gd_overlay_draw would
 * draw on it. */
gd_status gd_painter_run(gd_painter *p, const gd_overlay_look *look, const gd_image *in,
                         uint8_t *rgb, gd_error *err) GD_MUST_CHECK;

#endif
