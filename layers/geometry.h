/* geometry.h -- where a picture of any size lands on a network's input, in whole pixels.
 *
 *   source picture  -- resized -->  new_h x new_w, its corner at (top, left)
 *   canvas net_h x net_w            of the canvas; a negative corner crops, the rest is padding
 */
#ifndef GD_LAYERS_GEOMETRY_H
#define GD_LAYERS_GEOMETRY_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_rule_kind {
    /* torchvision GeneralizedRCNNTransform: short side to `short_side` unless the long one
     * would pass `long_side`; canvas rounded up to `multiple`. */
    GD_RULE_SHORTEST_EDGE,
    /* DETR: the short side becomes short_side, or what makes the long one long_side where it
     * would pass that; the other side is cut to whole pixels. */
    GD_RULE_EXACT_EDGE,
    GD_RULE_NATIVE, /* not resized; canvas rounded up to `multiple` */
    /* YOLOX: aspect kept, corner top left, canvas size_h x size_w. */
    GD_RULE_LETTERBOX,
    /* YOLOv5: aspect kept, sides rounded, in the middle, an odd pixel of padding below and
     * right. With a `multiple` of more than 1 the canvas is the picture's own size in the box,
     * rounded up to it. */
    GD_RULE_LETTERBOX_CENTER,
    GD_RULE_STRETCH, /* to size_h x size_w, aspect given up */
    /* torchvision's Resize(short_side) and CenterCrop(size_h, size_w). */
    GD_RULE_CENTER_CROP
} gd_rule_kind;

typedef struct gd_geometry_rule {
    gd_rule_kind kind;
    int          short_side, long_side, multiple;
    int          size_h, size_w;
} gd_geometry_rule;

typedef struct gd_geometry {
    int    src_h, src_w;
    int    new_h, new_w; /* at least 1 */
    int    top, left;
    int    net_h, net_w;
    double scale_y, scale_x; /* new over src; the letterbox's common factor */
} gd_geometry;

/* src_h, src_w >= 1. Sizes are those of the reference implementations to the pixel. */
void gd_geometry_of(const gd_geometry_rule *r, int src_h, int src_w, gd_geometry *out);
/* As the preprocess operator reads it: src_h, src_w, new_h, new_w, top, left, scale_y,
 * scale_x. */
void gd_geometry_pack(const gd_geometry *g, float out[8]);
/* "shortest_edge" and so on; false: unknown. */
bool        gd_rule_parse(const char *name, gd_rule_kind *out);
const char *gd_rule_name(gd_rule_kind k);

#ifdef __cplusplus
}
#endif
#endif
