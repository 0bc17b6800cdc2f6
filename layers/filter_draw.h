/* filter_draw.h -- a filter that also draws: on a GPU the shapes of an annotation come onto the
 * picture there, before it is brought to the host. */
#ifndef GD_LAYERS_FILTER_DRAW_H
#define GD_LAYERS_FILTER_DRAW_H

#include "engine/gdrun.h"
#include "kernels/draw/ink.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_filter_drawing {
    const uint8_t *atlas; /* bitmaps of glyphs; borrowed until the filter is closed */
    int            atlas_bytes;
    int            room; /* shapes that one picture takes at most */
} gd_filter_drawing;

/* gd_filter_open, with drawing behind the filter; `text` NULL: drawing alone. */
gd_status gd_filter_open_drawing(const char *text, const gd_filter_options *opt,
                                 const gd_filter_drawing *d, gd_filter **out,
                                 gd_error *err) GD_MUST_CHECK;
/* What the next picture that is started gets: ink[0].kind says how many shapes follow, at most
 * `room`. It is read by gd_filter_start, and holds for that picture alone. */
void gd_filter_shapes(gd_filter *f, const gd_ink *ink);
/* Where it computes, as gd_image.gpu: 0 on the host, else N + 1. */
int gd_filter_gpu(const gd_filter *f);

#ifdef __cplusplus
}
#endif
#endif
