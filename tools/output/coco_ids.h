/* coco_ids.h -- which image id a picture has in a COCO data set. */
#ifndef GD_TOOLS_OUTPUT_COCO_IDS_H
#define GD_TOOLS_OUTPUT_COCO_IDS_H

#include "tools/output/name_map.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_coco_ids { /* {0}: without an annotation file */
    gd_name_map by_name;
    const char *path; /* of the annotation file, borrowed; NULL: none */
} gd_coco_ids;

/* Reads id and file_name of every entry of "images", streaming: the memory needed does not grow
 * with the annotations. GD_ERR_FORMAT (E954) names the byte. */
gd_status gd_coco_ids_open(gd_coco_ids *c, const char *path, gd_error *err) GD_MUST_CHECK;
void      gd_coco_ids_free(gd_coco_ids *c);
/* The id of a picture by its name in the annotation file, else (without one) by the last run of
 * digits of its file name: COCO_val2014_000000000139.jpg is 139. GD_ERR_ARG (E953): it has
 * none, or two pictures of that name are listed. */
gd_status gd_coco_ids_find(const gd_coco_ids *c, const char *source, int64_t *id,
                           gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
