/* picture_size.h -- how large a picture is shown, from the first bytes of its file. */
#ifndef GD_TOOLS_DATA_PICTURE_SIZE_H
#define GD_TOOLS_DATA_PICTURE_SIZE_H

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_picture_size {
    int width, height; /* as displayed: the orientation is applied */
    int orientation;   /* 1..8 */
} gd_picture_size;

/* A JPEG's segments are followed to its frame header; other formats pass the front door whole.
 * GD_ERR_IO: not readable; GD_ERR_FORMAT, GD_ERR_UNSUPPORTED: no picture that is read. */
gd_status gd_picture_size_read(const char *path, gd_picture_size *out,
                               gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
