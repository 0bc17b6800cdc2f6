/* maps.h -- pictures with a map of classes each: what segmenters are judged by.
 *
 *     PATH                                     maps                pictures
 *     FOLDER with SegmentationClass (VOC)      in that, .png       JPEGImages; of a split those
 *                                                                  in ImageSets/Segmentation
 *     a folder of .png files                   these               of the same stem in `images`
 *
 * A map is a PNG of the picture's size whose pixels are class numbers: with a palette, or grey.
 * 255 counts for nothing. */
#ifndef GD_TOOLS_EVAL_MAPS_H
#define GD_TOOLS_EVAL_MAPS_H

#include "engine/arena.h"
#include "tools/media/picture.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_eval_map {
    const char *name, *picture, *map; /* stem, and both files */
} gd_eval_map;

typedef struct gd_eval_maps { /* {0} is empty */
    gd_arena     arena;       /* owns every string */
    gd_eval_map *item;        /* by name */
    int          n, room;
    const char  *format, *split; /* "voc" or "maps"; "" where there are no splits */
} gd_eval_maps;

/* `split` NULL: val where the folder has it, else all maps. GD_ERR_FORMAT (E802, E804), or
 * GD_ERR_IO: not readable. */
gd_status gd_eval_maps_open(const char *path, const char *split, const char *images,
                            gd_eval_maps *out, gd_error *err) GD_MUST_CHECK;
void      gd_eval_maps_free(gd_eval_maps *m);

/* The class of each pixel, width * height of them (gd_mem_put). E835: no PNG of indices. */
gd_status gd_eval_map_read(gd_decoder *d, const char *path, uint8_t **out, int *width,
                           int *height, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
