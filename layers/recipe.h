/* recipe.h -- what a model wants done to a picture and to its raw results; stored in the file.
 *
 * Metadata keys of a .gdw (all text, numbers with a decimal point in any locale):
 *   input.rule     shortest_edge | exact_edge | native | letterbox | letterbox_center |
 *                  stretch | center_crop   (layers/geometry.h)
 *   input.short, input.long, input.multiple    pixels; rules of edges, native, center_crop
 *   input.size     "HxW"; rules letterbox, letterbox_center, stretch and center_crop
 *   input.multiple    also for letterbox_center, where it may be absent: the whole size
 *   input.filter   torch_bilinear | pil_bilinear | pil_bicubic | opencv | nearest | corners
 *   input.order    rgb | bgr
 *   input.scale, input.mean, input.std    value = (byte * scale - mean) / std, by channel of
 *                                         the network's order
 *   input.pad      three numbers, in units of the network's input
 *   post.conf, post.iou, post.max_det     detectors; max_det 0: no limit
 *   post.multi_label    1: a box counts for every class above post.conf, 0 or absent: for its
 *                       best class alone; YOLOv5 and YOLOv8, whose evaluation is with 1
 *   bn_eps         epsilon of batch norm */
#ifndef GD_LAYERS_RECIPE_H
#define GD_LAYERS_RECIPE_H

#include "layers/arch.h"
#include "layers/geometry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_recipe {
    gd_geometry_rule rule;
    int              filter; /* GD_FILTER_* of kernels/preprocess */
    bool             bgr;
    float            scale, mean[3], std[3], pad[3];
    float            conf, iou;
    int              max_det;
    bool             multi_label;
    float            bn_eps;
} gd_recipe;

/* Finds the value of a metadata key, or NULL. */
typedef const char *(*gd_meta_find)(const void *ctx, const char *key);

/* Reads every key from the file's metadata, the architecture's defaults standing in for absent
 * ones. GD_ERR_FORMAT names the key with an unusable value. */
gd_status gd_recipe_read(const gd_arch *a, gd_meta_find find, const void *ctx, gd_recipe *out,
                         gd_error *err) GD_MUST_CHECK;
/* "torch_bilinear" and so on. */
const char *gd_filter_name(int filter);

#ifdef __cplusplus
}
#endif
#endif
