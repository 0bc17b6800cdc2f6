/* yolo_read.h -- the lines of a YOLO label file, also from memory. */
#ifndef GD_TOOLS_DATA_YOLO_READ_H
#define GD_TOOLS_DATA_YOLO_READ_H

#include "tools/data/build.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the boxes of a picture whose size is known; `file` (kept by address) is for messages. */
gd_status gd_data_yolo_text(gd_data_build *b, int32_t image, const char *file, const char *text,
                            size_t size) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
