/* annotate.h -- a data set made of what a detector finds. */
#ifndef GD_TOOLS_DATA_ANNOTATE_H
#define GD_TOOLS_DATA_ANNOTATE_H

#include "tools/data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_annotate gd_annotate;

/* An empty data set with the classes of the model. */
gd_status gd_annotate_open(const gd_model *m, gd_annotate **out, gd_error *err) GD_MUST_CHECK;
void      gd_annotate_close(gd_annotate *a); /* NULL is allowed */
/* A picture and the detections in it; the name is the path without its folders. */
gd_status gd_annotate_add(gd_annotate *a, const char *path, int width, int height,
                          const gd_detection *det, int n, gd_error *err) GD_MUST_CHECK;
/* The data set, which the caller closes; no more is added. */
gd_status gd_annotate_end(gd_annotate *a, gd_data **out, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
