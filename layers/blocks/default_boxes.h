/* default_boxes.h -- the default boxes of an SSD, which stand where others have anchors. */
#ifndef GD_LAYERS_BLOCKS_DEFAULT_BOXES_H
#define GD_LAYERS_BLOCKS_DEFAULT_BOXES_H

#include "layers/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* On every cell of every map two squares, of the level's scale s and of
 * sqrt(s * the next one's), and for each ratio r one of s * sqrt(r) by s / sqrt(r) and one
 * turned. torchvision's DefaultBoxGenerator. */
enum { GD_SSD_LEVELS = 6, GD_SSD_RATIOS = 2 };
typedef struct gd_default_boxes {
    int    n_level;
    double scale[GD_SSD_LEVELS + 1];            /* shares of the picture */
    double ratio[GD_SSD_LEVELS][GD_SSD_RATIOS]; /* 0: no more */
    int    step[GD_SSD_LEVELS]; /* pixels from cell to cell; 0: as many cells as the map has */
} gd_default_boxes;
int gd_block_default_count(const gd_default_boxes *a, int level); /* boxes of a cell */
/* x1, y1, x2, y2 in network pixels into out [map_h * map_w * count, 4]. */
void gd_block_default_fill(const gd_default_boxes *a, int level, int64_t net_h, int64_t net_w,
                           int64_t map_h, int64_t map_w, float *out);
/* The constant f32 [all boxes, 4] for the maps, in their order. */
int gd_block_default_boxes(gd_net *n, const gd_default_boxes *a, const int *map, int image);

#ifdef __cplusplus
}
#endif
#endif
