/* write.h -- data sets written as COCO, Pascal VOC or YOLO, as dataset.h reads them.
 *
 *     coco   OUT/annotations/instances_SPLIT.json, OUT/SPLIT/          or OUT.json alone
 *     voc    OUT/Annotations, OUT/JPEGImages, OUT/ImageSets/Main/SPLIT.txt
 *     yolo   OUT/data.yaml, OUT/images/SPLIT, OUT/labels/SPLIT
 *
 * Pictures are linked (symbolic links to where they are), copied, or left where they are. */
#ifndef GD_TOOLS_DATA_WRITE_H
#define GD_TOOLS_DATA_WRITE_H

#include "tools/data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_data_pictures {
    GD_PICTURES_LINK,
    GD_PICTURES_COPY,
    GD_PICTURES_NONE
} gd_data_pictures;

typedef struct gd_data_writer {
    const char      *format; /* "coco", "voc", "yolo" */
    const char      *out;
    gd_data_pictures pictures;
    bool             replace; /* -y */
    bool             clean;   /* cut boxes to their pictures, leave out the second of twins */
    bool             crowds;  /* YOLO has no crowds: keep them as objects */
    /* What was left out or could not be said in the format. */
    uint64_t written_images, written_boxes, lost_crowds, lost_masks, lost_twins;
} gd_data_writer;

/* One split of n pictures of the data set (indices; NULL: all). Without a name it is train.
 * E952: a folder cannot be made; other errors as engine/io.h gives. */
gd_status gd_data_write(gd_data_writer *w, const gd_data *d, const char *split,
                        const uint32_t *pictures, size_t n, gd_error *err) GD_MUST_CHECK;
/* Behind the last split: data.yaml of a YOLO data set; else nothing. */
gd_status gd_data_write_end(gd_data_writer *w, const gd_data *d, const char *const *splits,
                            int n_splits, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
